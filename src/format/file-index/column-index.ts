/** What an index of one column of one data file can be asked. */
import type { BoundLeaf } from '../../types/predicate.js';

export interface ColumnIndex {
  /** false only when no row of the file can pass */
  mayPass(leaf: BoundLeaf): boolean;
}

/** The index of a column that has no value in the file. */
export const NO_VALUES: ColumnIndex = { mayPass: (leaf) => leaf.op === 'isNull' };
