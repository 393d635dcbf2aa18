/**
 * A column that grows value by value: the base of what row-builder.ts fills.
 *
 *   append  checks and converts one value of the door; a missing one is null
 *   clear   makes an element zero: for a missing value
 *   cut     forgets the last values: those of a row that turned out bad
 *   finish  copies the column out at its exact size and starts again, keeping the grown buffers
 *
 * Invariants: a failed append leaves `length` as it was, `cut(length)` then restores the rest (children, bytes);
 * validity bits exist from the first missing value on and are written for every value after it.
 */
import { bitmapBytes, setBits } from './bitmap.js';
import type { Column } from './column.js';
import type { DataType } from './data-type.js';
import { badValue } from './value-error.js';

const FIRST_CAPACITY = 256;

export type ColumnParts = Pick<Column, 'values' | 'offsets' | 'children'>;

export abstract class Appender {
  readonly type: DataType;
  length = 0;
  private capacity = 0;
  private validity: Uint8Array | null = null;
  private validityBits = new Uint8Array(0);

  constructor(type: DataType) {
    this.type = type;
  }

  append(value: unknown): void {
    if (value === null || value === undefined) {
      if (!this.type.nullable) badValue(this.type, null, 'NOT NULL');
      this.appendMissing();
      return;
    }
    if (this.length === this.capacity) this.grow();
    const at = this.length;
    this.put(at, value);
    if (this.validity !== null) this.validity[at >> 3]! |= 1 << (at & 7);
    this.length = at + 1;
  }

  /** A missing value also where the type has none: beneath a parent that is missing itself. */
  appendMissing(): void {
    if (this.length === this.capacity) this.grow();
    const at = this.length;
    this.clear(at);
    if (this.validity === null) {
      if (this.validityBits.length < bitmapBytes(this.capacity)) this.validityBits = new Uint8Array(bitmapBytes(this.capacity));
      this.validity = this.validityBits;
      setBits(this.validity, 0, at);
    }
    this.validity[at >> 3]! &= ~(1 << (at & 7));
    this.length = at + 1;
  }

  cut(length: number): void {
    this.length = length;
  }

  /** bytes that the values take, roughly */
  abstract get size_bytes(): number;

  /** The column so far; the appender is empty afterwards. */
  finish(): Column {
    const { type, length, validity } = this;
    const column = { type, length, validity: validity === null ? null : exactBits(validity, length), ...this.take(length) };
    this.length = 0;
    this.validity = null;
    this.validityBits.fill(0);
    return column;
  }

  private grow(): void {
    this.capacity = Math.max(FIRST_CAPACITY, this.capacity * 2);
    this.reserve(this.capacity);
    if (this.validity !== null) {
      this.validityBits = new Uint8Array(bitmapBytes(this.capacity));
      this.validityBits.set(this.validity);
      this.validity = this.validityBits;
    }
  }

  /** Writes the value at index `at`, which is within capacity, or throws INVALID_ARGUMENT. */
  protected abstract put(at: number, value: unknown): void;
  protected abstract clear(at: number): void;
  protected abstract reserve(capacity: number): void;
  /** Copies of the first `length` values' buffers. */
  protected abstract take(length: number): ColumnParts;
}

/** The first `length` bits, zeros behind them. */
export function exactBits(bits: Uint8Array, length: number): Uint8Array {
  const exact = bits.slice(0, bitmapBytes(length));
  if ((length & 7) !== 0) exact[exact.length - 1]! &= (1 << (length & 7)) - 1;
  return exact;
}
