/** One version of a table's schema: the document `schema/schema-<id>` (format-spec/schema). */
import { WeirError } from '../base/error.js';
import type { DataField, DataType } from '../types/data-type.js';
import { fieldFromJson, fieldToJson } from '../types/type-json.js';
import { DocumentReader, formatDocument, parseDocument } from './document.js';

/**
 * Columns, keys and options of a table: the members of its file `schema/schema-<id>`.
 *
 * @example
 * const schema: TableSchema = flights.schema;
 * console.log(schema.fields.map((field) => field.name), schema.primaryKeys);
 */
export interface TableSchema {
  readonly version: number;
  readonly id: bigint;
  readonly fields: readonly DataField[];
  readonly highestFieldId: number;
  readonly partitionKeys: readonly string[];
  readonly primaryKeys: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  readonly comment?: string;
  readonly timeMillis: number;
}

/** the version of the document weir writes */
export const SCHEMA_VERSION = 3;

/**
 * The document `schema-<id>`. Defaults that older versions of the document implied become options.
 *
 * @throws CORRUPTION naming `file`; UNSUPPORTED for a newer version of the document
 */
export function parseSchema(bytes: Uint8Array, file: string): TableSchema {
  const document = new DocumentReader(parseDocument(bytes, file), file);
  const version = document.has('version') ? document.integer('version') : 1;
  if (version > SCHEMA_VERSION) throw new WeirError('UNSUPPORTED', `${file} is a schema of version ${version}`, { file });
  const options = { ...document.stringMap('options') };
  if (version <= 1) options.bucket ??= '1';
  if (version <= 2) options['file.format'] ??= 'orc';
  const schema: TableSchema = {
    version,
    id: document.long('id'),
    fields: document.list('fields').map((field) => parseField(field, file)),
    highestFieldId: document.integer('highestFieldId'),
    partitionKeys: document.strings('partitionKeys'),
    primaryKeys: document.strings('primaryKeys'),
    options,
    ...(document.has('comment') && { comment: document.string('comment') }),
    timeMillis: document.has('timeMillis') ? document.integer('timeMillis') : 0,
  };
  const names = new Set(schema.fields.map((field) => field.name));
  if (names.size !== schema.fields.length) throw new WeirError('CORRUPTION', `${file}: two columns have one name`, { file });
  for (const key of [...schema.partitionKeys, ...schema.primaryKeys]) {
    if (!names.has(key)) throw new WeirError('CORRUPTION', `${file}: the key column ${key} is no column`, { file });
  }
  return schema;
}

function parseField(json: unknown, file: string): DataField {
  try {
    return fieldFromJson(json);
  } catch (cause) {
    if (cause instanceof WeirError && cause.code === 'UNSUPPORTED') throw cause;
    throw new WeirError('CORRUPTION', `${file}: a column that cannot be read: ${(cause as Error).message}`, { cause, file });
  }
}

/** The document as Paimon writes it. */
export function formatSchema(schema: TableSchema): Uint8Array {
  return formatDocument({
    version: schema.version,
    id: schema.id,
    fields: schema.fields.map(fieldToJson),
    highestFieldId: schema.highestFieldId,
    partitionKeys: schema.partitionKeys,
    primaryKeys: schema.primaryKeys,
    options: schema.options,
    comment: schema.comment,
    timeMillis: schema.timeMillis,
  });
}

/** @throws INVALID_ARGUMENT when there is no such column */
export function fieldOf(schema: TableSchema, name: string): DataField {
  const field = schema.fields.find((each) => each.name === name);
  if (field === undefined)
    throw new WeirError('INVALID_ARGUMENT', `there is no column ${name}; there are ${schema.fields.map((each) => each.name).join(', ')}`);
  return field;
}

/** The primary key without partition columns: the key within a bucket. Empty for append tables. */
export function trimmedPrimaryKey(schema: TableSchema): string[] {
  return schema.primaryKeys.filter((key) => !schema.partitionKeys.includes(key));
}

/** The columns a bucket number is a hash of: `bucket-key`, else the trimmed primary key; empty when there are none. */
export function bucketKey(schema: TableSchema): string[] {
  const named = schema.options['bucket-key'];
  if (named === undefined || named.trim() === '') return trimmedPrimaryKey(schema);
  return named.split(',').map((name) => name.trim());
}

export function typesOf(schema: TableSchema, names: readonly string[]): DataType[] {
  return names.map((name) => fieldOf(schema, name).type);
}
