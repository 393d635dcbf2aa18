/** A manifest list: an Avro file naming manifests in order, with what is in each (format-spec/manifest). */
import { readAvro, writeAvro } from '../format/avro-container.js';
import type { Datum } from '../types/datum.js';
import { compareDatum } from '../types/datum.js';
import { deserializeRow, serializeRow } from './binary-row.js';
import type { SimpleStats } from './data-file-meta.js';
import { ADD, type ManifestEntry } from './manifest-entry.js';
import { checkVersion, MANIFEST_VERSION } from './manifest-file.js';
import { MANIFEST_LIST_SCHEMA } from './manifest-schema.js';
import { RecordReader, statsToRecord } from './record-reader.js';
import { type TableSchema, typesOf } from './table-schema.js';

export interface ManifestFileMeta {
  readonly fileName: string;
  readonly fileSize_bytes: number;
  readonly numAddedFiles: number;
  readonly numDeletedFiles: number;
  /** over the partition columns of all entries, never truncated */
  readonly partitionStats: SimpleStats;
  readonly schemaId: bigint;
  /** ranges over all entries; null = unknown */
  readonly minBucket: number | null;
  readonly maxBucket: number | null;
  readonly minLevel: number | null;
  readonly maxLevel: number | null;
  readonly minRowId: bigint | null;
  readonly maxRowId: bigint | null;
}

/** @param codec value of `manifest.compression` */
export function writeManifestList(list: readonly ManifestFileMeta[], codec: string): Promise<Uint8Array> {
  const records = list.map((manifest) => ({
    _VERSION: MANIFEST_VERSION,
    _FILE_NAME: manifest.fileName,
    _FILE_SIZE: manifest.fileSize_bytes,
    _NUM_ADDED_FILES: manifest.numAddedFiles,
    _NUM_DELETED_FILES: manifest.numDeletedFiles,
    _PARTITION_STATS: statsToRecord(manifest.partitionStats),
    _SCHEMA_ID: manifest.schemaId,
    _MIN_BUCKET: manifest.minBucket,
    _MAX_BUCKET: manifest.maxBucket,
    _MIN_LEVEL: manifest.minLevel,
    _MAX_LEVEL: manifest.maxLevel,
    _MIN_ROW_ID: manifest.minRowId,
    _MAX_ROW_ID: manifest.maxRowId,
  }));
  return writeAvro(MANIFEST_LIST_SCHEMA, records, codec);
}

/** CORRUPTION naming `file`. */
export async function readManifestList(bytes: Uint8Array, file: string): Promise<ManifestFileMeta[]> {
  const { records } = await readAvro(bytes, file);
  return records.map((each) => {
    const record = new RecordReader(each, file);
    checkVersion(record, file, MANIFEST_VERSION);
    if (record.string('_FILE_NAME') === '') throw record.wrong('_FILE_NAME');
    return {
      fileName: record.string('_FILE_NAME'),
      fileSize_bytes: record.count('_FILE_SIZE'),
      numAddedFiles: record.count('_NUM_ADDED_FILES'),
      numDeletedFiles: record.count('_NUM_DELETED_FILES'),
      partitionStats: record.stats('_PARTITION_STATS'),
      schemaId: record.long('_SCHEMA_ID'),
      minBucket: record.has('_MIN_BUCKET') ? record.int('_MIN_BUCKET', -2) : null,
      maxBucket: record.has('_MAX_BUCKET') ? record.int('_MAX_BUCKET', -2) : null,
      minLevel: record.has('_MIN_LEVEL') ? record.int('_MIN_LEVEL', 0) : null,
      maxLevel: record.has('_MAX_LEVEL') ? record.int('_MAX_LEVEL', 0) : null,
      minRowId: record.has('_MIN_ROW_ID') ? record.long('_MIN_ROW_ID') : null,
      maxRowId: record.has('_MAX_ROW_ID') ? record.long('_MAX_ROW_ID') : null,
    };
  });
}

/** What a list says of a manifest of these entries. `schema` gives the partition columns, and the id when there is no entry. */
export function describeManifest(
  name: string,
  size_bytes: number,
  entries: readonly ManifestEntry[],
  schema: TableSchema,
): ManifestFileMeta {
  let added = 0;
  let schemaId = -1n;
  let minBucket = Number.POSITIVE_INFINITY;
  let maxBucket = Number.NEGATIVE_INFINITY;
  let minLevel = Number.POSITIVE_INFINITY;
  let maxLevel = Number.NEGATIVE_INFINITY;
  let rowIds: { min: bigint; max: bigint } | null | undefined;
  for (const { kind, bucket, file } of entries) {
    if (kind === ADD) added++;
    if (file.schemaId > schemaId) schemaId = file.schemaId;
    minBucket = Math.min(minBucket, bucket);
    maxBucket = Math.max(maxBucket, bucket);
    minLevel = Math.min(minLevel, file.level);
    maxLevel = Math.max(maxLevel, file.level);
    if (file.firstRowId === null || rowIds === null) {
      rowIds = null;
    } else {
      const last = file.firstRowId + BigInt(file.rowCount) - 1n;
      rowIds = {
        min: rowIds === undefined || file.firstRowId < rowIds.min ? file.firstRowId : rowIds.min,
        max: rowIds === undefined || last > rowIds.max ? last : rowIds.max,
      };
    }
  }
  const known = entries.length > 0;
  return {
    fileName: name,
    fileSize_bytes: size_bytes,
    numAddedFiles: added,
    numDeletedFiles: entries.length - added,
    partitionStats: partitionStats(entries, schema),
    schemaId: known ? schemaId : schema.id,
    minBucket: known ? minBucket : null,
    maxBucket: known ? maxBucket : null,
    minLevel: known ? minLevel : null,
    maxLevel: known ? maxLevel : null,
    minRowId: rowIds?.min ?? null,
    maxRowId: rowIds?.max ?? null,
  };
}

function partitionStats(entries: readonly ManifestEntry[], schema: TableSchema): SimpleStats {
  const types = typesOf(schema, schema.partitionKeys);
  const min: Datum[] = types.map(() => null);
  const max: Datum[] = types.map(() => null);
  const nulls: bigint[] = types.map(() => 0n);
  let last: Uint8Array | undefined;
  let values: Datum[] = [];
  for (const { partition } of entries) {
    if (partition !== last) {
      values = deserializeRow(types, partition);
      last = partition;
    }
    for (let i = 0; i < types.length; i++) {
      const value = values[i]!;
      if (value === null) {
        nulls[i]!++;
        continue;
      }
      if (min[i] === null || compareDatum(types[i]!, value, min[i]!) < 0) min[i] = value;
      if (max[i] === null || compareDatum(types[i]!, value, max[i]!) > 0) max[i] = value;
    }
  }
  return { min: serializeRow(types, min), max: serializeRow(types, max), nullCounts: nulls };
}
