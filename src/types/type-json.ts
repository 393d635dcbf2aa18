/**
 * Types and fields in the JSON of schema files (format-spec/schema).
 *
 *   atomic      "DECIMAL(10, 2) NOT NULL"
 *   structured  {"type": "ARRAY NOT NULL", "element": T} · {"type": "MULTISET", "element": T}
 *               {"type": "MAP", "key": T, "value": T} · {"type": "ROW", "fields": [F …]}
 *   field F     {"id": 3, "name": "a", "type": T, "description": "…", "defaultValue": "…"}
 *
 * What was read is written back with the same meaning, types that weir does not know included: an unknown string stays
 * its text, an unknown object stays its JSON. Unknown keys of known objects are ignored, as Java ignores them.
 */
import { WeirError } from '../base/error.js';
import type { DataField, DataType } from './data-type.js';
import { formatType, parseType } from './type-text.js';

type JsonObject = Readonly<Record<string, unknown>>;

function bad(what: string, json: unknown): never {
  throw new WeirError(
    'CORRUPTION',
    `bad type in a schema: ${what}: ${JSON.stringify(json, (_key, value) => (typeof value === 'bigint' ? String(value) : value))}`,
  );
}

function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function structuredFromJson(json: JsonObject): DataType {
  const name = json.type;
  if (typeof name !== 'string') return bad('no "type"', json);
  const nullable = !/NOT\s+NULL/i.test(name);
  switch (/^\w*/.exec(name)![0].toUpperCase()) {
    case 'ARRAY':
      return { kind: 'ARRAY', nullable, element: typeFromJson(json.element) };
    case 'MULTISET':
      return { kind: 'MULTISET', nullable, element: typeFromJson(json.element) };
    case 'MAP':
      return { kind: 'MAP', nullable, key: typeFromJson(json.key), value: typeFromJson(json.value) };
    case 'ROW': {
      const fields = json.fields;
      if (!Array.isArray(fields)) return bad('a ROW without "fields"', json);
      return { kind: 'ROW', nullable, fields: fields.map(fieldFromJson) };
    }
    default:
      return { kind: 'OTHER', nullable, text: JSON.stringify(json) };
  }
}

/**
 * A type from its JSON.
 *
 * @throws WeirError CORRUPTION when it is no type (the caller knows the file)
 */
export function typeFromJson(json: unknown): DataType {
  if (isObject(json)) return structuredFromJson(json);
  if (typeof json !== 'string') return bad('neither text nor object', json);
  try {
    return parseType(json);
  } catch (cause) {
    throw new WeirError('CORRUPTION', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** The type's JSON: a string, or an object for ARRAY, MAP, MULTISET and ROW. */
export function typeToJson(type: DataType): unknown {
  const suffix = type.nullable ? '' : ' NOT NULL';
  switch (type.kind) {
    case 'ARRAY':
    case 'MULTISET':
      return { type: type.kind + suffix, element: typeToJson(type.element) };
    case 'MAP':
      return { type: type.kind + suffix, key: typeToJson(type.key), value: typeToJson(type.value) };
    case 'ROW':
      return { type: type.kind + suffix, fields: type.fields.map(fieldToJson) };
    case 'OTHER':
      return type.text.startsWith('{') ? (JSON.parse(type.text) as unknown) : formatType(type);
    default:
      return formatType(type);
  }
}

/**
 * A field from its JSON.
 *
 * @throws WeirError CORRUPTION when it is no field
 */
export function fieldFromJson(json: unknown): DataField {
  if (!isObject(json)) return bad('a field is no object', json);
  const { id, name, description, defaultValue } = json;
  if ((typeof id !== 'number' && typeof id !== 'bigint') || typeof name !== 'string') return bad('a field without "id" or "name"', json);
  return {
    id: Number(id),
    name,
    type: typeFromJson(json.type),
    ...(typeof description === 'string' ? { description } : {}),
    ...(typeof defaultValue === 'string' ? { defaultValue } : {}),
  };
}

/** The field's JSON, keys in the order Java writes them. */
export function fieldToJson(field: DataField): unknown {
  return {
    id: field.id,
    name: field.name,
    type: typeToJson(field.type),
    ...(field.description === undefined ? {} : { description: field.description }),
    ...(field.defaultValue === undefined ? {} : { defaultValue: field.defaultValue }),
  };
}
