/**
 * The table columns that a Parquet file holds, whoever wrote it: for `create --like` and `write --format parquet`.
 *
 *   footer ─ schema elements (depth first) ─ tree ─> DataField[]   (ids -1)
 */
import { WeirError } from '../../base/error.js';
import { malformed, decoding } from '../../format/parquet/malformed.js';
import { Converted, type FileMetadata, Repetition, type SchemaElement, Type } from '../../format/parquet/metadata.js';
import { readFileMetadata } from '../../format/parquet/metadata-reader.js';
import type { FileIO } from '../../io/file-io.js';
import { type AtomicKind, type DataField, type DataType, MAX_LENGTH } from '../../types/data-type.js';

interface Node {
  readonly element: SchemaElement;
  readonly children: readonly Node[];
}

/** length of the footer and `PAR1` */
const TAIL_BYTES = 8;

export async function parquetFieldsOf(io: FileIO, path: string): Promise<DataField[]> {
  const metadata = await footerOf(io, path);
  return decoding(path, () => {
    const { node, next } = treeOf(metadata.schema, 0);
    if (next !== metadata.schema.length) malformed('the schema does not end where its root ends');
    return node.children.map(fieldOf);
  });
}

async function footerOf(io: FileIO, path: string): Promise<FileMetadata> {
  const file = await io.open(path);
  try {
    const noParquet = () => new WeirError('CORRUPTION', `${path} is no Parquet file`, { file: path });
    if (file.size_bytes < TAIL_BYTES + 4) throw noParquet();
    const tail = await file.read(file.size_bytes - TAIL_BYTES, TAIL_BYTES);
    const length = new DataView(tail.buffer, tail.byteOffset, TAIL_BYTES).getUint32(0, true);
    if (Buffer.from(tail.subarray(4)).toString('latin1') !== 'PAR1' || length > file.size_bytes - TAIL_BYTES) throw noParquet();
    const footer = await file.read(file.size_bytes - TAIL_BYTES - length, length);
    return decoding(path, () => readFileMetadata(footer));
  } finally {
    await file.close();
  }
}

function treeOf(elements: readonly SchemaElement[], at: number): { node: Node; next: number } {
  const element = elements[at] ?? malformed('the schema is cut off');
  const children: Node[] = [];
  let next = at + 1;
  for (let i = 0; i < (element.childCount ?? 0); i += 1) {
    const child = treeOf(elements, next);
    children.push(child.node);
    next = child.next;
  }
  return { node: { element, children }, next };
}

function fieldOf(node: Node): DataField {
  const { element } = node;
  // a repeated field outside a LIST is a list of its own
  const repeated = element.repetition === Repetition.REPEATED;
  const type = repeated ? { kind: 'ARRAY' as const, nullable: false, element: { ...typeOf(node), nullable: false } } : typeOf(node);
  return { id: -1, name: element.name, type };
}

function typeOf(node: Node): DataType {
  const nullable = node.element.repetition === Repetition.OPTIONAL;
  return { ...(node.element.type === undefined ? groupType(node) : leafType(node.element)), nullable };
}

function groupType(node: Node): DataType {
  const { element, children } = node;
  const [inner] = children;
  const logical = element.logical?.kind;
  if (inner && (logical === 'LIST' || element.converted === Converted.LIST)) {
    // three levels (list.element) or the old two, where the repeated field is the element itself
    const old = inner.element.type !== undefined || inner.children.length !== 1 || inner.element.name === 'array' || inner.element.name === `${element.name}_tuple`;
    const item = old ? { ...typeOf(inner), nullable: false } : typeOf(inner.children[0] as Node);
    return { kind: 'ARRAY', nullable: true, element: item };
  }
  if (inner && (logical === 'MAP' || element.converted === Converted.MAP || element.converted === Converted.MAP_KEY_VALUE)) {
    const [key, value] = inner.children;
    if (!key || !value) throw unsupported(element, 'a MAP without values');
    return { kind: 'MAP', nullable: true, key: typeOf(key), value: typeOf(value) };
  }
  return { kind: 'ROW', nullable: true, fields: children.map(fieldOf) };
}

const UNIT_DIGITS = { MILLIS: 3, MICROS: 6, NANOS: 9 } as const;

function leafType(element: SchemaElement): DataType {
  const { logical, converted } = element;
  if (logical?.kind === 'DECIMAL') return { kind: 'DECIMAL', precision: logical.precision, scale: logical.scale, nullable: true };
  if (converted === Converted.DECIMAL) return { kind: 'DECIMAL', precision: element.precision ?? 10, scale: element.scale ?? 0, nullable: true };
  switch (element.type) {
    case Type.BOOLEAN:
      return atomic('BOOLEAN');
    case Type.FLOAT:
      return atomic('FLOAT');
    case Type.DOUBLE:
      return atomic('DOUBLE');
    case Type.INT96:
      return { kind: 'TIMESTAMP', precision: 9, nullable: true };
    case Type.FIXED:
      return { kind: 'BINARY', length: element.typeLength ?? 1, nullable: true };
    case Type.BYTE_ARRAY:
      return logical?.kind === 'STRING' || converted === Converted.UTF8
        ? { kind: 'VARCHAR', length: MAX_LENGTH, nullable: true }
        : { kind: 'VARBINARY', length: MAX_LENGTH, nullable: true };
    case Type.INT32:
    case Type.INT64:
      return numberType(element);
    default:
      throw unsupported(element, 'its physical type');
  }
}

function numberType(element: SchemaElement): DataType {
  const { logical, converted, type } = element;
  if (logical?.kind === 'DATE' || converted === Converted.DATE) return atomic('DATE');
  if (logical?.kind === 'TIME' || converted === Converted.TIME_MILLIS || converted === Converted.TIME_MICROS) return { kind: 'TIME', precision: 3, nullable: true };
  if (logical?.kind === 'TIMESTAMP') return { kind: logical.utc ? 'TIMESTAMP_LTZ' : 'TIMESTAMP', precision: UNIT_DIGITS[logical.unit], nullable: true };
  if (converted === Converted.TIMESTAMP_MILLIS) return { kind: 'TIMESTAMP_LTZ', precision: 3, nullable: true };
  if (converted === Converted.TIMESTAMP_MICROS) return { kind: 'TIMESTAMP_LTZ', precision: 6, nullable: true };
  if (logical?.kind === 'INTEGER' && !logical.signed) throw unsupported(element, 'an unsigned integer');
  const bits = logical?.kind === 'INTEGER' ? logical.bits : converted === Converted.INT_8 ? 8 : converted === Converted.INT_16 ? 16 : 64;
  if (bits === 8) return atomic('TINYINT');
  if (bits === 16) return atomic('SMALLINT');
  return atomic(type === Type.INT32 ? 'INT' : 'BIGINT');
}

function atomic(kind: AtomicKind): DataType {
  return { kind, nullable: true };
}

function unsupported(element: SchemaElement, what: string): WeirError {
  return new WeirError('UNSUPPORTED', `column '${element.name}' of the Parquet file: ${what} has no counterpart in a table`);
}
