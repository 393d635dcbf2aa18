/**
 * Bucket numbers of whole columns of rows, by the functions `bucket-function.type` names.
 *
 *   default   |murmur(BinaryRow of the bucket key) % n|
 *   mod       one INT or BIGINT: floorMod(value, n)
 *   hive      Hive's 31-polynomial over the fields' hash codes
 *
 * Invariant: equal to Paimon's Java functions; a row in the wrong bucket is a duplicate key for ever.
 */
import { WeirError } from '../base/error.js';
import { type Column, isValid } from '../types/column.js';
import type { DataType } from '../types/data-type.js';
import { bucketOf, RowHasher } from './row-hash.js';

/** @param buckets number of buckets, > 0. The result has one bucket a row, 0..buckets-1. */
export function bucketsOf(
  functionType: string,
  columns: readonly Column[],
  types: readonly DataType[],
  length: number,
  buckets: number,
): Int32Array {
  switch (functionType) {
    case 'default': {
      const hashes = buckets === 1 ? new Int32Array(length) : new RowHasher(types).hashColumns(columns, length);
      for (let row = 0; row < length; row++) hashes[row] = bucketOf(hashes[row]!, buckets);
      return hashes;
    }
    case 'mod':
      return modBuckets(columns, types, length, buckets);
    case 'hive': {
      const hashes = hiveHashes(columns, types, length);
      for (let row = 0; row < length; row++) hashes[row] = (hashes[row]! & 0x7fffffff) % buckets;
      return hashes;
    }
    default:
      throw new WeirError('UNSUPPORTED', `bucket-function.type ${functionType} is not known; there are default, mod and hive`);
  }
}

function modBuckets(columns: readonly Column[], types: readonly DataType[], length: number, buckets: number): Int32Array {
  const column = columns[0];
  const kind = types[0]?.kind;
  if (columns.length !== 1 || column === undefined || (kind !== 'INT' && kind !== 'BIGINT')) {
    throw new WeirError('INVALID_ARGUMENT', 'bucket-function.type mod needs one bucket key of type INT or BIGINT');
  }
  const result = new Int32Array(length);
  for (let row = 0; row < length; row++) {
    if (!isValid(column, row)) throw new WeirError('INVALID_ARGUMENT', 'bucket-function.type mod has no bucket for a null key');
    if (kind === 'INT') {
      const value = (column.values as Int32Array)[row]!;
      result[row] = ((value % buckets) + buckets) % buckets;
    } else {
      const count = BigInt(buckets);
      const value = (column.values as BigInt64Array)[row]!;
      result[row] = Number(((value % count) + count) % count);
    }
  }
  return result;
}

function hiveHashes(columns: readonly Column[], types: readonly DataType[], length: number): Int32Array {
  const result = new Int32Array(length);
  for (let i = 0; i < columns.length; i++) {
    const hashOf = hiveHash(columns[i]!, types[i]!);
    for (let row = 0; row < length; row++) {
      result[row] = (Math.imul(31, result[row]!) + (isValid(columns[i]!, row) ? hashOf(row) : 0)) | 0;
    }
  }
  return result;
}

/** The hash code of one present value by its row. */
function hiveHash(column: Column, type: DataType): (row: number) => number {
  switch (type.kind) {
    case 'BOOLEAN':
      return (row) => ((column.values as Uint8Array)[row >> 3]! >> (row & 7)) & 1;
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'DATE':
      return (row) => (column.values as Int32Array)[row]!;
    case 'BIGINT': {
      const halves = new Int32Array(column.values!.buffer, column.values!.byteOffset, 2 * column.length);
      return (row) => halves[2 * row]! ^ halves[2 * row + 1]!;
    }
    case 'FLOAT': {
      const bits = new Int32Array(1);
      const value = new Float32Array(bits.buffer);
      return (row) => {
        value[0] = (column.values as Float32Array)[row]! + 0;
        return bits[0]!;
      };
    }
    case 'DOUBLE': {
      const bits = new Int32Array(2);
      const value = new Float64Array(bits.buffer);
      return (row) => {
        value[0] = (column.values as Float64Array)[row]! + 0;
        return bits[0]! ^ bits[1]!;
      };
    }
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY':
      return (row) => {
        const bytes = column.values as Uint8Array;
        let hash = 0;
        for (let at = column.offsets![row]!; at < column.offsets![row + 1]!; at++)
          hash = (Math.imul(31, hash) + ((bytes[at]! << 24) >> 24)) | 0;
        return hash;
      };
    case 'DECIMAL': {
      const values = column.values as BigInt64Array;
      return (row) => decimalHash((values[2 * row + 1]! << 64n) | BigInt.asUintN(64, values[2 * row]!), type.scale);
    }
    default:
      throw new WeirError('UNSUPPORTED', `bucket-function.type hive has no hash for the type ${type.kind}`);
  }
}

/** Java's BigDecimal.hashCode of the value without trailing zeros: 31 * BigInteger.hashCode + scale. */
function decimalHash(unscaled: bigint, scale: number): number {
  if (unscaled === 0n) return 0;
  let digits = unscaled;
  let places = scale;
  while (digits % 10n === 0n) {
    digits /= 10n;
    places--;
  }
  const magnitude = digits < 0n ? -digits : digits;
  let hash = 0;
  for (const word of wordsOf(magnitude)) hash = (Math.imul(31, hash) + word) | 0;
  return (Math.imul(31, digits < 0n ? -hash : hash) + places) | 0;
}

/** 32-bit words, highest first. */
function wordsOf(magnitude: bigint): number[] {
  const words: number[] = [];
  for (let rest = magnitude; rest > 0n; rest >>= 32n) words.unshift(Number(rest & 0xffffffffn) | 0);
  return words;
}
