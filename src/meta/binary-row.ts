/**
 * BinaryRow: Paimon's binary form of a row, in which partitions, key bounds and statistics are stored
 * and of which bucket numbers are hashes (format-spec/binary-row).
 *
 *   serialized = [ arity: u32 big-endian ][ row ]
 *   row        = [ null bits: ((arity + 71) / 64) * 8 ][ 8-byte slot x arity ][ variable part, items 8-byte aligned ]
 *
 * Little-endian but for the arity and the bytes of long decimals. Byte 0 is the row kind (always 0 in stored
 * rows), bit i + 8 of the null bits says that field i is null.
 *
 * Invariants: equal values give equal bytes (hashes rely on it), so unused bytes are zero; a null in a long
 * decimal or a fine timestamp still reserves its room in the variable part.
 */
import { WeirError } from '../base/error.js';
import type { DataType } from '../types/data-type.js';
import type { Datum } from '../types/datum.js';

export { bucketOf, hashRow, RowHasher } from './row-hash.js';

const ARITY_BYTES = 4;
const SLOT_BYTES = 8;
/** a long decimal always takes this much of the variable part */
const DECIMAL_BYTES = 16;

/** The row of no field: the partition of a table without partitions, the keys of an append table. */
export const EMPTY_ROW: Uint8Array = new Uint8Array(12);

export function nullBitsBytes(arity: number): number {
  return Math.floor((arity + 71) / 64) * 8;
}

/** Values as Datum, in the order of `types`; a nested type can only be null. */
export function serializeRow(types: readonly DataType[], values: readonly Datum[]): Uint8Array {
  if (types.length !== values.length) {
    throw new WeirError('INVALID_ARGUMENT', `a row of ${types.length} fields was given ${values.length} values`);
  }
  const fixed = nullBitsBytes(types.length) + SLOT_BYTES * types.length;
  let size = fixed;
  for (let i = 0; i < types.length; i++) size += variableBytes(types[i]!, values[i]!);
  const bytes = new Uint8Array(ARITY_BYTES + size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, types.length);
  let cursor = fixed;
  for (let i = 0; i < types.length; i++) {
    writeField(bytes, view, i, ARITY_BYTES + nullBitsBytes(types.length) + SLOT_BYTES * i, cursor, types[i]!, values[i]!);
    cursor += variableBytes(types[i]!, values[i]!);
  }
  return bytes;
}

/** The values of a serialized row. CORRUPTION when the bytes are not a row of these types; `file` goes into the error. */
export function deserializeRow(types: readonly DataType[], bytes: Uint8Array, file?: string): Datum[] {
  checkRow(bytes, file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== types.length) {
    throw corrupt(`a row has ${view.getUint32(0)} fields where ${types.length} are expected`, file);
  }
  return types.map((type, i) => readField(bytes, view, i, types.length, type, file));
}

/** Checks what can be checked of a serialized row without its types: arity, kind and length. */
export function checkRow(bytes: Uint8Array, file?: string): void {
  if (bytes.length < ARITY_BYTES + 8) throw corrupt(`a row of ${bytes.length} bytes is too short`, file);
  const arity = bytes[0]! * 0x1000000 + ((bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!);
  if (bytes.length < ARITY_BYTES + nullBitsBytes(arity) + SLOT_BYTES * arity) {
    throw corrupt(`a row of ${arity} fields does not fit into ${bytes.length} bytes`, file);
  }
  if (bytes[ARITY_BYTES] !== 0) throw corrupt(`a stored row has the kind ${bytes[ARITY_BYTES]}`, file);
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Big-endian two's complement, as short as possible: the digits of a long decimal. */
export function decimalToBytes(unscaled: bigint): Uint8Array {
  let length = 1;
  while (BigInt.asIntN(length * 8, unscaled) !== unscaled) length++;
  const bytes = new Uint8Array(length);
  let rest = unscaled;
  for (let i = length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

export function decimalFromBytes(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(bytes.length * 8, value);
}

function variableBytes(type: DataType, value: Datum): number {
  switch (type.kind) {
    case 'DECIMAL':
      return type.precision > 18 ? DECIMAL_BYTES : 0;
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return type.precision > 3 ? 8 : 0;
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY':
      return value !== null && (value as Uint8Array).length > 7 ? ((value as Uint8Array).length + 7) & ~7 : 0;
    default:
      return 0;
  }
}

/** `slot` counts from the serialized bytes' start, `offset` (of the variable part) from the row's. */
function writeField(bytes: Uint8Array, view: DataView, i: number, slot: number, offset: number, type: DataType, value: Datum): void {
  if (value === null) {
    bytes[ARITY_BYTES + ((i + 8) >> 3)]! |= 1 << (i & 7);
    if (variableBytes(type, null) > 0) view.setUint32(slot + 4, offset, true);
    return;
  }
  switch (type.kind) {
    case 'BOOLEAN':
      bytes[slot] = value ? 1 : 0;
      return;
    case 'TINYINT':
      view.setInt8(slot, value as number);
      return;
    case 'SMALLINT':
      view.setInt16(slot, value as number, true);
      return;
    case 'INT':
    case 'DATE':
    case 'TIME':
      view.setInt32(slot, value as number, true);
      return;
    case 'BIGINT':
      view.setBigInt64(slot, value as bigint, true);
      return;
    case 'FLOAT':
      view.setFloat32(slot, value as number, true);
      return;
    case 'DOUBLE':
      view.setFloat64(slot, value as number, true);
      return;
    case 'DECIMAL': {
      if (type.precision <= 18) {
        view.setBigInt64(slot, value as bigint, true);
        return;
      }
      const digits = decimalToBytes(value as bigint);
      view.setUint32(slot, digits.length, true);
      view.setUint32(slot + 4, offset, true);
      bytes.set(digits, ARITY_BYTES + offset);
      return;
    }
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ': {
      if (type.precision <= 3) {
        view.setBigInt64(slot, value as bigint, true);
        return;
      }
      const perMilli = type.precision <= 6 ? 1000n : 1000000n;
      const [millis, rest] = floorDivide(value as bigint, perMilli);
      view.setUint32(slot, Number((rest * 1000000n) / perMilli), true);
      view.setUint32(slot + 4, offset, true);
      view.setBigInt64(ARITY_BYTES + offset, millis, true);
      return;
    }
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY': {
      const data = value as Uint8Array;
      if (data.length <= 7) {
        bytes.set(data, slot);
        bytes[slot + 7] = 0x80 | data.length;
        return;
      }
      view.setUint32(slot, data.length, true);
      view.setUint32(slot + 4, offset, true);
      bytes.set(data, ARITY_BYTES + offset);
      return;
    }
    default:
      throw new WeirError('INVALID_ARGUMENT', `a value of type ${type.kind} cannot be part of a key, a partition or a statistic`);
  }
}

function readField(bytes: Uint8Array, view: DataView, i: number, arity: number, type: DataType, file: string | undefined): Datum {
  if (((bytes[ARITY_BYTES + ((i + 8) >> 3)]! >> (i & 7)) & 1) === 1) return null;
  const slot = ARITY_BYTES + nullBitsBytes(arity) + SLOT_BYTES * i;
  /** where `length` bytes start that the slot points at */
  const far = (length: number): number => {
    const offset = view.getUint32(slot + 4, true);
    if (offset < nullBitsBytes(arity) + SLOT_BYTES * arity || ARITY_BYTES + offset + length > bytes.length) {
      throw corrupt(`field ${i} of a row points outside of it`, file);
    }
    return ARITY_BYTES + offset;
  };
  switch (type.kind) {
    case 'BOOLEAN':
      if (bytes[slot]! > 1) throw corrupt(`field ${i} of a row is no boolean`, file);
      return bytes[slot] === 1;
    case 'TINYINT':
      return view.getInt8(slot);
    case 'SMALLINT':
      return view.getInt16(slot, true);
    case 'INT':
    case 'DATE':
    case 'TIME':
      return view.getInt32(slot, true);
    case 'BIGINT':
      return view.getBigInt64(slot, true);
    case 'FLOAT':
      return view.getFloat32(slot, true);
    case 'DOUBLE':
      return view.getFloat64(slot, true);
    case 'DECIMAL': {
      if (type.precision <= 18) return view.getBigInt64(slot, true);
      const length = view.getUint32(slot, true);
      if (length < 1 || length > DECIMAL_BYTES) throw corrupt(`field ${i} of a row is a decimal of ${length} bytes`, file);
      const start = far(length);
      return decimalFromBytes(bytes.subarray(start, start + length));
    }
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ': {
      if (type.precision <= 3) return view.getBigInt64(slot, true);
      const nanos = view.getUint32(slot, true);
      if (nanos > 999999) throw corrupt(`field ${i} of a row has ${nanos} nanoseconds in a millisecond`, file);
      const millis = view.getBigInt64(far(8), true);
      return type.precision <= 6 ? millis * 1000n + BigInt(Math.floor(nanos / 1000)) : millis * 1000000n + BigInt(nanos);
    }
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY': {
      if ((bytes[slot + 7]! & 0x80) !== 0) {
        const length = bytes[slot + 7]! & 0x7f;
        if (length > 7) throw corrupt(`field ${i} of a row has ${length} bytes in its slot`, file);
        return new Uint8Array(bytes.subarray(slot, slot + length));
      }
      const length = view.getUint32(slot, true);
      const start = far(length);
      return new Uint8Array(bytes.subarray(start, start + length));
    }
    default:
      throw corrupt(`field ${i} of a row is of type ${type.kind}, which has no value here`, file);
  }
}

/** Quotient rounded down and the remainder in 0..divisor-1. */
function floorDivide(value: bigint, divisor: bigint): [bigint, bigint] {
  const rest = ((value % divisor) + divisor) % divisor;
  return [(value - rest) / divisor, rest];
}

function corrupt(message: string, file: string | undefined): WeirError {
  return new WeirError('CORRUPTION', file === undefined ? message : `${file}: ${message}`, file === undefined ? {} : { file });
}
