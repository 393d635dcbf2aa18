/**
 * The table columns that a Parquet file holds, whoever wrote it: for `create --like` and `write --format parquet`.
 * Ids are -1: the file's own ids mean nothing to the table.
 */
import { WeirError } from '../../base/error.js';
import { readFooter } from '../../format/parquet/footer.js';
import { Converted, Repetition, type SchemaElement, Type } from '../../format/parquet/metadata.js';
import type { SchemaNode } from '../../format/parquet/schema.js';
import type { FileIO } from '../../io/file-io.js';
import { type AtomicKind, type DataField, type DataType, MAX_LENGTH } from '../../types/data-type.js';

export interface ParquetField extends DataField {
  /** a TIME in a finer unit than milliseconds: how many of it are a millisecond */
  readonly timeUnits?: bigint;
}

export async function parquetFieldsOf(io: FileIO, path: string): Promise<ParquetField[]> {
  const file = await io.open(path);
  try {
    const { footer } = await readFooter(file);
    return [...footer.columns.values()].map((node): ParquetField => {
      const fine = fineTime(node.element);
      return fine === undefined
        ? fieldOf(node)
        : { ...fieldOf({ ...node, element: { ...node.element, type: Type.INT32 } }), timeUnits: fine };
    });
  } finally {
    await file.close();
  }
}

function fineTime({ logical, converted, type }: SchemaElement): bigint | undefined {
  if (type !== Type.INT64) return undefined;
  if (logical?.kind === 'TIME') return logical.unit === 'NANOS' ? 1_000_000n : 1000n;
  return converted === Converted.TIME_MICROS ? 1000n : undefined;
}

function fieldOf(node: SchemaNode): DataField {
  // a repeated field outside a LIST is a list of its own
  const repeated = node.repetition === Repetition.REPEATED;
  return { id: -1, name: node.name, type: repeated ? listOf(required(node)) : typeOf(node) };
}

function listOf(element: DataType): DataType {
  return { kind: 'ARRAY', nullable: false, element };
}

function required(node: SchemaNode): DataType {
  return { ...typeOf(node), nullable: false };
}

function typeOf(node: SchemaNode): DataType {
  const type = node.element.type === undefined ? groupType(node) : leafType(node.element);
  return { ...type, nullable: node.repetition === Repetition.OPTIONAL };
}

function groupType({ element, name, children }: SchemaNode): DataType {
  const [inner] = children;
  const logical = element.logical?.kind;
  if (inner && (logical === 'LIST' || element.converted === Converted.LIST)) {
    const [item] = inner.children;
    // three levels (list.element), or the old two, where the repeated field is the element itself
    const twoLevels = item === undefined || inner.children.length > 1 || inner.name === 'array' || inner.name === `${name}_tuple`;
    return listOf(twoLevels ? required(inner) : typeOf(item));
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
  if (logical?.kind === 'DECIMAL') return decimal(logical.precision, logical.scale);
  if (converted === Converted.DECIMAL) return decimal(element.precision ?? 10, element.scale ?? 0);
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
    case Type.BYTE_ARRAY: {
      const text = logical?.kind === 'STRING' || converted === Converted.UTF8;
      return { kind: text ? 'VARCHAR' : 'VARBINARY', length: MAX_LENGTH, nullable: true };
    }
    default:
      return numberType(element);
  }
}

function numberType(element: SchemaElement): DataType {
  const { logical, converted, type } = element;
  if (logical?.kind === 'DATE' || converted === Converted.DATE) return atomic('DATE');
  if (logical?.kind === 'TIME' || converted === Converted.TIME_MILLIS || converted === Converted.TIME_MICROS) {
    if (type === Type.INT64) throw unsupported(element, 'a nested TIME finer than milliseconds');
    return { kind: 'TIME', precision: 3, nullable: true };
  }
  if (logical?.kind === 'TIMESTAMP')
    return { kind: logical.utc ? 'TIMESTAMP_LTZ' : 'TIMESTAMP', precision: UNIT_DIGITS[logical.unit], nullable: true };
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

function decimal(precision: number, scale: number): DataType {
  return { kind: 'DECIMAL', precision, scale, nullable: true };
}

function unsupported(element: SchemaElement, what: string): WeirError {
  return new WeirError('UNSUPPORTED', `column '${element.name}' of the Parquet file: ${what} has no counterpart in a table`);
}
