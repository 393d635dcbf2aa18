/**
 * Casts of CHAR and VARCHAR to everything atomic: what Java's parsers accept, nothing trimmed unless said.
 *
 *   integers   sign, digits, and a fraction that is cut off ("-7.9" is -7); out of range is an error
 *   FLOAT, DOUBLE  decimal or exponent form, NaN, Infinity, a suffix f or d; trimmed
 *   DECIMAL    decimal or exponent form, rounded half up; too large is a missing value
 *   BOOLEAN    t true y yes 1, f false n no 0, in any case
 *   DATE       2024-2-9, 2024-2, a time behind a space is dropped; digits alone are days since 1970
 *   TIME       9, 9:5, 9:05:03.25, with a zone +hh or +hh:mm behind; digits alone are milliseconds
 *   TIMESTAMP  2024-2-9, 2024-2-9 9:5:3.25, 2024-2-9T9:5[:3.25]; digits alone are ticks of the precision (not for local zoned)
 *
 * @throws INVALID_ARGUMENT (every function) for a text that is none of it, as Java fails the read
 */
import { bitmapBytes, setBit } from '../bitmap.js';
import { daysFromCivil } from '../civil.js';
import type { Column, Elements } from '../column.js';
import type { DataType } from '../data-type.js';
import { writeInt128 } from '../datum.js';
import { layoutOf, makeElements } from '../layout.js';
import { cannotCast } from './cast-error.js';
import { type DecimalType, parseDecimal } from './decimal.js';
import { parseFloating } from './float-parse.js';
import { floorDiv, type TimestampType, ticksPerMs } from './temporal.js';
import { Validity } from './validity.js';
import { putInt64, wordsOf } from './wide.js';
import { MS_PER_DAY, wallOffset_ms } from './zone.js';

const INTEGER = /^[+-]?\d*(?:\.\d*)?$/;
const DIGITS = /^-?\d+$/;
const DATE = /^\s*(\d+)\s*(?:-\s*(\d+)\s*(?:-\s*(\d+)\s*)?)?$/;
const TIME = /^\s*(\d+)\s*(?::\s*(\d+)\s*(?::\s*(\d+)\s*(?:\.([^+-]*))?)?)?(?:([+-])\s*(\d+)\s*(?::\s*(\d+)\s*)?)?$/;
const TIMESTAMP =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?: (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?|T(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?)?$/;
const TRUE_WORDS: ReadonlySet<string> = new Set(['t', 'true', 'y', 'yes', '1']);
const FALSE_WORDS: ReadonlySet<string> = new Set(['f', 'false', 'n', 'no', '0']);
const INTEGER_BITS: Readonly<Record<string, number>> = { TINYINT: 8, SMALLINT: 16, INT: 32, DATE: 32, TIME: 32, BIGINT: 64 };

function parseInteger(text: string, to: DataType): bigint {
  if (!INTEGER.test(text) || text === '' || text === '+' || text === '-') cannotCast(text, to);
  const whole = BigInt(/^\+?(-?\d*)/.exec(text)![1]!.replace(/^-$/, '') || '0');
  const bits = INTEGER_BITS[to.kind]!;
  if (BigInt.asIntN(bits, whole) !== whole) cannotCast(text, to, 'out of range');
  return whole;
}

/** up to nine digits with a sign before them, straight from the bytes; NaN when the text is anything else */
function plainInteger(bytes: Uint8Array, start: number, end: number): number {
  const signed = bytes[start] === 0x2d || bytes[start] === 0x2b;
  let at = signed ? start + 1 : start;
  if (at >= end || end - at > 9) return Number.NaN;
  let value = 0;
  for (; at < end; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return signed && bytes[start] === 0x2d ? -value : value;
}

function parseBoolean(text: string, to: DataType): boolean {
  const word = text.toLowerCase();
  return TRUE_WORDS.has(word) || (!FALSE_WORDS.has(word) && cannotCast(text, to));
}

function parseDate(text: string, to: DataType): number {
  if (DIGITS.test(text)) return Number(parseInteger(text, to));
  const space = text.indexOf(' ');
  const match = DATE.exec(space > 0 ? text.slice(0, space) : text);
  if (match === null) return cannotCast(text, to);
  const year = Number(match[1]);
  const days = daysFromCivil(year, Number(match[2] ?? 1), Number(match[3] ?? 1));
  return year > 9999 || Number.isNaN(days) ? cannotCast(text, to, 'no such day') : days;
}

/** Milliseconds of a fraction's digits, the fourth rounding the third. */
function fractionMs(digits: string): number {
  const ms = Number(digits.slice(0, 3).padEnd(3, '0').replace(/\D/g, '0'));
  return digits.charAt(3) >= '5' ? ms + 1 : ms;
}

function parseTime(text: string, to: DataType): number {
  if (DIGITS.test(text)) return Number(parseInteger(text, to));
  const match = TIME.exec(text);
  if (match === null) return cannotCast(text, to);
  const sign = match[5] === '-' ? -1 : 1;
  const hours = Number(match[1]) + sign * Number(match[6] ?? 0);
  const minutes = Number(match[2] ?? 0) + sign * Number(match[7] ?? 0);
  return (hours * 3600 + minutes * 60 + Number(match[3] ?? 0)) * 1000 + fractionMs((match[4] ?? '').trim());
}

/** Nanoseconds since 1970-01-01T00:00 of the wall clock that the text says. */
function parseWallClock(text: string, to: TimestampType): bigint {
  const match = TIMESTAMP.exec(text);
  if (match === null) return cannotCast(text, to);
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const hour = Number(match[4] ?? match[8] ?? 0);
  const minute = Number(match[5] ?? match[9] ?? 0);
  const second = Number(match[6] ?? match[10] ?? 0);
  const nanos = BigInt((match[7] ?? match[11] ?? '').padEnd(9, '0'));
  const endOfDay = hour === 24 && minute === 0 && second === 0 && nanos === 0n;
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31 || minute > 59 || second > 59 || (hour > 23 && !endOfDay)) {
    return cannotCast(text, to, 'no such time');
  }
  // Java's "smart" resolving takes the month's last day for a day beyond it
  let days = daysFromCivil(year, month, day);
  for (let earlier = day - 1; Number.isNaN(days); earlier--) days = daysFromCivil(year, month, earlier);
  const ms = days * MS_PER_DAY + ((hour * 60 + minute) * 60 + second) * 1000;
  return BigInt(ms) * 1_000_000n + nanos;
}

function epochTicks(text: string, to: TimestampType): bigint {
  if (to.precision % 3 !== 0) return cannotCast(text, to, 'a number is an instant at precisions 0, 3, 6 and 9 only');
  const value = parseInteger(text, { kind: 'BIGINT', nullable: true });
  return to.precision === 0 ? value * 1000n : value;
}

/** Ticks in the unit of the target's precision. */
function parseTimestamp(text: string, to: TimestampType): bigint {
  if (to.kind === 'TIMESTAMP' && DIGITS.test(text)) return epochTicks(text, to);
  const step = 10n ** BigInt(9 - to.precision);
  let nanos = parseWallClock(text, to);
  nanos = floorDiv(nanos, step) * step;
  if (to.kind === 'TIMESTAMP_LTZ') nanos -= BigInt(wallOffset_ms(Number(floorDiv(nanos, 1_000_000n)))) * 1_000_000n;
  return nanos / BigInt(1_000_000 / ticksPerMs(to.precision));
}

/** Sets element `row` from a text, or drops the row. */
function put(values: Elements, row: number, text: string, to: DataType, validity: Validity): void {
  switch (to.kind) {
    case 'BOOLEAN':
      if (parseBoolean(text, to)) setBit(values as Uint8Array, row);
      return;
    case 'BIGINT':
      (values as BigInt64Array)[row] = parseInteger(text, to);
      return;
    case 'FLOAT':
    case 'DOUBLE':
      (values as Float64Array)[row] = parseFloating(text, to.kind) ?? cannotCast(text, to);
      return;
    case 'DATE':
      (values as Int32Array)[row] = parseDate(text, to);
      return;
    case 'TIME':
      (values as Int32Array)[row] = parseTime(text, to);
      return;
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ': {
      const ticks = parseTimestamp(text, to);
      if (to.precision > 6) writeInt128(values as BigInt64Array, row, ticks);
      else (values as BigInt64Array)[row] = ticks;
      return;
    }
    case 'DECIMAL': {
      const unscaled = parseDecimal(text, (to as DecimalType).precision, (to as DecimalType).scale);
      if (unscaled === undefined) cannotCast(text, to);
      if (unscaled === null) validity.drop(row);
      else writeInt128(values as BigInt64Array, row, unscaled);
      return;
    }
    default:
      (values as Int32Array)[row] = Number(parseInteger(text, to));
  }
}

/** CHAR, VARCHAR to BOOLEAN, numbers, DATE, TIME, TIMESTAMPs. */
export function textToAtomic(column: Column, to: DataType): Column {
  const source = column.values as Uint8Array;
  const text = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  const offsets = column.offsets!;
  const validity = new Validity(column);
  const layout = layoutOf(to);
  const values = layout === 'bits' ? new Uint8Array(bitmapBytes(column.length)) : makeElements(layout, column.length)!;
  const wide = to.kind === 'BIGINT' ? wordsOf(values as BigInt64Array) : undefined;
  const quick = wide !== undefined || to.kind === 'INT';
  for (let row = 0; row < column.length; row++) {
    if (!validity.isValid(row)) continue;
    const small = quick ? plainInteger(source, offsets[row]!, offsets[row + 1]!) : Number.NaN;
    if (Number.isNaN(small)) put(values, row, text.toString('utf8', offsets[row]!, offsets[row + 1]!), to, validity);
    else if (wide === undefined) (values as Int32Array)[row] = small;
    else putInt64(wide, row, small);
  }
  return { type: to, length: column.length, validity: validity.finish(), values, offsets: undefined, children: undefined };
}
