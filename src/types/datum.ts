/**
 * One value in weir's internal form: what keys, partitions, statistics and predicates are made of.
 *
 *   BOOLEAN boolean · TINYINT SMALLINT INT FLOAT DOUBLE number · DATE days · TIME ms of day (number)
 *   BIGINT bigint · DECIMAL unscaled bigint · TIMESTAMP(_LTZ) bigint in ms (p<=3), µs (p<=6) or ns (p 7..9)
 *   CHAR VARCHAR UTF-8 bytes · BINARY VARBINARY bytes (Uint8Array) · missing null
 *
 * Nested types have no Datum.
 */
import { WeirError } from '../base/error.js';
import { bitmapBytes, getBit, setBit } from './bitmap.js';
import { type Column, type Elements, isValid } from './column.js';
import type { DataType } from './data-type.js';
import { type Layout, layoutOf, makeElements } from './layout.js';

export type Datum = boolean | number | bigint | Uint8Array | null;

/** The value at `row`; bytes are a view of the column's. @throws INVALID_ARGUMENT for a nested column */
export function datumAt(column: Column, row: number): Datum {
  if (!isValid(column, row)) return null;
  const layout = layoutOf(column.type);
  switch (layout) {
    case 'bits':
      return getBit(column.values as Uint8Array, row);
    case 'bytes':
      return (column.values as Uint8Array).subarray(column.offsets![row]!, column.offsets![row + 1]!);
    case 'int128': {
      const words = column.values as BigInt64Array;
      return readInt128(words, row);
    }
    case 'list':
    case 'row':
      throw new WeirError('INVALID_ARGUMENT', `a value of type ${column.type.kind} is not a single datum`);
    default:
      return column.values![row]!;
  }
}

/** Element `row` of INT128 words (low word first). */
export function readInt128(words: BigInt64Array, row: number): bigint {
  const low = words[row * 2]!;
  const high = words[row * 2 + 1]!;
  if (high === low >> 63n) return low;
  return (high << 64n) | BigInt.asUintN(64, low);
}

export function writeInt128(words: BigInt64Array, row: number, value: bigint): void {
  words[row * 2] = BigInt.asIntN(64, value);
  words[row * 2 + 1] = BigInt.asIntN(64, value >> 64n);
}

/**
 * Paimon's order of single values: missing first, false before true, bytes unsigned, FLOAT and DOUBLE as Java's
 * Double.compare (-0 before 0, NaN last and equal to itself).
 */
export function compareDatum(type: DataType, a: Datum, b: Datum): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  if (a instanceof Uint8Array) return compareBytes(a, b as Uint8Array);
  if (type.kind === 'FLOAT' || type.kind === 'DOUBLE') return compareDoubles(a as number, b as number);
  return a < b! ? -1 : a > b! ? 1 : 0;
}

/** Unsigned lexicographic order. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  return Math.sign(a.length - b.length);
}

/** Java's Double.compare. */
export function compareDoubles(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return a !== 0 || Object.is(a, b) ? 0 : Object.is(a, -0) ? -1 : 1;
  const aIsNaN = Number.isNaN(a);
  return aIsNaN === Number.isNaN(b) ? 0 : aIsNaN ? 1 : -1;
}

/** A column of these values (copied). @throws INVALID_ARGUMENT for a nested type */
export function columnFromData(type: DataType, data: readonly Datum[]): Column {
  const layout = layoutOf(type);
  const length = data.length;
  if (layout === 'list' || layout === 'row')
    throw new WeirError('INVALID_ARGUMENT', `a column of type ${type.kind} is not made of single data`);
  let validity: Uint8Array | null = null;
  if (data.includes(null)) {
    validity = new Uint8Array(bitmapBytes(length));
    for (let i = 0; i < length; i++) if (data[i] !== null) setBit(validity, i);
  }
  if (layout === 'bytes') return { type, length, validity, ...joinBytes(data), children: undefined };
  const values = makeElements(layout, length)!;
  fillElements(layout, values, data);
  return { type, length, validity, values, offsets: undefined, children: undefined };
}

function joinBytes(data: readonly Datum[]): { values: Uint8Array; offsets: Int32Array } {
  const offsets = new Int32Array(data.length + 1);
  let size_bytes = 0;
  for (let i = 0; i < data.length; i++) {
    size_bytes += (data[i] as Uint8Array | null)?.length ?? 0;
    offsets[i + 1] = size_bytes;
  }
  const values = new Uint8Array(size_bytes);
  for (let i = 0; i < data.length; i++) if (data[i] !== null) values.set(data[i] as Uint8Array, offsets[i]!);
  return { values, offsets };
}

function fillElements(layout: Layout, values: Elements, data: readonly Datum[]): void {
  for (let i = 0; i < data.length; i++) {
    const datum = data[i]!;
    if (datum === null) continue;
    if (layout === 'bits') {
      if (datum === true) setBit(values as Uint8Array, i);
    } else if (layout === 'int128') writeInt128(values as BigInt64Array, i, datum as bigint);
    else (values as Float64Array)[i] = datum as number;
  }
}
