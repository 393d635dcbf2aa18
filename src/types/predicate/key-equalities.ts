/**
 * The keys a condition asks for, when it names them: for choosing buckets and looking rows up.
 *
 * Invariant: every row that passes has one of the returned keys.
 */
import type { Datum } from '../datum.js';
import { type BoundPredicate, splitAnd } from './bound.js';

/** more keys than this are no better than reading everything */
const MAX_KEYS = 1000;

/** Values the column must have one of; undefined when the part does not say. */
function valuesOf(part: BoundPredicate, column: string): readonly Datum[] | undefined {
  if (part.op === 'constant' || part.op === 'and' || part.op === 'or' || part.column !== column) return undefined;
  if (part.op === 'isNull') return [null];
  const values = part.op === 'in' ? part.values : part.op === 'compare' && part.test === 'eq' ? [part.value] : undefined;
  if (values === undefined || (part.type.kind !== 'FLOAT' && part.type.kind !== 'DOUBLE')) return values;
  // NaN has many bit patterns; 0 has two, which hash apart
  return values.some((value) => Number.isNaN(value)) ? undefined : values.flatMap((value) => (value === 0 ? [0, -0] : [value]));
}

/**
 * All combinations of the key columns' wanted values, in the order of `keyColumns`; empty when nothing can pass.
 *
 * @returns undefined when some key column is not held by = or IN, or when there are more than 1000 combinations
 */
export function keyEqualities(bound: BoundPredicate, keyColumns: readonly string[]): Datum[][] | undefined {
  const parts = splitAnd(bound);
  let keys: Datum[][] = [[]];
  for (const column of keyColumns) {
    let wanted: readonly Datum[] | undefined;
    for (const part of parts) {
      const values = valuesOf(part, column);
      if (values !== undefined && (wanted === undefined || values.length < wanted.length)) wanted = values;
    }
    if (wanted === undefined || keys.length * wanted.length > MAX_KEYS) return undefined;
    const choices = wanted;
    keys = keys.flatMap((key) => choices.map((value) => [...key, value]));
  }
  return keys;
}
