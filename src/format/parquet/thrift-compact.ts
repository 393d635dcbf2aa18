/**
 * Thrift's compact protocol, as far as Parquet's metadata needs it.
 *
 *   field header   delta << 4 | type, or type and a zigzag id     struct end  0
 *   int            zigzag varint (i8: one byte)                   bool        in the field's type; a byte in lists
 *   binary         varint length, bytes                           list        size << 4 | type, or 0xf0 | type and a varint
 *
 * Source: thrift/doc/specs/thrift-compact-protocol.md. Integers are JavaScript numbers: what does not fit in 53 bits is
 * malformed, since Parquet counts bytes and rows only.
 *
 * Invariants: the reader never passes `end`, never allocates for a count that the remaining bytes cannot hold, and
 * nests no deeper than MAX_DEPTH.
 */
import { malformed } from './malformed.js';

const TRUE = 1;
const FALSE = 2;
const I8 = 3;
const I16 = 4;
const I32 = 5;
const I64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const SET = 10;
const MAP = 11;
const STRUCT = 12;
const MAX_DEPTH = 32;

const utf8 = new TextDecoder();
const utf8Encoder = new TextEncoder();

/** `reader.struct((id) => { if (id === 1) count = reader.int(); else reader.skip(); })` */
export class ThriftReader {
  at: number;
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #type = 0;
  #depth = 0;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.at = start;
    this.#end = end;
  }

  /** Reads the fields of a struct: `onField` consumes the value of field `id` or calls `skip`. */
  struct(onField: (id: number) => void): void {
    if (++this.#depth > MAX_DEPTH) malformed('metadata is nested too deeply');
    let last = 0;
    for (;;) {
      const head = this.#byte();
      if (head === 0) break;
      last = head >> 4 === 0 ? this.#zigzag() : last + (head >> 4);
      this.#type = head & 15;
      onField(last);
    }
    this.#depth--;
  }

  /** A struct that is the value of a field or list element. */
  structField(onField: (id: number) => void): void {
    this.#expect(this.#type === STRUCT);
    this.struct(onField);
  }

  int(): number {
    const type = this.#type;
    if (type === I8) return (this.#byte() << 24) >> 24;
    this.#expect(type === I16 || type === I32 || type === I64);
    return this.#zigzag();
  }

  /** a number of bytes, rows, values: not negative */
  count(): number {
    const value = this.int();
    if (value < 0) malformed('a negative count');
    return value;
  }

  bool(): boolean {
    this.#expect(this.#type === TRUE || this.#type === FALSE);
    return this.#type === TRUE;
  }

  /** a view on the bytes */
  binary(): Uint8Array {
    this.#expect(this.#type === BINARY);
    const length = this.#varint();
    if (length > this.#end - this.at) malformed('a text is longer than the metadata');
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  string(): string {
    return utf8.decode(this.binary());
  }

  /** `element` reads one element with the methods above. */
  list<T>(element: () => T): T[] {
    this.#expect(this.#type === LIST || this.#type === SET);
    const size = this.#listHead();
    const type = this.#type;
    const items: T[] = new Array(size);
    for (let i = 0; i < size; i++) {
      // In lists a boolean is a byte of its own.
      this.#type = type === TRUE || type === FALSE ? (this.#byte() === TRUE ? TRUE : FALSE) : type;
      items[i] = element();
    }
    return items;
  }

  /** The number of elements, which the bytes left can hold; their type becomes the one at hand. */
  #listHead(): number {
    const head = this.#byte();
    const size = head >> 4 === 15 ? this.#varint() : head >> 4;
    if (size > this.#end - this.at) malformed('a list is longer than the metadata');
    this.#type = head & 15;
    return size;
  }

  /** Passes over the value of the field or element at hand. */
  skip(): void {
    switch (this.#type) {
      case TRUE:
      case FALSE:
        return;
      case I8:
        this.#byte();
        return;
      case I16:
      case I32:
      case I64:
        this.#skipVarint();
        return;
      case DOUBLE:
        if (this.#end - this.at < 8) malformed('metadata ends within a number');
        this.at += 8;
        return;
      case BINARY:
        this.binary();
        return;
      case LIST:
      case SET:
        this.#skipList();
        return;
      case MAP:
        this.#skipMap();
        return;
      case STRUCT:
        this.#skipStruct();
        return;
      default:
        malformed(`metadata has a field of type ${this.#type}`);
    }
  }

  // Most of a footer is passed over unread: no closures, no lists here.
  #skipStruct(): void {
    if (++this.#depth > MAX_DEPTH) malformed('metadata is nested too deeply');
    for (let head = this.#byte(); head !== 0; head = this.#byte()) {
      if (head >> 4 === 0) this.#skipVarint();
      this.#type = head & 15;
      this.skip();
    }
    this.#depth--;
  }

  #skipList(): void {
    if (++this.#depth > MAX_DEPTH) malformed('metadata is nested too deeply');
    const size = this.#listHead();
    const type = this.#type;
    for (let i = 0; i < size; i++) {
      this.#type = type;
      if (type === TRUE || type === FALSE) this.#byte();
      else this.skip();
    }
    this.#depth--;
  }

  #skipVarint(): void {
    while (this.#byte() >= 128);
  }

  #skipMap(): void {
    const size = this.#varint();
    if (size === 0) return;
    if (size > this.#end - this.at) malformed('a map is longer than the metadata');
    const types = this.#byte();
    for (let i = 0; i < size * 2; i++) {
      const type = (i & 1) === 0 ? types >> 4 : types & 15;
      if (type === TRUE || type === FALSE) this.#byte();
      else {
        this.#type = type;
        this.skip();
      }
    }
  }

  #expect(fits: boolean): void {
    if (!fits) malformed(`metadata has type ${this.#type} where it cannot be`);
  }

  #byte(): number {
    if (this.at >= this.#end) malformed('metadata ends too early');
    return this.#bytes[this.at++]!;
  }

  #varint(): number {
    const first = this.#byte();
    if (first < 128) return first;
    let value = first & 127;
    for (let scale = 128; scale < 2 ** 56; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
    }
    return malformed('a number in the metadata is too large');
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

/** Writes structs; ids must ascend within one. */
export class ThriftWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(256);
  #length = 0;
  #last = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written so far, as a view. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A struct that stands alone or in a list. */
  struct(fields: () => void): void {
    const outer = this.#last;
    this.#last = 0;
    fields();
    this.#put(0);
    this.#last = outer;
  }

  structField(id: number, fields: () => void): void {
    this.#field(id, STRUCT);
    this.struct(fields);
  }

  i8(id: number, value: number): void {
    this.#field(id, I8);
    this.#put(value & 255);
  }

  i32(id: number, value: number): void {
    this.#field(id, I32);
    this.#zigzag(value);
  }

  i64(id: number, value: number): void {
    this.#field(id, I64);
    this.#zigzag(value);
  }

  bool(id: number, value: boolean): void {
    this.#field(id, value ? TRUE : FALSE);
  }

  binary(id: number, value: Uint8Array): void {
    this.#field(id, BINARY);
    this.#blob(value);
  }

  string(id: number, value: string): void {
    this.binary(id, utf8Encoder.encode(value));
  }

  structs<T>(id: number, items: readonly T[], fields: (item: T) => void): void {
    this.#list(id, STRUCT, items.length);
    for (const item of items) this.struct(() => fields(item));
  }

  i32s(id: number, items: readonly number[]): void {
    this.#list(id, I32, items.length);
    for (const item of items) this.#zigzag(item);
  }

  i64s(id: number, items: readonly number[]): void {
    this.#list(id, I64, items.length);
    for (const item of items) this.#zigzag(item);
  }

  bools(id: number, items: readonly boolean[]): void {
    this.#list(id, TRUE, items.length);
    for (const item of items) this.#put(item ? TRUE : FALSE);
  }

  binaries(id: number, items: readonly Uint8Array[]): void {
    this.#list(id, BINARY, items.length);
    for (const item of items) this.#blob(item);
  }

  strings(id: number, items: readonly string[]): void {
    this.binaries(
      id,
      items.map((item) => utf8Encoder.encode(item)),
    );
  }

  #field(id: number, type: number): void {
    const delta = id - this.#last;
    if (delta > 0 && delta < 16) this.#put((delta << 4) | type);
    else {
      this.#put(type);
      this.#zigzag(id);
    }
    this.#last = id;
  }

  #list(id: number, type: number, size: number): void {
    this.#field(id, LIST);
    if (size < 15) this.#put((size << 4) | type);
    else {
      this.#put(0xf0 | type);
      this.#varint(size);
    }
  }

  #blob(value: Uint8Array): void {
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  #zigzag(value: number): void {
    this.#varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#put((rest % 128) | 128);
    this.#put(rest);
  }

  #put(byte: number): void {
    if (this.#length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.bytes());
    this.#bytes = grown;
  }
}
