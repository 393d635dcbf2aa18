/**
 * A column's default in the places where its values are missing (the format: defaults are applied when rows are written).
 */
import { type Column, isValid } from './column.js';
import type { DataField } from './data-type.js';
import { BatchBuilder } from './row-builder.js';
import { gather } from './take.js';

/** The column itself when the field has no default or nothing is missing. @throws INVALID_ARGUMENT for a default that is no value */
export function withDefault(column: Column, field: DataField): Column {
  if (field.defaultValue === undefined || column.validity === null) return column;
  const builder = new BatchBuilder([field]);
  builder.push({});
  return fillMissing(column, builder.finish().columns[0]!);
}

/** The column with the one value of `standIn` where its own are missing. */
export function fillMissing(column: Column, standIn: Column): Column {
  if (column.validity === null) return column;
  const source = new Uint8Array(column.length);
  const rows = new Uint32Array(column.length);
  for (let row = 0; row < column.length; row++) {
    if (isValid(column, row)) rows[row] = row;
    else source[row] = 1;
  }
  return gather([column, standIn], source, rows, column.length);
}
