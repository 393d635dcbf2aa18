/**
 * A table as a stream of changes.
 *
 *   full state at S, as +I ──> changes of S+1 ──> S+2 ──> … (waits for the next snapshot)
 *                                 (of an expired snapshot: as long as its changelog is kept)
 *
 * Invariants: each batch carries the position after it, resuming there repeats nothing and misses nothing; at most one batch
 * is held; a consumer's progress is saved when the batch after it is asked for, so nothing unseen is ever skipped.
 */
import type { RecordBatch } from 'apache-arrow';
import { hasCode, WeirError } from '../base/error.js';
import type { Snapshot } from '../meta/snapshot.js';
import { planChanges, planFullState, planPostponed } from '../read/change-plan.js';
import type { PlannedRead } from '../read/plan.js';
import { toRecordBatch } from '../types/arrow.js';
import { type Batch, INSERT, ROW_KINDS, type RowKind } from '../types/column.js';
import { type BoundPredicate, columnsOf, evaluate } from '../types/predicate.js';
import { rowsOf } from '../types/row-reader.js';
import { takeBatch } from '../types/take.js';
import { readHeld, yieldHeld } from './held-snapshot.js';
import { formatPosition, type Place, parsePosition, type StreamPosition } from './position.js';
import { streamSplit } from './split-stream.js';
import type { TableStore } from './table-store.js';

/**
 * Which changes to follow, from where, and until when.
 *
 * @example
 * const options: ChangesOptions = { from: 'earliest', until: 'now', columns: ['id', 'delay'] };
 * for await (const change of flights.changes(options)) console.log(change.length);
 */
export interface ChangesOptions {
  /**
   * `latest-full` (default): the state now, then changes · `latest`: only what comes after · `earliest`: the state at the earliest
   * snapshot held, then changes · `{ snapshot }`: from the changes of that snapshot on, which may be kept longer than the
   * snapshot · a position: where that batch ended
   */
  from?: 'latest-full' | 'latest' | 'earliest' | { snapshot: bigint } | StreamPosition;
  /** end after the changes of this snapshot; `now`: of the one that is latest at the start. Default: never */
  until?: { snapshot: bigint } | 'now';
  /** remember progress under this name; it also keeps the snapshots that it still needs from expiring */
  consumer?: string;
  columns?: readonly string[];
  /** ends the stream cleanly */
  signal?: AbortSignal;
  /** how often to look for a new snapshot; default 100 ms, or the table's `continuous.discovery-interval` when that is set */
  poll_ms?: number;
}

/**
 * A batch of changes of one snapshot.
 *
 * @example
 * for await (const change of flights.changes({ until: 'now' })) {
 *   for (const { kind, row } of change.rows()) console.log(kind, row.id, row.delay);
 * }
 */
export class Change<R> {
  /** resume here to get what follows this batch */
  readonly position: StreamPosition;
  readonly snapshot: bigint;
  /** one a row: 0 +I, 1 -U, 2 +U, 3 -D */
  readonly kinds: Uint8Array;
  /** the rows as columns */
  readonly batch: Batch;

  /** @internal */
  constructor(position: StreamPosition, snapshot: bigint, kinds: Uint8Array, batch: Batch) {
    this.position = position;
    this.snapshot = snapshot;
    this.kinds = kinds;
    this.batch = batch;
  }

  get length(): number {
    return this.batch.length;
  }

  /**
   * Rows as objects, each with its kind.
   *
   * @example
   * const late = change.rows().filter(({ kind, row }) => kind !== '-D' && (row.delay ?? 0) > 60);
   */
  rows(): { kind: RowKind; row: R }[] {
    return rowsOf(this.batch).map((row, index) => ({ kind: ROW_KINDS[this.kinds[index]!]!, row: row as R }));
  }

  /**
   * The rows as an Arrow record batch; their kinds are in `kinds`.
   *
   * @example
   * const delays = change.toArrow().getChild('delay');
   */
  toArrow(): RecordBatch {
    return toRecordBatch(this.batch);
  }
}

/** Rows, and for each its kind. */
interface Kinded {
  readonly batch: Batch;
  readonly kinds: Uint8Array;
}

/** @param options `batch: true` leaves out what batch reads do not see */
export async function* streamChanges<R>(
  store: TableStore,
  options: ChangesOptions & { batch?: boolean },
  where: BoundPredicate | undefined,
): AsyncGenerator<Change<R>> {
  const stream = new ChangeStream<R>(store, options, where);
  try {
    yield* stream.run();
  } catch (error) {
    if (options.signal?.aborted === true) return;
    throw error;
  }
}

class ChangeStream<R> {
  readonly #store: TableStore;
  readonly #options: ChangesOptions & { batch?: boolean };
  readonly #where: BoundPredicate | undefined;
  readonly #poll_ms: number;

  constructor(store: TableStore, options: ChangesOptions & { batch?: boolean }, where: BoundPredicate | undefined) {
    this.#store = store;
    this.#options = options;
    this.#where = where;
    this.#poll_ms = options.poll_ms ?? store.options.discoveryInterval_ms ?? 100;
  }

  async *run(): AsyncGenerator<Change<R>> {
    const { signal, consumer } = this.#options;
    if (signal?.aborted === true) return;
    let place = await this.#start();
    const last = await this.#end();
    if (place === undefined) return;
    if (place.phase === 'full') {
      if (last !== undefined && place.snapshot > last) return;
      yield* this.#fullState(place);
      place = { phase: 'change', snapshot: place.snapshot + 1n, done: 0 };
      await this.#save(place.snapshot);
    }
    for (let id = place.snapshot; last === undefined || id <= last; id++) {
      if (!(await this.#awaitSnapshot(id))) return;
      yield* this.#changesOf(id, id === place.snapshot ? place.done : 0);
      if (consumer !== undefined) await this.#save(id + 1n);
    }
  }

  /** Where to begin; undefined when the table is empty and the stream ends `now`. */
  async #start(): Promise<Place | undefined> {
    const { snapshots, consumers } = this.#store;
    const { consumer, from = 'latest-full' } = this.#options;
    if (consumer !== undefined) {
      const next = await consumers.read(consumer);
      if (next !== undefined) return { phase: 'change', snapshot: next, done: 0 };
    }
    if (typeof from === 'object') return { phase: 'change', snapshot: from.snapshot, done: 0 };
    if (from === 'latest-full' || from === 'earliest' || from === 'latest') {
      const id = from === 'earliest' ? await snapshots.earliestId() : await snapshots.latestId();
      if (id === undefined) return { phase: 'change', snapshot: 1n, done: 0 };
      return from === 'latest' ? { phase: 'change', snapshot: id + 1n, done: 0 } : { phase: 'full', snapshot: id, done: 0 };
    }
    return parsePosition(from);
  }

  async #end(): Promise<bigint | undefined> {
    const { until } = this.#options;
    if (until === 'now') return (await this.#store.snapshots.latestId()) ?? 0n;
    return until?.snapshot;
  }

  async *#fullState(place: Place): AsyncGenerator<Change<R>> {
    const store = this.#store;
    const snapshot = await this.#read(place.snapshot, 'state');
    await store.refresh();
    const [state, postponed] = await readHeld(store, snapshot, () =>
      Promise.all([planFullState(store, snapshot, store.schema), planPostponed(store, snapshot, store.schema)]),
    );
    let done = 0;
    for await (const { batch, kinds } of yieldHeld(store, snapshot, this.#stateBatches(state, postponed))) {
      done++;
      if (done <= place.done) continue;
      const change = this.#change({ phase: 'full', snapshot: place.snapshot, done }, batch, kinds);
      if (change !== undefined) yield change;
    }
  }

  async *#changesOf(id: bigint, skip: number): AsyncGenerator<Change<R>> {
    const store = this.#store;
    const snapshot = await this.#read(id, 'changes');
    await store.refresh();
    const plan = await readHeld(store, snapshot, () => planChanges(store, snapshot, store.schema, this.#options), 'changes');
    let done = 0;
    for await (const { batch, kinds } of yieldHeld(store, snapshot, this.#changeBatches(plan), 'changes')) {
      done++;
      if (done <= skip) continue;
      const change = this.#change({ phase: 'change', snapshot: id, done }, batch, kinds);
      if (change !== undefined) yield change;
    }
  }

  async *#stateBatches(state: PlannedRead, postponed: PlannedRead): AsyncGenerator<Kinded> {
    for await (const batch of this.#batches(state, false)) yield { batch, kinds: new Uint8Array(batch.length).fill(INSERT) };
    yield* this.#changeBatches(postponed);
  }

  /** Rows with the kinds they were stored with; appended rows are inserted. */
  async *#changeBatches(plan: PlannedRead): AsyncGenerator<Kinded> {
    const keyed = this.#store.schema.primaryKeys.length > 0;
    for await (const batch of this.#batches(plan, keyed)) {
      const width = batch.columns.length - (keyed ? 1 : 0);
      const stored = keyed ? (batch.columns[width]!.values as Int8Array) : undefined;
      const kinds = stored === undefined ? new Uint8Array(batch.length) : new Uint8Array(stored.buffer, stored.byteOffset, batch.length);
      yield { batch: { fields: batch.fields.slice(0, width), columns: batch.columns.slice(0, width), length: batch.length }, kinds };
    }
  }

  /** Split by split, so that the order (and with it a position's count) is the same each time. */
  async *#batches(plan: PlannedRead, kinds: boolean): AsyncGenerator<Batch> {
    const wanted = { schema: this.#store.schema, columns: this.#columns(), where: undefined, kinds };
    for (const split of plan.splits) yield* streamSplit(this.#store, plan, split, wanted, this.#options.signal);
  }

  /** The columns to read: the wanted ones, then those only the condition needs. */
  #columns(): string[] {
    const wanted = this.#options.columns ?? this.#store.schema.fields.map((field) => field.name);
    return [...new Set([...wanted, ...(this.#where === undefined ? [] : columnsOf(this.#where))])];
  }

  #change(place: Place, batch: Batch, kinds: Uint8Array): Change<R> | undefined {
    const rows = this.#where === undefined ? null : evaluate(this.#where, batch);
    const kept = rows === null ? batch : takeBatch(batch, rows);
    if (kept.length === 0) return undefined;
    const keptKinds = rows === null ? kinds : Uint8Array.from(rows, (row) => kinds[row]!);
    const width = this.#options.columns === undefined ? this.#store.schema.fields.length : new Set(this.#options.columns).size;
    const projected = { fields: kept.fields.slice(0, width), columns: kept.columns.slice(0, width), length: kept.length };
    return new Change(formatPosition(place), place.snapshot, keptKinds, projected);
  }

  async #read(id: bigint, part: 'state' | 'changes'): Promise<Snapshot> {
    try {
      return await this.#store.snapshots.read(id);
    } catch (error) {
      if (!hasCode(error, 'NOT_FOUND') && !hasCode(error, 'POSITION_EXPIRED')) throw error;
      const kept = part === 'changes' ? await this.#store.changelogs.read(id) : undefined;
      if (kept !== undefined) return kept;
      const earliest = await this.#store.snapshots.earliestId();
      throw new WeirError(
        'POSITION_EXPIRED',
        `snapshot ${id} of ${this.#store.table} is gone; the earliest is ${earliest ?? 'none'}: start again from 'latest-full', or from 'earliest'`,
        { table: this.#store.table, cause: error },
      );
    }
  }

  /** true when snapshot `id` is there; false when the stream was ended while waiting. */
  async #awaitSnapshot(id: bigint): Promise<boolean> {
    const { snapshots, clock, table } = this.#store;
    for (;;) {
      if (this.#options.signal?.aborted === true) return false;
      if (await snapshots.exists(id)) return true;
      const [earliest, latest] = [await snapshots.earliestId(), await snapshots.latestId()];
      if (earliest !== undefined && id < earliest) return true;
      if (latest !== undefined && id > latest + 1n) {
        throw new WeirError(
          'POSITION_EXPIRED',
          `${table} ends at snapshot ${latest}, the stream is at ${id}: the table was rolled back; start again from 'latest-full'`,
          { table },
        );
      }
      await clock.sleep(this.#poll_ms, this.#options.signal);
    }
  }

  async #save(next: bigint): Promise<void> {
    if (this.#options.consumer !== undefined) await this.#store.consumers.write(this.#options.consumer, next);
  }
}
