/**
 * A primary key on the command line: `7`, `7,SEA`, `id=7,port=SEA` or `{"id":"7","port":"SEA"}`.
 *
 * Values without names are in the order of the primary key; a key of one column is taken as it stands, commas and all.
 * In a list a value that holds a comma is quoted as in CSV.
 */
import { WeirError } from '../base/error.js';
import type { TableSchema } from '../meta/table-schema.js';
import type { Batch } from '../types/column.js';
import { JsonLineDecoder } from '../types/json-line.js';
import { BatchBuilder } from '../types/row-builder.js';
import { rowsOf } from '../types/row-reader.js';
import { CsvParser } from './input/csv-parser.js';

export function parseKey(text: string, schema: TableSchema, table: string): Record<string, unknown> {
  const names = schema.primaryKeys;
  if (names.length === 0) throw new WeirError('INVALID_ARGUMENT', `${table} has no primary key`, { table });
  const fields = names.flatMap((name) => schema.fields.find((field) => field.name === name) ?? []);
  let batch: Batch;
  if (text.trimStart().startsWith('{')) {
    const decoder = new JsonLineDecoder(fields, {});
    decoder.push(text);
    batch = decoder.finish().batch;
  } else {
    const named = namedValues(text, names);
    const values = named ?? (names.length === 1 ? [text] : cellsOf(text));
    if (values.length !== names.length) {
      throw new WeirError('INVALID_ARGUMENT', `the key of ${table} is ${names.join(',')}: ${names.length} values, not ${values.length}`, {
        table,
      });
    }
    const builder = new BatchBuilder(fields, { form: 'json' });
    builder.pushTexts(values);
    batch = builder.finish();
  }
  const key = rowsOf(batch)[0];
  const missing = names.find((name) => key?.[name] === null || key?.[name] === undefined);
  if (key === undefined || missing !== undefined)
    throw new WeirError('INVALID_ARGUMENT', `the key of ${table} needs a value for '${missing}'`, { table });
  return key;
}

/** `id=7,port=SEA`, when it names every key column once; otherwise the text is a value. */
function namedValues(text: string, names: readonly string[]): string[] | undefined {
  const cells = names.length === 1 ? [text] : cellsOf(text);
  const values = new Map<string, string>();
  for (const cell of cells) {
    const at = cell.indexOf('=');
    if (at < 1) return undefined;
    values.set(cell.slice(0, at).trim(), cell.slice(at + 1));
  }
  if (values.size !== names.length || !names.every((name) => values.has(name))) return undefined;
  return names.map((name) => values.get(name) ?? '');
}

function cellsOf(text: string): string[] {
  const parser = new CsvParser();
  const records = [...parser.push(text), ...parser.finish()];
  return (records[0]?.cells ?? []).map((cell) => cell ?? '');
}
