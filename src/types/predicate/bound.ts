/**
 * A condition bound to a table's columns: values in internal form, NOT pushed down into the comparisons.
 *
 * Plain data, so it crosses to a worker. Invariants:
 * - there is no NOT: with three-valued logic a row passes AND (OR) exactly when it passes all (any) parts, and every
 *   leaf's negation is a leaf again (missing values pass neither);
 * - leaves hold no null: a comparison with null is the constant null;
 * - `values` of in and notIn are ascending and distinct.
 */
import type { DataType } from '../data-type.js';
import type { Datum } from '../datum.js';
import type { Comparison } from './condition.js';

/** one member of the union for each op, so that a test of `op` narrows */
type Leaf<Op extends string, Rest = unknown> = Op extends string
  ? { readonly op: Op; readonly column: string; readonly type: DataType } & Rest
  : never;
type Group<Op extends string> = Op extends string ? { readonly op: Op; readonly parts: readonly BoundPredicate[] } : never;

export type BoundLeaf =
  | Leaf<'compare', { readonly test: Comparison; readonly value: Datum }>
  | Leaf<'in' | 'notIn', { readonly values: readonly Datum[] }>
  | Leaf<'isNull' | 'isNotNull'>
  | Leaf<'startsWith' | 'notStartsWith', { readonly prefix: Uint8Array }>;

export type BoundPredicate = BoundLeaf | { readonly op: 'constant'; readonly value: boolean | null } | Group<'and' | 'or'>;

/** Names of the columns the condition looks at, each once, in order of appearance. */
export function columnsOf(bound: BoundPredicate): string[] {
  const names = new Set<string>();
  const visit = (part: BoundPredicate): void => {
    if (part.op === 'and' || part.op === 'or') part.parts.forEach(visit);
    else if (part.op !== 'constant') names.add(part.column);
  };
  visit(bound);
  return [...names];
}

/** The parts that all have to be true; the condition itself when it is no AND. */
export function splitAnd(bound: BoundPredicate): BoundPredicate[] {
  return bound.op === 'and' ? bound.parts.flatMap(splitAnd) : [bound];
}

/** Those of its AND parts that look at these columns only: weaker than `bound`, true wherever it is. undefined when none does. */
export function keepColumns(bound: BoundPredicate, columns: readonly string[]): BoundPredicate | undefined {
  const kept = splitAnd(bound).filter((part) => columnsOf(part).every((name) => columns.includes(name)));
  return kept.length === 0 ? undefined : kept.length === 1 ? kept[0]! : { op: 'and', parts: kept };
}
