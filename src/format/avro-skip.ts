/**
 * Reading past Avro values: schemas compiled to functions that move the cursor and make nothing.
 *
 * Named types are found by full or by short name; a type may hold itself. Invariant: as every read, bounded by the bytes left.
 */
import type { AvroCursor } from './avro-binary.js';
import { type AvroSchema, fieldsOf } from './avro-schema.js';

export type AvroStep = (cursor: AvroCursor) => void;
export type AvroObject = { readonly [key: string]: unknown };

const PRIMITIVES: { readonly [name: string]: AvroStep | undefined } = {
  null: () => {},
  boolean: (cursor) => cursor.skip(1),
  int: (cursor) => cursor.skipVarint(),
  long: (cursor) => cursor.skipVarint(),
  float: (cursor) => cursor.skip(4),
  double: (cursor) => cursor.skip(8),
  bytes: (cursor) => cursor.skip(cursor.readLength()),
  string: (cursor) => cursor.skip(cursor.readLength()),
};

/** The types a schema defines. */
export class AvroNames {
  readonly #types = new Map<string, AvroObject>();
  readonly #skips = new Map<AvroObject, AvroStep>();

  constructor(schema: AvroSchema) {
    this.#collect(schema);
  }

  /** The schema itself, or what the name stands for; without the wrapping `{ type: … }` where that says nothing more. */
  resolve(schema: AvroSchema): AvroSchema {
    if (typeof schema === 'string') return PRIMITIVES[schema] !== undefined ? schema : this.#named(schema);
    if (Array.isArray(schema) || schema.type === undefined) return schema;
    return typeof schema.type === 'object' ? this.resolve(schema.type as AvroSchema) : schema;
  }

  /** Throws Error for a schema that is not one. */
  skip(schema: AvroSchema): AvroStep {
    if (Array.isArray(schema)) {
      const branches = schema.map((branch) => this.skip(branch));
      return (cursor) => {
        const branch = branches[cursor.readInt()];
        if (branch === undefined) throw new Error('no such branch of a union');
        branch(cursor);
      };
    }
    if (typeof schema === 'string') return PRIMITIVES[schema] ?? this.skip(this.#named(schema));
    const known = this.#skips.get(schema);
    if (known !== undefined) return known;
    let step: AvroStep | undefined;
    // before its parts are compiled: they may refer to it
    const self: AvroStep = (cursor) => step!(cursor);
    this.#skips.set(schema, self);
    step = this.#skipObject(schema);
    return self;
  }

  #skipObject(schema: AvroObject): AvroStep {
    switch (schema.type) {
      case 'record':
      case 'error': {
        const steps = fieldsOf(schema).map((field) => this.skip(field.type));
        return (cursor) => {
          for (const step of steps) step(cursor);
        };
      }
      case 'enum':
        return PRIMITIVES.int!;
      case 'fixed': {
        const size = fixedSize(schema);
        return (cursor) => cursor.skip(size);
      }
      case 'array':
        return items(this.skip(schema.items as AvroSchema));
      case 'map': {
        const value = this.skip(schema.values as AvroSchema);
        return items((cursor) => {
          cursor.skip(cursor.readLength());
          value(cursor);
        });
      }
      default:
        if (schema.type === undefined) throw new Error('a schema without a type');
        return this.skip(schema.type as AvroSchema);
    }
  }

  #named(name: string): AvroObject {
    const type = this.#types.get(name) ?? this.#types.get(shortName(name));
    if (type === undefined) throw new Error(`the Avro type ${name} is not known`);
    return type;
  }

  #collect(schema: AvroSchema): void {
    if (Array.isArray(schema)) {
      for (const branch of schema) this.#collect(branch);
      return;
    }
    if (typeof schema !== 'object' || schema === null) return;
    if (typeof schema.name === 'string') {
      this.#types.set(schema.name, schema);
      this.#types.set(shortName(schema.name), schema);
    }
    if (Array.isArray(schema.fields)) for (const { type } of fieldsOf(schema)) this.#collect(type);
    for (const part of [schema.type, schema.items, schema.values]) this.#collect(part as AvroSchema);
  }
}

/** Runs `step` for each item of an array or a map. */
export function forItems(cursor: AvroCursor, step: AvroStep): void {
  for (let count = cursor.readCount(); count > 0; count = cursor.readCount()) {
    const start = cursor.position;
    for (let i = 0; i < count; i++) step(cursor);
    // else a few bytes could ask for endless work
    if (cursor.position === start) throw new Error('items without bytes');
  }
}

function items(step: AvroStep): AvroStep {
  return (cursor) => forItems(cursor, step);
}

export function fixedSize(schema: AvroObject): number {
  const { size } = schema;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw new Error(`a fixed type of size ${String(size)}`);
  return size;
}

function shortName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
