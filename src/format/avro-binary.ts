/**
 * Avro's binary encoding: a cursor over bytes and a growing sink.
 *
 * Invariant: a cursor never reads past its end and never believes a count or length that the bytes left cannot hold;
 * it throws Error instead. Whoever knows the file makes that CORRUPTION.
 */
const strictText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class AvroCursor {
  readonly #bytes: Buffer;
  /** the same as a plain array, whose slices are copies */
  readonly #plain: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #position: number;

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
    let low = 0;
    let shift = 0;
    // up to 28 bits in integer arithmetic, which is nearly all
    do {
      const byte = this.#byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (low >>> 1) ^ -(low & 1);
      shift += 7;
    } while (shift < 28);
    let wide = BigInt(low);
    for (let at = 28n; at < 70n; at += 7n) {
      const byte = this.#byte();
      wide |= BigInt(byte & 0x7f) << at;
      if (byte < 0x80) {
        if (wide > 0xffffffffffffffffn) break;
        const value = (wide >> 1n) ^ -(wide & 1n);
        const number = Number(value);
        return Number.isSafeInteger(number) ? number : value;
      }
    }
    throw new Error('a long does not fit into 64 bits');
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
    return this.readRaw(this.#length());
  }

  readString(): string {
    const length = this.#length();
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

  #length(): number {
    const length = this.readLong();
    if (typeof length !== 'number' || length < 0) throw new Error(`a length of ${length}`);
    return length;
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
