/** Metadata structs to bytes. Optional fields that are absent are not written. */
import type { ColumnChunk, ColumnIndex, FileMetadata, LogicalType, PageLocation, SchemaElement, Statistics } from './metadata.js';
import { PageType } from './metadata.js';
import { ThriftWriter } from './thrift-compact.js';

/** the layout of data pages v1, optional columns as OPTIONAL levels in RLE */
const FORMAT_VERSION = 1;
const RLE = 3;

export function writeFileMetadata(meta: FileMetadata): Uint8Array {
  const out = new ThriftWriter();
  out.struct(() => {
    out.i32(1, FORMAT_VERSION);
    out.structs(2, meta.schema, (element) => writeSchemaElement(out, element));
    out.i64(3, meta.rowCount);
    out.structs(4, meta.rowGroups, (group) => {
      out.structs(1, group.columns, (chunk) => writeColumnChunk(out, chunk));
      out.i64(2, group.total_bytes);
      out.i64(3, group.rowCount);
    });
    if (meta.createdBy !== undefined) out.string(6, meta.createdBy);
    // TypeDefinedOrder for every leaf: without it readers ignore min_value and max_value.
    out.structs(
      7,
      meta.schema.filter((element) => element.type !== undefined),
      () => out.structField(1, () => undefined),
    );
  });
  return out.bytes();
}

function writeSchemaElement(out: ThriftWriter, element: SchemaElement): void {
  if (element.type !== undefined) out.i32(1, element.type);
  if (element.typeLength !== undefined) out.i32(2, element.typeLength);
  if (element.repetition !== undefined) out.i32(3, element.repetition);
  out.string(4, element.name);
  if (element.childCount !== undefined) out.i32(5, element.childCount);
  if (element.converted !== undefined) out.i32(6, element.converted);
  if (element.scale !== undefined) out.i32(7, element.scale);
  if (element.precision !== undefined) out.i32(8, element.precision);
  if (element.fieldId !== undefined) out.i32(9, element.fieldId);
  const { logical } = element;
  if (logical !== undefined) out.structField(10, () => writeLogicalType(out, logical));
}

function writeLogicalType(out: ThriftWriter, logical: LogicalType): void {
  out.structField(logical.kind === 'OTHER' ? logical.id : LOGICAL_IDS[logical.kind], () => {
    if (logical.kind === 'DECIMAL') {
      out.i32(1, logical.scale);
      out.i32(2, logical.precision);
    } else if (logical.kind === 'TIME' || logical.kind === 'TIMESTAMP') {
      out.bool(1, logical.utc);
      out.structField(2, () => out.structField({ MILLIS: 1, MICROS: 2, NANOS: 3 }[logical.unit], () => undefined));
    } else if (logical.kind === 'INTEGER') {
      out.i8(1, logical.bits);
      out.bool(2, logical.signed);
    }
  });
}

const LOGICAL_IDS = { STRING: 1, MAP: 2, LIST: 3, DECIMAL: 5, DATE: 6, TIME: 7, TIMESTAMP: 8, INTEGER: 10 } as const;

function writeColumnChunk(out: ThriftWriter, chunk: ColumnChunk): void {
  out.i64(2, 0);
  out.structField(3, () => {
    out.i32(1, chunk.type);
    out.i32s(2, chunk.encodings);
    out.strings(3, chunk.path);
    out.i32(4, chunk.codec);
    out.i64(5, chunk.valueCount);
    out.i64(6, chunk.uncompressed_bytes);
    out.i64(7, chunk.compressed_bytes);
    out.i64(9, chunk.dataPageOffset);
    if (chunk.dictionaryPageOffset !== undefined) out.i64(11, chunk.dictionaryPageOffset);
    const { statistics } = chunk;
    if (statistics !== undefined) out.structField(12, () => writeStatistics(out, statistics));
  });
  if (chunk.offsetIndex !== undefined) {
    out.i64(4, chunk.offsetIndex.offset);
    out.i32(5, chunk.offsetIndex.length);
  }
  if (chunk.columnIndex !== undefined) {
    out.i64(6, chunk.columnIndex.offset);
    out.i32(7, chunk.columnIndex.length);
  }
}

function writeStatistics(out: ThriftWriter, statistics: Statistics): void {
  if (statistics.nullCount !== undefined) out.i64(3, statistics.nullCount);
  if (statistics.max !== undefined) out.binary(5, statistics.max);
  if (statistics.min !== undefined) out.binary(6, statistics.min);
  if (statistics.maxExact !== undefined) out.bool(7, statistics.maxExact);
  if (statistics.minExact !== undefined) out.bool(8, statistics.minExact);
}

export interface PageDescription {
  readonly dictionary: boolean;
  readonly uncompressed_bytes: number;
  readonly compressed_bytes: number;
  readonly crc: number;
  readonly valueCount: number;
  readonly encoding: number;
}

export function writePageHeader(page: PageDescription): Uint8Array {
  const out = new ThriftWriter();
  out.struct(() => {
    out.i32(1, page.dictionary ? PageType.DICTIONARY : PageType.DATA);
    out.i32(2, page.uncompressed_bytes);
    out.i32(3, page.compressed_bytes);
    out.i32(4, page.crc | 0);
    if (page.dictionary) {
      out.structField(7, () => {
        out.i32(1, page.valueCount);
        out.i32(2, page.encoding);
      });
    } else {
      out.structField(5, () => {
        out.i32(1, page.valueCount);
        out.i32(2, page.encoding);
        out.i32(3, RLE);
        out.i32(4, RLE);
      });
    }
  });
  return out.bytes();
}

export function writeOffsetIndex(pages: readonly PageLocation[]): Uint8Array {
  const out = new ThriftWriter();
  out.struct(() =>
    out.structs(1, pages, (page) => {
      out.i64(1, page.offset);
      out.i32(2, page.size_bytes);
      out.i64(3, page.firstRow);
    }),
  );
  return out.bytes();
}

export function writeColumnIndex(index: ColumnIndex): Uint8Array {
  const out = new ThriftWriter();
  out.struct(() => {
    out.bools(1, index.nullPages);
    out.binaries(2, index.mins);
    out.binaries(3, index.maxs);
    out.i32(4, index.order);
    out.i64s(5, index.nullCounts);
  });
  return out.bytes();
}
