/** What words on the command line mean. A word that means nothing is wrong usage (exit 2). */
import type { StreamPosition } from '../index.js';
import { UsageError } from './exit.js';

/** `a,b` twice or more: all of them, in order. */
export function keyList(values: readonly string[] | undefined): string[] {
  return (values ?? [])
    .flatMap((value) => value.split(','))
    .map((key) => key.trim())
    .filter((key) => key !== '');
}

/** `k=v`; the value may hold `=`. */
export function keyValue(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`'${text}' is not KEY=VALUE`);
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

export function keyValues(values: readonly string[] | undefined): Record<string, string> {
  return Object.fromEntries((values ?? []).map(keyValue));
}

/** The name Paimon's directories give a missing partition value. */
const DEFAULT_PARTITION = '__DEFAULT_PARTITION__';

/** `k=v,k2=v2`: some or all partition columns; `__DEFAULT_PARTITION__` is the missing value. */
export function partitionSpec(text: string): Record<string, string | null> {
  const pairs = text.split(',').map(keyValue);
  return Object.fromEntries(pairs.map(([key, value]) => [key, value === DEFAULT_PARTITION ? null : value]));
}

/** `k=v` flags that together name one partition. */
export function partitionOf(values: readonly string[] | undefined): Record<string, string | null> | undefined {
  return values === undefined ? undefined : Object.assign({}, ...values.map(partitionSpec));
}

export function wholeNumber(text: string, what: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new UsageError(`${what} takes a whole number, not '${text}'`);
  return value;
}

export function positiveNumber(text: string, what: string): number {
  const value = wholeNumber(text, what);
  if (value === 0) throw new UsageError(`${what} takes a number of at least 1`);
  return value;
}

const MAX_ID = 9223372036854775807n;

export function idOf(text: string, what: string): bigint {
  const id = /^\d+$/.test(text) ? BigInt(text) : undefined;
  if (id === undefined || id > MAX_ID) throw new UsageError(`${what} takes a number, not '${text}'`);
  return id;
}

/** ISO-8601 (without a zone: local time) or epoch milliseconds. */
export function timeOf(text: string, what: string): number {
  if (/^-?\d+$/.test(text) && text.length !== 4) return Number(text);
  const time_ms = /^[+-]?\d{4,6}(-\d\d){0,2}([T ][\d:.,]+(Z|[+-]\d\d(:?\d\d)?)?)?$/i.test(text) ? Date.parse(isoTime(text)) : Number.NaN;
  if (Number.isNaN(time_ms)) throw new UsageError(`${what} takes an ISO-8601 time or epoch milliseconds, not '${text}'`);
  return time_ms;
}

/** What Date.parse wants: a T between date and time, a point before the fraction, minutes in the zone. */
function isoTime(text: string): string {
  return text
    .replace(' ', 'T')
    .replace(',', '.')
    .replace(/(T.*[+-]\d\d)(\d\d)?$/, (_, head: string, minutes: string | undefined) => `${head}:${minutes ?? '00'}`);
}

/** `A..B`: the changes after snapshot A up to and with those of B. */
export function snapshotRange(text: string): { from: bigint; to: bigint } {
  const match = /^(\d+)\.\.(\d+)$/.exec(text);
  if (!match) throw new UsageError(`--incremental takes A..B, two snapshot numbers, not '${text}'`);
  return { from: idOf(match[1] ?? '', '--incremental'), to: idOf(match[2] ?? '', '--incremental') };
}

export type StreamStart = 'latest-full' | 'latest' | 'earliest' | { snapshot: bigint } | string;

/** `latest-full|latest|earliest|snapshot:N`, and anything else is a position that a stream gave out. */
export function streamStart(text: string): StreamStart {
  const match = /^snapshot:(.*)$/.exec(text);
  return match ? { snapshot: idOf(match[1] ?? '', '--from snapshot:') } : text;
}

export function streamEnd(text: string | undefined): 'now' | { snapshot: bigint } | undefined {
  if (text === undefined || text === 'now') return text;
  const match = /^snapshot:(.*)$/.exec(text);
  if (!match) throw new UsageError(`--until takes snapshot:N or now, not '${text}'`);
  return { snapshot: idOf(match[1] ?? '', '--until snapshot:') };
}

export type VerifyEnd = { snapshot: bigint } | StreamPosition;

/** `snapshot:N`, and anything else is a position that a stream gave out. */
export function verifyEnd(text: string | undefined, flag: string): VerifyEnd | undefined {
  if (text === undefined) return undefined;
  const match = /^snapshot:(.*)$/.exec(text);
  return match ? { snapshot: idOf(match[1] ?? '', `${flag} snapshot:`) } : (text as StreamPosition);
}

/** `r.x.y`: the way to a nested field. A name in backquotes is taken as it is. */
export function columnPath(text: string): string | string[] {
  const quoted = /^`(.*)`$/s.exec(text);
  if (quoted) return (quoted[1] ?? '').replaceAll('``', '`');
  return text.includes('.') ? text.split('.') : text;
}
