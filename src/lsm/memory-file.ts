/**
 * Rows in memory that stand in a plan like a data file: the pending rows of a log beside the files of a snapshot.
 *
 * Invariants: a memory file is sorted and without doubles, as a level-0 file is; its name is unique and starts with a mark
 * that no file on storage has.
 */
import type { DataFileReader } from '../format/data-file.js';
import type { DataFileMeta } from '../meta/data-file-meta.js';
import type { Batch } from '../types/column.js';
import { columnBytes, nullColumn, takeBatch } from '../types/take.js';
import { type FileOrigin, FileSummary } from './file-summary.js';

/** Plain data: it travels to the worker that reads the split. */
export interface MemoryFile {
  readonly meta: DataFileMeta;
  /** columns of `keyValueFields`, or the table's for an append table */
  readonly rows: Batch;
}

/** The rows in memory of one bucket. */
export interface MemoryBucket {
  readonly partition: Uint8Array;
  readonly bucket: number;
  readonly totalBuckets: number;
  readonly files: readonly MemoryFile[];
}

const MARK = 'memory:';

/** @param firstSequence number of the first row, for tables without keys */
export function memoryFile(name: string, rows: Batch, origin: FileOrigin, keyed: boolean, firstSequence: bigint): MemoryFile {
  const summary = new FileSummary(origin, keyed);
  summary.add(rows);
  const size_bytes = rows.columns.reduce((sum, column) => sum + columnBytes(column), 0);
  return { meta: summary.meta(`${MARK}${name}`, size_bytes, firstSequence), rows };
}

export function isMemoryFile(file: DataFileMeta): boolean {
  return file.fileName.startsWith(MARK);
}

/** The rows as a data file of one row group. */
export function openMemoryFile({ meta, rows }: MemoryFile): DataFileReader {
  const select = (from: Batch, fields: Batch['fields']): Batch => ({
    fields,
    columns: fields.map((field) => {
      const at = from.fields.findIndex((candidate) => candidate.id === field.id && candidate.name === field.name);
      return at < 0 ? nullColumn(field.type, from.length) : from.columns[at]!;
    }),
    length: from.length,
  });
  return {
    path: meta.fileName,
    rowCount: rows.length,
    rowGroups: [{ firstRow: 0, rowCount: rows.length }],
    columnNames: () => rows.fields.map((field) => field.name),
    readRowGroup: async (_index, fields) => select(rows, fields),
    readRows: async (wanted, fields) => takeBatch(select(rows, fields), wanted),
    rowGroupStats: () => undefined,
    pageStats: async () => undefined,
    close: async () => {},
  };
}
