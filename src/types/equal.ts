/**
 * Are two rows the same? Of every layout, nested ones too, which have no order (compare.ts).
 *
 * Invariant: what is missing equals only what is missing; numbers as they compare (NaN equals NaN, 0.0 is not -0.0). Entries of
 * a MAP are taken in the order they stand in.
 */
import { type Column, isValid } from './column.js';
import { columnComparator } from './compare.js';
import { layoutOf } from './layout.js';

export type RowEquality = (i: number, j: number) => boolean;

/** Row i of `a` against row j of `b`: equally many columns of equal types. Made once a pair of column sets. */
export function rowEquality(a: readonly Column[], b: readonly Column[]): RowEquality {
  const equal = a.map((column, c) => columnEquality(column, b[c]!));
  return (i, j) => {
    for (let c = 0; c < equal.length; c++) if (!equal[c]!(i, j)) return false;
    return true;
  };
}

function columnEquality(a: Column, b: Column): RowEquality {
  const layout = layoutOf(a.type);
  if (layout !== 'list' && layout !== 'row') {
    const compare = columnComparator(a, b);
    return (i, j) => compare(i, j) === 0;
  }
  const children = rowEquality(a.children!, b.children!);
  const present = layout === 'row' ? children : listEquality(a.offsets!, b.offsets!, children);
  return (i, j) => {
    const valid = isValid(a, i);
    return valid === isValid(b, j) && (!valid || present(i, j));
  };
}

function listEquality(a: Int32Array, b: Int32Array, elements: RowEquality): RowEquality {
  return (i, j) => {
    const size = a[i + 1]! - a[i]!;
    if (size !== b[j + 1]! - b[j]!) return false;
    for (let at = 0; at < size; at++) if (!elements(a[i]! + at, b[j]! + at)) return false;
    return true;
  };
}
