/**
 * Values of some rows of a column as doubles in the values' order, spread as far apart as the rows allow: integers relative
 * to the smallest, strings from the first byte in which they differ.
 *
 * Invariants: a < b implies number(a) <= number(b), and the smallest and largest numbers differ when any two values do.
 */
import { WeirError } from '../base/error.js';
import { getBit } from '../types/bitmap.js';
import type { Column } from '../types/column.js';
import { layoutOf } from '../types/layout.js';

const TWO_32 = 4294967296;
const TWO_64 = TWO_32 * TWO_32;
const TWO_96 = TWO_64 * TWO_32;
/** Bytes of a string that are looked at, at most, behind those that all have in common. */
const MAX_PLACES = 16;

/**
 * Numbers of rows order[start … end-1], none of them missing, to out[0 …].
 * @returns whether equal numbers mean equal values
 */
export function segmentNumbers(column: Column, order: Uint32Array, start: number, end: number, out: Float64Array): boolean {
  const count = end - start;
  switch (layoutOf(column.type)) {
    case 'bits':
      for (let i = 0; i < count; i++) out[i] = Number(getBit(column.values as Uint8Array, order[start + i]!));
      return true;
    case 'int8':
    case 'int16':
    case 'int32': {
      const values = column.values as Int32Array;
      for (let i = 0; i < count; i++) out[i] = values[order[start + i]!]!;
      return true;
    }
    case 'int64':
      return relativeLongs(wordsOf(column.values as BigInt64Array), order, start, count, out);
    case 'int128':
      return relativeInt128(wordsOf(column.values as BigInt64Array), order, start, count, out);
    case 'float32':
    case 'float64':
      return relativeDoubles(column.values as Float64Array, order, start, count, out);
    case 'bytes':
      return differingBytes(column.values as Uint8Array, column.offsets!, order, start, count, out);
    default:
      throw new WeirError('INVALID_ARGUMENT', `values of type ${column.type.kind} have no order`);
  }
}

function wordsOf(values: BigInt64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2);
}

function relativeLongs(values: Int32Array, order: Uint32Array, start: number, count: number, out: Float64Array): boolean {
  let minHigh = 0x7fffffff;
  let minLow = 0xffffffff;
  for (let i = 0; i < count; i++) {
    const at = order[start + i]! * 2;
    const high = values[at + 1]!;
    const low = values[at]! >>> 0;
    if (high < minHigh || (high === minHigh && low < minLow)) {
      minHigh = high;
      minLow = low;
    }
  }
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const at = order[start + i]! * 2;
    const number = (values[at + 1]! - minHigh) * TWO_32 + ((values[at]! >>> 0) - minLow);
    if (number > largest) largest = number;
    out[i] = number;
  }
  return largest <= Number.MAX_SAFE_INTEGER;
}

/** A double's bits, read as a whole number with the negative ones turned around, have Double.compare's order. */
function relativeDoubles(values: Float64Array, order: Uint32Array, start: number, count: number, out: Float64Array): boolean {
  const keys = new Int32Array(count * 2);
  const bits = new Float64Array(1);
  const halves = new Int32Array(bits.buffer);
  const rows = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const value = values[order[start + i]!]!;
    // one bit pattern for every NaN
    bits[0] = Number.isNaN(value) ? Number.NaN : value;
    const turned = halves[1]! >> 31;
    keys[i * 2] = halves[0]! ^ turned;
    keys[i * 2 + 1] = halves[1]! ^ (turned & 0x7fffffff);
    rows[i] = i;
  }
  return relativeLongs(keys, rows, 0, count, out);
}

function relativeInt128(values: Int32Array, order: Uint32Array, start: number, count: number, out: Float64Array): boolean {
  let min = order[start]! * 4;
  for (let i = 1; i < count; i++) {
    const at = order[start + i]! * 4;
    if (lessInt128(values, at, min)) min = at;
  }
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const at = order[start + i]! * 4;
    let borrow = 0;
    let number = 0;
    let unit = 1;
    for (let w = 0; w < 4; w++) {
      // the top words differ by less than 2^32 and, as the minimum is below, never by less than 0
      const difference =
        w === 3 ? values[at + 3]! - values[min + 3]! - borrow : (values[at + w]! >>> 0) - (values[min + w]! >>> 0) - borrow;
      borrow = difference < 0 ? 1 : 0;
      number += (difference + borrow * TWO_32) * unit;
      unit = w === 0 ? TWO_32 : w === 1 ? TWO_64 : TWO_96;
    }
    if (number > largest) largest = number;
    out[i] = number;
  }
  return largest <= Number.MAX_SAFE_INTEGER;
}

function lessInt128(values: Int32Array, a: number, b: number): boolean {
  if (values[a + 3]! !== values[b + 3]!) return values[a + 3]! < values[b + 3]!;
  for (let w = 2; w >= 0; w--) if (values[a + w]! !== values[b + w]!) return values[a + w]! >>> 0 < values[b + w]! >>> 0;
  return false;
}

/**
 * The bytes from the first that differs on as digits of a number, each with as many values as occur at its place (and one,
 * the smallest, for strings that have ended): ten for decimal digits, so that a double holds fifteen of them.
 */
function differingBytes(
  bytes: Uint8Array,
  offsets: Int32Array,
  order: Uint32Array,
  start: number,
  count: number,
  out: Float64Array,
): boolean {
  const common = commonBytes(bytes, offsets, order, start, count);
  const low = new Uint8Array(MAX_PLACES).fill(255);
  const high = new Uint8Array(MAX_PLACES);
  let longest = 0;
  let shortest = MAX_PLACES;
  for (let i = 0; i < count; i++) {
    const row = order[start + i]!;
    const at = offsets[row]! + common;
    const size = offsets[row + 1]! - at;
    if (size > longest) longest = size;
    if (size < shortest) shortest = size;
    const seen = Math.min(size, MAX_PLACES);
    for (let p = 0; p < seen; p++) {
      const byte = bytes[at + p]!;
      if (byte < low[p]!) low[p] = byte;
      if (byte > high[p]!) high[p] = byte;
    }
  }
  const units = new Float64Array(MAX_PLACES);
  const bases = new Float64Array(MAX_PLACES);
  let places = 0;
  for (let values = 1; places < Math.min(longest, MAX_PLACES); places++) {
    const ended = shortest <= places ? 1 : 0;
    const radix = high[places]! - low[places]! + 1 + ended;
    if (values * radix > Number.MAX_SAFE_INTEGER) break;
    values *= radix;
    units[places] = radix;
    bases[places] = low[places]! - ended;
  }
  for (let i = 0; i < count; i++) {
    const row = order[start + i]!;
    const at = offsets[row]! + common;
    const size = offsets[row + 1]! - at;
    let number = 0;
    for (let p = 0; p < places; p++) number = number * units[p]! + (p < size ? bytes[at + p]! - bases[p]! : 0);
    out[i] = number;
  }
  return longest <= places;
}

function commonBytes(bytes: Uint8Array, offsets: Int32Array, order: Uint32Array, start: number, count: number): number {
  const first = offsets[order[start]!]!;
  let common = offsets[order[start]! + 1]! - first;
  for (let i = 1; i < count && common > 0; i++) {
    const at = offsets[order[start + i]!]!;
    common = Math.min(common, offsets[order[start + i]! + 1]! - at);
    let b = 0;
    while (b < common && bytes[at + b]! === bytes[first + b]!) b++;
    common = b;
  }
  return common;
}
