/**
 * Batches as Arrow record batches, and back (arrow-type.ts has the types, arrow-input.ts the way in).
 *
 * Out, buffers are shared where the layouts agree, which is everywhere but for timestamps of 7..9 digits: whoever gets
 * the record batch must not write to it. In, everything is copied: the columns move to other threads later.
 */
import { type DataType as ArrowType, type Data, makeData, RecordBatch, Struct } from 'apache-arrow';
import { WeirError } from '../base/error.js';
import { arrowColumn, checkNulls } from './arrow-input.js';
import { arrowSchema, parametersOf } from './arrow-type.js';
import { type Batch, type Column, isValid } from './column.js';
import { withDefault } from './column-default.js';
import type { DataField } from './data-type.js';
import { readInt128 } from './datum.js';
import { inColumn } from './object-reader.js';
import { nullColumn } from './take.js';

export { arrowSchema, fromArrowSchema } from './arrow-type.js';

/**
 * The batch in Arrow's form, buffers shared.
 *
 * @throws WeirError UNSUPPORTED for a type known by name only, and for a timestamp of 7..9 digits beyond 64 bits of ns
 */
export function toRecordBatch(batch: Batch): RecordBatch {
  const schema = arrowSchema(batch.fields);
  const children = batch.columns.map((column, c) => dataOf(column, schema.fields[c]!.type as ArrowType));
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: batch.length, nullCount: 0, children }));
}

function dataOf(column: Column, type: ArrowType): Data {
  const { length, validity, offsets, children } = column;
  const common = { type, length, nullCount: validity === null ? 0 : -1, nullBitmap: validity ?? undefined };
  switch (column.type.kind) {
    case 'DECIMAL': {
      const words = column.values as BigInt64Array;
      return make({ ...common, data: new Uint32Array(words.buffer, words.byteOffset, words.length * 2) });
    }
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return make({ ...common, data: column.type.precision > 6 ? nanosOf(column) : column.values });
    case 'ARRAY':
      return make({ ...common, valueOffsets: offsets, child: dataOf(children![0]!, childType(type, 0)) });
    case 'MAP':
    case 'MULTISET': {
      const entries = childType(type, 0);
      const inner = children!.map((child, c) => dataOf(child, childType(entries, c)));
      const child = make({ type: entries, length: children![0]!.length, nullCount: 0, children: inner });
      return make({ ...common, valueOffsets: offsets, child });
    }
    case 'ROW':
      return make({ ...common, children: children!.map((child, c) => dataOf(child, childType(type, c))) });
    default:
      return make({ ...common, data: column.values, valueOffsets: offsets });
  }
}

function childType(type: ArrowType, index: number): ArrowType {
  return parametersOf(type).children[index]!.type as ArrowType;
}

/** `makeData` for a type that is only known at run time */
function make(parts: object): Data {
  return makeData(parts as Parameters<typeof makeData>[0]) as Data;
}

/** Of a timestamp of 7..9 digits, in Arrow's form: 64 bits of nanoseconds. @throws UNSUPPORTED beyond the years 1678 to 2261 */
export function nanosOf(column: Column): BigInt64Array {
  const nanos = new BigInt64Array(column.length);
  for (let row = 0; row < column.length; row++) {
    if (!isValid(column, row)) continue;
    const value = readInt128(column.values as BigInt64Array, row);
    if (BigInt.asIntN(64, value) !== value)
      throw new WeirError('UNSUPPORTED', 'Arrow holds timestamps in nanoseconds for the years 1678 to 2261 only: read this column as rows');
    nanos[row] = value;
  }
  return nanos;
}

/**
 * A record batch as a batch of these columns, by name; a column that it lacks is null, or its default.
 *
 * Equivalent encodings are accepted: dictionaries, views, large and fixed-size forms, narrower integers, other units of
 * time where every value is exact.
 *
 * @throws WeirError INVALID_ARGUMENT naming column, and row and value: unknown column, other type, value out of range or not
 *   exact, missing value of a NOT NULL column, text too long
 */
export function fromRecordBatch(input: RecordBatch, fields: readonly DataField[]): Batch {
  const names = input.schema.fields.map((field) => String(field.name));
  for (const name of names) {
    if (!fields.some((field) => field.name === name))
      throw new WeirError('INVALID_ARGUMENT', `unknown column '${name}': the columns are ${fields.map((field) => field.name).join(', ')}`);
  }
  const length = input.numRows;
  const columns = fields.map((field) => {
    const at = names.indexOf(field.name);
    try {
      const given = at < 0 ? nullColumn(field.type, length) : arrowColumn(field.type, input.data.children[at]!);
      const column = withDefault(given, field);
      checkNulls(column);
      return column;
    } catch (error) {
      throw inColumn(field.name, error);
    }
  });
  return { fields, columns, length };
}
