/**
 * Columns of a foreign file into the types of the table, exactly or not at all: a value is cast and cast back, and where
 * that does not give the value again the row is refused.
 */
import { WeirError } from '../../base/error.js';
import { castColumn } from '../../types/cast.js';
import type { Column } from '../../types/column.js';
import { rowComparator } from '../../types/compare.js';
import type { DataField, DataType } from '../../types/data-type.js';
import { slice } from '../../types/take.js';
import { sameTypeIgnoringNull } from '../../types/type-equal.js';
import { formatType } from '../../types/type-text.js';
import { cellsOf } from '../rows-out/cells.js';

/** Kinds between which a value may be the same value. */
const FAMILIES: readonly (readonly DataType['kind'][])[] = [
  ['TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'DECIMAL', 'FLOAT', 'DOUBLE'],
  ['CHAR', 'VARCHAR'],
  ['BINARY', 'VARBINARY'],
  ['TIMESTAMP'],
  ['TIMESTAMP_LTZ'],
  ['TIME'],
];

/** `placeOf(row)` names a row in messages. */
export function conformColumn(column: Column, field: DataField, placeOf: (row: number) => string): Column {
  return conform(column, field.type, field.name, placeOf);
}

function conform(column: Column, to: DataType, name: string, placeOf: ((row: number) => string) | undefined): Column {
  const { type: from } = column;
  if (sameTypeIgnoringNull(from, to)) return { ...column, type: to };
  if (column.children !== undefined) return conformChildren(column, to, name);
  if (!FAMILIES.some((family) => family.includes(from.kind) && family.includes(to.kind))) throw mismatch(from, to, name);
  // lengths of texts and bytes are the writer's to check: casting would cut them
  if (column.offsets !== undefined) return { ...column, type: to };
  const result = castColumn(column, to);
  const compare = rowComparator([column], [castColumn(result, from)]);
  for (let row = 0; row < column.length; row += 1) {
    if (compare(row, row) === 0) continue;
    const place = placeOf === undefined ? '' : `${placeOf(row)}: `;
    throw new WeirError('INVALID_ARGUMENT', `${place}column '${name}': ${valueText(column, row)} does not fit ${formatType(to)}`);
  }
  return result;
}

function conformChildren(column: Column, to: DataType, name: string): Column {
  const { type: from, children = [] } = column;
  const child = (at: number, type: DataType, label: string) => conform(children[at] as Column, type, label, undefined);
  if ((from.kind === 'ARRAY' && to.kind === 'ARRAY') || (from.kind === 'MULTISET' && to.kind === 'MULTISET')) {
    return { ...column, type: to, children: [child(0, to.element, name), ...children.slice(1)] };
  }
  if (from.kind === 'MAP' && to.kind === 'MAP') {
    return { ...column, type: to, children: [child(0, to.key, name), child(1, to.value, name)] };
  }
  // a Parquet file has a MULTISET as a MAP to its counts
  if (from.kind === 'MAP' && to.kind === 'MULTISET') {
    return { ...column, type: to, children: [child(0, to.element, name), child(1, { kind: 'INT', nullable: false }, name)] };
  }
  if (from.kind === 'ROW' && to.kind === 'ROW' && from.fields.length === to.fields.length) {
    const fields = to.fields.map((field) => {
      const at = from.fields.findIndex((each) => each.name === field.name);
      if (at === -1) throw mismatch(from, to, name);
      return child(at, field.type, `${name}.${field.name}`);
    });
    return { ...column, type: to, children: fields };
  }
  throw mismatch(from, to, name);
}

function mismatch(from: DataType, to: DataType, name: string): WeirError {
  return new WeirError('INVALID_ARGUMENT', `column '${name}' is ${formatType(to)} in the table and ${formatType(from)} in the file`);
}

function valueText(column: Column, row: number): string {
  const field: DataField = { id: -1, name: 'v', type: column.type };
  return cellsOf({ fields: [field], columns: [slice(column, row, row + 1)], length: 1 }, 'exact')[0]?.[0] ?? 'null';
}
