/**
 * Conditions on rows: the door to src/types/predicate/.
 *
 *   Predicate ─ bindPredicate(fields) ─ BoundPredicate ─┬─ evaluate(batch)      row numbers that pass
 *   (plain data, values of the door)   (internal form)  ├─ mayMatch(statistics) what can be left out unread
 *                                                       └─ keyEqualities        keys to look up
 */
export { bindPredicate } from './predicate/bind.js';
export { type BoundLeaf, type BoundPredicate, columnsOf, keepColumns, splitAnd } from './predicate/bound.js';
export {
  and,
  between,
  type Comparison,
  eq,
  ge,
  gt,
  isIn,
  isNotNull,
  isNull,
  le,
  lt,
  ne,
  not,
  or,
  type Predicate,
  startsWith,
} from './predicate/condition.js';
export { evaluate } from './predicate/evaluate.js';
export { keyEqualities } from './predicate/key-equalities.js';
export { type ColumnRange, mayMatch, type StatsLookup } from './predicate/may-match.js';
