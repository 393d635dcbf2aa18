/**
 * The writer of a table: rows in, files out, commits.
 *
 *   write ─ check ─ route ─> bucket writers ─ flush ─> files ─ prepareCommit ─> messages ─ commit ─> snapshot
 *                └ with a log ─> its session (log/log-session.ts) ─ commit ─> slot
 *
 * Invariants: rows are visible after the commit that follows them and not before; a commit that fails leaves the table as it
 * was and its messages with the writer, to be committed again; closing deletes the files that no commit took.
 */
import { RecordBatch } from 'apache-arrow';
import { WeirError } from '../base/error.js';
import { abortMessages, confirmCommits, lastCommittedIdentifier } from '../commit/table-commit.js';
import type { CommitMessage } from '../meta/commit-message.js';
import { readUnlessExpired } from '../meta/expired-snapshot.js';
import { liveFiles } from '../meta/live-files.js';
import { ADD, type ManifestEntry } from '../meta/manifest-entry.js';
import { partitionPath } from '../meta/partition-path.js';
import type { TableSchema } from '../meta/table-schema.js';
import { fromRecordBatch } from '../types/arrow.js';
import { type Batch, ROW_KINDS, type RowKind } from '../types/column.js';
import { BatchBuilder } from '../types/row-builder.js';
import { takeBatch } from '../types/take.js';
import { conformBatch, insertFields, tombstoneFields } from '../write/row-check.js';
import { kindsOfColumn, withoutRetracts } from '../write/row-kinds.js';
import type { RowRouter } from '../write/row-router.js';
import { BucketWriter, fileAtLevel } from './bucket-writer.js';
import { HandedOver } from './handed-over.js';
import type { LogKeeper } from './log/log-keeper.js';
import type { LogSession } from './log/log-session.js';
import { partitionMatcher } from './partition-spec.js';
import { publish } from './publish.js';
import type { TableStore } from './table-store.js';

/**
 * Who writes, and whether it adds to the table or replaces what is there.
 *
 * @example
 * const options: WriterOptions = { commitUser: 'loader-1', overwrite: { partition: { month: '2001-01' } } };
 * const reload = await flights.openWriter(options);
 */
export interface WriterOptions {
  /**
   * Names the job: identifiers grow per commit user, and a job that restarts under the same name continues where it was.
   * Default: a fresh random name, for one-off writes. On a table with a log it ends who opened under the name before (FENCED):
   * writers whose messages a `TableCommitter` commits need none.
   */
  commitUser?: string;
  /** Replace the whole table (true: with dynamic partition overwrite, the partitions written) or one partition by what is written. */
  overwrite?: boolean | { partition: Record<string, string | null> };
  /** Never compact nor expire in this writer (default: the table option `write-only`). With a log `log.compaction` says it. */
  writeOnly?: boolean;
}

/**
 * What else is said about rows that are written.
 *
 * @example
 * const change: WriteOptions = { kinds: ['-U', '+U'] };
 * await writer.write([{ id: 1n, delay: 3 }, { id: 1n, delay: 95 }], change);
 */
export interface WriteOptions {
  /** one kind for all rows, or one a row; default +I */
  kinds?: RowKind | readonly RowKind[] | Uint8Array;
}

/**
 * What a commit carries.
 *
 * @example
 * const checkpoint: CommitOptions = { identifier: 43n, watermark: 1_700_000_000_000n };
 * await writer.commit(checkpoint);
 */
export interface CommitOptions {
  /** Grows per commit user. Default: the last one of this user plus one. */
  identifier?: bigint;
  /** event time up to which the data is complete, epoch ms */
  watermark?: bigint;
}

/**
 * What became of a commit.
 *
 * @example
 * const result: CommitResult = await writer.commit({ identifier: 43n });
 * if (result.alreadyCommitted) console.log('a former run committed this');
 */
export interface CommitResult {
  /**
   * the newest snapshot of this commit; undefined when nothing was to be committed, when it had been committed before, and in a
   * table with a log, where `slot` says where the commit is
   */
  readonly snapshot: bigint | undefined;
  readonly identifier: bigint;
  /** rows that were written since the last commit */
  readonly rows: number;
  readonly alreadyCommitted: boolean;
  /** a compaction that came along met a conflicting commit and was dropped; the rows are committed, its writer plans it again */
  readonly compactionDropped: boolean;
  /** the slot of the table's log that holds the commit; a snapshot follows after `snapshot.interval`, `flush` or `close` */
  readonly slot?: bigint | undefined;
}

/** The log of a table that has one. */
export interface WriterLog {
  /** undefined in a writer that overwrites: its rows go to a snapshot, after all that the log holds */
  readonly session: LogSession | undefined;
  readonly keeper: LogKeeper;
}

/**
 * Writes rows of one job. One call at a time.
 *
 * @example
 * const writer = await flights.openWriter({ commitUser: 'loader-1' });
 * await writer.write([{ id: 1n, origin: 'SEA', delay: 3 }]);
 * await writer.commit({ identifier: 1n });
 * await writer.close();
 */
export class TableWriter<R = Record<string, unknown>> {
  readonly commitUser: string;
  readonly #store: TableStore;
  readonly #schema: TableSchema;
  readonly #router: RowRouter;
  readonly #overwrite: WriterOptions['overwrite'];
  readonly #writeOnly: boolean;
  readonly #compacts: boolean;
  readonly #buckets = new Map<string, BucketWriter>();
  readonly #totalBuckets: number;
  readonly #expire: () => Promise<void>;
  /** undefined in a writer that does not compact */
  readonly #handedOver: HandedOver | undefined;
  readonly #log: WriterLog | undefined;
  /** newest snapshot whose sequence numbers the buckets are above; undefined while there was none to look at */
  #seen: bigint | undefined;
  #entries: { snapshot: bigint; byBucket: Map<string, ManifestEntry[]> } | undefined;
  #prepared: CommitMessage[] = [];
  #rows = 0;
  /** of the last commit made here */
  #lastIdentifier: bigint | undefined;
  #failure: unknown;
  #closed = false;

  /** @internal */
  constructor(store: TableStore, options: WriterOptions, expire: () => Promise<void>, log?: WriterLog) {
    this.#store = store;
    this.#log = log;
    this.#schema = store.schema;
    this.#expire = expire;
    this.commitUser = options.commitUser ?? log?.session?.user ?? store.newCommitUser();
    this.#overwrite = options.overwrite === false ? undefined : options.overwrite;
    this.#writeOnly = options.writeOnly ?? store.options.writeOnly;
    this.#compacts = !this.#writeOnly && this.#overwrite === undefined && store.schema.primaryKeys.length > 0;
    this.#handedOver = this.#compacts ? new HandedOver(store) : undefined;
    const buckets = store.options.bucket;
    this.#totalBuckets = buckets;
    this.#router = store.router();
  }

  /**
   * Rows as objects, or columns as an Arrow record batch (copied: the arrays may be reused at once).
   *
   * @example
   * await writer.write({ id: 1n, origin: 'SEA', delay: 3 });
   * await writer.write([{ id: 2n, delay: 40 }, { id: 3n }], { kinds: ['+I', '+U'] });
   */
  async write(rows: R | readonly R[] | RecordBatch | Batch, options: WriteOptions = {}): Promise<void> {
    this.#check();
    const batch = this.#batchOf(rows, insertFields(this.#schema));
    await this.#add(conformBatch(this.#store.table, this.#schema, batch), kindsFor(options.kinds, batch.length));
  }

  /**
   * Commits exactly these rows, whatever else was written: durable and visible when it resolves. Any number of calls may run at
   * once, those that meet share a slot of the log. UNSUPPORTED on a table without a log.
   *
   * @example
   * await Promise.all([writer.append({ id: 1n, delay: 3 }), writer.append({ id: 2n, delay: 40 })]);
   */
  async append(rows: R | readonly R[] | RecordBatch | Batch, options: WriteOptions = {}): Promise<CommitResult> {
    this.#check();
    const session = this.#log?.session;
    if (session === undefined) {
      const why = this.#overwrite === undefined ? 'it has no log (log.enabled)' : 'its writer overwrites';
      throw new WeirError('UNSUPPORTED', `rows cannot be appended to ${this.#store.table} one by one: ${why}; write and commit`, {
        table: this.#store.table,
      });
    }
    const batch = conformBatch(this.#store.table, this.#schema, this.#batchOf(rows, insertFields(this.#schema)));
    const accepted = this.#accepted(batch, kindsFor(options.kinds, batch.length));
    await this.#log!.keeper.makeRoom();
    const { identifier, slot, alreadyCommitted } = await session.append(accepted.rows, accepted.kinds);
    return { snapshot: undefined, slot, identifier, rows: accepted.rows.length, alreadyCommitted, compactionDropped: false };
  }

  /**
   * Deletes by key. The other columns may be given too: a changelog passes them on.
   *
   * @example
   * await writer.delete([{ id: 1n }, { id: 2n }]);
   */
  async delete(rowsOrKeys: Partial<R> | readonly Partial<R>[] | RecordBatch | Batch): Promise<void> {
    this.#check();
    if (this.#schema.primaryKeys.length === 0) {
      throw new WeirError('UNSUPPORTED', `${this.#store.table} has no primary key: rows of an append table cannot be deleted one by one`, {
        table: this.#store.table,
      });
    }
    const batch = this.#batchOf(rowsOrKeys, tombstoneFields(this.#store.table, this.#schema, this.#store.options.sequenceFields));
    await this.#add(conformBatch(this.#store.table, this.#schema, batch, true), kindsFor('-D', batch.length));
  }

  /**
   * Ends the files of all rows written so far and hands them over, to be committed together with those of other writers
   * by a `TableCommitter`. From now on they are the committer's.
   *
   * @example
   * const messages = (await Promise.all(writers.map((each) => each.prepareCommit()))).flat();
   * await committer.commit(43n, messages);
   */
  async prepareCommit(): Promise<CommitMessage[]> {
    this.#check();
    const session = this.#log?.session;
    if (session !== undefined) {
      this.#rows = 0;
      return session.prepare();
    }
    if (await this.#handedOver?.settle()) await this.#reload();
    else await this.#reloadStale();
    const messages = await this.#collect(this.#store.options.commitForceCompact);
    await this.#handedOver?.add(messages);
    this.#prepared = [];
    this.#rows = 0;
    return messages;
  }

  /**
   * Makes all rows written before it durable and visible at once. Doing it again with one identifier changes nothing.
   *
   * @example
   * const { slot, rows } = await writer.commit({ identifier: 43n });
   */
  async commit(options: CommitOptions = {}): Promise<CommitResult> {
    this.#check();
    const session = this.#log?.session;
    if (session !== undefined) return this.#commitToLog(session, options);
    // what the log holds is older than what this commit brings
    await this.#log?.keeper.flush();
    const last = await lastCommittedIdentifier(this.#store, this.commitUser);
    const identifier = options.identifier ?? nextIdentifier(last, this.#lastIdentifier);
    const rows = this.#rows;
    if (last !== undefined && identifier <= last) {
      await this.abort();
      return { snapshot: undefined, identifier, rows, alreadyCommitted: true, compactionDropped: false };
    }
    this.#prepared = await this.#collect(this.#store.options.commitForceCompact);
    const { watermark } = options;
    const { snapshots, alreadyCommitted, compactionDropped } = await publish(this.#store, {
      commitUser: this.commitUser,
      identifier,
      ...(watermark !== undefined && { watermark }),
      messages: this.#prepared,
      ...(this.#overwrite !== undefined && { overwrite: this.#overwriteScope() }),
    });
    this.#prepared = [];
    this.#rows = 0;
    this.#lastIdentifier = identifier;
    // a snapshot between would be another's, and is looked at with the next commit
    if (snapshots[0] === (this.#seen ?? 0n) + 1n) this.#seen = snapshots.at(-1);
    if (compactionDropped) await this.#reload();
    else await this.#reloadStale();
    this.#forgetIdle();
    if (!this.#writeOnly) await this.#expire();
    return { snapshot: snapshots.at(-1), identifier, rows, alreadyCommitted, compactionDropped };
  }

  async #commitToLog(session: LogSession, { identifier, watermark }: CommitOptions): Promise<CommitResult> {
    const rows = this.#rows;
    const receipt = await session.commit(identifier, watermark);
    this.#rows = 0;
    return { snapshot: undefined, rows, compactionDropped: false, ...receipt };
  }

  /**
   * Forgets everything since the last commit and deletes its files.
   *
   * @example
   * await writer.write({ id: 1n });
   * await writer.abort(); // as if nothing had been written
   */
  async abort(): Promise<void> {
    await this.#log?.session?.abort();
    const messages = [...this.#prepared];
    for (const bucket of this.#buckets.values()) {
      const message = await bucket.abort();
      if (message !== undefined) messages.push(message);
    }
    this.#buckets.clear();
    this.#entries = undefined;
    this.#prepared = [];
    this.#rows = 0;
    this.#failure = undefined;
    await abortMessages(this.#store, messages);
  }

  /**
   * Ends the writer; rows that were not committed are gone, with their files. On a table with a log what was committed is put
   * into a snapshot, unless `flush` is false: then another writer or `compact` does it later.
   *
   * @example
   * await writer.close();
   */
  async close(options: { flush?: boolean } = {}): Promise<void> {
    if (this.#closed) return;
    await this.abort();
    await confirmCommits(this.#store);
    this.#closed = true;
    if (this.#log === undefined) return;
    try {
      if (options.flush !== false) await this.#log.keeper.flush();
    } finally {
      await this.#log.keeper.release();
    }
  }

  /**
   * `close`, at the end of a block.
   *
   * @example
   * await using once = await flights.openWriter();
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #check(): void {
    if (this.#closed) throw new WeirError('CLOSED', `the writer of ${this.#store.table} is closed`, { table: this.#store.table });
    if (this.#failure !== undefined) throw this.#failure;
  }

  #batchOf(rows: unknown, fields: TableSchema['fields']): Batch {
    if (rows instanceof RecordBatch) return fromRecordBatch(rows, fields);
    if (isBatch(rows)) return rows;
    const builder = new BatchBuilder(fields);
    for (const row of Array.isArray(rows) ? rows : [rows]) builder.push(row as Record<string, unknown>);
    return builder.finish();
  }

  /** The rows that are to be written, after the options on row kinds had their say. */
  #accepted(batch: Batch, given: Uint8Array | null): { rows: Batch; kinds: Uint8Array | null } {
    const { options, table } = this.#store;
    let kinds = given;
    if (options.rowkindField !== undefined) {
      kinds = kindsOfColumn(batch, options.rowkindField, given);
    }
    if (this.#schema.primaryKeys.length === 0 && kinds?.some((kind) => (kind & 1) === 1)) {
      throw new WeirError('INVALID_ARGUMENT', `${table} has no primary key: it takes +I and +U rows only`, { table });
    }
    let kept = batch;
    if (kinds !== null && (options.ignoreDelete || options.ignoreUpdateBefore)) {
      const rows = withoutRetracts(kinds, options);
      if (rows !== null) {
        kinds = Uint8Array.from(rows, (row) => kinds![row]!);
        kept = takeBatch(batch, rows);
      }
    }
    return { rows: kept, kinds };
  }

  async #add(batch: Batch, given: Uint8Array | null): Promise<void> {
    const { rows: kept, kinds } = this.#accepted(batch, given);
    this.#rows += kept.length;
    if (this.#log?.session !== undefined) {
      await this.#log.keeper.makeRoom();
      await this.#log.session.add(kept, kinds);
      return;
    }
    for (const part of this.#router.route(kept)) {
      const bucket = await this.#bucket(part.partition, part.bucket);
      bucket.add(kept, part.rows, kinds);
    }
    await this.#flushWhenFull();
  }

  async #bucket(partition: Uint8Array, bucket: number): Promise<BucketWriter> {
    const key = bucketKeyOf(partition, bucket);
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    const { schema } = this.#store;
    const files = this.#overwrite === undefined ? await this.#committedFiles(partition, bucket) : [];
    const writer = new BucketWriter({
      store: this.#store,
      place: { partition, bucket, directory: this.#store.path.bucket(partitionPath(schema, partition), bucket) },
      totalBuckets: this.#totalBuckets,
      files,
      compacts: this.#compacts,
      overwrites: this.#overwrite !== undefined,
    });
    this.#buckets.set(key, writer);
    return writer;
  }

  async #committedFiles(partition: Uint8Array, bucket: number) {
    const entries = await this.#liveEntries();
    const own = entries.get(bucketKeyOf(partition, bucket)) ?? [];
    // Facts D.1: the count is compared within the whole partition, or a key could live in two buckets.
    for (const [key, others] of entries) {
      const found = others[0]!.totalBuckets;
      if (found !== this.#totalBuckets && key.startsWith(bucketKeyOf(partition, ''))) {
        throw new WeirError(
          'INVALID_ARGUMENT',
          `a partition of ${this.#store.table} was written with ${found} buckets, the table now has ${this.#totalBuckets}: overwrite the partition to change it`,
          { table: this.#store.table },
        );
      }
    }
    return own.map((entry) => entry.file);
  }

  /** Live files by bucket, of the latest snapshot when a bucket is first met. */
  async #liveEntries(): Promise<Map<string, ManifestEntry[]>> {
    const latest = await this.#store.snapshots.latest();
    this.#seen ??= latest?.id ?? 0n;
    if (latest === undefined) return new Map();
    if (this.#entries?.snapshot !== latest.id) {
      const byBucket = new Map<string, ManifestEntry[]>();
      for (const entry of await liveFiles(this.#store.manifests, latest)) {
        const key = bucketKeyOf(entry.partition, entry.bucket);
        const group = byBucket.get(key);
        if (group === undefined) byBucket.set(key, [entry]);
        else group.push(entry);
      }
      this.#entries = { snapshot: latest.id, byBucket };
    }
    return this.#entries.byBucket;
  }

  /**
   * Half of the write buffer gathers rows while the other half is on its way to disk: the largest buckets are flushed,
   * and a writer that is faster than the disk waits for them here.
   */
  async #flushWhenFull(): Promise<void> {
    const limit_bytes = this.#store.options.writeBufferSize_bytes / 2;
    const buckets = [...this.#buckets.values()];
    let buffered_bytes = buckets.reduce((sum, bucket) => sum + bucket.buffered_bytes, 0);
    if (buffered_bytes < limit_bytes) return;
    await this.#waitFor('write-buffer', Promise.all(buckets.map((bucket) => bucket.flushed)));
    for (const bucket of buckets.sort((a, b) => b.buffered_bytes - a.buffered_bytes)) {
      if (buffered_bytes < limit_bytes / 2) break;
      buffered_bytes -= bucket.buffered_bytes;
      bucket.flush().catch((error) => {
        this.#failure ??= error;
      });
      await this.#throttle(bucket);
    }
  }

  /** A bucket with too many runs makes its writer wait for the compaction. */
  async #throttle(bucket: BucketWriter): Promise<void> {
    await bucket.settleCompaction(false);
    if (!this.#writeOnly && bucket.sortedRuns > this.#store.options.stopTrigger) {
      await this.#waitFor('sorted-runs', bucket.settleCompaction(true));
    }
  }

  async #waitFor(reason: 'write-buffer' | 'sorted-runs', work: Promise<unknown>): Promise<void> {
    const { clock } = this.#store;
    const started_ms = clock.monotonic_ms();
    await work;
    const duration_ms = clock.monotonic_ms() - started_ms;
    if (duration_ms > 1) this.#store.emit({ type: 'back-pressure', reason, duration_ms });
  }

  /**
   * Rows that others committed meanwhile have sequence numbers, which the rows of this commit must be above: they come later.
   * What is committed between this look and the commit itself has no order to it.
   */
  async #learnNumbers(): Promise<void> {
    const { snapshots, manifests } = this.#store;
    for (let next = this.#seen; next !== undefined && (await snapshots.exists(next + 1n)); ) {
      next += 1n;
      const snapshot = await readUnlessExpired(snapshots, next);
      if (snapshot === undefined) return this.#reload();
      for (const manifest of await manifests.readList(snapshot.deltaManifestList, snapshot.deltaManifestListSize)) {
        for (const { kind, partition, bucket, file } of await manifests.readEntries(manifest.fileName))
          if (kind === ADD) this.#buckets.get(bucketKeyOf(partition, bucket))?.raise(file.maxSequenceNumber);
      }
      this.#seen = next;
    }
  }

  async #collect(waitForCompaction: boolean): Promise<CommitMessage[]> {
    const messages = [...this.#prepared];
    await this.#learnNumbers();
    const buckets = [...this.#buckets.values()];
    await Promise.all(buckets.map((bucket) => bucket.flush()));
    for (const bucket of buckets) {
      await bucket.settleCompaction(waitForCompaction);
      await this.#throttle(bucket);
      const message = await bucket.takeMessage();
      if (message !== undefined) messages.push(message);
    }
    return messages;
  }

  async #reloadStale(): Promise<void> {
    if ([...this.#buckets.values()].some((bucket) => bucket.isStale)) await this.#reload();
  }

  /** After a compaction lost its race the buckets go on from what is committed, and from what a committer still has. */
  async #reload(): Promise<void> {
    this.#entries = undefined;
    const underWay = (await this.#handedOver?.underWay()) ?? [];
    this.#seen = undefined;
    const entries = await this.#liveEntries();
    for (const [key, bucket] of this.#buckets) {
      const live = (entries.get(key) ?? []).map((entry) => entry.file);
      const known = new Set(live.map(fileAtLevel));
      const coming = underWay
        .filter((message) => bucketKeyOf(message.partition, message.bucket) === key)
        .flatMap((message) => message.newFiles);
      bucket.reset([...live, ...coming.filter((file) => !known.has(fileAtLevel(file)))]);
    }
  }

  /** A job over many partitions must not keep a writer for each for ever. */
  #forgetIdle(): void {
    if (this.#buckets.size < 1_000) return;
    for (const [key, bucket] of this.#buckets) if (bucket.isIdle) this.#buckets.delete(key);
    this.#entries = undefined;
  }

  #overwriteScope() {
    const { options } = this.#store;
    if (typeof this.#overwrite === 'object')
      return { partitions: partitionMatcher(this.#store.table, this.#schema, this.#overwrite.partition) };
    const dynamic = this.#schema.partitionKeys.length > 0 && options.dynamicPartitionOverwrite;
    return { partitions: dynamic ? ('dynamic' as const) : ('all' as const) };
  }
}

/** After both, the last one in the table and the last one made here: the latter may be missing there for a moment (another committer overwrote it). */
function nextIdentifier(committed: bigint | undefined, own: bigint | undefined): bigint {
  const last = [committed ?? 0n, own ?? 0n].reduce((a, b) => (a > b ? a : b));
  return last + 1n;
}

function bucketKeyOf(partition: Uint8Array, bucket: number | ''): string {
  return `${Buffer.from(partition.buffer, partition.byteOffset, partition.byteLength).toString('latin1')}/${bucket}`;
}

function isBatch(value: unknown): value is Batch {
  return (
    typeof value === 'object' &&
    value !== null &&
    Array.isArray((value as Batch).fields) &&
    Array.isArray((value as Batch).columns) &&
    typeof (value as Batch).length === 'number'
  );
}

function kindsFor(kinds: WriteOptions['kinds'], length: number): Uint8Array | null {
  if (kinds === undefined || kinds === '+I') return null;
  if (typeof kinds === 'string') return new Uint8Array(length).fill(kindNumber(kinds));
  if (kinds.length !== length) throw new WeirError('INVALID_ARGUMENT', `${kinds.length} row kinds were given for ${length} rows`);
  return kinds instanceof Uint8Array ? kinds : Uint8Array.from(kinds, kindNumber);
}

function kindNumber(kind: RowKind): number {
  const number = ROW_KINDS.indexOf(kind);
  if (number < 0) throw new WeirError('INVALID_ARGUMENT', `'${kind}' is no row kind: it is one of ${ROW_KINDS.join(' ')}`);
  return number;
}
