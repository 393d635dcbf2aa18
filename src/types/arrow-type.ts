/**
 * weir's types and Arrow's, both ways.
 *
 *   TINYINT … BIGINT Int8 … Int64 · FLOAT DOUBLE Float32 Float64 · BOOLEAN Bool · DECIMAL Decimal128
 *   CHAR VARCHAR Utf8 · BINARY VARBINARY Binary · DATE Date32 · TIME Time32 ms
 *   TIMESTAMP(p) Timestamp ms (p <= 3), µs (p <= 6) or ns, without zone; LTZ: zone UTC
 *   ARRAY List of "element" · MAP MULTISET Map of "key_value" (key, value) · ROW Struct
 *
 * Back, what Arrow has and weir has not takes the next wider type; a timestamp in ns becomes TIMESTAMP(6), since finer
 * ones cannot be written: values are checked when they come.
 */
import {
  type DataType as ArrowType,
  Binary,
  Bool,
  DateDay,
  DateUnit,
  Decimal,
  Field,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  List,
  Map_,
  Precision,
  Schema,
  Struct,
  TimeMillisecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimeUnit,
  Type,
  Utf8,
} from 'apache-arrow';
import { WeirError } from '../base/error.js';
import { type DataField, type DataType, MAX_LENGTH } from './data-type.js';
import { assignFieldIds } from './field-ids.js';
import { tickDigits } from './time-text.js';

/** @throws UNSUPPORTED for a type that weir knows by name only */
export function toArrowType(type: DataType): ArrowType {
  switch (type.kind) {
    case 'BOOLEAN':
      return new Bool();
    case 'TINYINT':
      return new Int8();
    case 'SMALLINT':
      return new Int16();
    case 'INT':
      return new Int32();
    case 'BIGINT':
      return new Int64();
    case 'FLOAT':
      return new Float32();
    case 'DOUBLE':
      return new Float64();
    case 'DECIMAL':
      return new Decimal(type.scale, type.precision, 128);
    case 'CHAR':
    case 'VARCHAR':
      return new Utf8();
    case 'BINARY':
    case 'VARBINARY':
      return new Binary();
    case 'DATE':
      return new DateDay();
    case 'TIME':
      return new TimeMillisecond();
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ': {
      const zone = type.kind === 'TIMESTAMP' ? null : 'UTC';
      const digits = tickDigits(type.precision);
      return digits === 3 ? new TimestampMillisecond(zone) : digits === 6 ? new TimestampMicrosecond(zone) : new TimestampNanosecond(zone);
    }
    case 'ARRAY':
      return new List(new Field('element', toArrowType(type.element), type.element.nullable));
    case 'MAP':
      return mapType(type.key, new Field('value', toArrowType(type.value), type.value.nullable));
    case 'MULTISET':
      return mapType(type.element, new Field('value', new Int32(), false));
    case 'ROW':
      return new Struct(type.fields.map(toArrowField));
    case 'OTHER':
      throw new WeirError('UNSUPPORTED', `type ${type.text} has no Arrow type`);
  }
}

function mapType(key: DataType, value: Field): ArrowType {
  // Arrow knows no missing keys.
  return new Map_(
    new Field('key_value', new Struct<{ key: ArrowType; value: ArrowType }>([new Field('key', toArrowType(key), false), value]), false),
  );
}

function toArrowField(field: DataField): Field {
  return new Field(field.name, toArrowType(field.type), field.type.nullable);
}

/** The Arrow schema of these columns. @throws UNSUPPORTED for a type that weir knows by name only */
export function arrowSchema(fields: readonly DataField[]): Schema {
  return new Schema(fields.map(toArrowField));
}

/**
 * Columns for a table made like this Arrow schema, with new ids.
 *
 * @throws WeirError UNSUPPORTED naming the column and a type that no type of weir holds
 */
export function fromArrowSchema(schema: Schema): DataField[] {
  return assignFieldIds(schema.fields.map(fromArrowField));
}

function fromArrowField(field: Field): DataField {
  return { id: -1, name: field.name, type: fromArrowType(field) };
}

/** What an Arrow type may say of itself; which of it there is depends on `typeId`. */
export interface ArrowParameters {
  readonly typeId: Type;
  readonly children: readonly Field[];
  readonly bitWidth: number;
  readonly isSigned: boolean;
  readonly precision: number;
  readonly scale: number;
  readonly byteWidth: number;
  readonly unit: DateUnit | TimeUnit;
  readonly timezone: string | null | undefined;
  readonly dictionary: ArrowType;
}

/** The parameters of a type that is only known at run time. */
export function parametersOf(type: ArrowType): ArrowParameters {
  return type as unknown as ArrowParameters;
}

function fromArrowType(field: Field): DataType {
  const { nullable } = field;
  const type = parametersOf(field.type);
  switch (type.typeId) {
    case Type.Bool:
      return { kind: 'BOOLEAN', nullable };
    case Type.Int:
      return integerType(type.bitWidth, type.isSigned, nullable);
    case Type.Float:
      return { kind: type.precision === Precision.DOUBLE ? 'DOUBLE' : 'FLOAT', nullable };
    case Type.Decimal:
      if (type.precision > 38 || type.scale < 0 || type.scale > type.precision) break;
      return { kind: 'DECIMAL', nullable, precision: type.precision, scale: type.scale };
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return { kind: 'VARCHAR', nullable, length: MAX_LENGTH };
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
      return { kind: 'VARBINARY', nullable, length: MAX_LENGTH };
    case Type.FixedSizeBinary:
      return { kind: 'BINARY', nullable, length: type.byteWidth };
    case Type.Date:
      return type.unit === DateUnit.DAY ? { kind: 'DATE', nullable } : { kind: 'TIMESTAMP', nullable, precision: 3 };
    case Type.Time:
      return { kind: 'TIME', nullable, precision: type.unit === TimeUnit.SECOND ? 0 : 3 };
    case Type.Timestamp:
      return { kind: type.timezone ? 'TIMESTAMP_LTZ' : 'TIMESTAMP', nullable, precision: Math.min(6, unitDigits(type.unit as TimeUnit)) };
    case Type.Dictionary:
      return fromArrowType(new Field(field.name, type.dictionary, nullable));
    case Type.List:
    case Type.LargeList:
    case Type.FixedSizeList:
      return { kind: 'ARRAY', nullable, element: fromArrowType(type.children[0]!) };
    case Type.Map: {
      const [key, value] = parametersOf(type.children[0]!.type).children as readonly [Field, Field];
      return { kind: 'MAP', nullable, key: fromArrowType(key), value: fromArrowType(value) };
    }
    case Type.Struct:
      return { kind: 'ROW', nullable, fields: type.children.map(fromArrowField) };
  }
  throw new WeirError('UNSUPPORTED', `column '${field.name}': no type holds Arrow's ${field.type}`);
}

function integerType(bits: number, signed: boolean, nullable: boolean): DataType {
  const needed = signed ? bits : bits + 1;
  if (needed <= 8) return { kind: 'TINYINT', nullable };
  if (needed <= 16) return { kind: 'SMALLINT', nullable };
  if (needed <= 32) return { kind: 'INT', nullable };
  return needed <= 64 ? { kind: 'BIGINT', nullable } : { kind: 'DECIMAL', nullable, precision: 20, scale: 0 };
}

/** fraction digits of a second in one unit: 0, 3, 6 or 9 */
export function unitDigits(unit: TimeUnit): 0 | 3 | 6 | 9 {
  return unit === TimeUnit.SECOND ? 0 : unit === TimeUnit.MILLISECOND ? 3 : unit === TimeUnit.MICROSECOND ? 6 : 9;
}
