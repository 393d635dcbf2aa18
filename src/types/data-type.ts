/**
 * Paimon's logical types as plain data.
 *
 * Timestamps carry a precision of 0..9; 7..9 can be read, not written. Field ids are unique in a table
 * and never used again (see format-spec/schema).
 */
export type AtomicKind = 'BOOLEAN' | 'TINYINT' | 'SMALLINT' | 'INT' | 'BIGINT' | 'FLOAT' | 'DOUBLE' | 'DATE';

/**
 * A type of the format, with what it takes as parameters.
 *
 * @example
 * const price: DataType = { kind: 'DECIMAL', nullable: false, precision: 10, scale: 2 };
 * await flights.alter([{ action: 'addColumn', name: 'price', type: { ...price, nullable: true } }]);
 */
export type DataType = { readonly nullable: boolean } & (
  | { readonly kind: AtomicKind }
  | { readonly kind: 'DECIMAL'; readonly precision: number; readonly scale: number }
  /** VARCHAR(2147483647) is STRING, VARBINARY(2147483647) is BYTES */
  | { readonly kind: 'CHAR' | 'VARCHAR' | 'BINARY' | 'VARBINARY'; readonly length: number }
  | { readonly kind: 'TIME' | 'TIMESTAMP' | 'TIMESTAMP_LTZ'; readonly precision: number }
  | { readonly kind: 'ARRAY' | 'MULTISET'; readonly element: DataType }
  | { readonly kind: 'MAP'; readonly key: DataType; readonly value: DataType }
  | { readonly kind: 'ROW'; readonly fields: readonly DataField[] }
  /** a type of the format that weir knows by name only (VARIANT, BLOB, VECTOR, GEOMETRY …): UNSUPPORTED to read or write */
  | { readonly kind: 'OTHER'; readonly text: string }
);

/**
 * One column of a schema, or one field of a ROW.
 *
 * @example
 * const required: DataField[] = flights.schema.fields.filter((field) => !field.type.nullable);
 */
export interface DataField {
  readonly id: number;
  readonly name: string;
  readonly type: DataType;
  readonly description?: string;
  readonly defaultValue?: string;
}

export const MAX_LENGTH = 2147483647;
