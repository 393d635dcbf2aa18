/** Parquet files, a row group at a time. Stdin is put into a temporary file first: a Parquet file is read from its end. */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { WeirError } from '../../base/error.js';
import { openParquet } from '../../format/parquet/reader.js';
import { localFileIO } from '../../io/local-file-io.js';
import { type Batch, type Column, isValid } from '../../types/column.js';
import type { DataField } from '../../types/data-type.js';
import { conformColumn } from './conform.js';
import { type InputBatch, type InputOptions, placeOf } from './input-batch.js';
import { type ParquetField, parquetFieldsOf } from './parquet-schema.js';
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
  const columns = kindField && !wanted.includes(kindField) ? [...wanted, kindField] : wanted;
  const reader = await openParquet(io, path, {});
  try {
    const bytes = (await io.stat(path))?.size_bytes ?? 0;
    for (const [index, group] of reader.rowGroups.entries()) {
      options.signal?.throwIfAborted();
      const place = { source, lines: undefined, firstRow: group.firstRow };
      const read = milliseconds(await reader.readRowGroup(index, columns.map(asRead)), columns, (row) => placeOf(place, row));
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
function match(
  fileFields: readonly DataField[],
  options: InputOptions,
  source: string,
): { wanted: ParquetField[]; kindField: ParquetField | undefined } {
  const known = new Set(options.fields.map((field) => field.name));
  const kindField = fileFields.find((field) => field.name === options.kindColumn);
  const unknown = fileFields.find((field) => !known.has(field.name) && field !== kindField);
  if (unknown)
    throw new WeirError('INVALID_ARGUMENT', `${source}: unknown column '${unknown.name}': the columns are ${[...known].join(', ')}`, {
      file: source,
    });
  return { wanted: fileFields.filter((field) => known.has(field.name)), kindField };
}

/** A TIME finer than milliseconds is read as the number it is. */
function asRead(field: ParquetField): DataField {
  return field.timeUnits === undefined ? field : { ...field, type: { kind: 'BIGINT', nullable: field.type.nullable } };
}

/** Those numbers as TIME, where they are whole milliseconds. */
function milliseconds(read: Batch, fields: readonly ParquetField[], place: (row: number) => string): Batch {
  const columns = read.columns.map((column, i): Column => {
    const field = fields[i];
    const units = field?.timeUnits;
    if (field === undefined || units === undefined) return column;
    const fine = column.values as BigInt64Array;
    const values = Int32Array.from(fine, (value, row) => {
      if (isValid(column, row) && value % units !== 0n) {
        throw new WeirError('INVALID_ARGUMENT', `${place(row)}: column '${field.name}': a time finer than milliseconds`);
      }
      return Number(value / units);
    });
    return { ...column, type: field.type, values };
  });
  return { fields, columns, length: read.length };
}

function tableBatch(read: Batch, fields: readonly DataField[], place: (row: number) => string): Batch {
  const present = fields.filter((field) => read.fields.some((each) => each.name === field.name));
  const columns = present.map((field) =>
    conformColumn(read.columns[read.fields.findIndex((each) => each.name === field.name)] as Column, field, place),
  );
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
