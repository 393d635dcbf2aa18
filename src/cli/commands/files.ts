/** `weir files TABLE`: the live data files of the latest snapshot, as Paimon's `$files`. */

import type { FileInfo, Table } from '../../index.js';
import { deserializeRow } from '../../meta/binary-row.js';
import { partitionPath, partitionToSpec } from '../../meta/partition-path.js';
import { TablePath } from '../../meta/table-path.js';
import type { TableSchema } from '../../meta/table-schema.js';
import type { DataField } from '../../types/data-type.js';
import type { Datum } from '../../types/datum.js';
import { fromDatum } from '../../types/value.js';
import { type Context, withTable } from '../context.js';
import { type AdminRecord, type Cell, isoTime, printRecords } from '../records.js';

const WIDE = [
  'file_path',
  'null_value_counts',
  'min_value_stats',
  'max_value_stats',
  'min_sequence_number',
  'max_sequence_number',
  'file_source',
  'first_row_id',
  'write_cols',
];
const SOURCES = ['APPEND', 'COMPACT'];

export function files(context: Context, name: string): Promise<void> {
  return withTable(context, name, async (table) => {
    const schemas = new Map((await table.schemas()).map((schema) => [schema.id, schema]));
    const entries = await table.files();
    await printRecords(
      context.out,
      entries.map((entry) => fileRecord(table, schemas.get(entry.file.schemaId) ?? table.schema, entry)),
      { wide: WIDE },
    );
  });
}

function fileRecord(table: Table, schema: TableSchema, { file, partition, bucket }: FileInfo): AdminRecord {
  const directory = new TablePath(table.path, schema.options).bucket(partitionPath(schema, partition), bucket);
  const keys = fieldsNamed(
    schema,
    schema.primaryKeys.filter((key) => !schema.partitionKeys.includes(key)),
  );
  const statistics = file.valueStatsCols === null ? schema.fields : fieldsNamed(schema, file.valueStatsCols);
  return {
    partition: schema.partitionKeys.length === 0 ? null : partitionText(partitionToSpec(schema, partition)),
    bucket,
    file_path: file.externalPath ?? `${directory}/${file.fileName}`,
    file_format: file.fileName.slice(file.fileName.lastIndexOf('.') + 1),
    schema_id: file.schemaId,
    level: file.level,
    record_count: file.rowCount,
    file_size_in_bytes: file.fileSize_bytes,
    min_key: keys.length === 0 ? null : values(keys, file.minKey),
    max_key: keys.length === 0 ? null : values(keys, file.maxKey),
    null_value_counts: byName(statistics, file.valueStats.nullCounts ?? []),
    min_value_stats: byName(statistics, values(statistics, file.valueStats.min)),
    max_value_stats: byName(statistics, values(statistics, file.valueStats.max)),
    min_sequence_number: file.minSequenceNumber,
    max_sequence_number: file.maxSequenceNumber,
    creation_time: file.creationTime_ms === null ? null : isoTime(Number(file.creationTime_ms)).slice(0, -1),
    deleteRowCount: file.deleteRowCount,
    file_source: file.fileSource === null ? null : (SOURCES[file.fileSource] ?? null),
    first_row_id: file.firstRowId,
    write_cols: file.writeCols,
  };
}

function fieldsNamed(schema: TableSchema, names: readonly string[]): DataField[] {
  return names.flatMap((name) => schema.fields.find((field) => field.name === name) ?? []);
}

function partitionText(spec: Readonly<Record<string, string | null>>): string {
  return Object.entries(spec)
    .map(([key, value]) => `${key}=${value}`)
    .join('/');
}

/** The row's values as JSON shows them; nothing when the file keeps no such row. */
function values(fields: readonly DataField[], row: Uint8Array): Cell[] {
  if (row.length === 0) return [];
  const arity = new DataView(row.buffer, row.byteOffset).getUint32(0);
  // statistics may cover system columns that the schema does not name
  if (arity !== fields.length) return [];
  const datums = deserializeRow(
    fields.map((field) => field.type),
    row,
  );
  return datums.map((datum, i) => cellOf(fields[i] as DataField, datum));
}

function cellOf(field: DataField, datum: Datum): Cell {
  if (datum === null) return null;
  const value = fromDatum(field.type, datum);
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : (value as Cell);
}

function byName(fields: readonly DataField[], cells: readonly Cell[]): { [name: string]: Cell } {
  return Object.fromEntries(fields.map((field, i) => [field.name, cells[i] ?? null]));
}
