/**
 * Data files of any format: what readers and writers of the rest of weir see.
 *
 * The format is the file's extension: Parquet is read and written, Avro is read, others are UNSUPPORTED.
 */
import { WeirError } from '../base/error.js';
import type { FileIO, WriteOptions } from '../io/file-io.js';
import type { Batch, Column } from '../types/column.js';
import type { DataField, DataType } from '../types/data-type.js';
import type { Datum } from '../types/datum.js';
import { openAvro } from './avro-reader.js';
import type { ParquetFooter } from './parquet/footer.js';
import type { CachedPage } from './parquet/open-page.js';
import { openParquet } from './parquet/reader.js';
import { createParquetWriter } from './parquet/writer.js';

export type { CachedPage, ParquetFooter };

/** Bounds of a column: every present value is within; without `hasMinMax` nothing is known. */
export interface ColumnStats {
  readonly min: Datum;
  readonly max: Datum;
  readonly hasMinMax: boolean;
  readonly nullCount: bigint | null;
}

/** The pages of one column in a row group: where each begins, counted in the group, and its bounds (missing: all null). */
export interface PageStats {
  readonly firstRows: Int32Array;
  readonly mins: Column;
  readonly maxs: Column;
}

export interface DataFileReader {
  readonly path: string;
  readonly rowCount: number;
  readonly rowGroups: readonly { readonly firstRow: number; readonly rowCount: number }[];
  columnNames(): string[];
  /** whole row group, columns by name with these types (data schema types); a field absent in the file => all-null column */
  readRowGroup(index: number, fields: readonly DataField[]): Promise<Batch>;
  /** only the pages that hold these ascending row ordinals (file-wide); result has one row per ordinal */
  readRows(rows: Uint32Array, fields: readonly DataField[]): Promise<Batch>;
  /** undefined for an absent or nested column */
  rowGroupStats(index: number, name: string, type: DataType): ColumnStats | undefined;
  /** bounds of the pages of a flat column in a row group; undefined when the file does not tell */
  pageStats(index: number, name: string, type: DataType): Promise<PageStats | undefined>;
  close(): Promise<void>;
}

export interface DataFileWriter {
  readonly rowCount: number;
  /** bytes written so far + estimate of buffered */
  readonly size_bytes: number;
  /** the batch's columns are those the writer was made for, in order; they may be used again once this resolves */
  write(batch: Batch): Promise<void>;
  finish(options?: WriteOptions): Promise<{ size_bytes: number; rowCount: number }>;
  /** closes and deletes the file */
  abort(): Promise<void>;
}

/** Parsed footers by path: data files never change, so an entry is good for as long as it is kept. */
export interface FooterCache {
  get(path: string): ParquetFooter | undefined;
  set(path: string, footer: ParquetFooter): void;
}

/** Decompressed pages by file and offset, for repeated point reads. */
export interface PageCache {
  get(key: string): CachedPage | undefined;
  set(key: string, page: CachedPage, size_bytes: number): void;
}

export interface OpenDataFileOptions {
  readonly footerCache?: FooterCache;
  readonly pageCache?: PageCache;
}

export interface DataFileWriterOptions {
  readonly format: 'parquet';
  /** none, uncompressed, snappy, gzip, lz4 or zstd */
  readonly compression: string;
  /** default 1 */
  readonly zstdLevel?: number;
  /** rows of a row group, default 131072 (a row group ends earlier at 64 MB) */
  readonly rowGroupRows?: number;
  /** rows of a page, default 8192 (a page ends earlier at about 1 MB) */
  readonly pageRows?: number;
  /** dictionaries where they pay (default true) */
  readonly dictionary?: boolean;
}

/** @throws CORRUPTION for a damaged file, UNSUPPORTED for a format or feature weir does not read, NOT_FOUND */
export async function openDataFile(io: FileIO, path: string, options: OpenDataFileOptions = {}): Promise<DataFileReader> {
  const format = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  if (format === 'parquet') return openParquet(io, path, options);
  if (format === 'avro') return openAvro(io, path);
  throw new WeirError('UNSUPPORTED', `${path}: ${format === 'orc' ? 'ORC' : format} data files are not read`, { file: path });
}

/** @throws UNSUPPORTED for a compression or a column type that cannot be written */
export async function createDataFileWriter(
  io: FileIO,
  path: string,
  fields: readonly DataField[],
  options: DataFileWriterOptions,
): Promise<DataFileWriter> {
  return createParquetWriter(io, path, fields, options);
}
