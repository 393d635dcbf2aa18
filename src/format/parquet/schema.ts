/**
 * A Parquet file's schema: as a tree with levels (reading), and made from table fields (writing).
 *
 * What Paimon writes (root `paimon_schema`, every annotated part with a field_id):
 *
 *   ARRAY     optional group f (LIST) { repeated group list { optional T element } }
 *   MAP       optional group f (MAP) { repeated group key_value (MAP_KEY_VALUE) { required K key; optional V value } }
 *   MULTISET  as MAP with required INT32 value            ROW  optional group f { members }
 *
 * Parts without a field of their own get synthetic ids: B + 1024 f + d for elements and values, B - 1024 f - d for keys,
 * with f the id of the field they belong to, d the depth in it from 1 on, B = 536870911.
 */
import { WeirError } from '../../base/error.js';
import type { DataField, DataType } from '../../types/data-type.js';
import { malformed } from './malformed.js';
import { Converted, type LogicalType, Repetition, type SchemaElement, Type } from './metadata.js';

const SYNTHETIC_ID = 536870911;
const SYNTHETIC_STRIDE = 1024;
const MAX_DEPTH = 64;

/** A node of a file's schema. Plain data. */
export interface SchemaNode {
  readonly element: SchemaElement;
  readonly name: string;
  readonly path: readonly string[];
  readonly repetition: number;
  /** definition level of a value that is present here; repetition levels above and here */
  readonly maxDefinition: number;
  readonly maxRepetition: number;
  /** number of the column, for leaves; of the first leaf below, for groups */
  readonly leaf: number;
  readonly children: readonly SchemaNode[];
}

/** The root's tree of a flattened schema, and its leaves in column order. */
export function buildSchema(elements: readonly SchemaElement[]): { root: SchemaNode; leaves: SchemaNode[] } {
  const leaves: SchemaNode[] = [];
  let at = 0;
  const build = (parentPath: readonly string[], definition: number, repetition: number, depth: number): SchemaNode => {
    const element = elements[at++] ?? malformed('the schema ends too early');
    if (depth > MAX_DEPTH) malformed('the schema is nested too deeply');
    const root = depth === 0;
    const kind = root ? Repetition.REQUIRED : (element.repetition ?? malformed('a schema element without a repetition'));
    if (kind < Repetition.REQUIRED || kind > Repetition.REPEATED) malformed('a schema element with an unknown repetition');
    const maxDefinition = definition + (kind === Repetition.REQUIRED ? 0 : 1);
    const maxRepetition = repetition + (kind === Repetition.REPEATED ? 1 : 0);
    const path = root ? [] : [...parentPath, element.name];
    const leaf = leaves.length;
    const children: SchemaNode[] = [];
    const node = { element, name: element.name, path, repetition: kind, maxDefinition, maxRepetition, leaf, children };
    if (element.type !== undefined) leaves.push(node);
    else for (let i = element.childCount ?? 0; i > 0; i--) children.push(build(path, maxDefinition, maxRepetition, depth + 1));
    return node;
  };
  const root = build([], 0, 0, 0);
  if (at !== elements.length) malformed('the schema has elements outside of its tree');
  return { root, leaves };
}

/** @throws UNSUPPORTED for types that weir cannot write */
export function schemaElements(fields: readonly DataField[]): SchemaElement[] {
  const out: SchemaElement[] = [{ name: 'paimon_schema', childCount: fields.length }];
  for (const field of fields) addElement(out, field.name, field.type, field.id, { owner: field.id, depth: 0 });
  return out;
}

interface Place {
  readonly owner: number;
  readonly depth: number;
}

function addElement(out: SchemaElement[], name: string, type: DataType, fieldId: number, place: Place): void {
  const head = { name, fieldId, repetition: type.nullable ? Repetition.OPTIONAL : Repetition.REQUIRED };
  const inner: Place = { owner: place.owner, depth: place.depth + 1 };
  const valueId = SYNTHETIC_ID + SYNTHETIC_STRIDE * inner.owner + inner.depth;
  const keyId = SYNTHETIC_ID - SYNTHETIC_STRIDE * inner.owner - inner.depth;
  switch (type.kind) {
    case 'ARRAY':
      out.push({ ...head, childCount: 1, converted: Converted.LIST, logical: { kind: 'LIST' } });
      out.push({ name: 'list', repetition: Repetition.REPEATED, childCount: 1 });
      addElement(out, 'element', type.element, valueId, inner);
      return;
    case 'MAP':
    case 'MULTISET': {
      const key = type.kind === 'MAP' ? type.key : type.element;
      const value: DataType = type.kind === 'MAP' ? type.value : { kind: 'INT', nullable: false };
      out.push({ ...head, childCount: 1, converted: Converted.MAP, logical: { kind: 'MAP' } });
      out.push({ name: 'key_value', repetition: Repetition.REPEATED, childCount: 2, converted: Converted.MAP_KEY_VALUE });
      addElement(out, 'key', { ...key, nullable: false }, keyId, inner);
      addElement(out, 'value', value, valueId, inner);
      return;
    }
    case 'ROW':
      out.push({ ...head, childCount: type.fields.length });
      if (type.fields.length === 0) throw new WeirError('UNSUPPORTED', `column ${name}: Parquet has no ROW without members`);
      for (const field of type.fields) addElement(out, field.name, field.type, field.id, { owner: field.id, depth: 0 });
      return;
    default:
      out.push({ ...head, ...leafElement(name, type) });
  }
}

type LeafElement = Pick<SchemaElement, 'type' | 'typeLength' | 'converted' | 'scale' | 'precision' | 'logical'>;

function leafElement(name: string, type: DataType): LeafElement {
  switch (type.kind) {
    case 'BOOLEAN':
      return { type: Type.BOOLEAN };
    case 'TINYINT':
      return { type: Type.INT32, converted: Converted.INT_8, logical: { kind: 'INTEGER', bits: 8, signed: true } };
    case 'SMALLINT':
      return { type: Type.INT32, converted: Converted.INT_16, logical: { kind: 'INTEGER', bits: 16, signed: true } };
    case 'INT':
      return { type: Type.INT32 };
    case 'BIGINT':
      return { type: Type.INT64 };
    case 'FLOAT':
      return { type: Type.FLOAT };
    case 'DOUBLE':
      return { type: Type.DOUBLE };
    case 'DATE':
      return { type: Type.INT32, converted: Converted.DATE, logical: { kind: 'DATE' } };
    case 'TIME':
      return { type: Type.INT32, converted: Converted.TIME_MILLIS, logical: { kind: 'TIME', utc: true, unit: 'MILLIS' } };
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ': {
      if (type.precision > 6) {
        throw new WeirError('UNSUPPORTED', `column ${name}: ${type.kind}(${type.precision}) can be read, not written: use precision 6`);
      }
      const millis = type.precision <= 3;
      const logical: LogicalType = { kind: 'TIMESTAMP', utc: type.kind === 'TIMESTAMP_LTZ', unit: millis ? 'MILLIS' : 'MICROS' };
      return { type: Type.INT64, converted: millis ? Converted.TIMESTAMP_MILLIS : Converted.TIMESTAMP_MICROS, logical };
    }
    case 'DECIMAL': {
      const { precision, scale } = type;
      const decimal = { converted: Converted.DECIMAL, scale, precision, logical: { kind: 'DECIMAL', scale, precision } as const };
      if (precision <= 9) return { type: Type.INT32, ...decimal };
      if (precision <= 18) return { type: Type.INT64, ...decimal };
      return { type: Type.FIXED, typeLength: decimalBytes(precision), ...decimal };
    }
    case 'CHAR':
    case 'VARCHAR':
      return { type: Type.BYTE_ARRAY, converted: Converted.UTF8, logical: { kind: 'STRING' } };
    case 'BINARY':
    case 'VARBINARY':
      return { type: Type.BYTE_ARRAY };
    default:
      throw new WeirError(
        'UNSUPPORTED',
        `column ${name}: type ${type.kind === 'OTHER' ? type.text : type.kind} cannot be written to Parquet`,
      );
  }
}

/** Least n with 2^(8n-1) >= 10^precision. */
export function decimalBytes(precision: number): number {
  return Math.ceil((Math.log2(10) * precision + 1) / 8);
}

/** A top-level leaf that is not a list: its values are the rows'. */
export function isFlat(node: SchemaNode): boolean {
  return node.path.length === 1 && node.element.type !== undefined && node.repetition !== Repetition.REPEATED;
}
