/** Metadata to test with. */
import { EMPTY_ROW, serializeRow } from '../../src/meta/binary-row.js';
import { type DataFileMeta, EMPTY_STATS } from '../../src/meta/data-file-meta.js';
import { ADD, type ManifestEntry } from '../../src/meta/manifest-entry.js';
import type { Snapshot } from '../../src/meta/snapshot.js';
import type { TableSchema } from '../../src/meta/table-schema.js';
import type { DataField, DataType } from '../../src/types/data-type.js';
import { parseType } from '../../src/types/type-text.js';

export const STRING: DataType = { kind: 'VARCHAR', length: 2147483647, nullable: true };

export const fields = (columns: Record<string, string>): DataField[] =>
  Object.entries(columns).map(([name, type], id) => ({ id, name, type: parseType(type) }));

/** A schema of flat columns. */
export function schemaOf(columns: Record<string, string>, change: Partial<TableSchema> = {}): TableSchema {
  const own = fields(columns);
  return {
    version: 3,
    id: 0n,
    fields: own,
    highestFieldId: own.length - 1,
    partitionKeys: [],
    primaryKeys: [],
    options: {},
    timeMillis: 1700000000000,
    ...change,
  };
}

export const partitionedSchema = schemaOf({ dt: 'STRING', id: 'INT NOT NULL', v: 'STRING' }, { partitionKeys: ['dt'] });

export function dataFile(change: Partial<DataFileMeta> = {}): DataFileMeta {
  return {
    fileName: 'data-a-0.parquet',
    fileSize_bytes: 1234,
    rowCount: 10,
    minKey: EMPTY_ROW,
    maxKey: EMPTY_ROW,
    keyStats: EMPTY_STATS,
    valueStats: EMPTY_STATS,
    minSequenceNumber: 0n,
    maxSequenceNumber: 9n,
    schemaId: 0n,
    level: 0,
    extraFiles: [],
    creationTime_ms: 1700000000000n,
    deleteRowCount: 0n,
    embeddedFileIndex: null,
    fileSource: 0,
    valueStatsCols: [],
    externalPath: null,
    firstRowId: null,
    writeCols: null,
    ...change,
  };
}

/** An entry of `partitionedSchema`. */
export function entry(file: Partial<DataFileMeta> = {}, change: { kind?: number; bucket?: number; dt?: string } = {}): ManifestEntry {
  return {
    kind: change.kind ?? ADD,
    partition: serializeRow([STRING], [new TextEncoder().encode(change.dt ?? 'p')]),
    bucket: change.bucket ?? 0,
    totalBuckets: 1,
    file: dataFile(file),
  };
}

/** A snapshot made at second `id`. */
export function snapshotOf(id: bigint): Snapshot {
  return {
    version: 3,
    id,
    schemaId: 0n,
    baseManifestList: `manifest-list-${id}-0`,
    deltaManifestList: `manifest-list-${id}-1`,
    commitUser: 'user',
    commitIdentifier: id,
    commitKind: 'APPEND',
    timeMillis: Number(id) * 1000,
    totalRecordCount: id,
    deltaRecordCount: 1n,
    nextRowId: 0n,
  };
}
