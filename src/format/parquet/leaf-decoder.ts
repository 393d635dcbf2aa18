/**
 * One leaf column's pages, decoded one after another into dense values and what says where they belong.
 *
 *   flat     a top-level column: a validity bit a row, made only once a value is missing
 *   nested   definition and repetition level of every entry, for `assemble`
 *
 * Invariant: `slots` never passes the capacity, which is the number of values the footer gives.
 */
import { BitSink, countRange } from './bit-sink.js';
import { bitWidth, decodeBitPackedLevels, decodeBits, decodeHybrid, decodeLevels, isAllOnes } from './hybrid.js';
import { LeafValues } from './leaf-values.js';
import { malformed } from './malformed.js';
import { Encoding, PageType, Type } from './metadata.js';
import type { PageBody } from './page.js';
import { isFlat, type SchemaNode } from './schema.js';

/** dictionary indices on their way; decoding never awaits, so one array does for all */
let scratch = new Int32Array(8192);

export class LeafDecoder {
  readonly node: SchemaNode;
  readonly values: LeafValues;
  readonly capacity: number;
  /** rows of a flat column, entries of a nested one */
  slots = 0;
  readonly definitions: Uint8Array | undefined;
  readonly repetitions: Uint8Array | undefined;
  #validity: BitSink | undefined;
  #dictionary: LeafValues | undefined;

  constructor(node: SchemaNode, capacity: number, bytesHint: number) {
    this.node = node;
    this.capacity = capacity;
    this.values = new LeafValues(node.element.type!, node.element.typeLength ?? 0, capacity, bytesHint);
    if (!isFlat(node)) {
      if (node.maxDefinition > 255 || node.maxRepetition > 255) malformed('a column is nested too deeply');
      this.definitions = new Uint8Array(capacity);
      this.repetitions = new Uint8Array(capacity);
    }
  }

  /** of a flat column: null when nothing is missing */
  get validity(): Uint8Array | null {
    return this.#validity?.bits ?? null;
  }

  append(page: PageBody): void {
    if (page.header.type === PageType.DICTIONARY) {
      this.#dictionary = decodeDictionary(this.node, page);
      return;
    }
    const count = page.header.valueCount;
    if (count > this.capacity - this.slots) malformed('more values than the row group has');
    const present = this.definitions === undefined ? this.#flatLevels(page, count) : this.#nestedLevels(page, count);
    this.slots += count;
    appendValues(this.values, page, present, this.#dictionary);
  }

  /** A dictionary that was decoded before. */
  useDictionary(dictionary: LeafValues | undefined): void {
    this.#dictionary = dictionary;
  }

  #flatLevels(page: PageBody, count: number): number {
    if (this.node.maxDefinition === 0 || hasNoNulls(page)) {
      this.#validity?.appendRun(true, count);
      return count;
    }
    if (this.#validity === undefined) {
      this.#validity = new BitSink(this.capacity);
      this.#validity.appendRun(true, this.slots);
    }
    appendValidity(page, this.#validity);
    return countRange(this.#validity.bits, this.slots, this.slots + count);
  }

  #nestedLevels(page: PageBody, count: number): number {
    const { maxDefinition, maxRepetition } = this.node;
    const definitions = this.definitions!;
    decodeLevelPart(page, page.header.repetitionEncoding, page.repetition, maxRepetition, this.repetitions!, this.slots);
    decodeLevelPart(page, page.header.definitionEncoding, page.definition, maxDefinition, definitions, this.slots);
    let present = 0;
    for (let i = this.slots, end = i + count; i < end; i++) if (definitions[i] === maxDefinition) present++;
    return present;
  }
}

/** Is it plain from the levels' first bytes that the page of a flat column has no nulls? */
export function hasNoNulls(page: PageBody): boolean {
  const rle = page.header.definitionEncoding === Encoding.RLE;
  return rle && isAllOnes(page.bytes, page.definition[0], page.definition[1], page.header.valueCount);
}

/** Appends a bit for each row of a flat column's page. */
export function appendValidity(page: PageBody, sink: BitSink): void {
  const [start, end] = page.definition;
  const count = page.header.valueCount;
  if (page.header.definitionEncoding === Encoding.RLE) decodeBits(page.bytes, start, end, count, sink);
  else {
    const levels = new Uint8Array(count);
    decodeBitPackedLevels(page.bytes, start, end, 1, count, levels, 0);
    for (const level of levels) sink.appendRun(level === 1, 1);
  }
}

function decodeLevelPart(
  page: PageBody,
  encoding: number,
  range: readonly [number, number],
  max: number,
  out: Uint8Array,
  to: number,
): void {
  if (max === 0) return;
  const count = page.header.valueCount;
  const decode = encoding === Encoding.BIT_PACKED ? decodeBitPackedLevels : decodeLevels;
  decode(page.bytes, range[0], range[1], bitWidth(max), count, out, to);
  for (let i = to; i < to + count; i++) if (out[i]! > max) malformed('a level is higher than the schema allows');
}

export function decodeDictionary(node: SchemaNode, page: PageBody): LeafValues {
  const { header, bytes } = page;
  if (header.encoding !== Encoding.PLAIN && header.encoding !== Encoding.PLAIN_DICTIONARY) malformed('a dictionary that is not PLAIN');
  const { type, typeLength } = node.element;
  if (type === Type.BOOLEAN) malformed('a dictionary of booleans');
  const least = type === Type.BYTE_ARRAY || type === Type.INT32 || type === Type.FLOAT ? 4 : type === Type.FIXED ? (typeLength ?? 1) : 8;
  if (header.valueCount > bytes.length / least) malformed('a dictionary is longer than its page');
  const dictionary = new LeafValues(type!, typeLength ?? 0, header.valueCount, bytes.length);
  dictionary.appendPlain(bytes, 0, bytes.length, header.valueCount);
  return dictionary;
}

/** The page's `count` present values. */
export function appendValues(values: LeafValues, page: PageBody, count: number, dictionary: LeafValues | undefined): void {
  if (count === 0) return;
  const { bytes, values: start, header } = page;
  const end = bytes.length;
  switch (header.encoding) {
    case Encoding.PLAIN:
      values.appendPlain(bytes, start, end, count);
      return;
    case Encoding.PLAIN_DICTIONARY:
    case Encoding.RLE_DICTIONARY:
      if (dictionary === undefined) malformed('indices without a dictionary');
      values.appendIndexed(dictionary, decodeIndices(page, count), count);
      return;
    case Encoding.RLE:
      if (values.bits === undefined || end - start < 4) malformed('run lengths of a type that cannot be');
      decodeBits(bytes, start + 4, end, count, values.bits);
      values.count += count;
      return;
    case Encoding.DELTA_BINARY_PACKED:
      values.appendDelta(bytes, start, end, count);
      return;
    case Encoding.DELTA_LENGTH_BYTE_ARRAY:
      values.appendDeltaLength(bytes, start, end, count);
      return;
    case Encoding.DELTA_BYTE_ARRAY:
      values.appendDeltaBytes(bytes, start, end, count);
      return;
    case Encoding.BYTE_STREAM_SPLIT:
      values.appendByteStreamSplit(bytes, start, end, count);
      return;
    default:
      malformed(`a page in encoding ${header.encoding}`);
  }
}

/** Dictionary indices of a page, in an array that the next call uses again. */
export function decodeIndices(page: PageBody, count: number): Int32Array {
  const { bytes, values } = page;
  if (values >= bytes.length) malformed('a page ends before its indices');
  if (scratch.length < count) scratch = new Int32Array(Math.max(count, scratch.length * 2));
  decodeHybrid(bytes, values + 1, bytes.length, bytes[values]!, count, scratch, 0);
  return scratch;
}
