/**
 * From the file's physical values to a column of the wanted type.
 *
 *   dense values (LeafValues)  --convert-->  elements of the type, still dense  --spread-->  one a row, by validity
 *
 * Most columns need neither step: the buffer that pages were decoded into becomes the column's. Spreading is done in
 * place, from the back. Which pairs of file type and wanted type are allowed is decided once a column by
 * `conversionOf`; every other pair is UNSUPPORTED.
 *
 * INT96 (legacy timestamps): 8 bytes nanoseconds of the day, possibly negative, 4 bytes Julian day.
 */
import { WeirError } from '../../base/error.js';
import type { Column, Elements } from '../../types/column.js';
import type { DataType } from '../../types/data-type.js';
import { type Layout, layoutOf } from '../../types/layout.js';
import { formatType } from '../../types/type-text.js';
import { spreadBits } from './bit-sink.js';
import type { LeafValues } from './leaf-values.js';
import { malformed } from './malformed.js';
import { Converted, type SchemaElement, type TimeUnit, Type, typeName } from './metadata.js';
import type { SchemaNode } from './schema.js';

/** How a leaf's values become a column's. Plain data. */
export type Conversion =
  /** the same words or bytes in the file and in the column; BOOLEAN bits */
  | { readonly kind: 'same' }
  /** INT32 to 8, 16 or 64 bits, FLOAT to DOUBLE */
  | { readonly kind: 'resize' }
  /** FIXED to variable bytes */
  | { readonly kind: 'variable' }
  /** an integer of 32 or 64 bits, or big-endian bytes, to INT128 */
  | { readonly kind: 'decimal' }
  /** integers times and divided by (rounding down) */
  | { readonly kind: 'scale'; readonly times: bigint; readonly by: bigint }
  /** INT96 to units of `by` nanoseconds */
  | { readonly kind: 'int96'; readonly by: bigint };

const NANOS: Record<TimeUnit, bigint> = { MILLIS: 1_000_000n, MICROS: 1000n, NANOS: 1n };
const JULIAN_EPOCH = 2440588n;
const DAY_NANOS = 86_400_000_000_000n;

/** @throws UNSUPPORTED when a column of this physical type cannot be read as `type` */
export function conversionOf(type: DataType, node: SchemaNode): Conversion {
  const { element } = node;
  const physical = element.type;
  const refuse = (): never => {
    const annotation = element.logical === undefined ? '' : ` (${element.logical.kind})`;
    throw new WeirError(
      'UNSUPPORTED',
      `column ${node.path.join('.')} is ${typeName(physical)}${annotation} in the file and cannot be read as ${formatType(type)}`,
    );
  };
  const same: Conversion = { kind: 'same' };
  switch (type.kind) {
    case 'BOOLEAN':
      return physical === Type.BOOLEAN ? same : refuse();
    case 'TINYINT':
    case 'SMALLINT':
      return physical === Type.INT32 ? { kind: 'resize' } : refuse();
    case 'INT':
    case 'DATE':
      return physical === Type.INT32 ? same : refuse();
    case 'BIGINT':
      return physical === Type.INT64 ? same : physical === Type.INT32 ? { kind: 'resize' } : refuse();
    case 'FLOAT':
      return physical === Type.FLOAT ? same : refuse();
    case 'DOUBLE':
      return physical === Type.DOUBLE ? same : physical === Type.FLOAT ? { kind: 'resize' } : refuse();
    case 'TIME': {
      if (physical === Type.INT32) return same;
      return physical === Type.INT64 ? scale(NANOS[timeUnit(element) ?? 'MICROS'], NANOS.MILLIS) : refuse();
    }
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ': {
      const wanted: TimeUnit = type.precision <= 3 ? 'MILLIS' : type.precision <= 6 ? 'MICROS' : 'NANOS';
      if (physical === Type.INT96) return { kind: 'int96', by: NANOS[wanted] };
      if (physical !== Type.INT64) return refuse();
      const found = timeUnit(element) ?? wanted;
      return found === wanted && wanted !== 'NANOS' ? same : scale(NANOS[found], NANOS[wanted]);
    }
    case 'DECIMAL':
      if (physical !== Type.INT32 && physical !== Type.INT64 && physical !== Type.FIXED && physical !== Type.BYTE_ARRAY) return refuse();
      if ((element.scale ?? type.scale) !== type.scale) return refuse();
      return { kind: 'decimal' };
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY':
      return physical === Type.BYTE_ARRAY ? same : physical === Type.FIXED ? { kind: 'variable' } : refuse();
    default:
      return refuse();
  }
}

function scale(from: bigint, to: bigint): Conversion {
  return from >= to ? { kind: 'scale', times: from / to, by: 1n } : { kind: 'scale', times: 1n, by: to / from };
}

/** The annotated unit of a TIME or TIMESTAMP. */
export function timeUnit(element: SchemaElement): TimeUnit | undefined {
  const { logical, converted } = element;
  if (logical?.kind === 'TIMESTAMP' || logical?.kind === 'TIME') return logical.unit;
  if (converted === Converted.TIMESTAMP_MILLIS || converted === Converted.TIME_MILLIS) return 'MILLIS';
  if (converted === Converted.TIMESTAMP_MICROS || converted === Converted.TIME_MICROS) return 'MICROS';
  return undefined;
}

/** `length` rows, of which those set in `validity` have the next of the dense values. Takes the values' buffers. */
export function leafColumn(type: DataType, conversion: Conversion, dense: LeafValues, validity: Uint8Array | null, length: number): Column {
  if (validity === null && dense.count !== length) malformed('a column has another number of values than rows');
  const layout = layoutOf(type);
  const base = { type, length, validity, children: undefined };
  if (layout === 'bits') {
    const bits = dense.bits!.bits;
    const values = validity === null ? exactBytes(bits, (length + 7) >> 3) : spreadBits(bits, validity, length);
    return { ...base, values, offsets: undefined };
  }
  if (layout === 'bytes') {
    let { offsets, bytes } = dense;
    if (offsets === undefined) offsets = fixedOffsets(dense, length);
    else if (offsets.length !== length + 1) offsets = offsets.slice(0, length + 1);
    if (validity !== null) spreadOffsets(offsets, validity, length, dense.count);
    // A quarter of unused room is cheaper than a copy.
    if (bytes.length - dense.size > 64 + bytes.length / 4) bytes = bytes.slice(0, dense.size);
    return { ...base, values: bytes, offsets };
  }
  const words = convert(conversion, layout, dense, length);
  if (validity !== null) spread(words, validity, length, dense.count);
  return { ...base, values: elements(layout, words.buffer, length), offsets: undefined };
}

function exactBytes(bytes: Uint8Array, length: number): Uint8Array {
  return bytes.length === length ? bytes : bytes.slice(0, length);
}

type Words = Int8Array<ArrayBuffer> | Int16Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

/** The dense values in the column's layout, as words, in a buffer for `length` of them. */
function convert(conversion: Conversion, layout: Layout, dense: LeafValues, length: number): Words {
  const { count } = dense;
  switch (conversion.kind) {
    case 'same': {
      const bytes = length * dense.width;
      const buffer = dense.bytes.length === bytes ? dense.bytes.buffer : dense.bytes.buffer.slice(0, bytes);
      return new Int32Array(buffer);
    }
    case 'resize': {
      const from = new Int32Array(dense.bytes.buffer, 0, count);
      if (layout === 'int8' || layout === 'int16') {
        const out = layout === 'int8' ? new Int8Array(length) : new Int16Array(length);
        for (let i = 0; i < count; i++) out[i] = from[i]!;
        return out;
      }
      if (layout === 'float64') {
        const out = new Float64Array(length);
        out.set(new Float32Array(dense.bytes.buffer, 0, count));
        return new Int32Array(out.buffer);
      }
      const out = new Int32Array(length * 2);
      for (let i = 0; i < count; i++) {
        out[i * 2] = from[i]!;
        out[i * 2 + 1] = from[i]! >> 31;
      }
      return out;
    }
    case 'decimal':
      return decimals(dense, length);
    case 'scale': {
      const from = new BigInt64Array(dense.bytes.buffer, 0, count);
      const { times, by } = conversion;
      return integers(layout, length, count, (i) => (by === 1n ? from[i]! * times : floorDiv(from[i]!, by)));
    }
    case 'int96': {
      const view = new DataView(dense.bytes.buffer);
      return integers(layout, length, count, (i) => {
        const nanos = (BigInt(view.getInt32(i * 12 + 8, true)) - JULIAN_EPOCH) * DAY_NANOS + view.getBigInt64(i * 12, true);
        return floorDiv(nanos, conversion.by);
      });
    }
    case 'variable':
      return malformed('bytes where numbers are wanted');
  }
}

/** The rare conversions, which other engines' files need: one BigInt a value is fine. */
function integers(layout: Layout, length: number, count: number, value: (i: number) => bigint): Int32Array<ArrayBuffer> {
  if (layout === 'int32') {
    const out = new Int32Array(length);
    for (let i = 0; i < count; i++) out[i] = Number(value(i));
    return out;
  }
  const wide = layout === 'int128';
  const out = new BigInt64Array(wide ? length * 2 : length);
  for (let i = 0; i < count; i++) {
    const v = value(i);
    if (wide) {
      out[i * 2] = v;
      out[i * 2 + 1] = v >> 64n;
    } else out[i] = v;
  }
  return new Int32Array(out.buffer);
}

function floorDiv(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value < 0n && quotient * by !== value ? quotient - 1n : quotient;
}

function decimals(dense: LeafValues, length: number): Int32Array<ArrayBuffer> {
  const { count, type } = dense;
  const out = new Int32Array(length * 4);
  if (type === Type.INT32 || type === Type.INT64) {
    const from = new Int32Array(dense.bytes.buffer);
    const stride = type === Type.INT32 ? 1 : 2;
    for (let i = 0, at = 0; i < count; i++, at += 4) {
      const high = from[i * stride + stride - 1]!;
      out[at] = from[i * stride]!;
      out[at + 1] = stride === 1 ? high >> 31 : high;
      out[at + 2] = high >> 31;
      out[at + 3] = high >> 31;
    }
    return out;
  }
  const { bytes, offsets, width } = dense;
  const to = new Uint8Array(out.buffer);
  for (let i = 0; i < count; i++) {
    const start = offsets === undefined ? i * width : offsets[i]!;
    let from = (offsets === undefined ? start + width : offsets[i + 1]!) - 1;
    if (from < start) malformed('a decimal of no bytes');
    const sign = bytes[start]! >= 128 ? 255 : 0;
    let at = i * 16;
    const stop = at + 16;
    while (at < stop && from >= start) to[at++] = bytes[from--]!;
    while (at < stop) to[at++] = sign;
    // More than 16 bytes: the rest may only repeat the sign.
    for (; from >= start; from--) if (bytes[from] !== sign) malformed('a decimal of more than 128 bits');
    if (to[stop - 1]! >> 7 !== sign >> 7) malformed('a decimal of more than 128 bits');
  }
  return out;
}

function fixedOffsets(dense: LeafValues, length: number): Int32Array<ArrayBuffer> {
  const offsets = new Int32Array(length + 1);
  for (let i = 1; i <= dense.count; i++) offsets[i] = i * dense.width;
  return offsets;
}

/** Moves dense value k to the k-th set bit's place, from the back; missing ones become zero. */
function spread(words: Words, validity: Uint8Array, length: number, count: number): void {
  const stride = length === 0 ? 1 : words.length / length;
  let next = count - 1;
  if (stride === 1) {
    for (let i = length - 1; i >= 0; i--) words[i] = ((validity[i >> 3]! >> (i & 7)) & 1) === 1 ? words[next--]! : 0;
    return;
  }
  for (let i = length - 1; i >= 0; i--) {
    const valid = ((validity[i >> 3]! >> (i & 7)) & 1) === 1;
    for (let w = 0; w < stride; w++) words[i * stride + w] = valid ? words[next * stride + w]! : 0;
    if (valid) next--;
  }
}

/** `offsets[k]`, the end of dense value k-1, moves to the end of its row; a missing row ends where it starts. */
function spreadOffsets(offsets: Int32Array, validity: Uint8Array, length: number, count: number): void {
  let next = count;
  for (let i = length - 1; i >= 0; i--) {
    offsets[i + 1] = offsets[next]!;
    if (((validity[i >> 3]! >> (i & 7)) & 1) === 1) next--;
  }
  offsets[0] = 0;
}

function elements(layout: Layout, buffer: ArrayBuffer, length: number): Elements {
  switch (layout) {
    case 'int8':
      return new Int8Array(buffer, 0, length);
    case 'int16':
      return new Int16Array(buffer, 0, length);
    case 'int32':
      return new Int32Array(buffer, 0, length);
    case 'int64':
      return new BigInt64Array(buffer, 0, length);
    case 'int128':
      return new BigInt64Array(buffer, 0, length * 2);
    case 'float32':
      return new Float32Array(buffer, 0, length);
    case 'float64':
      return new Float64Array(buffer, 0, length);
    default:
      return malformed(`elements of layout ${layout}`);
  }
}
