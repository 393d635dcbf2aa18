/**
 * Roaring bitmaps in their portable format (the RoaringFormatSpec of the Roaring project), read into plain bits.
 *
 *   cookie, count │ which are runs (1 bit each) │ key, cardinality - 1 (u16 each) │ offsets │ containers        little-endian
 *
 *   container of key k: values k·65536 …        array    ≤ 4096 values, u16 each, ascending
 *                                               bitmap   > 4096 values, 8192 bytes
 *                                               run      n, then n × (first, length - 1), ascending
 *
 * Invariants: nothing is read beyond the bytes, no bit is set at or beyond `length`; the work is bounded by the bytes and by
 * `length`; every cardinality told is the one found. What breaks a rule is thrown as Malformed.
 */
import { countBits, setBit, setBits } from '../types/bitmap.js';
import { malformed } from './parquet/malformed.js';

const COOKIE_PLAIN = 12346;
/** with the number of containers - 1 in the upper 16 bits */
const COOKIE_RUNS = 12347;
/** with run containers, offsets are there from so many containers on */
const OFFSETS_FROM = 4;
const MAX_ARRAY = 4096;
const CONTAINER_VALUES = 65_536;
const CONTAINER_BYTES = CONTAINER_VALUES / 8;

export interface RoaringEnd {
  /** just after the bitmap */
  readonly offset: number;
  /** values in it */
  readonly cardinality: number;
}

/**
 * Sets the bits of the bitmap at `offset`.
 *
 * @param bits where to set them, all zero before
 * @param length every value is below it
 */
export function readRoaring(bytes: Uint8Array, offset: number, bits: Uint8Array, length: number): RoaringEnd {
  const reader = new ContainerReader(bytes, offset, bits, length);
  return { cardinality: reader.readAll(), offset: reader.offset };
}

class ContainerReader {
  offset: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #bits: Uint8Array;
  readonly #length: number;

  constructor(bytes: Uint8Array, offset: number, bits: Uint8Array, length: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.offset = offset;
    this.#bits = bits;
    this.#length = length;
  }

  readAll(): number {
    const cookie = this.#view.getUint32(this.#skip(4), true);
    const hasRuns = (cookie & 0xffff) === COOKIE_RUNS;
    if (!hasRuns && cookie !== COOKIE_PLAIN) malformed(`${cookie} is no cookie of a roaring bitmap`);
    const count = hasRuns ? (cookie >>> 16) + 1 : this.#view.getUint32(this.#skip(4), true);
    if (count > CONTAINER_VALUES) malformed(`a roaring bitmap of ${count} containers`);
    const runs = hasRuns ? this.#skip((count + 7) >> 3) : 0;
    const header = this.#skip(count * 4);
    if (!hasRuns || count >= OFFSETS_FROM) this.#skip(count * 4);
    let total = 0;
    let lastKey = -1;
    for (let i = 0; i < count; i++) {
      const key = this.#u16(header + i * 4);
      const cardinality = this.#u16(header + i * 4 + 2) + 1;
      if (key <= lastKey) malformed('roaring containers out of order');
      lastKey = key;
      const first = key * CONTAINER_VALUES;
      if (hasRuns && ((this.#bytes[runs + (i >> 3)]! >> (i & 7)) & 1) === 1) this.#readRuns(first, cardinality);
      else if (cardinality <= MAX_ARRAY) this.#readArray(first, cardinality);
      else this.#readBits(first, cardinality);
      total += cardinality;
    }
    return total;
  }

  #readArray(first: number, cardinality: number): void {
    const start = this.#skip(cardinality * 2);
    let last = -1;
    for (let i = 0; i < cardinality; i++) {
      const value = this.#u16(start + i * 2);
      if (value <= last) malformed('values of a roaring bitmap out of order');
      last = value;
      this.#check(first + value);
      setBit(this.#bits, first + value);
    }
  }

  #readBits(first: number, cardinality: number): void {
    const start = this.#skip(CONTAINER_BYTES);
    const container = this.#bytes.subarray(start, start + CONTAINER_BYTES);
    if (countBits(container, CONTAINER_VALUES) !== cardinality) malformed('a roaring container of another cardinality');
    let last = CONTAINER_BYTES - 1;
    while (container[last] === 0) last--;
    this.#check(first + last * 8 + 31 - Math.clz32(container[last]!));
    this.#bits.set(container.subarray(0, last + 1), first / 8);
  }

  #readRuns(first: number, cardinality: number): void {
    const count = this.#u16(this.#skip(2));
    const start = this.#skip(count * 4);
    let next = 0;
    let found = 0;
    for (let i = 0; i < count; i++) {
      const from = this.#u16(start + i * 4);
      const to = from + this.#u16(start + i * 4 + 2) + 1;
      if (from < next || to > CONTAINER_VALUES) malformed('runs of a roaring bitmap out of order');
      next = to;
      found += to - from;
      this.#check(first + to - 1);
      setBits(this.#bits, first + from, first + to);
    }
    if (found !== cardinality) malformed('a roaring container of another cardinality');
  }

  #check(value: number): void {
    if (value >= this.#length) malformed(`${value} in a roaring bitmap of values below ${this.#length}`);
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, true);
  }

  /** Where the next `size_bytes` begin. */
  #skip(size_bytes: number): number {
    const start = this.offset;
    if (size_bytes > this.#bytes.length - start) malformed('a roaring bitmap is cut off');
    this.offset = start + size_bytes;
    return start;
  }
}
