/**
 * The present values of the page in the making, in Parquet's PLAIN encoding of their physical type.
 *
 *   | room for levels | values …            | slack
 *   0                 start (8-aligned)     start + size
 *
 * Statistics and dictionaries are made from these bytes, so each column layout is converted in one place, here.
 *
 *   bits     BOOLEAN, packed              w4, w8   little-endian words: numbers, and DECIMAL of up to 9, 18 digits
 *   fixed    DECIMAL above, big-endian    bytes    u32 length and bytes, one after another
 */
import { bitmapBytes, copyBits } from '../../types/bitmap.js';
import type { Column } from '../../types/column.js';
import type { DataType } from '../../types/data-type.js';
import { type Layout, layoutOf } from '../../types/layout.js';
import { decimalBytes } from './schema.js';

export type PlainKind = 'bits' | 'w4' | 'w8' | 'fixed' | 'bytes';

const SLACK = 16;
const LONG = 64;

export class PlainBuffer {
  readonly kind: PlainKind;
  /** bytes of a value, for all kinds but bits and bytes */
  readonly width: number;
  readonly start: number;
  count = 0;
  size = 0;
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView<ArrayBuffer>;
  readonly #layout: Layout;

  constructor(type: DataType, levelRoom: number) {
    this.#layout = layoutOf(type);
    this.kind = plainKind(type, this.#layout);
    this.width = this.kind === 'w4' ? 4 : this.kind === 'w8' ? 8 : type.kind === 'DECIMAL' ? decimalBytes(type.precision) : 0;
    this.start = (levelRoom + 7) & ~7;
    this.bytes = new Uint8Array(this.start + 4096);
    this.view = new DataView(this.bytes.buffer);
  }

  reset(): void {
    // BOOLEAN values are or-ed in.
    if (this.kind === 'bits') this.bytes.fill(0, this.start, this.start + this.size);
    this.count = 0;
    this.size = 0;
  }

  /** Values first … end-1, all of them present. */
  appendRange(column: Column, first: number, end: number): void {
    const count = end - first;
    switch (this.#layout) {
      case 'bits':
        this.#reserve(bitmapBytes(this.count + count) - this.size);
        copyBits(column.values as Uint8Array, first, this.bytes.subarray(this.start), this.count, count);
        this.count += count;
        this.size = bitmapBytes(this.count);
        return;
      case 'int32':
      case 'int64':
      case 'float32':
      case 'float64': {
        const { width } = this;
        const values = column.values!;
        this.#reserve(count * width);
        this.bytes.set(new Uint8Array(values.buffer, values.byteOffset + first * width, count * width), this.start + this.size);
        this.#grew(count, count * width);
        return;
      }
      case 'bytes':
        this.#appendBytes(column, first, end, undefined);
        return;
      default:
        this.#appendConverted(column, first, count, undefined);
    }
  }

  /** Values `index[0 .. count]`, all of them present. */
  appendSelected(column: Column, index: Uint32Array, count: number): void {
    switch (this.#layout) {
      case 'bits': {
        this.#reserve(bitmapBytes(this.count + count) - this.size);
        const bits = column.values as Uint8Array;
        for (let i = 0, to = this.count; i < count; i++, to++) {
          const from = index[i]!;
          this.bytes[this.start + (to >> 3)]! |= ((bits[from >> 3]! >> (from & 7)) & 1) << (to & 7);
        }
        this.count += count;
        this.size = bitmapBytes(this.count);
        return;
      }
      case 'int32':
      case 'float32': {
        const values = column.values!;
        const from = new Int32Array(values.buffer, values.byteOffset, values.length);
        const to = this.#words(count * 4);
        for (let i = 0; i < count; i++) to[i] = from[index[i]!]!;
        this.#grew(count, count * 4);
        return;
      }
      case 'int64':
      case 'float64': {
        const values = column.values!;
        const from = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
        const to = this.#words(count * 8);
        for (let i = 0; i < count; i++) {
          const at = index[i]! * 2;
          to[i * 2] = from[at]!;
          to[i * 2 + 1] = from[at + 1]!;
        }
        this.#grew(count, count * 8);
        return;
      }
      case 'bytes':
        this.#appendBytes(column, 0, count, index);
        return;
      default:
        this.#appendConverted(column, 0, count, index);
    }
  }

  /** Values first … end-1, or those at `index[first .. end]`. */
  #appendBytes(column: Column, first: number, end: number, index: Uint32Array | undefined): void {
    const offsets = column.offsets!;
    const src = column.values as Uint8Array;
    const from = new DataView(src.buffer, src.byteOffset, src.byteLength);
    const limit = src.byteLength - 4;
    let size = 0;
    if (index === undefined) size = offsets[end]! - offsets[first]!;
    else for (let i = first; i < end; i++) size += offsets[index[i]! + 1]! - offsets[index[i]!]!;
    this.#reserve(size + (end - first) * 4);
    const out = this.bytes;
    const to = this.view;
    let at = this.start + this.size;
    for (let i = first; i < end; i++) {
      const row = index === undefined ? i : index[i]!;
      const start = offsets[row]!;
      const length = offsets[row + 1]! - start;
      to.setInt32(at, length, true);
      at += 4;
      if (length <= LONG && start + length <= limit) {
        for (let k = 0; k < length; k += 4) to.setInt32(at + k, from.getInt32(start + k, true), true);
      } else out.set(src.subarray(start, start + length), at);
      at += length;
    }
    this.#grew(end - first, at - this.start - this.size);
  }

  /** Layouts whose words are not Parquet's: values first …, or those at `index`. */
  #appendConverted(column: Column, first: number, count: number, index: Uint32Array | undefined): void {
    const values = column.values!;
    if (this.#layout === 'int8' || this.#layout === 'int16') {
      const to = this.#words(count * 4);
      for (let i = 0; i < count; i++) to[i] = values[index === undefined ? first + i : index[i]!] as number;
      this.#grew(count, count * 4);
      return;
    }
    const from = new Int32Array(values.buffer, values.byteOffset, values.byteLength >> 2);
    const { width } = this;
    if (width === 4 || width === 8) {
      const stride = width >> 2;
      const to = this.#words(count * width);
      for (let i = 0; i < count; i++) {
        const at = (index === undefined ? first + i : index[i]!) * 4;
        to[i * stride] = from[at]!;
        if (stride === 2) to[i * 2 + 1] = from[at + 1]!;
      }
    } else {
      this.#reserve(count * width);
      const low = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      let to = this.start + this.size;
      for (let i = 0; i < count; i++) {
        const at = (index === undefined ? first + i : index[i]!) * 16;
        for (let byte = width - 1; byte >= 0; byte--) this.bytes[to++] = byte > 15 ? (low[at + 15]! >= 128 ? 255 : 0) : low[at + byte]!;
      }
    }
    this.#grew(count, count * width);
  }

  /** The next `size` bytes as words, reserved. */
  #words(size: number): Int32Array {
    this.#reserve(size);
    return new Int32Array(this.bytes.buffer, this.start + this.size, size >> 2);
  }

  #grew(count: number, size: number): void {
    this.count += count;
    this.size += size;
  }

  #reserve(more: number): void {
    const needed = this.start + this.size + more + SLACK;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array((Math.max(needed, this.bytes.length * 2) + 7) & ~7);
    grown.set(this.bytes.subarray(0, this.start + this.size));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }
}

function plainKind(type: DataType, layout: Layout): PlainKind {
  switch (layout) {
    case 'bits':
    case 'bytes':
      return layout;
    case 'int8':
    case 'int16':
    case 'int32':
    case 'float32':
      return 'w4';
    case 'int128':
      return type.kind === 'DECIMAL' && type.precision <= 9 ? 'w4' : type.kind === 'DECIMAL' && type.precision <= 18 ? 'w8' : 'fixed';
    default:
      return 'w8';
  }
}
