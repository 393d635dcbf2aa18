/**
 * Casts between types, column by column: how data written under an older schema is read under a newer one.
 *
 * The table is Paimon's (format-spec/evolution): what its schema change accepts and its readers convert. `canCast` says
 * whether a column may be changed from one type to another; `castColumn` converts. Values, texts and overflow follow Java.
 *
 *   castColumn ── rule(from, to) ──┬─ numeric, decimal, temporal, bytes      loops over typed arrays
 *                                  ├─ to-text, from-text                     one text a value
 *                                  └─ nested ── castColumn of the children
 *
 * Nothing is copied where elements stay as they are: a longer VARCHAR, a wider DECIMAL of the same scale, nullability.
 */
import { WeirError } from '../base/error.js';
import { anyToBytes, type SizedType, textToText } from './cast/bytes.js';
import { decimalToDecimal, decimalToNumber, floatToDecimal, integerToDecimal } from './cast/decimal.js';
import { textToAtomic } from './cast/from-text.js';
import { findField, listToList, type RowType, rowToRow } from './cast/nested.js';
import { booleanToNumber, integerToBoolean, numberToNumber } from './cast/numeric.js';
import {
  dateToTimestamp,
  integerToTimestamp,
  timestampToDate,
  timestampToInteger,
  timestampToTime,
  timestampToTimestamp,
  timeToTimestamp,
} from './cast/temporal.js';
import { atomicToText, listToText, rowToText, STRING } from './cast/to-text.js';
import type { Column } from './column.js';
import { type DataType, MAX_LENGTH } from './data-type.js';
import { childTypes } from './layout.js';
import { sameTypeIgnoringNull } from './type-equal.js';
import { formatType } from './type-text.js';

export type Castability = 'implicit' | 'explicit' | 'none';

type Kind = DataType['kind'];
/** `to` is of a kind that the choosing of the rule has looked at; the functions that say so in their types are cast to Rule */
type Rule = (column: Column, to: DataType) => Column;

const INTEGERS: readonly Kind[] = ['TINYINT', 'SMALLINT', 'INT', 'BIGINT'];
const FLOATS: readonly Kind[] = ['FLOAT', 'DOUBLE'];
const NUMBERS: readonly Kind[] = [...INTEGERS, 'DECIMAL', ...FLOATS];
const TEXTS: readonly Kind[] = ['CHAR', 'VARCHAR'];
const BYTES: readonly Kind[] = ['BINARY', 'VARBINARY'];
const TIMESTAMPS: readonly Kind[] = ['TIMESTAMP', 'TIMESTAMP_LTZ'];

/** casts that lose nothing or next to nothing, by target: Paimon's implicit casts */
const IMPLICIT: Readonly<Record<Kind, readonly Kind[]>> = {
  CHAR: ['CHAR'],
  VARCHAR: TEXTS,
  BOOLEAN: ['BOOLEAN'],
  BINARY: ['BINARY'],
  VARBINARY: BYTES,
  DECIMAL: NUMBERS,
  TINYINT: ['TINYINT'],
  SMALLINT: ['TINYINT', 'SMALLINT'],
  INT: ['TINYINT', 'SMALLINT', 'INT'],
  BIGINT: INTEGERS,
  FLOAT: [...INTEGERS, 'FLOAT', 'DECIMAL'],
  DOUBLE: NUMBERS,
  DATE: ['DATE', 'TIMESTAMP'],
  TIME: ['TIME', 'TIMESTAMP'],
  TIMESTAMP: TIMESTAMPS,
  TIMESTAMP_LTZ: TIMESTAMPS,
  ARRAY: ['ARRAY'],
  MAP: ['MAP'],
  ROW: ['ROW'],
  MULTISET: [],
  OTHER: [],
};

function isOneOf(kinds: readonly Kind[], kind: Kind): boolean {
  return kinds.includes(kind);
}

function toText(from: DataType, to: DataType): Rule | undefined {
  if (isOneOf(TEXTS, from.kind)) return textToText as Rule;
  if (isOneOf(BYTES, from.kind)) return retype;
  if (from.kind === 'BOOLEAN' || isOneOf(NUMBERS, from.kind)) return atomicToText as Rule;
  if (from.kind === 'DATE' || from.kind === 'TIME' || isOneOf(TIMESTAMPS, from.kind)) {
    return to.kind === 'VARCHAR' && to.length === MAX_LENGTH ? (atomicToText as Rule) : undefined;
  }
  if ((from.kind === 'ARRAY' || from.kind === 'MAP' || from.kind === 'ROW') && childTypes(from).every((child) => isTextable(child))) {
    return nestedToText as Rule;
  }
  return undefined;
}

function isTextable(type: DataType): boolean {
  return toText(type, STRING) !== undefined;
}

function retype(column: Column, to: DataType): Column {
  return { ...column, type: to };
}

function nestedToText(column: Column, to: SizedType): Column {
  const parts = column.children!.map((child) => castColumn(child, STRING));
  return column.type.kind === 'ROW' ? rowToText(column, parts, to) : listToText(column, parts, to);
}

function fromText(to: DataType): Rule | undefined {
  if (isOneOf(BYTES, to.kind)) return anyToBytes as Rule;
  const atomic =
    to.kind === 'BOOLEAN' || to.kind === 'DATE' || to.kind === 'TIME' || isOneOf(NUMBERS, to.kind) || isOneOf(TIMESTAMPS, to.kind);
  return atomic ? textToAtomic : undefined;
}

function fromInteger(from: DataType, to: DataType): Rule | undefined {
  if (to.kind === 'DECIMAL') return integerToDecimal as Rule;
  if (to.kind === 'BOOLEAN') return integerToBoolean;
  if (isOneOf(NUMBERS, to.kind)) return numberToNumber;
  if (isOneOf(TIMESTAMPS, to.kind) && (from.kind === 'INT' || from.kind === 'BIGINT')) return integerToTimestamp as Rule;
  return undefined;
}

function fromTimestamp(to: DataType): Rule | undefined {
  if (isOneOf(TIMESTAMPS, to.kind)) return timestampToTimestamp as Rule;
  if (to.kind === 'DATE') return timestampToDate;
  if (to.kind === 'TIME') return timestampToTime;
  return to.kind === 'INT' || to.kind === 'BIGINT' ? timestampToInteger : undefined;
}

function fromNested(from: DataType, to: DataType): Rule | undefined {
  if (from.kind === 'ROW' && to.kind === 'ROW') {
    const possible = to.fields.every((field) => {
      const index = findField(from.fields, field);
      return index < 0 || isPossible(from.fields[index]!.type, field.type);
    });
    return possible ? (column) => rowToRow(column, to, castColumn) : undefined;
  }
  const alike =
    (from.kind === 'ARRAY' && to.kind === 'ARRAY' && isPossible(from.element, to.element)) ||
    (from.kind === 'MULTISET' && to.kind === 'MULTISET' && sameTypeIgnoringNull(from.element, to.element)) ||
    (from.kind === 'MAP' && to.kind === 'MAP' && sameTypeIgnoringNull(from.key, to.key) && isPossible(from.value, to.value));
  return alike ? (column) => listToList(column, to, childTypes(to), castColumn) : undefined;
}

function isPossible(from: DataType, to: DataType): boolean {
  return sameTypeIgnoringNull(from, to) || ruleOf(from, to) !== undefined;
}

function ruleOf(from: DataType, to: DataType): Rule | undefined {
  if (isOneOf(TEXTS, to.kind)) return toText(from, to);
  if (isOneOf(TEXTS, from.kind)) return fromText(to);
  if (isOneOf(BYTES, from.kind)) return isOneOf(BYTES, to.kind) ? (anyToBytes as Rule) : undefined;
  if (isOneOf(INTEGERS, from.kind)) return fromInteger(from, to);
  if (isOneOf(TIMESTAMPS, from.kind)) return fromTimestamp(to);
  switch (from.kind) {
    case 'FLOAT':
    case 'DOUBLE':
      return to.kind === 'DECIMAL' ? (floatToDecimal as Rule) : isOneOf(NUMBERS, to.kind) ? numberToNumber : undefined;
    case 'DECIMAL':
      return to.kind === 'DECIMAL' ? (decimalToDecimal as Rule) : isOneOf(NUMBERS, to.kind) ? decimalToNumber : undefined;
    case 'BOOLEAN':
      if (to.kind === 'DECIMAL') return (column) => integerToDecimal(booleanToNumber(column, { kind: 'INT', nullable: true }), to);
      return isOneOf(NUMBERS, to.kind) ? booleanToNumber : undefined;
    case 'DATE':
      return isOneOf(TIMESTAMPS, to.kind) ? (dateToTimestamp as Rule) : undefined;
    case 'TIME':
      return isOneOf(TIMESTAMPS, to.kind) ? (timeToTimestamp as Rule) : undefined;
    default:
      return fromNested(from, to);
  }
}

/** Is every part of a nested cast implicit? */
function isImplicitInside(from: DataType, to: DataType): boolean {
  if (from.kind === 'ROW' && to.kind === 'ROW') {
    const fields = from.fields;
    return (to as RowType).fields.every((field) => {
      const index = findField(fields, field);
      return index < 0 ? field.type.nullable : canCast(fields[index]!.type, field.type) === 'implicit';
    });
  }
  const targets = childTypes(to);
  return childTypes(from).every((child, i) => canCast(child, targets[i]!) === 'implicit');
}

/**
 * May a column of type `from` become one of type `to`?
 *
 * `implicit`: values keep their meaning. `explicit`: they may lose some (Paimon allows it unless
 * `disable-explicit-type-casting` is set). `none`: no Paimon reader could read the table afterwards.
 */
export function canCast(from: DataType, to: DataType): Castability {
  const narrowsNull = from.nullable && !to.nullable;
  if (sameTypeIgnoringNull(from, to)) return narrowsNull ? 'explicit' : 'implicit';
  if (ruleOf(from, to) === undefined) return 'none';
  // Java's rules from dates and times to text are found by the nullable STRING alone
  const temporal = from.kind === 'DATE' || from.kind === 'TIME' || isOneOf(TIMESTAMPS, from.kind);
  if (temporal && to.kind === 'VARCHAR' && !to.nullable) return 'none';
  if (narrowsNull || !isOneOf(IMPLICIT[to.kind], from.kind)) return 'explicit';
  return isOneOf(['ARRAY', 'MAP', 'ROW'], from.kind) && !isImplicitInside(from, to) ? 'explicit' : 'implicit';
}

/**
 * The column's values as values of another type; as long as the column, sharing what does not change.
 *
 * @throws WeirError UNSUPPORTED when Paimon has no such cast, INVALID_ARGUMENT for a text that does not parse
 */
export function castColumn(column: Column, to: DataType): Column {
  const from = column.type;
  if (from === to) return column;
  if (sameTypeIgnoringNull(from, to)) return retype(column, to);
  const rule = ruleOf(from, to);
  if (rule === undefined) throw new WeirError('UNSUPPORTED', `there is no cast from ${formatType(from)} to ${formatType(to)}`);
  return rule(column, to);
}
