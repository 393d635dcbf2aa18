/**
 * Appenders of strings and bytes: offsets and one growing buffer.
 *
 * Short ASCII text, the common case, is copied character by character; the rest goes through Node's encoder.
 */
import { WeirError } from '../base/error.js';
import { Appender, type ColumnParts } from './appender.js';
import { type TypeOf, toBytes, toText, type ValueForm } from './value.js';

const SHORT_LENGTH = 24;
const FIRST_BYTES = 4096;
const MAX_BYTES = 0x7fffffff;

export abstract class SizedAppender extends Appender {
  protected bytes = Buffer.alloc(0);
  protected offsets = new Int32Array(1);

  get size_bytes(): number {
    return this.offsets[this.length]! + this.length * 4;
  }

  protected clear(at: number): void {
    this.offsets[at + 1] = this.offsets[at]!;
  }

  protected reserve(capacity: number): void {
    const offsets = new Int32Array(capacity + 1);
    offsets.set(this.offsets);
    this.offsets = offsets;
  }

  /** Makes room for `size` bytes more than the first `used`. */
  protected room(used: number, size: number): void {
    const needed = used + size;
    if (needed <= this.bytes.length) return;
    if (needed > MAX_BYTES)
      throw new WeirError('INVALID_ARGUMENT', 'one column of a batch holds at most 2 GiB of text or bytes: write smaller batches');
    const grown = Buffer.allocUnsafeSlow(Math.min(MAX_BYTES, Math.max(FIRST_BYTES, needed, this.bytes.length * 2)));
    grown.set(this.bytes.subarray(0, used));
    this.bytes = grown;
  }

  protected take(length: number): ColumnParts {
    const used = this.offsets[length]!;
    return { values: new Uint8Array(this.bytes.subarray(0, used)), offsets: this.offsets.slice(0, length + 1), children: undefined };
  }
}

export class TextAppender extends SizedAppender {
  declare readonly type: TypeOf<'CHAR' | 'VARCHAR'>;

  protected put(at: number, value: unknown): void {
    const text = toText(this.type, value);
    const { length } = text;
    const start = this.offsets[at]!;
    if (start + length * 3 > this.bytes.length) this.room(start, length * 3);
    const { bytes } = this;
    let end = start;
    if (length <= SHORT_LENGTH) {
      for (let i = 0; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code > 127) {
          end = start + bytes.write(text, start);
          break;
        }
        bytes[end++] = code;
      }
    } else end = start + bytes.write(text, start);
    this.offsets[at + 1] = end;
  }
}

export class BinaryAppender extends SizedAppender {
  declare readonly type: TypeOf<'BINARY' | 'VARBINARY'>;
  private readonly form: ValueForm;

  constructor(type: TypeOf<'BINARY' | 'VARBINARY'>, form: ValueForm) {
    super(type);
    this.form = form;
  }

  protected put(at: number, value: unknown): void {
    const bytes = toBytes(this.type, value, this.form);
    const start = this.offsets[at]!;
    this.room(start, bytes.length);
    this.bytes.set(bytes, start);
    this.offsets[at + 1] = start + bytes.length;
  }
}
