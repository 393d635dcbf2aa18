/**
 * Avro records decoded straight into columns, without an object a row.
 *
 *   record ─ field by field, in the file's order ─┬─ wanted: union branch? ─> append to its column
 *                                                 └─ not wanted: read past
 *
 * Fields and ROW members are matched by name, case sensitive; what the file lacks is null. A value is read from the cursor
 * by the appender itself: `append(cursor)`. Each pair of Avro type and wanted type is decided once a column; pairs that the
 * format does not have are UNSUPPORTED.
 *
 *   DECIMAL bytes or fixed · DATE, TIME int · TIMESTAMP, TIMESTAMP_LTZ long, in ms up to precision 3, in µs up to 6
 *   MAP, MULTISET with a text key: map, else array of record { key, value }
 */
import { WeirError } from '../base/error.js';
import type { Appender } from '../types/appender.js';
import type { Batch } from '../types/column.js';
import type { DataField, DataType } from '../types/data-type.js';
import { makeAppender } from '../types/nested-appender.js';
import { formatType } from '../types/type-text.js';
import type { TypeOf } from '../types/value.js';
import { Booleans, Bytes, Decimals, Doubles, Floats, Ints, Lists, Longs, type Members, ScaledLongs, Structs } from './avro-appenders.js';
import type { AvroCursor } from './avro-binary.js';
import { type AvroSchema, fieldsOf } from './avro-schema.js';
import { AvroNames, type AvroObject, type AvroStep, fixedSize } from './avro-skip.js';

/** Columns that grow record by record. */
export class AvroColumns {
  readonly #fields: readonly DataField[];
  readonly #appenders: readonly Appender[];
  readonly #absent: readonly Appender[];
  readonly #steps: readonly AvroStep[];

  /** Throws Error for a schema that is not one. @throws UNSUPPORTED when a column cannot be read as its field's type */
  constructor(schema: AvroSchema, fields: readonly DataField[]) {
    const compiler = new Compiler(schema);
    const record = compiler.names.resolve(schema);
    if (typeof record === 'string' || Array.isArray(record) || record.type !== 'record') throw new Error('its schema is no record');
    const { appenders, absent, steps } = compiler.members(record, fields, '');
    this.#fields = fields;
    this.#appenders = appenders;
    this.#absent = absent;
    this.#steps = steps;
  }

  /** Reads that many records. Throws Error for bytes that are none. */
  read(cursor: AvroCursor, records: number): void {
    for (let i = 0; i < records; i++) {
      for (const step of this.#steps) step(cursor);
    }
    for (const appender of this.#absent) for (let i = 0; i < records; i++) appender.appendMissing();
  }

  finish(length: number): Batch {
    return { fields: this.#fields, columns: this.#appenders.map((appender) => appender.finish()), length };
  }
}

interface Item {
  readonly appender: Appender;
  readonly step: AvroStep;
}

class Compiler {
  readonly names: AvroNames;

  constructor(schema: AvroSchema) {
    this.names = new AvroNames(schema);
  }

  members(record: AvroObject, wanted: readonly DataField[], path: string): Members {
    const items = new Map<string, Item>();
    const names = new Set(wanted.map((field) => field.name));
    const steps = fieldsOf(record).map(({ name, type }): AvroStep => {
      if (!names.has(name)) return this.names.skip(type);
      if (items.has(name)) throw new Error(`two fields ${name}`);
      const field = wanted.find((candidate) => candidate.name === name)!;
      const item = this.#item(field.type, type, path === '' ? name : `${path}.${name}`);
      items.set(name, item);
      return item.step;
    });
    const absent: Appender[] = [];
    const appenders = wanted.map((field) => {
      const item = items.get(field.name);
      if (item !== undefined) return item.appender;
      const appender = makeAppender(field.type, 'value');
      absent.push(appender);
      return appender;
    });
    return { appenders, absent, steps };
  }

  /** A value that may be missing: a union with null. */
  #item(type: DataType, schema: AvroSchema, path: string): Item {
    const resolved = this.names.resolve(schema);
    if (!Array.isArray(resolved)) {
      const appender = this.#appender(type, resolved, path);
      return { appender, step: (cursor) => appender.append(cursor) };
    }
    const branches = resolved.map((branch) => this.names.resolve(branch));
    const nullAt = branches.findIndex((branch) => branch === 'null' || (isObject(branch) && branch.type === 'null'));
    if (branches.length !== 2 || nullAt < 0) refuse(type, resolved, path);
    const valueAt = 1 - nullAt;
    const appender = this.#appender(type, branches[valueAt]!, path);
    const step = (cursor: AvroCursor) => {
      const branch = cursor.readInt();
      if (branch === nullAt) appender.appendMissing();
      else if (branch === valueAt) appender.append(cursor);
      else throw new Error('no such branch of a union');
    };
    return { appender, step };
  }

  #appender(type: DataType, schema: AvroSchema, path: string): Appender {
    const object: AvroObject = isObject(schema) ? schema : { type: schema };
    const avro = object.type;
    switch (type.kind) {
      case 'BOOLEAN':
        if (avro === 'boolean') return new Booleans(type);
        break;
      case 'TINYINT':
      case 'SMALLINT':
      case 'INT':
      case 'DATE':
        if (avro === 'int') return new Ints(type);
        break;
      case 'TIME':
        if (avro === 'int') return new Ints(type);
        if (avro === 'long' && object.logicalType === 'time-micros') return new Ints(type, 1000);
        break;
      case 'BIGINT':
        if (avro === 'int' || avro === 'long') return new Longs(type);
        break;
      case 'FLOAT':
        if (avro === 'float') return new Floats(type);
        break;
      case 'DOUBLE':
        if (avro === 'double') return new Doubles(type);
        break;
      case 'TIMESTAMP':
      case 'TIMESTAMP_LTZ': {
        const ratio = tickRatio(type, object.logicalType);
        if (avro === 'long' && ratio !== undefined) return ratio === 1n ? new Longs(type) : new ScaledLongs(type, ratio);
        break;
      }
      case 'DECIMAL':
        if (object.logicalType === 'decimal' && (object.scale ?? 0) === type.scale) {
          if (avro === 'bytes') return new Decimals(type);
          if (avro === 'fixed') return new Decimals(type, fixedSize(object));
        }
        break;
      case 'CHAR':
      case 'VARCHAR':
      case 'BINARY':
      case 'VARBINARY':
        if (avro === 'string' || avro === 'bytes') return new Bytes(type);
        if (avro === 'fixed') return new Bytes(type, fixedSize(object));
        break;
      case 'ARRAY':
        if (avro === 'array') {
          const element = this.#item(type.element, object.items as AvroSchema, `${path}.element`);
          return new Lists(type, [element.appender], element.step);
        }
        break;
      case 'MAP':
        return this.#map(type, type.key, type.value, object, path);
      case 'MULTISET':
        return this.#map(type, type.element, { kind: 'INT', nullable: false }, object, path);
      case 'ROW':
        if (avro === 'record') return new Structs(type, this.members(object, type.fields, path));
        break;
      case 'OTHER':
    }
    return refuse(type, schema, path);
  }

  #map(type: DataType, key: DataType, value: DataType, object: AvroObject, path: string): Appender {
    if (object.type === 'map') {
      const keys = this.#item(key, 'string', `${path}.key`);
      const values = this.#item(value, object.values as AvroSchema, `${path}.value`);
      const step = (cursor: AvroCursor) => {
        keys.step(cursor);
        values.step(cursor);
      };
      return new Lists(type, [keys.appender, values.appender], step);
    }
    const entry = object.type === 'array' ? this.names.resolve(object.items as AvroSchema) : undefined;
    if (entry === undefined || !isObject(entry) || entry.type !== 'record') return refuse(type, object as AvroSchema, path);
    const field = (name: string, type: DataType): DataField => ({ id: 0, name, type });
    const { appenders, absent, steps } = this.members(entry, [field('key', key), field('value', value)], path);
    if (absent.length > 0) return refuse(type, object as AvroSchema, path);
    const step = (cursor: AvroCursor) => {
      for (const part of steps) part(cursor);
    };
    return new Lists(type, appenders, step);
  }
}

const TICKS: { readonly [unit: string]: number | undefined } = { millis: 3, micros: 6 };

/** From the file's unit to the column's, as ScaledLongs takes it; undefined where there is none. */
function tickRatio(type: TypeOf<'TIMESTAMP' | 'TIMESTAMP_LTZ'>, logicalType: unknown): bigint | undefined {
  // for both types both names are in use: Paimon's are swapped, facts of the format: format-spec/data-file
  const unit = /^(?:local-)?timestamp-(millis|micros)$/.exec(String(logicalType))?.[1];
  const found = unit === undefined ? undefined : TICKS[unit];
  if (found === undefined || type.precision > 6) return undefined;
  const wanted = type.precision <= 3 ? 3 : 6;
  return found === wanted ? 1n : wanted > found ? 1000n : -1000n;
}

function isObject(schema: AvroSchema): schema is AvroObject {
  return typeof schema === 'object' && !Array.isArray(schema);
}

function refuse(type: DataType, schema: AvroSchema, path: string): never {
  const found = JSON.stringify(schema)?.slice(0, 200);
  throw new WeirError('UNSUPPORTED', `column ${path} is ${found} in the file and cannot be read as ${formatType(type)}`);
}
