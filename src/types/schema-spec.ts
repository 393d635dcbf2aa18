/**
 * A table's columns as a program writes them, with the row type inferred.
 *
 *   const schema = { id: bigint().notNull(), name: string(), tags: array(string()), price: 'DECIMAL(10, 2)' } as const;
 *   type Row = RowOf<typeof schema>;   // { id: bigint; name?: string | null; tags?: (string | null)[] | null; price?: string | null }
 *
 * A spec is immutable: `notNull()`, `comment()` and `default()` give a new one. Types are nullable unless told.
 * Field ids come from the format's rule, in the order of the keys (field-ids.ts).
 */
import { WeirError } from '../base/error.js';
import { type AtomicKind, type DataField, type DataType, MAX_LENGTH } from './data-type.js';
import { assignFieldIds } from './field-ids.js';
import { inColumn } from './object-reader.js';
import type { IsNotNull, JsOfText } from './text-inference.js';
import { parseField, parseType } from './type-text.js';

/** One column's type, and what is said about it. `T` is its value in JavaScript, `N` whether it may be missing. */
export class TypeSpec<T, N extends boolean = true> {
  /** only for inference: never there */
  declare readonly value: T;
  declare readonly mayBeNull: N;
  readonly type: DataType;
  readonly description: string | undefined;
  readonly defaultValue: string | undefined;

  constructor(type: DataType, description?: string, defaultValue?: string) {
    this.type = type;
    this.description = description;
    this.defaultValue = defaultValue;
  }

  notNull(): TypeSpec<T, false> {
    return new TypeSpec({ ...this.type, nullable: false }, this.description, this.defaultValue);
  }

  comment(description: string): TypeSpec<T, N> {
    return new TypeSpec(this.type, description, this.defaultValue);
  }

  /** The value that stands for a missing one when rows are written, as text: `'0.00'`, `'2024-01-01'`. */
  default(value: string): TypeSpec<T, N> {
    return new TypeSpec(this.type, this.description, value);
  }
}

/** A builder's result, or the type as text: `'BIGINT NOT NULL'`. */
export type AnySpec = TypeSpec<unknown, boolean> | string;
/** Column name to type, in column order. */
export type SchemaSpec = Readonly<Record<string, AnySpec>>;

/** What one spec's values are in JavaScript, null included where it may be. */
export type ValueOf<S> = S extends TypeSpec<infer T, infer N> ? (N extends false ? T : T | null) : S extends string ? TextValue<S> : never;
type TextValue<S extends string> = IsNotNull<S> extends true ? JsOfText<S> : JsOfText<S> | null;
type IsRequired<S> = S extends TypeSpec<unknown, infer N> ? (N extends false ? true : false) : S extends string ? IsNotNull<S> : false;

/** The row type of a schema: NOT NULL columns are required, the others may be left out or null. */
export type RowOf<S extends SchemaSpec> = {
  -readonly [K in keyof S as IsRequired<S[K]> extends true ? K : never]: ValueOf<S[K]>;
} & {
  -readonly [K in keyof S as IsRequired<S[K]> extends true ? never : K]?: ValueOf<S[K]>;
} extends infer R
  ? { [K in keyof R]: R[K] }
  : never;

function atomic<T>(kind: AtomicKind): TypeSpec<T> {
  return new TypeSpec({ kind, nullable: true });
}

function inRange(what: string, value: number, low: number, high: number): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new WeirError('INVALID_ARGUMENT', `${what} is ${value}, not one of ${low}..${high}`);
}

export const boolean = (): TypeSpec<boolean> => atomic('BOOLEAN');
export const tinyint = (): TypeSpec<number> => atomic('TINYINT');
export const smallint = (): TypeSpec<number> => atomic('SMALLINT');
export const int = (): TypeSpec<number> => atomic('INT');
export const bigint = (): TypeSpec<bigint> => atomic('BIGINT');
export const float = (): TypeSpec<number> => atomic('FLOAT');
export const double = (): TypeSpec<number> => atomic('DOUBLE');
export const date = (): TypeSpec<string> => atomic('DATE');

/** Exact decimals of `precision` digits (1..38), `scale` of them after the point; values are strings. */
export function decimal(precision: number, scale = 0): TypeSpec<string> {
  inRange('precision', precision, 1, 38);
  return new TypeSpec({ kind: 'DECIMAL', nullable: true, precision, scale: inRange('scale', scale, 0, precision) });
}

function sized<T>(kind: 'CHAR' | 'VARCHAR' | 'BINARY' | 'VARBINARY', length: number): TypeSpec<T> {
  return new TypeSpec({ kind, nullable: true, length: inRange('length', length, 1, MAX_LENGTH) });
}

/** Text of at most `length` code points. */
export const char = (length: number): TypeSpec<string> => sized('CHAR', length);
export const varchar = (length: number): TypeSpec<string> => sized('VARCHAR', length);
export const string = (): TypeSpec<string> => sized('VARCHAR', MAX_LENGTH);
/** Bytes, at most `length` of them. */
export const binary = (length: number): TypeSpec<Uint8Array> => sized('BINARY', length);
export const varbinary = (length: number): TypeSpec<Uint8Array> => sized('VARBINARY', length);
export const bytes = (): TypeSpec<Uint8Array> => sized('VARBINARY', MAX_LENGTH);

function timed(kind: 'TIME' | 'TIMESTAMP' | 'TIMESTAMP_LTZ', precision: number): TypeSpec<string> {
  return new TypeSpec({ kind, nullable: true, precision: inRange('precision', precision, 0, 9) });
}

/** Time of day; milliseconds at the finest. */
export const time = (precision = 3): TypeSpec<string> => timed('TIME', precision);
/** Date and time without zone, `precision` fraction digits (0..6 can be written). */
export const timestamp = (precision = 6): TypeSpec<string> => timed('TIMESTAMP', precision);
/** An instant, in UTC. */
export const timestampLtz = (precision = 6): TypeSpec<string> => timed('TIMESTAMP_LTZ', precision);

export function array<const S extends AnySpec>(element: S): TypeSpec<ValueOf<S>[]> {
  return new TypeSpec({ kind: 'ARRAY', nullable: true, element: typeOf(element) });
}

export function map<const K extends AnySpec, const V extends AnySpec>(key: K, value: V): TypeSpec<Map<ValueOf<K>, ValueOf<V>>> {
  return new TypeSpec({ kind: 'MAP', nullable: true, key: typeOf(key), value: typeOf(value) });
}

/** Elements and how often each is there. */
export function multiset<const S extends AnySpec>(element: S): TypeSpec<Map<ValueOf<S>, number>> {
  return new TypeSpec({ kind: 'MULTISET', nullable: true, element: typeOf(element) });
}

export function row<const S extends SchemaSpec>(fields: S): TypeSpec<RowOf<S>> {
  return new TypeSpec({ kind: 'ROW', nullable: true, fields: columnsOf(fields) });
}

function typeOf(spec: AnySpec): DataType {
  return typeof spec === 'string' ? parseType(spec) : spec.type;
}

/** The fields of a spec, ids not assigned. */
function columnsOf(spec: SchemaSpec): DataField[] {
  return Object.entries(spec).map(([name, column]) => {
    if (name === '') throw new WeirError('INVALID_ARGUMENT', 'a column without a name');
    try {
      if (typeof column === 'string') return { ...parseField(`\`c\` ${column}`), name };
      if (!(column instanceof TypeSpec))
        throw new WeirError('INVALID_ARGUMENT', `a type is a text such as 'BIGINT NOT NULL' or a builder such as bigint()`);
      const { type, description, defaultValue } = column;
      return {
        id: -1,
        name,
        type,
        ...(description === undefined ? {} : { description }),
        ...(defaultValue === undefined ? {} : { defaultValue }),
      };
    } catch (error) {
      throw inColumn(name, error);
    }
  });
}

/**
 * The columns of a schema, with ids.
 *
 * @throws WeirError INVALID_ARGUMENT naming the column whose type is none
 */
export function fieldsOf(spec: SchemaSpec): DataField[] {
  return assignFieldIds(columnsOf(spec));
}
