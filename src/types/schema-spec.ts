/**
 * A table's columns as a program writes them, with the row type inferred.
 *
 *   const schema = { id: bigint().notNull(), name: string(), tags: array(string()), price: 'DECIMAL(10, 2)' } as const;
 *   type Row = RowOf<typeof schema>;   // { id: bigint; name?: string | null; tags?: (string | null)[] | null; price?: string | null }
 *
 * A spec is immutable: `notNull()`, `comment()` and `default()` give a new one. Types are nullable unless told.
 * Field ids come from the format's rule, in the order of the columns (field-ids.ts).
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
/** Columns as pairs of name and type. */
export type ColumnList = readonly (readonly [name: string, type: AnySpec])[];

/**
 * Columns in order: name to type, or pairs of name and type. Names that look like whole numbers need pairs: JavaScript moves
 * such members of an object to its front.
 *
 * @example
 * const schema: SchemaSpec = { id: bigint().notNull(), price: 'DECIMAL(10, 2)' };
 * await catalog.createTable('ods.prices', { schema, primaryKey: ['id'] });
 * await catalog.createTable('ods.years', { schema: [['name', string()], ['2001', int()], ['2000', 'INT']] });
 */
export type SchemaSpec = Readonly<Record<string, AnySpec>> | ColumnList;

type ByName<S extends SchemaSpec> = S extends ColumnList ? { readonly [C in S[number] as C[0]]: C[1] } : S;

/** The names of a schema's columns, as types. */
export type ColumnNameOf<S extends SchemaSpec> = keyof ByName<S> & string;

/** What one spec's values are in JavaScript, null included where it may be. */
export type ValueOf<S> = S extends TypeSpec<infer T, infer N> ? (N extends false ? T : T | null) : S extends string ? TextValue<S> : never;
type TextValue<S extends string> = IsNotNull<S> extends true ? JsOfText<S> : JsOfText<S> | null;
type IsRequired<S> = S extends TypeSpec<unknown, infer N> ? (N extends false ? true : false) : S extends string ? IsNotNull<S> : false;

/**
 * The row type of a schema: NOT NULL columns are required, the others may be left out or null.
 *
 * @example
 * const schema = { id: bigint().notNull(), tags: array(string()) };
 * const first: RowOf<typeof schema> = { id: 1n, tags: ['a', null] };
 */
export type RowOf<S extends SchemaSpec> = RowByName<ByName<S>>;
type RowByName<S> = {
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

/**
 * true or false.
 *
 * @example
 * const schema = { cancelled: boolean() };
 */
export const boolean = (): TypeSpec<boolean> => atomic('BOOLEAN');
/**
 * Whole numbers of 8 bits.
 *
 * @example
 * const schema = { hour: tinyint() };
 */
export const tinyint = (): TypeSpec<number> => atomic('TINYINT');
/**
 * Whole numbers of 16 bits.
 *
 * @example
 * const schema = { distance: smallint() };
 */
export const smallint = (): TypeSpec<number> => atomic('SMALLINT');
/**
 * Whole numbers of 32 bits.
 *
 * @example
 * const schema = { delay: int().default('0') };
 */
export const int = (): TypeSpec<number> => atomic('INT');
/**
 * Whole numbers of 64 bits, as bigint.
 *
 * @example
 * const schema = { id: bigint().notNull() };
 */
export const bigint = (): TypeSpec<bigint> => atomic('BIGINT');
/**
 * Floating point of 32 bits.
 *
 * @example
 * const schema = { ratio: float() };
 */
export const float = (): TypeSpec<number> => atomic('FLOAT');
/**
 * Floating point of 64 bits.
 *
 * @example
 * const schema = { latitude: double() };
 */
export const double = (): TypeSpec<number> => atomic('DOUBLE');
/**
 * Days without a time: `2024-01-15`.
 *
 * @example
 * const schema = { day: date().notNull() };
 */
export const date = (): TypeSpec<string> => atomic('DATE');

/**
 * Exact decimals of `precision` digits (1..38), `scale` of them after the point; values are strings.
 *
 * @example
 * const schema = { price: decimal(10, 2) }; // '19.90'
 */
export function decimal(precision: number, scale = 0): TypeSpec<string> {
  inRange('precision', precision, 1, 38);
  return new TypeSpec({ kind: 'DECIMAL', nullable: true, precision, scale: inRange('scale', scale, 0, precision) });
}

function sized<T>(kind: 'CHAR' | 'VARCHAR' | 'BINARY' | 'VARBINARY', length: number): TypeSpec<T> {
  return new TypeSpec({ kind, nullable: true, length: inRange('length', length, 1, MAX_LENGTH) });
}

/**
 * Text of at most `length` code points.
 *
 * @example
 * const schema = { airport: char(3) };
 */
export const char = (length: number): TypeSpec<string> => sized('CHAR', length);
/**
 * Text of at most `length` code points.
 *
 * @example
 * const schema = { name: varchar(100) };
 */
export const varchar = (length: number): TypeSpec<string> => sized('VARCHAR', length);
/**
 * Text of any length.
 *
 * @example
 * const schema = { origin: string().comment('IATA code') };
 */
export const string = (): TypeSpec<string> => sized('VARCHAR', MAX_LENGTH);
/**
 * Bytes, at most `length` of them.
 *
 * @example
 * const schema = { digest: binary(32) };
 */
export const binary = (length: number): TypeSpec<Uint8Array> => sized('BINARY', length);
/**
 * Bytes, at most `length` of them.
 *
 * @example
 * const schema = { token: varbinary(64) };
 */
export const varbinary = (length: number): TypeSpec<Uint8Array> => sized('VARBINARY', length);
/**
 * Bytes, any number of them.
 *
 * @example
 * const schema = { payload: bytes() };
 */
export const bytes = (): TypeSpec<Uint8Array> => sized('VARBINARY', MAX_LENGTH);

function timed(kind: 'TIME' | 'TIMESTAMP' | 'TIMESTAMP_LTZ', precision: number): TypeSpec<string> {
  return new TypeSpec({ kind, nullable: true, precision: inRange('precision', precision, 0, 9) });
}

/**
 * Time of day; milliseconds at the finest.
 *
 * @example
 * const schema = { departure: time() }; // '13:05:00.000'
 */
export const time = (precision = 3): TypeSpec<string> => timed('TIME', precision);
/**
 * Date and time without zone, `precision` fraction digits (0..6 can be written).
 *
 * @example
 * const schema = { scheduled: timestamp(3) }; // '2024-01-15T13:05:00.000000000'
 */
export const timestamp = (precision = 6): TypeSpec<string> => timed('TIMESTAMP', precision);
/**
 * An instant, in UTC.
 *
 * @example
 * const schema = { seen: timestampLtz() }; // '2024-01-15T13:05:00.000000000Z'
 */
export const timestampLtz = (precision = 6): TypeSpec<string> => timed('TIMESTAMP_LTZ', precision);

/**
 * A list of elements of one type.
 *
 * @example
 * const schema = { tags: array(string()) }; // ['a', null]
 */
export function array<const S extends AnySpec>(element: S): TypeSpec<ValueOf<S>[]> {
  return new TypeSpec({ kind: 'ARRAY', nullable: true, element: typeOf(element) });
}

/**
 * Keys and their values, as a JavaScript Map.
 *
 * @example
 * const schema = { totals: map(string(), int()) }; // new Map([['SEA', 3]])
 */
export function map<const K extends AnySpec, const V extends AnySpec>(key: K, value: V): TypeSpec<Map<ValueOf<K>, ValueOf<V>>> {
  return new TypeSpec({ kind: 'MAP', nullable: true, key: typeOf(key), value: typeOf(value) });
}

/**
 * Elements and how often each is there.
 *
 * @example
 * const schema = { seen: multiset(string()) }; // new Map([['SEA', 2]])
 */
export function multiset<const S extends AnySpec>(element: S): TypeSpec<Map<ValueOf<S>, number>> {
  return new TypeSpec({ kind: 'MULTISET', nullable: true, element: typeOf(element) });
}

/**
 * A row within a row.
 *
 * @example
 * const schema = { at: row({ lat: double(), lon: double() }) }; // { lat: 47.4, lon: -122.3 }
 */
export function row<const S extends SchemaSpec>(fields: S): TypeSpec<RowOf<S>> {
  return new TypeSpec({ kind: 'ROW', nullable: true, fields: columnsOf(fields) });
}

function typeOf(spec: AnySpec): DataType {
  return typeof spec === 'string' ? parseType(spec) : spec.type;
}

function isColumnList(spec: SchemaSpec): spec is ColumnList {
  return Array.isArray(spec);
}

/** The fields of a spec, ids not assigned. */
function columnsOf(spec: SchemaSpec): DataField[] {
  const columns: ColumnList = isColumnList(spec) ? spec : Object.entries(spec);
  const names = new Set<string>();
  return columns.map(([name, column]) => {
    if (name === '') throw new WeirError('INVALID_ARGUMENT', 'a column without a name');
    if (names.has(name)) throw new WeirError('INVALID_ARGUMENT', `column '${name}' comes twice`);
    names.add(name);
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
