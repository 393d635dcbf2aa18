import { describe, expect, it } from 'vitest';
import { xxh64Low } from '../../src/base/xxhash.js';

/** The same hash by the book, with BigInts. */
function reference(bytes: Uint8Array): number {
  const [p1, p2, p3, p4, p5] = [0x9e3779b185ebca87n, 0xc2b2ae3d27d4eb4fn, 0x165667b19e3779f9n, 0x85ebca77c2b2ae63n, 0x27d4eb2f165667c5n];
  const u = (value: bigint) => BigInt.asUintN(64, value);
  const rotate = (value: bigint, bits: bigint) => u((value << bits) | (value >> (64n - bits)));
  const round = (lane: bigint, word: bigint) => u(rotate(u(lane + u(word * p2)), 31n) * p1);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let hash = p5;
  if (bytes.length >= 32) {
    const lanes = [u(p1 + p2), p2, 0n, u(-p1)];
    for (; at + 32 <= bytes.length; at += 32) {
      for (let lane = 0; lane < 4; lane++) lanes[lane] = round(lanes[lane]!, view.getBigUint64(at + 8 * lane, true));
    }
    hash = u(rotate(lanes[0]!, 1n) + rotate(lanes[1]!, 7n) + rotate(lanes[2]!, 12n) + rotate(lanes[3]!, 18n));
    for (const lane of lanes) hash = u((hash ^ round(0n, lane)) * p1 + p4);
  }
  hash = u(hash + BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8) hash = u(rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * p1 + p4);
  for (; at + 4 <= bytes.length; at += 4) hash = u(rotate(hash ^ u(BigInt(view.getUint32(at, true)) * p1), 23n) * p2 + p3);
  for (; at < bytes.length; at++) hash = u(rotate(hash ^ u(BigInt(bytes[at]!) * p5), 11n) * p1);
  hash = u((hash ^ (hash >> 33n)) * p2);
  hash = u((hash ^ (hash >> 29n)) * p3);
  return Number((hash ^ (hash >> 32n)) & 0xffffffffn);
}

describe('XXH64', () => {
  it('has the published hashes', () => {
    expect(xxh64Low(new Uint8Array())).toBe(0x51d8e999);
    expect(xxh64Low(new TextEncoder().encode('abc'))).toBe(0xad770999);
  });

  it('equals the definition at every length', () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => (i * 197 + (i >> 3) * 89) & 0xff);
    for (let length = 0; length <= bytes.length; length++) {
      const part = bytes.subarray(bytes.length - length);
      expect(xxh64Low(part), `${length} bytes`).toBe(reference(part));
    }
  });
});
