/**
 * Writes a Parquet file as Paimon expects it, row group by row group.
 *
 *   write(batch) -> up to a page of rows to each leaf's ChunkWriter -> at a page's end, all leaves finish theirs
 *                -> at a row group's end, all chunks go to the sink, one leaf after another
 *   finish()     -> page indexes, metadata checksum, metadata
 *
 * Invariants: pages of all leaves begin at the same rows, so single rows of nested columns can be read by page; memory
 * is one row group, encoded; of two row groups the first is being written while the second is encoded.
 */
import { WeirError } from '../../base/error.js';
import type { FileIO, FileSink, WriteOptions } from '../../io/file-io.js';
import type { Batch } from '../../types/column.js';
import type { DataField } from '../../types/data-type.js';
import { codecByName } from '../compression.js';
import { crc32 } from '../crc32.js';
import type { DataFileWriter, DataFileWriterOptions } from '../data-file.js';
import { ChunkWriter, type EncodedChunk } from './chunk-writer.js';
import { CHECKSUM_MAGIC, MAGIC } from './footer.js';
import type { ColumnChunk, FileRange, RowGroup, SchemaElement } from './metadata.js';
import { writeFileMetadata } from './metadata-writer.js';
import { schemaElements } from './schema.js';
import { extent_bytes, writeLeaves } from './shred.js';

const CREATED_BY = 'weir version 0.1.0';
const ROW_GROUP_ROWS = 131072;
const PAGE_ROWS = 8192;
const ROW_GROUP_BYTES = 64 << 20;
const PAGE_BYTES = 1 << 20;
/** pieces are gathered into writes of about this size */
const WRITE_BYTES = 4 << 20;

export async function createParquetWriter(
  io: FileIO,
  path: string,
  fields: readonly DataField[],
  options: DataFileWriterOptions,
): Promise<DataFileWriter> {
  const codec = codecByName(options.compression, options.zstdLevel ?? 1);
  const elements = schemaElements(fields);
  const pageRows = options.pageRows ?? PAGE_ROWS;
  const rowGroupRows = options.rowGroupRows ?? ROW_GROUP_ROWS;
  if (!(pageRows > 0) || !(rowGroupRows > 0)) throw new WeirError('INVALID_ARGUMENT', 'pages and row groups hold at least one row');
  const leafElements = elements.filter((element) => element.type !== undefined);
  const chunks = writeLeaves(fields).map(
    (leaf, i) => new ChunkWriter(leaf, leafElements[i]!, { codec, pageRows, dictionary: options.dictionary ?? true }),
  );
  return new ParquetWriter(await io.create(path), fields, elements, chunks, pageRows, rowGroupRows);
}

/** What is left to say of a row group's chunks once all rows are written. */
interface WrittenChunk {
  readonly metadata: ColumnChunk;
  readonly offsetIndex: Uint8Array;
  readonly columnIndex: Uint8Array | undefined;
}

class ParquetWriter implements DataFileWriter {
  rowCount = 0;
  readonly #sink: FileSink;
  readonly #fields: readonly DataField[];
  readonly #schema: readonly SchemaElement[];
  readonly #chunks: readonly ChunkWriter[];
  readonly #pageRows: number;
  readonly #rowGroupRows: number;
  readonly #groups: { readonly chunks: WrittenChunk[]; readonly rowCount: number; readonly total_bytes: number }[] = [];
  /** where the next row group begins */
  #offset = MAGIC.length;
  #rowsInPage = 0;
  #rowsInGroup = 0;
  /** pages being compressed, a row group being written */
  #compressing: Promise<unknown> | undefined;
  #writing: Promise<void>;
  #closed = false;

  constructor(
    sink: FileSink,
    fields: readonly DataField[],
    schema: readonly SchemaElement[],
    chunks: readonly ChunkWriter[],
    pageRows: number,
    rowGroupRows: number,
  ) {
    this.#sink = sink;
    this.#fields = fields;
    this.#schema = schema;
    this.#chunks = chunks;
    this.#pageRows = pageRows;
    this.#rowGroupRows = rowGroupRows;
    this.#writing = this.#background(sink.write(MAGIC));
  }

  get size_bytes(): number {
    let size = this.#offset;
    for (const chunk of this.#chunks) size += chunk.size_bytes;
    return size;
  }

  async write(batch: Batch): Promise<void> {
    this.#check(batch);
    for (let first = 0; first < batch.length; ) {
      const rows = this.#step(batch, first);
      for (const chunk of this.#chunks) chunk.append(batch.columns[chunk.field]!, first, first + rows);
      first += rows;
      this.rowCount += rows;
      this.#rowsInPage += rows;
      this.#rowsInGroup += rows;
      if (this.#rowsInPage === this.#pageRows || this.#chunks.some((chunk) => chunk.page_bytes >= PAGE_BYTES)) await this.#finishPages();
      if (this.#rowsInGroup === this.#rowGroupRows || this.#rawBytes() >= ROW_GROUP_BYTES) await this.#finishRowGroup();
    }
  }

  async finish(options: WriteOptions = {}): Promise<{ size_bytes: number; rowCount: number }> {
    this.#checkOpen();
    await this.#finishRowGroup();
    await this.#writing;
    this.#closed = true;
    const tail = this.#tail();
    await this.#sink.write(tail);
    await this.#sink.finish(options);
    return { size_bytes: this.#offset + tail.length, rowCount: this.rowCount };
  }

  async abort(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled([this.#compressing, this.#writing]);
    await this.#sink.abort();
  }

  #checkOpen(): void {
    if (this.#closed) throw new WeirError('CLOSED', `the writer of ${this.#sink.path} is closed`, { file: this.#sink.path });
  }

  #check(batch: Batch): void {
    this.#checkOpen();
    const fits =
      batch.columns.length === this.#fields.length && this.#fields.every((field, i) => batch.columns[i]!.type.kind === field.type.kind);
    if (!fits) throw new WeirError('INVALID_ARGUMENT', 'a batch has other columns than the file', { file: this.#sink.path });
  }

  /** How many of the batch's rows go in next: within page and row group, and not too many bytes at once. */
  #step(batch: Batch, first: number): number {
    let rows = Math.min(batch.length - first, this.#pageRows - this.#rowsInPage, this.#rowGroupRows - this.#rowsInGroup);
    for (const column of batch.columns) {
      if (column.offsets === undefined && column.children === undefined) continue;
      while (rows > 1 && extent_bytes(column, first, first + rows) > PAGE_BYTES) rows = (rows + 1) >> 1;
    }
    return rows;
  }

  #rawBytes(): number {
    let raw = 0;
    for (const chunk of this.#chunks) raw += chunk.raw_bytes;
    return raw;
  }

  async #finishPages(): Promise<void> {
    if (this.#rowsInPage === 0) return;
    this.#rowsInPage = 0;
    // Pages of a chunk are compressed one at a time: its first one decides how the others are stored.
    if (this.#compressing !== undefined) await this.#compressing;
    const compressing = this.#chunks.map((chunk) => chunk.finishPage()).filter((page) => page !== undefined);
    this.#compressing = compressing.length === 0 ? undefined : this.#background(Promise.all(compressing));
  }

  async #finishRowGroup(): Promise<void> {
    await this.#finishPages();
    await this.#compressing;
    if (this.#rowsInGroup === 0) return;
    const encoded = await Promise.all(this.#chunks.map((chunk) => chunk.finish()));
    const written: WrittenChunk[] = [];
    let total_bytes = 0;
    for (const chunk of encoded) {
      const offset = this.#offset;
      written.push({ metadata: chunk.metadata(offset), offsetIndex: chunk.offsetIndex(offset), columnIndex: chunk.columnIndex });
      total_bytes += written[written.length - 1]!.metadata.uncompressed_bytes;
      this.#offset += chunk.size_bytes;
    }
    this.#groups.push({ chunks: written, rowCount: this.#rowsInGroup, total_bytes });
    this.#rowsInGroup = 0;
    await this.#writing;
    this.#writing = this.#background(writeChunks(this.#sink, encoded));
  }

  /** A failure is met where the promise is awaited; until then it must not count as unhandled. */
  #background<T>(work: Promise<T>): Promise<T> {
    work.catch(() => undefined);
    return work;
  }

  /** Page indexes, metadata with its checksum, and the end of the file. */
  #tail(): Uint8Array {
    const parts: Uint8Array[] = [];
    let offset = this.#offset;
    const put = (bytes: Uint8Array): FileRange => {
      parts.push(bytes);
      offset += bytes.length;
      return { offset: offset - bytes.length, length: bytes.length };
    };
    const columnIndexes = this.#groups.map((group) =>
      group.chunks.map((chunk) => (chunk.columnIndex === undefined ? undefined : put(chunk.columnIndex))),
    );
    const rowGroups = this.#groups.map((group, g): RowGroup => {
      const columns = group.chunks.map((chunk, c) => {
        const columnIndex = columnIndexes[g]![c];
        return { ...chunk.metadata, offsetIndex: put(chunk.offsetIndex), ...(columnIndex === undefined ? {} : { columnIndex }) };
      });
      return { columns, rowCount: group.rowCount, total_bytes: group.total_bytes };
    });
    const metadata = writeFileMetadata({ schema: this.#schema, rowCount: this.rowCount, rowGroups, createdBy: CREATED_BY });
    put(CHECKSUM_MAGIC);
    put(word(crc32(metadata)));
    put(metadata);
    put(word(metadata.length));
    put(MAGIC);
    return Buffer.concat(parts);
  }
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

async function writeChunks(sink: FileSink, chunks: readonly EncodedChunk[]): Promise<void> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  for (const chunk of chunks) {
    pieces.push(...chunk.pieces);
    size += chunk.size_bytes;
    if (size < WRITE_BYTES) continue;
    await sink.write(Buffer.concat(pieces, size));
    pieces = [];
    size = 0;
  }
  if (size > 0) await sink.write(Buffer.concat(pieces, size));
}
