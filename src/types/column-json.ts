/**
 * A stretch of a column as JSON text, one a value (golden-encoding: exact for every type).
 *
 *   BIGINT DECIMAL FLOAT DOUBLE  strings, or with 'plain' numbers (NaN and infinities stay strings)
 *   BINARY  lower-case hex · MAP MULTISET  [[key,value] …] sorted by the JSON text of the key, in UTF-16 order
 */
import { WeirError } from '../base/error.js';
import { getBit } from './bitmap.js';
import { formatDays } from './civil.js';
import { type Column, isValid } from './column.js';
import { IntegerReader } from './column-integers.js';
import { stringsOf } from './column-strings.js';
import { cutLists } from './column-values.js';
import { formatUnscaled } from './decimal-text.js';
import { formatDouble, formatFloat, shortestFloat } from './float-text.js';
import { formatTicks, formatTimeOfDay } from './time-text.js';

/** 'exact': what reads back exactly anywhere; 'plain': JSON numbers */
export type JsonNumbers = 'exact' | 'plain';

/** a character that JSON escapes */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const ESCAPED = /["\\\u0000-\u001f]/;

/** JSON of rows start … end-1. @throws UNSUPPORTED for a type that weir knows by name only */
export function jsonTexts(column: Column, start: number, end: number, numbers: JsonNumbers): string[] {
  const out = presentTexts(column, start, end, numbers);
  if (column.validity !== null) for (let i = start; i < end; i++) if (!getBit(column.validity, i)) out[i - start] = 'null';
  return out;
}

function presentTexts(column: Column, start: number, end: number, numbers: JsonNumbers): string[] {
  const { type } = column;
  const length = end - start;
  const quote = numbers === 'plain' ? '' : '"';
  switch (type.kind) {
    case 'BOOLEAN': {
      const bits = column.values as Uint8Array;
      return Array.from({ length }, (_, i) => (getBit(bits, start + i) ? 'true' : 'false'));
    }
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
      return Array.from((column.values as Int32Array).subarray(start, end), String);
    case 'BIGINT': {
      const integers = new IntegerReader(column);
      return Array.from({ length }, (_, i) => quote + String(integers.at(start + i)) + quote);
    }
    case 'DECIMAL': {
      const integers = new IntegerReader(column);
      return Array.from({ length }, (_, i) => quote + formatUnscaled(integers.at(start + i), type.scale) + quote);
    }
    case 'FLOAT':
    case 'DOUBLE':
      return floatTexts(column.values as Float64Array, start, end, type.kind === 'FLOAT', numbers);
    case 'DATE':
      return Array.from((column.values as Int32Array).subarray(start, end), (days) => `"${formatDays(days)}"`);
    case 'TIME':
      return Array.from((column.values as Int32Array).subarray(start, end), (timeOfDay_ms) => `"${formatTimeOfDay(timeOfDay_ms)}"`);
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ': {
      const integers = new IntegerReader(column);
      const tail = type.kind === 'TIMESTAMP' ? '"' : 'Z"';
      // What a missing value's element holds may be no time at all.
      return Array.from({ length }, (_, i) => (isValid(column, start + i) ? `"${formatTicks(integers.at(start + i), type.precision)}${tail}` : 'null'));
    }
    case 'CHAR':
    case 'VARCHAR':
      return quotedStrings(column, start, end);
    case 'BINARY':
    case 'VARBINARY': {
      const values = column.values as Uint8Array;
      const bytes = Buffer.from(values.buffer, values.byteOffset, values.length);
      const offsets = column.offsets!;
      return Array.from({ length }, (_, i) => `"${bytes.toString('hex', offsets[start + i], offsets[start + i + 1])}"`);
    }
    case 'ARRAY':
      return cutLists(column, start, end, (from, to) => jsonTexts(column.children![0]!, from, to, numbers), joinArray);
    case 'MAP':
    case 'MULTISET':
      return cutLists(column, start, end, (from, to) => entriesOf(column, from, to, numbers), joinMap);
    case 'ROW':
      return objectTexts(
        type.fields.map((field) => field.name),
        column.children!,
        start,
        end,
        numbers,
      );
    case 'OTHER':
      throw new WeirError('UNSUPPORTED', `type ${type.text} cannot be read`);
  }
}

function floatTexts(values: Float64Array, start: number, end: number, single: boolean, numbers: JsonNumbers): string[] {
  const part = values.subarray(start, end);
  if (numbers === 'exact') return Array.from(part, single ? (value) => `"${formatFloat(value)}"` : (value) => `"${formatDouble(value)}"`);
  return Array.from(part, (value) => (Number.isFinite(value) ? plainNumber(single ? shortestFloat(value) : value) : `"${value}"`));
}

function plainNumber(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function quotedStrings(column: Column, start: number, end: number): string[] {
  const strings = stringsOf(column, start, end);
  for (let i = 0; i < strings.length; i++) {
    const text = strings[i]!;
    strings[i] = ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
  }
  return strings;
}

function joinArray(items: string[], from: number, to: number): string {
  return `[${items.slice(from, to).join(',')}]`;
}

interface Entry {
  readonly key: string;
  readonly value: string;
}

function entriesOf(column: Column, from: number, to: number, numbers: JsonNumbers): Entry[] {
  const [keys, values] = column.children as readonly [Column, Column];
  const keyTexts = jsonTexts(keys, from, to, numbers);
  return jsonTexts(values, from, to, numbers).map((value, i) => ({ key: keyTexts[i]!, value }));
}

function joinMap(entries: Entry[], from: number, to: number): string {
  const sorted = entries.slice(from, to).sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return `[${sorted.map((entry) => `[${entry.key},${entry.value}]`).join(',')}]`;
}

/** JSON objects of rows start … end-1, one a row; `first`: what stands before the first column, if anything */
export function objectTexts(
  names: readonly string[],
  columns: readonly Column[],
  start: number,
  end: number,
  numbers: JsonNumbers,
  first?: readonly string[],
): string[] {
  const out: string[] = first === undefined ? new Array(end - start).fill('{') : first.map((text) => `{${text}`);
  for (let c = 0; c < columns.length; c++) {
    const head = `${c > 0 || first !== undefined ? ',' : ''}${JSON.stringify(names[c])}:`;
    const texts = jsonTexts(columns[c]!, start, end, numbers);
    for (let i = 0; i < out.length; i++) out[i] += head + texts[i]!;
  }
  for (let i = 0; i < out.length; i++) out[i] += '}';
  return out;
}
