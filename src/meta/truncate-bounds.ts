/**
 * Bounds of texts and bytes cut to a length: the minimum is a prefix, the maximum a prefix rounded up.
 *
 *   text, 4    'abcde' .. 'abcde'   ->  'abcd' .. 'abce'       code points are counted and incremented
 *   bytes, 2   01ff03 .. 01ff03     ->   01ff .. 02            ff cannot be incremented: what follows is dropped
 *
 * Invariant: min <= every value <= max; a maximum that cannot be rounded up leaves no bounds at all.
 */
import { isUtf8 } from 'node:buffer';
import type { Datum } from '../types/datum.js';

const MAX_CODE_POINT = 0x10ffff;

export function truncateBounds(text: boolean, min: Uint8Array, max: Uint8Array, length: number): { min: Datum; max: Datum } {
  const upper = text ? roundUpText(max, length) : roundUpBytes(max, length);
  if (upper === null) return { min: null, max: null };
  return { min: text ? min.subarray(0, prefixBytes(min, length)) : min.subarray(0, length), max: upper };
}

/** How many bytes the first `length` code points take. */
function prefixBytes(utf8: Uint8Array, length: number): number {
  if (utf8.length <= length) return utf8.length;
  let points = 0;
  let at = 0;
  while (at < utf8.length) {
    if ((utf8[at]! & 0xc0) !== 0x80 && points++ === length) return at;
    at++;
  }
  return at;
}

function roundUpText(utf8: Uint8Array, length: number): Uint8Array | null {
  const end = prefixBytes(utf8, length);
  if (end === utf8.length) return utf8;
  // bytes that are no text have no next character
  if (!isUtf8(utf8.subarray(0, end))) return null;
  const points = Array.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(utf8.subarray(0, end)), (char) => char.codePointAt(0)!);
  for (let last = points.length - 1; last >= 0; last--) {
    if (points[last]! === MAX_CODE_POINT) continue;
    // surrogates are no characters: what follows U+D7FF is U+E000
    const next = points[last]! === 0xd7ff ? 0xe000 : points[last]! + 1;
    return new TextEncoder().encode(String.fromCodePoint(...points.slice(0, last), next));
  }
  return null;
}

function roundUpBytes(bytes: Uint8Array, length: number): Uint8Array | null {
  if (bytes.length <= length) return bytes;
  for (let last = length - 1; last >= 0; last--) {
    if (bytes[last]! === 0xff) continue;
    const upper = new Uint8Array(bytes.subarray(0, last + 1));
    upper[last]!++;
    return upper;
  }
  return null;
}
