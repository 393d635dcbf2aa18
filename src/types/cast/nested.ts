/**
 * Casts of ARRAY, MAP and ROW to their like: element-wise, ROW by field id.
 *
 * - A field that the source has under another name or place is found by its id; one it does not have is missing in every row.
 *   Types from text carry no ids (-1): their fields are found by name.
 * - MAP keys keep their type: they are kept apart by it.
 * - Offsets and validity are shared with the source, never copied.
 */
import { bitmapBytes } from '../bitmap.js';
import type { Column } from '../column.js';
import type { DataField, DataType } from '../data-type.js';
import { nullColumn } from '../take.js';

export type RowType = Extract<DataType, { kind: 'ROW' }>;

/** The place of `field` among the fields of an older or newer version of its row; -1 when it is not there. */
export function findField(fields: readonly DataField[], field: DataField): number {
  return fields.findIndex((other) => (field.id < 0 || other.id < 0 ? other.name === field.name : other.id === field.id));
}

/** `child` with the rows missing that are missing in its parent, so that no cast looks at what is under them. */
function under(parent: Column, child: Column): Column {
  if (parent.validity === null) return child;
  if (child.validity === null) return { ...child, validity: parent.validity };
  const validity = new Uint8Array(bitmapBytes(parent.length));
  for (let i = 0; i < validity.length; i++) validity[i] = parent.validity[i]! & child.validity[i]!;
  return { ...child, validity };
}

export function rowToRow(column: Column, to: RowType, cast: (column: Column, to: DataType) => Column): Column {
  const from = column.type as RowType;
  const children = to.fields.map((field) => {
    const index = findField(from.fields, field);
    return index < 0
      ? nullColumn({ ...field.type, nullable: true }, column.length)
      : cast(under(column, column.children![index]!), field.type);
  });
  return { ...column, type: to, children };
}

/** ARRAY and MAP, given the children's target types in column order. */
export function listToList(
  column: Column,
  to: DataType,
  elements: readonly DataType[],
  cast: (column: Column, to: DataType) => Column,
): Column {
  return { ...column, type: to, children: column.children!.map((child, i) => cast(child, elements[i]!)) };
}
