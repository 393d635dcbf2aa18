/**
 * One Arrow array as a column of a given type, checked and copied.
 *
 * How apache-arrow addresses a slice: elements and offsets are sub-arrays, so value i is at i; bits (validity, Bool) are
 * whole and value i is at offset + i; children of structs and fixed-size lists are sliced, those of lists are not.
 */
import { isUtf8 } from 'node:buffer';
import { type Data, DateUnit, Precision, type TimeUnit, Type } from 'apache-arrow';
import { WeirError } from '../base/error.js';
import { parametersOf, unitDigits } from './arrow-type.js';
import { bitmapBytes, copyBits, countBits, getBit } from './bitmap.js';
import { type Column, isValid } from './column.js';
import type { DataType } from './data-type.js';
import { writeInt128 } from './datum.js';
import { fitsPrecision, POWERS } from './decimal-text.js';
import { layoutOf, makeElements } from './layout.js';
import { concat, nullColumn, take } from './take.js';
import { tickDigits } from './time-text.js';
import { type TypeOf, toFloating } from './value.js';
import { badValue, showValue } from './value-error.js';

type Integers = ArrayLike<number | bigint>;

const MS_PER_DAY = 86_400_000;
const MAX_BYTES = 0x7fffffff;
const INTEGER_BITS = { TINYINT: 8, SMALLINT: 16, INT: 32, BIGINT: 64 };

/** @throws INVALID_ARGUMENT when the array's type or one of its values is none of `type`; nulls are not checked here */
export function arrowColumn(type: DataType, data: Data): Column {
  if (data.typeId === Type.Null) return nullColumn(type, data.length);
  if (data.typeId === Type.Dictionary) return dictionaryColumn(type, data);
  switch (type.kind) {
    case 'BOOLEAN':
      return data.typeId === Type.Bool ? booleanColumn(type, data) : otherType(type, data);
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'BIGINT':
      return data.typeId === Type.Int
        ? integerColumn(type as TypeOf<'INT'> & { kind: keyof typeof INTEGER_BITS }, data)
        : otherType(type, data);
    case 'FLOAT':
    case 'DOUBLE':
      return data.typeId === Type.Float ? floatColumn(type as TypeOf<'FLOAT'>, data) : otherType(type, data);
    case 'DECIMAL':
      return decimalColumn(type, data);
    case 'CHAR':
    case 'VARCHAR':
      return textColumn(type as TypeOf<'VARCHAR'>, data);
    case 'BINARY':
    case 'VARBINARY': {
      const column = sizedColumn(type, data, [Type.Binary, Type.LargeBinary, Type.BinaryView]);
      return checkSizes(type, column, (size) => size > type.length);
    }
    case 'DATE':
      return dateColumn(type, data);
    case 'TIME':
      return timeColumn(type as TypeOf<'TIME'>, data);
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return timestampColumn(type as TypeOf<'TIMESTAMP'>, data);
    case 'ARRAY':
      return arrayColumn(type as TypeOf<'ARRAY'>, data);
    case 'MAP':
    case 'MULTISET':
      return mapColumn(type, data);
    case 'ROW':
      return rowColumn(type, data);
    case 'OTHER':
      throw new WeirError('UNSUPPORTED', `type ${type.text} cannot be written`);
  }
}

function otherType(type: DataType, data: Data): never {
  return badValue(type, data.type, 'the Arrow type does not fit');
}

function badRow(type: DataType, row: number, value: unknown, why?: string): never {
  throw new WeirError(
    'INVALID_ARGUMENT',
    `row ${row}: ${showValue(value)} does not fit ${type.kind}${why === undefined ? '' : `: ${why}`}`,
  );
}

function validityOf(data: Data): Uint8Array | null {
  if (data.nullCount === 0) return null;
  const bits = new Uint8Array(bitmapBytes(data.length));
  copyBits(data.nullBitmap, data.offset, bits, 0, data.length);
  return bits;
}

/** A column of fixed width around `values`. */
function fixed(type: DataType, data: Data, values: Column['values'], validity = validityOf(data)): Column {
  return { type, length: data.length, validity, values, offsets: undefined, children: undefined };
}

function booleanColumn(type: DataType, data: Data): Column {
  const bits = new Uint8Array(bitmapBytes(data.length));
  copyBits(data.values, data.offset, bits, 0, data.length);
  return fixed(type, data, bits);
}

function integerColumn(type: TypeOf<'INT'> & { kind: keyof typeof INTEGER_BITS }, data: Data): Column {
  const { bitWidth, isSigned } = parametersOf(data.type);
  const bits = INTEGER_BITS[type.kind];
  const { length } = data;
  const source = data.values as Integers & { slice(start: number, end: number): Column['values'] };
  if (isSigned && bitWidth === bits) return fixed(type, data, source.slice(0, length));
  const validity = validityOf(data);
  const values = makeElements(layoutOf(type), length)!;
  const checked = bitWidth > bits || (bitWidth === bits && !isSigned);
  for (let i = 0; i < length; i++) {
    if (validity !== null && !getBit(validity, i)) continue;
    const value = source[i]!;
    if (checked && BigInt.asIntN(bits, BigInt(value)) !== BigInt(value)) badRow(type, i, value, 'out of range');
    if (bits === 64) (values as BigInt64Array)[i] = BigInt(value);
    else (values as Int32Array)[i] = Number(value);
  }
  return fixed(type, data, values, validity);
}

function floatColumn(type: TypeOf<'FLOAT'>, data: Data): Column {
  const { precision } = parametersOf(data.type);
  const { length } = data;
  if (precision === (type.kind === 'FLOAT' ? Precision.SINGLE : Precision.DOUBLE)) return fixed(type, data, data.values.slice(0, length));
  const values = (type.kind === 'FLOAT' ? new Float32Array(length) : new Float64Array(length)) as Float32Array | Float64Array;
  const validity = validityOf(data);
  const source = data.values as Float64Array | Uint16Array;
  for (let i = 0; i < length; i++) {
    if (validity !== null && !getBit(validity, i)) continue;
    values[i] = toFloating(type, precision === Precision.HALF ? halfFloat(source[i]!) : source[i]!, 'value');
  }
  return fixed(type, data, values, validity);
}

/** IEEE 754 binary16: 1 bit sign, 5 exponent, 10 fraction. */
function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function decimalColumn(type: TypeOf<'DECIMAL'>, data: Data): Column {
  const { length } = data;
  const validity = validityOf(data);
  if (data.typeId !== Type.Decimal && data.typeId !== Type.Int) return otherType(type, data);
  const { scale, precision, bitWidth } = data.typeId === Type.Decimal ? parametersOf(data.type) : { scale: 0, precision: 39, bitWidth: 0 };
  const values = new BigInt64Array(length * 2);
  if (bitWidth === 128 && scale === type.scale && precision <= type.precision) {
    new Uint32Array(values.buffer).set(data.values.subarray(0, length * 4));
    return fixed(type, data, values, validity);
  }
  for (let i = 0; i < length; i++) {
    if (validity !== null && !getBit(validity, i)) continue;
    const value = bitWidth === 0 ? BigInt((data.values as Integers)[i]!) : wideInteger(data.values as Uint32Array, i, bitWidth / 32);
    const unscaled = rescale(value, type.scale - scale);
    if (unscaled === undefined || !fitsPrecision(unscaled, type.precision)) badRow(type, i, value, `unscaled, with scale ${scale}`);
    writeInt128(values, i, unscaled);
  }
  return fixed(type, data, values, validity);
}

/** The signed integer of `width` 32-bit words, least significant first. */
function wideInteger(words: Uint32Array, index: number, width: number): bigint {
  let value = 0n;
  for (let w = width - 1; w >= 0; w--) value = (value << 32n) | BigInt(words[index * width + w]!);
  return BigInt.asIntN(width * 32, value);
}

/** value * 10^digits, undefined when it is no integer */
function rescale(value: bigint, digits: number): bigint | undefined {
  if (digits >= 0) return value * 10n ** BigInt(digits);
  const divisor = 10n ** BigInt(-digits);
  return value % divisor === 0n ? value / divisor : undefined;
}

function textColumn(type: TypeOf<'VARCHAR'>, data: Data): Column {
  const column = sizedColumn(type, data, [Type.Utf8, Type.LargeUtf8, Type.Utf8View]);
  if (!isUtf8(column.values as Uint8Array)) throw new WeirError('INVALID_ARGUMENT', 'the text is not UTF-8');
  const bytes = column.values as Uint8Array;
  return checkSizes(type, column, (size, start, end) => {
    if (size <= type.length) return false;
    let codePoints = 0;
    for (let at = start; at < end; at++) if ((bytes[at]! & 0xc0) !== 0x80) codePoints++;
    return codePoints > type.length;
  });
}

function checkSizes(type: TypeOf<'VARCHAR'>, column: Column, tooLong: (size: number, start: number, end: number) => boolean): Column {
  const offsets = column.offsets!;
  if (type.length >= (column.values as Uint8Array).length) return column;
  for (let i = 0; i < column.length; i++) {
    const start = offsets[i]!;
    const end = offsets[i + 1]!;
    if (tooLong(end - start, start, end) && isValid(column, i)) {
      const bytes = (column.values as Uint8Array).subarray(start, end);
      badRow(
        type,
        i,
        type.kind === 'CHAR' || type.kind === 'VARCHAR' ? new TextDecoder().decode(bytes) : bytes,
        `longer than ${type.length}`,
      );
    }
  }
  return column;
}

/** Strings or bytes; `accepted`: the array's type with 32-bit offsets, with 64-bit offsets, and of views */
function sizedColumn(type: DataType, data: Data, accepted: readonly [Type, Type, Type]): Column {
  const { length, typeId } = data;
  const binary = accepted[0] === Type.Binary;
  let parts: { values: Uint8Array; offsets: Int32Array };
  if (typeId === accepted[0] || typeId === accepted[1]) {
    const [offsets, first, last] = rebasedOffsets(data);
    parts = { values: data.values.slice(first, last), offsets };
  } else if (typeId === accepted[2]) parts = viewBytes(data);
  else if (binary && typeId === Type.FixedSizeBinary) {
    const width = data.stride;
    parts = { values: data.values.slice(0, length * width), offsets: Int32Array.from({ length: length + 1 }, (_, i) => i * width) };
  } else return otherType(type, data);
  return { type, length, validity: validityOf(data), ...parts, children: undefined };
}

/** Offsets from 0 on, and where they began and ended. */
function rebasedOffsets(data: Data): [Int32Array, number, number] {
  const source = data.valueOffsets as Integers;
  const offsets = new Int32Array(data.length + 1);
  if (source === undefined || source.length === 0) return [offsets, 0, 0];
  const first = Number(source[0]!);
  const last = Number(source[data.length]!);
  if (last - first > MAX_BYTES) throw new WeirError('INVALID_ARGUMENT', 'one column of a batch holds at most 2 GiB: write smaller batches');
  if (source instanceof Int32Array) for (let i = 0; i <= data.length; i++) offsets[i] = source[i]! - first;
  else for (let i = 0; i <= data.length; i++) offsets[i] = Number(source[i]!) - first;
  return [offsets, first, last];
}

/** Views of 16 bytes: size, then up to 12 bytes, or 4 bytes of prefix, buffer and offset. */
function viewBytes(data: Data): { values: Uint8Array; offsets: Int32Array } {
  const views = data.values as Uint8Array;
  const view = new DataView(views.buffer, views.byteOffset, views.byteLength);
  const offsets = new Int32Array(data.length + 1);
  const bits = validityOf(data);
  const present = (i: number) => bits === null || getBit(bits, i);
  for (let i = 0; i < data.length; i++) {
    const end = offsets[i]! + (present(i) ? view.getInt32(i * 16, true) : 0);
    if (end > MAX_BYTES) throw new WeirError('INVALID_ARGUMENT', 'one column of a batch holds at most 2 GiB: write smaller batches');
    offsets[i + 1] = end;
  }
  const values = new Uint8Array(offsets[data.length]!);
  for (let i = 0; i < data.length; i++) {
    const size = offsets[i + 1]! - offsets[i]!;
    if (size === 0) continue;
    const start = size <= 12 ? i * 16 + 4 : view.getInt32(i * 16 + 12, true);
    const from = size <= 12 ? views : data.variadicBuffers[view.getInt32(i * 16 + 8, true)]!;
    values.set(from.subarray(start, start + size), offsets[i]!);
  }
  return { values, offsets };
}

/** Values times `factor`, or divided by `divisor` where that is exact, as an INT32 column. */
function scaledInts(type: DataType, data: Data, factor: number, divisor: number, granule: number): Column {
  const { length } = data;
  const source = data.values as Integers;
  const validity = validityOf(data);
  const values = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    if (validity !== null && !getBit(validity, i)) continue;
    const value = (Number(source[i]!) * factor) / divisor;
    if (value !== (value | 0) || value % granule !== 0) badRow(type, i, source[i], 'not exact');
    values[i] = value;
  }
  return fixed(type, data, values, validity);
}

function dateColumn(type: DataType, data: Data): Column {
  if (data.typeId !== Type.Date) return otherType(type, data);
  if (parametersOf(data.type).unit === DateUnit.DAY) return fixed(type, data, data.values.slice(0, data.length));
  return scaledInts(type, data, 1, MS_PER_DAY, 1);
}

function timeColumn(type: TypeOf<'TIME'>, data: Data): Column {
  if (data.typeId !== Type.Time) return otherType(type, data);
  const digits = unitDigits(parametersOf(data.type).unit as TimeUnit);
  const granule = type.precision >= 3 ? 1 : POWERS[3 - type.precision]!;
  return scaledInts(type, data, digits === 0 ? 1000 : 1, digits <= 3 ? 1 : POWERS[digits - 3]!, granule);
}

function timestampColumn(type: TypeOf<'TIMESTAMP'>, data: Data): Column {
  let digits: 0 | 3 | 6 | 9;
  if (data.typeId === Type.Date && parametersOf(data.type).unit === DateUnit.MILLISECOND) digits = 3;
  else if (data.typeId === Type.Timestamp) {
    const { unit, timezone } = parametersOf(data.type);
    const zoned = timezone !== undefined && timezone !== null && timezone !== '';
    if (zoned !== (type.kind === 'TIMESTAMP_LTZ')) badValue(type, data.type, zoned ? 'it has a time zone' : 'it has no time zone');
    digits = unitDigits(unit as TimeUnit);
  } else return otherType(type, data);
  const stored = tickDigits(type.precision);
  const source = data.values as BigInt64Array;
  if (stored === digits && stored === type.precision && stored < 9) return fixed(type, data, source.slice(0, data.length));
  const validity = validityOf(data);
  const values = makeElements(layoutOf(type), data.length) as BigInt64Array;
  const granule = 10n ** BigInt(stored - type.precision);
  for (let i = 0; i < data.length; i++) {
    if (validity !== null && !getBit(validity, i)) continue;
    const ticks = rescale(BigInt(source[i]!), stored - digits);
    if (ticks === undefined || ticks % granule !== 0n) badRow(type, i, source[i], `not exact at precision ${type.precision}`);
    if (stored === 9) writeInt128(values, i, ticks);
    else if (BigInt.asIntN(64, ticks) === ticks) values[i] = ticks;
    else badRow(type, i, source[i], 'out of range');
  }
  return fixed(type, data, values, validity);
}

function arrayColumn(type: TypeOf<'ARRAY'>, data: Data): Column {
  const child = data.children[0];
  if (child === undefined) return otherType(type, data);
  const common = { type, length: data.length, validity: validityOf(data), values: undefined };
  if (data.typeId === Type.FixedSizeList) {
    const width = data.stride;
    const offsets = Int32Array.from({ length: data.length + 1 }, (_, i) => i * width);
    return { ...common, offsets, children: [arrowColumn(type.element, child.slice(0, data.length * width))] };
  }
  if (data.typeId !== Type.List && data.typeId !== Type.LargeList) return otherType(type, data);
  const [offsets, first, last] = rebasedOffsets(data);
  return { ...common, offsets, children: [arrowColumn(type.element, child.slice(first, last - first))] };
}

function mapColumn(type: Extract<DataType, { kind: 'MAP' }> | TypeOf<'MULTISET'>, data: Data): Column {
  if (data.typeId !== Type.Map) return otherType(type, data);
  const [offsets, first, last] = rebasedOffsets(data);
  const entries = data.children[0]!.slice(first, last - first);
  const types: readonly DataType[] = type.kind === 'MAP' ? [type.key, type.value] : [type.element, { kind: 'INT', nullable: false }];
  const children = types.map((inner, c) => arrowColumn(inner, entries.children[c]!));
  return { type, length: data.length, validity: validityOf(data), values: undefined, offsets, children };
}

function rowColumn(type: Extract<DataType, { kind: 'ROW' }>, data: Data): Column {
  if (data.typeId !== Type.Struct) return otherType(type, data);
  const names = parametersOf(data.type).children.map((field) => String(field.name));
  for (const name of names) {
    if (!type.fields.some((field) => field.name === name)) throw new WeirError('INVALID_ARGUMENT', `unknown field '${name}'`);
  }
  const children = type.fields.map((field) => {
    const at = names.indexOf(field.name);
    return at < 0 ? nullColumn(field.type, data.length) : arrowColumn(field.type, data.children[at]!);
  });
  return { type, length: data.length, validity: validityOf(data), values: undefined, offsets: undefined, children };
}

function dictionaryColumn(type: DataType, data: Data): Column {
  const { length } = data;
  const validity = validityOf(data);
  const chunks = (data.dictionary?.data ?? []).filter((chunk: Data) => chunk.length > 0);
  const nothing = chunks.length === 0;
  if (nothing && length > 0 && (validity === null || countBits(validity, length) > 0))
    throw new WeirError('INVALID_ARGUMENT', 'a dictionary-encoded column without its dictionary');
  if (nothing) return nullColumn(type, length);
  const dictionary = concat(chunks.map((chunk: Data) => arrowColumn(type, chunk)));
  const indices = data.values as Integers;
  const rows = new Uint32Array(length);
  for (let i = 0; i < length; i++) {
    if (validity !== null && !getBit(validity, i)) continue;
    const index = Number(indices[i]!);
    if (!(index >= 0 && index < dictionary.length)) badRow(type, i, indices[i], 'no entry of the dictionary');
    rows[i] = index;
  }
  const column = take(dictionary, rows);
  if (validity === null) return column;
  if (column.validity !== null) for (let b = 0; b < validity.length; b++) validity[b]! &= column.validity[b]!;
  return { ...column, validity };
}

/**
 * Are values missing only where the types allow it? Beneath a missing parent everything may be missing.
 *
 * @throws INVALID_ARGUMENT naming the row
 */
export function checkNulls(column: Column): void {
  checkRows(column, null);
}

/** `rows`: the row of the batch that each value belongs to, -1 beneath a missing parent; null: value i is of row i */
function checkRows(column: Column, rows: Int32Array | null): void {
  const { type, length, validity, offsets, children } = column;
  if (!type.nullable && validity !== null && countBits(validity, length) < length) {
    for (let i = 0; i < length; i++) {
      const row = rows === null ? i : rows[i]!;
      if (row >= 0 && !getBit(validity, i)) throw new WeirError('INVALID_ARGUMENT', `row ${row}: null in a NOT NULL ${type.kind}`);
    }
  }
  if (children === undefined) return;
  const ofRow = (i: number) => (isValid(column, i) ? (rows === null ? i : rows[i]!) : -1);
  const inner = new Int32Array(offsets === undefined ? length : children[0]!.length).fill(-1);
  for (let i = 0; i < length; i++) {
    if (offsets === undefined) inner[i] = ofRow(i);
    else inner.fill(ofRow(i), offsets[i]!, offsets[i + 1]!);
  }
  for (const child of children) checkRows(child, inner);
}
