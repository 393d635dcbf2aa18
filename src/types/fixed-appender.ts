/**
 * Appenders of types whose values all have one width.
 *
 * Integers of 64 and 128 bits are written as 32-bit words: a value that is a safe integer never becomes a bigint.
 */
import { Appender, type ColumnParts, exactBits } from './appender.js';
import { bitmapBytes } from './bitmap.js';
import type { Elements } from './column.js';
import type { DataType } from './data-type.js';
import {
  type TypeOf,
  toBoolean,
  toDays,
  toFloating,
  toLong,
  toSmallInteger,
  toTicks,
  toTimeOfDay,
  toUnscaled,
  type ValueForm,
} from './value.js';

const TWO_32 = 2 ** 32;

export class BooleanAppender extends Appender {
  protected bits = new Uint8Array(0);

  get size_bytes(): number {
    return bitmapBytes(this.length);
  }

  protected put(at: number, value: unknown): void {
    if (toBoolean(this.type, value)) this.bits[at >> 3]! |= 1 << (at & 7);
    else this.clear(at);
  }

  protected clear(at: number): void {
    this.bits[at >> 3]! &= ~(1 << (at & 7));
  }

  protected reserve(capacity: number): void {
    const bits = new Uint8Array(bitmapBytes(capacity));
    bits.set(this.bits);
    this.bits = bits;
  }

  protected take(length: number): ColumnParts {
    return { values: exactBits(this.bits, length), offsets: undefined, children: undefined };
  }
}

/** Appenders over one element array of a number a value. */
export abstract class ElementAppender<E extends Int8Array | Int16Array | Int32Array | Float32Array | Float64Array> extends Appender {
  protected elements: E;
  private readonly make: (length: number) => E;

  constructor(type: DataType, make: (length: number) => E) {
    super(type);
    this.make = make;
    this.elements = make(0);
  }

  get size_bytes(): number {
    return this.length * this.elements.BYTES_PER_ELEMENT;
  }

  protected clear(at: number): void {
    this.elements[at] = 0;
  }

  protected reserve(capacity: number): void {
    const elements = this.make(capacity);
    elements.set(this.elements);
    this.elements = elements;
  }

  protected take(length: number): ColumnParts {
    return { values: this.elements.slice(0, length), offsets: undefined, children: undefined };
  }
}

export class IntegerAppender extends ElementAppender<Int8Array | Int16Array | Int32Array> {
  declare readonly type: TypeOf<'TINYINT' | 'SMALLINT' | 'INT'>;
  private readonly unused: number;

  constructor(type: TypeOf<'TINYINT' | 'SMALLINT' | 'INT'>) {
    super(type, (length) =>
      type.kind === 'TINYINT' ? new Int8Array(length) : type.kind === 'SMALLINT' ? new Int16Array(length) : new Int32Array(length),
    );
    this.unused = type.kind === 'TINYINT' ? 24 : type.kind === 'SMALLINT' ? 16 : 0;
  }

  protected put(at: number, value: unknown): void {
    // A number that survives being cut to the width is an integer of that width (-0 is not equal to nothing: it is 0).
    const cut = ((value as number) << this.unused) >> this.unused;
    this.elements[at] = typeof value === 'number' && cut === value ? cut : toSmallInteger(this.type, value);
  }
}

export class DateAppender extends ElementAppender<Int32Array> {
  constructor(type: DataType) {
    super(type, (length) => new Int32Array(length));
  }

  protected put(at: number, value: unknown): void {
    this.elements[at] = toDays(this.type, value);
  }
}

export class TimeAppender extends ElementAppender<Int32Array> {
  declare readonly type: TypeOf<'TIME'>;

  constructor(type: TypeOf<'TIME'>) {
    super(type, (length) => new Int32Array(length));
  }

  protected put(at: number, value: unknown): void {
    this.elements[at] = toTimeOfDay(this.type, value);
  }
}

export class FloatingAppender extends ElementAppender<Float32Array | Float64Array> {
  declare readonly type: TypeOf<'FLOAT' | 'DOUBLE'>;
  private readonly form: ValueForm;

  constructor(type: TypeOf<'FLOAT' | 'DOUBLE'>, form: ValueForm) {
    super(type, (length) => (type.kind === 'FLOAT' ? new Float32Array(length) : new Float64Array(length)));
    this.form = form;
  }

  protected put(at: number, value: unknown): void {
    this.elements[at] = toFloating(this.type, value, this.form);
  }
}

/** Integers of two or four words, least significant first. */
export abstract class WordAppender extends Appender {
  private values = new BigInt64Array(0);
  protected words = new Int32Array(0);
  private readonly width: 2 | 4;

  constructor(type: DataType, width: 2 | 4) {
    super(type);
    this.width = width;
  }

  get size_bytes(): number {
    return this.length * this.width * 4;
  }

  protected abstract integer(value: unknown): number | bigint;

  protected put(at: number, value: unknown): void {
    const integer = this.integer(value);
    const { width } = this;
    if (typeof integer === 'number') {
      const { words } = this;
      const high = Math.floor(integer / TWO_32);
      words[at * width] = integer - high * TWO_32;
      words[at * width + 1] = high;
      if (width === 4) {
        words[at * 4 + 2] = high >> 31;
        words[at * 4 + 3] = high >> 31;
      }
    } else if (width === 2) this.values[at] = integer;
    else {
      this.values[at * 2] = BigInt.asIntN(64, integer);
      this.values[at * 2 + 1] = integer >> 64n;
    }
  }

  protected clear(at: number): void {
    this.words.fill(0, at * this.width, (at + 1) * this.width);
  }

  protected reserve(capacity: number): void {
    const values = new BigInt64Array((capacity * this.width) / 2);
    values.set(this.values);
    this.values = values;
    this.words = new Int32Array(values.buffer);
  }

  protected take(length: number): { values: Elements; offsets: undefined; children: undefined } {
    return { values: this.values.slice(0, (length * this.width) / 2), offsets: undefined, children: undefined };
  }
}

export class LongAppender extends WordAppender {
  constructor(type: DataType) {
    super(type, 2);
  }

  protected integer(value: unknown): number | bigint {
    return toLong(this.type, value);
  }
}

export class DecimalAppender extends WordAppender {
  declare readonly type: TypeOf<'DECIMAL'>;

  constructor(type: TypeOf<'DECIMAL'>) {
    super(type, 4);
  }

  protected integer(value: unknown): number | bigint {
    return toUnscaled(this.type, value);
  }
}

export class TimestampAppender extends WordAppender {
  declare readonly type: TypeOf<'TIMESTAMP' | 'TIMESTAMP_LTZ'>;

  constructor(type: TypeOf<'TIMESTAMP' | 'TIMESTAMP_LTZ'>) {
    super(type, type.precision > 6 ? 4 : 2);
  }

  protected integer(value: unknown): number | bigint {
    return toTicks(this.type, value);
  }
}
