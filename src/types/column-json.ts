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
  const out: string[] = new Array(length);
  switch (type.kind) {
    case 'BOOLEAN': {
      const bits = column.values as Uint8Array;
      for (let i = 0; i < length; i++) out[i] = getBit(bits, start + i) ? 'true' : 'false';
      return out;
    }
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT': {
      const values = column.values as Int32Array;
      for (let i = 0; i < length; i++) out[i] = String(values[start + i]);
      return out;
    }
    case 'BIGINT': {
      const integers = new IntegerReader(column);
      for (let i = 0; i < length; i++) out[i] = quote + String(integers.at(start + i)) + quote;
      return out;
    }
    case 'DECIMAL': {
      const integers = new IntegerReader(column);
      for (let i = 0; i < length; i++) out[i] = quote + formatUnscaled(integers.at(start + i), type.scale) + quote;
      return out;
    }
    case 'FLOAT':
    case 'DOUBLE': {
      const values = column.values as Float64Array;
      const format =
        numbers === 'plain' ? (type.kind === 'FLOAT' ? plainFloat : plainDouble) : type.kind === 'FLOAT' ? formatFloat : formatDouble;
      for (let i = 0; i < length; i++) out[i] = quote + format(values[start + i]!) + quote;
      return out;
    }
    case 'DATE':
    case 'TIME': {
      const values = column.values as Int32Array;
      const format = type.kind === 'DATE' ? formatDays : formatTimeOfDay;
      for (let i = 0; i < length; i++) out[i] = `"${format(values[start + i]!)}"`;
      return out;
    }
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ': {
      const integers = new IntegerReader(column);
      const tail = type.kind === 'TIMESTAMP' ? '"' : 'Z"';
      // What a missing value's element holds may be no time at all.
      for (let row = start; row < end; row++)
        out[row - start] = isValid(column, row) ? `"${formatTicks(integers.at(row), type.precision)}${tail}` : 'null';
      return out;
    }
    case 'CHAR':
    case 'VARCHAR':
      return quotedStrings(column, start, end);
    case 'BINARY':
    case 'VARBINARY': {
      const values = column.values as Uint8Array;
      const bytes = Buffer.from(values.buffer, values.byteOffset, values.length);
      const offsets = column.offsets!;
      for (let i = 0; i < length; i++) out[i] = `"${bytes.toString('hex', offsets[start + i], offsets[start + i + 1])}"`;
      return out;
    }
    case 'ARRAY':
      return cutLists(column, start, end, (from, to) => jsonTexts(column.children![0]!, from, to, numbers), joinArray);
    case 'MAP':
    case 'MULTISET':
      return cutLists(column, start, end, (from, to) => entriesOf(column, from, to, numbers), joinMap);
    case 'ROW': {
      const pieces = objectPieces(
        type.fields.map((field) => field.name),
        column.children!,
        start,
        end,
        numbers,
      );
      const perRow = pieces.length / length;
      for (let i = 0; i < length; i++) out[i] = pieces.slice(i * perRow, (i + 1) * perRow).join('');
      return out;
    }
    case 'OTHER':
      throw new WeirError('UNSUPPORTED', `type ${type.text} cannot be read`);
  }
}

function plainDouble(value: number): string {
  return Number.isFinite(value) ? (Object.is(value, -0) ? '-0' : String(value)) : `"${value}"`;
}

function plainFloat(value: number): string {
  return plainDouble(shortestFloat(value));
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

/**
 * The pieces of the JSON objects of rows start … end-1, equally many a row: joining them costs one copy.
 * `first`: what stands before the first column of each row, if anything; `last`: what follows each object.
 */
export function objectPieces(
  names: readonly string[],
  columns: readonly Column[],
  start: number,
  end: number,
  numbers: JsonNumbers,
  first?: readonly string[],
  last = '',
): string[] {
  const perRow = columns.length * 2 + 2;
  const pieces: string[] = new Array((end - start) * perRow);
  for (let at = 0, i = 0; at < pieces.length; at += perRow, i++) {
    pieces[at] = first === undefined ? '{' : `{${first[i]}`;
    pieces[at + perRow - 1] = `}${last}`;
  }
  for (let c = 0; c < columns.length; c++) {
    const head = `${c > 0 || first !== undefined ? ',' : ''}${JSON.stringify(names[c])}:`;
    const texts = jsonTexts(columns[c]!, start, end, numbers);
    for (let at = c * 2 + 1, i = 0; i < texts.length; at += perRow, i++) {
      pieces[at] = head;
      pieces[at + 1] = texts[i]!;
    }
  }
  return pieces;
}
