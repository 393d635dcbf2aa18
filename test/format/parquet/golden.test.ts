/** Every Parquet file that Java wrote for the golden tables: its schema is the one weir would write, its values are read. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { describe, expect, it } from 'vitest';
import { openDataFile } from '../../../src/format/data-file.js';
import { readFooter } from '../../../src/format/parquet/footer.js';
import { type SchemaElement, Type } from '../../../src/format/parquet/metadata.js';
import { readFileMetadata } from '../../../src/format/parquet/metadata-reader.js';
import { schemaElements } from '../../../src/format/parquet/schema.js';
import type { DataField, DataType } from '../../../src/types/data-type.js';
import { takeBatch } from '../../../src/types/take.js';
import { fieldFromJson } from '../../../src/types/type-json.js';
import { goldenTables } from '../../support/golden.js';
import { io, plainRows, readParquet } from '../../support/parquet.js';

const KEY_ID = 1073741823;
const system: DataField[] = [
  { id: 2147483646, name: '_SEQUENCE_NUMBER', type: { kind: 'BIGINT', nullable: false } },
  { id: 2147483645, name: '_VALUE_KIND', type: { kind: 'TINYINT', nullable: false } },
  { id: 2147483642, name: '_ROW_ID', type: { kind: 'BIGINT', nullable: false } },
];

/** The fields of that version of the table's schema which the file was written under, by its own schema. */
function fieldsOfFile(table: string, schema: readonly SchemaElement[], columns: readonly SchemaElement[]): DataField[] | undefined {
  const directory = join(table, 'schema');
  for (const name of readdirSync(directory)) {
    const { fields } = JSON.parse(readFileSync(join(directory, name), 'utf8')) as { fields: unknown[] };
    const known = fields.map((field) => fieldFromJson(field)).filter((field) => writes(field.type));
    const keys = known.map((field) => ({ ...field, id: field.id + KEY_ID, name: `_KEY_${field.name}` }));
    const all = [...known, ...keys, ...system];
    const found = columns.map((column) => all.find((field) => field.id === column.fieldId && field.name === column.name));
    if (found.every((field) => field !== undefined) && isDeepStrictEqual(schemaElements(found), schema)) return found;
  }
  return undefined;
}

function parquetFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.parquet'))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** INT96 timestamps are read only: their schema is not compared. */
function writes(type: DataType): boolean {
  return !((type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ') && type.precision > 6);
}

const simple = /^(BOOLEAN|TINYINT|SMALLINT|INT|BIGINT|FLOAT|DOUBLE|CHAR|VARCHAR|BINARY|VARBINARY)$/;

describe.each(goldenTables().map((table) => [table.name, table] as const))('%s', (_name, table) => {
  const files = parquetFiles(table.path);
  it.skipIf(files.length === 0)('reads every file', async () => {
    for (const path of files) {
      const file = await io.open(path);
      const tail = await file.read(0, file.size_bytes);
      const { footer } = await readFooter(file);
      await file.close();
      const length = new DataView(tail.buffer, tail.byteOffset + tail.length - 8).getUint32(0, true);
      const { schema } = readFileMetadata(tail.subarray(tail.length - 8 - length, tail.length - 8));
      const columns = [...footer.columns.values()].map((node) => node.element);
      // INT96 is read, not written: no schema of ours to compare
      if (columns.some((column) => column.type === Type.INT96)) continue;
      const fields = fieldsOfFile(table.path, schema, columns);
      if (fields === undefined) throw new Error(`${path} has a schema that weir would not write`);
      const batch = await readParquet(path, fields);
      expect(batch.length).toBe(footer.rowCount);
      const rows = Uint32Array.from({ length: Math.ceil(batch.length / 3) }, (_, i) => i * 3);
      const reader = await openDataFile(io, path);
      const some = await reader.readRows(rows, fields);
      await reader.close();
      expect(plainRows(some), path).toEqual(plainRows(takeBatch(batch, rows)));
      const flat = fields.filter((field) => simple.test(field.type.kind));
      const bytes = tail.buffer.slice(tail.byteOffset, tail.byteOffset + tail.length) as ArrayBuffer;
      const expected = await parquetReadObjects({ file: bytes, columns: flat.map((field) => field.name), compressors, utf8: false });
      const mine = { fields: flat, columns: flat.map((field) => batch.columns[fields.indexOf(field)]!), length: batch.length };
      expect(plainRows(mine), path).toEqual(expected.map((row) => flat.map((field) => value(row[field.name]))));
    }
  });
});

function value(from: unknown): unknown {
  if (from === undefined || from === null) return null;
  if (from instanceof Uint8Array) return Buffer.from(from).toString('latin1');
  return typeof from === 'string' ? Buffer.from(from).toString('latin1') : from;
}
