/** The table columns an Arrow schema asks for: what `create --like` makes of an Arrow file. */
import { type DataType as ArrowType, DateUnit, type Field, Precision, type Schema, TimeUnit, Type } from 'apache-arrow';
import { WeirError } from '../../base/error.js';
import { type AtomicKind, type DataField, type DataType, MAX_LENGTH } from '../../types/data-type.js';

export function fieldsFromArrow(schema: Schema): DataField[] {
  return schema.fields.map(fromField);
}

function fromField(field: Field): DataField {
  return { id: -1, name: field.name, type: { ...fromType(field.type, field.name), nullable: field.nullable } };
}

const INT_KINDS: Readonly<Record<number, AtomicKind>> = { 8: 'TINYINT', 16: 'SMALLINT', 32: 'INT', 64: 'BIGINT' };
const DIGITS: Readonly<Record<number, number>> = { [TimeUnit.SECOND]: 0, [TimeUnit.MILLISECOND]: 3, [TimeUnit.MICROSECOND]: 6, [TimeUnit.NANOSECOND]: 9 };

function fromType(any: ArrowType, name: string): DataType {
  // Arrow's own type guards narrow by typeId; each case reads only what that type has
  const type = any as ArrowType & {
    bitWidth: number;
    isSigned: boolean;
    precision: number;
    scale: number;
    unit: number;
    timezone?: string | null;
    byteWidth: number;
    children: Field[];
    dictionary: ArrowType;
  };
  switch (type.typeId) {
    case Type.Bool:
      return atomic('BOOLEAN');
    case Type.Int:
      return intType(type.bitWidth, type.isSigned);
    case Type.Float:
      return atomic(type.precision === Precision.DOUBLE ? 'DOUBLE' : 'FLOAT');
    case Type.Decimal:
      return { kind: 'DECIMAL', precision: type.precision, scale: type.scale, nullable: true };
    case Type.Utf8:
    case Type.LargeUtf8:
      return { kind: 'VARCHAR', length: MAX_LENGTH, nullable: true };
    case Type.Binary:
    case Type.LargeBinary:
      return { kind: 'VARBINARY', length: MAX_LENGTH, nullable: true };
    case Type.FixedSizeBinary:
      return { kind: 'BINARY', length: type.byteWidth, nullable: true };
    case Type.Date:
      return type.unit === DateUnit.DAY ? atomic('DATE') : { kind: 'TIMESTAMP', precision: 3, nullable: true };
    case Type.Time:
      return { kind: 'TIME', precision: Math.min(3, DIGITS[type.unit] ?? 3), nullable: true };
    case Type.Timestamp:
      return { kind: type.timezone ? 'TIMESTAMP_LTZ' : 'TIMESTAMP', precision: Math.min(6, DIGITS[type.unit] ?? 6), nullable: true };
    case Type.Dictionary:
      return fromType(type.dictionary, name);
    case Type.List:
    case Type.FixedSizeList:
      return { kind: 'ARRAY', element: childType(type.children[0], name), nullable: true };
    case Type.Map: {
      const entries = type.children[0]?.type.children as Field[] | undefined;
      return { kind: 'MAP', key: childType(entries?.[0], name), value: childType(entries?.[1], name), nullable: true };
    }
    case Type.Struct:
      return { kind: 'ROW', fields: type.children.map(fromField), nullable: true };
    default:
      throw new WeirError('UNSUPPORTED', `column '${name}': Arrow type ${String(any)} has no counterpart in a table`);
  }
}

function atomic(kind: AtomicKind): DataType {
  return { kind, nullable: true };
}

/** An unsigned integer takes the next wider type; 64 bits of it only fit a DECIMAL. */
function intType(bits: number, signed: boolean): DataType {
  if (!signed && bits === 64) return { kind: 'DECIMAL', precision: 20, scale: 0, nullable: true };
  return atomic(INT_KINDS[signed ? bits : bits * 2] ?? 'BIGINT');
}

function childType(field: Field | undefined, name: string): DataType {
  if (field === undefined) throw new WeirError('INVALID_ARGUMENT', `column '${name}': the Arrow type lacks its child`);
  return { ...fromType(field.type, field.name), nullable: field.nullable };
}
