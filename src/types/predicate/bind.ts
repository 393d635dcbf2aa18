/**
 * From a condition as written to one that can be evaluated: columns found, values converted, NOT pushed to the leaves.
 *
 * Invariant: for every row, `evaluate` on the result passes it exactly when the written condition is true (not null) for it.
 */
import { WeirError } from '../../base/error.js';
import type { DataField, DataType } from '../data-type.js';
import { compareDatum, type Datum } from '../datum.js';
import { formatType } from '../type-text.js';
import type { BoundLeaf, BoundPredicate } from './bound.js';
import type { Comparison, Predicate } from './condition.js';
import { literalOf } from './literal.js';

const NEGATED: Readonly<Record<Comparison, Comparison>> = { eq: 'ne', ne: 'eq', lt: 'ge', le: 'gt', gt: 'le', ge: 'lt' };
const NESTED: readonly DataType['kind'][] = ['ARRAY', 'MAP', 'MULTISET', 'ROW', 'OTHER'];

type FieldsByName = ReadonlyMap<string, DataField>;

function fieldOf(fields: FieldsByName, name: string): DataField {
  const field = fields.get(name);
  if (field !== undefined) return field;
  throw new WeirError('INVALID_ARGUMENT', `there is no column '${name}': the columns are ${[...fields.keys()].join(', ')}`);
}

function comparable(field: DataField): DataType {
  if (!NESTED.includes(field.type.kind)) return field.type;
  throw new WeirError('INVALID_ARGUMENT', `column '${field.name}' of type ${formatType(field.type)} can only be tested for being missing`);
}

function sorted(type: DataType, values: readonly Datum[]): Datum[] {
  // -0 and 0 are one value here, so that the list is distinct for both the search and statistics
  const plain = values.map((value) => (value === 0 ? 0 : value)).sort((a, b) => compareDatum(type, a, b));
  return plain.filter((value, i) => i === 0 || compareDatum(type, plain[i - 1]!, value) !== 0);
}

function bindComparison(field: DataField, test: Comparison, value: unknown): BoundPredicate {
  const type = comparable(field);
  const column = field.name;
  if (value === null || value === undefined) return { op: 'constant', value: null };
  const literal = literalOf(type, value);
  const none: BoundPredicate = { op: 'in', column, type, values: [] };
  const allPresent: BoundPredicate = { op: 'isNotNull', column, type };
  if (literal === 'above') return test === 'lt' || test === 'le' || test === 'ne' ? allPresent : none;
  if (literal === 'below') return test === 'gt' || test === 'ge' || test === 'ne' ? allPresent : none;
  if (literal.exact) return { op: 'compare', column, type, test, value: literal.value };
  if (test === 'eq') return none;
  if (test === 'ne') return allPresent;
  return { op: 'compare', column, type, test: test === 'lt' || test === 'le' ? 'le' : 'gt', value: literal.value };
}

function bindIn(field: DataField, values: readonly unknown[], negated: boolean): BoundPredicate {
  const type = comparable(field);
  if (values.length === 0) return { op: 'constant', value: negated };
  const present = values.filter((value) => value !== null && value !== undefined);
  if (negated && present.length < values.length) return { op: 'constant', value: null };
  const data: Datum[] = [];
  for (const value of present) {
    const literal = literalOf(type, value);
    if (typeof literal === 'object' && literal.exact) data.push(literal.value);
  }
  return { op: negated ? 'notIn' : 'in', column: field.name, type, values: sorted(type, data) };
}

function bindStartsWith(field: DataField, prefix: unknown, negated: boolean): BoundPredicate {
  const { type } = field;
  if (type.kind !== 'CHAR' && type.kind !== 'VARCHAR') {
    throw new WeirError(
      'INVALID_ARGUMENT',
      `column '${field.name}' of type ${formatType(type)} is no text that could start with something`,
    );
  }
  if (prefix === null || prefix === undefined) return { op: 'constant', value: null };
  const literal = literalOf(type, prefix) as { readonly value: Uint8Array };
  return { op: negated ? 'notStartsWith' : 'startsWith', column: field.name, type, prefix: literal.value };
}

/** AND or OR of bound parts, flat, constants folded. */
function combine(op: 'and' | 'or', parts: readonly BoundPredicate[]): BoundPredicate {
  const decisive = op === 'or';
  const kept: BoundPredicate[] = [];
  let unknown = false;
  for (const part of parts.flatMap((each) => (each.op === op ? each.parts : [each]))) {
    if (part.op !== 'constant') kept.push(part);
    else if (part.value === decisive) return part;
    else if (part.value === null) unknown = true;
  }
  // as far as passing goes, null in AND is false; in OR it adds nothing
  if (unknown && (op === 'and' || kept.length === 0)) return { op: 'constant', value: null };
  if (kept.length === 0) return { op: 'constant', value: !decisive };
  const merged = op === 'or' ? mergeEqualities(kept) : kept;
  return merged.length === 1 ? merged[0]! : { op, parts: merged };
}

/** `a = 1 OR a = 2` is `a IN (1, 2)`: faster to evaluate, and keys can be looked up by it. */
function mergeEqualities(parts: readonly BoundPredicate[]): BoundPredicate[] {
  const out: BoundPredicate[] = [];
  const values = new Map<string, { readonly at: number; readonly data: Datum[] }>();
  for (const part of parts) {
    if (part.op !== 'in' && (part.op !== 'compare' || part.test !== 'eq')) {
      out.push(part);
      continue;
    }
    const found = values.get(part.column);
    if (found === undefined) values.set(part.column, { at: out.push(part) - 1, data: part.op === 'in' ? [...part.values] : [part.value] });
    else if (part.op === 'in') for (const value of part.values) found.data.push(value);
    else found.data.push(part.value);
  }
  for (const { at, data } of values.values()) {
    const { column, type } = out[at] as BoundLeaf;
    if (data.length > 1) out[at] = { op: 'in', column, type, values: sorted(type, data) };
  }
  return out;
}

function bind(predicate: Predicate, fields: FieldsByName, negated: boolean): BoundPredicate {
  switch (predicate.op) {
    case 'not':
      return bind(predicate.child, fields, !negated);
    case 'and':
    case 'or': {
      const parts = predicate.children.map((child) => bind(child, fields, negated));
      return combine((predicate.op === 'and') !== negated ? 'and' : 'or', parts);
    }
    case 'in':
      return bindIn(fieldOf(fields, predicate.column), predicate.values, negated);
    case 'between': {
      const field = fieldOf(fields, predicate.column);
      const low = bindComparison(field, negated ? 'lt' : 'ge', predicate.low);
      const high = bindComparison(field, negated ? 'gt' : 'le', predicate.high);
      return combine(negated ? 'or' : 'and', [low, high]);
    }
    case 'isNull':
    case 'isNotNull': {
      const { name, type } = fieldOf(fields, predicate.column);
      return { op: (predicate.op === 'isNull') !== negated ? 'isNull' : 'isNotNull', column: name, type };
    }
    case 'startsWith':
      return bindStartsWith(fieldOf(fields, predicate.column), predicate.prefix, negated);
    default: {
      const test = NEGATED[predicate.op];
      if (test === undefined) throw new WeirError('INVALID_ARGUMENT', `no condition has the op '${String((predicate as Predicate).op)}'`);
      return bindComparison(fieldOf(fields, predicate.column), negated ? test : predicate.op, predicate.value);
    }
  }
}

/**
 * The condition over these columns.
 *
 * @throws WeirError INVALID_ARGUMENT for an unknown column, a value the column's type cannot be compared with, or a
 * comparison of nested values
 */
export function bindPredicate(predicate: Predicate, fields: readonly DataField[]): BoundPredicate {
  return bind(predicate, new Map(fields.map((field) => [field.name, field])), false);
}
