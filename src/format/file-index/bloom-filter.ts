/**
 * A Bloom filter over the values of a column that are there.
 *
 *   hash functions i32 ┆ bits, the lowest of a byte first
 *
 * A value is absent when one of its bits is: h1 + i·h2 for i = 1..k, with h1 and h2 the halves of its 64-bit hash.
 * Source: Kirsch, Mitzenmacher, "Less Hashing, Same Performance: Building a Better Bloom Filter" (2006).
 */
import type { BoundLeaf } from '../../types/predicate.js';
import { BigEndianReader } from './big-endian-reader.js';
import type { ColumnIndex } from './column-index.js';
import { indexHashes } from './index-value.js';

/** more hash functions than any false-positive rate asks for */
const MAX_HASHES = 1024;

/** @throws WeirError CORRUPTION naming `file` */
export function readBloomFilter(bytes: Uint8Array, file: string): ColumnIndex {
  const reader = new BigEndianReader(bytes, file);
  const hashes = reader.int32();
  const bits = reader.take(bytes.length - reader.position);
  if (hashes < 1 || hashes > MAX_HASHES || bits.length === 0) {
    throw reader.damaged(`a Bloom filter of ${hashes} hash functions and ${bits.length} bytes`);
  }
  const mayHold = (leaf: BoundLeaf, value: Parameters<typeof indexHashes>[1]) =>
    indexHashes(leaf.type, value)?.some((hash) => hasHash(bits, hashes, hash)) ?? true;
  return {
    mayPass(leaf) {
      if (leaf.op === 'compare' && leaf.test === 'eq') return mayHold(leaf, leaf.value);
      if (leaf.op === 'in') return leaf.values.some((value) => mayHold(leaf, value));
      return true;
    },
  };
}

function hasHash(bits: Uint8Array, hashes: number, hash: bigint): boolean {
  const h1 = Number(BigInt.asIntN(32, hash));
  const h2 = Number(BigInt.asIntN(32, hash >> 32n));
  for (let i = 1; i <= hashes; i++) {
    const combined = (h1 + Math.imul(i, h2)) | 0;
    const bit = (combined < 0 ? ~combined : combined) % (bits.length * 8);
    if (((bits[bit >> 3]! >> (bit & 7)) & 1) === 0) return false;
  }
  return true;
}
