/**
 * Types all of whose values are values of a wider one, in the same order: bounds of the one are bounds of the other.
 *
 *   TINYINT < SMALLINT < INT < BIGINT · FLOAT < DOUBLE · DECIMAL(p, s) < DECIMAL(p + n, s) · VARCHAR, VARBINARY by length
 */
import type { DataType } from './data-type.js';
import type { Datum } from './datum.js';
import { sameTypeIgnoringNull } from './type-equal.js';

const INTEGERS: readonly string[] = ['TINYINT', 'SMALLINT', 'INT', 'BIGINT'];

/** How a value of `from` becomes one of `to`; undefined when `to` is not `from` or wider. */
export function widening(from: DataType, to: DataType): ((value: Datum) => Datum) | undefined {
  if (from.kind === 'DECIMAL' && to.kind === 'DECIMAL') return from.scale === to.scale && from.precision <= to.precision ? same : undefined;
  if ((from.kind === 'VARCHAR' || from.kind === 'VARBINARY') && from.kind === to.kind) return from.length <= to.length ? same : undefined;
  if (from.kind === 'FLOAT' && to.kind === 'DOUBLE') return same;
  const rank = INTEGERS.indexOf(from.kind);
  if (rank >= 0 && rank < INTEGERS.indexOf(to.kind)) return to.kind === 'BIGINT' ? asBigint : same;
  return sameTypeIgnoringNull(from, to) ? same : undefined;
}

function same(value: Datum): Datum {
  return value;
}

function asBigint(value: Datum): Datum {
  return typeof value === 'number' ? BigInt(value) : value;
}
