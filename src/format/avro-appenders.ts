/**
 * Columns that take their values from a cursor over Avro's bytes: `append(cursor)` reads one.
 *
 * Invariant: a value that its type does not hold is an Error, never another value.
 */
import type { Appender } from '../types/appender.js';
import { SizedAppender } from '../types/bytes-appender.js';
import type { DataType } from '../types/data-type.js';
import { BooleanAppender, DecimalAppender, ElementAppender, LongAppender, WordAppender } from '../types/fixed-appender.js';
import { layoutOf, makeElements } from '../types/layout.js';
import { ListAppender, StructAppender } from '../types/nested-appender.js';
import type { TypeOf } from '../types/value.js';
import type { AvroCursor } from './avro-binary.js';
import { type AvroStep, forItems } from './avro-skip.js';

type Elements = Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** How the fields of a record become columns. */
export interface Members {
  /** one a wanted field */
  readonly appenders: readonly Appender[];
  /** those the file has nothing for */
  readonly absent: readonly Appender[];
  readonly steps: readonly AvroStep[];
}

export class Booleans extends BooleanAppender {
  protected override put(at: number, cursor: AvroCursor): void {
    if (cursor.readBoolean()) this.bits[at >> 3]! |= 1 << (at & 7);
    else this.clear(at);
  }
}

export class Ints extends ElementAppender<Elements> {
  /** stored units in one of the column's */
  private readonly ratio: number;

  constructor(type: DataType, ratio = 1) {
    super(type, (length) => makeElements(layoutOf(type), length) as Elements);
    this.ratio = ratio;
  }

  protected put(at: number, cursor: AvroCursor): void {
    const stored = this.ratio === 1 ? cursor.readInt() : Math.floor(Number(cursor.readLong()) / this.ratio);
    this.elements[at] = stored;
    if (this.elements[at] !== stored) throw new Error(`${stored} is no ${this.type.kind}`);
  }
}

export class Floats extends ElementAppender<Elements> {
  constructor(type: DataType) {
    super(type, (length) => new Float32Array(length));
  }

  protected put(at: number, cursor: AvroCursor): void {
    this.elements[at] = cursor.readFloat();
  }
}

export class Doubles extends ElementAppender<Elements> {
  constructor(type: DataType) {
    super(type, (length) => new Float64Array(length));
  }

  protected put(at: number, cursor: AvroCursor): void {
    this.elements[at] = cursor.readDouble();
  }
}

export class Longs extends LongAppender {
  protected override put(at: number, cursor: AvroCursor): void {
    cursor.readLongWords(this.words, at * 2);
  }
}

/** Timestamps in another unit than their column's. */
export class ScaledLongs extends WordAppender {
  /** above 0: to multiply by; below: to divide by, rounding down */
  private readonly ratio: bigint;

  constructor(type: DataType, ratio: bigint) {
    super(type, 2);
    this.ratio = ratio;
  }

  protected integer(cursor: AvroCursor): bigint {
    const value = BigInt(cursor.readLong());
    if (this.ratio > 0n) return value * this.ratio;
    const by = -this.ratio;
    return value >= 0n ? value / by : -((by - 1n - value) / by);
  }
}

export class Decimals extends DecimalAppender {
  private readonly size: number | undefined;

  constructor(type: TypeOf<'DECIMAL'>, size?: number) {
    super(type);
    this.size = size;
  }

  protected override put(at: number, cursor: AvroCursor): void {
    cursor.readDecimalWords(this.size ?? cursor.readLength(), this.words, at * 4);
  }
}

export class Bytes extends SizedAppender {
  private readonly size: number | undefined;

  constructor(type: DataType, size?: number) {
    super(type);
    this.size = size;
  }

  protected put(at: number, cursor: AvroCursor): void {
    const size = this.size ?? cursor.readLength();
    if (size > cursor.left) throw new Error(`${size} bytes wanted where ${cursor.left} are left`);
    const start = this.offsets[at]!;
    if (start + size > this.bytes.length) this.room(start, size);
    cursor.copy(size, this.bytes, start);
    this.offsets[at + 1] = start + size;
  }
}

export class Lists extends ListAppender {
  private readonly step: AvroStep;

  constructor(type: DataType, children: readonly Appender[], step: AvroStep) {
    super(type, children);
    this.step = step;
  }

  protected put(at: number, cursor: AvroCursor): void {
    forItems(cursor, this.step);
    this.offsets[at + 1] = this.children[0]!.length;
  }
}

export class Structs extends StructAppender {
  private readonly members: Members;

  constructor(type: DataType, members: Members) {
    super(type, members.appenders);
    this.members = members;
  }

  protected put(_at: number, cursor: AvroCursor): void {
    for (const step of this.members.steps) step(cursor);
    for (const appender of this.members.absent) appender.appendMissing();
  }
}
