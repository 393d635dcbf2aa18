/**
 * An Avro data file as a DataFileReader.
 *
 *   header | block block block … block block | block …        row groups: blocks in a row, until they are large
 *                    └── 0 ──┘        └── 1 ──┘
 *
 * Avro has no index: opening a file reads the frame of every block, no data; small files are held whole. Single rows are
 * decoded with all of their block. There are no statistics.
 *
 * Invariant: whatever the bytes are, calls end with the data, CORRUPTION or UNSUPPORTED, naming the file. A row's ordinal is its
 * place in the file.
 */
import { WeirError } from '../base/error.js';
import type { FileIO, RandomAccessFile } from '../io/file-io.js';
import type { Batch } from '../types/column.js';
import type { DataField } from '../types/data-type.js';
import { takeBatch } from '../types/take.js';
import { AvroCursor } from './avro-binary.js';
import { decompressBlock } from './avro-codec.js';
import { AvroColumns } from './avro-columns.js';
import { type AvroHeader, checkSync, readBlockHead, readHeader, SYNC_BYTES } from './avro-header.js';
import { type AvroSchema, fieldsOf } from './avro-schema.js';
import type { ColumnStats, DataFileReader, PageStats } from './data-file.js';
import { corruption } from './parquet/malformed.js';

/** The first bytes of a file, read at once. Its schema is expected to be in them. */
const HEAD_BYTES = 4 * 1024 * 1024;
/** files up to this size are held whole while they are open */
const SMALL_FILE_BYTES = 1024 * 1024;
/** two numbers of up to ten bytes */
const BLOCK_HEAD_BYTES = 20;
/** a row group ends when its blocks reach either */
const GROUP_BYTES = 4 * 1024 * 1024;
const GROUP_ROWS = 131072;

interface Block {
  /** of its data, in the file */
  readonly offset: number;
  readonly size: number;
  readonly firstRow: number;
  readonly rowCount: number;
}

interface RowGroup {
  readonly firstRow: number;
  readonly rowCount: number;
  readonly blocks: readonly Block[];
}

export async function openAvro(io: FileIO, path: string): Promise<DataFileReader> {
  const file = await io.open(path);
  try {
    const head = await file.read(0, Math.min(HEAD_BYTES, file.size_bytes));
    const cursor = new AvroCursor(head);
    const header = readHeader(cursor, head);
    const schema = JSON.parse(header.schemaText) as AvroSchema;
    const blocks = await findBlocks(file, head, cursor.position, header);
    const held = file.size_bytes <= SMALL_FILE_BYTES ? head : new Uint8Array(0);
    return new AvroReader(file, held, header, schema, groupsOf(blocks));
  } catch (error) {
    await file.close();
    throw corruption(error, path);
  }
}

/** Walks from block to block. Throws Error. */
async function findBlocks(file: RandomAccessFile, head: Uint8Array, start: number, header: AvroHeader): Promise<Block[]> {
  const blocks: Block[] = [];
  const end = file.size_bytes;
  let firstRow = 0;
  let frame = await bytesAt(file, head, start, Math.min(BLOCK_HEAD_BYTES, end - start));
  for (let at = start; at < end; ) {
    const cursor = new AvroCursor(frame);
    const { count, size } = readBlockHead(cursor);
    const offset = at + cursor.position;
    at = offset + size + SYNC_BYTES;
    if (at > end) throw new Error(`a block of ${size} bytes where ${end - offset} are left`);
    const tail = new AvroCursor(await bytesAt(file, head, offset + size, Math.min(SYNC_BYTES + BLOCK_HEAD_BYTES, end - offset - size)));
    checkSync(tail, header.sync);
    frame = tail.readView(tail.left);
    if (count > 0) blocks.push({ offset, size, firstRow, rowCount: count });
    firstRow += count;
  }
  return blocks;
}

function groupsOf(blocks: readonly Block[]): RowGroup[] {
  const groups: RowGroup[] = [];
  let pending: Block[] = [];
  let rowCount = 0;
  let size = 0;
  for (const [index, block] of blocks.entries()) {
    pending.push(block);
    rowCount += block.rowCount;
    size += block.size;
    if (rowCount < GROUP_ROWS && size < GROUP_BYTES && index < blocks.length - 1) continue;
    groups.push({ firstRow: pending[0]!.firstRow, rowCount, blocks: pending });
    pending = [];
    rowCount = 0;
    size = 0;
  }
  return groups;
}

class AvroReader implements DataFileReader {
  readonly path: string;
  readonly rowCount: number;
  readonly rowGroups: readonly RowGroup[];
  readonly #file: RandomAccessFile;
  readonly #head: Uint8Array;
  readonly #header: AvroHeader;
  readonly #schema: AvroSchema;

  constructor(file: RandomAccessFile, head: Uint8Array, header: AvroHeader, schema: AvroSchema, rowGroups: readonly RowGroup[]) {
    this.path = file.path;
    this.rowGroups = rowGroups;
    this.rowCount = rowGroups.reduce((sum, group) => sum + group.rowCount, 0);
    this.#file = file;
    this.#head = head;
    this.#header = header;
    this.#schema = schema;
  }

  columnNames(): string[] {
    return fieldsOf(this.#schema as { [key: string]: unknown }).map((field) => field.name);
  }

  async readRowGroup(index: number, fields: readonly DataField[]): Promise<Batch> {
    const group = this.rowGroups[index];
    if (group === undefined) throw new WeirError('INVALID_ARGUMENT', `row group ${index} of ${this.rowGroups.length}`, { file: this.path });
    return this.#decode(group.blocks, fields);
  }

  async readRows(rows: Uint32Array, fields: readonly DataField[]): Promise<Batch> {
    const blocks: Block[] = [];
    const positions = new Uint32Array(rows.length);
    let done = 0;
    let decoded = 0;
    for (const block of this.rowGroups.flatMap((group) => group.blocks)) {
      const limit = block.firstRow + block.rowCount;
      const first = done;
      for (; done < rows.length && rows[done]! < limit; done++) {
        if (done > 0 && rows[done]! < rows[done - 1]!)
          throw new WeirError('INVALID_ARGUMENT', 'rows to read must ascend', { file: this.path });
        positions[done] = decoded + rows[done]! - block.firstRow;
      }
      if (done === first) continue;
      blocks.push(block);
      decoded += block.rowCount;
    }
    if (done < rows.length) throw new WeirError('INVALID_ARGUMENT', `row ${rows[done]} of ${this.rowCount}`, { file: this.path });
    return takeBatch(await this.#decode(blocks, fields), positions);
  }

  rowGroupStats(): ColumnStats | undefined {
    return undefined;
  }

  async pageStats(): Promise<PageStats | undefined> {
    return undefined;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** All rows of the blocks, as one batch. */
  async #decode(blocks: readonly Block[], fields: readonly DataField[]): Promise<Batch> {
    if (new Set(fields.map((field) => field.name)).size < fields.length)
      throw new WeirError('INVALID_ARGUMENT', 'a column is wanted twice', { file: this.path });
    try {
      const columns = new AvroColumns(this.#schema, fields);
      let next = this.#content(blocks[0]);
      let rowCount = 0;
      for (const [index, block] of blocks.entries()) {
        const content = await next;
        // the codec works on the next block while this one is decoded
        next = this.#content(blocks[index + 1]);
        if (block.rowCount > content.length) throw new Error(`a block of ${content.length} bytes claims ${block.rowCount} records`);
        const cursor = new AvroCursor(content);
        columns.read(cursor, block.rowCount);
        if (cursor.left > 0) throw new Error(`${cursor.left} bytes are left after the records of a block`);
        rowCount += block.rowCount;
      }
      return columns.finish(rowCount);
    } catch (error) {
      if (error instanceof WeirError && error.file === undefined)
        throw new WeirError(error.code, `${this.path}: ${error.message}`, { cause: error, file: this.path });
      throw corruption(error, this.path);
    }
  }

  #content(block: Block | undefined): Promise<Uint8Array> {
    if (block === undefined) return Promise.resolve(new Uint8Array(0));
    const content = bytesAt(this.#file, this.#head, block.offset, block.size).then((data) =>
      decompressBlock(this.#header.codec, data, this.path),
    );
    // an earlier block may fail first
    content.catch(() => {});
    return content;
  }
}

async function bytesAt(file: RandomAccessFile, head: Uint8Array, offset: number, length: number): Promise<Uint8Array> {
  return offset + length <= head.length ? head.subarray(offset, offset + length) : file.read(offset, length);
}
