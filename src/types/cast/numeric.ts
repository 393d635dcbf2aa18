/**
 * Casts among TINYINT SMALLINT INT BIGINT FLOAT DOUBLE and BOOLEAN: Java's conversions.
 *
 *   integer -> narrower integer   the low bits (383 as TINYINT is 127)
 *   float -> integer              towards zero, NaN is 0, out of range is the nearest bound of INT or BIGINT, then the low bits
 *   integer -> float              nearest, one rounding
 *   BOOLEAN <-> integer           1 and 0; any number but 0 is true
 */
import { bitmapBytes, getBit, setBit } from '../bitmap.js';
import type { Column, Elements } from '../column.js';
import type { DataType } from '../data-type.js';
import { layoutOf, makeElements } from '../layout.js';
import { int64ToDouble, int64ToFloat, putInt64, wordsOf } from './wide.js';

const MAX_INT = 0x7fff_ffff;
const TWO_63 = 2 ** 63;
const MAX_BIGINT = 2n ** 63n - 1n;

function result(column: Column, to: DataType, values: Elements): Column {
  return { type: to, length: column.length, validity: column.validity, values, offsets: undefined, children: undefined };
}

/** Any of TINYINT … DOUBLE to another of them. */
export function numberToNumber(column: Column, to: DataType): Column {
  const from = column.type.kind;
  if (from === 'BIGINT') return fromBigint(column, to);
  if (to.kind === 'BIGINT') return toBigint(column, to);
  const toFloat = to.kind === 'FLOAT' || to.kind === 'DOUBLE';
  if (toFloat || (from !== 'FLOAT' && from !== 'DOUBLE')) {
    // the typed arrays' own conversion: modular for integers, nearest for floats
    const values = makeElements(layoutOf(to), column.length) as Float64Array;
    values.set((column.values as Float64Array).subarray(0, column.length));
    return result(column, to, values);
  }
  const source = column.values as Float64Array;
  const values = makeElements(layoutOf(to), column.length) as Int32Array;
  for (let row = 0; row < column.length; row++) {
    const value = source[row]!;
    values[row] = value >= MAX_INT ? MAX_INT : value <= -MAX_INT - 1 ? -MAX_INT - 1 : Math.trunc(value);
  }
  return result(column, to, values);
}

function fromBigint(column: Column, to: DataType): Column {
  const words = wordsOf(column.values as BigInt64Array);
  const values = makeElements(layoutOf(to), column.length) as Float64Array;
  if (to.kind === 'DOUBLE') for (let row = 0; row < column.length; row++) values[row] = int64ToDouble(words, row);
  else if (to.kind === 'FLOAT') for (let row = 0; row < column.length; row++) values[row] = int64ToFloat(words, row);
  else for (let row = 0; row < column.length; row++) values[row] = words[row * 2]!;
  return result(column, to, values);
}

function toBigint(column: Column, to: DataType): Column {
  const values = new BigInt64Array(column.length);
  const words = wordsOf(values);
  const source = column.values as Float64Array;
  if (column.type.kind === 'FLOAT' || column.type.kind === 'DOUBLE') {
    for (let row = 0; row < column.length; row++) {
      const value = source[row]!;
      if (value >= TWO_63) values[row] = MAX_BIGINT;
      else if (value <= -TWO_63) putInt64(words, row, -TWO_63);
      else if (!Number.isNaN(value)) putInt64(words, row, Math.trunc(value));
    }
  } else {
    for (let row = 0; row < column.length; row++) {
      const value = source[row]!;
      words[row * 2] = value;
      words[row * 2 + 1] = value >> 31;
    }
  }
  return result(column, to, values);
}

/** BOOLEAN to TINYINT … DOUBLE. */
export function booleanToNumber(column: Column, to: DataType): Column {
  const bits = column.values as Uint8Array;
  const values = makeElements(layoutOf(to), column.length)!;
  if (to.kind === 'BIGINT') {
    const words = wordsOf(values as BigInt64Array);
    for (let row = 0; row < column.length; row++) if (getBit(bits, row)) words[row * 2] = 1;
  } else {
    for (let row = 0; row < column.length; row++) if (getBit(bits, row)) (values as Int32Array)[row] = 1;
  }
  return result(column, to, values);
}

/** TINYINT … BIGINT to BOOLEAN. */
export function integerToBoolean(column: Column, to: DataType): Column {
  const bits = new Uint8Array(bitmapBytes(column.length));
  if (column.type.kind === 'BIGINT') {
    const words = wordsOf(column.values as BigInt64Array);
    for (let row = 0; row < column.length; row++) if ((words[row * 2]! | words[row * 2 + 1]!) !== 0) setBit(bits, row);
  } else {
    const source = column.values as Int32Array;
    for (let row = 0; row < column.length; row++) if (source[row]! !== 0) setBit(bits, row);
  }
  return result(column, to, bits);
}
