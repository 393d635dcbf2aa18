/**
 * Avro schemas (JSON) compiled to readers and writers of Avro's binary encoding.
 *
 * Values: null, boolean, number (int, float, double; enum by its symbol), number or - beyond 2^53 - bigint (long),
 * string, Uint8Array (bytes, fixed; copies, so that they pin no block), array, Map (map), object (record).
 * A union's value is that of its branch. Logical types are left to the caller.
 *
 * Why not a library: the ones there are read on past the end of the bytes and believe any array length, so that one
 * flipped bit makes them hang or fill the memory. Here every read is bounded by the bytes that are left.
 */
import type { AvroCursor, AvroSink } from './avro-binary.js';

export type AvroSchema = string | AvroSchema[] | { readonly [key: string]: unknown };
export type AvroRead = (cursor: AvroCursor) => unknown;
export type AvroWrite = (sink: AvroSink, value: unknown) => void;
export type AvroRecord = Record<string, unknown>;

type Named<T> = Map<string, { value: T | undefined }>;

/** Throws Error for a schema that is not one. */
export function compileReader(schema: AvroSchema): AvroRead {
  return reader(schema, new Map(), '');
}

export function compileWriter(schema: AvroSchema): AvroWrite {
  return writer(schema, new Map(), '');
}

function reader(schema: AvroSchema, named: Named<AvroRead>, namespace: string): AvroRead {
  if (Array.isArray(schema)) {
    const branches = schema.map((branch) => reader(branch, named, namespace));
    return (cursor) => {
      const branch = branches[cursor.readInt()];
      if (branch === undefined) throw new Error('no such branch of a union');
      return branch(cursor);
    };
  }
  if (typeof schema === 'string') {
    const primitive = PRIMITIVE_READERS[schema];
    return primitive ?? reference(schema, named, namespace, (slot) => (cursor) => slot.value!(cursor));
  }
  switch (schema.type) {
    case 'record':
    case 'error': {
      const { scope, slot } = define(schema, named, namespace);
      const fields = fieldsOf(schema).map(({ name, type }) => ({ name, read: reader(type, named, scope) }));
      slot.value = (cursor) => {
        const record: AvroRecord = {};
        for (const field of fields) record[field.name] = field.read(cursor);
        return record;
      };
      return slot.value;
    }
    case 'enum': {
      const { slot } = define(schema, named, namespace);
      const symbols = schema.symbols as string[];
      slot.value = (cursor) => {
        const symbol = symbols[cursor.readInt()];
        if (symbol === undefined) throw new Error('no such symbol of an enum');
        return symbol;
      };
      return slot.value;
    }
    case 'fixed': {
      const { slot } = define(schema, named, namespace);
      const size = schema.size as number;
      slot.value = (cursor) => cursor.readRaw(size);
      return slot.value;
    }
    case 'array': {
      const item = reader(schema.items as AvroSchema, named, namespace);
      return (cursor) => {
        const items: unknown[] = [];
        for (let count = cursor.readCount(); count > 0; count = cursor.readCount()) {
          for (let i = 0; i < count; i++) items.push(item(cursor));
        }
        return items;
      };
    }
    case 'map': {
      const value = reader(schema.values as AvroSchema, named, namespace);
      return (cursor) => {
        const map = new Map<string, unknown>();
        for (let count = cursor.readCount(); count > 0; count = cursor.readCount()) {
          for (let i = 0; i < count; i++) map.set(cursor.readString(), value(cursor));
        }
        return map;
      };
    }
    default:
      return reader(schema.type as AvroSchema, named, namespace);
  }
}

function writer(schema: AvroSchema, named: Named<AvroWrite>, namespace: string): AvroWrite {
  if (Array.isArray(schema)) {
    const branches = schema.map((branch) => writer(branch, named, namespace));
    const nullAt = schema.indexOf('null');
    if (branches.length !== 2 || nullAt < 0) throw new Error('only unions of null and one type are written');
    const valueAt = 1 - nullAt;
    return (sink, value) => {
      const at = value === null || value === undefined ? nullAt : valueAt;
      sink.writeInt(at);
      if (at === valueAt) branches[valueAt]!(sink, value);
    };
  }
  if (typeof schema === 'string') {
    const primitive = PRIMITIVE_WRITERS[schema];
    return primitive ?? reference(schema, named, namespace, (slot) => (sink, value) => slot.value!(sink, value));
  }
  switch (schema.type) {
    case 'record': {
      const { scope, slot } = define(schema, named, namespace);
      const fields = fieldsOf(schema).map(({ name, type }) => ({ name, write: writer(type, named, scope) }));
      slot.value = (sink, value) => {
        for (const field of fields) field.write(sink, (value as AvroRecord)[field.name]);
      };
      return slot.value;
    }
    case 'array': {
      const item = writer(schema.items as AvroSchema, named, namespace);
      return (sink, value) => {
        const items = value as readonly unknown[];
        if (items.length > 0) sink.writeInt(items.length);
        for (const each of items) item(sink, each);
        sink.writeInt(0);
      };
    }
    case 'map': {
      const each = writer(schema.values as AvroSchema, named, namespace);
      return (sink, value) => {
        const map = value as ReadonlyMap<string, unknown>;
        if (map.size > 0) sink.writeInt(map.size);
        for (const [key, item] of map) {
          sink.writeString(key);
          each(sink, item);
        }
        sink.writeInt(0);
      };
    }
    case 'enum':
    case 'fixed':
      throw new Error(`the Avro type ${schema.type} is not written`);
    default:
      return writer(schema.type as AvroSchema, named, namespace);
  }
}

const PRIMITIVE_READERS: { [name: string]: AvroRead | undefined } = {
  null: () => null,
  boolean: (cursor) => cursor.readBoolean(),
  int: (cursor) => cursor.readInt(),
  long: (cursor) => cursor.readLong(),
  float: (cursor) => cursor.readFloat(),
  double: (cursor) => cursor.readDouble(),
  bytes: (cursor) => cursor.readBytes(),
  string: (cursor) => cursor.readString(),
};

const PRIMITIVE_WRITERS: { [name: string]: AvroWrite | undefined } = {
  null: () => {},
  boolean: (sink, value) => sink.writeByte(value ? 1 : 0),
  int: (sink, value) => sink.writeInt(value as number),
  long: (sink, value) => sink.writeLong(value as number | bigint),
  float: (sink, value) => sink.writeFloat(value as number),
  double: (sink, value) => sink.writeDouble(value as number),
  bytes: (sink, value) => sink.writeBytes(value as Uint8Array),
  string: (sink, value) => sink.writeString(value as string),
};

/** Throws Error for a record that is not one. */
export function fieldsOf(schema: { readonly [key: string]: unknown }): { name: string; type: AvroSchema }[] {
  if (!Array.isArray(schema.fields)) throw new Error('a record without fields');
  return schema.fields.map((field: { name?: unknown; type?: unknown }) => {
    if (typeof field?.name !== 'string' || field.type === undefined) throw new Error('a record has a field without name or type');
    return { name: field.name, type: field.type as AvroSchema };
  });
}

/** Enters a named type before its parts are compiled: they may refer to it. */
function define<T>(
  schema: { readonly [key: string]: unknown },
  named: Named<T>,
  namespace: string,
): { scope: string; slot: { value: T | undefined } } {
  if (typeof schema.name !== 'string') throw new Error('a named type without a name');
  const own = typeof schema.namespace === 'string' ? schema.namespace : namespace;
  const full = schema.name.includes('.') || own === '' ? schema.name : `${own}.${schema.name}`;
  const slot: { value: T | undefined } = { value: undefined };
  named.set(full, slot);
  return { scope: full.includes('.') ? full.slice(0, full.lastIndexOf('.')) : '', slot };
}

function reference<T>(name: string, named: Named<T>, namespace: string, call: (slot: { value: T | undefined }) => T): T {
  const slot = named.get(name.includes('.') || namespace === '' ? name : `${namespace}.${name}`) ?? named.get(name);
  if (slot === undefined) throw new Error(`the Avro type ${name} is not known`);
  return call(slot);
}
