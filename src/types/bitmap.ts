/**
 * Bits packed least significant first, as validity and BOOLEAN columns hold them.
 *
 * Invariant: functions that write leave bits outside the range they were given as they were.
 */
export function bitmapBytes(length: number): number {
  return (length + 7) >> 3;
}

export function getBit(bits: Uint8Array, index: number): boolean {
  return ((bits[index >> 3]! >> (index & 7)) & 1) === 1;
}

export function setBit(bits: Uint8Array, index: number): void {
  bits[index >> 3]! |= 1 << (index & 7);
}

/** Sets bits start … end-1. */
export function setBits(bits: Uint8Array, start: number, end: number): void {
  let at = start;
  while (at < end && (at & 7) !== 0) setBit(bits, at++);
  if (end - at >= 8) {
    const bytes = (end - at) >> 3;
    bits.fill(0xff, at >> 3, (at >> 3) + bytes);
    at += bytes << 3;
  }
  while (at < end) setBit(bits, at++);
}

/** Ors `count` bits of `from` at `start` into `to` at `at`, where they must be zero. */
export function copyBits(from: Uint8Array, start: number, to: Uint8Array, at: number, count: number): void {
  let read = start;
  let write = at;
  const end = at + count;
  while (write < end && (write & 7) !== 0) {
    to[write >> 3]! |= ((from[read >> 3]! >> (read & 7)) & 1) << (write & 7);
    read++;
    write++;
  }
  const shift = read & 7;
  const bytes = (end - write) >> 3;
  if (bytes > 0) {
    const source = read >> 3;
    const target = write >> 3;
    if (shift === 0) to.set(from.subarray(source, source + bytes), target);
    else {
      for (let i = 0; i < bytes; i++) to[target + i] = (from[source + i]! >> shift) | (from[source + i + 1]! << (8 - shift));
    }
    read += bytes << 3;
    write += bytes << 3;
  }
  while (write < end) {
    to[write >> 3]! |= ((from[read >> 3]! >> (read & 7)) & 1) << (write & 7);
    read++;
    write++;
  }
}

/** How many of the first `length` bits are set. */
export function countBits(bits: Uint8Array, length: number): number {
  let count = 0;
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) count += POPULATION[bits[i]!]!;
  if ((length & 7) !== 0) count += POPULATION[bits[whole]! & ((1 << (length & 7)) - 1)]!;
  return count;
}

const POPULATION = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  return count;
});
