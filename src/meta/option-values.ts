/**
 * Values of table options. They are texts in the schema; here they become what they mean.
 *
 *   sizes      `<n>[ unit]`   b k kb m mb g gb t tb (powers of 1024; bytes without a unit)
 *   durations  `<n>[ unit]`   d h min m s ms µs ns, long and plural names (ms without a unit)
 *
 * Every function throws INVALID_ARGUMENT naming the option and its value.
 */
import { WeirError } from '../base/error.js';

const SIZE_UNITS: { [unit: string]: number | undefined } = {
  '': 1,
  b: 1,
  bytes: 1,
  k: 2 ** 10,
  kb: 2 ** 10,
  m: 2 ** 20,
  mb: 2 ** 20,
  g: 2 ** 30,
  gb: 2 ** 30,
  t: 2 ** 40,
  tb: 2 ** 40,
};
const DURATION_UNITS: readonly [number, readonly string[]][] = [
  [86_400_000, ['d', 'day', 'days']],
  [3_600_000, ['h', 'hour', 'hours']],
  [60_000, ['min', 'm', 'minute', 'minutes']],
  [1000, ['s', 'sec', 'secs', 'second', 'seconds']],
  [1, ['', 'ms', 'milli', 'millis', 'millisecond', 'milliseconds']],
  [1e-3, ['µs', 'micro', 'micros', 'microsecond', 'microseconds']],
  [1e-6, ['ns', 'nano', 'nanos', 'nanosecond', 'nanoseconds']],
];
const NUMBER_AND_UNIT = /^(\d+)\s*([a-zµ]*)$/;

export function parseBoolean(key: string, value: string): boolean {
  const text = value.trim().toLowerCase();
  if (text === 'true') return true;
  if (text === 'false') return false;
  return invalid(key, value, 'true or false');
}

/** An integer from `least` to `most`; Java's 32-bit range unless told otherwise. */
export function parseInteger(key: string, value: string, least = -2147483648, most = 2147483647): number {
  const text = value.trim();
  const number = Number(text);
  if (/^[+-]?\d+$/.test(text) && number >= least && number <= most) return number;
  return invalid(key, value, `an integer${least > -2147483648 ? ` of at least ${least}` : ''}`);
}

export function parseNumber(key: string, value: string): number {
  const number = Number(value);
  if (value.trim() !== '' && Number.isFinite(number)) return number;
  return invalid(key, value, 'a number');
}

/** bytes */
export function parseSize(key: string, value: string): number {
  const match = NUMBER_AND_UNIT.exec(value.trim().toLowerCase());
  const unit = match === null ? undefined : SIZE_UNITS[match[2]!];
  const bytes = unit === undefined ? Number.NaN : Number(match![1]) * unit;
  return Number.isSafeInteger(bytes) ? bytes : invalid(key, value, "a size such as '128 mb'");
}

/** milliseconds; finer units may give fractions */
export function parseDuration(key: string, value: string): number {
  const match = NUMBER_AND_UNIT.exec(value.trim().toLowerCase());
  const unit = match === null ? undefined : DURATION_UNITS.find(([, names]) => names.includes(match[2]!));
  return unit === undefined ? invalid(key, value, "a duration such as '10 s'") : Number(match![1]) * unit[0];
}

/** A comma-separated list, trimmed; empty parts are dropped. */
export function parseList(value: string | undefined): string[] {
  if (value === undefined) return [];
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

export function parseChoice(key: string, value: string, choices: readonly string[]): string {
  const text = value.trim().toLowerCase();
  return choices.includes(text) ? text : invalid(key, value, `one of ${choices.join(', ')}`);
}

function invalid(key: string, value: string, expected: string): never {
  throw new WeirError('INVALID_ARGUMENT', `the option ${key} is ${JSON.stringify(value)}, which is not ${expected}`);
}
