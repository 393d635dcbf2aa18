/**
 * The hash of a BinaryRow (MurmurHash3 x86 32-bit, seed 42, over the row without its arity), by which rows are
 * put into buckets. `hashColumns` hashes the rows of columns without making a row object or a BinaryRow each:
 * one scratch row is overwritten.
 *
 * Invariant: `hashColumns` equals `hashRow(serializeRow(...))` of the same values; foreign writers of the table
 * rely on every writer choosing the same bucket.
 */
import { WeirError } from '../base/error.js';
import { type Column, isValid } from '../types/column.js';
import type { DataType } from '../types/data-type.js';
import { decimalToBytes, nullBitsBytes } from './binary-row.js';

const SEED = 42;

function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const h = hash ^ Math.imul(k, 0x1b873593);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number, length_bytes: number): number {
  let h = hash ^ length_bytes;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}

/** Hash of a serialized row (with its arity prefix); a signed 32-bit integer. */
export function hashRow(serialized: Uint8Array): number {
  const view = new DataView(serialized.buffer, serialized.byteOffset, serialized.byteLength);
  let hash = SEED;
  for (let at = 4; at < serialized.length; at += 4) hash = mix(hash, view.getInt32(at, true));
  return finish(hash, serialized.length - 4);
}

/** 0 .. buckets-1: the magnitude of Java's remainder. */
export function bucketOf(hash: number, buckets: number): number {
  return Math.abs(hash % buckets);
}

export class RowHasher {
  readonly #types: readonly DataType[];
  readonly #fixed_bytes: number;
  #scratch: Uint8Array;
  #words: Int32Array;
  /** 32-bit views of the columns in hand, where their elements have 4 bytes or more */
  #halves: readonly Int32Array[] = [];

  constructor(types: readonly DataType[]) {
    this.#types = types;
    this.#fixed_bytes = nullBitsBytes(types.length) + 8 * types.length;
    this.#scratch = new Uint8Array(this.#fixed_bytes + 64);
    this.#words = new Int32Array(this.#scratch.buffer);
  }

  /** One hash a row; the columns are of the types given to the constructor, `length` rows each. */
  hashColumns(columns: readonly Column[], length: number): Int32Array {
    if (columns.length !== this.#types.length) {
      throw new WeirError('INVALID_ARGUMENT', `${columns.length} columns given to a hash of ${this.#types.length}`);
    }
    const hashes = new Int32Array(length);
    const only = columns[0];
    if (columns.length === 1 && only !== undefined) {
      if (only.values instanceof Int32Array) return hashInts(only, length, hashes);
      if (this.#types[0]!.kind === 'BIGINT') return hashLongs(only, length, hashes);
      if (only.offsets !== undefined) return hashBytes(only, length, hashes);
    }
    this.#halves = columns.map((column) => (column.values instanceof Uint8Array ? NO_HALVES : halves(column)));
    for (let row = 0; row < length; row++) hashes[row] = this.#hashAt(columns, row);
    return hashes;
  }

  #hashAt(columns: readonly Column[], row: number): number {
    this.#words.fill(0, 0, this.#fixed_bytes >> 2);
    let end = this.#fixed_bytes;
    let slot = nullBitsBytes(columns.length);
    for (let i = 0; i < columns.length; i++, slot += 8) {
      end = this.#writeField(columns[i]!, row, i, slot, end);
    }
    const words = this.#words;
    let hash = SEED;
    for (let i = 0; i < end >> 2; i++) hash = mix(hash, words[i]!);
    return finish(hash, end);
  }

  /** Writes field i at its slot; returns the new end of the row. */
  #writeField(column: Column, row: number, i: number, slot: number, end: number): number {
    const type = this.#types[i]!;
    const word = slot >> 2;
    if (!isValid(column, row)) {
      this.#scratch[(i + 8) >> 3]! |= 1 << (i & 7);
      const reserved = reservedBytes(type);
      if (reserved > 0) {
        this.#reserve(end, reserved);
        this.#words[word + 1] = end;
      }
      return end + reserved;
    }
    switch (type.kind) {
      case 'BOOLEAN':
        this.#scratch[slot] = ((column.values as Uint8Array)[row >> 3]! >> (row & 7)) & 1;
        return end;
      case 'TINYINT':
        this.#scratch[slot] = (column.values as Int8Array)[row]!;
        return end;
      case 'SMALLINT':
        this.#words[word] = (column.values as Int16Array)[row]! & 0xffff;
        return end;
      case 'INT':
      case 'DATE':
      case 'TIME':
        this.#words[word] = (column.values as Int32Array)[row]!;
        return end;
      case 'FLOAT':
        this.#words[word] = this.#halves[i]![row]!;
        return end;
      case 'BIGINT':
      case 'DOUBLE': {
        const pairs = this.#halves[i]!;
        this.#words[word] = pairs[2 * row]!;
        this.#words[word + 1] = pairs[2 * row + 1]!;
        return end;
      }
      case 'DECIMAL':
        return this.#writeDecimal(column, this.#halves[i]!, row, word, end, type.precision);
      case 'TIMESTAMP':
      case 'TIMESTAMP_LTZ':
        return this.#writeTimestamp(column, this.#halves[i]!, row, word, end, type.precision);
      case 'CHAR':
      case 'VARCHAR':
      case 'BINARY':
      case 'VARBINARY': {
        const bytes = column.values as Uint8Array;
        const start = column.offsets![row]!;
        const size = column.offsets![row + 1]! - start;
        if (size <= 7) {
          for (let b = 0; b < size; b++) this.#scratch[slot + b] = bytes[start + b]!;
          this.#scratch[slot + 7] = 0x80 | size;
          return end;
        }
        const padded = (size + 7) & ~7;
        this.#reserve(end, padded);
        this.#words[word] = size;
        this.#words[word + 1] = end;
        for (let b = 0; b < size; b++) this.#scratch[end + b] = bytes[start + b]!;
        return end + padded;
      }
      default:
        throw new WeirError('INVALID_ARGUMENT', `a column of type ${type.kind} cannot be a bucket key`);
    }
  }

  #writeDecimal(column: Column, quads: Int32Array, row: number, word: number, end: number, precision: number): number {
    if (precision <= 18) {
      this.#words[word] = quads[4 * row]!;
      this.#words[word + 1] = quads[4 * row + 1]!;
      return end;
    }
    const values = column.values as BigInt64Array;
    const digits = decimalToBytes((values[2 * row + 1]! << 64n) | BigInt.asUintN(64, values[2 * row]!));
    this.#reserve(end, 16);
    this.#words[word] = digits.length;
    this.#words[word + 1] = end;
    this.#scratch.set(digits, end);
    return end + 16;
  }

  #writeTimestamp(column: Column, parts: Int32Array, row: number, word: number, end: number, precision: number): number {
    if (precision <= 3) {
      this.#words[word] = parts[2 * row]!;
      this.#words[word + 1] = parts[2 * row + 1]!;
      return end;
    }
    this.#reserve(end, 8);
    this.#words[word + 1] = end;
    if (precision > 6) {
      const values = column.values as BigInt64Array;
      const nanos = (values[2 * row + 1]! << 64n) | BigInt.asUintN(64, values[2 * row]!);
      const rest = ((nanos % 1000000n) + 1000000n) % 1000000n;
      const millis = (nanos - rest) / 1000000n;
      this.#words[word] = Number(rest);
      this.#words[end >> 2] = Number(BigInt.asIntN(32, millis));
      this.#words[(end >> 2) + 1] = Number(BigInt.asIntN(32, millis >> 32n));
      return end + 8;
    }
    // long division of the 64-bit µs by 1000 in two 32-bit digits: exact in doubles, and no BigInt a row
    const high = parts[2 * row + 1]!;
    const quotientHigh = Math.floor(high / 1000);
    const carried = (high - quotientHigh * 1000) * 4294967296 + (parts[2 * row]! >>> 0);
    const quotientLow = Math.floor(carried / 1000);
    this.#words[word] = (carried - quotientLow * 1000) * 1000;
    this.#words[end >> 2] = quotientLow | 0;
    this.#words[(end >> 2) + 1] = quotientHigh;
    return end + 8;
  }

  /** Room for `size` zero bytes at `end`. */
  #reserve(end: number, size: number): void {
    if (end + size > this.#scratch.length) {
      const larger = new Uint8Array((2 * (end + size) + 7) & ~7);
      larger.set(this.#scratch);
      this.#scratch = larger;
      this.#words = new Int32Array(larger.buffer);
    }
    this.#scratch.fill(0, end, end + size);
  }
}

/** Bytes a null of this type takes of the variable part. */
function reservedBytes(type: DataType): number {
  if (type.kind === 'DECIMAL') return type.precision > 18 ? 16 : 0;
  if (type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ') return type.precision > 3 ? 8 : 0;
  return 0;
}

/** 32-bit view of a column's 4-, 8- or 16-byte elements. */
function halves(column: Column): Int32Array {
  const values = column.values!;
  return new Int32Array(values.buffer, values.byteOffset, values.byteLength >> 2);
}

const NO_HALVES = new Int32Array();
const NULL_BIT = 0x100;

function hashInts(column: Column, length: number, hashes: Int32Array): Int32Array {
  const values = column.values as Int32Array;
  const base = mix(mix(SEED, 0), 0);
  const ofNull = finish(mix(mix(mix(mix(SEED, NULL_BIT), 0), 0), 0), 16);
  for (let row = 0; row < length; row++) {
    hashes[row] = isValid(column, row) ? finish(mix(mix(base, values[row]!), 0), 16) : ofNull;
  }
  return hashes;
}

function hashLongs(column: Column, length: number, hashes: Int32Array): Int32Array {
  const pairs = halves(column);
  const base = mix(mix(SEED, 0), 0);
  const ofNull = finish(mix(mix(mix(mix(SEED, NULL_BIT), 0), 0), 0), 16);
  for (let row = 0; row < length; row++) {
    hashes[row] = isValid(column, row) ? finish(mix(mix(base, pairs[2 * row]!), pairs[2 * row + 1]!), 16) : ofNull;
  }
  return hashes;
}

function hashBytes(column: Column, length: number, hashes: Int32Array): Int32Array {
  const bytes = column.values as Uint8Array;
  const offsets = column.offsets!;
  const base = mix(mix(SEED, 0), 0);
  const ofNull = finish(mix(mix(mix(mix(SEED, NULL_BIT), 0), 0), 0), 16);
  for (let row = 0; row < length; row++) {
    if (!isValid(column, row)) {
      hashes[row] = ofNull;
      continue;
    }
    let at = offsets[row]!;
    const end = offsets[row + 1]!;
    const size = end - at;
    if (size <= 7) {
      let low = 0;
      let high = (0x80 | size) << 24;
      for (let b = 0; b < size; b++) {
        if (b < 4) low |= bytes[at + b]! << (8 * b);
        else high |= bytes[at + b]! << (8 * (b - 4));
      }
      hashes[row] = finish(mix(mix(base, low), high), 16);
      continue;
    }
    // the slot: length, and the offset 16 of the bytes
    let hash = mix(mix(base, size), 16);
    for (; at + 4 <= end; at += 4) {
      hash = mix(hash, bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    }
    const padded = (size + 7) & ~7;
    let last = 0;
    for (let b = 0; at + b < end; b++) last |= bytes[at + b]! << (8 * b);
    for (let words = (padded - (size & ~3)) >> 2; words > 0; words--) {
      hash = mix(hash, last);
      last = 0;
    }
    hashes[row] = finish(hash, 16 + padded);
  }
  return hashes;
}
