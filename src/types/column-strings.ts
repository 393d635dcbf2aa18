/**
 * Text out of a string column.
 *
 * Decoding a value costs a call into Node; decoding a stretch of values at once and cutting it up does not, as long as
 * the stretch is ASCII, where bytes and characters are the same. A long string cut from a stretch keeps the
 * stretch in memory, so stretches are kept short by the callers (`ROWS_PER_STRETCH`).
 */
import { isAscii } from 'node:buffer';
import type { Column } from './column.js';

export const ROWS_PER_STRETCH = 1024;
const MAX_STRETCH_BYTES = 1 << 20;

/** The strings of rows start … end-1; '' stands where a value is missing. */
export function stringsOf(column: Column, start: number, end: number): string[] {
  const values = column.values as Uint8Array;
  const offsets = column.offsets!;
  const out: string[] = new Array(end - start);
  const first = offsets[start]!;
  const size_bytes = offsets[end]! - first;
  const bytes = Buffer.from(values.buffer, values.byteOffset + first, size_bytes);
  if (size_bytes <= MAX_STRETCH_BYTES && isAscii(bytes)) {
    const all = bytes.toString('latin1');
    for (let i = start; i < end; i++) out[i - start] = all.substring(offsets[i]! - first, offsets[i + 1]! - first);
  } else {
    for (let i = start; i < end; i++) out[i - start] = bytes.toString('utf8', offsets[i]! - first, offsets[i + 1]! - first);
  }
  return out;
}
