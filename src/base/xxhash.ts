/**
 * XXH64 (Yann Collet's xxHash, 64 bits), seed 0: the hash of texts in file indexes; its low 32 bits are the checksum of a zstd
 * frame.
 *
 * 64-bit words are pairs of 32-bit halves kept in an Int32Array: a BigInt a word would be some fifty times slower.
 */

/** low and high half of the five primes */
const P1 = [0x85ebca87, 0x9e3779b1] as const;
const P2 = [0x27d4eb4f, 0xc2b2ae3d] as const;
const P3 = [0x9e3779f9, 0x165667b1] as const;
const P4 = [0xc2b2ae63, 0x85ebca77] as const;
const P5 = [0x165667c5, 0x27d4eb2f] as const;

/** The accumulator of the operations below: low and high half of the last result. */
let low = 0;
let high = 0;

function set(l: number, h: number): void {
  low = l | 0;
  high = h | 0;
}

function add(l: number, h: number): void {
  const sum = (low >>> 0) + (l >>> 0);
  low = sum | 0;
  high = (high + h + (sum > 0xffffffff ? 1 : 0)) | 0;
}

function multiply([l, h]: readonly [number, number]): void {
  high = (highProduct(low, l) + Math.imul(low, h) + Math.imul(high, l)) | 0;
  low = Math.imul(low, l);
}

/** The upper 32 bits of the product of two unsigned 32-bit numbers. */
function highProduct(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const middle = (Math.imul(a1, b0) >>> 0) + (Math.imul(a0, b0) >>> 16);
  const lower = (Math.imul(a0, b1) >>> 0) + (middle & 0xffff);
  return (Math.imul(a1, b1) + (middle >>> 16) + (lower >>> 16)) | 0;
}

/** One of the four accumulators over all stripes; nearly all of the time is spent here, so it works on locals. */
function runLane(view: DataView, from: number, stripes: number, lanes: Int32Array, at: number): void {
  let l = lanes[at]!;
  let h = lanes[at + 1]!;
  for (let stripe = 0, position = from; stripe < stripes; stripe++, position += 32) {
    const wordLow = view.getInt32(position, true);
    const wordHigh = view.getInt32(position + 4, true);
    // lane += word * P2
    const sum = (l >>> 0) + (Math.imul(wordLow, P2[0]) >>> 0);
    h = (h + highProduct(wordLow, P2[0]) + Math.imul(wordLow, P2[1]) + Math.imul(wordHigh, P2[0]) + (sum > 0xffffffff ? 1 : 0)) | 0;
    l = sum | 0;
    // lane = rotate(lane, 31) * P1
    const rotatedLow = (l << 31) | (h >>> 1);
    const rotatedHigh = (h << 31) | (l >>> 1);
    h = (highProduct(rotatedLow, P1[0]) + Math.imul(rotatedLow, P1[1]) + Math.imul(rotatedHigh, P1[0])) | 0;
    l = Math.imul(rotatedLow, P1[0]);
  }
  lanes[at] = l;
  lanes[at + 1] = h;
}

function rotate(bits: number): void {
  const l = low;
  const h = high;
  if (bits < 32) {
    low = (l << bits) | (h >>> (32 - bits));
    high = (h << bits) | (l >>> (32 - bits));
  } else {
    low = (h << (bits - 32)) | (l >>> (64 - bits));
    high = (l << (bits - 32)) | (h >>> (64 - bits));
  }
}

function xorShiftRight(bits: number): void {
  const l = low;
  const h = high;
  if (bits < 32) {
    low = l ^ ((l >>> bits) | (h << (32 - bits)));
    high = h ^ (h >>> bits);
  } else {
    low = l ^ (h >>> (bits - 32));
  }
}

/** round(0, word) left in the accumulator */
function scramble(l: number, h: number): void {
  set(l, h);
  multiply(P2);
  rotate(31);
  multiply(P1);
}

/** The low 32 bits of XXH64(bytes, seed 0), unsigned. */
export function xxh64Low(bytes: Uint8Array): number {
  hash(bytes);
  return low >>> 0;
}

/** XXH64(bytes, seed 0) as a signed 64-bit integer. */
export function xxh64(bytes: Uint8Array): bigint {
  hash(bytes);
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

/** leaves the hash in the accumulator */
function hash(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length;
  let at = 0;
  if (length >= 32) {
    const lanes = new Int32Array(8);
    set(...P1);
    add(...P2);
    lanes.set([low, high], 0);
    lanes.set(P2, 2);
    set(~P1[0], ~P1[1]);
    add(1, 0);
    lanes.set([low, high], 6);
    const stripes = Math.floor(length / 32);
    for (let lane = 0; lane < 4; lane++) runLane(view, 8 * lane, stripes, lanes, 2 * lane);
    at = 32 * stripes;
    let sumLow = 0;
    let sumHigh = 0;
    for (const [lane, bits] of [1, 7, 12, 18].entries()) {
      set(lanes[2 * lane]!, lanes[2 * lane + 1]!);
      rotate(bits);
      add(sumLow, sumHigh);
      sumLow = low;
      sumHigh = high;
    }
    for (let lane = 0; lane < 4; lane++) {
      scramble(lanes[2 * lane]!, lanes[2 * lane + 1]!);
      set(low ^ sumLow, high ^ sumHigh);
      multiply(P1);
      add(...P4);
      sumLow = low;
      sumHigh = high;
    }
  } else {
    set(...P5);
  }
  add(length, 0);
  for (; at + 8 <= length; at += 8) {
    const hashLow = low;
    const hashHigh = high;
    scramble(view.getInt32(at, true), view.getInt32(at + 4, true));
    set(low ^ hashLow, high ^ hashHigh);
    rotate(27);
    multiply(P1);
    add(...P4);
  }
  if (at + 4 <= length) {
    const hashLow = low;
    const hashHigh = high;
    set(view.getInt32(at, true), 0);
    multiply(P1);
    set(low ^ hashLow, high ^ hashHigh);
    rotate(23);
    multiply(P2);
    add(...P3);
    at += 4;
  }
  for (; at < length; at++) {
    const hashLow = low;
    const hashHigh = high;
    set(bytes[at]!, 0);
    multiply(P5);
    set(low ^ hashLow, high ^ hashHigh);
    rotate(11);
    multiply(P1);
  }
  xorShiftRight(33);
  multiply(P2);
  xorShiftRight(29);
  multiply(P3);
  xorShiftRight(32);
}
