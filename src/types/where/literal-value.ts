/** Literals of a condition, and the value of the door that one is for a column of a type. */
import { WeirError } from '../../base/error.js';
import type { DataField } from '../data-type.js';
import { formatType } from '../type-text.js';

export type WhereLiteral =
  | { readonly kind: 'string' | 'number'; readonly text: string }
  /** DATE '…', TIME '…', TIMESTAMP '…' */
  | { readonly kind: 'temporal'; readonly text: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' };

const NUMBER = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/;
const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, t: true, '1': true, false: false, f: false, '0': false };
const SPECIAL_DOUBLES: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
};
const encoder = new TextEncoder();

function mismatch(field: DataField, literal: WhereLiteral): never {
  const shown = 'text' in literal ? `'${literal.text}'` : literal.kind === 'boolean' ? String(literal.value) : 'NULL';
  throw new WeirError('INVALID_ARGUMENT', `column '${field.name}' of type ${formatType(field.type)} cannot be compared with ${shown}`);
}

/** DuckDB's text of bytes: ASCII as it is, `\xAB` for any byte. */
function blob(field: DataField, literal: WhereLiteral & { readonly kind: 'string' }): Uint8Array {
  if (!literal.text.includes('\\')) return encoder.encode(literal.text);
  const parts = literal.text.split(/(\\x[0-9a-fA-F]{2})/);
  if (parts.some((part, i) => i % 2 === 0 && part.includes('\\'))) mismatch(field, literal);
  return Uint8Array.from(parts.flatMap((part, i) => (i % 2 === 1 ? [Number.parseInt(part.slice(2), 16)] : [...encoder.encode(part)])));
}

/**
 * The literal as a value of the door for `field`; quoted text is read as the column's type reads it.
 *
 * @throws WeirError INVALID_ARGUMENT when the two do not go together
 */
export function valueFor(field: DataField, literal: WhereLiteral): unknown {
  if (literal.kind === 'null') return null;
  const { type } = field;
  switch (type.kind) {
    case 'BOOLEAN': {
      if (literal.kind === 'boolean') return literal.value;
      const value = literal.kind === 'string' ? BOOLEANS[literal.text.trim().toLowerCase()] : undefined;
      return value ?? mismatch(field, literal);
    }
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'BIGINT':
    case 'DECIMAL': {
      if ((literal.kind !== 'number' && literal.kind !== 'string') || !NUMBER.test(literal.text)) return mismatch(field, literal);
      const text = literal.text.trim();
      if (type.kind === 'DECIMAL' || type.kind === 'BIGINT') return text;
      return /^[+-]?\d+$/.test(text) ? BigInt(text.replace('+', '')) : Number(text);
    }
    case 'FLOAT':
    case 'DOUBLE': {
      if (literal.kind !== 'number' && literal.kind !== 'string') return mismatch(field, literal);
      if (NUMBER.test(literal.text)) return Number(literal.text);
      return SPECIAL_DOUBLES[literal.text.trim().toLowerCase()] ?? mismatch(field, literal);
    }
    case 'CHAR':
    case 'VARCHAR':
      return literal.kind === 'string' ? literal.text : mismatch(field, literal);
    case 'BINARY':
    case 'VARBINARY':
      return literal.kind === 'string' ? blob(field, { kind: 'string', text: literal.text }) : mismatch(field, literal);
    case 'DATE':
    case 'TIME':
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return literal.kind === 'string' || literal.kind === 'temporal' ? literal.text : mismatch(field, literal);
    default:
      return mismatch(field, literal);
  }
}
