/**
 * Equality of types.
 *
 * Structure, parameters, nullability, and of ROW the names, ids and order of its fields; descriptions and defaults
 * do not change what a column holds and are not looked at.
 */
import type { DataField, DataType } from './data-type.js';

function sameFields(a: readonly DataField[], b: readonly DataField[]): boolean {
  return (
    a.length === b.length && a.every((field, i) => field.id === b[i]!.id && field.name === b[i]!.name && sameType(field.type, b[i]!.type))
  );
}

/** Are `a` and `b` the same type, their own nullability aside? */
export function sameTypeIgnoringNull(a: DataType, b: DataType): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case 'DECIMAL':
      return b.kind === 'DECIMAL' && a.precision === b.precision && a.scale === b.scale;
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY':
      return a.kind === b.kind && a.length === (b as typeof a).length;
    case 'TIME':
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return a.kind === b.kind && a.precision === (b as typeof a).precision;
    case 'ARRAY':
    case 'MULTISET':
      return a.kind === b.kind && sameType(a.element, (b as typeof a).element);
    case 'MAP':
      return b.kind === 'MAP' && sameType(a.key, b.key) && sameType(a.value, b.value);
    case 'ROW':
      return b.kind === 'ROW' && sameFields(a.fields, b.fields);
    case 'OTHER':
      return b.kind === 'OTHER' && a.text === b.text;
    default:
      return a.kind === b.kind;
  }
}

/** Are `a` and `b` the same type, nullability included? */
export function sameType(a: DataType, b: DataType): boolean {
  return a.nullable === b.nullable && sameTypeIgnoringNull(a, b);
}
