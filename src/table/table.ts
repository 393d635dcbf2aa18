/**
 * The handle of one table: everything a job, a query or an operator does with it starts here.
 *
 * A handle sees the table as it is at each call: the latest schema and snapshot are looked up, never assumed.
 */
import { hasCode, WeirError } from '../base/error.js';
import { dropPartitions, truncateTable } from '../commit/table-commit.js';
import type { OrphanOptions, OrphanResult } from '../maintain/orphan-removal.js';
import { expireSnapshots } from '../maintain/snapshot-expiry.js';
import type { Consumer } from '../meta/consumer-store.js';
import { liveFiles } from '../meta/live-files.js';
import type { ManifestEntry } from '../meta/manifest-entry.js';
import { applyChanges, type SchemaChange } from '../meta/schema-change.js';
import type { Snapshot } from '../meta/snapshot.js';
import { validateForRead, validateForStream, validateForWrite } from '../meta/table-options.js';
import type { TableSchema } from '../meta/table-schema.js';
import { type PlannedRead, planSnapshot } from '../read/plan.js';
import { PointReader } from '../read/point-get.js';
import { type BoundPredicate, bindPredicate, type Predicate } from '../types/predicate.js';
import { rowsOf } from '../types/row-reader.js';
import { toDatum } from '../types/value.js';
import type { Change } from './change.js';
import { type ChangesOptions, streamChanges } from './changes.js';
import { TableCommitter } from './committer.js';
import { type CompactOptions, type CompactResult, compactTable } from './compaction.js';
import type { TableMetrics } from './event.js';
import { readHeld, yieldHeld } from './held-snapshot.js';
import { type IncrementalRange, incrementalSource } from './incremental.js';
import { removeAllOrphans } from './log/log-orphans.js';
import { LogService } from './log/log-service.js';
import { trimLog } from './log/retention.js';
import { type PartitionSpec, partitionMatcher } from './partition-spec.js';
import { formatPosition, parsePosition, type StreamPosition } from './position.js';
import { Scan, type ScanSource } from './scan.js';
import { streamSplit } from './split-stream.js';
import { latestPlace, type State, stateAt } from './state-at.js';
import type { TableStore } from './table-store.js';
import { type VerifyOptions, type VerifyResult, verifyTable } from './verify.js';
import { TableWriter, type WriterOptions } from './writer.js';

/**
 * Which state to read. `time`: the latest snapshot not later than it (epoch ms, ISO-8601 text or Date).
 *
 * @example
 * const yesterday: At = { time: new Date(Date.now() - 86_400_000) };
 * const before = await flights.scan({ at: yesterday }).toArray();
 */
export type At = { snapshot: bigint } | { tag: string } | { time: number | string | Date };

/**
 * What a batch read returns: columns, rows, of which state.
 *
 * @example
 * const options: ScanOptions = { columns: ['id', 'delay'], where: gt('delay', 60), limit: 100, at: { snapshot: 3n } };
 * const rows = await flights.scan(options).toArray();
 */
export interface ScanOptions {
  columns?: readonly string[];
  where?: Predicate;
  limit?: number;
  /**
   * Default: the latest state under the latest schema. A snapshot, tag or time is read under its own schema, without what the
   * table's log had beyond it. A stream position: what a stream that stopped there had told, under the latest schema;
   * POSITION_EXPIRED when its slots are gone.
   */
  at?: At | { position: StreamPosition };
  signal?: AbortSignal;
}

/**
 * What an expiry removed, and the earliest snapshot that is left.
 *
 * @example
 * const { expired, filesDeleted, earliest }: ExpireResult = await flights.expire();
 */
export interface ExpireResult {
  readonly expired: number;
  readonly filesDeleted: number;
  readonly earliest: bigint | undefined;
}

/**
 * One live data file of a snapshot.
 *
 * @example
 * const files: FileInfo[] = await flights.files();
 * const level0 = files.filter(({ file }) => file.level === 0).length;
 */
export type FileInfo = ManifestEntry;

/**
 * A snapshot that has a name, and is kept for as long as the tag is.
 *
 * @example
 * const [tag]: Tag[] = await flights.tags();
 * const then = flights.scan({ at: { tag: tag!.name } });
 */
export interface Tag {
  readonly name: string;
  readonly snapshot: Snapshot;
}

/**
 * The table's log: where commits go before they are in a snapshot.
 *
 * @example
 * const log: LogInfo | undefined = await flights.log();
 * if (log !== undefined) console.log(`${log.head - log.tree.position} slots are in no snapshot yet`);
 */
export interface LogInfo {
  /** the option `log.id`, which names its directory */
  readonly id: string;
  /** do new commits go there? What stands in a log that is switched off is still part of the table */
  readonly enabled: boolean;
  /** newest slot; 0 before the first */
  readonly head: bigint;
  /** lowest slot kept */
  readonly start: bigint;
  /** snapshot `snapshot` holds all slots up to `position`; the log's slot `slot` says so (0: none does) */
  readonly tree: { readonly slot: bigint; readonly snapshot: bigint; readonly position: bigint };
  /** bytes of the slots that no snapshot holds */
  readonly pending_bytes: number;
}

/** How often a read looks again when the log moved on under it. */
const MAX_REPLANS = 5;

type Row = Record<string, unknown>;

/**
 * One table: open it with `catalog.table` or `catalog.createTable`.
 *
 * @example
 * const flights = await catalog.table('ods.flights');
 * for await (const row of flights.scan({ where: eq('origin', 'SEA') }).rows()) console.log(row);
 */
export class Table<R = Row> {
  readonly #store: TableStore;
  readonly #log: LogService;
  #points: PointReader | undefined;
  #expiring: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(store: TableStore) {
    this.#store = store;
    this.#log = new LogService(
      store,
      () => this.#expireInPassing(),
      (complete) =>
        this.#alterBy(({ options }) => Object.entries(complete(options)).map(([key, value]) => ({ action: 'setOption', key, value }))),
    );
  }

  /** `database.table` */
  get name(): string {
    return this.#store.table;
  }

  /** absolute directory */
  get path(): string {
    return this.#store.path.root;
  }

  /** the latest schema that this handle has seen; `refresh()` looks again */
  get schema(): TableSchema {
    return this.#store.schema;
  }

  get options(): Readonly<Record<string, string>> {
    return this.#store.schema.options;
  }

  /**
   * Looks for a newer schema. Reads, writers and streams do so by themselves when they are opened.
   *
   * @example
   * await flights.refresh();
   * console.log(flights.schema.id);
   */
  async refresh(): Promise<void> {
    await this.#store.refresh();
  }

  /**
   * A writer of one job; UNSUPPORTED when weir cannot write this table.
   *
   * @example
   * await using loader = await flights.openWriter({ commitUser: 'loader-1' });
   * await loader.write({ id: 1n, origin: 'SEA', delay: 3 });
   * await loader.commit();
   */
  async openWriter(options: WriterOptions = {}): Promise<TableWriter<R>> {
    await this.#writable();
    if (typeof options.overwrite === 'object') partitionMatcher(this.name, this.#store.schema, options.overwrite.partition);
    const commitUser = options.commitUser ?? this.#store.newCommitUser();
    const overwrites = options.overwrite !== undefined && options.overwrite !== false;
    const log = await this.#log.open(commitUser, { overwrites });
    return new TableWriter<R>(this.#store, { ...options, commitUser }, () => this.#expireInPassing(), log);
  }

  /**
   * The committer of a job with several writers. On a table with a log it is fenced by whoever opens under its commit user after
   * it: its writers leave theirs out.
   *
   * @example
   * const committer = await flights.openCommitter({ commitUser: 'job-7' });
   * await committer.commit(1n, await writer.prepareCommit());
   */
  async openCommitter(options: { commitUser?: string } = {}): Promise<TableCommitter> {
    await this.#writable();
    const commitUser = options.commitUser ?? this.#store.newCommitUser();
    const log = await this.#log.open(commitUser, { overwrites: false });
    return new TableCommitter(this.#store, commitUser, () => this.#expireInPassing(), log);
  }

  /**
   * A batch read. Nothing is read before it is pulled.
   *
   * @example
   * const late = await flights.scan({ columns: ['origin', 'delay'], where: gt('delay', 60) }).toArray();
   */
  scan(options: ScanOptions = {}): Scan<R> {
    return new Scan<R>(() => this.#snapshotSource(options), options.limit, this.#threads());
  }

  /**
   * The changes after snapshot `from` up to and including `to`, as a batch read (Paimon's `incremental-between`). On a table with
   * deletion vectors it sees, like any batch read, no level 0: `changes` does.
   *
   * @example
   * for await (const change of flights.changesBetween({ from: 3n, to: 5n })) console.log(change.rows());
   */
  changesBetween(range: IncrementalRange): AsyncIterable<Change<R>> {
    return incrementalSource<R>(this.#store, range, (where) => this.#bind(where, this.#store.schema));
  }

  /**
   * The table as a stream of changes.
   *
   * @example
   * for await (const change of flights.changes({ from: 'latest', signal })) {
   *   for (const { kind, row } of change.rows()) console.log(kind, row);
   * }
   */
  async *changes(options: ChangesOptions & { where?: Predicate } = {}): AsyncGenerator<Change<R>> {
    await this.#store.refresh();
    validateForStream(this.#store.schema);
    this.#checkColumns(options.columns, this.#store.schema);
    yield* streamChanges<R>(this.#store, options, this.#bind(options.where, this.#store.schema));
  }

  /**
   * One row by its whole primary key; undefined when there is none.
   *
   * @example
   * const flight = await flights.get({ id: 1n }); // { id: 1n, origin: 'SEA', delay: 3 }
   */
  async get(key: Partial<R>, options: { columns?: readonly string[]; at?: At } = {}): Promise<R | undefined> {
    const store = this.#store;
    await store.refresh();
    validateForRead(store.schema);
    const { schema } = store;
    if (schema.primaryKeys.length === 0)
      throw new WeirError('UNSUPPORTED', `${this.name} has no primary key to get a row by`, { table: this.name });
    this.#checkColumns(options.columns, schema);
    const values = new Map(
      schema.primaryKeys.map((name) => {
        const value = (key as Row)[name];
        if (value === undefined || value === null)
          throw new WeirError('INVALID_ARGUMENT', `key column ${name} of ${this.name} is missing`, { table: this.name });
        return [name, toDatum(schema.fields.find((field) => field.name === name)!.type, value)] as const;
      }),
    );
    for (const name of Object.keys(key as Row)) {
      if (!schema.primaryKeys.includes(name))
        throw new WeirError('INVALID_ARGUMENT', `${name} is no key column of ${this.name} (${schema.primaryKeys.join(', ')})`, {
          table: this.name,
        });
    }
    const { snapshot, tail } = await this.#state(options.at);
    if (snapshot === undefined && tail.length === 0) return undefined;
    const points = await this.#pointReader();
    const columns = options.columns ?? schema.fields.map((field) => field.name);
    const find = () => points.get(snapshot, values, columns, tail);
    const row = await (snapshot === undefined ? find() : readHeld(store, snapshot, find));
    return row === undefined ? undefined : (rowsOf(row)[0] as R);
  }

  /**
   * Rewrites files into fewer: what the policy picks, or all of them. Others may write meanwhile.
   *
   * @example
   * const { filesBefore, filesAfter } = await flights.compact({ full: true });
   */
  async compact(options: CompactOptions = {}): Promise<CompactResult> {
    await this.#writable();
    await this.#log.flush(options.signal);
    return compactTable(this.#store, options);
  }

  /**
   * Puts all that was committed to the table's log into a snapshot, for engines that see snapshots only. The snapshot's id;
   * undefined when there was nothing to do.
   *
   * @example
   * const snapshot = await flights.flush();
   */
  async flush(options: { signal?: AbortSignal } = {}): Promise<bigint | undefined> {
    await this.#writable();
    return this.#log.flush(options.signal);
  }

  /**
   * Removes snapshots that the options let go, and the files that only they needed.
   *
   * @example
   * const { expired, filesDeleted } = await flights.expire();
   */
  async expire(options: { signal?: AbortSignal } = {}): Promise<ExpireResult> {
    this.#checkMain();
    await this.#store.refresh();
    const result = await expireSnapshots(this.#store, options);
    if (this.#store.log !== undefined) await trimLog(this.#store, this.#store.log);
    if (result.expired > 0) this.#store.emit({ type: 'expiry', expired: result.expired, filesDeleted: result.filesDeleted });
    return result;
  }

  /**
   * Deletes files that nothing refers to: what writers and committers that crashed have left. Only files older than a day go
   * (`olderThan`), because a commit on its way refers to its files last: the limit must exceed the longest commit, and be twice as
   * long as messages wait between `prepareCommit` and `commit`.
   *
   * @example
   * const { files, size_bytes } = await flights.removeOrphanFiles({ dryRun: true });
   */
  async removeOrphanFiles(options: OrphanOptions = {}): Promise<OrphanResult> {
    this.#checkMain();
    await this.#store.refresh();
    return removeAllOrphans(this.#store, options);
  }

  /**
   * Changes the schema or the options, all of the changes or none.
   *
   * @example
   * await flights.alter([{ action: 'addColumn', name: 'carrier', type: 'STRING' }, { action: 'setOption', key: 'snapshot.num-retained.max', value: '20' }]);
   */
  async alter(changes: readonly SchemaChange[]): Promise<void> {
    this.#checkMain();
    await this.#alterBy(() => changes);
  }

  /** @param changesOf what is left to change, given the schema that they come after */
  async #alterBy(changesOf: (schema: TableSchema) => readonly SchemaChange[]): Promise<void> {
    const store = this.#store;
    for (;;) {
      await store.refresh();
      const changes = changesOf(store.schema);
      if (changes.length === 0) return;
      const hasSnapshot = (await store.snapshots.latestId()) !== undefined;
      const next = applyChanges(store.schema, changes, { hasSnapshot, now_ms: store.clock.now_ms() });
      if (await store.schemas.create(next, { sync: store.options.commitFsync })) break;
    }
    await store.refresh();
  }

  /**
   * Removes all rows.
   *
   * @example
   * const snapshot = await flights.truncate();
   */
  async truncate(options: { commitUser?: string; identifier?: bigint } = {}): Promise<bigint | undefined> {
    const store = await this.#writable();
    await this.#log.flush();
    const outcome = await truncateTable(store, this.#operator(options));
    return outcome.snapshots.at(-1);
  }

  /**
   * Removes all rows of the partitions that match any of the specifications.
   *
   * @example
   * await flights.dropPartitions([{ month: '2001-01' }, { month: '2001-02' }]);
   */
  async dropPartitions(
    specs: readonly PartitionSpec[],
    options: { commitUser?: string; identifier?: bigint } = {},
  ): Promise<bigint | undefined> {
    const store = await this.#writable();
    await this.#log.flush();
    const matchers = specs.map((spec) => partitionMatcher(this.name, this.#store.schema, spec));
    const outcome = await dropPartitions(store, (partition) => matchers.some((matches) => matches(partition)), this.#operator(options));
    return outcome.snapshots.at(-1);
  }

  /**
   * Snapshots held, oldest first. What stands in the table's log only is in none of them: `flush` makes one.
   *
   * @example
   * for (const { id, commitKind, timeMillis } of await flights.snapshots()) console.log(id, commitKind, new Date(timeMillis));
   */
  async snapshots(): Promise<Snapshot[]> {
    const ids = await this.#store.snapshots.list();
    return Promise.all(ids.map((id) => this.#store.snapshots.read(id)));
  }

  /**
   * The snapshot of a state; without `at` the latest, undefined when there is none.
   *
   * @example
   * const before = await flights.snapshot({ time: '2024-01-15T00:00:00Z' });
   */
  async snapshot(at?: At): Promise<Snapshot | undefined> {
    const { snapshots } = this.#store;
    if (at === undefined) return snapshots.latest();
    if ('snapshot' in at) return snapshots.read(at.snapshot);
    if ('tag' in at) return snapshots.tag(at.tag);
    const time_ms = toMillis(at.time);
    const found = await snapshots.atOrBefore(time_ms);
    if (found === undefined)
      throw new WeirError('NOT_FOUND', `${this.name} has no snapshot at or before ${new Date(time_ms).toISOString()}`, {
        table: this.name,
      });
    return found;
  }

  /**
   * Snapshots with a name, by name; `at: { tag }` reads one, also when the snapshot itself has expired.
   *
   * @example
   * for (const { name, snapshot } of await flights.tags()) console.log(name, snapshot.id, snapshot.timeMillis);
   */
  async tags(): Promise<Tag[]> {
    const { snapshots } = this.#store;
    return Promise.all((await snapshots.tags()).map(async (name) => ({ name, snapshot: await snapshots.tag(name) })));
  }

  /**
   * Names of the table's branches; `<table>$branch_<name>` is the table to read.
   *
   * @example
   * const [branch] = await flights.branches();
   * const trial = await catalog.table(`ods.flights$branch_${branch}`);
   */
  async branches(): Promise<string[]> {
    const { io, path } = this.#store;
    const entries = await io.list(path.branchDirectory);
    return entries.flatMap((entry) => path.branchOf(entry.path) ?? []).sort();
  }

  /**
   * Named readers, by id, and the first snapshot that each has not consumed: expiry keeps it and all after it.
   *
   * @example
   * for (const { id, nextSnapshot } of await flights.consumers()) console.log(id, nextSnapshot);
   */
  async consumers(): Promise<Consumer[]> {
    return this.#store.consumers.list();
  }

  /**
   * The state of the table's log; undefined when it never had one.
   *
   * @example
   * const { head, tree } = (await flights.log())!;
   */
  async log(): Promise<LogInfo | undefined> {
    const store = this.#store;
    await store.refresh();
    if (store.log === undefined) return undefined;
    const { slot, start, tree } = await store.log.log.refresh();
    const { pending_bytes } = store.log.log;
    return { id: store.log.id, enabled: store.options.logEnabled, head: slot, start, tree, pending_bytes };
  }

  /**
   * The position behind everything that is committed: where a stream from `latest` begins.
   *
   * @example
   * const from = await flights.position();
   * for await (const change of flights.changes({ from, signal })) console.log(change.length);
   */
  async position(): Promise<StreamPosition> {
    await this.#store.refresh();
    return formatPosition(await latestPlace(this.#store));
  }

  /**
   * Checks the table: that its files say what its snapshots and its log claim, and that the changes between two positions lead
   * from the state at the one to the state at the other. Reads everything; changes nothing.
   *
   * @example
   * const { ok, problems } = await flights.verify({ from: { snapshot: 3n } });
   * for (const { check, message } of problems) console.error(check, message);
   */
  async verify(options: VerifyOptions = {}): Promise<VerifyResult> {
    await this.#store.refresh();
    validateForRead(this.schema);
    return verifyTable(this.#store, options);
  }

  /**
   * All schemas the table has had, oldest first.
   *
   * @example
   * const [first] = await flights.schemas();
   */
  async schemas(): Promise<TableSchema[]> {
    return this.#store.schemas.list();
  }

  /**
   * Live data files of a state.
   *
   * @example
   * const bytes = (await flights.files()).reduce((sum, { file }) => sum + file.fileSize_bytes, 0);
   */
  async files(options: { at?: At } = {}): Promise<FileInfo[]> {
    const snapshot = await this.snapshot(options.at);
    return snapshot === undefined ? [] : readHeld(this.#store, snapshot, () => liveFiles(this.#store.manifests, snapshot));
  }

  /**
   * Counters since this handle was opened.
   *
   * @example
   * const { flushedRows, flush_ms } = flights.metrics();
   */
  metrics(): Readonly<TableMetrics> {
    return { ...this.#store.metrics };
  }

  /**
   * Ends what this handle keeps open. Writers and streams that it opened are closed on their own; what writers that are still
   * open committed to the table's log is put into a snapshot.
   *
   * @example
   * await flights.close();
   */
  async close(): Promise<void> {
    try {
      await this.#log.close();
    } finally {
      await this.#expiring.catch(() => {});
      await this.#points?.close();
      this.#points = undefined;
    }
  }

  /**
   * `close`, at the end of a block.
   *
   * @example
   * await using table = await catalog.table('ods.flights');
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #snapshotSource(options: ScanOptions): Promise<ScanSource> {
    const store = this.#store;
    await store.refresh();
    const { snapshot, tail } = await this.#state(options.at);
    const today = options.at === undefined || 'position' in options.at || snapshot === undefined;
    const schema = today ? store.schema : await store.schemas.read(snapshot.schemaId);
    validateForRead(schema);
    this.#checkColumns(options.columns, schema);
    const columns = options.columns ?? schema.fields.map((field) => field.name);
    const fields = columns.map((name) => schema.fields.find((field) => field.name === name)!);
    const where = this.#bind(options.where, schema);
    const held = <T>(read: () => Promise<T>) => (snapshot === undefined ? read() : readHeld(store, snapshot, read));
    const plan = await held(() => planSnapshot(store, snapshot, schema, { where, tail }));
    const parts = this.#parts(plan, schema, columns, where, options.signal);
    return {
      plan: {
        snapshot: snapshot?.id,
        splits: plan.splits.length,
        files: plan.splits.reduce((sum, split) => sum + split.sections.flat(2).length, 0),
        rows: plan.splits.reduce((sum, split) => sum + split.rows, 0),
        size_bytes: plan.splits.reduce((sum, split) => sum + split.size_bytes, 0),
      },
      fields,
      parts: snapshot === undefined ? parts : parts.map((part) => () => yieldHeld(store, snapshot, part())),
    };
  }

  /** What a read sees: a snapshot and, unless it asked for one, the rows of the log that are in none yet. */
  async #state(at: ScanOptions['at']): Promise<State> {
    const { log } = this.#store;
    if (at !== undefined && 'position' in at) return stateAt(this.#store, parsePosition(at.position));
    if (at !== undefined || log === undefined) return { snapshot: await this.snapshot(at), tail: [] };
    for (let attempt = 0; ; attempt++) {
      const { snapshot, position, head } = await log.latest();
      try {
        return { snapshot, tail: await log.tail.read(position, head, snapshot) };
      } catch (error) {
        // the slots went into a later snapshot and were trimmed meanwhile
        if (!hasCode(error, 'POSITION_EXPIRED') || attempt >= MAX_REPLANS) throw error;
      }
    }
  }

  #parts(
    plan: PlannedRead,
    schema: TableSchema,
    columns: readonly string[],
    where: BoundPredicate | undefined,
    signal: AbortSignal | undefined,
  ) {
    const wanted = { schema, columns, where, kinds: false };
    return plan.splits.map((split) => () => streamSplit(this.#store, plan, split, wanted, signal));
  }

  /** Who writes a branch must know what the others share with it. */
  #checkMain(): void {
    if (this.#store.branch === undefined) return;
    throw new WeirError('UNSUPPORTED', `${this.name} is a branch: weir reads branches, and changes them not`, { table: this.name });
  }

  async #writable(): Promise<TableStore> {
    this.#checkMain();
    await this.#store.refresh();
    validateForWrite(this.#store.schema);
    return this.#store;
  }

  /** Who an operator's one-off commit is by. */
  #operator(options: { commitUser?: string; identifier?: bigint }): { commitUser: string; identifier?: bigint } {
    return { ...options, commitUser: options.commitUser ?? this.#store.newCommitUser() };
  }

  async #pointReader(): Promise<PointReader> {
    const { schema } = this.#store;
    if (this.#points !== undefined && this.#points.schema.id !== schema.id) {
      await this.#points.close();
      this.#points = undefined;
    }
    this.#points ??= new PointReader(this.#store, this.#store.ioRef, schema);
    return this.#points;
  }

  /** After a commit, one at a time; a failure to tidy up must not fail the job that committed. */
  async #expireInPassing(): Promise<void> {
    this.#expiring = this.#expiring
      .then(() => this.expire())
      .catch((error: unknown) => this.#store.services.logger?.warn(`${this.name}: snapshots were not expired: ${String(error)}`));
    await this.#expiring;
  }

  #bind(where: Predicate | undefined, schema: TableSchema): BoundPredicate | undefined {
    return where === undefined ? undefined : bindPredicate(where, schema.fields);
  }

  #checkColumns(columns: readonly string[] | undefined, schema: TableSchema): void {
    for (const name of columns ?? []) {
      if (!schema.fields.some((field) => field.name === name))
        throw new WeirError('INVALID_ARGUMENT', `${this.name} has no column ${name}`, { table: this.name });
    }
  }

  #threads(): number {
    return Math.max(1, this.#store.services.executor.threads);
  }
}

function toMillis(time: number | string | Date): number {
  const time_ms =
    time instanceof Date ? time.getTime() : typeof time === 'number' ? time : /^\d+$/.test(time) ? Number(time) : Date.parse(time);
  if (!Number.isFinite(time_ms))
    throw new WeirError('INVALID_ARGUMENT', `'${String(time)}' is no time: give ISO-8601 or epoch milliseconds`);
  return time_ms;
}
