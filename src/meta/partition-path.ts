/**
 * Partitions: the BinaryRow in manifests, the directory derived from it, and the text form of users.
 *
 *   BinaryRow (dt = DATE 19737, city = null)  ->  dt=19737/city=__DEFAULT_PARTITION__    directory, legacy names
 *                                             ->  dt=2024-01-15/…                        partition.legacy-name=false
 *                                             ->  { dt: '2024-01-15', city: null }       spec
 *
 * Invariants: the row is the truth and the path is derived from it, never the other way round (null, '' and ' ' share a
 * directory); names are what Java derives, or its readers do not find our files.
 */
import { WeirError } from '../base/error.js';
import { castColumn } from '../types/cast.js';
import { type DataType, MAX_LENGTH } from '../types/data-type.js';
import { columnFromData, type Datum } from '../types/datum.js';
import { formatUnscaled } from '../types/decimal-text.js';
import { formatDouble, formatFloat } from '../types/float-text.js';
import { formatTicks } from '../types/time-text.js';
import { fromDatum, toDatum } from '../types/value.js';
import { deserializeRow, serializeRow } from './binary-row.js';
import { type TableSchema, typesOf } from './table-schema.js';

const DEFAULT_NAME = '__DEFAULT_PARTITION__';
/** what Java's Character.isWhitespace counts, which leaves out the no-break spaces */
const BLANKS = new Set(
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u2028\u2029\u205f\u3000',
);
const ESCAPED = new Set([...'"#%\'*/:=?\\{[]^}', ...Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)), '\x7f']);
const STRING: DataType = { kind: 'VARCHAR', length: MAX_LENGTH, nullable: true };

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** `k1=v1/k2=v2`, or '' when the table is not partitioned. */
export function partitionPath(schema: TableSchema, partition: Uint8Array): string {
  if (schema.partitionKeys.length === 0) return '';
  const types = typesOf(schema, schema.partitionKeys);
  const defaultName = schema.options['partition.default-name'] ?? DEFAULT_NAME;
  const legacy = schema.options['partition.legacy-name'] !== 'false';
  const values = deserializeRow(types, partition);
  const parts = schema.partitionKeys.map((key, i) => {
    const value = values[i]!;
    const name = value === null ? '' : legacy ? legacyText(types[i]!, value) : castText(types[i]!, value);
    return `${escapeName(key)}=${escapeName(isBlank(name) ? defaultName : name)}`;
  });
  return parts.join('/');
}

/** The values of the partition columns, in the order of the partition keys. */
export function partitionValues(schema: TableSchema, partition: Uint8Array): Datum[] {
  return deserializeRow(typesOf(schema, schema.partitionKeys), partition);
}

/** Partition columns as text (the forms of golden-encoding: `2024-01-15`, `12.50`, `true`), null where missing. */
export function partitionToSpec(schema: TableSchema, partition: Uint8Array): Record<string, string | null> {
  const types = typesOf(schema, schema.partitionKeys);
  const values = deserializeRow(types, partition);
  return Object.fromEntries(schema.partitionKeys.map((key, i) => [key, values[i] === null ? null : specText(types[i]!, values[i]!)]));
}

/**
 * The partition a full spec names. The table's default partition name means null, as in Java.
 *
 * @throws INVALID_ARGUMENT for a missing or unknown column, or a text its type does not have
 */
export function specToPartition(schema: TableSchema, spec: Readonly<Record<string, string | null>>): Uint8Array {
  const types = typesOf(schema, schema.partitionKeys);
  for (const key of Object.keys(spec)) {
    if (!schema.partitionKeys.includes(key)) throw new WeirError('INVALID_ARGUMENT', `${key} is no partition column`);
  }
  const values = schema.partitionKeys.map((key, i) => {
    if (spec[key] === undefined) throw new WeirError('INVALID_ARGUMENT', `the partition column ${key} is missing`);
    return specDatum(schema, types[i]!, key, spec[key]);
  });
  return serializeRow(types, values);
}

/** One value of a spec. @throws INVALID_ARGUMENT naming the column */
export function specDatum(schema: TableSchema, type: DataType, key: string, text: string | null): Datum {
  if (text === null || text === (schema.options['partition.default-name'] ?? DEFAULT_NAME)) return null;
  switch (type.kind) {
    case 'BOOLEAN':
      if (text === 'true' || text === 'false') return text === 'true';
      break;
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'FLOAT':
    case 'DOUBLE': {
      const number = Number(text);
      if (text.trim() !== '' && (!Number.isNaN(number) || text === 'NaN')) return toDatum(type, number);
      break;
    }
    case 'BIGINT':
      if (/^[+-]?\d+$/.test(text)) return toDatum(type, BigInt(text.replace('+', '')));
      break;
    case 'BINARY':
    case 'VARBINARY':
      if (/^(?:[0-9a-fA-F]{2})*$/.test(text)) return Uint8Array.from(Buffer.from(text, 'hex'));
      break;
    default:
      return toDatum(type, text);
  }
  throw new WeirError('INVALID_ARGUMENT', `${JSON.stringify(text)} is no value of the partition column ${key} (${type.kind})`);
}

function specText(type: DataType, value: Datum): string {
  if (value instanceof Uint8Array)
    return type.kind === 'CHAR' || type.kind === 'VARCHAR' ? decoder.decode(value) : Buffer.from(value).toString('hex');
  return String(fromDatum(type, value));
}

function isBlank(text: string): boolean {
  for (const char of text) if (!BLANKS.has(char)) return false;
  return true;
}

/** What toString of Java's internal objects gives. */
function legacyText(type: DataType, value: Datum): string {
  switch (type.kind) {
    case 'CHAR':
    case 'VARCHAR':
      return decoder.decode(value as Uint8Array);
    case 'DECIMAL':
      return formatUnscaled(value as bigint, type.scale);
    case 'FLOAT':
      return formatFloat(value as number);
    case 'DOUBLE':
      return formatDouble(value as number);
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return localDateTime(formatTicks(value as bigint, type.precision));
    case 'BINARY':
    case 'VARBINARY':
      throw new WeirError('UNSUPPORTED', `a partition column of type ${type.kind} has no directory name with partition.legacy-name=true`);
    default:
      return String(value);
  }
}

/** Java's LocalDateTime text: without seconds when they are zero, the fraction in groups of three digits. */
function localDateTime(text: string): string {
  const [seconds, fraction] = text.split('.') as [string, string];
  const digits = fraction.replace(/(?:000)+$/, '');
  if (digits !== '') return `${seconds}.${digits}`;
  return seconds.endsWith(':00') ? seconds.slice(0, -3) : seconds;
}

function castText(type: DataType, value: Datum): string {
  const column = castColumn(columnFromData(type, [value]), STRING);
  return decoder.decode((column.values as Uint8Array).subarray(column.offsets![0]!, column.offsets![1]!));
}

/** A partition key or value as part of a directory name. */
export function escapeName(text: string): string {
  let escaped = '';
  for (const char of text) {
    escaped += ESCAPED.has(char) ? `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}` : char;
  }
  return escaped;
}
