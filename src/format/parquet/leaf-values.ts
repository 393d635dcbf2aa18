/**
 * The present values of one leaf column in the file's physical type, appended page by page.
 *
 *   BOOLEAN       bits (a BitSink)
 *   BYTE_ARRAY    bytes, and offsets: value i is bytes[offsets[i] .. offsets[i + 1]]
 *   the others    bytes, `width` a value, little-endian as in the file (and as in memory: weir runs on such machines)
 *
 * Invariants: never more than `capacity` values; every read of a page is checked against its end; byte buffers keep
 * SLACK bytes of room so that short strings move by whole words.
 */
import { BitSink } from './bit-sink.js';
import { decodeDelta } from './delta.js';
import { malformed } from './malformed.js';
import { Type } from './metadata.js';

const SLACK = 16;
/** longer byte arrays are copied by the engine's memory move, shorter ones word by word */
const LONG = 64;
const MAX_BYTES = 2147483647 - SLACK;

export class LeafValues {
  readonly type: number;
  /** bytes of a value; 0 for BOOLEAN and BYTE_ARRAY */
  readonly width: number;
  readonly capacity: number;
  count = 0;
  readonly bits: BitSink | undefined;
  readonly offsets: Int32Array | undefined;
  bytes: Uint8Array<ArrayBuffer>;
  /** bytes in use */
  size = 0;
  #view: DataView<ArrayBuffer>;

  /** `bytesHint`: what byte arrays are likely to need together. */
  constructor(type: number, typeLength: number, capacity: number, bytesHint = 0) {
    this.type = type;
    this.width = valueWidth(type, typeLength);
    this.capacity = capacity;
    this.bits = type === Type.BOOLEAN ? new BitSink(capacity) : undefined;
    this.offsets = type === Type.BYTE_ARRAY ? new Int32Array(capacity + 1) : undefined;
    this.bytes = new Uint8Array(type === Type.BYTE_ARRAY ? bytesHint + SLACK : capacity * this.width);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** `count` PLAIN values of `src`; returns where they end. */
  appendPlain(src: Uint8Array, start: number, end: number, count: number): number {
    this.#room(count);
    if (this.bits !== undefined) {
      if ((count + 7) >> 3 > end - start) malformed('a page ends within its values');
      this.bits.append(src, start * 8, count);
      this.count += count;
      return start + ((count + 7) >> 3);
    }
    if (this.offsets !== undefined) return this.#appendPlainBytes(src, start, end, count, this.offsets);
    const size = count * this.width;
    if (size > end - start) malformed('a page ends within its values');
    this.bytes.set(src.subarray(start, start + size), this.size);
    this.size += size;
    this.count += count;
    return start + size;
  }

  #appendPlainBytes(src: Uint8Array, start: number, end: number, count: number, offsets: Int32Array): number {
    if (count * 4 > end - start) malformed('a page ends within its values');
    // The page itself bounds what its values need: no check a value below.
    this.reserve(end - start - count * 4);
    const from = new DataView(src.buffer, src.byteOffset, src.byteLength);
    const limit = src.byteLength - 4;
    const out = this.bytes;
    const to = this.#view;
    let at = start;
    let size = this.size;
    let value = this.count;
    for (const stop = value + count; value < stop; ) {
      if (at + 4 > end) malformed('a page ends within a value');
      const length = from.getInt32(at, true);
      at += 4;
      if (length < 0 || length > end - at) malformed('a value is longer than its page');
      if (length <= LONG && at + length <= limit) {
        for (let i = 0; i < length; i += 4) to.setInt32(size + i, from.getInt32(at + i, true), true);
      } else out.set(src.subarray(at, at + length), size);
      at += length;
      size += length;
      offsets[++value] = size;
    }
    this.size = size;
    this.count = value;
    return at;
  }

  /** Entries `indices[0 .. count]` of a dictionary of the same type. */
  appendIndexed(dictionary: LeafValues, indices: Int32Array, count: number): void {
    this.#room(count);
    const entries = dictionary.count;
    if (this.offsets !== undefined) this.#appendIndexedBytes(dictionary, indices, count, this.offsets);
    else if (this.width === 4) {
      const from = new Int32Array(dictionary.bytes.buffer);
      const to = new Int32Array(this.bytes.buffer);
      for (let i = 0, at = this.count; i < count; i++) {
        const index = indices[i]!;
        if (index >>> 0 >= entries) malformed('an index is not in the dictionary');
        to[at++] = from[index]!;
      }
    } else if (this.width === 8) {
      const from = new Int32Array(dictionary.bytes.buffer);
      const to = new Int32Array(this.bytes.buffer);
      for (let i = 0, at = this.count * 2; i < count; i++, at += 2) {
        const index = indices[i]!;
        if (index >>> 0 >= entries) malformed('an index is not in the dictionary');
        to[at] = from[index * 2]!;
        to[at + 1] = from[index * 2 + 1]!;
      }
    } else {
      const { width } = this;
      let at = this.count * width;
      for (let i = 0; i < count; i++) {
        const index = indices[i]!;
        if (index >>> 0 >= entries) malformed('an index is not in the dictionary');
        for (let from = index * width, stop = from + width; from < stop; ) this.bytes[at++] = dictionary.bytes[from++]!;
      }
    }
    this.size += count * this.width;
    if (this.offsets === undefined) this.count += count;
  }

  #appendIndexedBytes(dictionary: LeafValues, indices: Int32Array, count: number, offsets: Int32Array): void {
    const starts = dictionary.offsets!;
    const entries = dictionary.count;
    let more = 0;
    for (let i = 0; i < count; i++) {
      const index = indices[i]!;
      if (index >>> 0 >= entries) malformed('an index is not in the dictionary');
      more += starts[index + 1]! - starts[index]!;
    }
    this.reserve(more);
    const from = dictionary.#view;
    const to = this.#view;
    let size = this.size;
    let value = this.count;
    for (let i = 0; i < count; i++) {
      const index = indices[i]!;
      const start = starts[index]!;
      const length = starts[index + 1]! - start;
      if (length <= LONG) {
        for (let k = 0; k < length; k += 4) to.setInt32(size + k, from.getInt32(start + k, true), true);
      } else this.bytes.set(dictionary.bytes.subarray(start, start + length), size);
      size += length;
      offsets[++value] = size;
    }
    this.size = size;
    this.count = value;
  }

  /** Entry `index` of another leaf's values of the same type (not BOOLEAN). */
  appendOne(from: LeafValues, index: number): void {
    if (index >>> 0 >= from.count) malformed('an index is not in the dictionary');
    if (from.offsets !== undefined) this.appendBytes(from.bytes, from.offsets[index]!, from.offsets[index + 1]!);
    else this.appendFixed(from.bytes, index * from.width);
  }

  appendBytes(src: Uint8Array, start: number, end: number): void {
    this.#room(1);
    this.reserve(end - start);
    this.bytes.set(src.subarray(start, end), this.size);
    this.size += end - start;
    this.offsets![++this.count] = this.size;
  }

  appendFixed(src: Uint8Array, start: number): void {
    this.#room(1);
    if (start + this.width > src.length) malformed('a page ends within its values');
    let at = this.size;
    for (let from = start, stop = start + this.width; from < stop; ) this.bytes[at++] = src[from++]!;
    this.size = at;
    this.count++;
  }

  appendDelta(src: Uint8Array, start: number, end: number, count: number): void {
    if (this.type !== Type.INT32 && this.type !== Type.INT64) malformed('delta-packed values of a type that cannot be');
    this.#room(count);
    const delta = decodeDelta(src, start, end, count, this.width === 8);
    if (delta.count !== count) malformed('fewer delta values than the page has');
    this.bytes.set(new Uint8Array(delta.words.buffer), this.size);
    this.size += count * this.width;
    this.count += count;
  }

  /** DELTA_LENGTH_BYTE_ARRAY: all lengths, then all bytes. */
  appendDeltaLength(src: Uint8Array, start: number, end: number, count: number): void {
    const { offsets } = this;
    if (offsets === undefined) malformed('delta lengths of a type that cannot be');
    this.#room(count);
    const lengths = decodeDelta(src, start, end, count, false);
    if (lengths.count !== count) malformed('fewer delta values than the page has');
    let total = 0;
    for (let i = 0; i < count; i++) {
      const length = lengths.words[i]!;
      if (length < 0) malformed('a negative length');
      total += length;
      if (total > end - lengths.end) malformed('a page ends within its values');
      offsets[this.count + i + 1] = this.size + total;
    }
    this.reserve(total);
    this.bytes.set(src.subarray(lengths.end, lengths.end + total), this.size);
    this.size += total;
    this.count += count;
  }

  /** DELTA_BYTE_ARRAY: how much of the value before is kept, then the rest as above. */
  appendDeltaBytes(src: Uint8Array, start: number, end: number, count: number): void {
    if (this.offsets === undefined && this.type !== Type.FIXED) malformed('delta bytes of a type that cannot be');
    this.#room(count);
    const prefixes = decodeDelta(src, start, end, count, false);
    const lengths = decodeDelta(src, prefixes.end, end, count, false);
    if (prefixes.count !== count || lengths.count !== count) malformed('fewer delta values than the page has');
    let at = lengths.end;
    let previous = this.size;
    let previousLength = 0;
    for (let i = 0; i < count; i++) {
      const prefix = prefixes.words[i]!;
      const length = lengths.words[i]!;
      if (prefix < 0 || prefix > previousLength || length < 0 || length > end - at) malformed('a value is longer than its page');
      if (this.offsets === undefined && prefix + length !== this.width) malformed('a value of another length than its type');
      this.reserve(prefix + length);
      const begin = this.size;
      this.bytes.copyWithin(begin, previous, previous + prefix);
      this.bytes.set(src.subarray(at, at + length), begin + prefix);
      at += length;
      this.size = begin + prefix + length;
      previous = begin;
      previousLength = prefix + length;
      this.count++;
      if (this.offsets !== undefined) this.offsets[this.count] = this.size;
    }
  }

  /** BYTE_STREAM_SPLIT: first bytes of all values, second bytes … */
  appendByteStreamSplit(src: Uint8Array, start: number, end: number, count: number): void {
    const { width } = this;
    if (width === 0 || this.type === Type.INT96) malformed('split bytes of a type that cannot be');
    this.#room(count);
    if (count * width > end - start) malformed('a page ends within its values');
    for (let byte = 0; byte < width; byte++) {
      const from = start + byte * count;
      for (let i = 0, at = this.size + byte; i < count; i++, at += width) this.bytes[at] = src[from + i]!;
    }
    this.size += count * width;
    this.count += count;
  }

  /** Makes room for `more` bytes of byte arrays. */
  reserve(more: number): void {
    const needed = this.size + more;
    if (needed + SLACK <= this.bytes.length) return;
    if (needed > MAX_BYTES) malformed('the byte arrays of one column exceed 2 GiB');
    const grown = new Uint8Array(Math.min(MAX_BYTES, Math.max(needed, this.bytes.length * 2)) + SLACK);
    grown.set(this.bytes.subarray(0, this.size));
    this.bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  #room(count: number): void {
    if (count > this.capacity - this.count) malformed('more values than the row group has');
  }
}

function valueWidth(type: number, typeLength: number): number {
  switch (type) {
    case Type.INT32:
    case Type.FLOAT:
      return 4;
    case Type.INT64:
    case Type.DOUBLE:
      return 8;
    case Type.INT96:
      return 12;
    case Type.FIXED:
      if (!(typeLength > 0)) malformed('a fixed length of no bytes');
      return typeLength;
    case Type.BOOLEAN:
    case Type.BYTE_ARRAY:
      return 0;
    default:
      return malformed(`a physical type ${type}`);
  }
}
