/**
 * Parquet's metadata as plain data: the footer, page headers and page indexes, with names of our own.
 *
 * Source: parquet.thrift of apache/parquet-format 2.11. Enumerations are their numbers on disk.
 */
export const Type = { BOOLEAN: 0, INT32: 1, INT64: 2, INT96: 3, FLOAT: 4, DOUBLE: 5, BYTE_ARRAY: 6, FIXED: 7 } as const;
export const Repetition = { REQUIRED: 0, OPTIONAL: 1, REPEATED: 2 } as const;
export const Encoding = {
  PLAIN: 0,
  PLAIN_DICTIONARY: 2,
  RLE: 3,
  BIT_PACKED: 4,
  DELTA_BINARY_PACKED: 5,
  DELTA_LENGTH_BYTE_ARRAY: 6,
  DELTA_BYTE_ARRAY: 7,
  RLE_DICTIONARY: 8,
  BYTE_STREAM_SPLIT: 9,
} as const;
export const CodecId = { UNCOMPRESSED: 0, SNAPPY: 1, GZIP: 2, LZO: 3, BROTLI: 4, LZ4: 5, ZSTD: 6, LZ4_RAW: 7 } as const;
export const PageType = { DATA: 0, INDEX: 1, DICTIONARY: 2, DATA_V2: 3 } as const;
/** the older annotation of a schema element, which stands beside `LogicalType` */
export const Converted = {
  UTF8: 0,
  MAP: 1,
  MAP_KEY_VALUE: 2,
  LIST: 3,
  DECIMAL: 5,
  DATE: 6,
  TIME_MILLIS: 7,
  TIME_MICROS: 8,
  TIMESTAMP_MILLIS: 9,
  TIMESTAMP_MICROS: 10,
  INT_8: 15,
  INT_16: 16,
} as const;

const TYPE_NAMES = ['BOOLEAN', 'INT32', 'INT64', 'INT96', 'FLOAT', 'DOUBLE', 'BYTE_ARRAY', 'FIXED_LEN_BYTE_ARRAY'];
export function typeName(type: number | undefined): string {
  return type === undefined ? 'a group' : (TYPE_NAMES[type] ?? `type ${type}`);
}

export type TimeUnit = 'MILLIS' | 'MICROS' | 'NANOS';

export type LogicalType =
  | { readonly kind: 'STRING' | 'MAP' | 'LIST' | 'DATE' }
  | { readonly kind: 'DECIMAL'; readonly scale: number; readonly precision: number }
  | { readonly kind: 'TIME' | 'TIMESTAMP'; readonly utc: boolean; readonly unit: TimeUnit }
  | { readonly kind: 'INTEGER'; readonly bits: number; readonly signed: boolean }
  | { readonly kind: 'OTHER'; readonly id: number };

export interface SchemaElement {
  readonly name: string;
  /** absent for groups */
  readonly type?: number;
  /** bytes of a FIXED value */
  readonly typeLength?: number;
  readonly repetition?: number;
  readonly childCount?: number;
  readonly converted?: number;
  readonly scale?: number;
  readonly precision?: number;
  readonly fieldId?: number;
  readonly logical?: LogicalType;
}

/** Bounds in the PLAIN encoding of the column's type (byte arrays without their length). */
export interface Statistics {
  readonly min?: Uint8Array;
  readonly max?: Uint8Array;
  readonly nullCount?: number;
  /** false: a bound, not a value of the column */
  readonly minExact?: boolean;
  readonly maxExact?: boolean;
  /** the fields of old writers, in an order that is right for signed numbers only */
  readonly oldMin?: Uint8Array;
  readonly oldMax?: Uint8Array;
}

/** One column of one row group. */
export interface ColumnChunk {
  readonly type: number;
  readonly encodings: readonly number[];
  readonly path: readonly string[];
  readonly codec: number;
  /** values and nulls, and empty lists */
  readonly valueCount: number;
  readonly uncompressed_bytes: number;
  /** all pages with their headers */
  readonly compressed_bytes: number;
  readonly dataPageOffset: number;
  readonly dictionaryPageOffset?: number;
  readonly statistics?: Statistics;
  readonly offsetIndex?: FileRange;
  readonly columnIndex?: FileRange;
}

export interface FileRange {
  readonly offset: number;
  readonly length: number;
}

export interface RowGroup {
  readonly columns: readonly ColumnChunk[];
  readonly rowCount: number;
  readonly total_bytes: number;
}

export interface FileMetadata {
  readonly schema: readonly SchemaElement[];
  readonly rowCount: number;
  readonly rowGroups: readonly RowGroup[];
  readonly createdBy?: string;
}

export interface PageHeader {
  readonly type: number;
  readonly uncompressed_bytes: number;
  readonly compressed_bytes: number;
  readonly crc?: number;
  /** values, nulls and empty lists; a dictionary page's entries */
  readonly valueCount: number;
  readonly encoding: number;
  readonly definitionEncoding: number;
  readonly repetitionEncoding: number;
  /** of pages v2: */
  readonly definition_bytes: number;
  readonly repetition_bytes: number;
  readonly compressed: boolean;
}

export interface PageLocation {
  readonly offset: number;
  /** with the header */
  readonly size_bytes: number;
  /** in the row group */
  readonly firstRow: number;
}

export const BoundaryOrder = { UNORDERED: 0, ASCENDING: 1, DESCENDING: 2 } as const;

export interface ColumnIndex {
  readonly nullPages: readonly boolean[];
  readonly mins: readonly Uint8Array[];
  readonly maxs: readonly Uint8Array[];
  readonly order: number;
  readonly nullCounts: readonly number[];
}
