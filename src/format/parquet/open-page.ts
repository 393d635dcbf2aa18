/**
 * One decompressed page of a flat column, from which single rows are picked without decoding the others.
 *
 *   PLAIN, fixed width    the value's place is its number times the width
 *   PLAIN byte arrays     the places of all values up to the one wanted, found once
 *   dictionary            the indices of all values, found once
 *   any other encoding    all values, decoded once
 *   all rows of the page  decoded in one go, as a scan does
 *
 * Invariant: `pick` takes ascending rows of the page.
 */
import { BitSink, countRange } from './bit-sink.js';
import { appendValidity, appendValues, decodeIndices, hasNoNulls } from './leaf-decoder.js';
import { LeafValues } from './leaf-values.js';
import { malformed } from './malformed.js';
import { Encoding, Type } from './metadata.js';
import type { PageBody } from './page.js';
import type { SchemaNode } from './schema.js';

/** What a page cache keeps. */
export type CachedPage = OpenPage | LeafValues;

export class OpenPage {
  readonly #node: SchemaNode;
  readonly #page: PageBody;
  readonly #dictionary: LeafValues | undefined;
  /** null: every row has a value */
  readonly #validity: Uint8Array | null;
  readonly #present: number;
  #starts: PlainStarts | undefined;
  #indices: Int32Array | undefined;
  #decoded: LeafValues | undefined;

  constructor(node: SchemaNode, page: PageBody, dictionary: LeafValues | undefined) {
    this.#node = node;
    this.#page = page;
    this.#dictionary = dictionary;
    const count = page.header.valueCount;
    this.#validity = null;
    this.#present = count;
    if (node.maxDefinition > 0 && !hasNoNulls(page)) {
      if (count > page.bytes.length * 8192 + 65536) malformed('more levels than its bytes can hold');
      const sink = new BitSink(count);
      appendValidity(page, sink);
      this.#validity = sink.bits;
      this.#present = countRange(sink.bits, 0, count);
    }
  }

  get rowCount(): number {
    return this.#page.header.valueCount;
  }

  get size_bytes(): number {
    return this.#page.bytes.length + (this.#page.header.encoding === Encoding.PLAIN ? 64 : this.#present * 4);
  }

  /** Appends rows `rows[start .. end]` less `firstRow`; `validity` gets a bit for each. */
  pick(rows: Uint32Array, start: number, end: number, firstRow: number, into: LeafValues, validity: BitSink): void {
    if (this.#isWhole(rows, start, end, firstRow)) {
      appendValues(into, this.#page, this.#present, this.#dictionary);
      if (this.#validity === null) validity.appendRun(true, this.rowCount);
      else validity.append(this.#validity, 0, this.rowCount);
      return;
    }
    let from = 0;
    let before = 0;
    for (let i = start; i < end; i++) {
      const row = rows[i]! - firstRow;
      if (row >= this.rowCount) malformed('a page has fewer rows than its index says');
      if (this.#validity === null) before = row;
      else {
        before += countRange(this.#validity, from, row);
        from = row;
        if (((this.#validity[row >> 3]! >> (row & 7)) & 1) === 0) {
          validity.appendRun(false, 1);
          continue;
        }
      }
      validity.appendRun(true, 1);
      this.#pickValue(before, into);
    }
  }

  #isWhole(rows: Uint32Array, start: number, end: number, firstRow: number): boolean {
    if (end - start !== this.rowCount) return false;
    for (let i = start, row = firstRow; i < end; i++, row++) if (rows[i] !== row) return false;
    return true;
  }

  #pickValue(index: number, into: LeafValues): void {
    const { bytes, values, header } = this.#page;
    const plain = header.encoding === Encoding.PLAIN;
    if (plain && into.width > 0) {
      if (values + (index + 1) * into.width > bytes.length) malformed('a page ends within its values');
      into.appendFixed(bytes, values + index * into.width);
      return;
    }
    if (plain && into.bits !== undefined) {
      if (values + (index >> 3) >= bytes.length) malformed('a page ends within its values');
      into.bits.append(bytes, values * 8 + index, 1);
      into.count++;
      return;
    }
    if (plain) {
      this.#starts ??= new PlainStarts(bytes, values, this.#present);
      const at = this.#starts.of(index);
      into.appendBytes(bytes, at + 4, this.#starts.of(index + 1));
      return;
    }
    if (header.encoding === Encoding.PLAIN_DICTIONARY || header.encoding === Encoding.RLE_DICTIONARY) {
      if (this.#dictionary === undefined) malformed('indices without a dictionary');
      this.#indices ??= decodeIndices(this.#page, this.#present).slice(0, this.#present);
      into.appendOne(this.#dictionary, this.#indices[index]!);
      return;
    }
    const decoded = this.#decode();
    if (decoded.bits !== undefined) {
      into.bits!.append(decoded.bits.bits, index, 1);
      into.count++;
    } else into.appendOne(decoded, index);
  }

  #decode(): LeafValues {
    if (this.#decoded === undefined) {
      const { type, typeLength } = this.#node.element;
      const values = new LeafValues(type!, typeLength ?? 0, this.#present, type === Type.BYTE_ARRAY ? this.#page.bytes.length : 0);
      appendValues(values, this.#page, this.#present, this.#dictionary);
      this.#decoded = values;
    }
    return this.#decoded;
  }
}

/** Where each PLAIN byte array's length is (and where the last one ends), found as far as it is asked for. */
class PlainStarts {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #starts: Int32Array;
  #known = 0;

  constructor(bytes: Uint8Array, start: number, count: number) {
    if (count * 4 > bytes.length - start) malformed('a page ends within its values');
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#starts = new Int32Array(count + 1);
    this.#starts[0] = start;
  }

  of(index: number): number {
    if (index > this.#known) this.#findTo(index);
    return this.#starts[index]!;
  }

  #findTo(index: number): void {
    const end = this.#bytes.length;
    let at = this.#starts[this.#known]!;
    for (let i = this.#known + 1; i <= index; i++) {
      if (at + 4 > end) malformed('a page ends within a value');
      const length = this.#view.getInt32(at, true);
      at += 4;
      if (length < 0 || length > end - at) malformed('a value is longer than its page');
      at += length;
      this.#starts[i] = at;
    }
    this.#known = index;
  }
}
