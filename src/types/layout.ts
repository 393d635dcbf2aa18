/**
 * Which memory layout a type's column has (the table in column.ts, as code).
 *
 * Invariant: everything that allocates, copies or compares elements decides by `layoutOf`, never by the type's kind.
 */
import { WeirError } from '../base/error.js';
import type { Elements } from './column.js';
import type { DataType } from './data-type.js';

export type Layout = 'bits' | 'int8' | 'int16' | 'int32' | 'int64' | 'int128' | 'float32' | 'float64' | 'bytes' | 'list' | 'row';

/** @throws UNSUPPORTED for a type that weir knows by name only */
export function layoutOf(type: DataType): Layout {
  switch (type.kind) {
    case 'BOOLEAN':
      return 'bits';
    case 'TINYINT':
      return 'int8';
    case 'SMALLINT':
      return 'int16';
    case 'INT':
    case 'DATE':
    case 'TIME':
      return 'int32';
    case 'BIGINT':
      return 'int64';
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return type.precision > 6 ? 'int128' : 'int64';
    case 'FLOAT':
      return 'float32';
    case 'DOUBLE':
      return 'float64';
    case 'DECIMAL':
      return 'int128';
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY':
      return 'bytes';
    case 'ARRAY':
    case 'MAP':
    case 'MULTISET':
      return 'list';
    case 'ROW':
      return 'row';
    case 'OTHER':
      throw new WeirError('UNSUPPORTED', `type ${type.text} cannot be read or written`);
  }
}

/** Types of a nested type's children, in column order; empty for the others. */
export function childTypes(type: DataType): readonly DataType[] {
  switch (type.kind) {
    case 'ARRAY':
      return [type.element];
    case 'MULTISET':
      return [type.element, { kind: 'INT', nullable: false }];
    case 'MAP':
      return [type.key, type.value];
    case 'ROW':
      return type.fields.map((field) => field.type);
    default:
      return [];
  }
}

/** Zeroed elements for `length` values; undefined for nested layouts, `length` bytes for strings and bytes. */
export function makeElements(layout: Layout, length: number): Elements | undefined {
  switch (layout) {
    case 'bits':
      return new Uint8Array((length + 7) >> 3);
    case 'int8':
      return new Int8Array(length);
    case 'int16':
      return new Int16Array(length);
    case 'int32':
      return new Int32Array(length);
    case 'int64':
      return new BigInt64Array(length);
    case 'int128':
      return new BigInt64Array(length * 2);
    case 'float32':
      return new Float32Array(length);
    case 'float64':
      return new Float64Array(length);
    case 'bytes':
      return new Uint8Array(length);
    case 'list':
    case 'row':
      return undefined;
  }
}
