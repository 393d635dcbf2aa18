/**
 * The columns of a data file (format-spec/data-file).
 *
 *   primary key   _KEY_<k> …  _SEQUENCE_NUMBER  _VALUE_KIND  then all table columns, keys and partition columns included
 *   append        the table columns
 */
import { type TableSchema, trimmedPrimaryKey } from '../meta/table-schema.js';
import type { DataField } from '../types/data-type.js';

/** `_KEY_` columns have the id of their column plus this. */
const KEY_FIELD_ID_START = 1073741823;

export const SEQUENCE_FIELD: DataField = { id: 2147483646, name: '_SEQUENCE_NUMBER', type: { kind: 'BIGINT', nullable: false } };
export const KIND_FIELD: DataField = { id: 2147483645, name: '_VALUE_KIND', type: { kind: 'TINYINT', nullable: false } };

export function isSystemField(field: DataField): boolean {
  return field.id === SEQUENCE_FIELD.id || field.id === KIND_FIELD.id;
}

export function keyFields(schema: TableSchema): DataField[] {
  return trimmedPrimaryKey(schema).map((name) => {
    const field = schema.fields.find((candidate) => candidate.name === name)!;
    return { id: KEY_FIELD_ID_START + field.id, name: `_KEY_${name}`, type: field.type };
  });
}

export function keyValueFields(schema: TableSchema): DataField[] {
  return [...keyFields(schema), SEQUENCE_FIELD, KIND_FIELD, ...schema.fields];
}
