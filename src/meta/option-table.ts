/**
 * Every table option weir knows, in one table: format-spec/options.md is made from it.
 *
 *   honoured         weir does what it says
 *   ignored-safely   weir may leave it aside: rows, changes and what other readers rely on do not depend on it, or it belongs
 *                    to a feature that another option refuses
 *   refused          weir does not do it, and going on would give other rows or another table: UNSUPPORTED (see
 *                    option-support) for the values that ask for it
 *
 * Options not in here are kept and mean nothing.
 */
export type OptionType = 'boolean' | 'integer' | 'number' | 'size' | 'duration' | 'columns' | 'text' | 'choice';
export type Handling = 'honoured' | 'ignored-safely' | 'refused';

export interface TableOption {
  /** `<f>` stands for a column, `<x>` for anything */
  readonly key: string;
  readonly type: OptionType;
  /** null = none */
  readonly default: string | null;
  readonly handling: Handling;
  readonly meaning: string;
  /** of type choice */
  readonly choices?: readonly string[];
  /** least integer */
  readonly least?: number;
  /** cannot change once the table has a snapshot */
  readonly fixed?: true;
}

type Extra = Pick<TableOption, 'choices' | 'least' | 'fixed'>;

const option =
  (handling: Handling) =>
  (key: string, type: OptionType, fallback: string | null, meaning: string, extra: Extra = {}): TableOption => ({
    key,
    type,
    default: fallback,
    handling,
    meaning,
    ...extra,
  });
const honoured = option('honoured');
const ignored = option('ignored-safely');
const refused = option('refused');
const fixed = { fixed: true } as const;
const unused = (feature: string) => `only with ${feature}`;

export const TABLE_OPTIONS: readonly TableOption[] = [
  // keys, buckets, kinds of tables
  honoured('bucket', 'integer', '-1', 'number of buckets; -1: none (append tables). A primary-key table weir creates has 1 unless told', {
    least: -2,
  }),
  honoured('bucket-key', 'columns', null, 'columns hashed for the bucket; default: the primary key without partition columns', fixed),
  honoured('bucket-function.type', 'choice', 'default', 'how a bucket is computed', { choices: ['default', 'mod', 'hive'], ...fixed }),
  ignored('bucket-append-ordered', 'boolean', 'true', 'weir always keeps the order of rows within a bucket'),
  honoured('primary-key', 'columns', null, "moved into the schema's primaryKeys at creation", fixed),
  honoured('partition', 'columns', null, "moved into the schema's partitionKeys at creation", fixed),
  refused('primary-key.nullable', 'boolean', 'false', 'nulls in primary keys', fixed),
  refused('type', 'choice', 'table', 'kind of table: weir has plain tables', {
    choices: ['table', 'format-table', 'materialized-table', 'object-table', 'lance-table', 'iceberg-table'],
    ...fixed,
  }),
  ignored('path', 'text', null, 'where the table is: the catalog knows'),
  refused('branch', 'text', 'main', 'a branch other than main: name the table `<table>$branch_<name>` to read one'),
  ignored('auto-create', 'boolean', 'false', 'create the storage on access'),

  // merging
  refused('merge-engine', 'choice', 'deduplicate', 'how rows of one key become one: weir has deduplicate', {
    choices: ['deduplicate', 'partial-update', 'aggregation', 'first-row'],
    ...fixed,
  }),
  honoured('ignore-delete', 'boolean', 'false', '-U and -D are dropped when written'),
  honoured('ignore-update-before', 'boolean', 'false', '-U is dropped when written'),
  honoured('sequence.field', 'columns', null, 'columns that order the rows of a key before the order of writing does'),
  honoured('sequence.field.sort-order', 'choice', 'ascending', 'which row of a key wins by sequence.field', {
    choices: ['ascending', 'descending'],
  }),
  refused('sequence.snapshot-ordering', 'boolean', 'false', 'snapshot ids order the rows of a key', fixed),
  refused('write.sequence-number-init-mode', 'choice', 'scan', 'where a writer gets its first sequence number from', {
    choices: ['scan', 'snapshot'],
  }),
  honoured('rowkind.field', 'text', null, 'column that holds the kind of a row (+I -U +U -D)', fixed),
  ignored('partial-update.remove-record-on-delete', 'boolean', 'false', unused('merge-engine=partial-update'), fixed),
  ignored('partial-update.remove-record-on-sequence-group', 'text', null, unused('merge-engine=partial-update'), fixed),
  ignored('aggregation.remove-record-on-delete', 'boolean', 'false', unused('merge-engine=aggregation'), fixed),
  ignored('fields.default-aggregate-function', 'text', null, unused('merge-engine=aggregation')),
  ignored('fields.<f>.aggregate-function', 'text', null, unused('merge-engine=aggregation or partial-update')),
  ignored('fields.<f>.ignore-retract', 'boolean', 'false', unused('merge-engine=aggregation or partial-update')),
  ignored('fields.<f>.distinct', 'boolean', 'false', unused('merge-engine=aggregation or partial-update')),
  ignored('fields.<f>.list-agg-delimiter', 'text', ',', unused('merge-engine=aggregation or partial-update')),
  ignored('fields.<f>.nested-key', 'text', null, unused('merge-engine=aggregation or partial-update')),
  ignored('fields.<f>.nested-sequence-field', 'text', null, unused('merge-engine=aggregation or partial-update')),
  ignored('fields.<f>.nested-key-null-strategy', 'text', null, unused('merge-engine=aggregation or partial-update')),
  ignored('fields.<f>.count-limit', 'integer', null, unused('merge-engine=aggregation or partial-update')),
  ignored('fields.<f>.ts-field', 'text', null, unused('merge-engine=aggregation or partial-update')),
  ignored('fields.<f>.sequence-group', 'columns', null, unused('merge-engine=partial-update')),
  refused('fields.<f>.map.storage-layout', 'choice', 'default', 'how a MAP lies in its file', { choices: ['default', 'shared-shredding'] }),

  // changes
  refused('changelog-producer', 'choice', 'none', 'where changes come from: weir writes none and input', {
    choices: ['none', 'input', 'full-compaction', 'lookup'],
  }),
  ignored('changelog-producer.row-deduplicate', 'boolean', 'false', unused('the producers lookup and full-compaction')),
  ignored('changelog-producer.row-deduplicate-ignore-fields', 'columns', null, unused('the producers lookup and full-compaction')),
  ignored('full-compaction.delta-commits', 'integer', null, 'compact fully every n commits: weir compacts by its triggers'),
  ignored('lookup-wait', 'boolean', 'true', unused('the producer lookup')),
  ignored('lookup-compact', 'choice', 'radical', unused('the producer lookup'), { choices: ['radical', 'gentle'] }),
  ignored('lookup-compact.max-interval', 'integer', null, unused('the producer lookup')),
  ignored('force-lookup', 'boolean', 'false', 'which compaction Java uses', fixed),
  ignored('delete.force-produce-changelog', 'boolean', 'false', 'Java SQL deletes'),
  refused(
    'deletion-vectors.enabled',
    'boolean',
    'false',
    'deleted rows are marked in bitmaps: weir reads such tables, and does not write them',
    fixed,
  ),
  ignored('deletion-vectors.bitmap64', 'boolean', 'false', 'the form of new deletion vectors: weir reads both'),
  honoured('deletion-vectors.merge-on-read', 'boolean', 'false', 'with deletion vectors, too, reads see level 0 and merge'),
  ignored('deletion-vectors.modifiable', 'boolean', 'false', unused('deletion vectors')),
  ignored('deletion-vector.index-file.target-size', 'size', '2 mb', unused('deletion vectors')),

  // data files
  refused(
    'file.format',
    'choice',
    'parquet',
    'format of new data files: weir writes Parquet (files of any table are read by their extension)',
    {
      choices: ['parquet', 'orc', 'avro', 'csv', 'json', 'text', 'lance', 'blob'],
    },
  ),
  refused('file.format.per.level', 'text', null, 'format by level: weir writes Parquet'),
  honoured(
    'file.compression',
    'text',
    'zstd',
    'codec of data files: zstd, snappy, gzip, lz4, none. Tables weir creates have snappy unless told',
  ),
  ignored('file.compression.per.level', 'text', null, 'codec by level'),
  honoured('file.compression.zstd-level', 'integer', '1', 'level of zstd, for manifests too', { least: 1 }),
  ignored('file.block-size', 'size', null, "size of row groups: weir's have a number of rows"),
  honoured('file.suffix.include.compression', 'boolean', 'false', 'the codec in names of data files'),
  honoured('data-file.prefix', 'text', 'data-', 'how names of data files begin'),
  honoured('changelog-file.prefix', 'text', 'changelog-', 'how names of changelog files begin'),
  honoured('data-file.path-directory', 'text', null, 'directory under the table for partitions and buckets', fixed),
  ignored('data-file.thin-mode', 'boolean', 'false', 'leave key columns out of files: weir always writes them, nobody reads them back'),
  ignored('data-file.external-paths', 'text', null, "roots elsewhere for new files: weir's are in the table; files elsewhere are read"),
  ignored('data-file.external-paths.strategy', 'text', 'none', 'see data-file.external-paths'),
  refused('changelog-file.format', 'text', null, 'format of changelog files: weir writes Parquet'),
  honoured('changelog-file.compression', 'text', null, 'codec of changelog files; default: that of data files'),
  ignored('changelog-file.stats-mode', 'text', null, 'statistics of changelog files'),
  honoured('index-file-in-data-file-dir', 'boolean', 'false', 'index files are beside the data files', fixed),
  ignored('file-index.<x>.columns', 'columns', null, 'weir writes no file index'),
  ignored('file-index.<x>', 'text', null, 'weir writes no file index'),
  ignored('file-index.in-manifest-threshold', 'size', '500 b', 'weir writes no file index'),
  honoured('file-index.read.enabled', 'boolean', 'true', 'look into file indexes (bloom-filter, bitmap) to leave out files'),
  honoured('parquet.enable.dictionary', 'boolean', 'true', 'dictionaries in Parquet files'),
  ignored('parquet.<x>', 'text', null, "settings of Java's Parquet writer"),
  ignored('orc.<x>', 'text', null, "settings of Java's ORC writer"),
  ignored('avro.<x>', 'text', null, "settings of Java's Avro writer"),
  ignored('read.batch-size', 'integer', '1024', 'rows of a batch in Java'),
  ignored('write.batch-size', 'integer', '1024', 'rows of a batch in Java'),
  honoured('target-file-size', 'size', null, 'files are closed at this size; default: 128 mb with a primary key, else 256 mb'),
  honoured('target-file-row-num', 'integer', null, 'files are closed at this many rows', { least: 1 }),

  // statistics
  honoured('metadata.stats-mode', 'text', 'truncate(16)', 'statistics of columns: none, counts, truncate(n), full'),
  honoured('metadata.stats-mode.per.level', 'text', null, 'the same by level: `0:none,5:full`'),
  honoured('fields.<f>.stats-mode', 'text', null, 'the same of one column, before all others'),
  honoured('metadata.stats-dense-store', 'boolean', 'true', 'leave columns without statistics out'),
  ignored('metadata.stats-keep-first-n-columns', 'integer', '-1', 'statistics of the first columns only'),

  // manifests
  honoured('manifest.compression', 'text', 'zstd', 'codec of manifests: zstd, snappy, deflate, null'),
  honoured('manifest.target-file-size', 'size', '8 mb', 'manifests are closed, and merged up to, this size'),
  honoured(
    'manifest.full-compaction-threshold-size',
    'size',
    '16 mb',
    'rewrite all manifests when those with deletions and the small ones reach this',
  ),
  honoured('manifest.merge-min-count', 'integer', '30', 'merge small manifests when there are this many', { least: 1 }),
  refused('manifest.format', 'text', 'avro', 'format of manifests: Avro'),
  ignored('manifest.delete-file-drop-stats', 'boolean', 'false', 'statistics of deleted files'),
  ignored('manifest.merge-optimize.enabled', 'boolean', 'true', 'how Java merges manifests'),
  ignored('manifest-sort.enabled', 'boolean', 'false', 'sort merged manifests by partition'),
  ignored('manifest-sort.partition-field', 'text', null, 'sort merged manifests by partition'),
  ignored('manifest-sort.max-rewrite-size', 'size', '256 mb', 'sort merged manifests by partition'),

  // partitions
  honoured('partition.default-name', 'text', '__DEFAULT_PARTITION__', 'directory name of a null or blank partition value'),
  honoured('partition.legacy-name', 'boolean', 'true', "directory names as Java's toString gives them (a DATE is a number of days)"),
  honoured('dynamic-partition-overwrite', 'boolean', 'true', 'an overwrite replaces the partitions it writes to'),
  ignored('overwrite-upgrade', 'boolean', 'true', 'where Java puts files of an overwrite'),
  refused('partition.expiration-time', 'duration', null, 'drop old partitions'),
  ignored('partition.expiration-strategy', 'text', 'values-time', unused('partition.expiration-time')),
  ignored('partition.expiration-check-interval', 'duration', '1 h', unused('partition.expiration-time')),
  ignored('partition.expiration-max-num', 'integer', '100', unused('partition.expiration-time')),
  ignored('partition.timestamp-formatter', 'text', null, unused('partition.expiration-time')),
  ignored('partition.timestamp-pattern', 'text', null, unused('partition.expiration-time')),

  // buckets that weir refuses
  ignored('dynamic-bucket.target-row-num', 'integer', '2000000', unused('bucket=-1 and a primary key')),
  ignored('dynamic-bucket.initial-buckets', 'integer', null, unused('bucket=-1 and a primary key'), fixed),
  ignored('dynamic-bucket.max-buckets', 'integer', '-1', unused('bucket=-1 and a primary key')),
  ignored('dynamic-bucket.assigner-parallelism', 'integer', null, unused('bucket=-1 and a primary key')),
  ignored('cross-partition-upsert.index-ttl', 'duration', null, unused('bucket=-1 and a primary key')),
  ignored('postpone.batch-write-fixed-bucket', 'boolean', 'true', unused('bucket=-2')),
  ignored('postpone.default-bucket-num', 'integer', null, unused('bucket=-2')),
  ignored('postpone.target-size-per-bucket', 'size', '1 gb', unused('bucket=-2')),
  ignored('postpone.target-row-num-per-bucket', 'integer', null, unused('bucket=-2')),
  refused('postpone.merge-on-read', 'boolean', 'false', 'batch reads merge what is postponed'),

  // writing and compacting
  honoured(
    'log.enabled',
    'boolean',
    'false',
    "commits go to the table's log (weir alone reads it) and reach a snapshot at intervals; a table weir creates has `true` unless told",
  ),
  honoured('log.id', 'text', null, 'names the directory of the log; made when the log is first enabled'),
  honoured('snapshot.interval', 'duration', '10 s', "how often a writer puts the log's new rows into a snapshot"),
  honoured('log.linger', 'duration', '0 ms', 'how long a commit waits for others to share its slot'),
  honoured('log.inline-max', 'size', '1 mb', 'larger commits stand beside their slot'),
  honoured('log.pending-max', 'size', '256 mb', 'rows in the log and in no snapshot yet, above which writers wait'),
  honoured('log.bulk-min', 'size', '64 mb', 'larger commits go past the log, straight into a snapshot; 0: none does'),
  honoured('log.retention', 'duration', '1 h', 'slots stay this long after a snapshot holds them; two minutes at least'),
  honoured('log.retained-slots', 'integer', '100000', 'slots that a snapshot holds stay at most this many, but two minutes at least', {
    least: 1,
  }),
  honoured('log.retention.max', 'duration', '1 d', 'how long a registered consumer can hold slots'),
  honoured('log.user-retention', 'duration', '7 d', 'commit users that did nothing for so long are forgotten'),
  honoured('log.compaction', 'boolean', 'true', 'whoever puts the log into a snapshot compacts too, whatever write-only says'),
  honoured('write-only', 'boolean', 'false', 'writers neither compact nor expire; a table weir creates with a log has `true` unless told'),
  honoured('write-buffer-size', 'size', '256 mb', 'memory of a writer; beyond it sorted files of level 0 are written early'),
  ignored('write-buffer-spillable', 'boolean', 'true', 'weir writes files of level 0 instead of spilling'),
  honoured('num-levels', 'integer', null, 'levels of the tree; default: compaction trigger + 1', { least: 2 }),
  honoured('num-sorted-run.compaction-trigger', 'integer', '5', 'sorted runs at which a bucket is compacted', { least: 1 }),
  honoured('num-sorted-run.stop-trigger', 'integer', null, 'sorted runs at which writing waits; default: compaction trigger + 3', {
    least: 1,
  }),
  honoured('compaction.max-size-amplification-percent', 'integer', '200', 'newer runs against the oldest before a full compaction', {
    least: 0,
  }),
  honoured('compaction.size-ratio', 'integer', '1', 'percent by which a next run may be larger and still join', { least: 0 }),
  honoured('compaction.small-file-ratio', 'number', '0.7', 'of target-file-size: what is a small file'),
  honoured('compaction.min.file-num', 'integer', '5', 'small files of an append table worth compacting', { least: 1 }),
  ignored('compaction.offpeak.start.hour', 'integer', '-1', 'other ratio at night'),
  ignored('compaction.offpeak.end.hour', 'integer', '-1', 'other ratio at night'),
  ignored('compaction.offpeak-ratio', 'integer', '0', 'other ratio at night'),
  ignored('compaction.optimization-interval', 'duration', null, 'periodic full compaction'),
  ignored('compaction.total-size-threshold', 'size', null, 'early full compaction'),
  ignored('compaction.incremental-size-threshold', 'size', null, 'early full compaction'),
  ignored('compaction.force-up-level-0', 'boolean', 'false', 'level 0 is part of every compaction'),
  ignored('compaction.force-rewrite-all-files', 'boolean', 'false', 'a full compaction rewrites everything'),
  ignored('compaction.file-num-limit', 'integer', '100000', 'files of one append compaction'),
  ignored('compaction.delete-ratio-threshold', 'number', '0.2', unused('deletion vectors')),
  ignored('compaction.skip-expired-partitions', 'boolean', 'false', unused('partition.expiration-time')),

  // committing
  honoured('commit.fsync', 'boolean', 'true', "weir's own: a commit survives a power loss before it returns"),
  honoured('commit.force-compact', 'boolean', 'false', 'a commit waits for the compaction it asks for'),
  refused('commit.callbacks', 'text', null, 'Java classes to run with each commit'),
  refused('metadata.iceberg.storage', 'text', 'disabled', 'metadata for Iceberg, made by each commit'),
  refused('upsert-key', 'columns', null, 'an insert replaces rows of an append table'),
  ignored('commit.force-create-snapshot', 'boolean', 'false', 'snapshots of commits without data'),
  honoured('commit.max-retries', 'integer', '10', 'attempts after the first', { least: 0 }),
  honoured('commit.min-retry-wait', 'duration', '10 ms', 'first wait between attempts'),
  honoured('commit.max-retry-wait', 'duration', '10 s', 'longest wait between attempts'),
  honoured('commit.timeout', 'duration', null, 'when to stop trying'),
  ignored('commit.discard-duplicate-files', 'boolean', 'false', 'files committed twice'),
  refused('commit.strict-mode.last-safe-snapshot', 'integer', null, 'fail when others changed the table since'),
  honoured('commit.user-prefix', 'text', null, 'how generated commit users begin'),
  ignored('snapshot.ignore-empty-commit', 'boolean', null, 'weir makes no snapshot of a commit without data'),

  // keeping and expiring
  honoured('snapshot.num-retained.min', 'integer', '10', 'snapshots that stay whatever their age', { least: 1 }),
  honoured('snapshot.num-retained.max', 'integer', '2147483647', 'snapshots that may stay', { least: 1 }),
  honoured('snapshot.time-retained', 'duration', '1 h', 'how long snapshots stay'),
  honoured('snapshot.expire.limit', 'integer', '50', 'snapshots that expire at once', { least: 1 }),
  ignored('snapshot.expire.execution-mode', 'choice', 'sync', 'where expiry runs in Java', { choices: ['sync', 'async'] }),
  ignored('snapshot.clean-empty-directories', 'boolean', 'false', 'empty directories after expiry'),
  refused(
    'changelog.num-retained.min',
    'integer',
    null,
    'keep changes longer than snapshots: such changes are read, the table is not written',
  ),
  refused(
    'changelog.num-retained.max',
    'integer',
    null,
    'keep changes longer than snapshots: such changes are read, the table is not written',
  ),
  refused(
    'changelog.time-retained',
    'duration',
    null,
    'keep changes longer than snapshots: such changes are read, the table is not written',
  ),
  refused('tag.automatic-creation', 'choice', 'none', 'tags made by committers', {
    choices: ['none', 'process-time', 'watermark', 'batch'],
  }),
  refused('tag.callbacks', 'text', null, 'Java classes to run with each tag'),
  ignored('tag.creation-period', 'text', 'daily', unused('tag.automatic-creation')),
  ignored('tag.creation-delay', 'duration', '0 ms', unused('tag.automatic-creation')),
  ignored('tag.period-formatter', 'text', 'with_dashes', unused('tag.automatic-creation')),
  ignored('tag.num-retained-max', 'integer', null, unused('tag.automatic-creation')),
  ignored('tag.default-time-retained', 'duration', null, unused('tag.automatic-creation')),
  ignored('tag.time-expire-enabled', 'boolean', 'true', 'delete old tags'),
  ignored('consumer-id', 'text', null, 'an argument of reading'),
  ignored('consumer.mode', 'choice', 'exactly-once', "Java's readers", { choices: ['exactly-once', 'at-least-once'] }),
  ignored('consumer.expiration-time', 'duration', null, 'forget consumers that stand still'),
  ignored('consumer.ignore-progress', 'boolean', 'false', "Java's readers"),
  ignored('consumer.changelog-only', 'boolean', 'false', 'consumers always keep whole snapshots'),

  // reading
  refused('scan.mode', 'text', 'default', 'where to begin is an argument of reading; a table bound to a place is not read'),
  refused('scan.snapshot-id', 'text', null, 'the state to read is an argument of reading; a table bound to one is not read'),
  refused('scan.tag-name', 'text', null, 'as scan.snapshot-id'),
  refused('scan.version', 'text', null, 'as scan.snapshot-id'),
  refused('scan.watermark', 'text', null, 'as scan.snapshot-id'),
  refused('scan.timestamp', 'text', null, 'as scan.snapshot-id'),
  refused('scan.timestamp-millis', 'text', null, 'as scan.snapshot-id'),
  refused('scan.creation-time-millis', 'text', null, 'as scan.snapshot-id'),
  refused('scan.file-creation-time-millis', 'text', null, 'as scan.snapshot-id'),
  refused('scan.bounded.watermark', 'text', null, 'end of a stream is an argument of reading'),
  refused('scan.fallback-snapshot-branch', 'text', null, 'read missing partitions from another branch'),
  refused('scan.fallback-delta-branch', 'text', null, 'read missing partitions from another branch'),
  ignored('scan.<x>', 'text', null, 'how scans of Java and Flink run'),
  refused('batch-scan-mode', 'text', 'none', "internal to Java's compaction jobs"),
  refused('stream-scan-mode', 'text', 'none', "internal to Java's compaction jobs"),
  refused('query-auth.enabled', 'boolean', 'false', 'the catalog filters rows and masks columns'),
  refused('scan.fallback-branch', 'text', null, 'read missing partitions from another branch'),
  refused('scan.primary-branch', 'text', null, 'read partitions from another branch first'),
  refused('incremental-between', 'text', null, 'an argument of reading; a table bound to it is not read'),
  refused('incremental-between-timestamp', 'text', null, 'as incremental-between'),
  ignored('incremental-between-<x>', 'text', null, unused('incremental-between')),
  refused('incremental-to-auto-tag', 'text', null, 'as incremental-between'),
  refused('streaming-read-overwrite', 'boolean', 'false', 'overwrites as changes'),
  refused('streaming-read-append-overwrite', 'boolean', 'false', 'overwrites as changes'),
  honoured('continuous.discovery-interval', 'duration', '10 s', 'how often a stream looks for the next snapshot'),
  honoured('source.split.target-size', 'size', '128 mb', 'size of the parts a scan is read in'),
  honoured('source.split.open-file-cost', 'size', '4 mb', 'what a file counts at least for them'),
  ignored('scan.plan-sort-partition', 'boolean', 'false', 'order of partitions'),
  refused('record-level.expire-time', 'duration', null, 'rows that vanish by age'),
  ignored('record-level.time-field', 'text', null, unused('record-level.expire-time')),

  // kinds of tables weir does not have
  refused('row-tracking.enabled', 'boolean', 'false', 'ids of rows', fixed),
  ignored('row-tracking.partition-group-on-commit', 'boolean', 'true', unused('row-tracking.enabled')),
  refused('data-evolution.enabled', 'boolean', 'false', 'files with some of the columns', fixed),
  refused('blob-field', 'columns', null, 'columns in files of their own', fixed),
  refused('blob-descriptor-field', 'columns', null, 'columns that refer to other files', fixed),
  refused('blob-external-storage-field', 'columns', null, 'columns that refer to other files', fixed),
  refused('vector-field', 'columns', null, 'columns in files of their own', fixed),
  ignored('blob-as-descriptor', 'boolean', 'false', unused('blob-field'), fixed),
  refused('pk-clustering-override', 'boolean', 'false', 'files sorted by other columns than the key', fixed),
  refused('chain-table.enabled', 'boolean', 'false', 'tables over tables'),
  ignored('clustering.columns', 'columns', null, 'sort append tables when compacting'),
  ignored('clustering.strategy', 'text', 'auto', unused('clustering.columns')),
  ignored('clustering.incremental', 'boolean', 'false', unused('clustering.columns')),

  // changing the schema
  honoured('alter-column-null-to-not-null.disabled', 'boolean', 'true', 'a nullable column stays nullable'),
  honoured('disable-explicit-type-casting', 'boolean', 'false', 'only casts that lose nothing'),
];

const exact = new Map(TABLE_OPTIONS.filter(({ key }) => !key.includes('<')).map((each) => [each.key, each]));
const patterns = TABLE_OPTIONS.filter(({ key }) => key.includes('<')).map((each) => ({
  option: each,
  pattern: new RegExp(`^${each.key.replaceAll('.', '\\.').replace(/<\w>/, '.+')}$`),
}));

/** What is known of a key; undefined for keys weir has never heard of. */
export function optionOf(key: string): TableOption | undefined {
  return exact.get(key) ?? patterns.find(({ pattern }) => pattern.test(key))?.option;
}

/** The default of an option that has one. */
export function defaultOf(key: string): string {
  const fallback = exact.get(key)?.default;
  if (fallback === undefined || fallback === null) throw new Error(`the option ${key} has no default`);
  return fallback;
}
