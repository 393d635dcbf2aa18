/** Batches to Parquet files and back, for the tests of the codec. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDataFileWriter, type DataFileWriterOptions, openDataFile } from '../../src/format/data-file.js';
import type { FileIO } from '../../src/io/file-io.js';
import { localFileIO } from '../../src/io/local-file-io.js';
import type { Batch, Column } from '../../src/types/column.js';
import type { DataField, DataType } from '../../src/types/data-type.js';
import { concatBatch, sliceBatch } from '../../src/types/take.js';
import { plainValue } from './random-columns.js';

export const io: FileIO = localFileIO();

/** A fresh directory, and how to remove it. */
export async function scratch(): Promise<{ path: (name: string) => string; remove: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'weir-parquet-'));
  return { path: (name) => join(directory, name), remove: () => rm(directory, { recursive: true, force: true }) };
}

export function fieldsOf(types: readonly DataType[]): DataField[] {
  return types.map((type, i) => ({ id: 100 + i, name: `c${i}`, type }));
}

export function batchOf(columns: readonly Column[]): Batch {
  return { fields: fieldsOf(columns.map((column) => column.type)), columns, length: columns[0]!.length };
}

/** Writes the batch in slices of `step` rows. */
export async function writeParquet(
  path: string,
  batch: Batch,
  options: Partial<DataFileWriterOptions> = {},
  step = batch.length,
): Promise<number> {
  const writer = await createDataFileWriter(io, path, batch.fields, { format: 'parquet', compression: 'snappy', ...options });
  for (let from = 0; from < batch.length; from += step) await writer.write(sliceBatch(batch, from, Math.min(batch.length, from + step)));
  return (await writer.finish()).size_bytes;
}

export async function readParquet(path: string, fields: readonly DataField[]): Promise<Batch> {
  const reader = await openDataFile(io, path);
  try {
    const groups: Batch[] = [];
    for (let i = 0; i < reader.rowGroups.length; i++) groups.push(await reader.readRowGroup(i, fields));
    return groups.length === 0 ? await reader.readRows(new Uint32Array(0), fields) : concatBatch(groups);
  } finally {
    await reader.close();
  }
}

/** Rows as arrays of plain values. */
export function plainRows(batch: Batch): unknown[][] {
  return Array.from({ length: batch.length }, (_, row) => batch.columns.map((column) => plainValue(column, row)));
}
