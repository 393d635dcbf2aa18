/**
 * Conditions over batches: columns in, numbers of the passing rows out.
 *
 *   rows ─ leaf kernel ─ rows ─ leaf kernel ─ …          AND narrows the rows kernel by kernel
 *   rows ─┬─ leaf ─┐
 *         └─ leaf ─┴─ union                              OR asks each part about the rows that none has passed yet
 *
 * Invariant: a missing value passes no leaf but isNull.
 */
import { WeirError } from '../../base/error.js';
import type { Batch } from '../column.js';
import type { BoundLeaf, BoundPredicate } from './bound.js';
import { selectAmong, selectCompared, selectPrefix, selectPresent } from './kernels.js';

/** 0, 1, 2, … as far as a batch has needed them; only read */
let identity = new Uint32Array(0);

function allRows(length: number): Uint32Array {
  if (identity.length < length) identity = Uint32Array.from({ length: Math.max(length, 2 * identity.length) }, (_, row) => row);
  return identity.subarray(0, length);
}

function selectLeaf(leaf: BoundLeaf, batch: Batch, rows: Uint32Array): Uint32Array {
  const at = batch.fields.findIndex((field) => field.name === leaf.column);
  if (at < 0) throw new WeirError('INVALID_ARGUMENT', `the condition's column '${leaf.column}' is not in the batch`);
  const column = batch.columns[at]!;
  if (leaf.op === 'isNull') return selectPresent(column, rows, false);
  const present = selectPresent(column, rows, true);
  switch (leaf.op) {
    case 'isNotNull':
      return present;
    case 'compare':
      return selectCompared(column, present, leaf.test, leaf.value);
    case 'in':
    case 'notIn':
      return selectAmong(column, present, leaf.values, leaf.op === 'in');
    default:
      return selectPrefix(column, present, leaf.prefix, leaf.op === 'startsWith');
  }
}

function selectAny(parts: readonly BoundPredicate[], batch: Batch, rows: Uint32Array): Uint32Array {
  const passed = new Uint8Array(batch.length);
  let open = rows;
  for (const part of parts) {
    const found = select(part, batch, open);
    for (let i = 0; i < found.length; i++) passed[found[i]!] = 1;
    if (found.length > 0) open = withMark(open, passed, 0);
    if (open.length === 0) break;
  }
  return withMark(rows, passed, 1);
}

function withMark(rows: Uint32Array, marks: Uint8Array, wanted: number): Uint32Array {
  const out = new Uint32Array(rows.length);
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    out[count] = row;
    count += marks[row] === wanted ? 1 : 0;
  }
  return out.subarray(0, count);
}

/** Those of `rows` that pass, ascending. May return `rows` itself. */
function select(bound: BoundPredicate, batch: Batch, rows: Uint32Array): Uint32Array {
  switch (bound.op) {
    case 'constant':
      return bound.value === true ? rows : new Uint32Array(0);
    case 'and': {
      let left = rows;
      for (const part of bound.parts) {
        if (left.length === 0) break;
        left = select(part, batch, left);
      }
      return left;
    }
    case 'or':
      return selectAny(bound.parts, batch, rows);
    default:
      return selectLeaf(bound, batch, rows);
  }
}

/**
 * Numbers of the rows for which the condition is true, ascending; null when that is all of them. The batch's columns are
 * found by name.
 */
export function evaluate(bound: BoundPredicate, batch: Batch): Uint32Array | null {
  const rows = select(bound, batch, allRows(batch.length));
  return rows.length === batch.length ? null : rows;
}
