/**
 * A column of values in Arrow's memory layout, as plain data: it crosses to a worker by moving its buffers.
 *
 *   validity   bit i (least significant first) set = value i is present; null = all present
 *   values     fixed width: one element a value (two for INT128, below); BOOLEAN: bits, as validity
 *              strings and bytes: the UTF-8 or raw bytes
 *   offsets    strings, bytes, ARRAY, MAP, MULTISET: length+1 entries, offsets[0] may be > 0
 *   children   ARRAY: [element]; MAP, MULTISET: [key, value]; ROW: one a field
 *
 * Element arrays by type
 *   BOOLEAN Uint8Array (bits) · TINYINT Int8Array · SMALLINT Int16Array · INT DATE TIME Int32Array (days, ms of day)
 *   BIGINT BigInt64Array · TIMESTAMP(_LTZ) p<=3 BigInt64Array of ms, p<=6 of µs · FLOAT Float32Array · DOUBLE Float64Array
 *   DECIMAL (every precision) and TIMESTAMP p 7..9 (nanoseconds): INT128 = BigInt64Array of 2 x length, low word first
 *   CHAR VARCHAR BINARY VARBINARY Uint8Array · nested: values is undefined
 *
 * There is no slice offset: value i is at element i. A missing value's element is unspecified (zero when weir makes it).
 */
import type { DataField, DataType } from './data-type.js';

export type Elements = Uint8Array | Int8Array | Int16Array | Int32Array | BigInt64Array | Float32Array | Float64Array;

/**
 * The values of one column, in Arrow's memory layout.
 *
 * @example
 * const isNull = ({ validity }: Column, row: number) => validity !== null && ((validity[row >> 3]! >> (row & 7)) & 1) === 0;
 */
export interface Column {
  readonly type: DataType;
  readonly length: number;
  readonly validity: Uint8Array | null;
  readonly values: Elements | undefined;
  readonly offsets: Int32Array | undefined;
  readonly children: readonly Column[] | undefined;
}

/**
 * Equally long columns, one a field. `fields` are table fields or system fields (`_SEQUENCE_NUMBER` …).
 *
 * @example
 * for await (const batch of flights.scan().batches()) console.log(batch.fields.map((field: DataField) => field.name), batch.length);
 * const copy = async (batch: Batch) => writer.write(batch);
 */
export interface Batch {
  readonly fields: readonly DataField[];
  readonly columns: readonly Column[];
  readonly length: number;
}

/** Row kinds as stored in `_VALUE_KIND`. */
export const INSERT = 0;
export const UPDATE_BEFORE = 1;
export const UPDATE_AFTER = 2;
export const DELETE = 3;
/**
 * What a row does to its key: insert, the old and the new row of an update, delete.
 *
 * @example
 * const kinds: RowKind[] = ['-U', '+U'];
 * await writer.write([{ id: 1n, delay: 3 }, { id: 1n, delay: 95 }], { kinds });
 */
export type RowKind = '+I' | '-U' | '+U' | '-D';
export const ROW_KINDS: readonly RowKind[] = ['+I', '-U', '+U', '-D'];

export function isValid(column: Column, row: number): boolean {
  const bits = column.validity;
  return bits === null || ((bits[row >> 3]! >> (row & 7)) & 1) === 1;
}
