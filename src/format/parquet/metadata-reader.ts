/**
 * Metadata structs from bytes. Unknown fields are passed over; a missing required one is malformed.
 *
 * Column chunks are most of a footer, and a reader wants few of them: they are only found at first (`ChunkPlaces`), and
 * read one at a time.
 */
import { WeirError } from '../../base/error.js';
import { malformed } from './malformed.js';
import {
  type ColumnChunk,
  type ColumnIndex,
  Encoding,
  type FileRange,
  type LogicalType,
  type PageHeader,
  type PageLocation,
  PageType,
  type SchemaElement,
  type Statistics,
  type TimeUnit,
} from './metadata.js';
import { ThriftReader } from './thrift-compact.js';

type Mutable<T> = { -readonly [K in keyof T]?: T[K] };

/** A row group whose column chunks are still bytes. */
export interface ChunkPlaces {
  readonly rowCount: number;
  /** where the struct of each leaf's chunk begins, in the bytes of the metadata */
  readonly starts: readonly number[];
}

interface FileHead {
  readonly schema: readonly SchemaElement[];
  readonly rowCount: number;
  readonly rowGroups: readonly ChunkPlaces[];
  readonly createdBy?: string;
}

export function readFileMetadata(bytes: Uint8Array): FileHead {
  const reader = new ThriftReader(bytes);
  const out: Mutable<FileHead> = {};
  reader.struct((id) => {
    if (id === 2) out.schema = reader.list(() => readSchemaElement(reader));
    else if (id === 3) out.rowCount = reader.count();
    else if (id === 4) out.rowGroups = reader.list(() => readRowGroup(reader));
    else if (id === 6) out.createdBy = reader.string();
    else reader.skip();
  });
  return checked(out, 'schema', 'rowCount', 'rowGroups');
}

function readSchemaElement(reader: ThriftReader): SchemaElement {
  const out: Mutable<SchemaElement> = {};
  reader.structField((id) => {
    if (id === 1) out.type = reader.int();
    else if (id === 2) out.typeLength = reader.int();
    else if (id === 3) out.repetition = reader.int();
    else if (id === 4) out.name = reader.string();
    else if (id === 5) out.childCount = reader.count();
    else if (id === 6) out.converted = reader.int();
    else if (id === 7) out.scale = reader.int();
    else if (id === 8) out.precision = reader.int();
    else if (id === 9) out.fieldId = reader.int();
    else if (id === 10) out.logical = readLogicalType(reader);
    else reader.skip();
  });
  return checked(out, 'name');
}

const UNITS: readonly (TimeUnit | undefined)[] = [undefined, 'MILLIS', 'MICROS', 'NANOS'];

function readLogicalType(reader: ThriftReader): LogicalType {
  let out: LogicalType | undefined;
  reader.structField((kind) => {
    const numbers = [0, 0, 0];
    let flag = false;
    let unit: TimeUnit | undefined;
    reader.structField((id) => {
      if ((kind === 7 || kind === 8) && id === 2) {
        reader.structField((unitId) => {
          unit = UNITS[unitId];
          reader.skip();
        });
      } else if ((kind === 7 || kind === 8) && id === 1) flag = reader.bool();
      else if (kind === 10 && id === 2) flag = reader.bool();
      else if ((kind === 5 || kind === 10) && id <= 2) numbers[id] = reader.int();
      else reader.skip();
    });
    if (kind === 1) out = { kind: 'STRING' };
    else if (kind === 2) out = { kind: 'MAP' };
    else if (kind === 3) out = { kind: 'LIST' };
    else if (kind === 5) out = { kind: 'DECIMAL', scale: numbers[1]!, precision: numbers[2]! };
    else if (kind === 6) out = { kind: 'DATE' };
    else if (kind === 7 || kind === 8) {
      out = { kind: kind === 7 ? 'TIME' : 'TIMESTAMP', utc: flag, unit: unit ?? malformed('a time type without a known unit') };
    } else if (kind === 10) out = { kind: 'INTEGER', bits: numbers[1]!, signed: flag };
    else out = { kind: 'OTHER', id: kind };
  });
  return out ?? malformed('a logical type without a kind');
}

function readRowGroup(reader: ThriftReader): ChunkPlaces {
  const out: Mutable<ChunkPlaces> = {};
  const place = () => {
    const { at } = reader;
    reader.skip();
    return at;
  };
  reader.structField((id) => {
    if (id === 1) out.starts = reader.list(place);
    else if (id === 3) out.rowCount = reader.count();
    else reader.skip();
  });
  return checked(out, 'starts', 'rowCount');
}

/** The column chunk whose struct begins at `start`. */
export function readColumnChunk(bytes: Uint8Array, start: number): ColumnChunk {
  const reader = new ThriftReader(bytes, start);
  const out: Mutable<ColumnChunk> = {};
  const offset: Mutable<FileRange> = {};
  const column: Mutable<FileRange> = {};
  reader.struct((id) => {
    if (id === 1) throw new WeirError('UNSUPPORTED', `a Parquet column in another file (${reader.string()})`);
    if (id === 3) readColumnMetadata(reader, out);
    else if (id === 4) offset.offset = reader.count();
    else if (id === 5) offset.length = reader.count();
    else if (id === 6) column.offset = reader.count();
    else if (id === 7) column.length = reader.count();
    else if (id === 8) throw new WeirError('UNSUPPORTED', 'an encrypted Parquet column');
    else reader.skip();
  });
  if (offset.offset !== undefined && offset.length !== undefined) out.offsetIndex = { offset: offset.offset, length: offset.length };
  if (column.offset !== undefined && column.length !== undefined) out.columnIndex = { offset: column.offset, length: column.length };
  return checked(out, 'type', 'path', 'codec', 'valueCount', 'compressed_bytes', 'dataPageOffset');
}

function readColumnMetadata(reader: ThriftReader, out: Mutable<ColumnChunk>): void {
  out.encodings = [];
  reader.structField((id) => {
    if (id === 1) out.type = reader.int();
    else if (id === 2) out.encodings = reader.list(() => reader.int());
    else if (id === 3) out.path = reader.list(() => reader.string());
    else if (id === 4) out.codec = reader.int();
    else if (id === 5) out.valueCount = reader.count();
    else if (id === 6) out.uncompressed_bytes = reader.count();
    else if (id === 7) out.compressed_bytes = reader.count();
    else if (id === 9) out.dataPageOffset = reader.count();
    else if (id === 11) out.dictionaryPageOffset = reader.count();
    else if (id === 12) out.statistics = readStatistics(reader);
    else reader.skip();
  });
}

function readStatistics(reader: ThriftReader): Statistics {
  const out: Mutable<Statistics> = {};
  reader.structField((id) => {
    if (id === 1) out.oldMax = reader.binary();
    else if (id === 2) out.oldMin = reader.binary();
    else if (id === 3) out.nullCount = reader.count();
    else if (id === 5) out.max = reader.binary();
    else if (id === 6) out.min = reader.binary();
    else if (id === 7) out.maxExact = reader.bool();
    else if (id === 8) out.minExact = reader.bool();
    else reader.skip();
  });
  return out;
}

/** The page header at `start`, and where its page's bytes begin. */
export function readPageHeader(bytes: Uint8Array, start: number, end: number): { header: PageHeader; at: number } {
  const reader = new ThriftReader(bytes, start, end);
  let type = -1;
  let uncompressed = -1;
  let compressedBytes = -1;
  let crc: number | undefined;
  let valueCount = -1;
  let encoding = -1;
  let definitionEncoding: number = Encoding.RLE;
  let repetitionEncoding: number = Encoding.RLE;
  let definition = 0;
  let repetition = 0;
  let compressed = true;
  reader.struct((id) => {
    if (id === 1) type = reader.int();
    else if (id === 2) uncompressed = reader.count();
    else if (id === 3) compressedBytes = reader.count();
    else if (id === 4) crc = reader.int() >>> 0;
    else if (id === 5 && type === PageType.DATA) {
      reader.structField((field) => {
        if (field === 1) valueCount = reader.count();
        else if (field === 2) encoding = reader.int();
        else if (field === 3) definitionEncoding = reader.int();
        else if (field === 4) repetitionEncoding = reader.int();
        else reader.skip();
      });
    } else if (id === 7 && type === PageType.DICTIONARY) {
      reader.structField((field) => {
        if (field === 1) valueCount = reader.count();
        else if (field === 2) encoding = reader.int();
        else reader.skip();
      });
    } else if (id === 8 && type === PageType.DATA_V2) {
      reader.structField((field) => {
        if (field === 1) valueCount = reader.count();
        else if (field === 4) encoding = reader.int();
        else if (field === 5) definition = reader.count();
        else if (field === 6) repetition = reader.count();
        else if (field === 7) compressed = reader.bool();
        else reader.skip();
      });
    } else reader.skip();
  });
  if (uncompressed < 0 || compressedBytes < 0 || (type !== PageType.INDEX && (valueCount < 0 || encoding < 0))) {
    malformed('a page header lacks a required field');
  }
  if (compressedBytes > end - reader.at) malformed('a page is longer than its column');
  if (valueCount > 2147483647 || uncompressed > 2147483647) malformed('a page says it is larger than can be');
  const header: PageHeader = {
    type,
    uncompressed_bytes: uncompressed,
    compressed_bytes: compressedBytes,
    ...(crc === undefined ? {} : { crc }),
    valueCount,
    encoding,
    definitionEncoding,
    repetitionEncoding,
    definition_bytes: definition,
    repetition_bytes: repetition,
    compressed,
  };
  return { header, at: reader.at };
}

export function readOffsetIndex(bytes: Uint8Array): PageLocation[] {
  const reader = new ThriftReader(bytes);
  let offset = -1;
  let size_bytes = -1;
  let firstRow = -1;
  const field = (id: number) => {
    if (id === 1) offset = reader.count();
    else if (id === 2) size_bytes = reader.count();
    else if (id === 3) firstRow = reader.count();
    else reader.skip();
  };
  const location = (): PageLocation => {
    offset = size_bytes = firstRow = -1;
    reader.structField(field);
    if (offset < 0 || size_bytes < 0 || firstRow < 0) malformed('a page location lacks a required field');
    return { offset, size_bytes, firstRow };
  };
  let pages: PageLocation[] = [];
  reader.struct((id) => {
    if (id === 1) pages = reader.list(location);
    else reader.skip();
  });
  return pages;
}

/** Bounds of a column's pages, in order. */
export function readColumnIndex(bytes: Uint8Array): Pick<ColumnIndex, 'nullPages' | 'mins' | 'maxs'> {
  const reader = new ThriftReader(bytes);
  const out: Mutable<Pick<ColumnIndex, 'nullPages' | 'mins' | 'maxs'>> = {};
  reader.struct((id) => {
    if (id === 1) out.nullPages = reader.list(() => reader.bool());
    else if (id === 2) out.mins = reader.list(() => reader.binary());
    else if (id === 3) out.maxs = reader.list(() => reader.binary());
    else reader.skip();
  });
  return checked(out, 'nullPages', 'mins', 'maxs');
}

function checked<T>(value: Mutable<T>, ...required: (keyof T & string)[]): T {
  for (const name of required) if (value[name] === undefined) malformed(`metadata lacks ${name}`);
  return value as T;
}
