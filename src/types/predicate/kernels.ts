/**
 * The loops behind a condition: a column and ascending row numbers in, those that pass out.
 *
 * Loops run over typed arrays with a branch-free append; nothing is allocated a row. Nulls are dropped (selectPresent)
 * before a comparison looks at elements. Greater and less follow the order of keys, but for -0, which is 0.
 *
 * A comparison accepts a set of orders, as bits: 1 less, 2 equal, 4 greater.
 */
import { WeirError } from '../../base/error.js';
import { getBit } from '../bitmap.js';
import { wordsOf } from '../cast/wide.js';
import type { Column } from '../column.js';
import { type Datum, writeInt128 } from '../datum.js';
import { layoutOf } from '../layout.js';
import type { Comparison } from './condition.js';

const ACCEPTED: Readonly<Record<Comparison, number>> = { lt: 1, eq: 2, le: 3, gt: 4, ne: 5, ge: 6 };

/** Rows that are present, or missing. */
export function selectPresent(column: Column, rows: Uint32Array, present: boolean): Uint32Array {
  const bits = column.validity;
  if (bits === null) return present ? rows : new Uint32Array(0);
  const wanted = present ? 1 : 0;
  const out = new Uint32Array(rows.length);
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    out[count] = row;
    count += ((bits[row >> 3]! >> (row & 7)) & 1) === wanted ? 1 : 0;
  }
  return out.subarray(0, count);
}

/** Element arrays of numbers. NaN is the greatest value, so greater is "not less or equal". */
function selectNumbers(values: Float64Array, rows: Uint32Array, test: Comparison, constant: number): Uint32Array {
  if (Number.isNaN(constant)) return selectAgainstNaN(values, rows, test);
  const out = new Uint32Array(rows.length);
  let count = 0;
  switch (test) {
    case 'eq':
      for (let i = 0; i < rows.length; i++) {
        out[count] = rows[i]!;
        count += values[rows[i]!]! === constant ? 1 : 0;
      }
      break;
    case 'ne':
      for (let i = 0; i < rows.length; i++) {
        out[count] = rows[i]!;
        count += values[rows[i]!]! !== constant ? 1 : 0;
      }
      break;
    case 'lt':
      for (let i = 0; i < rows.length; i++) {
        out[count] = rows[i]!;
        count += values[rows[i]!]! < constant ? 1 : 0;
      }
      break;
    case 'le':
      for (let i = 0; i < rows.length; i++) {
        out[count] = rows[i]!;
        count += values[rows[i]!]! <= constant ? 1 : 0;
      }
      break;
    case 'gt':
      for (let i = 0; i < rows.length; i++) {
        out[count] = rows[i]!;
        count += values[rows[i]!]! <= constant ? 0 : 1;
      }
      break;
    case 'ge':
      for (let i = 0; i < rows.length; i++) {
        out[count] = rows[i]!;
        count += values[rows[i]!]! < constant ? 0 : 1;
      }
  }
  return out.subarray(0, count);
}

function selectAgainstNaN(values: Float64Array, rows: Uint32Array, test: Comparison): Uint32Array {
  const accepted = ACCEPTED[test];
  const out = new Uint32Array(rows.length);
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    out[count] = row;
    count += (accepted & (Number.isNaN(values[row]!) ? 2 : 1)) !== 0 ? 1 : 0;
  }
  return out.subarray(0, count);
}

/** Integers of 2 or 4 words, least significant first, the highest signed. */
function selectWords(words: Int32Array, width: number, rows: Uint32Array, accepted: number, constant: Int32Array): Uint32Array {
  const out = new Uint32Array(rows.length);
  const top = width - 1;
  const constantTop = constant[top]!;
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const high = words[row * width + top]!;
    const order = high !== constantTop ? (high < constantTop ? 1 : 4) : orderOfLowWords(words, row * width, constant, 0, top);
    out[count] = row;
    count += (accepted & order) !== 0 ? 1 : 0;
  }
  return out.subarray(0, count);
}

function orderOfLowWords(a: Int32Array, atA: number, b: Int32Array, atB: number, count: number): number {
  for (let w = count - 1; w >= 0; w--) {
    const left = a[atA + w]! >>> 0;
    const right = b[atB + w]! >>> 0;
    if (left !== right) return left < right ? 1 : 4;
  }
  return 2;
}

/** false before true */
function selectBits(bits: Uint8Array, rows: Uint32Array, acceptFalse: boolean, acceptTrue: boolean): Uint32Array {
  const out = new Uint32Array(rows.length);
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    out[count] = row;
    count += (getBit(bits, row) ? acceptTrue : acceptFalse) ? 1 : 0;
  }
  return out.subarray(0, count);
}

/** Order of bytes start … end-1 to `constant`: 1, 2 or 4. */
function orderOfBytes(bytes: Uint8Array, start: number, end: number, constant: Uint8Array): number {
  const length = Math.min(end - start, constant.length);
  for (let i = 0; i < length; i++) {
    const difference = bytes[start + i]! - constant[i]!;
    if (difference !== 0) return difference < 0 ? 1 : 4;
  }
  return end - start === constant.length ? 2 : end - start < constant.length ? 1 : 4;
}

function selectBytes(column: Column, rows: Uint32Array, test: Comparison, constant: Uint8Array): Uint32Array {
  const bytes = column.values as Uint8Array;
  const offsets = column.offsets!;
  const accepted = ACCEPTED[test];
  const out = new Uint32Array(rows.length);
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    out[count] = row;
    count += (accepted & orderOfBytes(bytes, offsets[row]!, offsets[row + 1]!, constant)) !== 0 ? 1 : 0;
  }
  return out.subarray(0, count);
}

/** Rows whose text begins (does not begin) with `prefix`; none of `rows` is missing. */
export function selectPrefix(column: Column, rows: Uint32Array, prefix: Uint8Array, wanted: boolean): Uint32Array {
  const bytes = column.values as Uint8Array;
  const offsets = column.offsets!;
  const out = new Uint32Array(rows.length);
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const start = offsets[row]!;
    const has = offsets[row + 1]! - start >= prefix.length && orderOfBytes(bytes, start, start + prefix.length, prefix) === 2;
    out[count] = row;
    count += has === wanted ? 1 : 0;
  }
  return out.subarray(0, count);
}

/** Rows whose value compares with `value` as `test` says; none of `rows` is missing. */
export function selectCompared(column: Column, rows: Uint32Array, test: Comparison, value: Datum): Uint32Array {
  const accepted = ACCEPTED[test];
  switch (layoutOf(column.type)) {
    case 'bits':
      return selectBits(
        column.values as Uint8Array,
        rows,
        (accepted & (value === true ? 1 : 2)) !== 0,
        (accepted & (value === true ? 2 : 4)) !== 0,
      );
    case 'int64':
      return selectWords(wordsOf(column.values as BigInt64Array), 2, rows, accepted, wordsOf(BigInt64Array.of(value as bigint)));
    case 'int128':
      return selectWords(wordsOf(column.values as BigInt64Array), 4, rows, accepted, int128Words([value]));
    case 'bytes':
      return selectBytes(column, rows, test, value as Uint8Array);
    case 'list':
    case 'row':
      throw new WeirError('INVALID_ARGUMENT', `values of type ${column.type.kind} are not compared`);
    default:
      return selectNumbers(column.values as Float64Array, rows, test, value as number);
  }
}

function int128Words(values: readonly Datum[]): Int32Array {
  const out = new BigInt64Array(values.length * 2);
  for (let i = 0; i < values.length; i++) writeInt128(out, i, values[i] as bigint);
  return wordsOf(out);
}

/** Is the integer at `at` among `list`, ascending integers of `width` words? */
function hasWords(words: Int32Array, at: number, width: number, list: Int32Array, length: number): boolean {
  const top = width - 1;
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = list[middle * width + top]!;
    const own = words[at + top]!;
    const order = own !== other ? (own < other ? 1 : 4) : orderOfLowWords(words, at, list, middle * width, top);
    if (order === 2) return true;
    if (order === 1) high = middle;
    else low = middle + 1;
  }
  return false;
}

function hasBytes(bytes: Uint8Array, start: number, end: number, list: readonly Uint8Array[]): boolean {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = orderOfBytes(bytes, start, end, list[middle]!);
    if (order === 2) return true;
    if (order === 1) high = middle;
    else low = middle + 1;
  }
  return false;
}

/** Rows whose value is (not) among `values`, ascending and distinct; none of `rows` is missing. */
export function selectAmong(column: Column, rows: Uint32Array, values: readonly Datum[], wanted: boolean): Uint32Array {
  const layout = layoutOf(column.type);
  const out = new Uint32Array(rows.length);
  let count = 0;
  if (layout === 'int64' || layout === 'int128') {
    const width = layout === 'int64' ? 2 : 4;
    const words = wordsOf(column.values as BigInt64Array);
    const list = layout === 'int64' ? wordsOf(BigInt64Array.from(values as readonly bigint[])) : int128Words(values);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      out[count] = row;
      count += hasWords(words, row * width, width, list, values.length) === wanted ? 1 : 0;
    }
  } else if (layout === 'bytes') {
    const offsets = column.offsets!;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      out[count] = row;
      count += hasBytes(column.values as Uint8Array, offsets[row]!, offsets[row + 1]!, values as readonly Uint8Array[]) === wanted ? 1 : 0;
    }
  } else if (layout === 'bits') {
    return selectBits(column.values as Uint8Array, rows, values.includes(false) === wanted, values.includes(true) === wanted);
  } else {
    // a Set's equality is the wanted one: NaN is itself, -0 is 0
    const list = new Set(values as readonly number[]);
    const numbers = column.values as Float64Array;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      out[count] = row;
      count += list.has(numbers[row]!) === wanted ? 1 : 0;
    }
  }
  return out.subarray(0, count);
}
