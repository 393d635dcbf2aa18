/**
 * Casts of everything to CHAR and VARCHAR: Java's texts.
 *
 *   numbers     toString (float-text.ts); DECIMAL plain with all fraction digits; BOOLEAN true, false; cut and padded to the length
 *   DATE        2024-02-29
 *   TIME(p)     10:47:02, p > 0: 10:47:02.0 … 10:47:02.873, zeros at the end dropped but for the first
 *   TIMESTAMP(p) 2024-02-29 10:47:02.500, at least p fraction digits, further zeros dropped; local zoned: the process's wall clock
 *   ARRAY [a, null] · MAP {k -> v} · ROW {a, b}: elements by these rules, without quotes
 */
import { getBit } from '../bitmap.js';
import { formatDays, TWO_DIGITS } from '../civil.js';
import { type Column, isValid } from '../column.js';
import { MAX_LENGTH } from '../data-type.js';
import { readInt128 } from '../datum.js';
import { formatUnscaled } from '../decimal-text.js';
import { formatDouble, formatFloat } from '../float-text.js';
import type { SizedType } from './bytes.js';
import { floorDiv, readTicks, type TimestampType, ticksPerMs } from './temporal.js';
import { TextSink } from './text-sink.js';
import { smallInt64, smallInt128, wordsOf } from './wide.js';
import { MS_PER_DAY, zoneOffset_ms } from './zone.js';

export const STRING: SizedType = { kind: 'VARCHAR', nullable: true, length: MAX_LENGTH };

function clockText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${TWO_DIGITS[Math.floor(seconds / 3600)]}:${TWO_DIGITS[Math.floor(seconds / 60) % 60]}:${TWO_DIGITS[seconds % 60]}`;
}

function timeText(time_ms: number, precision: number): string {
  const ms = ((time_ms % MS_PER_DAY) + MS_PER_DAY) % MS_PER_DAY;
  if (precision === 0) return clockText(ms);
  const digits = String(ms % 1000)
    .padStart(3, '0')
    .slice(0, precision);
  return `${clockText(ms)}.${digits.replace(/(?<=\d)0+$/, '')}`;
}

function timestampText(column: Column, row: number): string {
  const type = column.type as TimestampType;
  const perMs = BigInt(ticksPerMs(type.precision));
  const ticks = readTicks(column, row);
  const instant = floorDiv(ticks, perMs);
  const ms = Number(instant) + (type.kind === 'TIMESTAMP_LTZ' ? zoneOffset_ms(Number(instant)) : 0);
  const days = Math.floor(ms / MS_PER_DAY);
  const time_ms = ms - days * MS_PER_DAY;
  const nanos = (time_ms % 1000) * 1_000_000 + Number((ticks - instant * perMs) * (1_000_000n / perMs));
  let fraction = String(nanos).padStart(9, '0');
  while (fraction.length > type.precision && fraction.endsWith('0')) fraction = fraction.slice(0, -1);
  return `${formatDays(days)} ${clockText(time_ms)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** The text of one present value of an atomic column. */
function valueText(column: Column, row: number, words: Int32Array | undefined): string {
  const { type } = column;
  switch (type.kind) {
    case 'BOOLEAN':
      return getBit(column.values as Uint8Array, row) ? 'true' : 'false';
    case 'BIGINT': {
      const small = smallInt64(words!, row);
      return String(Number.isNaN(small) ? column.values![row]! : small);
    }
    case 'DECIMAL': {
      const small = smallInt128(words!, row);
      return formatUnscaled(Number.isNaN(small) ? readInt128(column.values as BigInt64Array, row) : small, type.scale);
    }
    case 'FLOAT':
      return formatFloat(column.values![row] as number);
    case 'DOUBLE':
      return formatDouble(column.values![row] as number);
    case 'DATE':
      return formatDays(column.values![row] as number);
    case 'TIME':
      return timeText(column.values![row] as number, type.precision);
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return timestampText(column, row);
    default:
      return String(column.values![row]!);
  }
}

/** BOOLEAN, numbers, DATE, TIME, TIMESTAMPs. */
export function atomicToText(column: Column, to: SizedType): Column {
  const sink = new TextSink(column.length, 12);
  const words = column.values instanceof BigInt64Array ? wordsOf(column.values) : undefined;
  for (let row = 0; row < column.length; row++) {
    if (isValid(column, row)) {
      const text = valueText(column, row, words);
      sink.ascii(text.length > to.length ? text.slice(0, to.length) : to.kind === 'CHAR' ? text.padEnd(to.length) : text);
    }
    sink.end();
  }
  return sink.finish(to, column.validity);
}

function appendElement(sink: TextSink, texts: Column, index: number): void {
  if (isValid(texts, index)) sink.copy(texts.values as Uint8Array, texts.offsets![index]!, texts.offsets![index + 1]!);
  else sink.ascii('null');
}

/** ARRAY and MAP; `parts` are the children already cast to STRING. */
export function listToText(column: Column, parts: readonly Column[], to: SizedType): Column {
  const [first, second] = parts as readonly [Column, Column | undefined];
  const offsets = column.offsets!;
  const sink = new TextSink(column.length, 16);
  for (let row = 0; row < column.length; row++) {
    if (isValid(column, row)) {
      sink.ascii(second === undefined ? '[' : '{');
      for (let index = offsets[row]!; index < offsets[row + 1]!; index++) {
        if (index > offsets[row]!) sink.ascii(', ');
        appendElement(sink, first, index);
        if (second === undefined) continue;
        sink.ascii(' -> ');
        appendElement(sink, second, index);
      }
      sink.ascii(second === undefined ? ']' : '}');
    }
    sink.end();
  }
  return sink.finish(to, column.validity);
}

/** ROW; `parts` are the fields already cast to STRING. */
export function rowToText(column: Column, parts: readonly Column[], to: SizedType): Column {
  const sink = new TextSink(column.length, 16);
  for (let row = 0; row < column.length; row++) {
    if (isValid(column, row)) {
      sink.ascii('{');
      for (let field = 0; field < parts.length; field++) {
        if (field > 0) sink.ascii(', ');
        appendElement(sink, parts[field]!, row);
      }
      sink.ascii('}');
    }
    sink.end();
  }
  return sink.finish(to, column.validity);
}
