/**
 * The JavaScript type of a type's text, at compile time: 'BIGINT NOT NULL' is a bigint that is never missing.
 *
 * Flat types only: of nested ones the text says more than TypeScript can read cheaply, their values are `unknown`;
 * the builders of schema-spec.ts infer those.
 */
type Trim<S extends string> = S extends ` ${infer R}` ? Trim<R> : S extends `${infer R} ` ? Trim<R> : S;
/** without COMMENT and DEFAULT, in capitals */
type Bare<S extends string> =
  Uppercase<S> extends `${infer T} COMMENT ${string}`
    ? Trim<T>
    : Uppercase<S> extends `${infer T} DEFAULT ${string}`
      ? Trim<T>
      : Trim<Uppercase<S>>;

/** true for a text that ends in NOT NULL; `boolean` is never the answer, an unknown text may be null */
export type IsNotNull<S extends string> = Bare<S> extends `${string} NOT NULL` ? true : false;

type Without<S extends string> = S extends `${infer T} NOT NULL` ? Trim<T> : S extends `${infer T} NULL` ? Trim<T> : S;
type Name<S extends string> = S extends `${infer T}(${string}`
  ? Trim<T>
  : S extends `${infer T}<${string}`
    ? Trim<T>
    : S extends `${infer T} ${string}`
      ? T
      : S;

interface JsOfName {
  BOOLEAN: boolean;
  TINYINT: number;
  SMALLINT: number;
  INT: number;
  INTEGER: number;
  BIGINT: bigint;
  FLOAT: number;
  DOUBLE: number;
  DECIMAL: string;
  NUMERIC: string;
  DEC: string;
  CHAR: string;
  VARCHAR: string;
  STRING: string;
  BINARY: Uint8Array;
  VARBINARY: Uint8Array;
  BYTES: Uint8Array;
  DATE: string;
  TIME: string;
  TIMESTAMP: string;
  TIMESTAMP_LTZ: string;
}

/** The value of a type's text, null aside. */
export type JsOfText<S extends string> =
  Name<Without<Bare<S>>> extends infer N ? (N extends keyof JsOfName ? JsOfName[N] : unknown) : never;
