/**
 * New schemas and changes of schemas, by Paimon's rules (format-spec/schema).
 *
 * Invariants
 * - a change makes a new schema with the next id and leaves the old one alone; files keep pointing to theirs;
 * - a column keeps its id whatever its name, type or place; ids are never given again;
 * - what decides where a row is - partition, primary and bucket key - keeps its columns and their types.
 */
import { WeirError } from '../base/error.js';
import { canCast } from '../types/cast.js';
import type { DataField, DataType } from '../types/data-type.js';
import { formatType, parseType } from '../types/type-text.js';
import { FieldIds, highestFieldId } from './field-ids.js';
import { validateForCreate } from './option-support.js';
import { optionOf } from './option-table.js';
import { parseBoolean, parseInteger, parseList } from './option-values.js';
import { bucketKey, SCHEMA_VERSION, type TableSchema } from './table-schema.js';

/** A column, or a member of one by its path; in a path an ARRAY's element is `element`, a MAP's value `value`. */
export type ColumnName = string | readonly string[];

export type ColumnPlace = { readonly first?: true; readonly last?: true; readonly after?: string; readonly before?: string };

/**
 * One step of `table.alter`.
 *
 * @example
 * const changes: SchemaChange[] = [
 *   { action: 'addColumn', name: 'carrier', type: 'STRING', after: 'origin' },
 *   { action: 'updateType', name: 'delay', type: 'BIGINT' },
 * ];
 * await flights.alter(changes);
 */
export type SchemaChange =
  | ({ readonly action: 'addColumn'; readonly name: ColumnName; readonly type: DataType | string; readonly comment?: string } & ColumnPlace)
  | { readonly action: 'dropColumn'; readonly name: ColumnName }
  | { readonly action: 'renameColumn'; readonly name: ColumnName; readonly to: string }
  | { readonly action: 'updateType'; readonly name: ColumnName; readonly type: DataType | string }
  | { readonly action: 'updateNullability'; readonly name: ColumnName; readonly nullable: boolean }
  | { readonly action: 'updateComment'; readonly name: ColumnName; readonly comment: string | null }
  | ({ readonly action: 'moveColumn'; readonly name: ColumnName } & ColumnPlace)
  | { readonly action: 'setOption'; readonly key: string; readonly value: string }
  | { readonly action: 'removeOption'; readonly key: string }
  | { readonly action: 'setComment'; readonly comment: string | null };

export interface SchemaDefinition {
  readonly fields: readonly DataField[];
  readonly primaryKeys: readonly string[];
  readonly partitionKeys: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  readonly comment?: string;
  readonly now_ms: number;
}

export interface ChangeContext {
  /** has the table a snapshot? */
  readonly hasSnapshot: boolean;
  readonly now_ms: number;
}

/**
 * The first schema of a table. Ids are given anew; primary keys become NOT NULL; the options `primary-key` and `partition`
 * move to where they belong; a primary-key table gets `bucket=1`, every table `file.compression=snappy`, unless told.
 *
 * @throws INVALID_ARGUMENT. What weir refuses is left to validateForCreate.
 */
export function newSchema(definition: SchemaDefinition): TableSchema {
  const { 'primary-key': primaryOption, partition: partitionOption, ...given } = definition.options;
  const options: Record<string, string> = { ...given };
  const primaryKeys = oneOf('primary-key', definition.primaryKeys, primaryOption);
  const partitionKeys = oneOf('partition', definition.partitionKeys, partitionOption);
  if (primaryKeys.length > 0) options.bucket ??= '1';
  options['file.compression'] ??= 'snappy';
  const ids = new FieldIds(-1);
  const fields = definition.fields.map((field) => {
    const column = ids.column(field);
    return primaryKeys.includes(field.name) ? { ...column, type: { ...column.type, nullable: false } } : column;
  });
  for (const key of [...primaryKeys, ...partitionKeys]) {
    if (!fields.some((field) => field.name === key)) throw invalid(`the key column ${key} is no column`);
  }
  return {
    version: SCHEMA_VERSION,
    id: 0n,
    fields,
    highestFieldId: ids.highest,
    partitionKeys,
    primaryKeys,
    options,
    ...(definition.comment !== undefined && { comment: definition.comment }),
    timeMillis: definition.now_ms,
  };
}

/**
 * The schema after `schema` with all of the changes, in order.
 *
 * @throws INVALID_ARGUMENT for a change the rules forbid, UNSUPPORTED for a table weir would not write
 */
export function applyChanges(schema: TableSchema, changes: readonly SchemaChange[], context: ChangeContext): TableSchema {
  const draft = new Draft(schema, context.hasSnapshot);
  for (const change of changes) draft.apply(change);
  const next = draft.finish(context.now_ms);
  validateForCreate(next);
  return next;
}

class Draft {
  readonly #schema: TableSchema;
  readonly #hasSnapshot: boolean;
  readonly #ids: FieldIds;
  #fields: readonly DataField[];
  #primaryKeys: readonly string[];
  #options: Record<string, string>;
  #comment: string | undefined;

  constructor(schema: TableSchema, hasSnapshot: boolean) {
    this.#schema = schema;
    this.#hasSnapshot = hasSnapshot;
    this.#ids = new FieldIds(Math.max(schema.highestFieldId, highestFieldId(schema.fields)));
    this.#fields = schema.fields;
    this.#primaryKeys = schema.primaryKeys;
    this.#options = { ...schema.options };
    this.#comment = schema.comment;
  }

  finish(now_ms: number): TableSchema {
    return {
      version: SCHEMA_VERSION,
      id: this.#schema.id + 1n,
      fields: this.#fields,
      highestFieldId: this.#ids.highest,
      partitionKeys: this.#schema.partitionKeys,
      primaryKeys: this.#primaryKeys,
      options: this.#options,
      ...(this.#comment !== undefined && { comment: this.#comment }),
      timeMillis: now_ms,
    };
  }

  apply(change: SchemaChange): void {
    switch (change.action) {
      case 'addColumn':
        this.#add(change);
        return;
      case 'dropColumn':
        this.#drop(change.name);
        return;
      case 'renameColumn':
        this.#rename(change.name, change.to);
        return;
      case 'updateType':
        this.#retype(change.name, typeof change.type === 'string' ? parseType(change.type) : change.type);
        return;
      case 'updateNullability':
        this.#nullability(change.name, change.nullable);
        return;
      case 'updateComment':
        this.#update(change.name, ({ description: _, ...field }) =>
          change.comment === null ? field : { ...field, description: change.comment },
        );
        return;
      case 'moveColumn':
        this.#move(change.name, change);
        return;
      case 'setOption':
        this.#setOption(change.key, String(change.value));
        return;
      case 'removeOption':
        this.#removeOption(change.key);
        return;
      case 'setComment':
        this.#comment = change.comment ?? undefined;
        return;
      default:
        throw invalid(`there is no schema change ${JSON.stringify((change as { action: unknown }).action)}`);
    }
  }

  #add(change: Extract<SchemaChange, { action: 'addColumn' }>): void {
    const path = pathOf(change.name);
    const name = path.at(-1)!;
    const type = typeof change.type === 'string' ? parseType(change.type) : change.type;
    if (!type.nullable) throw invalid(`the new column ${path.join('.')} must be nullable: rows there are have no value for it`);
    const column = this.#ids.column({ id: -1, name, type, ...(change.comment !== undefined && { description: change.comment }) });
    this.#members(path, (fields) => {
      if (fields.some((field) => field.name === name)) throw invalid(`there is a column ${path.join('.')} already`);
      return place([...fields, column], name, change, true);
    });
  }

  #drop(name: ColumnName): void {
    const path = pathOf(name);
    const column = path[0]!;
    if (path.length === 1) {
      this.#refuseKey(column, this.#schema.partitionKeys, 'partition', 'dropped');
      this.#refuseKey(column, this.#primaryKeys, 'primary key', 'dropped');
      this.#refuseKey(
        column,
        bucketKey({ ...this.#schema, options: this.#options, primaryKeys: this.#primaryKeys }),
        'bucket key',
        'dropped',
      );
      for (const key of ['sequence.field', 'rowkind.field']) {
        if (parseList(this.#options[key]).includes(column)) throw invalid(`the column ${column} is in ${key} and cannot be dropped`);
      }
    }
    this.#members(path, (fields) => {
      const rest = fields.filter((field) => field.name !== path.at(-1));
      if (rest.length === fields.length) throw missing(path);
      if (rest.length === 0) throw invalid(`${path.join('.')} is the last column and cannot be dropped`);
      return rest;
    });
  }

  #rename(name: ColumnName, to: string): void {
    const path = pathOf(name);
    const from = path.at(-1)!;
    if (path.length === 1) this.#refuseKey(from, this.#schema.partitionKeys, 'partition', 'renamed');
    this.#members(path, (fields) => {
      if (!fields.some((field) => field.name === from)) throw missing(path);
      if (to === '' || fields.some((field) => field.name === to))
        throw invalid(`${path.join('.')} cannot be renamed to ${JSON.stringify(to)}: there is such a column`);
      return fields.map((field) => (field.name === from ? { ...field, name: to } : field));
    });
    if (path.length > 1) return;
    this.#primaryKeys = this.#primaryKeys.map((key) => (key === from ? to : key));
    this.#options = renameInOptions(this.#options, from, to);
  }

  #retype(name: ColumnName, type: DataType): void {
    const path = pathOf(name);
    this.#refusePlacing(path[0]!, 'changed in type');
    if (holdsRow(type)) throw invalid(`a ROW is changed member by member, not as a whole (${path.join('.')})`);
    const explicit = !parseBoolean('disable-explicit-type-casting', this.#options['disable-explicit-type-casting'] ?? 'false');
    this.#update(path, (field) => {
      const cast = canCast(field.type, type);
      if (cast === 'none' || (cast === 'explicit' && !explicit)) {
        throw invalid(`the column ${path.join('.')} of type ${formatType(field.type)} cannot become ${formatType(type)}`);
      }
      return { ...field, type: { ...type, nullable: field.type.nullable } };
    });
  }

  #nullability(name: ColumnName, nullable: boolean): void {
    const path = pathOf(name);
    if (path.length === 1 && nullable) this.#refuseKey(path[0]!, this.#primaryKeys, 'primary key', 'nullable');
    const locked = parseBoolean(
      'alter-column-null-to-not-null.disabled',
      this.#options['alter-column-null-to-not-null.disabled'] ?? 'true',
    );
    this.#update(path, (field) => {
      if (!nullable && field.type.nullable && locked) {
        throw invalid(`the column ${path.join('.')} is nullable and stays so while alter-column-null-to-not-null.disabled=true`);
      }
      return { ...field, type: { ...field.type, nullable } };
    });
  }

  #move(name: ColumnName, where: ColumnPlace): void {
    const path = pathOf(name);
    this.#members(path, (fields) => {
      if (!fields.some((field) => field.name === path.at(-1))) throw missing(path);
      return place(fields, path.at(-1)!, where, false);
    });
  }

  #setOption(key: string, value: string): void {
    if (key === 'primary-key' || key === 'partition') throw invalid(`${key} is fixed at the table's creation`);
    const before = this.#options[key];
    if (before !== value) this.#refuseFixed(key, before, value);
    this.#options = { ...this.#options, [key]: value };
  }

  #removeOption(key: string): void {
    const before = this.#options[key];
    if (before === undefined) return;
    this.#refuseFixed(key, before, optionOf(key)?.default ?? '');
    const { [key]: _, ...rest } = this.#options;
    this.#options = rest;
  }

  #refuseFixed(key: string, before: string | undefined, after: string): void {
    if (!this.#hasSnapshot) return;
    const option = optionOf(key);
    if (option?.fixed === true && (before ?? option.default ?? '') !== after)
      throw invalid(`${key} cannot change once the table has a snapshot`);
    if (key === 'bucket') {
      const from = parseInteger(key, before ?? '-1');
      const to = parseInteger(key, after);
      if (from !== to && (from <= 0 || to <= 0)) throw invalid(`bucket cannot change from ${from} to ${to} once the table has a snapshot`);
    }
  }

  #refusePlacing(column: string, verb: string): void {
    this.#refuseKey(column, this.#schema.partitionKeys, 'partition', verb);
    this.#refuseKey(column, this.#primaryKeys, 'primary key', verb);
    this.#refuseKey(column, bucketKey({ ...this.#schema, options: this.#options, primaryKeys: this.#primaryKeys }), 'bucket key', verb);
  }

  #refuseKey(column: string, keys: readonly string[], what: string, verb: string): void {
    if (keys.includes(column)) throw invalid(`the ${what} column ${column} cannot be ${verb}`);
  }

  /** Replaces the field at a path. */
  #update(name: ColumnName, change: (field: DataField) => DataField): void {
    this.#fields = updateField(this.#fields, pathOf(name), 0, change);
  }

  /** Replaces the fields among which the last name of a path stands. */
  #members(path: readonly string[], change: (fields: readonly DataField[]) => readonly DataField[]): void {
    if (path.length === 1) {
      this.#fields = change(this.#fields);
      return;
    }
    const parent = path.slice(0, -1);
    this.#fields = updateField(this.#fields, parent, 0, (field) => {
      if (field.type.kind !== 'ROW') throw invalid(`${parent.join('.')} is no ROW and has no members`);
      return { ...field, type: { ...field.type, fields: change(field.type.fields) } };
    });
  }
}

function updateField(
  fields: readonly DataField[],
  path: readonly string[],
  depth: number,
  change: (field: DataField) => DataField,
): readonly DataField[] {
  const at = fields.findIndex((field) => field.name === path[depth]);
  if (at < 0) throw missing(path);
  const field = fields[at]!;
  const changed = depth === path.length - 1 ? change(field) : { ...field, type: updateType(field.type, path, depth + 1, change) };
  return fields.map((each, i) => (i === at ? changed : each));
}

function updateType(type: DataType, path: readonly string[], depth: number, change: (field: DataField) => DataField): DataType {
  // elements and values are no fields: they pass for one by the name they have in a path
  const inner = (name: string, part: DataType): DataType => {
    if (path[depth] !== name) throw missing(path);
    if (depth < path.length - 1) return updateType(part, path, depth + 1, change);
    return change({ id: -1, name, type: part }).type;
  };
  switch (type.kind) {
    case 'ROW':
      return { ...type, fields: updateField(type.fields, path, depth, change) };
    case 'ARRAY':
    case 'MULTISET':
      return { ...type, element: inner('element', type.element) };
    case 'MAP':
      return { ...type, value: inner('value', type.value) };
    default:
      throw missing(path);
  }
}

/** Puts the field `name`, which is among `fields`, where it should be. `stay`: without a place it keeps its own. */
function place(fields: readonly DataField[], name: string, where: ColumnPlace, stay: boolean): DataField[] {
  const field = fields.find((each) => each.name === name)!;
  const rest = fields.filter((each) => each !== field);
  if (where.first === true) return [field, ...rest];
  const neighbour = where.after ?? where.before;
  if (neighbour === undefined) {
    if (where.last === true || stay) return [...rest, field];
    throw invalid(`say where ${name} should go: first, last, after or before a column`);
  }
  const at = rest.findIndex((each) => each.name === neighbour);
  if (at < 0) throw invalid(`${name} cannot be next to ${neighbour}: there is no other column of that name`);
  return rest.toSpliced(where.after === undefined ? at : at + 1, 0, field);
}

/** Options name columns in their values (`sequence.field=a,b`) and in their keys (`fields.a,b.sequence-group`). */
function renameInOptions(options: Readonly<Record<string, string>>, from: string, to: string): Record<string, string> {
  const renameList = (text: string) =>
    text
      .split(',')
      .map((part) => (part.trim() === from ? part.replace(from, () => to) : part))
      .join(',');
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => {
      const [, columns, rest] = /^fields\.(.+)\.([\w-]+)$/.exec(key) ?? [];
      const renamed = columns === undefined ? key : `fields.${renameList(columns)}.${rest}`;
      const naming = optionOf(key)?.type === 'columns' || key === 'rowkind.field';
      return [renamed, naming ? renameList(value) : value];
    }),
  );
}

function holdsRow(type: DataType): boolean {
  switch (type.kind) {
    case 'ROW':
      return true;
    case 'ARRAY':
    case 'MULTISET':
      return holdsRow(type.element);
    case 'MAP':
      return holdsRow(type.key) || holdsRow(type.value);
    default:
      return false;
  }
}

function oneOf(key: string, keys: readonly string[], option: string | undefined): readonly string[] {
  if (option === undefined) return keys;
  if (keys.length > 0) throw invalid(`the option ${key} and its own member of the definition are both given`);
  return parseList(option);
}

function pathOf(name: ColumnName): readonly string[] {
  const path = typeof name === 'string' ? [name] : name;
  if (path.length === 0 || path.some((part) => part === '')) throw invalid('a column has no name');
  return path;
}

function missing(path: readonly string[]): WeirError {
  return invalid(`there is no column ${path.join('.')}`);
}

function invalid(message: string): WeirError {
  return new WeirError('INVALID_ARGUMENT', message);
}
