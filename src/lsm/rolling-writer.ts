/**
 * Writes a stream of rows into data files that roll at a target size, and says of each what a manifest must hold.
 *
 * Invariants: no file is empty; rows of a key-value stream come in key order, so the first and last row of a file are its
 * key range and rolled files do not overlap; after `abort` none of the files is left.
 */
import assert from 'node:assert/strict';
import { createDataFileWriter, type DataFileWriter } from '../format/data-file.js';
import type { FileIO } from '../io/file-io.js';
import { EMPTY_ROW, serializeRow } from '../meta/binary-row.js';
import { boundsOf } from '../meta/column-bounds.js';
import type { DataFileMeta, SimpleStats } from '../meta/data-file-meta.js';
import { StatsCollector } from '../meta/stats.js';
import { type TableSchema, trimmedPrimaryKey } from '../meta/table-schema.js';
import type { Batch, Column } from '../types/column.js';
import type { DataField } from '../types/data-type.js';
import { datumAt } from '../types/datum.js';
import { columnBytes, sliceBatch } from '../types/take.js';
import { keyValueFields } from './file-fields.js';

/** Where files go and how they are written. Plain data. */
export interface FileTarget {
  readonly kind: 'keyValue' | 'append' | 'changelog';
  readonly schema: TableSchema;
  /** absolute directory of the bucket */
  readonly directory: string;
  /** file names are this, a counter and the extension; unique to the task that writes */
  readonly namePrefix: string;
  readonly level: number;
  /** 0 append, 1 compact */
  readonly fileSource: number;
  /** append tables: number of the first row */
  readonly firstSequence: bigint;
  /** epoch ms */
  readonly creationTime_ms: number;
  readonly targetFileSize_bytes: number;
  readonly targetFileRows: number;
  readonly compression: string;
  readonly zstdLevel: number;
  readonly suffixWithCompression: boolean;
  /** statistics mode of each table column */
  readonly statsModes: readonly string[];
  readonly denseStats: boolean;
  readonly dictionary: boolean;
  readonly fsync: boolean;
}

const KEY_STATS_MODE = 'truncate(128)';
const EMPTY_STATS: SimpleStats = { min: EMPTY_ROW, max: EMPTY_ROW, nullCounts: [] };
/** A larger batch is cut, so that files roll close to their target, whatever the width of its rows. */
const WRITE_ROWS = 65_536;
const WRITE_BYTES = 16 * 1024 * 1024;
const COMPRESSION_SUFFIX: Readonly<Record<string, string>> = { zstd: '.zst', gzip: '.gz', none: '' };

export function openRollingWriter(io: FileIO, target: FileTarget): RollingFileWriter {
  return new RollingFileWriter(io, target);
}

export class RollingFileWriter {
  readonly #io: FileIO;
  readonly #target: FileTarget;
  readonly #fields: readonly DataField[];
  readonly #keys: number;
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
    this.#keys = keyed ? trimmedPrimaryKey(target.schema).length : 0;
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
    this.#open.add(batch);
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
    return new OpenFile(fileName, writer, target, this.#keys);
  }

  async #roll(): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    const { size_bytes } = await open.writer.finish({ sync: this.#target.fsync });
    this.#open = undefined;
    this.#done.push(open.meta(size_bytes, this.#sequence));
    this.#sequence += BigInt(open.rows);
  }
}

function rowsAtOnce(batch: Batch): number {
  const size_bytes = batch.columns.reduce((sum, column) => sum + columnBytes(column), 0);
  return Math.max(1, Math.min(WRITE_ROWS, Math.floor((batch.length * WRITE_BYTES) / Math.max(1, size_bytes))));
}

/** One file on its way: its writer, and what is gathered for the manifest. */
class OpenFile {
  readonly #fileName: string;
  readonly writer: DataFileWriter;
  readonly #target: FileTarget;
  readonly #keys: number;
  readonly #keyStats: StatsCollector | undefined;
  readonly #valueStats: StatsCollector;
  readonly #keyTypes: readonly DataField['type'][];
  rows = 0;
  #deletes = 0;
  #minKey: Uint8Array = EMPTY_ROW;
  #maxKey: Uint8Array = EMPTY_ROW;
  #minSequence = 0n;
  #maxSequence = 0n;

  constructor(fileName: string, writer: DataFileWriter, target: FileTarget, keys: number) {
    this.#fileName = fileName;
    this.writer = writer;
    this.#target = target;
    this.#keys = keys;
    const keyFields = keys === 0 ? [] : keyValueFields(target.schema).slice(0, keys);
    this.#keyTypes = keyFields.map((field) => field.type);
    this.#keyStats =
      keys === 0
        ? undefined
        : new StatsCollector(
            keyFields,
            keyFields.map(() => KEY_STATS_MODE),
            { dense: false },
          );
    this.#valueStats = new StatsCollector(target.schema.fields, target.statsModes, { dense: target.denseStats });
  }

  add(batch: Batch): void {
    const keys = this.#keys;
    if (this.#keyStats === undefined) {
      this.#valueStats.add(batch);
    } else {
      const key = (row: number) => {
        const values = batch.columns.slice(0, keys).map((column) => datumAt(column, row));
        return serializeRow(this.#keyTypes, values);
      };
      if (this.rows === 0) this.#minKey = key(0);
      this.#maxKey = key(batch.length - 1);
      this.#addSequence(batch.columns[keys]!);
      this.#countDeletes(batch.columns[keys + 1]!);
      this.#keyStats.add({ fields: batch.fields.slice(0, keys), columns: batch.columns.slice(0, keys), length: batch.length });
      this.#valueStats.add({ fields: batch.fields.slice(keys + 2), columns: batch.columns.slice(keys + 2), length: batch.length });
    }
    this.rows += batch.length;
  }

  meta(size_bytes: number, firstSequence: bigint): DataFileMeta {
    const target = this.#target;
    const { stats, valueStatsCols } = this.#valueStats.finish();
    const keyed = this.#keyStats !== undefined;
    const local_ms = target.creationTime_ms - new Date(target.creationTime_ms).getTimezoneOffset() * 60_000;
    return {
      fileName: this.#fileName,
      fileSize_bytes: size_bytes,
      rowCount: this.rows,
      minKey: this.#minKey,
      maxKey: this.#maxKey,
      keyStats: this.#keyStats?.finish().stats ?? EMPTY_STATS,
      valueStats: stats,
      minSequenceNumber: keyed ? this.#minSequence : firstSequence,
      maxSequenceNumber: keyed ? this.#maxSequence : firstSequence + BigInt(this.rows) - 1n,
      schemaId: target.schema.id,
      level: target.level,
      extraFiles: [],
      creationTime_ms: BigInt(local_ms),
      deleteRowCount: BigInt(this.#deletes),
      embeddedFileIndex: null,
      fileSource: target.fileSource,
      valueStatsCols,
      externalPath: null,
      firstRowId: null,
      writeCols: null,
    };
  }

  #addSequence(column: Column): void {
    const bounds = boundsOf(column);
    assert(bounds !== undefined && bounds !== 'unordered', 'sequence numbers are present');
    const values = column.values as BigInt64Array;
    const min = values[bounds.min]!;
    const max = values[bounds.max]!;
    if (this.rows === 0 || min < this.#minSequence) this.#minSequence = min;
    if (this.rows === 0 || max > this.#maxSequence) this.#maxSequence = max;
  }

  #countDeletes(column: Column): void {
    const kinds = column.values as Int8Array;
    for (let row = 0; row < column.length; row++) this.#deletes += kinds[row]! & 1;
  }
}
