/**
 * DATE, TIME and TIMESTAMP as text, exactly.
 *
 *   date       2024-02-29      also -0044-03-15 and +12024-02-29
 *   time       12:30[:15[.123]]
 *   timestamp  date [('T' | ' ') time] [Z | ±hh:mm]     no time is midnight
 *
 * Ticks are ms (p <= 3), µs (p <= 6) or ns (p 7..9) since 1970-01-01T00:00: numbers while safe, bigints beyond.
 * Fraction digits past the precision must be zeros. A timestamp without time zone may end in `Z`, and no other zone.
 */
import { daysFromCivil, formatDays, TWO_DIGITS } from './civil.js';
import { POWERS } from './decimal-text.js';

const SAFE = Number.MAX_SAFE_INTEGER;
const SECONDS_PER_DAY = 86_400;
const MS_PER_DAY = 86_400_000;
const TIMESTAMP = /^([+-]?\d{4,9})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?(Z|[+-]\d\d(?::?\d\d)?)?$/i;
const DATE = /^([+-]?\d{4,9})-(\d\d)-(\d\d)$/;
const TIME = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?$/;

/** digits after the second that a timestamp of this precision is stored with: 3, 6 or 9 */
export function tickDigits(precision: number): 3 | 6 | 9 {
  return precision <= 3 ? 3 : precision <= 6 ? 6 : 9;
}

function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** Days since 1970-01-01; undefined when it is no date or beyond 32 bits. */
export function parseDays(text: string): number | undefined {
  let days: number;
  if (text.length === 10 && text.charCodeAt(4) === 45 && text.charCodeAt(7) === 45) {
    days = daysFromCivil(twoDigits(text, 0) * 100 + twoDigits(text, 2), twoDigits(text, 5), twoDigits(text, 8));
  } else {
    const match = DATE.exec(text);
    if (match === null) return undefined;
    days = daysFromCivil(Number(match[1]), Number(match[2]), Number(match[3]));
  }
  return days === (days | 0) ? days : undefined;
}

/** The fraction in units of 10^-digits; undefined when a digit past `precision` is not zero or is no digit. */
function parseFraction(text: string, start: number, end: number, precision: number, digits: number): number | undefined {
  let value = 0;
  let count = 0;
  for (let at = start; at < end; at++, count++) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9) || (count >= precision && digit !== 0)) return undefined;
    if (count < digits) value = value * 10 + digit;
  }
  return count < digits ? value * POWERS[digits - count]! : value;
}

function secondOfDay(hour: number, minute: number, second: number): number {
  return hour <= 23 && minute <= 59 && second <= 59 ? hour * 3600 + minute * 60 + second : Number.NaN;
}

/** ms of the day; stored in ms whatever the precision. */
export function parseTimeOfDay(text: string, precision: number): number | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const seconds = secondOfDay(Number(match[1]), Number(match[2]), Number(match[3] ?? 0));
  const digits = match[4] ?? '';
  const fraction = parseFraction(digits, 0, digits.length, Math.min(precision, 3), 3);
  return fraction === undefined || Number.isNaN(seconds) ? undefined : seconds * 1000 + fraction;
}

/** `HH:mm:ss.SSS` */
export function formatTimeOfDay(timeOfDay_ms: number): string {
  const seconds = Math.floor(timeOfDay_ms / 1000);
  return `${formatSeconds(seconds)}.${String(timeOfDay_ms - seconds * 1000).padStart(3, '0')}`;
}

function formatSeconds(seconds: number): string {
  return `${TWO_DIGITS[Math.floor(seconds / 3600)]}:${TWO_DIGITS[Math.floor(seconds / 60) % 60]}:${TWO_DIGITS[seconds % 60]}`;
}

/** Ticks of the precision. `zoned`: any zone may follow; without one the text is UTC. */
export function parseTicks(text: string, precision: number, zoned: boolean): number | bigint | undefined {
  if (
    text.length < 19 ||
    text.charCodeAt(4) !== 45 ||
    text.charCodeAt(7) !== 45 ||
    (text.charCodeAt(10) !== 84 && text.charCodeAt(10) !== 32) ||
    text.charCodeAt(13) !== 58 ||
    text.charCodeAt(16) !== 58
  )
    return parseOddTicks(text, precision, zoned);
  const days = daysFromCivil(twoDigits(text, 0) * 100 + twoDigits(text, 2), twoDigits(text, 5), twoDigits(text, 8));
  const seconds = secondOfDay(twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17));
  const end = text.charCodeAt(text.length - 1) === 90 ? text.length - 1 : text.length;
  if (end === 20 || (end > 19 && text.charCodeAt(19) !== 46) || Number.isNaN(days + seconds)) return parseOddTicks(text, precision, zoned);
  const digits = tickDigits(precision);
  const fraction = end === 19 ? 0 : parseFraction(text, 20, end, precision, digits);
  if (fraction === undefined) return parseOddTicks(text, precision, zoned);
  return joinTicks(days, seconds, fraction, digits);
}

function parseOddTicks(text: string, precision: number, zoned: boolean): number | bigint | undefined {
  const match = TIMESTAMP.exec(text);
  if (match === null) return undefined;
  const zone = (match[8] ?? 'Z').toUpperCase();
  if (zone !== 'Z' && !zoned) return undefined;
  const digits = tickDigits(precision);
  const days = daysFromCivil(Number(match[1]), Number(match[2]), Number(match[3]));
  const seconds = secondOfDay(Number(match[4] ?? 0), Number(match[5] ?? 0), Number(match[6] ?? 0));
  const fraction = parseFraction(match[7] ?? '', 0, match[7]?.length ?? 0, precision, digits);
  const offset_s = zone === 'Z' ? 0 : zoneOffset_s(zone);
  if (fraction === undefined || Number.isNaN(days + seconds + offset_s)) return undefined;
  return joinTicks(days, seconds - offset_s, fraction, digits);
}

function zoneOffset_s(zone: string): number {
  const digits = zone.slice(1).replace(':', '');
  const hours = Number(digits.slice(0, 2));
  const minutes = Number(digits.slice(2) || 0);
  if (hours > 18 || minutes > 59) return Number.NaN;
  return (hours * 3600 + minutes * 60) * (zone[0] === '-' ? -1 : 1);
}

/** days and seconds since the epoch and a fraction in units of 10^-digits; undefined when ms or µs are beyond 64 bits */
function joinTicks(days: number, seconds: number, fraction: number, digits: 3 | 6 | 9): number | bigint | undefined {
  const ticks = (days * SECONDS_PER_DAY + seconds) * POWERS[digits]! + fraction;
  if (ticks <= SAFE && ticks >= -SAFE) return ticks;
  const exact = (BigInt(days) * BigInt(SECONDS_PER_DAY) + BigInt(seconds)) * BigInt(POWERS[digits]!) + BigInt(fraction);
  return digits < 9 && BigInt.asIntN(64, exact) !== exact ? undefined : exact;
}

/** Ticks of a JavaScript instant; undefined when it is none or the precision does not hold its milliseconds. */
export function ticksOfDate(date: Date, precision: number): number | bigint | undefined {
  const time_ms = date.getTime();
  if (Number.isNaN(time_ms) || (precision < 3 && time_ms % POWERS[3 - precision]! !== 0)) return undefined;
  const seconds = Math.floor(time_ms / 1000);
  const digits = tickDigits(precision);
  return joinTicks(0, seconds, (time_ms - seconds * 1000) * POWERS[digits - 3]!, digits);
}

/** Days of a JavaScript instant at midnight UTC; undefined for any other. */
export function daysOfDate(date: Date): number | undefined {
  const days = date.getTime() / MS_PER_DAY;
  return Number.isInteger(days) ? days : undefined;
}

const ZEROS = ['', '0', '00', '000', '0000', '00000', '000000', '0000000', '00000000', '000000000'];
let lastDays = 0;
let lastDate = '1970-01-01';

/** `uuuu-MM-ddTHH:mm:ss.nnnnnnnnn` from days since the epoch, seconds of the day and nanoseconds. */
function formatInstant(days: number, seconds: number, nanos: number): string {
  if (days !== lastDays) {
    // Neighbours in a column mostly share their day.
    lastDays = days;
    lastDate = formatDays(days);
  }
  const fraction = String(nanos);
  return `${lastDate}T${formatSeconds(seconds)}.${ZEROS[9 - fraction.length]}${fraction}`;
}

/** `uuuu-MM-ddTHH:mm:ss.nnnnnnnnn`, always nine digits. */
export function formatTicks(ticks: number | bigint, precision: number): string {
  const digits = tickDigits(precision);
  const perSecond = POWERS[digits]!;
  const toNanos = POWERS[9 - digits]!;
  if (typeof ticks === 'number') {
    const seconds = Math.floor(ticks / perSecond);
    const days = Math.floor(seconds / SECONDS_PER_DAY);
    return formatInstant(days, seconds - days * SECONDS_PER_DAY, (ticks - seconds * perSecond) * toNanos);
  }
  const perDay = BigInt(perSecond) * BigInt(SECONDS_PER_DAY);
  const rest = ((ticks % perDay) + perDay) % perDay;
  const fraction = rest % BigInt(perSecond);
  return formatInstant(Number((ticks - rest) / perDay), Number((rest - fraction) / BigInt(perSecond)), Number(fraction) * toNanos);
}
