/**
 * A file's footer, parsed and checked: any number of readers may share it, for as long as they like.
 *
 *   PAR1 | pages … | page indexes | [ WCRC | u32 CRC-32 of the metadata ] | metadata | u32 its length | PAR1
 *
 * Parquet has checksums for pages, none for the metadata, where a flipped bit turns a column's name or scale into
 * another. Weir puts one before the metadata, where nothing refers to it: other readers never see it.
 *
 * Invariants: every column chunk that is given out belongs to the schema's leaf of its number, lies within the file, and
 * (flat columns) has as many values as the row group has rows.
 */
import { WeirError } from '../../base/error.js';
import type { RandomAccessFile } from '../../io/file-io.js';
import { crc32 } from '../crc32.js';
import { decoding, malformed } from './malformed.js';
import type { ColumnChunk, PageLocation } from './metadata.js';
import { type ChunkPlaces, readColumnChunk, readFileMetadata } from './metadata-reader.js';
import { buildSchema, isFlat, type SchemaNode } from './schema.js';

export const MAGIC = Uint8Array.from(Buffer.from('PAR1'));
export const CHECKSUM_MAGIC = Uint8Array.from(Buffer.from('WCRC'));
const ENCRYPTED_MAGIC = Uint8Array.from(Buffer.from('PARE'));
/** read at once from the end of a file: the metadata of most files */
const TAIL_BYTES = 64 * 1024;
const MAX_ROWS = 2 ** 32;

export class FooterRowGroup {
  readonly firstRow: number;
  readonly rowCount: number;
  /** page locations by leaf, put here once read; empty: the file has none */
  readonly pageLocations = new Map<number, readonly PageLocation[]>();
  readonly #metadata: Uint8Array;
  readonly #places: ChunkPlaces;
  readonly #leaves: readonly SchemaNode[];
  readonly #file_bytes: number;
  readonly #chunks: (ColumnChunk | undefined)[] = [];

  constructor(firstRow: number, metadata: Uint8Array, places: ChunkPlaces, leaves: readonly SchemaNode[], file_bytes: number) {
    this.firstRow = firstRow;
    this.rowCount = places.rowCount;
    this.#metadata = metadata;
    this.#places = places;
    this.#leaves = leaves;
    this.#file_bytes = file_bytes;
  }

  /** The chunk of a leaf, parsed when it is first asked for. @throws Malformed */
  chunk(leaf: number): ColumnChunk {
    const known = this.#chunks[leaf];
    if (known !== undefined) return known;
    const chunk = readColumnChunk(this.#metadata, this.#places.starts[leaf]!);
    checkChunk(chunk, this.#leaves[leaf]!, this.rowCount, this.#file_bytes);
    this.#chunks[leaf] = chunk;
    return chunk;
  }
}

export interface ParquetFooter {
  readonly size_bytes: number;
  readonly rowCount: number;
  readonly createdBy: string | undefined;
  readonly rowGroups: readonly FooterRowGroup[];
  readonly leaves: readonly SchemaNode[];
  /** top-level columns */
  readonly columns: ReadonlyMap<string, SchemaNode>;
}

/** The last bytes of a file, kept as long as its reader: a small file is there whole. */
export interface Tail {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export async function readFooter(file: RandomAccessFile): Promise<{ footer: ParquetFooter; tail: Tail }> {
  const size = file.size_bytes;
  const trailer = MAGIC.length + 4;
  let tail: Tail = { offset: Math.max(0, size - TAIL_BYTES), bytes: new Uint8Array(0) };
  tail = { ...tail, bytes: await file.read(tail.offset, size - tail.offset) };
  const length = decoding(file.path, () => metadataLength(tail.bytes, size));
  const wanted = Math.min(size, length + trailer + CHECKSUM_MAGIC.length + 4);
  if (wanted > tail.bytes.length) tail = { offset: size - wanted, bytes: await file.read(size - wanted, wanted) };
  const start = tail.bytes.length - trailer - length;
  return { tail, footer: decoding(file.path, () => parseFooter(tail.bytes, start, start + length, size)) };
}

function metadataLength(tail: Uint8Array, size: number): number {
  const end = tail.length;
  if (end < 12) malformed('it is too short for a Parquet file');
  if (startsWith(tail, end - 4, ENCRYPTED_MAGIC)) throw new WeirError('UNSUPPORTED', 'the Parquet file is encrypted');
  if (!startsWith(tail, end - 4, MAGIC)) malformed('it does not end as a Parquet file does');
  const length = new DataView(tail.buffer, tail.byteOffset + end - 8, 4).getUint32(0, true);
  if (length > size - 12) malformed('its metadata is longer than the file');
  return length;
}

function parseFooter(tail: Uint8Array, start: number, end: number, size: number): ParquetFooter {
  const bytes = tail.subarray(start, end);
  const mark = start - 8;
  if (mark >= 0 && startsWith(tail, mark, CHECKSUM_MAGIC)) {
    const found = new DataView(tail.buffer, tail.byteOffset + mark + 4, 4).getUint32(0, true);
    if (found !== crc32(bytes)) malformed('its metadata fails its checksum');
  }
  // A copy: the footer is kept longer than the bytes it came with.
  const metadata = bytes.slice();
  const meta = readFileMetadata(metadata);
  const { root, leaves } = buildSchema(meta.schema);
  let firstRow = 0;
  const rowGroups = meta.rowGroups.map((group) => {
    if (group.starts.length !== leaves.length) malformed('a row group has another number of columns than the schema');
    firstRow += group.rowCount;
    return new FooterRowGroup(firstRow - group.rowCount, metadata, group, leaves, size);
  });
  if (firstRow !== meta.rowCount) malformed('its row groups have another number of rows than the file');
  if (firstRow >= MAX_ROWS) throw new WeirError('UNSUPPORTED', 'a data file of 2^32 rows or more');
  const columns = new Map(root.children.map((node) => [node.name, node]));
  return { size_bytes: size, rowCount: firstRow, createdBy: meta.createdBy, rowGroups, leaves, columns };
}

function checkChunk(chunk: ColumnChunk, leaf: SchemaNode, rowCount: number, size: number): void {
  if (chunk.type !== leaf.element.type || chunk.path.length !== leaf.path.length) malformed('a column is not the schema’s');
  for (let i = 0; i < leaf.path.length; i++) if (chunk.path[i] !== leaf.path[i]) malformed('a column is not the schema’s');
  if (chunk.valueCount > 2147483647) malformed('a column has too many values');
  if (isFlat(leaf) && chunk.valueCount !== rowCount) malformed('a column has another number of values than its row group');
  const { offset, length } = chunkRange(chunk);
  if (offset + length > size) malformed('a column is beyond the end of the file');
  for (const range of [chunk.offsetIndex, chunk.columnIndex]) {
    if (range !== undefined && range.offset + range.length > size) malformed('a page index is beyond the end of the file');
  }
}

/** Where a column chunk's pages are. */
export function chunkRange(chunk: ColumnChunk): { offset: number; length: number } {
  const dictionary = chunk.dictionaryPageOffset ?? 0;
  const offset = dictionary > 0 ? Math.min(dictionary, chunk.dataPageOffset) : chunk.dataPageOffset;
  return { offset, length: chunk.compressed_bytes };
}

function startsWith(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}
