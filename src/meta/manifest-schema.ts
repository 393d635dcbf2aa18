/**
 * The Avro schemas of manifests, manifest lists and index manifests: exactly what Paimon 1.4 writes
 * (format-spec/manifest). Names of records do not matter to readers, names and order of fields do.
 */
import type { AvroSchema } from '../format/avro-schema.js';

type Field = { name: string; type: AvroSchema; default?: null };

const required = (name: string, type: AvroSchema): Field => ({ name, type });
/** null first, and null by default: other readers insist */
const optional = (name: string, type: AvroSchema): Field => ({ name, type: ['null', type], default: null });
const record = (name: string, fields: Field[]): { [key: string]: unknown } => ({ type: 'record', name, fields });
const list = (items: AvroSchema): AvroSchema => ({ type: 'array', items });

const stats = (name: string) =>
  record(name, [required('_MIN_VALUES', 'bytes'), required('_MAX_VALUES', 'bytes'), optional('_NULL_COUNTS', list(['null', 'long']))]);

const top = (fields: Field[]): AvroSchema => ({
  type: 'record',
  name: 'record',
  namespace: 'org.apache.paimon.avro.generated',
  fields,
});

export const DATA_FILE_SCHEMA = record('record__FILE', [
  required('_FILE_NAME', 'string'),
  required('_FILE_SIZE', 'long'),
  required('_ROW_COUNT', 'long'),
  required('_MIN_KEY', 'bytes'),
  required('_MAX_KEY', 'bytes'),
  required('_KEY_STATS', stats('record__FILE__KEY_STATS')),
  required('_VALUE_STATS', stats('record__FILE__VALUE_STATS')),
  required('_MIN_SEQUENCE_NUMBER', 'long'),
  required('_MAX_SEQUENCE_NUMBER', 'long'),
  required('_SCHEMA_ID', 'long'),
  required('_LEVEL', 'int'),
  required('_EXTRA_FILES', list('string')),
  optional('_CREATION_TIME', { type: 'long', logicalType: 'timestamp-millis' }),
  optional('_DELETE_ROW_COUNT', 'long'),
  optional('_EMBEDDED_FILE_INDEX', 'bytes'),
  optional('_FILE_SOURCE', 'int'),
  optional('_VALUE_STATS_COLS', list('string')),
  optional('_EXTERNAL_PATH', 'string'),
  optional('_FIRST_ROW_ID', 'long'),
  optional('_WRITE_COLS', list('string')),
]);

export const MANIFEST_SCHEMA: AvroSchema = top([
  required('_VERSION', 'int'),
  required('_KIND', 'int'),
  required('_PARTITION', 'bytes'),
  required('_BUCKET', 'int'),
  required('_TOTAL_BUCKETS', 'int'),
  required('_FILE', DATA_FILE_SCHEMA),
]);

export const MANIFEST_LIST_SCHEMA: AvroSchema = top([
  required('_VERSION', 'int'),
  required('_FILE_NAME', 'string'),
  required('_FILE_SIZE', 'long'),
  required('_NUM_ADDED_FILES', 'long'),
  required('_NUM_DELETED_FILES', 'long'),
  required('_PARTITION_STATS', stats('record__PARTITION_STATS')),
  required('_SCHEMA_ID', 'long'),
  optional('_MIN_BUCKET', 'int'),
  optional('_MAX_BUCKET', 'int'),
  optional('_MIN_LEVEL', 'int'),
  optional('_MAX_LEVEL', 'int'),
  optional('_MIN_ROW_ID', 'long'),
  optional('_MAX_ROW_ID', 'long'),
]);
