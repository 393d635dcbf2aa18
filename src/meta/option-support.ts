/**
 * What weir refuses, and why: features whose absence would give other rows, other changes or a table others cannot read.
 *
 *   create  ⊇  write  ⊇  read          stream  ⊇  read
 *
 * A refusal is UNSUPPORTED and names option and value. Bad values, and combinations Paimon itself forbids, are
 * INVALID_ARGUMENT, checked at creation and change.
 */
import { WeirError } from '../base/error.js';
import type { DataType } from '../types/data-type.js';
import { optionOf, type TableOption } from './option-table.js';
import { parseBoolean, parseChoice, parseDuration, parseInteger, parseList, parseNumber, parseSize } from './option-values.js';
import { parseStatsMode } from './stats.js';
import { bucketKey, fieldOf, type TableSchema, trimmedPrimaryKey } from './table-schema.js';

type Use = 'read' | 'stream' | 'write' | 'create';

interface Refusal {
  readonly keys: RegExp;
  /** uses that are refused */
  readonly uses: readonly Use[];
  /** values that ask for the feature */
  readonly asks: (value: string, schema: TableSchema) => boolean;
}

const ALWAYS: readonly Use[] = ['read', 'stream', 'write', 'create'];
const READING: readonly Use[] = ['read', 'stream'];
const WRITING: readonly Use[] = ['write', 'create'];
const isTrue = (value: string) => value.trim().toLowerCase() === 'true';
const isNot =
  (...fine: string[]) =>
  (value: string) =>
    !fine.includes(value.trim().toLowerCase());
const given = (value: string) => value.trim() !== '';
const exactly = (key: string) => new RegExp(`^${key.replaceAll('.', '\\.')}$`);

const REFUSALS: readonly Refusal[] = [
  { keys: exactly('type'), uses: ALWAYS, asks: isNot('table') },
  { keys: exactly('branch'), uses: ALWAYS, asks: isNot('main') },
  { keys: exactly('scan.fallback-branch'), uses: ALWAYS, asks: given },
  { keys: exactly('scan.primary-branch'), uses: ALWAYS, asks: given },
  { keys: /^scan\.fallback-(snapshot|delta)-branch$/, uses: ALWAYS, asks: given },
  // a table that is bound to a state: Java's plain reads give that one
  { keys: /^scan\.(snapshot-id|tag-name|version|watermark|timestamp|timestamp-millis)$/, uses: READING, asks: given },
  { keys: /^scan\.(file-)?creation-time-millis$/, uses: READING, asks: given },
  { keys: exactly('scan.mode'), uses: READING, asks: isNot('default', 'latest-full', 'full', 'latest') },
  { keys: /^(incremental-between(-timestamp)?|incremental-to-auto-tag)$/, uses: READING, asks: given },
  { keys: /^(batch|stream)-scan-mode$/, uses: READING, asks: isNot('none') },
  { keys: exactly('scan.bounded.watermark'), uses: ['stream'], asks: given },
  { keys: exactly('query-auth.enabled'), uses: ALWAYS, asks: isTrue },
  { keys: exactly('chain-table.enabled'), uses: ALWAYS, asks: isTrue },
  { keys: exactly('merge-engine'), uses: ALWAYS, asks: (value, schema) => schema.primaryKeys.length > 0 && isNot('deduplicate')(value) },
  { keys: exactly('deletion-vectors.enabled'), uses: WRITING, asks: isTrue },
  { keys: exactly('sequence.snapshot-ordering'), uses: ALWAYS, asks: isTrue },
  { keys: exactly('pk-clustering-override'), uses: ALWAYS, asks: isTrue },
  { keys: exactly('data-evolution.enabled'), uses: ALWAYS, asks: isTrue },
  { keys: exactly('record-level.expire-time'), uses: ALWAYS, asks: given },
  { keys: /^(blob-field|blob-descriptor-field|blob-external-storage-field|vector-field)$/, uses: ALWAYS, asks: given },
  { keys: exactly('postpone.merge-on-read'), uses: ALWAYS, asks: isTrue },
  { keys: /^fields\..+\.map\.storage-layout$/, uses: ALWAYS, asks: isNot('default') },
  { keys: exactly('manifest.format'), uses: ALWAYS, asks: isNot('avro') },
  { keys: exactly('changelog-producer'), uses: WRITING, asks: isNot('none', 'input') },
  { keys: exactly('streaming-read-overwrite'), uses: ['stream', 'create'], asks: isTrue },
  { keys: exactly('streaming-read-append-overwrite'), uses: ['stream', 'create'], asks: isTrue },
  { keys: exactly('primary-key.nullable'), uses: WRITING, asks: isTrue },
  { keys: exactly('row-tracking.enabled'), uses: WRITING, asks: isTrue },
  { keys: exactly('file.format'), uses: WRITING, asks: isNot('parquet') },
  { keys: exactly('changelog-file.format'), uses: WRITING, asks: isNot('parquet') },
  {
    keys: exactly('file.format.per.level'),
    uses: WRITING,
    asks: (value) => parseList(value).some((part) => isNot('parquet')(part.split(':')[1] ?? '')),
  },
  { keys: exactly('write.sequence-number-init-mode'), uses: WRITING, asks: isNot('scan') },
  { keys: exactly('commit.strict-mode.last-safe-snapshot'), uses: WRITING, asks: given },
  { keys: exactly('partition.expiration-time'), uses: WRITING, asks: given },
  { keys: /^changelog\.(num-retained\.m(in|ax)|time-retained)$/, uses: WRITING, asks: given },
  { keys: exactly('tag.automatic-creation'), uses: WRITING, asks: isNot('none') },
  { keys: exactly('upsert-key'), uses: WRITING, asks: given },
  // what Java runs with each commit, or keeps beside the snapshots for readers of another kind
  { keys: /^(commit|tag)\.callbacks$/, uses: WRITING, asks: given },
  { keys: exactly('metadata.iceberg.storage'), uses: WRITING, asks: isNot('disabled') },
];

/** @throws UNSUPPORTED when the table's rows cannot be read as they are meant */
export function validateForRead(schema: TableSchema): void {
  refuse(schema, 'read');
}

/** @throws UNSUPPORTED when the table's changes cannot be followed as they are meant */
export function validateForStream(schema: TableSchema): void {
  refuse(schema, 'stream');
}

/** For everything that makes files or snapshots. @throws UNSUPPORTED when other writers or readers would be wronged */
export function validateForWrite(schema: TableSchema): void {
  refuse(schema, 'write');
  for (const field of schema.fields) refuseTypes(field.type, field.name);
}

/**
 * For new and changed schemas.
 *
 * @throws UNSUPPORTED as above; INVALID_ARGUMENT for bad values and for what Paimon forbids
 */
export function validateForCreate(schema: TableSchema): void {
  for (const [key, value] of Object.entries(schema.options)) checkOption(key, value);
  checkKeys(schema);
  checkCombinations(schema);
  refuse(schema, 'create');
  for (const field of schema.fields) refuseTypes(field.type, field.name);
}

/** Is the value one of the option? Unknown options take anything. @throws INVALID_ARGUMENT */
export function checkOption(key: string, value: string): void {
  const option = optionOf(key);
  if (option === undefined) return;
  checkValue(option, key, value);
  if (key.endsWith('stats-mode')) parseStatsMode(value);
}

function checkValue(option: TableOption, key: string, value: string): void {
  switch (option.type) {
    case 'boolean':
      parseBoolean(key, value);
      return;
    case 'integer':
      parseInteger(key, value, option.least ?? Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
      return;
    case 'number':
      parseNumber(key, value);
      return;
    case 'size':
      parseSize(key, value);
      return;
    case 'duration':
      parseDuration(key, value);
      return;
    case 'choice':
      parseChoice(key, value, option.choices ?? []);
      return;
    case 'columns':
    case 'text':
  }
}

function refuse(schema: TableSchema, use: Use): void {
  for (const [key, value] of Object.entries(schema.options)) {
    for (const refusal of REFUSALS) {
      if (refusal.uses.includes(use) && refusal.keys.test(key) && refusal.asks(value, schema)) throw unsupported(key, value, use);
    }
  }
  // dynamic and postponed buckets: which bucket a key belongs to is for an index file, or for a compaction, to say
  const bucket = (schema.options.bucket ?? '-1').trim();
  if (WRITING.includes(use) && schema.primaryKeys.length > 0 && (bucket === '-1' || bucket === '-2'))
    throw unsupported('bucket', `${bucket} with a primary key`, use);
}

function unsupported(key: string, value: string, use: Use): WeirError {
  const what = { read: 'read a table', stream: 'follow a table', write: 'write a table', create: 'make a table' }[use];
  return new WeirError('UNSUPPORTED', `weir cannot ${what} with ${key}=${value}`);
}

function refuseTypes(type: DataType, column: string): void {
  switch (type.kind) {
    case 'OTHER':
      throw new WeirError('UNSUPPORTED', `the column ${column} has the type ${type.text}, which weir does not write`);
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      if (type.precision > 6)
        throw new WeirError('UNSUPPORTED', `the column ${column} has a timestamp of precision ${type.precision}: weir writes up to 6`);
      return;
    case 'ARRAY':
    case 'MULTISET':
      refuseTypes(type.element, column);
      return;
    case 'MAP':
      refuseTypes(type.key, column);
      refuseTypes(type.value, column);
      return;
    case 'ROW':
      for (const field of type.fields) refuseTypes(field.type, `${column}.${field.name}`);
      return;
    default:
  }
}

const RESERVED_NAMES = ['_SEQUENCE_NUMBER', '_VALUE_KIND', '_LEVEL', 'rowkind', '_ROW_ID'];
const NESTED = ['ARRAY', 'MAP', 'MULTISET', 'ROW', 'OTHER'];

function checkKeys(schema: TableSchema): void {
  if (schema.fields.length === 0) throw invalid('a table needs a column');
  const names = new Set<string>();
  for (const { name } of schema.fields) {
    if (name === '' || names.has(name)) throw invalid(name === '' ? 'a column has no name' : `there are two columns ${name}`);
    if (name.startsWith('_KEY_') || RESERVED_NAMES.includes(name)) throw invalid(`the name ${name} is reserved`);
    names.add(name);
  }
  checkColumns(schema, schema.primaryKeys, 'primary key');
  checkColumns(schema, schema.partitionKeys, 'partition key');
  if (schema.primaryKeys.length > 0 && trimmedPrimaryKey(schema).length === 0) {
    throw invalid('the primary key needs a column that is no partition column');
  }
}

function checkColumns(schema: TableSchema, columns: readonly string[], what: string): void {
  for (const [i, column] of columns.entries()) {
    if (columns.indexOf(column) !== i) throw invalid(`${column} is twice in the ${what}`);
    const { kind } = fieldOf(schema, column).type;
    if (NESTED.includes(kind)) throw invalid(`the column ${column} of type ${kind} cannot be part of the ${what}`);
  }
}

function checkCombinations(schema: TableSchema): void {
  const { options } = schema;
  const keyed = schema.primaryKeys.length > 0;
  const bucket = parseInteger('bucket', options.bucket ?? '-1', -2);
  const named = parseList(options['bucket-key']);
  if (bucket === 0) throw invalid('bucket=0 is no number of buckets');
  if (bucket < 0 && named.length > 0) throw invalid('bucket-key needs a fixed number of buckets');
  if (bucket > 0 && !keyed && named.length === 0) throw invalid('an append table with buckets needs bucket-key');
  if (bucket === -2 && !keyed) throw invalid('bucket=-2 needs a primary key');
  if (keyed && bucket > 0 && schema.partitionKeys.some((key) => !schema.primaryKeys.includes(key))) {
    throw invalid('with a fixed number of buckets the primary key must contain the partition columns');
  }
  checkColumns(schema, bucket > 0 ? bucketKey(schema) : [], 'bucket key');
  for (const key of named) {
    if (schema.partitionKeys.includes(key)) throw invalid(`the partition column ${key} cannot be in bucket-key`);
    if (keyed && !schema.primaryKeys.includes(key)) throw invalid(`bucket-key: ${key} is not in the primary key`);
  }
  if (!keyed) {
    for (const key of ['changelog-producer', 'rowkind.field', 'sequence.field'] as const) {
      if (options[key] !== undefined && options[key] !== 'none') throw invalid(`${key} needs a primary key`);
    }
  }
  checkSequenceField(schema);
  const rowkind = options['rowkind.field'];
  if (rowkind !== undefined && !['CHAR', 'VARCHAR'].includes(fieldOf(schema, rowkind).type.kind))
    throw invalid('rowkind.field must be a text column');
  const least = parseInteger('snapshot.num-retained.min', options['snapshot.num-retained.min'] ?? '10', 1);
  const most = parseInteger('snapshot.num-retained.max', options['snapshot.num-retained.max'] ?? '2147483647', 1);
  if (most < least) throw invalid(`snapshot.num-retained.max=${most} is less than snapshot.num-retained.min=${least}`);
}

function checkSequenceField(schema: TableSchema): void {
  const columns = parseList(schema.options['sequence.field']);
  for (const [i, column] of columns.entries()) {
    if (columns.indexOf(column) !== i) throw invalid(`${column} is twice in sequence.field`);
    const { kind } = fieldOf(schema, column).type;
    if (NESTED.includes(kind)) throw invalid(`sequence.field: the column ${column} of type ${kind} has no order`);
    if (schema.options[`fields.${column}.aggregate-function`] !== undefined)
      throw invalid(`sequence.field: ${column} has an aggregate function`);
  }
}

function invalid(message: string): WeirError {
  return new WeirError('INVALID_ARGUMENT', message);
}
