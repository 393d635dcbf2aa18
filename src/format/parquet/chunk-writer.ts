/**
 * One leaf column of the row group in the making: rows come in, encoded and compressed pages pile up.
 *
 *   append rows -> PlainBuffer, levels --finishPage--> bounds, dictionary or PLAIN, compress, checksum -> pages
 *
 * Decided at a chunk's first page: whether a dictionary pays (few distinct values in a sample), and whether the codec
 * does: a chunk that hardly shrinks is stored as it is, which saves its readers the work. A dictionary that grows too
 * large ends, and the chunk's later pages are PLAIN.
 *
 * Invariant: pages are v1, in order; memory held is the encoded pages and one page of raw values.
 */
import { WeirError } from '../../base/error.js';
import type { Column } from '../../types/column.js';
import { type Codec, UNCOMPRESSED } from '../compression.js';
import { crc32 } from '../crc32.js';
import { BitSink, countRange } from './bit-sink.js';
import { canHaveDictionary, DictionaryBuilder } from './dictionary-builder.js';
import { bitWidth, encodeBitRun, encodeBits, encodeHybrid, hybridBound } from './hybrid.js';
import { CodecId, type ColumnChunk, Encoding, type PageLocation, type SchemaElement } from './metadata.js';
import { writeColumnIndex, writeOffsetIndex, writePageHeader } from './metadata-writer.js';
import { PlainBuffer } from './plain-buffer.js';
import { shred, type WriteLeaf } from './shred.js';
import {
  type Bounds,
  chunkStatistics,
  columnIndex,
  mergeBounds,
  orderOf,
  type PageSummary,
  pageBounds,
  type ValueOrder,
} from './statistics.js';

/** share of distinct values in the sample, and in the first page, above which a dictionary is given up */
const MAX_DISTINCT = 0.5;
const SAMPLE_ROWS = 2048;
/** a codec has to save this share of a chunk's first page */
const MIN_SAVING = 0.1;

const CODEC_IDS: Record<string, number> = {
  uncompressed: CodecId.UNCOMPRESSED,
  snappy: CodecId.SNAPPY,
  gzip: CodecId.GZIP,
  lz4: CodecId.LZ4,
  zstd: CodecId.ZSTD,
};

export interface ChunkOptions {
  readonly codec: Codec;
  readonly pageRows: number;
  readonly dictionary: boolean;
}

interface EncodedPage extends PageSummary {
  readonly rowCount: number;
  readonly valueCount: number;
  readonly encoding: number;
  readonly raw_bytes: number;
  /** set once compressed */
  header: Uint8Array | undefined;
  body: Uint8Array | undefined;
}

/** A chunk ready to be written: its bytes, and its metadata once its place is known. */
export interface EncodedChunk {
  readonly pieces: readonly Uint8Array[];
  readonly size_bytes: number;
  metadata(offset: number): ColumnChunk;
  offsetIndex(offset: number): Uint8Array;
  readonly columnIndex: Uint8Array | undefined;
}

export class ChunkWriter {
  readonly #leaf: WriteLeaf;
  readonly #element: SchemaElement;
  readonly #options: ChunkOptions;
  readonly #plain: PlainBuffer;
  readonly #order: ValueOrder;
  readonly #text: boolean;
  readonly #flat: boolean;
  #index: Uint32Array;
  /** flat columns: presence of the page's rows */
  #presence: BitSink;
  /** nested columns: levels of the page's entries */
  #definitions: Uint8Array[] = [];
  #repetitions: Uint8Array[] = [];
  #entries = 0;
  #rows = 0;
  #pages: EncodedPage[] = [];
  #dictionary: DictionaryBuilder | undefined;
  /** do pages refer to the dictionary, may it take more entries */
  #usesDictionary = false;
  #growsDictionary = false;
  #codec: Codec | undefined;
  #encoded = new Uint8Array(0);
  #indices = new Int32Array(0);
  #pageBytes = 0;

  constructor(leaf: WriteLeaf, element: SchemaElement, options: ChunkOptions) {
    this.#leaf = leaf;
    this.#element = element;
    this.#options = options;
    this.#flat = leaf.steps.length === 1;
    const levelRoom = leaf.maxDefinition === 0 ? 0 : 16 + ((options.pageRows + 7) >> 3);
    this.#plain = new PlainBuffer(leaf.type, levelRoom);
    this.#order = orderOf(leaf.type, this.#plain);
    this.#text = leaf.type.kind === 'CHAR' || leaf.type.kind === 'VARCHAR';
    this.#index = new Uint32Array(this.#flat ? options.pageRows : 0);
    this.#presence = new BitSink(options.pageRows);
    this.#begin();
  }

  get field(): number {
    return this.#leaf.field;
  }

  /** raw bytes of the page in the making */
  get page_bytes(): number {
    return this.#plain.size;
  }

  /** bytes of this chunk's pages, raw */
  get raw_bytes(): number {
    return this.#pageBytes + this.#plain.size;
  }

  /** bytes this chunk will take in the file, about */
  get size_bytes(): number {
    let size = this.#plain.size + (this.#dictionary?.size_bytes ?? 0);
    for (const page of this.#pages) size += page.body?.length ?? page.raw_bytes;
    return size;
  }

  /** Rows first … end-1 of the top-level column: no more than the page has room for. */
  append(column: Column, first: number, end: number): void {
    this.#rows += end - first;
    if (!this.#flat) {
      const shredded = shred(this.#leaf, column, first, end);
      this.#entries += shredded.count;
      this.#definitions.push(shredded.definitions);
      if (this.#leaf.maxRepetition > 0) this.#repetitions.push(shredded.repetitions);
      if (shredded.present > 0) this.#plain.appendSelected(shredded.column, shredded.index, shredded.present);
      return;
    }
    this.#entries += end - first;
    const bits = column.validity;
    const present = bits === null ? end - first : countRange(bits, first, end);
    if (present === end - first) {
      this.#presence.appendRun(true, present);
      if (present > 0) this.#plain.appendRange(column, first, end);
      return;
    }
    if (this.#leaf.maxDefinition === 0) {
      throw new WeirError('INVALID_ARGUMENT', `a value of ${this.#leaf.path[0]} is missing, which its type does not allow`);
    }
    this.#presence.append(bits!, first, end - first);
    const index = this.#index;
    let count = 0;
    for (let i = first; i < end; i++) if (((bits![i >> 3]! >> (i & 7)) & 1) === 1) index[count++] = i;
    if (count > 0) this.#plain.appendSelected(column, index, count);
  }

  /** Encodes the page in the making; a promise where the codec has one. */
  finishPage(): void | Promise<void> {
    if (this.#rows === 0) return;
    const plain = this.#plain;
    const bounds = pageBounds(this.#order, plain);
    const encoding = this.#encodeIndices();
    const levels = this.#flat ? undefined : this.#nestedLevels();
    const body = encoding < 0 ? this.#plainBody(levels) : this.#dictionaryBody(levels, encoding);
    const page: EncodedPage = {
      rowCount: this.#rows,
      valueCount: this.#entries,
      encoding: encoding < 0 ? Encoding.PLAIN : Encoding.PLAIN_DICTIONARY,
      raw_bytes: body.length,
      bounds,
      nullCount: this.#entries - plain.count,
      allNull: plain.count === 0,
      header: undefined,
      body: undefined,
    };
    this.#pages.push(page);
    this.#pageBytes += body.length;
    // The body is a view on buffers that the next page takes over: `compress` leaves nothing of it in use.
    const compressed = this.#compress(page, body);
    plain.reset();
    this.#presence = new BitSink(this.#options.pageRows);
    this.#definitions = [];
    this.#repetitions = [];
    this.#entries = 0;
    this.#rows = 0;
    return compressed;
  }

  /** The whole chunk; the next one begins. All pages must be finished. */
  async finish(): Promise<EncodedChunk> {
    const pages = this.#pages;
    const codec = this.#codec ?? UNCOMPRESSED;
    const entries = this.#usesDictionary ? this.#dictionary!.bytes() : undefined;
    const dictionary = entries === undefined ? undefined : await dictionaryPage(codec, entries, this.#dictionary!.count);
    this.#begin();
    const pieces = [...(dictionary?.pieces ?? [])];
    const dictionaryBytes = dictionary === undefined ? 0 : pieces[0]!.length + pieces[1]!.length;
    let size = dictionaryBytes;
    let raw = dictionary === undefined ? 0 : pieces[0]!.length + entries!.length;
    let valueCount = 0;
    let nullCount = 0;
    let bounds: Bounds | undefined;
    for (const page of pages) {
      pieces.push(page.header!, page.body!);
      size += page.header!.length + page.body!.length;
      raw += page.header!.length + page.raw_bytes;
      valueCount += page.valueCount;
      nullCount += page.nullCount;
      bounds = mergeBounds(this.#order, bounds, page.bounds);
    }
    const statistics = chunkStatistics(this.#order, this.#text, bounds, nullCount);
    const index = columnIndex(this.#order, this.#text, pages);
    const encodings = new Set<number>([Encoding.RLE, ...pages.map((page) => page.encoding)]);
    if (dictionary !== undefined) encodings.add(Encoding.PLAIN_DICTIONARY);
    return {
      pieces,
      size_bytes: size,
      columnIndex: index === undefined ? undefined : writeColumnIndex(index),
      metadata: (offset) => ({
        type: this.#element.type!,
        encodings: [...encodings],
        path: this.#leaf.path,
        codec: CODEC_IDS[codec.name]!,
        valueCount,
        uncompressed_bytes: raw,
        compressed_bytes: size,
        dataPageOffset: offset + dictionaryBytes,
        ...(dictionary === undefined ? {} : { dictionaryPageOffset: offset }),
        statistics,
      }),
      offsetIndex: (offset) => writeOffsetIndex(locations(pages, offset + dictionaryBytes)),
    };
  }

  #begin(): void {
    this.#pages = [];
    this.#pageBytes = 0;
    this.#codec = this.#options.codec.plain === true ? UNCOMPRESSED : undefined;
    this.#usesDictionary = false;
    this.#growsDictionary = this.#options.dictionary && canHaveDictionary(this.#plain);
    this.#dictionary = this.#growsDictionary ? new DictionaryBuilder(this.#plain) : undefined;
  }

  /** The indices' bit width, with the indices in `#indices`; -1 for a PLAIN page. */
  #encodeIndices(): number {
    const dictionary = this.#dictionary;
    const plain = this.#plain;
    if (!this.#growsDictionary || dictionary === undefined || plain.count === 0) return -1;
    if (this.#indices.length < plain.count) this.#indices = new Int32Array(Math.max(plain.count, this.#options.pageRows));
    let done = 0;
    let at = plain.start;
    if (!this.#usesDictionary) {
      done = Math.min(SAMPLE_ROWS, plain.count);
      at = dictionary.add(plain, 0, done, at, this.#indices);
      if (at < 0 || dictionary.count > done * MAX_DISTINCT) return this.#dropDictionary();
    }
    if (done < plain.count) at = dictionary.add(plain, done, plain.count, at, this.#indices);
    if (at < 0 || (!this.#usesDictionary && dictionary.count > plain.count * MAX_DISTINCT)) return this.#dropDictionary();
    this.#usesDictionary = true;
    return bitWidth(dictionary.count - 1);
  }

  /** From here on pages are PLAIN; entries that pages before refer to stay. */
  #dropDictionary(): number {
    if (!this.#usesDictionary) this.#dictionary = undefined;
    this.#growsDictionary = false;
    return -1;
  }

  #plainBody(levels: Uint8Array | undefined): Uint8Array {
    const { bytes, start, size } = this.#plain;
    if (levels !== undefined) {
      const body = new Uint8Array(levels.length + size);
      body.set(levels);
      body.set(bytes.subarray(start, start + size), levels.length);
      return body;
    }
    // Levels go right before the values, wherever they then begin.
    const length = this.#flatLevelBytes();
    this.#putFlatLevels(bytes, start - length);
    return bytes.subarray(start - length, start + size);
  }

  #dictionaryBody(levels: Uint8Array | undefined, width: number): Uint8Array {
    const { count } = this.#plain;
    const room = (levels?.length ?? this.#flatLevelBytes()) + 1 + hybridBound(count, width);
    if (this.#encoded.length < room) this.#encoded = new Uint8Array(room * 2);
    const out = this.#encoded;
    let at = 0;
    if (levels !== undefined) {
      out.set(levels);
      at = levels.length;
    } else at = this.#putFlatLevels(out, 0);
    out[at++] = width;
    return out.subarray(0, encodeHybrid(this.#indices, 0, count, width, out, at));
  }

  #hasNulls(): boolean {
    return this.#plain.count < this.#entries;
  }

  #flatLevelBytes(): number {
    if (this.#leaf.maxDefinition === 0) return 0;
    const bytes = (this.#rows + 7) >> 3;
    if (this.#hasNulls()) return 4 + varintBytes((bytes << 1) | 1) + bytes;
    return 4 + varintBytes(this.#rows * 2) + 1;
  }

  #putFlatLevels(out: Uint8Array, at: number): number {
    if (this.#leaf.maxDefinition === 0) return at;
    const rows = this.#rows;
    const end = this.#hasNulls() ? encodeBits(this.#presence.bits, rows, out, at + 4) : encodeBitRun(1, rows, out, at + 4);
    new DataView(out.buffer, out.byteOffset).setUint32(at, end - at - 4, true);
    return end;
  }

  #nestedLevels(): Uint8Array {
    const { maxDefinition, maxRepetition } = this.#leaf;
    const parts: Uint8Array[] = [];
    if (maxRepetition > 0) parts.push(encodeLevels(this.#repetitions, this.#entries, maxRepetition));
    if (maxDefinition > 0) parts.push(encodeLevels(this.#definitions, this.#entries, maxDefinition));
    return Buffer.concat(parts);
  }

  #compress(page: EncodedPage, body: Uint8Array): void | Promise<void> {
    const { codec } = this.#options;
    if (this.#codec === UNCOMPRESSED) {
      finishPage(page, body.slice());
      return;
    }
    const compressed = codec.compress!(codec.name === 'zstd' ? body.slice() : body);
    if (compressed instanceof Uint8Array) return this.#settle(page, compressed, body);
    const raw = this.#codec === undefined ? body.slice() : body; // only the first page's is looked at
    return compressed.then((bytes) => this.#settle(page, bytes, raw));
  }

  /** A chunk's first page, `raw` and compressed, decides for the codec or against it. */
  #settle(page: EncodedPage, compressed: Uint8Array, raw: Uint8Array): void {
    this.#codec ??= compressed.length > raw.length * (1 - MIN_SAVING) ? UNCOMPRESSED : this.#options.codec;
    finishPage(page, this.#codec === UNCOMPRESSED ? raw.slice() : compressed);
  }
}

function finishPage(page: EncodedPage, body: Uint8Array): void {
  page.body = body;
  page.header = writePageHeader({
    dictionary: false,
    uncompressed_bytes: page.raw_bytes,
    compressed_bytes: body.length,
    crc: crc32(body),
    valueCount: page.valueCount,
    encoding: page.encoding,
  });
}

async function dictionaryPage(codec: Codec, entries: Uint8Array, count: number): Promise<{ pieces: Uint8Array[] }> {
  const body = codec.plain === true ? entries.slice() : await codec.compress!(entries.slice());
  const header = writePageHeader({
    dictionary: true,
    uncompressed_bytes: entries.length,
    compressed_bytes: body.length,
    crc: crc32(body),
    valueCount: count,
    encoding: Encoding.PLAIN_DICTIONARY,
  });
  return { pieces: [header, body] };
}

function locations(pages: readonly EncodedPage[], offset: number): PageLocation[] {
  let at = offset;
  let row = 0;
  return pages.map((page) => {
    const size_bytes = page.header!.length + page.body!.length;
    at += size_bytes;
    row += page.rowCount;
    return { offset: at - size_bytes, size_bytes, firstRow: row - page.rowCount };
  });
}

function encodeLevels(parts: readonly Uint8Array[], count: number, max: number): Uint8Array {
  const levels = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  const width = bitWidth(max);
  const out = new Uint8Array(4 + hybridBound(count, width));
  const end = encodeHybrid(levels, 0, count, width, out, 4);
  new DataView(out.buffer).setUint32(0, end - 4, true);
  return out.subarray(0, end);
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest >>>= 7) bytes++;
  return bytes;
}
