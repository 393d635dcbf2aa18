/**
 * Least and greatest value of PLAIN pages, and their form in the file.
 *
 * Bounds are kept as PLAIN bytes (byte arrays without length), ordered as Parquet's TypeDefinedOrder says: signed
 * numbers, false before true, unsigned bytes; decimals of more than 18 digits as big-endian two's complement.
 *
 * Invariants: NaN is no bound; a bound of zero is written -0 below and +0 above; a byte-array bound is at most
 * BOUND_BYTES long unless no shorter one exists above the value, and UTF-8 if the value is.
 */
import type { DataType } from '../../types/data-type.js';
import { BoundaryOrder, type ColumnIndex, type Statistics } from './metadata.js';
import type { PlainBuffer } from './plain-buffer.js';

export const BOUND_BYTES = 64;

export type ValueOrder = 'boolean' | 'int32' | 'int64' | 'float' | 'double' | 'signed' | 'unsigned';

export function orderOf(type: DataType, plain: PlainBuffer): ValueOrder {
  if (type.kind === 'FLOAT') return 'float';
  if (type.kind === 'DOUBLE') return 'double';
  return ({ bits: 'boolean', w4: 'int32', w8: 'int64', fixed: 'signed', bytes: 'unsigned' } as const)[plain.kind];
}

/** Bounds of one page; absent when it has no value that can be one. */
export interface Bounds {
  readonly min: Uint8Array;
  readonly max: Uint8Array;
}

export function pageBounds(order: ValueOrder, plain: PlainBuffer): Bounds | undefined {
  if (plain.count === 0) return undefined;
  switch (order) {
    case 'boolean':
      return booleanBounds(plain);
    case 'int32': {
      const values = new Int32Array(plain.bytes.buffer, plain.start, plain.count);
      let min = values[0]!;
      let max = min;
      for (let i = 1; i < values.length; i++) {
        const value = values[i]!;
        if (value < min) min = value;
        if (value > max) max = value;
      }
      return { min: bytesOf(Int32Array.of(min)), max: bytesOf(Int32Array.of(max)) };
    }
    case 'int64':
      return longBounds(plain);
    case 'float':
      return floatBounds(new Float32Array(plain.bytes.buffer, plain.start, plain.count), (value) => bytesOf(Float32Array.of(value)));
    case 'double':
      return floatBounds(new Float64Array(plain.bytes.buffer, plain.start, plain.count), (value) => bytesOf(Float64Array.of(value)));
    case 'signed':
      return fixedBounds(plain);
    case 'unsigned':
      return byteBounds(plain);
  }
}

function bytesOf(values: Int32Array | Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function booleanBounds(plain: PlainBuffer): Bounds {
  let every = 1;
  let some = 0;
  for (let i = 0; i < plain.count; i++) {
    const bit = (plain.bytes[plain.start + (i >> 3)]! >> (i & 7)) & 1;
    every &= bit;
    some |= bit;
  }
  return { min: Uint8Array.of(every), max: Uint8Array.of(some) };
}

function longBounds(plain: PlainBuffer): Bounds {
  const words = new Int32Array(plain.bytes.buffer, plain.start, plain.count * 2);
  let minLow = words[0]! >>> 0;
  let minHigh = words[1]!;
  let maxLow = minLow;
  let maxHigh = minHigh;
  for (let i = 2; i < words.length; i += 2) {
    const low = words[i]! >>> 0;
    const high = words[i + 1]!;
    if (high < minHigh || (high === minHigh && low < minLow)) {
      minHigh = high;
      minLow = low;
    }
    if (high > maxHigh || (high === maxHigh && low > maxLow)) {
      maxHigh = high;
      maxLow = low;
    }
  }
  return { min: bytesOf(Int32Array.of(minLow, minHigh)), max: bytesOf(Int32Array.of(maxLow, maxHigh)) };
}

function floatBounds(values: Float32Array | Float64Array, encode: (value: number) => Uint8Array): Bounds | undefined {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (min > max) return undefined; // nothing but NaN
  return { min: encode(min === 0 ? -0 : min), max: encode(max === 0 ? 0 : max) };
}

function fixedBounds(plain: PlainBuffer): Bounds {
  const { width, bytes, start, count } = plain;
  let min = bytes.subarray(start, start + width);
  let max = min;
  for (let i = 1; i < count; i++) {
    const value = bytes.subarray(start + i * width, start + (i + 1) * width);
    if (compareSigned(value, min) < 0) min = value;
    if (compareSigned(value, max) > 0) max = value;
  }
  return { min: min.slice(), max: max.slice() };
}

/** Most values are told from a bound by their first four bytes. */
function byteBounds(plain: PlainBuffer): Bounds {
  const { view, bytes, count } = plain;
  let at = plain.start;
  let min = at;
  let max = at;
  let minHead = head(view, at + 4, view.getInt32(at, true));
  let maxHead = minHead;
  for (let i = 0; i < count; i++) {
    const length = view.getInt32(at, true);
    const mine = head(view, at + 4, length);
    if (mine < minHead || (mine === minHead && compareAt(view, bytes, at, min) < 0)) {
      min = at;
      minHead = mine;
    }
    if (mine > maxHead || (mine === maxHead && compareAt(view, bytes, at, max) > 0)) {
      max = at;
      maxHead = mine;
    }
    at += 4 + length;
  }
  const value = (place: number) => bytes.slice(place + 4, place + 4 + view.getInt32(place, true));
  return { min: value(min), max: value(max) };
}

function head(view: DataView, at: number, length: number): number {
  if (length >= 4) return view.getUint32(at);
  let word = 0;
  for (let i = 0; i < length; i++) word |= view.getUint8(at + i) << (24 - i * 8);
  return word >>> 0;
}

function compareAt(view: DataView, bytes: Uint8Array, a: number, b: number): number {
  if (a === b) return 0;
  const lengthA = view.getInt32(a, true);
  const lengthB = view.getInt32(b, true);
  const common = Math.min(lengthA, lengthB);
  for (let i = 4; i < common + 4; i++) {
    const difference = bytes[a + i]! - bytes[b + i]!;
    if (difference !== 0) return difference;
  }
  return lengthA - lengthB;
}

function compareSigned(a: Uint8Array, b: Uint8Array): number {
  const first = ((a[0]! << 24) >> 24) - ((b[0]! << 24) >> 24);
  return first !== 0 ? first : compareUnsigned(a, b);
}

function compareUnsigned(a: Uint8Array, b: Uint8Array): number {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

export function compareBounds(order: ValueOrder, a: Uint8Array, b: Uint8Array): number {
  if (order === 'unsigned') return compareUnsigned(a, b);
  if (order === 'signed') return compareSigned(a, b);
  if (order === 'boolean') return a[0]! - b[0]!;
  const viewA = new DataView(a.buffer, a.byteOffset, a.byteLength);
  const viewB = new DataView(b.buffer, b.byteOffset, b.byteLength);
  if (order === 'int32') return viewA.getInt32(0, true) - viewB.getInt32(0, true);
  if (order === 'float') return viewA.getFloat32(0, true) - viewB.getFloat32(0, true);
  if (order === 'double') {
    const x = viewA.getFloat64(0, true);
    const y = viewB.getFloat64(0, true);
    return x < y ? -1 : x > y ? 1 : 0;
  }
  const high = viewA.getInt32(4, true) - viewB.getInt32(4, true);
  return high !== 0 ? high : viewA.getUint32(0, true) - viewB.getUint32(0, true);
}

export function mergeBounds(order: ValueOrder, a: Bounds | undefined, b: Bounds | undefined): Bounds | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return {
    min: compareBounds(order, a.min, b.min) <= 0 ? a.min : b.min,
    max: compareBounds(order, a.max, b.max) >= 0 ? a.max : b.max,
  };
}

/** The statistics of a column chunk. */
export function chunkStatistics(order: ValueOrder, text: boolean, bounds: Bounds | undefined, nullCount: number): Statistics {
  if (bounds === undefined) return { nullCount };
  const min = order === 'unsigned' ? lowerBound(bounds.min, text) : bounds.min;
  const max = order === 'unsigned' ? upperBound(bounds.max, text) : bounds.max;
  return { nullCount, min, max, minExact: min === bounds.min, maxExact: max === bounds.max };
}

/** What a ColumnIndex says of one page. */
export interface PageSummary {
  readonly bounds: Bounds | undefined;
  readonly nullCount: number;
  /** no value present */
  readonly allNull: boolean;
}

/** undefined when a page has values but no bounds (all NaN): the index cannot say that. */
export function columnIndex(order: ValueOrder, text: boolean, pages: readonly PageSummary[]): ColumnIndex | undefined {
  if (pages.some((page) => page.bounds === undefined && !page.allNull)) return undefined;
  const none = new Uint8Array(0);
  const cut = order === 'unsigned';
  const mins = pages.map(({ bounds }) => (bounds === undefined ? none : cut ? lowerBound(bounds.min, text) : bounds.min));
  const maxs = pages.map(({ bounds }) => (bounds === undefined ? none : cut ? upperBound(bounds.max, text) : bounds.max));
  let ascending = true;
  let descending = true;
  let last = -1;
  for (let i = 0; i < pages.length; i++) {
    if (pages[i]!.allNull) continue;
    if (last >= 0) {
      const low = compareBounds(order, mins[last]!, mins[i]!);
      const high = compareBounds(order, maxs[last]!, maxs[i]!);
      ascending &&= low <= 0 && high <= 0;
      descending &&= low >= 0 && high >= 0;
    }
    last = i;
  }
  return {
    nullPages: pages.map((page) => page.allNull),
    mins,
    maxs,
    order: ascending ? BoundaryOrder.ASCENDING : descending ? BoundaryOrder.DESCENDING : BoundaryOrder.UNORDERED,
    nullCounts: pages.map((page) => page.nullCount),
  };
}

/** A prefix, at a character's edge for text. */
function lowerBound(value: Uint8Array, text: boolean): Uint8Array {
  return value.length <= BOUND_BYTES ? value : value.subarray(0, text ? characterEdge(value, BOUND_BYTES) : BOUND_BYTES);
}

/** A prefix counted up by one, or the value where there is none above it. */
function upperBound(value: Uint8Array, text: boolean): Uint8Array {
  if (value.length <= BOUND_BYTES) return value;
  return (text ? nextText(value.subarray(0, characterEdge(value, BOUND_BYTES))) : nextBytes(value.subarray(0, BOUND_BYTES))) ?? value;
}

function characterEdge(value: Uint8Array, limit: number): number {
  let edge = limit;
  while (edge > 0 && (value[edge]! & 0xc0) === 0x80) edge--;
  return edge;
}

function nextBytes(prefix: Uint8Array): Uint8Array | undefined {
  let end = prefix.length;
  while (end > 0 && prefix[end - 1] === 255) end--;
  if (end === 0) return undefined;
  const next = prefix.slice(0, end);
  next[end - 1]!++;
  return next;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** The last character that has a next one is replaced by it; undefined for bytes that are no UTF-8 as well. */
function nextText(prefix: Uint8Array): Uint8Array | undefined {
  let points: number[];
  try {
    points = Array.from(strict.decode(prefix), (character) => character.codePointAt(0)!);
  } catch {
    return undefined;
  }
  while (points.length > 0) {
    const last = points.pop()!;
    if (last === 0x10ffff) continue;
    const next = last === 0xd7ff ? 0xe000 : last + 1;
    return encoder.encode(String.fromCodePoint(...points, next));
  }
  return undefined;
}
