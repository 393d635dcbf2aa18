/**
 * DELTA_BINARY_PACKED: integers as blocks of bit-packed differences.
 *
 *   header   varint block size | varint mini-blocks a block | varint total count | zigzag first value
 *   block    zigzag least difference | a bit width a mini-block | mini-blocks
 *
 * 64-bit values are computed as two 32-bit words. Sums wrap, as the format says.
 */
import { malformed } from './malformed.js';

/** Values of one stream, and where the next bytes begin. `words` are (low, high) pairs for 64 bits. */
export interface DeltaValues {
  readonly count: number;
  readonly words: Int32Array;
  readonly end: number;
}

const MAX_BLOCK = 1 << 20;

export function decodeDelta(src: Uint8Array, start: number, end: number, maxCount: number, wide: boolean): DeltaValues {
  const cursor = new VarintCursor(src, start, end);
  const blockSize = cursor.varint();
  const miniBlocks = cursor.varint();
  const count = cursor.varint();
  if (miniBlocks === 0 || blockSize === 0 || blockSize > MAX_BLOCK || blockSize % miniBlocks !== 0) malformed('bad delta blocks');
  if (count > maxCount) malformed('more delta values than the page has');
  const perMini = blockSize / miniBlocks;
  const stride = wide ? 2 : 1;
  const words = new Int32Array(count * stride);
  cursor.zigzag64();
  let low = cursor.low;
  let high = cursor.high;
  let made = 0;
  if (count > 0) {
    words[0] = low;
    if (wide) words[1] = high;
    made = 1;
  }
  while (made < count) {
    cursor.zigzag64();
    const minLow = cursor.low;
    const minHigh = cursor.high;
    const widths = cursor.at;
    cursor.at += miniBlocks;
    if (cursor.at > end) malformed('delta blocks end too early');
    for (let mini = 0; mini < miniBlocks && made < count; mini++) {
      const width = src[widths + mini]!;
      if (width > 64) malformed(`deltas of ${width} bits`);
      const used = Math.min(perMini, count - made);
      if (Math.ceil((used * width) / 8) > end - cursor.at) malformed('delta blocks end too early');
      let bit = cursor.at * 8;
      for (let i = 0; i < used; i++, bit += width) {
        let addLow = 0;
        let addHigh = 0;
        if (width > 0) {
          addLow = readBits(src, bit, Math.min(width, 32));
          if (width > 32) addHigh = readBits(src, bit + 32, width - 32);
        }
        let sum = (low >>> 0) + (addLow >>> 0);
        high = (high + addHigh + (sum > 0xffffffff ? 1 : 0)) | 0;
        low = sum | 0;
        sum = (low >>> 0) + (minLow >>> 0);
        high = (high + minHigh + (sum > 0xffffffff ? 1 : 0)) | 0;
        low = sum | 0;
        words[made * stride] = low;
        if (wide) words[made * 2 + 1] = high;
        made++;
      }
      cursor.at = Math.min(end, cursor.at + (perMini * width) / 8);
    }
  }
  return { count, words, end: cursor.at };
}

/** `width` <= 32 bits from bit `position`, least significant first. */
function readBits(src: Uint8Array, position: number, width: number): number {
  let value = 0;
  let have = 0;
  let bit = position;
  while (have < width) {
    const offset = bit & 7;
    const take = Math.min(8 - offset, width - have);
    // beyond 2^28 bytes `bit >> 3` would overflow
    value |= ((src[Math.floor(bit / 8)]! >> offset) & ((1 << take) - 1)) << have;
    have += take;
    bit += take;
  }
  return value;
}

class VarintCursor {
  at: number;
  low = 0;
  high = 0;
  readonly #src: Uint8Array;
  readonly #end: number;

  constructor(src: Uint8Array, at: number, end: number) {
    this.#src = src;
    this.at = at;
    this.#end = end;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 42; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return malformed('a delta count is too large');
  }

  /** into `low` and `high` */
  zigzag64(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      if (shift > 63) malformed('a delta is too large');
      const byte = this.#byte();
      const bits = byte & 127;
      if (shift < 32) low |= bits << shift;
      if (shift > 25) high |= shift < 32 ? bits >>> (32 - shift) : bits << (shift - 32);
      if (byte < 128) break;
    }
    const sign = -(low & 1);
    this.low = ((low >>> 1) | (high << 31)) ^ sign;
    this.high = (high >>> 1) ^ sign;
  }

  #byte(): number {
    if (this.at >= this.#end) malformed('delta values end too early');
    return this.#src[this.at++]!;
  }
}
