/**
 * Casts among DATE, TIME, TIMESTAMP, TIMESTAMP WITH LOCAL TIME ZONE, and INT and BIGINT seconds.
 *
 * - A local zoned timestamp is an instant; its wall clock is that of the process's time zone.
 * - A lower precision cuts digits off: below the millisecond downwards, above it towards zero (Java's arithmetic).
 * - INT and BIGINT are seconds. To a local zoned timestamp Java stores the wall clock of the zone as if it were UTC; so does weir.
 */
import type { Column } from '../column.js';
import type { DataType } from '../data-type.js';
import { readInt128, writeInt128 } from '../datum.js';
import { layoutOf, makeElements } from '../layout.js';
import { putInt64, smallInt64, wordsOf } from './wide.js';
import { MS_PER_DAY, wallOffset_ms, zoneOffset_ms } from './zone.js';

export type TimestampType = Extract<DataType, { kind: 'TIME' | 'TIMESTAMP' | 'TIMESTAMP_LTZ' }>;

/** Stored ticks per millisecond: 1 (ms), 1000 (µs) or 1 000 000 (ns). */
export function ticksPerMs(precision: number): number {
  return precision <= 3 ? 1 : precision <= 6 ? 1000 : 1_000_000;
}

/** A timestamp column's ticks, one bigint at a time. */
export function readTicks(column: Column, row: number): bigint {
  const values = column.values as BigInt64Array;
  return layoutOf(column.type) === 'int128' ? readInt128(values, row) : values[row]!;
}

function writeTicks(column: Column, row: number, ticks: bigint): void {
  const values = column.values as BigInt64Array;
  if (layoutOf(column.type) === 'int128') writeInt128(values, row, ticks);
  else values[row] = ticks;
}

export function floorDiv(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient;
}

function floorMod(value: bigint, divisor: bigint): bigint {
  const rest = value % divisor;
  return rest < 0n ? rest + divisor : rest;
}

function emptyLike(column: Column, to: DataType): Column {
  const values = makeElements(layoutOf(to), column.length);
  return { type: to, length: column.length, validity: column.validity, values, offsets: undefined, children: undefined };
}

function isPresent(column: Column, row: number): boolean {
  return column.validity === null || ((column.validity[row >> 3]! >> (row & 7)) & 1) === 1;
}

/** A whole number of milliseconds floored from ticks, for calendar arithmetic. */
function floorMs(column: Column, row: number): number {
  return Number(floorDiv(readTicks(column, row), BigInt(ticksPerMs((column.type as TimestampType).precision))));
}

/** TIMESTAMP or local zoned to TIMESTAMP or local zoned, of any precision. */
export function timestampToTimestamp(column: Column, to: TimestampType): Column {
  const from = column.type as TimestampType;
  const inZone = from.kind === to.kind ? column : shiftZone(column, { ...to, precision: from.precision });
  if (to.precision >= from.precision) return widen(inZone, to);
  return narrow(inZone, to);
}

function shiftZone(column: Column, to: TimestampType): Column {
  const out = emptyLike(column, to);
  const perMs = BigInt(ticksPerMs(to.precision));
  for (let row = 0; row < column.length; row++) {
    if (!isPresent(column, row)) continue;
    const ticks = readTicks(column, row);
    const ms = Number(floorDiv(ticks, perMs));
    writeTicks(out, row, ticks + BigInt(to.kind === 'TIMESTAMP' ? zoneOffset_ms(ms) : -wallOffset_ms(ms)) * perMs);
  }
  return out;
}

function widen(column: Column, to: TimestampType): Column {
  const factor = ticksPerMs(to.precision) / ticksPerMs((column.type as TimestampType).precision);
  if (factor === 1) return { ...column, type: to };
  const out = emptyLike(column, to);
  const big = BigInt(factor);
  if (layoutOf(to) === 'int128') {
    for (let row = 0; row < column.length; row++) writeTicks(out, row, readTicks(column, row) * big);
    return out;
  }
  const source = column.values as BigInt64Array;
  const sourceWords = wordsOf(source);
  const target = out.values as BigInt64Array;
  const targetWords = wordsOf(target);
  for (let row = 0; row < column.length; row++) {
    const product = smallInt64(sourceWords, row) * factor;
    if (Number.isSafeInteger(product)) putInt64(targetWords, row, product);
    else target[row] = source[row]! * big;
  }
  return out;
}

function narrow(column: Column, to: TimestampType): Column {
  const from = (column.type as TimestampType).precision;
  const out = emptyLike(column, to);
  const perMs = BigInt(ticksPerMs(from));
  if (to.precision <= 3) {
    const step = 10n ** BigInt(3 - to.precision);
    for (let row = 0; row < column.length; row++) writeTicks(out, row, (floorDiv(readTicks(column, row), perMs) / step) * step);
    return out;
  }
  const digits = from <= 6 ? 6 : 9;
  const step = 10n ** BigInt(digits - to.precision);
  const divisor = perMs / BigInt(ticksPerMs(to.precision));
  for (let row = 0; row < column.length; row++) writeTicks(out, row, (floorDiv(readTicks(column, row), step) * step) / divisor);
  return out;
}

export function timestampToDate(column: Column, to: DataType): Column {
  const local = column.type.kind === 'TIMESTAMP_LTZ';
  const out = emptyLike(column, to);
  const days = out.values as Int32Array;
  for (let row = 0; row < column.length; row++) {
    if (!isPresent(column, row)) continue;
    const ms = floorMs(column, row);
    days[row] = Math.floor((local ? ms + zoneOffset_ms(ms) : ms) / MS_PER_DAY);
  }
  return out;
}

export function timestampToTime(column: Column, to: DataType): Column {
  const local = column.type.kind === 'TIMESTAMP_LTZ';
  const out = emptyLike(column, to);
  const times = out.values as Int32Array;
  for (let row = 0; row < column.length; row++) {
    if (!isPresent(column, row)) continue;
    const ms = floorMs(column, row);
    times[row] = Number(floorMod(BigInt(local ? ms + zoneOffset_ms(ms) : ms), BigInt(MS_PER_DAY)));
  }
  return out;
}

/** Whole seconds, towards zero; INT keeps the low bits. */
export function timestampToInteger(column: Column, to: DataType): Column {
  const perMs = BigInt(ticksPerMs((column.type as TimestampType).precision));
  const out = emptyLike(column, to);
  for (let row = 0; row < column.length; row++) {
    const seconds = floorDiv(readTicks(column, row), perMs) / 1000n;
    if (to.kind === 'BIGINT') (out.values as BigInt64Array)[row] = seconds;
    else (out.values as Int32Array)[row] = Number(BigInt.asIntN(32, seconds));
  }
  return out;
}

/** INT or BIGINT seconds. */
export function integerToTimestamp(column: Column, to: TimestampType): Column {
  const out = emptyLike(column, to);
  const perMs = BigInt(ticksPerMs(to.precision));
  for (let row = 0; row < column.length; row++) {
    if (!isPresent(column, row)) continue;
    const ms = BigInt.asIntN(64, BigInt(column.values![row]!) * 1000n);
    writeTicks(out, row, (to.kind === 'TIMESTAMP_LTZ' ? ms + BigInt(zoneOffset_ms(Number(ms))) : ms) * perMs);
  }
  return out;
}

export function dateToTimestamp(column: Column, to: TimestampType): Column {
  const out = emptyLike(column, to);
  const perMs = BigInt(ticksPerMs(to.precision));
  const days = column.values as Int32Array;
  for (let row = 0; row < column.length; row++) {
    if (!isPresent(column, row)) continue;
    const ms = days[row]! * MS_PER_DAY;
    writeTicks(out, row, BigInt(to.kind === 'TIMESTAMP_LTZ' ? ms - wallOffset_ms(ms) : ms) * perMs);
  }
  return out;
}

/** The time of day on 1970-01-01, in UTC for either kind. */
export function timeToTimestamp(column: Column, to: TimestampType): Column {
  const out = emptyLike(column, to);
  const perMs = BigInt(ticksPerMs(to.precision));
  const times = column.values as Int32Array;
  for (let row = 0; row < column.length; row++) writeTicks(out, row, BigInt(times[row]!) * perMs);
  return out;
}
