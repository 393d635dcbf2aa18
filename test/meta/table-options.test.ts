import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { optionOf, TABLE_OPTIONS } from '../../src/meta/option-table.js';
import { parseDuration, parseInteger, parseList, parseSize } from '../../src/meta/option-values.js';
import { TableOptions, validateForCreate, validateForRead, validateForStream, validateForWrite } from '../../src/meta/table-options.js';
import type { TableSchema } from '../../src/meta/table-schema.js';
import { goldenTables } from '../support/golden.js';
import { optionsPage } from '../support/options-page.js';
import { schemaOf } from './samples.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const keyed = (options: Record<string, string> = {}, change: Partial<TableSchema> = {}) =>
  schemaOf(
    { id: 'INT NOT NULL', dt: 'STRING NOT NULL', op: 'STRING', ts: 'TIMESTAMP(3)', a: 'ARRAY<INT>' },
    { primaryKeys: ['id'], options: { bucket: '1', ...options }, ...change },
  );
const append = (options: Record<string, string> = {}, change: Partial<TableSchema> = {}) =>
  schemaOf({ id: 'INT', s: 'STRING', a: 'ARRAY<INT>' }, { options, ...change });

describe('values of options', () => {
  it('are sizes, durations, integers and lists', () => {
    expect(['128 mb', '8kb', '1g', '500 b', '7', '2 TB'].map((size) => parseSize('k', size))).toEqual([
      134217728, 8192, 1073741824, 500, 7, 2199023255552,
    ]);
    expect(['10 s', '1 h', '5 min', '200 ms', '3', '1 d', '2m', '500 µs'].map((time) => parseDuration('k', time))).toEqual([
      10000, 3600000, 300000, 200, 3, 86400000, 120000, 0.5,
    ]);
    expect(parseList(' a, b ,,c')).toEqual(['a', 'b', 'c']);
    expect(parseInteger('k', ' -7 ')).toBe(-7);
    for (const bad of ['', 'x', '1 parsec', '-1 mb', '1.5 mb']) expect(() => parseSize('the-key', bad)).toThrow(/the-key/);
    for (const bad of ['', '1 fortnight', 'h']) expect(() => parseDuration('the-key', bad)).toThrow(code('INVALID_ARGUMENT'));
    for (const bad of ['', '1.5', '2147483648', 'true']) expect(() => parseInteger('the-key', bad)).toThrow(code('INVALID_ARGUMENT'));
  });
});

describe('TableOptions', () => {
  it("have Paimon's defaults", () => {
    const options = new TableOptions({});
    expect(options).toMatchObject({
      bucket: -1,
      mergeEngine: 'deduplicate',
      changelogProducer: 'none',
      targetFileSize_bytes: 128 << 20,
      writeBufferSize_bytes: 256 << 20,
      numLevels: 6,
      compactionTrigger: 5,
      stopTrigger: 8,
      maxSizeAmplificationPercent: 200,
      sizeRatio: 1,
      smallFileRatio: 0.7,
      manifestCompression: 'zstd',
      manifestTargetSize_bytes: 8 << 20,
      manifestFullCompactionThreshold_bytes: 16 << 20,
      manifestMergeMinCount: 30,
      commitMaxRetries: 10,
      commitMinRetryWait_ms: 10,
      commitMaxRetryWait_ms: 10000,
      commitTimeout_ms: undefined,
      commitFsync: true,
      commitUserPrefix: '',
      snapshotNumRetainedMin: 10,
      snapshotNumRetainedMax: 2147483647,
      snapshotTimeRetained_ms: 3600000,
      snapshotExpireLimit: 50,
      discoveryInterval_ms: 10000,
      sequenceFields: [],
      sequenceAscending: true,
      rowkindField: undefined,
      fileCompression: 'zstd',
      changelogFileCompression: 'zstd',
      partitionLegacyName: true,
      targetFileRows: Number.POSITIVE_INFINITY,
    });
    expect(new TableOptions({}, { append: true }).targetFileSize_bytes).toBe(256 << 20);
  });

  it('take what the table says', () => {
    const options = new TableOptions({
      bucket: '4',
      'sequence.field': 'a, b',
      'sequence.field.sort-order': 'DESCENDING',
      'num-sorted-run.compaction-trigger': '3',
      'file.compression': 'Snappy',
      'write-only': 'TRUE',
      'commit.timeout': '5 s',
      'commit.user-prefix': 'job',
    });
    expect(options).toMatchObject({
      bucket: 4,
      sequenceFields: ['a', 'b'],
      sequenceAscending: false,
      numLevels: 4,
      stopTrigger: 6,
      fileCompression: 'snappy',
      changelogFileCompression: 'snappy',
      writeOnly: true,
      commitTimeout_ms: 5000,
      commitUserPrefix: 'job_',
    });
  });

  it('choose the stats mode of the column, the level, the table', () => {
    const options = new TableOptions({ 'fields.a.stats-mode': 'full', 'metadata.stats-mode.per.level': '0:none,5:counts' });
    expect(options.statsMode('a', 0)).toBe('full');
    expect(options.statsMode('b', 0)).toBe('none');
    expect(options.statsMode('b', 5)).toBe('counts');
    expect(options.statsMode('b', 1)).toBe('truncate(16)');
    expect(options.statsMode('b')).toBe('truncate(16)');
  });

  it('name the option that cannot be read, when it is asked for', () => {
    const options = new TableOptions({ 'write-buffer-size': 'huge', 'changelog-producer': 'magic' });
    expect(() => options.writeBufferSize_bytes).toThrow(/write-buffer-size/);
    expect(() => options.changelogProducer).toThrow(/changelog-producer.*none, input/);
    expect(options.bucket).toBe(-1);
  });
});

describe('what weir refuses', () => {
  it.each([
    ['merge-engine', 'partial-update'],
    ['merge-engine', 'first-row'],
    ['type', 'format-table'],
    ['branch', 'dev'],
    ['scan.fallback-branch', 'x'],
    ['sequence.snapshot-ordering', 'true'],
    ['pk-clustering-override', 'true'],
    ['data-evolution.enabled', 'true'],
    ['record-level.expire-time', '1 d'],
    ['fields.m.map.storage-layout', 'shared-shredding'],
    ['scan.fallback-snapshot-branch', 'x'],
    ['scan.fallback-delta-branch', 'x'],
    ['query-auth.enabled', 'true'],
    ['postpone.merge-on-read', 'true'],
    ['blob-field', 'b'],
    ['blob-descriptor-field', 'b'],
    ['vector-field', 'v'],
    ['manifest.format', 'parquet'],
    ['chain-table.enabled', 'true'],
  ])('to read or write: %s=%s', (key, value) => {
    const schema = keyed({ [key]: value });
    for (const validate of [validateForRead, validateForStream, validateForWrite, validateForCreate])
      expect(() => validate(schema)).toThrow(code('UNSUPPORTED'));
    expect(() => validateForRead(schema)).toThrow(key);
  });

  it.each([
    ['deletion-vectors.enabled', 'true'],
    ['changelog-producer', 'lookup'],
    ['changelog-producer', 'full-compaction'],
    ['bucket', '-1'],
    ['bucket', '-2'],
    ['file.format', 'orc'],
    ['file.format.per.level', '0:avro,5:parquet'],
    ['changelog-file.format', 'avro'],
    ['partition.expiration-time', '7 d'],
    ['changelog.time-retained', '1 d'],
    ['tag.automatic-creation', 'process-time'],
    ['write.sequence-number-init-mode', 'snapshot'],
    ['primary-key.nullable', 'true'],
    ['upsert-key', 'id'],
    ['commit.callbacks', 'com.example.Notify'],
    ['tag.callbacks', 'com.example.Notify'],
    ['metadata.iceberg.storage', 'table-location'],
  ])('to write, but reads: %s=%s', (key, value) => {
    const schema = keyed({ [key]: value });
    expect(() => validateForRead(schema)).not.toThrow();
    expect(() => validateForWrite(schema)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining(`${key}=${value}`) }),
    );
    expect(() => validateForCreate(schema)).toThrow(code('UNSUPPORTED'));
  });

  it.each([
    ['scan.snapshot-id', '3'],
    ['scan.tag-name', 't'],
    ['scan.version', '3'],
    ['scan.watermark', '1'],
    ['scan.timestamp', '2024-01-01'],
    ['scan.timestamp-millis', '1'],
    ['scan.creation-time-millis', '1'],
    ['scan.file-creation-time-millis', '1'],
    ['scan.mode', 'from-snapshot'],
    ['scan.mode', 'compacted-full'],
    ['incremental-between', '1,3'],
    ['incremental-between-timestamp', '1,3'],
    ['incremental-to-auto-tag', '2024-01-01'],
    ['batch-scan-mode', 'compact'],
  ])('to read a table bound to a state: %s=%s', (key, value) => {
    const schema = keyed({ [key]: value });
    const message = expect.stringContaining(`${key}=${value}`);
    expect(() => validateForRead(schema)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED', message }));
    expect(() => validateForStream(schema)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED', message }));
    expect(() => validateForWrite(schema)).not.toThrow();
  });

  it('to follow tables whose changes it would tell wrongly', () => {
    expect(() => validateForStream(keyed({ 'streaming-read-overwrite': 'true' }))).toThrow(code('UNSUPPORTED'));
    for (const producer of ['none', 'input', 'lookup', 'full-compaction'])
      expect(() => validateForStream(keyed({ 'changelog-producer': producer }))).not.toThrow();
  });

  it('to write types it only reads', () => {
    for (const type of ['TIMESTAMP(9)', 'ARRAY<TIMESTAMP(7)>', 'ROW<x MAP<INT, TIMESTAMP(9)>>', 'VARIANT']) {
      const schema = schemaOf({ a: 'INT', b: type });
      expect(() => validateForRead(schema)).not.toThrow();
      expect(() => validateForWrite(schema), type).toThrow(code('UNSUPPORTED'));
    }
  });

  it('nothing of what it can do', () => {
    const fine = {
      'changelog-producer': 'input',
      'sequence.field': 'ts,id',
      'rowkind.field': 'op',
      'merge-engine': 'deduplicate',
      'scan.mode': 'latest-full',
      'scan.parallelism': '4',
      'metadata.iceberg.storage': 'disabled',
      'deletion-vectors.enabled': 'false',
      'my.own': 'thing',
    };
    for (const validate of [validateForRead, validateForStream, validateForWrite, validateForCreate]) {
      validate(keyed(fine));
      validate(append());
      validate(append({ bucket: '3', 'bucket-key': 's' }));
      validate(keyed({}, { partitionKeys: ['dt'], primaryKeys: ['dt', 'id'] }));
    }
  });

  it('none of the golden tables that use what it has, and the others', () => {
    const readable =
      /^(append_|pk_dedup|pk_key_|pk_compkey|pk_part$|pk_seqfield|pk_rowkind|pk_ignore|pk_manifests|evolve_|comp_|nested_(parquet|pk)|pk_empty|pk_dv(?!_partial)|pk_lookup|pk_fullcomp|pk_dynamic|pk_postpone)/;
    for (const { name, meta } of goldenTables()) {
      const schema = schemaOf({}, { options: meta.options, primaryKeys: meta.primaryKeys });
      const refused = /partial|agg|first/.test(name);
      if (readable.test(name)) expect(() => validateForRead(schema), name).not.toThrow();
      if (refused) expect(() => validateForRead(schema), name).toThrow(code('UNSUPPORTED'));
    }
  });
});

describe('what Paimon forbids', () => {
  it.each<[string, TableSchema]>([
    ['bucket=0', append({ bucket: '0' })],
    ['bucket-key without buckets', append({ 'bucket-key': 's' })],
    ['buckets without a key', append({ bucket: '2' })],
    ['bucket=-2 without a primary key', append({ bucket: '-2' })],
    ['a nested bucket key', append({ bucket: '2', 'bucket-key': 'a' })],
    ['a bucket key outside of the primary key', keyed({ 'bucket-key': 'dt' })],
    ['a partition column as bucket key', keyed({ 'bucket-key': 'dt' }, { partitionKeys: ['dt'], primaryKeys: ['dt', 'id'] })],
    ['a partition outside of the primary key', keyed({}, { partitionKeys: ['dt'] })],
    ['a primary key of partition columns', keyed({}, { partitionKeys: ['id'] })],
    ['a primary key twice', keyed({}, { primaryKeys: ['id', 'id'] })],
    ['a nested primary key', keyed({}, { primaryKeys: ['a'] })],
    ['an unknown primary key', keyed({}, { primaryKeys: ['nope'] })],
    ['a changelog without a primary key', append({ 'changelog-producer': 'input' })],
    ['sequence.field without a primary key', append({ 'sequence.field': 'id' })],
    ['sequence.field of no column', keyed({ 'sequence.field': 'nope' })],
    ['sequence.field twice', keyed({ 'sequence.field': 'ts,ts' })],
    ['sequence.field of an array', keyed({ 'sequence.field': 'a' })],
    ['rowkind.field of a number', keyed({ 'rowkind.field': 'id' })],
    ['more snapshots at least than at most', append({ 'snapshot.num-retained.min': '5', 'snapshot.num-retained.max': '4' })],
    ['a reserved name', schemaOf({ _SEQUENCE_NUMBER: 'INT' })],
    ['a reserved prefix', schemaOf({ _KEY_a: 'INT' })],
    ['no column', schemaOf({})],
    ['a bad boolean', append({ 'write-only': 'maybe' })],
    ['a bad size', append({ 'target-file-size': 'large' })],
    ['a bad choice', keyed({ 'merge-engine': 'magic' })],
    ['a bad stats mode', append({ 'fields.s.stats-mode': 'truncate(x)' })],
    ['a number too small', append({ 'num-levels': '1' })],
  ])('%s', (_, schema) => {
    expect(() => validateForCreate(schema)).toThrow(code('INVALID_ARGUMENT'));
  });
});

describe('the table of options', () => {
  it('knows keys with names in them', () => {
    expect(optionOf('fields.a,b.sequence-group')?.key).toBe('fields.<f>.sequence-group');
    expect(optionOf('fields.x.stats-mode')?.handling).toBe('honoured');
    expect(optionOf('file-index.bloom-filter.columns')?.type).toBe('columns');
    expect(optionOf('file-index.bloom-filter.s.items')?.handling).toBe('ignored-safely');
    expect(optionOf('parquet.page.size')?.handling).toBe('ignored-safely');
    expect(optionOf('file-index.read.enabled')?.type).toBe('boolean');
    expect(optionOf('no.such')).toBeUndefined();
  });

  it('has every key once and a default of its type', () => {
    expect(new Set(TABLE_OPTIONS.map(({ key }) => key)).size).toBe(TABLE_OPTIONS.length);
    for (const option of TABLE_OPTIONS) {
      if (option.type === 'choice') expect(option.choices, option.key).toContain(option.default);
    }
  });

  it('is what format-spec/options.md says (WEIR_UPDATE=1 writes it)', () => {
    const page = optionsPage();
    expect(readFileSync(new URL('../../format-spec/options.md', import.meta.url), 'utf8')).toBe(page);
  });
});
