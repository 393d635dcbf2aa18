/**
 * A page: found, checked, decompressed, split into levels and values.
 *
 *   v1   header | compressed( rep levels* | def levels* | values )      * = u32 length + RLE, when the column has them
 *   v2   header | rep levels | def levels | compressed( values )
 *
 * Invariants: a page's CRC-32, when it has one, is that of the bytes between its header and the next; what a page says
 * of its sizes holds, or it is malformed.
 */
import type { Codec } from '../compression.js';
import { crc32 } from '../crc32.js';
import { malformed } from './malformed.js';
import { Encoding, type PageHeader, PageType } from './metadata.js';
import { readPageHeader } from './metadata-reader.js';

/** A page before decompression; `bytes` are what follows its header. */
export interface RawPage {
  readonly header: PageHeader;
  readonly bytes: Uint8Array;
}

/** A page's bytes after decompression, with the place of each part. */
export interface PageBody {
  readonly header: PageHeader;
  readonly bytes: Uint8Array;
  /** [start, end) of RLE data; empty when the column has no such levels */
  readonly repetition: readonly [number, number];
  readonly definition: readonly [number, number];
  readonly values: number;
}

/** All pages of a column chunk but index pages. */
export function scanPages(chunk: Uint8Array, valueCount: number): RawPage[] {
  const pages: RawPage[] = [];
  let at = 0;
  let values = 0;
  while (at < chunk.length && values < valueCount) {
    const page = rawPage(chunk, at);
    at = page.end;
    if (page.header.type === PageType.INDEX) continue;
    if (page.header.type !== PageType.DICTIONARY) values += page.header.valueCount;
    pages.push(page);
  }
  if (values !== valueCount) malformed(`a column has ${values} values in its pages, ${valueCount} in the footer`);
  return pages;
}

/** The page whose header starts at `start`; its checksum is verified. */
export function rawPage(bytes: Uint8Array, start: number): RawPage & { readonly end: number } {
  const { header, at } = readPageHeader(bytes, start, bytes.length);
  const end = at + header.compressed_bytes;
  const body = bytes.subarray(at, end);
  if (header.crc !== undefined && crc32(body) !== header.crc) malformed('a page fails its checksum');
  return { header, bytes: body, end };
}

/** The page's decompressed bytes; a promise only where the codec has one. */
export function openPage(page: RawPage, codec: Codec, maxRepetition: number, maxDefinition: number): PageBody | Promise<PageBody> {
  const { header, bytes } = page;
  if (header.type === PageType.DATA_V2) {
    const levels = header.repetition_bytes + header.definition_bytes;
    if (levels > bytes.length || levels > header.uncompressed_bytes) malformed('levels are longer than their page');
    const finish = (values: Uint8Array, at: number): PageBody => {
      if (values === bytes) return { header, bytes, ...v2Levels(header), values: at };
      const whole = new Uint8Array(levels + values.length);
      whole.set(bytes.subarray(0, levels));
      whole.set(values, levels);
      return { header, bytes: whole, ...v2Levels(header), values: levels };
    };
    if (!header.compressed || codec.plain === true || header.uncompressed_bytes === levels) {
      if (bytes.length !== header.uncompressed_bytes) malformed('a page has another size than its header says');
      return finish(bytes, levels);
    }
    const values = codec.decompress(bytes.subarray(levels), header.uncompressed_bytes - levels);
    return values instanceof Uint8Array ? finish(values, levels) : values.then((body) => finish(body, levels));
  }
  if (codec.plain === true) {
    if (bytes.length !== header.uncompressed_bytes) malformed('a page has another size than its header says');
    return splitV1(header, bytes, maxRepetition, maxDefinition);
  }
  const body = codec.decompress(bytes, header.uncompressed_bytes);
  return body instanceof Uint8Array
    ? splitV1(header, body, maxRepetition, maxDefinition)
    : body.then((plain) => splitV1(header, plain, maxRepetition, maxDefinition));
}

function v2Levels(header: PageHeader): Pick<PageBody, 'repetition' | 'definition'> {
  const { repetition_bytes, definition_bytes } = header;
  return { repetition: [0, repetition_bytes], definition: [repetition_bytes, repetition_bytes + definition_bytes] };
}

function splitV1(header: PageHeader, bytes: Uint8Array, maxRepetition: number, maxDefinition: number): PageBody {
  if (header.type === PageType.DICTIONARY) return { header, bytes, repetition: [0, 0], definition: [0, 0], values: 0 };
  const repetition = levelRange(header, bytes, 0, header.repetitionEncoding, maxRepetition);
  const definition = levelRange(header, bytes, repetition[1], header.definitionEncoding, maxDefinition);
  return { header, bytes, repetition, definition, values: definition[1] };
}

function levelRange(header: PageHeader, bytes: Uint8Array, at: number, encoding: number, max: number): readonly [number, number] {
  if (max === 0) return [at, at];
  if (encoding === Encoding.BIT_PACKED) {
    const end = at + Math.ceil((header.valueCount * (32 - Math.clz32(max))) / 8);
    if (end > bytes.length) malformed('levels are longer than their page');
    return [at, end];
  }
  if (encoding !== Encoding.RLE) malformed(`levels in encoding ${encoding}`);
  if (at + 4 > bytes.length) malformed('a page ends within its levels');
  const length = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  if (length < 0 || length > bytes.length - at - 4) malformed('levels are longer than their page');
  return [at + 4, at + 4 + length];
}
