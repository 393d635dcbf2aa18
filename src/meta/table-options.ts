/**
 * The options of one table, typed. What there is, with defaults and what weir makes of it, is in option-table.
 *
 * Invariant: a value that cannot be read throws INVALID_ARGUMENT naming the option where it is asked for, so that a table
 * with a bad option somebody else set can still be looked at; `validateForCreate` asks for all.
 */
import { defaultOf } from './option-table.js';
import { parseBoolean, parseChoice, parseDuration, parseInteger, parseList, parseNumber, parseSize } from './option-values.js';

export { checkOption, validateForCreate, validateForRead, validateForStream, validateForWrite } from './option-support.js';
export { TABLE_OPTIONS } from './option-table.js';

export type ChangelogProducer = 'none' | 'input' | 'full-compaction' | 'lookup';

const PRIMARY_KEY_FILE_SIZE_BYTES = 128 << 20;
const APPEND_FILE_SIZE_BYTES = 256 << 20;

export class TableOptions {
  readonly #raw: Readonly<Record<string, string>>;
  readonly #append: boolean;

  /** @param table `append`: the table has no primary key, which some defaults depend on */
  constructor(raw: Readonly<Record<string, string>>, table: { append?: boolean } = {}) {
    this.#raw = raw;
    this.#append = table.append ?? false;
  }

  /** > 0: fixed number; -1: none or dynamic; -2: postponed */
  get bucket(): number {
    return this.#integer('bucket', -2);
  }

  get bucketFunction(): string {
    return this.#choice('bucket-function.type', ['default', 'mod', 'hive']);
  }

  get mergeEngine(): string {
    return this.#text('merge-engine').trim().toLowerCase();
  }

  get changelogProducer(): ChangelogProducer {
    return this.#choice('changelog-producer', ['none', 'input', 'full-compaction', 'lookup']) as ChangelogProducer;
  }

  get deletionVectors(): boolean {
    return this.#boolean('deletion-vectors.enabled');
  }

  get deletionVectorsMergeOnRead(): boolean {
    return this.#boolean('deletion-vectors.merge-on-read');
  }

  get sequenceFields(): string[] {
    return parseList(this.#raw['sequence.field']);
  }

  get sequenceAscending(): boolean {
    return this.#choice('sequence.field.sort-order', ['ascending', 'descending']) === 'ascending';
  }

  get rowkindField(): string | undefined {
    return this.#raw['rowkind.field'];
  }

  get ignoreDelete(): boolean {
    return this.#boolean('ignore-delete');
  }

  get ignoreUpdateBefore(): boolean {
    return this.#boolean('ignore-update-before');
  }

  get fileFormat(): string {
    return this.#text('file.format').trim().toLowerCase();
  }

  get fileCompression(): string {
    return this.#text('file.compression').trim().toLowerCase();
  }

  get changelogFileCompression(): string {
    return this.#raw['changelog-file.compression']?.trim().toLowerCase() ?? this.fileCompression;
  }

  get zstdLevel(): number {
    return this.#integer('file.compression.zstd-level', 1, 22);
  }

  get fileSuffixIncludeCompression(): boolean {
    return this.#boolean('file.suffix.include.compression');
  }

  get parquetDictionary(): boolean {
    return this.#boolean('parquet.enable.dictionary');
  }

  get dataFilePrefix(): string {
    return this.#text('data-file.prefix');
  }

  get changelogFilePrefix(): string {
    return this.#text('changelog-file.prefix');
  }

  get targetFileSize_bytes(): number {
    const value = this.#raw['target-file-size'];
    if (value !== undefined) return parseSize('target-file-size', value);
    return this.#append ? APPEND_FILE_SIZE_BYTES : PRIMARY_KEY_FILE_SIZE_BYTES;
  }

  /** Infinity when there is no limit */
  get targetFileRows(): number {
    const value = this.#raw['target-file-row-num'];
    return value === undefined ? Number.POSITIVE_INFINITY : parseInteger('target-file-row-num', value, 1, Number.MAX_SAFE_INTEGER);
  }

  get writeOnly(): boolean {
    return this.#boolean('write-only');
  }

  get writeBufferSize_bytes(): number {
    return this.#size('write-buffer-size');
  }

  get logEnabled(): boolean {
    return this.#boolean('log.enabled');
  }

  /** undefined for a table that never had a log */
  get logId(): string | undefined {
    return this.#raw['log.id'];
  }

  get snapshotInterval_ms(): number {
    return this.#duration('snapshot.interval');
  }

  get logLinger_ms(): number {
    return this.#duration('log.linger');
  }

  get logInlineMax_bytes(): number {
    return this.#size('log.inline-max');
  }

  get logPendingMax_bytes(): number {
    return this.#size('log.pending-max');
  }

  /** Infinity: no commit is that large */
  get logBulkMin_bytes(): number {
    return this.#size('log.bulk-min') || Number.POSITIVE_INFINITY;
  }

  get logRetention_ms(): number {
    return this.#duration('log.retention');
  }

  get logRetainedSlots(): number {
    return this.#integer('log.retained-slots', 1);
  }

  get logRetentionMax_ms(): number {
    return this.#duration('log.retention.max');
  }

  get logUserRetention_ms(): number {
    return this.#duration('log.user-retention');
  }

  get logCompaction(): boolean {
    return this.#boolean('log.compaction');
  }

  get numLevels(): number {
    const value = this.#raw['num-levels'];
    return value === undefined ? this.compactionTrigger + 1 : parseInteger('num-levels', value, 2);
  }

  get compactionTrigger(): number {
    return this.#integer('num-sorted-run.compaction-trigger', 1);
  }

  get stopTrigger(): number {
    const value = this.#raw['num-sorted-run.stop-trigger'];
    return value === undefined
      ? this.compactionTrigger + 3
      : Math.max(this.compactionTrigger, parseInteger('num-sorted-run.stop-trigger', value, 1));
  }

  get maxSizeAmplificationPercent(): number {
    return this.#integer('compaction.max-size-amplification-percent', 0);
  }

  /** percent */
  get sizeRatio(): number {
    return this.#integer('compaction.size-ratio', 0);
  }

  get smallFileRatio(): number {
    return parseNumber('compaction.small-file-ratio', this.#text('compaction.small-file-ratio'));
  }

  get compactionMinFileNum(): number {
    return this.#integer('compaction.min.file-num', 1);
  }

  get manifestCompression(): string {
    return this.#text('manifest.compression').trim().toLowerCase();
  }

  get manifestTargetSize_bytes(): number {
    return this.#size('manifest.target-file-size');
  }

  get manifestFullCompactionThreshold_bytes(): number {
    return this.#size('manifest.full-compaction-threshold-size');
  }

  get manifestMergeMinCount(): number {
    return this.#integer('manifest.merge-min-count', 1);
  }

  get commitFsync(): boolean {
    return this.#boolean('commit.fsync');
  }

  get commitForceCompact(): boolean {
    return this.#boolean('commit.force-compact');
  }

  get commitMaxRetries(): number {
    return this.#integer('commit.max-retries', 0);
  }

  get commitMinRetryWait_ms(): number {
    return this.#duration('commit.min-retry-wait');
  }

  get commitMaxRetryWait_ms(): number {
    return this.#duration('commit.max-retry-wait');
  }

  /** undefined: no limit */
  get commitTimeout_ms(): number | undefined {
    const value = this.#raw['commit.timeout'];
    return value === undefined ? undefined : parseDuration('commit.timeout', value);
  }

  /** what generated commit users begin with, '' by default */
  get commitUserPrefix(): string {
    const prefix = this.#raw['commit.user-prefix'];
    return prefix === undefined ? '' : `${prefix}_`;
  }

  get snapshotNumRetainedMin(): number {
    return this.#integer('snapshot.num-retained.min', 1);
  }

  get snapshotNumRetainedMax(): number {
    return this.#integer('snapshot.num-retained.max', 1);
  }

  get snapshotTimeRetained_ms(): number {
    return this.#duration('snapshot.time-retained');
  }

  get snapshotExpireLimit(): number {
    return this.#integer('snapshot.expire.limit', 1);
  }

  get discoveryInterval_ms(): number {
    return this.#duration('continuous.discovery-interval');
  }

  get splitTargetSize_bytes(): number {
    return this.#size('source.split.target-size');
  }

  get splitOpenFileCost_bytes(): number {
    return this.#size('source.split.open-file-cost');
  }

  get fileIndexRead(): boolean {
    return this.#boolean('file-index.read.enabled');
  }

  get partitionDefaultName(): string {
    return this.#text('partition.default-name');
  }

  get partitionLegacyName(): boolean {
    return this.#boolean('partition.legacy-name');
  }

  get dynamicPartitionOverwrite(): boolean {
    return this.#boolean('dynamic-partition-overwrite');
  }

  get statsDenseStore(): boolean {
    return this.#boolean('metadata.stats-dense-store');
  }

  /** The stats mode of a column of a file at `level`: the column's own, the level's, the table's. */
  statsMode(column: string, level?: number): string {
    const own = this.#raw[`fields.${column}.stats-mode`];
    if (own !== undefined) return own;
    for (const part of parseList(this.#raw['metadata.stats-mode.per.level'])) {
      const [at, mode] = part.split(':');
      if (level !== undefined && Number(at) === level && mode !== undefined) return mode.trim();
    }
    return this.#text('metadata.stats-mode');
  }

  #text(key: string): string {
    return this.#raw[key] ?? defaultOf(key);
  }

  #boolean(key: string): boolean {
    return parseBoolean(key, this.#text(key));
  }

  #integer(key: string, least: number, most?: number): number {
    return parseInteger(key, this.#text(key), least, most);
  }

  #size(key: string): number {
    return parseSize(key, this.#text(key));
  }

  #duration(key: string): number {
    return parseDuration(key, this.#text(key));
  }

  #choice(key: string, choices: readonly string[]): string {
    return parseChoice(key, this.#text(key), choices);
  }
}
