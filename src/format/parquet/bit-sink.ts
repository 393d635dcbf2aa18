/**
 * Bits appended one run after another, least significant first: validity and BOOLEAN values in the making.
 *
 * Invariants: bits from `length` on are zero; the capacity given is never passed (malformed).
 */
import { bitmapBytes, copyBits, countBits, setBits } from '../../types/bitmap.js';
import { malformed } from './malformed.js';

export class BitSink {
  readonly bits: Uint8Array;
  readonly #capacity: number;
  length = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.bits = new Uint8Array(bitmapBytes(capacity));
  }

  appendRun(bit: boolean, count: number): void {
    this.#check(count);
    if (bit) setBits(this.bits, this.length, this.length + count);
    this.length += count;
  }

  /** `count` bits of `from`, the first at bit `start`. */
  append(from: Uint8Array, start: number, count: number): void {
    this.#check(count);
    copyBits(from, start, this.bits, this.length, count);
    this.length += count;
  }

  #check(count: number): void {
    if (count > this.#capacity - this.length) malformed('more values than the row group has');
  }
}

/** How many of bits start … end-1 are set. */
export function countRange(bits: Uint8Array, start: number, end: number): number {
  let count = 0;
  let at = start;
  for (; at < end && (at & 7) !== 0; at++) count += (bits[at >> 3]! >> (at & 7)) & 1;
  const whole = at >> 3;
  const bytes = (end - at) >> 3;
  if (bytes > 0) {
    count += countBits(bits.subarray(whole, whole + bytes), bytes * 8);
    at += bytes * 8;
  }
  for (; at < end; at++) count += (bits[at >> 3]! >> (at & 7)) & 1;
  return count;
}

/** `length` bits: bit i is the next bit of `dense` where `validity` has bit i, else 0. */
export function spreadBits(dense: Uint8Array, validity: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(bitmapBytes(length));
  let next = 0;
  for (let i = 0; i < length; i++) {
    if (((validity[i >> 3]! >> (i & 7)) & 1) === 0) continue;
    out[i >> 3]! |= ((dense[next >> 3]! >> (next & 7)) & 1) << (i & 7);
    next++;
  }
  return out;
}
