/** How many bytes the strings of several sorted ranges have in common: in a sorted range, what its ends have in common. */
import { type Column, isValid } from '../types/column.js';
import { layoutOf } from '../types/layout.js';

export interface SortedRange {
  readonly column: Column;
  /** first and last row, both in the range */
  readonly first: number;
  readonly last: number;
}

/** 0 for columns of other types and where a value is missing. */
export function commonPrefix(ranges: readonly SortedRange[]): number {
  const reference = ranges[0];
  if (reference === undefined || layoutOf(reference.column.type) !== 'bytes') return 0;
  const bytes = reference.column.values as Uint8Array;
  const start = reference.column.offsets![reference.first]!;
  let common = reference.column.offsets![reference.first + 1]! - start;
  for (const { column, first, last } of ranges) {
    for (const row of [first, last]) {
      if (!isValid(column, row)) return 0;
      const other = column.values as Uint8Array;
      const at = column.offsets![row]!;
      common = Math.min(common, column.offsets![row + 1]! - at);
      let b = 0;
      while (b < common && other[at + b]! === bytes[start + b]!) b++;
      common = b;
    }
  }
  return common;
}
