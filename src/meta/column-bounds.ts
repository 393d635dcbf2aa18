/**
 * Least and greatest value of a column, by row number, over its typed arrays: no value is made per row.
 *
 * 64- and 128-bit integers are compared by their 32-bit halves, bytes by a 4-byte prefix first: most values are neither a
 * new minimum nor a new maximum, and that shows in the first bytes.
 */
import { type Column, isValid } from '../types/column.js';
import type { DataType } from '../types/data-type.js';

export interface Bounds {
  /** row numbers */
  readonly min: number;
  readonly max: number;
}

/** Nested types have no order, and Paimon keeps no statistics of them, nor of nanoseconds. */
export function hasBounds(type: DataType): boolean {
  switch (type.kind) {
    case 'ARRAY':
    case 'MAP':
    case 'MULTISET':
    case 'ROW':
    case 'OTHER':
      return false;
    default:
      return true;
  }
}

export function nullCountOf(column: Column): number {
  const bits = column.validity;
  if (bits === null) return 0;
  let present = 0;
  const whole = column.length >> 3;
  for (let i = 0; i < whole; i++) present += ONES[bits[i]!]!;
  if ((column.length & 7) !== 0) present += ONES[bits[whole]! & ((1 << (column.length & 7)) - 1)]!;
  return column.length - present;
}

const ONES = Uint8Array.from({ length: 256 }, (_, byte) => {
  let ones = 0;
  for (let rest = byte; rest > 0; rest >>= 1) ones += rest & 1;
  return ones;
});

/** undefined when every value is missing; 'unordered' when one is NaN. Ties go to the first row. */
export function boundsOf(column: Column): Bounds | 'unordered' | undefined {
  let first = 0;
  while (first < column.length && !isValid(column, first)) first++;
  if (first === column.length) return undefined;
  switch (column.type.kind) {
    case 'BOOLEAN':
      return bitBounds(column, first);
    case 'BIGINT':
      return wordBounds(column, first, 2);
    case 'DECIMAL':
      return wordBounds(column, first, 4);
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return wordBounds(column, first, column.type.precision > 6 ? 4 : 2);
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY':
      return bytesBounds(column, first);
    default:
      return numberBounds(column, first);
  }
}

function bitBounds(column: Column, first: number): Bounds {
  const bits = column.values as Uint8Array;
  let min = first;
  let max = first;
  const at = (row: number) => (bits[row >> 3]! >> (row & 7)) & 1;
  for (let row = first + 1; row < column.length && at(min) === at(max); row++) {
    if (!isValid(column, row)) continue;
    if (at(row) < at(min)) min = row;
    if (at(row) > at(max)) max = row;
  }
  return { min, max };
}

function numberBounds(column: Column, first: number): Bounds | 'unordered' {
  const values = column.values as Int32Array | Float64Array;
  const all = column.validity === null;
  let min = first;
  let max = first;
  let least = values[first]!;
  let greatest = least;
  if (Number.isNaN(least)) return 'unordered';
  for (let row = first + 1; row < column.length; row++) {
    const value = values[row]!;
    if (value >= least && value <= greatest) continue;
    if (!all && !isValid(column, row)) continue;
    if (Number.isNaN(value)) return 'unordered';
    if (value < least) {
      least = value;
      min = row;
    } else {
      greatest = value;
      max = row;
    }
  }
  return { min, max };
}

/** Integers of `words` 32-bit words, lowest word first, the highest one signed. */
function wordBounds(column: Column, first: number, words: 2 | 4): Bounds {
  const { values } = column;
  const halves = new Int32Array(values!.buffer, values!.byteOffset, column.length * words);
  const all = column.validity === null;
  const compare = (a: number, b: number): number => {
    const top = halves[a * words + words - 1]! - halves[b * words + words - 1]!;
    if (top !== 0) return top;
    for (let word = words - 2; word >= 0; word--) {
      const difference = (halves[a * words + word]! >>> 0) - (halves[b * words + word]! >>> 0);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  let min = first;
  let max = first;
  for (let row = first + 1; row < column.length; row++) {
    if (!all && !isValid(column, row)) continue;
    if (compare(row, min) < 0) min = row;
    else if (compare(row, max) > 0) max = row;
  }
  return { min, max };
}

function bytesBounds(column: Column, first: number): Bounds {
  const bytes = column.values as Uint8Array;
  const offsets = column.offsets!;
  const all = column.validity === null;
  const prefix = (start: number, end: number): number => {
    if (end - start >= 4) return ((bytes[start]! << 24) | (bytes[start + 1]! << 16) | (bytes[start + 2]! << 8) | bytes[start + 3]!) >>> 0;
    let value = 0;
    for (let i = 0; i < 4; i++) value = value * 256 + (start + i < end ? bytes[start + i]! : 0);
    return value;
  };
  const less = (a: number, b: number): boolean => {
    let i = offsets[a]!;
    let j = offsets[b]!;
    const endA = offsets[a + 1]!;
    const endB = offsets[b + 1]!;
    for (; i < endA && j < endB; i++, j++) {
      if (bytes[i]! !== bytes[j]!) return bytes[i]! < bytes[j]!;
    }
    return endA - i < endB - j;
  };
  let min = first;
  let max = first;
  let least = prefix(offsets[first]!, offsets[first + 1]!);
  let greatest = least;
  for (let row = first + 1; row < column.length; row++) {
    const own = prefix(offsets[row]!, offsets[row + 1]!);
    if (own > least && own < greatest) continue;
    if (!all && !isValid(column, row)) continue;
    if (own < least || (own === least && less(row, min))) {
      min = row;
      least = own;
    }
    if (own > greatest || (own === greatest && less(max, row))) {
      max = row;
      greatest = own;
    }
  }
  return { min, max };
}
