/**
 * Writes a stream of rows into data files that roll at a target size, and says of each what a manifest must hold.
 *
 * Invariants: no file is empty; rows of a key-value stream come in key order, so the first and last row of a file are its
 * key range and rolled files do not overlap; after `abort` none of the files is left.
 */
import { createDataFileWriter, type DataFileWriter } from '../format/data-file.js';
import type { FileIO } from '../io/file-io.js';
import type { DataFileMeta } from '../meta/data-file-meta.js';
import type { Batch } from '../types/column.js';
import type { DataField } from '../types/data-type.js';
import { columnBytes, sliceBatch } from '../types/take.js';
import { keyValueFields } from './file-fields.js';
import { type FileOrigin, FileSummary } from './file-summary.js';

/** Where files go and how they are written. Plain data. */
export interface FileTarget extends FileOrigin {
  readonly kind: 'keyValue' | 'append' | 'changelog';
  /** absolute directory of the bucket */
  readonly directory: string;
  /** file names are this, a counter and the extension; unique to the task that writes */
  readonly namePrefix: string;
  /** append tables: number of the first row */
  readonly firstSequence: bigint;
  readonly targetFileSize_bytes: number;
  readonly targetFileRows: number;
  readonly compression: string;
  readonly zstdLevel: number;
  readonly suffixWithCompression: boolean;
  readonly dictionary: boolean;
  readonly fsync: boolean;
}

/** A larger batch is cut, so that files roll close to their target, whatever the width of its rows. */
const WRITE_ROWS = 65_536;
const WRITE_BYTES = 16 * 1024 * 1024;
const COMPRESSION_SUFFIX: Readonly<Record<string, string>> = { zstd: '.zst', gzip: '.gz', none: '' };

export function openRollingWriter(io: FileIO, target: FileTarget): RollingFileWriter {
  return new RollingFileWriter(io, target);
}

/** One file on its way. */
interface OpenFile {
  readonly fileName: string;
  readonly writer: DataFileWriter;
  readonly summary: FileSummary;
}

export class RollingFileWriter {
  readonly #io: FileIO;
  readonly #target: FileTarget;
  readonly #fields: readonly DataField[];
  readonly #done: DataFileMeta[] = [];
  /** names of all files begun: whatever state one is left in, `abort` finds it */
  readonly #names: string[] = [];
  #open: OpenFile | undefined;
  #sequence: bigint;

  constructor(io: FileIO, target: FileTarget) {
    this.#io = io;
    this.#target = target;
    const keyed = target.kind !== 'append';
    this.#fields = keyed ? keyValueFields(target.schema) : target.schema.fields;
    this.#sequence = target.firstSequence;
  }

  /** Columns in the file's order (`keyValueFields`, or the table's fields). */
  async write(batch: Batch): Promise<void> {
    const rows = rowsAtOnce(batch);
    for (let start = 0; start < batch.length; start += rows) {
      const part = batch.length <= rows ? batch : sliceBatch(batch, start, Math.min(batch.length, start + rows));
      await this.#writePart(part);
    }
  }

  /** Ends the last file. */
  async finish(): Promise<DataFileMeta[]> {
    await this.#roll();
    return this.#done;
  }

  /** Deletes every file it made, the finished ones too. */
  async abort(): Promise<void> {
    await this.#open?.writer.abort();
    this.#open = undefined;
    this.#done.length = 0;
    await Promise.all(this.#names.splice(0).map((name) => this.#io.remove(`${this.#target.directory}/${name}`)));
  }

  async #writePart(batch: Batch): Promise<void> {
    this.#open ??= await this.#create();
    this.#open.summary.add(batch);
    await this.#open.writer.write(batch);
    if (this.#open.writer.size_bytes >= this.#target.targetFileSize_bytes || this.#open.writer.rowCount >= this.#target.targetFileRows)
      await this.#roll();
  }

  async #create(): Promise<OpenFile> {
    const target = this.#target;
    const suffix = target.suffixWithCompression ? (COMPRESSION_SUFFIX[target.compression] ?? `.${target.compression}`) : '';
    const fileName = `${target.namePrefix}${this.#names.length}${suffix}.parquet`;
    this.#names.push(fileName);
    const writer = await createDataFileWriter(this.#io, `${target.directory}/${fileName}`, this.#fields, {
      format: 'parquet',
      compression: target.compression,
      zstdLevel: target.zstdLevel,
      dictionary: target.dictionary,
      // a point get decodes one page a column: small pages where there are keys to get by
      pageRows: target.kind === 'keyValue' ? 2048 : 8192,
    });
    return { fileName, writer, summary: new FileSummary(target, target.kind !== 'append') };
  }

  async #roll(): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    const { size_bytes } = await open.writer.finish({ sync: this.#target.fsync });
    this.#open = undefined;
    this.#done.push(open.summary.meta(open.fileName, size_bytes, this.#sequence));
    this.#sequence += BigInt(open.summary.rows);
  }
}

function rowsAtOnce(batch: Batch): number {
  const size_bytes = batch.columns.reduce((sum, column) => sum + columnBytes(column), 0);
  return Math.max(1, Math.min(WRITE_ROWS, Math.floor((batch.length * WRITE_BYTES) / Math.max(1, size_bytes))));
}
