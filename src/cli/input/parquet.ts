/** Parquet files, a row group at a time. Stdin is put into a temporary file first: a Parquet file is read from its end. */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { WeirError } from '../../base/error.js';
import { openDataFile } from '../../format/data-file.js';
import { localFileIO } from '../../io/local-file-io.js';
import { type Batch, type Column, isValid } from '../../types/column.js';
import type { DataField } from '../../types/data-type.js';
import { conformColumn } from './conform.js';
import { type InputBatch, type InputOptions, placeOf } from './input-batch.js';
import { parquetFieldsOf } from './parquet-schema.js';
import { valueKinds } from './row-kinds.js';
import { byteChunks, sourceName } from './text-source.js';

export async function* readParquet(file: string, options: InputOptions): AsyncGenerator<InputBatch, void, undefined> {
  if (file !== '-') {
    yield* readGroups(resolve(file), file, options);
    return;
  }
  const directory = await mkdtemp(join(tmpdir(), 'weir-write-'));
  try {
    const path = join(directory, 'stdin.parquet');
    await pipeline(byteChunks(file, options), createWriteStream(path));
    yield* readGroups(path, sourceName(file), options);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function* readGroups(path: string, source: string, options: InputOptions): AsyncGenerator<InputBatch, void, undefined> {
  const io = localFileIO();
  const fileFields = await parquetFieldsOf(io, path);
  const { wanted, kindField } = match(fileFields, options, source);
  const reader = await openDataFile(io, path);
  try {
    const bytes = (await io.stat(path))?.size_bytes ?? 0;
    for (const [index, group] of reader.rowGroups.entries()) {
      options.signal?.throwIfAborted();
      const place = { source, lines: undefined, firstRow: group.firstRow };
      const read = await reader.readRowGroup(index, kindField && !wanted.includes(kindField) ? [...wanted, kindField] : wanted);
      const kindColumn = kindField && read.columns[read.fields.findIndex((field) => field.name === kindField.name)];
      const kinds = kindField && kindColumn ? valueKinds(read.length, textsOf(kindColumn), kindField.name, place) : null;
      yield { batch: tableBatch(read, options.fields, (row) => placeOf(place, row)), kinds, ...place };
      options.onBytes?.(bytes * (group.rowCount / Math.max(1, reader.rowCount)));
    }
  } finally {
    await reader.close();
  }
}

/** The file's columns that the table has; one it does not have is an error, but for the row kind. */
function match(fileFields: readonly DataField[], options: InputOptions, source: string): { wanted: DataField[]; kindField: DataField | undefined } {
  const known = new Set(options.fields.map((field) => field.name));
  const kindField = fileFields.find((field) => field.name === options.kindColumn);
  const unknown = fileFields.find((field) => !known.has(field.name) && field !== kindField);
  if (unknown) throw new WeirError('INVALID_ARGUMENT', `${source}: unknown column '${unknown.name}': the columns are ${[...known].join(', ')}`, { file: source });
  return { wanted: fileFields.filter((field) => known.has(field.name)), kindField };
}

function tableBatch(read: Batch, fields: readonly DataField[], place: (row: number) => string): Batch {
  const present = fields.filter((field) => read.fields.some((each) => each.name === field.name));
  const columns = present.map((field) => conformColumn(read.columns[read.fields.findIndex((each) => each.name === field.name)] as Column, field, place));
  return { fields: present, columns, length: read.length };
}

function textsOf(column: Column): (row: number) => string | null {
  const decoder = new TextDecoder();
  const { offsets, values } = column;
  return (row) => {
    if (!isValid(column, row) || offsets === undefined || !(values instanceof Uint8Array)) return null;
    return decoder.decode(values.subarray(offsets[row], offsets[row + 1]));
  };
}
