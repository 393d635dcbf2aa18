/**
 * Makes a batch fit its table: columns by name in the table's order, missing ones null, defaults filled in, NOT NULL kept.
 *
 * A delete needs the key only: other NOT NULL columns get their type's zero in the tombstone, which no reader shows.
 */
import { WeirError } from '../base/error.js';
import type { TableSchema } from '../meta/table-schema.js';
import type { Batch, Column } from '../types/column.js';
import { isValid } from '../types/column.js';
import { fillMissing, withDefault } from '../types/column-default.js';
import type { DataField, DataType } from '../types/data-type.js';
import type { Datum } from '../types/datum.js';
import { constantColumn, nullColumn } from '../types/take.js';
import { sameType } from '../types/type-equal.js';

/** What a row builder checks inserts against: NOT NULL columns with a default may be missing. */
export function insertFields(schema: TableSchema): readonly DataField[] {
  return schema.fields.map((field) => (field.defaultValue === undefined ? field : nullable(field)));
}

/** What a row builder checks deletes against: only the key (and `sequence.field`) must be there. */
export function tombstoneFields(table: string, schema: TableSchema, sequenceFields: readonly string[]): readonly DataField[] {
  const needed = new Set([...schema.primaryKeys, ...sequenceFields]);
  return schema.fields.map((field) => {
    if (!needed.has(field.name)) return nullable(field);
    if (!field.type.nullable) return field;
    if (sequenceFields.includes(field.name)) return { ...field, type: { ...field.type, nullable: false } };
    throw new WeirError('UNSUPPORTED', `key column ${field.name} of ${table} is nullable`, { table });
  });
}

export function conformBatch(table: string, schema: TableSchema, batch: Batch, tombstone = false): Batch {
  for (const field of batch.fields) {
    if (!schema.fields.some((candidate) => candidate.name === field.name)) {
      throw new WeirError('INVALID_ARGUMENT', `${table} has no column ${field.name}`, { table });
    }
  }
  const columns = schema.fields.map((field) => {
    const index = batch.fields.findIndex((candidate) => candidate.name === field.name);
    let column = index < 0 ? nullColumn({ ...field.type, nullable: true }, batch.length) : batch.columns[index]!;
    if (index >= 0 && !sameType(nullable(field).type, { ...column.type, nullable: true })) {
      throw new WeirError('INVALID_ARGUMENT', `column ${field.name} of ${table} is ${field.type.kind}, the batch has ${column.type.kind}`, {
        table,
      });
    }
    if (!tombstone) column = withDefault(column, field);
    if (!field.type.nullable) {
      const missing = firstNull(column);
      if (missing >= 0 && tombstone && !schema.primaryKeys.includes(field.name))
        column = fillMissing(column, constantColumn(field.type, zeroOf(field.type), 1));
      else if (missing >= 0)
        throw new WeirError('INVALID_ARGUMENT', `column ${field.name} of ${table} is NOT NULL, row ${missing} of the batch has none`, {
          table,
        });
    }
    return { ...column, type: field.type };
  });
  return { fields: schema.fields, columns, length: batch.length };
}

function nullable(field: DataField): DataField {
  return field.type.nullable ? field : { ...field, type: { ...field.type, nullable: true } };
}

function firstNull(column: Column): number {
  if (column.validity === null) return -1;
  for (let row = 0; row < column.length; row++) if (!isValid(column, row)) return row;
  return -1;
}

function zeroOf(type: DataType): Datum {
  switch (type.kind) {
    case 'BOOLEAN':
      return false;
    case 'BIGINT':
    case 'DECIMAL':
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return 0n;
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY':
      return new Uint8Array(0);
    case 'ARRAY':
    case 'MAP':
    case 'MULTISET':
    case 'ROW':
    case 'OTHER':
      throw new WeirError('INVALID_ARGUMENT', `a delete must give the NOT NULL column of type ${type.kind}`);
    default:
      return 0;
  }
}
