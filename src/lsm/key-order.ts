/**
 * Keys as doubles: an order-preserving prefix of each row's key, so that nearly all comparisons are of two numbers.
 *
 *   prefix(a) < prefix(b)  =>  a < b          (always)
 *   prefix(a) = prefix(b)  =>  a = b          (when both sides' prefixes are exact)
 *
 *   ints, DATE, TIME, BOOLEAN      the value                                       exact
 *   BIGINT, TIMESTAMP, DECIMAL     the value rounded to a double                   exact within ±2^53
 *   FLOAT, DOUBLE                  the value, NaN as infinity                      exact without NaN and -0
 *   strings, bytes                 48 bits of 6 bytes, 3 bits of length (7: more)  exact up to 6 bytes
 *   missing                        -infinity
 *
 * The prefix is of the first key column: with more columns it is never exact.
 */
import { WeirError } from '../base/error.js';
import { getBit } from '../types/bitmap.js';
import { type Column, isValid } from '../types/column.js';
import { layoutOf } from '../types/layout.js';

export interface KeyPrefix {
  /** one a row */
  readonly prefix: Float64Array;
  readonly exact: boolean;
}

const TWO_32 = 4294967296;
const TWO_64 = TWO_32 * TWO_32;
const TWO_96 = TWO_64 * TWO_32;
export const PREFIX_BYTES = 6;

/** `skip`: bytes that all strings compared with each other have in common and that the prefix leaves out. */
export function keyPrefix(columns: readonly Column[], length: number, skip = 0): KeyPrefix {
  const column = columns[0]!;
  const prefix = new Float64Array(length);
  let exact = fillPrefix(column, length, prefix, skip);
  if (column.validity !== null) {
    for (let i = 0; i < length; i++) if (!isValid(column, i)) prefix[i] = -Infinity;
    // a present -infinity looks the same as a missing value
    if (column.type.kind === 'FLOAT' || column.type.kind === 'DOUBLE') exact = false;
  }
  return { prefix, exact: exact && columns.length === 1 };
}

function fillPrefix(column: Column, length: number, out: Float64Array, skip: number): boolean {
  switch (layoutOf(column.type)) {
    case 'bits':
      for (let i = 0; i < length; i++) out[i] = Number(getBit(column.values as Uint8Array, i));
      return true;
    case 'int8':
    case 'int16':
    case 'int32':
      out.set((column.values as Int32Array).subarray(0, length));
      return true;
    case 'float32':
    case 'float64':
      return fillDoubles(column.values as Float64Array, length, out);
    case 'int64':
      return fillLongs(words(column), length, out);
    case 'int128':
      return fillInt128(words(column), length, out);
    case 'bytes':
      return fillBytes(column.values as Uint8Array, column.offsets!, length, out, skip);
    default:
      throw new WeirError('INVALID_ARGUMENT', `a key cannot be of type ${column.type.kind}`);
  }
}

function words(column: Column): Int32Array {
  const values = column.values as BigInt64Array;
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2);
}

function fillDoubles(values: Float64Array, length: number, out: Float64Array): boolean {
  let exact = true;
  for (let i = 0; i < length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) {
      out[i] = Infinity;
      exact = false;
    } else {
      out[i] = value;
      if (value === 0 && 1 / value < 0) exact = false;
    }
  }
  return exact;
}

function fillLongs(values: Int32Array, length: number, out: Float64Array): boolean {
  let outside = 0;
  for (let i = 0; i < length; i++) {
    const high = values[i * 2 + 1]!;
    out[i] = high * TWO_32 + (values[i * 2]! >>> 0);
    // -2^21 <= high < 2^21 has 22 bits
    outside |= ((high + 0x200000) >>> 22) | 0;
  }
  return outside === 0;
}

/** Summed from the least significant word up, every step rounds a sum of whole multiples: the order is kept throughout. */
function fillInt128(values: Int32Array, length: number, out: Float64Array): boolean {
  let exact = true;
  for (let i = 0; i < length; i++) {
    const top = values[i * 4 + 3]!;
    if (top === values[i * 4 + 1]! >> 31 && top === values[i * 4 + 2]!) {
      const low = values[i * 4 + 1]! * TWO_32 + (values[i * 4]! >>> 0);
      out[i] = low;
      if (!Number.isSafeInteger(low)) exact = false;
    } else {
      const low = (values[i * 4 + 1]! >>> 0) * TWO_32 + (values[i * 4]! >>> 0);
      out[i] = top * TWO_96 + ((values[i * 4 + 2]! >>> 0) * TWO_64 + low);
      exact = false;
    }
  }
  return exact;
}

function fillBytes(bytes: Uint8Array, offsets: Int32Array, length: number, out: Float64Array, skip: number): boolean {
  let longest = 0;
  for (let i = 0; i < length; i++) {
    const at = offsets[i]! + skip;
    const size = offsets[i + 1]! - at;
    if (size > longest) longest = size;
    out[i] = bytesNumber(bytes, at, size);
  }
  return longest <= PREFIX_BYTES;
}

/** `size` bytes from `at` as a number of 51 bits in unsigned byte order; exact up to PREFIX_BYTES. `size` < 0 counts as 0. */
export function bytesNumber(bytes: Uint8Array, at: number, size: number): number {
  if (size >= PREFIX_BYTES) {
    const high = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    const low = (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!;
    return (high * 0x1000000 + low) * 8 + (size > PREFIX_BYTES ? PREFIX_BYTES + 1 : PREFIX_BYTES);
  }
  let value = 0;
  for (let b = 0; b < PREFIX_BYTES; b++) value = value * 256 + (b < size ? bytes[at + b]! : 0);
  // the length tells "a" from "a\0"
  return value * 8 + Math.max(size, 0);
}
