/**
 * A column of strings or bytes under construction: bytes of the current value are appended, then the value is ended.
 *
 * Invariant: every value is ended once, in row order; a missing value is ended with nothing appended.
 */
import { WeirError } from '../../base/error.js';
import type { Column } from '../column.js';
import type { DataType } from '../data-type.js';

const MAX_BYTES = 0x7fff_ffff;

export class TextSink {
  private bytes: Uint8Array;
  private size_bytes = 0;
  private readonly offsets: Int32Array;
  private row = 0;

  constructor(rows: number, bytesPerRow: number) {
    this.offsets = new Int32Array(rows + 1);
    this.bytes = new Uint8Array(Math.max(64, rows * bytesPerRow));
  }

  private reserve(more_bytes: number): void {
    const needed = this.size_bytes + more_bytes;
    if (needed <= this.bytes.length) return;
    if (needed > MAX_BYTES) throw new WeirError('UNSUPPORTED', 'a cast makes more than 2 GiB of text in one column: read smaller batches');
    const grown = new Uint8Array(Math.min(MAX_BYTES, Math.max(needed, this.bytes.length * 2)));
    grown.set(this.bytes.subarray(0, this.size_bytes));
    this.bytes = grown;
  }

  ascii(text: string): void {
    this.reserve(text.length);
    for (let i = 0; i < text.length; i++) this.bytes[this.size_bytes++] = text.charCodeAt(i);
  }

  copy(source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    if (end - start < 32) for (let i = start; i < end; i++) this.bytes[this.size_bytes++] = source[i]!;
    else {
      this.bytes.set(source.subarray(start, end), this.size_bytes);
      this.size_bytes += end - start;
    }
  }

  fill(byte: number, count: number): void {
    this.reserve(count);
    this.bytes.fill(byte, this.size_bytes, this.size_bytes + count);
    this.size_bytes += count;
  }

  end(): void {
    this.offsets[++this.row] = this.size_bytes;
  }

  finish(type: DataType, validity: Uint8Array | null): Column {
    return {
      type,
      length: this.row,
      validity,
      values: this.bytes.subarray(0, this.size_bytes),
      offsets: this.offsets,
      children: undefined,
    };
  }
}
