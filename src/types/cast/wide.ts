/**
 * 64 and 128 bit integers seen as 32 bit words, so that the common case needs no BigInt.
 *
 *   int64   [low, high]              int128   [w0, w1, w2, w3], w0 lowest
 *
 * Invariants: `small…` gives the exact value when it is within ±2^53 and NaN otherwise; `put…` takes whole numbers
 * (any double of magnitude below 2^63). Words are in the machine's order, which is little-endian wherever Node.js runs.
 */
const WORD = 0x1_0000_0000;
const SAFE_HIGH = 0x20_0000;

export function wordsOf(values: BigInt64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2);
}

export function smallInt64(words: Int32Array, index: number): number {
  const high = words[index * 2 + 1]!;
  if (high < -SAFE_HIGH || high >= SAFE_HIGH) return Number.NaN;
  return high * WORD + (words[index * 2]! >>> 0);
}

export function smallInt128(words: Int32Array, index: number): number {
  const at = index * 4;
  const high = words[at + 1]!;
  const sign = high >> 31;
  if (words[at + 2] !== sign || words[at + 3] !== sign || high < -SAFE_HIGH || high >= SAFE_HIGH) return Number.NaN;
  return high * WORD + (words[at]! >>> 0);
}

export function putInt64(words: Int32Array, index: number, value: number): void {
  words[index * 2] = value;
  words[index * 2 + 1] = Math.floor(value / WORD);
}

export function putInt128(words: Int32Array, index: number, value: number): void {
  const at = index * 4;
  const sign = value < 0 ? -1 : 0;
  words[at] = value;
  words[at + 1] = Math.floor(value / WORD);
  words[at + 2] = sign;
  words[at + 3] = sign;
}

/** The double nearest to element `index`: one rounding, since both halves are exact. */
export function int64ToDouble(words: Int32Array, index: number): number {
  return words[index * 2 + 1]! * WORD + (words[index * 2]! >>> 0);
}

/**
 * The float nearest to element `index`, as a double. Going through a double would round twice, so large values first
 * lose 11 bits "to odd": the lost bits only leave the mark that they were there.
 */
export function int64ToFloat(words: Int32Array, index: number): number {
  const exact = smallInt64(words, index);
  if (!Number.isNaN(exact)) return Math.fround(exact);
  const low = words[index * 2]! >>> 0;
  const shifted = words[index * 2 + 1]! * 0x20_0000 + (low >>> 11);
  const sticky = (low & 2047) !== 0 && shifted % 2 === 0 ? 1 : 0;
  return Math.fround(shifted + sticky) * 2048;
}
