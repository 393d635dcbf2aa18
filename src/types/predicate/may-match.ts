/**
 * What statistics rule out.
 *
 * Invariant: `mayMatch` is false only when no row that the statistics describe can pass; what is doubtful is kept.
 * - FLOAT and DOUBLE: writers differ in whether NaN enters minimum and maximum, and NaN is the greatest value here, so a
 *   maximum is never a bound, and a NaN as minimum says nothing.
 * - Strings: Java cuts maxima and counts their last code point up; from U+D7FF that gives a lone surrogate, stored as `?`.
 *   A maximum that ends in `?` therefore stands for everything with what is before it, and one below the minimum for nothing.
 */
import type { DataType } from '../data-type.js';
import { compareDatum, type Datum } from '../datum.js';
import type { BoundLeaf, BoundPredicate } from './bound.js';
import type { Comparison } from './condition.js';

export interface ColumnRange {
  readonly min: Datum;
  readonly max: Datum;
  readonly hasMinMax: boolean;
  /** null when unknown */
  readonly nullCount: bigint | null;
  readonly rowCount: bigint;
}

export type StatsLookup = (column: string) => ColumnRange | undefined;

/** Bounds of the present values, both inclusive; undefined: no bound */
interface Bounds {
  readonly min: Datum | undefined;
  readonly max: Datum | undefined;
}

const UNBOUNDED: Bounds = { min: undefined, max: undefined };
const QUESTION_MARK = 0x3f;

function boundsOf(type: DataType, stats: ColumnRange): Bounds {
  const { min, max } = stats;
  if (!stats.hasMinMax || min === null || max === null) return UNBOUNDED;
  if (type.kind === 'FLOAT' || type.kind === 'DOUBLE') return { min: Number.isNaN(min) ? undefined : min, max: undefined };
  if (type.kind === 'CHAR' || type.kind === 'VARCHAR') {
    const text = max as Uint8Array;
    let upper = text;
    if (text.at(-1) === QUESTION_MARK) {
      upper = Uint8Array.from(text);
      upper[upper.length - 1] = 0xff;
    }
    return compareDatum(type, min, upper) > 0 ? UNBOUNDED : { min, max: upper };
  }
  return compareDatum(type, min, max) > 0 ? UNBOUNDED : { min, max };
}

/** Numbers by value (-0 is 0), everything else in the order of keys. */
function order(type: DataType, a: Datum, b: Datum): number {
  if (typeof a === 'number' && a === b) return 0;
  return compareDatum(type, a, b);
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && prefix.every((byte, i) => bytes[i] === byte);
}

/** May a value within the bounds equal `value`? */
function mayEqual(type: DataType, { min, max }: Bounds, value: Datum): boolean {
  // NaN is outside of every writer's bounds
  if (Number.isNaN(value)) return true;
  return (min === undefined || order(type, min, value) <= 0) && (max === undefined || order(type, max, value) >= 0);
}

function mayCompare(type: DataType, bounds: Bounds, test: Comparison, value: Datum): boolean {
  const { min, max } = bounds;
  switch (test) {
    case 'eq':
      return mayEqual(type, bounds, value);
    case 'ne':
      return min === undefined || max === undefined || order(type, min, value) !== 0 || order(type, max, value) !== 0;
    case 'lt':
      return min === undefined || order(type, min, value) < 0;
    case 'le':
      return min === undefined || order(type, min, value) <= 0;
    case 'gt':
      return max === undefined || order(type, max, value) > 0;
    case 'ge':
      return max === undefined || order(type, max, value) >= 0;
  }
}

function mayPass(leaf: BoundLeaf, stats: ColumnRange): boolean {
  const allMissing = stats.nullCount !== null && stats.nullCount >= stats.rowCount;
  if (leaf.op === 'isNull') return stats.nullCount === null || stats.nullCount > 0n;
  if (allMissing) return false;
  if (leaf.op === 'isNotNull') return true;
  const bounds = boundsOf(leaf.type, stats);
  const { min, max } = bounds;
  switch (leaf.op) {
    case 'compare':
      return mayCompare(leaf.type, bounds, leaf.test, leaf.value);
    case 'in':
      return leaf.values.some((value) => mayEqual(leaf.type, bounds, value));
    case 'notIn': {
      if (min === undefined || max === undefined || order(leaf.type, min, max) !== 0) return true;
      return !leaf.values.some((value) => order(leaf.type, min, value) === 0);
    }
    case 'startsWith': {
      const low = min as Uint8Array | undefined;
      if (max !== undefined && compareDatum(leaf.type, max, leaf.prefix) < 0) return false;
      return low === undefined || startsWith(low, leaf.prefix) || compareDatum(leaf.type, low, leaf.prefix) < 0;
    }
    case 'notStartsWith':
      if (min === undefined || max === undefined) return true;
      return !startsWith(min as Uint8Array, leaf.prefix) || !startsWith(max as Uint8Array, leaf.prefix);
  }
}

/**
 * May a row described by these statistics pass? Columns without statistics may hold anything.
 *
 * `stats` are of the column's present type: drop those of an older one.
 */
export function mayMatch(bound: BoundPredicate, stats: StatsLookup): boolean {
  switch (bound.op) {
    case 'constant':
      return bound.value === true;
    case 'and':
      return bound.parts.every((part) => mayMatch(part, stats));
    case 'or':
      return bound.parts.some((part) => mayMatch(part, stats));
    default: {
      const found = stats(bound.column);
      return found === undefined || mayPass(bound, found);
    }
  }
}
