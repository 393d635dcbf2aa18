/**
 * Casts among CHAR VARCHAR BINARY VARBINARY: lengths.
 *
 * - Strings are cut to the target's length in code points; CHAR is padded with blanks, BINARY with zero bytes.
 * - Bytes become a string as they are, whatever its length (Java decodes them when the string is looked at).
 * - Nothing is copied when no value changes: a longer VARCHAR, or a shorter one that every value fits.
 */
import { type Column, isValid } from '../column.js';
import type { DataType } from '../data-type.js';
import { TextSink } from './text-sink.js';

export type SizedType = Extract<DataType, { kind: 'CHAR' | 'VARCHAR' | 'BINARY' | 'VARBINARY' }>;

const BLANK = 0x20;

function longest(column: Column): number {
  const offsets = column.offsets!;
  let max = 0;
  for (let row = 0; row < column.length; row++) max = Math.max(max, offsets[row + 1]! - offsets[row]!);
  return max;
}

/** Position after `count` code points of bytes start … end-1; `end` when there are no more than that. */
function skipCodePoints(bytes: Uint8Array, start: number, end: number, count: number): number {
  let at = start;
  for (let seen = 0; at < end; at++) {
    if ((bytes[at]! & 0xc0) !== 0x80 && seen++ === count) return at;
  }
  return end;
}

function codePoints(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) if ((bytes[at]! & 0xc0) !== 0x80) count++;
  return count;
}

/** CHAR, VARCHAR to either. */
export function textToText(column: Column, to: SizedType): Column {
  if (to.kind === 'VARCHAR' && longest(column) <= to.length) return { ...column, type: to };
  const bytes = column.values as Uint8Array;
  const offsets = column.offsets!;
  const sink = new TextSink(column.length, 8);
  for (let row = 0; row < column.length; row++) {
    if (isValid(column, row)) {
      const end = skipCodePoints(bytes, offsets[row]!, offsets[row + 1]!, to.length);
      sink.copy(bytes, offsets[row]!, end);
      if (to.kind === 'CHAR') sink.fill(BLANK, to.length - codePoints(bytes, offsets[row]!, end));
    }
    sink.end();
  }
  return sink.finish(to, column.validity);
}

/** CHAR, VARCHAR, BINARY, VARBINARY to BINARY or VARBINARY. */
export function anyToBytes(column: Column, to: SizedType): Column {
  if (to.kind === 'VARBINARY' && longest(column) <= to.length) return { ...column, type: to };
  const bytes = column.values as Uint8Array;
  const offsets = column.offsets!;
  const sink = new TextSink(column.length, 8);
  for (let row = 0; row < column.length; row++) {
    if (isValid(column, row)) {
      const length = Math.min(offsets[row + 1]! - offsets[row]!, to.length);
      sink.copy(bytes, offsets[row]!, offsets[row]! + length);
      if (to.kind === 'BINARY') sink.fill(0, to.length - length);
    }
    sink.end();
  }
  return sink.finish(to, column.validity);
}
