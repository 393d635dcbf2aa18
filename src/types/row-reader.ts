/**
 * Batches as rows: JavaScript objects with the columns as keys, in order (value.ts has the values).
 */
import type { Batch } from './column.js';
import { ROWS_PER_STRETCH } from './column-strings.js';
import { objectsOf } from './column-values.js';

export type RowObject = Record<string, unknown>;

/** All rows. @throws UNSUPPORTED for a type that weir knows by name only */
export function rowsOf(batch: Batch): RowObject[] {
  const names = batch.fields.map((field) => field.name);
  const rows: RowObject[] = new Array(batch.length);
  for (let start = 0; start < batch.length; start += ROWS_PER_STRETCH) {
    const stretch = objectsOf(names, batch.columns, start, Math.min(batch.length, start + ROWS_PER_STRETCH));
    for (let i = 0; i < stretch.length; i++) rows[start + i] = stretch[i]!;
  }
  return rows;
}

/** Single rows by number: for a few of them; `rowsOf` is faster for many. */
export function rowReader(batch: Batch): (row: number) => RowObject {
  const names = batch.fields.map((field) => field.name);
  return (row) => {
    if (!(row >= 0 && row < batch.length)) throw new RangeError(`row ${row} of a batch of ${batch.length}`);
    return objectsOf(names, batch.columns, row, row + 1)[0]!;
  };
}
