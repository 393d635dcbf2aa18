/**
 * Values at the door: JavaScript values in and out of weir's internal form, exactly or not at all.
 *
 *   BOOLEAN boolean · TINYINT SMALLINT INT number · BIGINT bigint · FLOAT DOUBLE number
 *   DECIMAL "12.50" · DATE "2024-02-29" · TIME "12:30:15.000" · TIMESTAMP "2024-02-29T12:30:15.000000000" (LTZ: and Z)
 *   CHAR VARCHAR string · BINARY VARBINARY Uint8Array · missing null
 *
 * In, any value that is exactly one of the type: a safe integer for BIGINT, a number for DECIMAL, a Date where it fits
 * DATE or TIMESTAMP, other spellings of the same date. Nothing is rounded but a number on its way to FLOAT.
 * The form 'json' is that of JSON lines: bytes are hex, FLOAT and DOUBLE may be strings.
 */

import { formatDays } from './civil.js';
import type { DataType } from './data-type.js';
import type { Datum } from './datum.js';
import { fitsPrecision, formatUnscaled, parseUnscaled } from './decimal-text.js';
import { parseDouble } from './float-text.js';
import { daysOfDate, formatTicks, formatTimeOfDay, parseDays, parseTicks, parseTimeOfDay, ticksOfDate } from './time-text.js';
import { badValue, ExactNumber } from './value-error.js';

export type ValueForm = 'value' | 'json';
/** the member of DataType that has this kind */
export type TypeOf<K extends DataType['kind']> = DataType extends infer T
  ? T extends DataType
    ? Extract<T['kind'], K> extends never
      ? never
      : T
    : never
  : never;

const RANGES = { TINYINT: 0x7f, SMALLINT: 0x7fff, INT: 0x7fffffff };
const HEX = /^(?:[0-9a-fA-F]{2})*$/;
const encoder = new TextEncoder();

/** @throws INVALID_ARGUMENT */
export function toBoolean(type: DataType, value: unknown): boolean {
  return typeof value === 'boolean' ? value : badValue(type, value);
}

/** An integer of at most 32 bits. @throws INVALID_ARGUMENT */
export function toSmallInteger(type: TypeOf<'TINYINT' | 'SMALLINT' | 'INT'>, value: unknown): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) return badValue(type, value);
  const max = RANGES[type.kind as keyof typeof RANGES];
  return number <= max && number >= -max - 1 ? number + 0 : badValue(type, value, 'out of range');
}

/** A safe integer, or a bigint of 64 bits. @throws INVALID_ARGUMENT */
export function toLong(type: DataType, value: unknown): number | bigint {
  let integer: number | bigint | undefined;
  if (typeof value === 'bigint') integer = value;
  else if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) badValue(type, value, Number.isInteger(value) ? 'not a safe integer, pass a bigint' : undefined);
    return value;
  } else if (typeof value === 'string') integer = parseUnscaled(value, 0);
  else if (value instanceof ExactNumber) integer = parseUnscaled(value.text, 0);
  if (integer === undefined) return badValue(type, value);
  return typeof integer === 'number' || BigInt.asIntN(64, integer) === integer ? integer : badValue(type, value, 'out of range');
}

/** The unscaled number of a decimal. @throws INVALID_ARGUMENT */
export function toUnscaled(type: TypeOf<'DECIMAL'>, value: unknown): number | bigint {
  let text: string;
  if (typeof value === 'string') text = value;
  else if (typeof value === 'bigint') text = String(value);
  else if (value instanceof ExactNumber) text = value.text;
  else if (typeof value === 'number' && Number.isFinite(value)) {
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) badValue(type, value, 'not a safe integer, pass a string');
    text = String(value);
  } else return badValue(type, value);
  const unscaled = parseUnscaled(text, type.scale);
  if (unscaled === undefined) return badValue(type, value, /\d/.test(text) ? 'not exact at this scale, or too large' : undefined);
  return fitsPrecision(unscaled, type.precision) ? unscaled : badValue(type, value, 'too many digits');
}

/** Ticks since the epoch. @throws INVALID_ARGUMENT */
export function toTicks(type: TypeOf<'TIMESTAMP' | 'TIMESTAMP_LTZ'>, value: unknown): number | bigint {
  let ticks: number | bigint | undefined;
  if (typeof value === 'string') ticks = parseTicks(value, type.precision, type.kind === 'TIMESTAMP_LTZ');
  else if (value instanceof Date) ticks = ticksOfDate(value, type.precision);
  return ticks ?? badValue(type, value);
}

/** @throws INVALID_ARGUMENT */
export function toDays(type: DataType, value: unknown): number {
  const days = typeof value === 'string' ? parseDays(value) : value instanceof Date ? daysOfDate(value) : undefined;
  return days ?? badValue(type, value, value instanceof Date ? 'not midnight UTC' : undefined);
}

/** ms of the day. @throws INVALID_ARGUMENT */
export function toTimeOfDay(type: TypeOf<'TIME'>, value: unknown): number {
  return (typeof value === 'string' ? parseTimeOfDay(value, type.precision) : undefined) ?? badValue(type, value);
}

/** @throws INVALID_ARGUMENT */
export function toFloating(type: TypeOf<'FLOAT' | 'DOUBLE'>, value: unknown, form: ValueForm): number {
  let number: number | undefined;
  if (typeof value === 'number') {
    // JSON has no infinities: one that came as a number is a finite text beyond the range.
    number = form === 'json' && !Number.isFinite(value) ? undefined : value;
  } else if (typeof value === 'bigint') number = BigInt(Number(value)) === value ? Number(value) : undefined;
  else if (form === 'json')
    number = typeof value === 'string' ? parseDouble(value) : value instanceof ExactNumber ? parseDouble(value.text) : undefined;
  if (number === undefined) return badValue(type, value);
  if (type.kind === 'FLOAT' && Number.isFinite(number) && !Number.isFinite(Math.fround(number)))
    return badValue(type, value, 'out of range');
  return number;
}

/** Well-formed text of at most the type's code points. @throws INVALID_ARGUMENT */
export function toText(type: TypeOf<'CHAR' | 'VARCHAR'>, value: unknown): string {
  if (typeof value !== 'string') return badValue(type, value);
  // A code point is one or two code units.
  if (value.length > type.length && codePoints(value) > type.length) return badValue(type, value, 'too long');
  return value.isWellFormed() ? value : badValue(type, value, 'a lone surrogate has no UTF-8');
}

function codePoints(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) count--;
  }
  return count;
}

/** @throws INVALID_ARGUMENT */
export function toBytes(type: TypeOf<'BINARY' | 'VARBINARY'>, value: unknown, form: ValueForm): Uint8Array {
  let bytes: Uint8Array;
  if (value instanceof Uint8Array) bytes = value;
  else if (form === 'json' && typeof value === 'string')
    bytes = HEX.test(value) ? new Uint8Array(Buffer.from(value, 'hex')) : badValue(type, value, 'not hexadecimal');
  else return badValue(type, value);
  return bytes.length <= type.length ? bytes : badValue(type, value, 'too long');
}

function datumOf(type: DataType, value: unknown, form: ValueForm): Datum {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case 'BOOLEAN':
      return toBoolean(type, value);
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
      return toSmallInteger(type, value);
    case 'BIGINT':
      return BigInt(toLong(type, value));
    case 'FLOAT':
      return Math.fround(toFloating(type, value, form));
    case 'DOUBLE':
      return toFloating(type, value, form);
    case 'DECIMAL':
      return BigInt(toUnscaled(type, value));
    case 'DATE':
      return toDays(type, value);
    case 'TIME':
      return toTimeOfDay(type, value);
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return BigInt(toTicks(type, value));
    case 'CHAR':
    case 'VARCHAR':
      return encoder.encode(toText(type, value));
    case 'BINARY':
    case 'VARBINARY':
      return toBytes(type, value, form);
    default:
      return badValue(type, value, 'a value of this type is not a single datum');
  }
}

/**
 * A value at the door in internal form; null and undefined are null whatever the type's nullability.
 *
 * @throws WeirError INVALID_ARGUMENT naming value and type
 */
export function toDatum(type: DataType, value: unknown): Datum {
  return datumOf(type, value, 'value');
}

/** The same for a value of JSON lines. */
export function datumFromJson(type: DataType, value: unknown): Datum {
  return datumOf(type, value, 'json');
}

/** A single value in its form at the door: what `toDatum` turns back into `datum`. */
export function fromDatum(type: DataType, datum: Datum): unknown {
  if (datum === null) return null;
  switch (type.kind) {
    case 'DECIMAL':
      return formatUnscaled(datum as bigint, type.scale);
    case 'DATE':
      return formatDays(datum as number);
    case 'TIME':
      return formatTimeOfDay(datum as number);
    case 'TIMESTAMP':
      return formatTicks(datum as bigint, type.precision);
    case 'TIMESTAMP_LTZ':
      return `${formatTicks(datum as bigint, type.precision)}Z`;
    case 'CHAR':
    case 'VARCHAR': {
      const bytes = datum as Uint8Array;
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
    }
    default:
      return datum;
  }
}
