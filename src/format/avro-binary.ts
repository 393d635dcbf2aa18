/**
 * Avro's binary encoding: a cursor over bytes and a growing sink.
 *
 * Invariant: a cursor never reads past its end and never believes a count or length that the bytes left cannot hold;
 * it throws Error instead. Whoever knows the file makes that CORRUPTION.
 */
const TWO_32 = 2 ** 32;
/** bytes below which a loop copies faster than a call */
const SHORT_LENGTH = 32;

const strictText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class AvroCursor {
  readonly #bytes: Buffer;
  /** the same as a plain array, whose slices are copies */
  readonly #plain: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #position: number;
  /** the number read last, as words */
  #low = 0;
  #high = 0;

  constructor(bytes: Uint8Array, position = 0) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.length;
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  get left(): number {
    return this.#end - this.#position;
  }

  /** An i32 of up to five bytes. */
  readInt(): number {
    const value = this.readLong();
    if (typeof value !== 'number' || value !== (value | 0)) throw new Error('an int does not fit into 32 bits');
    return value;
  }

  /** An i64: a number within ±2^53, a bigint beyond. */
  readLong(): number | bigint {
    // one byte, which branches of unions and most numbers are
    const byte = this.#position < this.#end ? this.#plain[this.#position]! : 0x80;
    if (byte < 0x80) {
      this.#position++;
      return (byte >>> 1) ^ -(byte & 1);
    }
    this.#varint();
    const low = this.#low >>> 0;
    const number = this.#high * TWO_32 + low;
    return Number.isSafeInteger(number) ? number : (BigInt(this.#high) << 32n) | BigInt(low);
  }

  /** An i64 as two words, the low one first: into `words` from index `at`. */
  readLongWords(words: Int32Array, at: number): void {
    this.#varint();
    words[at] = this.#low;
    words[at + 1] = this.#high;
  }

  /** A big-endian two's complement number of 1 to 16 bytes as four words, the lowest first. */
  readDecimalWords(length: number, words: Int32Array, at: number): void {
    if (length < 1 || length > 16) throw new Error(`a decimal of ${length} bytes`);
    const start = this.#advance(length);
    const fill = this.#plain[start]! >= 0x80 ? -1 : 0;
    for (let word = 0; word < 4; word++) {
      let value = fill;
      // the last byte is the lowest
      for (let i = Math.min(4, length - word * 4) - 1; i >= 0; i--) value = (value << 8) | this.#plain[start + length - 1 - word * 4 - i]!;
      words[at + word] = value;
    }
  }

  /** The item count of the next block of an array or map; 0 ends it. */
  readCount(): number {
    let count = this.readLong();
    if (count < 0) {
      this.readLong();
      count = -count;
    }
    if (typeof count !== 'number' || count > this.left) throw new Error(`a block of ${count} items in ${this.left} bytes`);
    return count;
  }

  readBoolean(): boolean {
    const byte = this.#byte();
    if (byte > 1) throw new Error('no boolean');
    return byte === 1;
  }

  readFloat(): number {
    return this.#view.getFloat32(this.#advance(4), true);
  }

  readDouble(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }

  /** A copy. */
  readBytes(): Uint8Array {
    return this.readRaw(this.readLength());
  }

  readString(): string {
    const length = this.readLength();
    const start = this.#advance(length);
    const end = start + length;
    let at = start;
    while (at < end && this.#plain[at]! < 0x80) at++;
    return at === end ? this.#bytes.toString('latin1', start, end) : strictText.decode(this.#plain.subarray(start, end));
  }

  /** A copy of the next `length` bytes. */
  readRaw(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#plain.slice(start, start + length);
  }

  /** A view of the next `length` bytes. */
  readView(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#plain.subarray(start, start + length);
  }

  /** How many bytes of a string or of bytes follow. */
  readLength(): number {
    const length = this.readLong();
    if (typeof length !== 'number' || length < 0) throw new Error(`a length of ${length}`);
    return length;
  }

  /** Copies the next `length` bytes into `target` from index `at`. */
  copy(length: number, target: Uint8Array, at: number): void {
    const start = this.#advance(length);
    if (length > SHORT_LENGTH) {
      target.set(this.#plain.subarray(start, start + length), at);
      return;
    }
    for (let i = 0; i < length; i++) target[at + i] = this.#plain[start + i]!;
  }

  skip(length: number): void {
    this.#advance(length);
  }

  /** Reads past an int or a long. */
  skipVarint(): void {
    while (this.#byte() >= 0x80) {}
  }

  /** Zigzag decoded into #low and #high. */
  #varint(): void {
    let byte = this.#byte();
    let low = byte & 0x7f;
    let high = 0;
    let shift = 7;
    while (byte >= 0x80 && shift < 28) {
      byte = this.#byte();
      low |= (byte & 0x7f) << shift;
      shift += 7;
    }
    if (byte >= 0x80) {
      byte = this.#byte();
      low |= byte << 28;
      high = (byte & 0x7f) >>> 4;
      for (shift = 3; byte >= 0x80; shift += 7) {
        if (shift > 31) throw new Error('a long does not fit into 64 bits');
        byte = this.#byte();
        if (shift === 31 && byte > 1) throw new Error('a long does not fit into 64 bits');
        high |= (byte & 0x7f) << shift;
      }
    }
    const sign = -(low & 1);
    this.#low = ((low >>> 1) | (high << 31)) ^ sign;
    this.#high = (high >>> 1) ^ sign;
  }

  #advance(length: number): number {
    const start = this.#position;
    if (length > this.#end - start) throw new Error(`${length} bytes wanted where ${this.#end - start} are left`);
    this.#position = start + length;
    return start;
  }

  #byte(): number {
    if (this.#position >= this.#end) throw new Error('the bytes end in a number');
    return this.#plain[this.#position++]!;
  }
}

export class AvroSink {
  #buffer: Buffer = Buffer.alloc(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The bytes written so far (a copy); the sink is empty afterwards. */
  take(): Uint8Array {
    const bytes = new Uint8Array(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
    return bytes;
  }

  writeByte(byte: number): void {
    this.#grow(1);
    this.#buffer[this.#length++] = byte;
  }

  writeInt(value: number): void {
    this.#grow(5);
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#length++] = rest;
  }

  writeLong(value: number | bigint): void {
    if (typeof value === 'number' && value === (value | 0)) {
      this.writeInt(value);
      return;
    }
    this.#grow(10);
    const wide = BigInt(value);
    let rest = BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n));
    while (rest >= 0x80n) {
      this.#buffer[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#length++] = Number(rest);
  }

  writeFloat(value: number): void {
    this.#grow(4);
    this.#length = this.#buffer.writeFloatLE(value, this.#length);
  }

  writeDouble(value: number): void {
    this.#grow(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  writeBytes(bytes: Uint8Array): void {
    this.writeInt(bytes.length);
    this.writeRaw(bytes);
  }

  writeString(text: string): void {
    const length = Buffer.byteLength(text);
    this.writeInt(length);
    this.#grow(length);
    this.#length += this.#buffer.write(text, this.#length);
  }

  writeRaw(bytes: Uint8Array): void {
    this.#grow(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #grow(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.alloc(2 * (this.#length + bytes));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}
