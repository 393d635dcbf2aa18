/** Reads Java's DataOutput from bytes, front to back. Invariant: nothing is read beyond them, damage is CORRUPTION naming the file. */
import { WeirError } from '../../base/error.js';

export class BigEndianReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #file: string;
  #at = 0;

  constructor(bytes: Uint8Array, file: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#file = file;
  }

  get position(): number {
    return this.#at;
  }

  uint8(): number {
    return this.#bytes[this.#advance(1)]!;
  }

  boolean(): boolean {
    return this.uint8() !== 0;
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4));
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#advance(8));
  }

  /** a count of things that take at least `least_bytes` each: no more than can be there */
  count(least_bytes: number): number {
    const count = this.int32();
    if (count < 0 || count * least_bytes > this.#bytes.length - this.#at) throw this.damaged(`a count of ${count}`);
    return count;
  }

  /** a view, not a copy */
  take(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  seek(position: number): void {
    if (position < 0 || position > this.#bytes.length) throw this.damaged(`an offset of ${position}`);
    this.#at = position;
  }

  /** Java's modified UTF-8: two bytes of length, U+0000 as two bytes, surrogates apart. */
  utf(): string {
    const bytes = this.take(this.#view.getUint16(this.#advance(2)));
    const units: number[] = [];
    for (let i = 0; i < bytes.length; ) {
      const first = bytes[i++]!;
      if (first < 0x80) units.push(first);
      else if (first < 0xe0) units.push(((first & 0x1f) << 6) | (bytes[i++]! & 0x3f));
      else units.push(((first & 0x0f) << 12) | ((bytes[i++]! & 0x3f) << 6) | (bytes[i++]! & 0x3f));
    }
    return String.fromCharCode(...units);
  }

  damaged(what: string): WeirError {
    return new WeirError('CORRUPTION', `${this.#file}: its index is damaged: ${what}`, { file: this.#file });
  }

  #advance(length: number): number {
    const start = this.#at;
    if (length < 0 || start + length > this.#bytes.length) throw this.damaged(`${length} bytes at ${start} of ${this.#bytes.length}`);
    this.#at = start + length;
    return start;
  }
}
