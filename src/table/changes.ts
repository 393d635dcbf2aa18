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
import { LogFollower } from './log/log-follower.js';
import { formatPosition, type LogPlace, type Place, parsePosition, type SnapshotPlace, type StreamPosition } from './position.js';
import { streamSplit } from './split-stream.js';
import { latestPlace } from './state-at.js';
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
  /** whose changes these are; of rows that come from the table's log, the newest one before them (0: none) */
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

/** Rows, and for each its kind and its sequence number (tables without keys have none). */
interface Kinded {
  readonly batch: Batch;
  readonly kinds: Uint8Array;
  readonly numbers?: BigInt64Array;
}

/** Up to where a stream goes. */
export interface End {
  /** last snapshot whose changes are told */
  readonly snapshot: bigint;
  /** last slot; undefined: the log is left aside, for the end is a snapshot */
  readonly slot: bigint | undefined;
}

type StreamOptions = ChangesOptions & { batch?: boolean; end?: End };

/** @param options `batch: true` leaves out what batch reads do not see; `end` stands above `until` */
export async function* streamChanges<R>(
  store: TableStore,
  options: StreamOptions,
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
  readonly #options: StreamOptions;
  readonly #where: BoundPredicate | undefined;
  readonly #poll_ms: number;
  /** undefined for a table without a log, and for batch reads, which see snapshots only */
  readonly #log: LogFollower | undefined;

  constructor(store: TableStore, options: StreamOptions, where: BoundPredicate | undefined) {
    this.#store = store;
    this.#options = options;
    this.#where = where;
    this.#log = store.log === undefined || options.batch === true ? undefined : new LogFollower(store, store.log);
    this.#poll_ms = options.poll_ms ?? store.options.discoveryInterval_ms ?? 100;
  }

  async *run(): AsyncGenerator<Change<R>> {
    if (this.#options.signal?.aborted === true) return;
    let place = await this.#start();
    const end = await this.#end();
    if (place.phase === 'full') {
      if (end !== undefined && place.snapshot > end.snapshot) return;
      yield* this.#fullState(place);
      place = { phase: 'change', snapshot: place.snapshot + 1n, done: 0 };
      await this.#save(place);
    }
    for (let next: Place | undefined = place; next !== undefined; ) {
      next = yield* next.phase === 'log' ? this.#inLog(next, end) : this.#inSnapshots(next, end);
      if (next !== undefined) await this.#save(next);
    }
  }

  /** The changes of one snapshot, and where to go on. */
  async *#inSnapshots(place: SnapshotPlace, end: End | undefined): AsyncGenerator<Change<R>, Place | undefined> {
    if (place.done === 0 && (end === undefined || end.slot !== undefined)) {
      const entry = await this.#log?.enter(place.snapshot);
      if (entry !== undefined) return entry;
    }
    if (end !== undefined && place.snapshot > end.snapshot) return undefined;
    if (!(await this.#awaitSnapshot(place.snapshot))) return undefined;
    yield* this.#changesOf(place);
    return { phase: 'change', snapshot: place.snapshot + 1n, done: 0 };
  }

  /** The changes of one slot, or of one snapshot that others made meanwhile, and where to go on. */
  async *#inLog(place: LogPlace, end: End | undefined): AsyncGenerator<Change<R>, Place | undefined> {
    const log = this.#log;
    if (log === undefined) throw new WeirError('POSITION_EXPIRED', `${this.#store.table} has no log: start again from 'latest-full'`);
    const { schema } = this.#store;
    if ((end !== undefined && end.slot === undefined) || !(await log.holds(place))) return yield* this.#pastLog(log, place, end);
    const inRange = end === undefined || place.snapshot <= end.snapshot;
    if (inRange && (place.aside || place.done === 0) && (await this.#isMade(place.snapshot))) {
      const snapshot = await this.#read(place.snapshot, 'changes');
      const position = await log.positionOf(snapshot);
      const foreign = log.isForeign(snapshot);
      if (foreign && position === undefined) throw this.#expired(snapshot.id);
      // a snapshot that holds slots not told yet comes after them
      if (position === undefined || position < place.slot) {
        if (foreign) yield* this.#changesOf(asideOf(place), { keeps: await log.shadow(position!, place.slot, schema) });
        return { ...place, snapshot: place.snapshot + 1n, done: 0, aside: false };
      }
    }
    if (place.aside) return yield* this.#pastLog(log, place, end);
    if ((end?.slot === undefined || place.slot <= end.slot) && place.slot <= (await log.head())) {
      await this.#store.refresh();
      const found = await log.read(place, this.#store.schema);
      if (found === undefined) return place;
      for (const [index, { batch, kinds, end: told }] of found.rows.entries()) {
        if (index < place.done) continue;
        const last = index + 1 === found.rows.length;
        const after = last ? found.next : { ...place, done: index + 1, end: told };
        const change = this.#change(after, { batch: this.#projected(batch), kinds });
        if (change !== undefined) yield change;
      }
      return found.next;
    }
    if (end?.slot !== undefined && place.slot > end.slot && place.snapshot > end.snapshot) return undefined;
    if (this.#options.signal?.aborted === true) return undefined;
    await log.handle.log.awaitSlot(place.slot, this.#poll_ms, this.#options.signal);
    return place;
  }

  /** The slots are gone: what they held is in snapshots, next to what was told already. */
  async *#pastLog(log: LogFollower, place: LogPlace, end: End | undefined): AsyncGenerator<Change<R>, Place | undefined> {
    if (end !== undefined && place.snapshot > end.snapshot) return undefined;
    if (!(await this.#awaitSnapshot(place.snapshot))) return undefined;
    const snapshot = await this.#read(place.snapshot, 'changes');
    const position = await log.positionOf(snapshot);
    const { table, schema } = this.#store;
    const after: LogPlace = { ...place, snapshot: place.snapshot + 1n, ...(place.aside && { aside: false, done: 0 }) };
    if (log.isForeign(snapshot) || position === undefined) {
      const keeps = await log.shadow(position ?? place.slot, place.slot, schema);
      yield* this.#changesOf(asideOf(place), { keeps });
      return after;
    }
    if (position < place.slot) return after;
    const before = await log.positionBefore(place.snapshot);
    const inside = before !== place.slot - 1n || (place.done > 0 && !place.aside);
    if (inside && schema.primaryKeys.length === 0) {
      throw new WeirError(
        'POSITION_EXPIRED',
        `slot ${place.slot} of ${table} is gone, and stands in the middle of snapshot ${snapshot.id}`,
        { table },
      );
    }
    yield* this.#changesOf(asideOf(place), { from: place.end });
    return { phase: 'change', snapshot: place.snapshot + 1n, done: 0 };
  }

  /** Where to begin. */
  async #start(): Promise<Place> {
    const { snapshots, consumers } = this.#store;
    const { consumer, from = 'latest-full' } = this.#options;
    if (consumer !== undefined) {
      const saved = await consumers.read(consumer);
      if (saved?.position !== undefined) return parsePosition(saved.position);
      if (saved !== undefined) return { phase: 'change', snapshot: saved.nextSnapshot, done: 0 };
    }
    if (typeof from === 'object') return { phase: 'change', snapshot: from.snapshot, done: 0 };
    if (from === 'latest') return latestPlace(this.#store);
    if (from === 'latest-full' || from === 'earliest') {
      const id = from === 'earliest' ? await snapshots.earliestId() : await snapshots.latestId();
      return id === undefined ? { phase: 'change', snapshot: 1n, done: 0 } : { phase: 'full', snapshot: id, done: 0 };
    }
    return parsePosition(from);
  }

  async #end(): Promise<End | undefined> {
    const { until, end } = this.#options;
    if (end !== undefined) return end;
    if (until === undefined) return undefined;
    if (until !== 'now') return { snapshot: until.snapshot, slot: undefined };
    // the snapshot first: it cannot hold a slot beyond the one that is newest afterwards
    const snapshot = (await this.#store.snapshots.latestId()) ?? 0n;
    return { snapshot, slot: await this.#log?.head() };
  }

  async *#fullState(place: SnapshotPlace): AsyncGenerator<Change<R>> {
    const store = this.#store;
    const snapshot = await this.#read(place.snapshot, 'state');
    await store.refresh();
    const [state, postponed] = await readHeld(store, snapshot, () =>
      Promise.all([planFullState(store, snapshot, store.schema), planPostponed(store, snapshot, store.schema)]),
    );
    let done = 0;
    for await (const rows of yieldHeld(store, snapshot, this.#stateBatches(state, postponed))) {
      done++;
      if (done <= place.done) continue;
      const change = this.#change({ ...place, done }, rows);
      if (change !== undefined) yield change;
    }
  }

  /**
   * The changes of the snapshot at a place.
   *
   * @param part which rows of it: those that `keeps` picks of a batch (null = all), or those numbered at or above `from`
   */
  async *#changesOf(place: Place, part: { keeps?: (batch: Batch) => Uint32Array | null; from?: bigint } = {}): AsyncGenerator<Change<R>> {
    const store = this.#store;
    const snapshot = await this.#read(place.snapshot, 'changes');
    await store.refresh();
    const plan = await readHeld(store, snapshot, () => planChanges(store, snapshot, store.schema, this.#options), 'changes');
    let done = 0;
    for await (const rows of yieldHeld(store, snapshot, this.#changeBatches(plan), 'changes')) {
      done++;
      if (done <= place.done) continue;
      const kept = part.from === undefined ? (part.keeps?.(rows.batch) ?? null) : rowsFrom(rows.numbers, part.from);
      const change = this.#change({ ...place, done }, kept === null ? rows : takeKinded(rows, kept));
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
      if (!keyed) {
        yield { batch, kinds: new Uint8Array(batch.length) };
        continue;
      }
      const width = batch.columns.length - 2;
      const stored = batch.columns[width + 1]!.values as Int8Array;
      yield {
        batch: { fields: batch.fields.slice(0, width), columns: batch.columns.slice(0, width), length: batch.length },
        kinds: new Uint8Array(stored.buffer, stored.byteOffset, batch.length),
        numbers: batch.columns[width]!.values as BigInt64Array,
      };
    }
  }

  /** Split by split, so that the order (and with it a position's count) is the same each time. */
  async *#batches(plan: PlannedRead, kinds: boolean): AsyncGenerator<Batch> {
    const wanted = { schema: this.#store.schema, columns: this.#columns(), where: undefined, kinds };
    for (const split of plan.splits) yield* streamSplit(this.#store, plan, split, wanted, this.#options.signal);
  }

  /** The columns to read: the wanted ones, then those only the condition or the log needs. */
  #columns(): string[] {
    const { schema } = this.#store;
    const wanted = this.#options.columns ?? schema.fields.map((field) => field.name);
    const hidden = this.#where === undefined ? [] : columnsOf(this.#where);
    return [...new Set([...wanted, ...hidden, ...(this.#log === undefined ? [] : schema.primaryKeys)])];
  }

  #projected(batch: Batch): Batch {
    const columns = this.#columns().map((name) => batch.fields.findIndex((field) => field.name === name));
    return { fields: columns.map((at) => batch.fields[at]!), columns: columns.map((at) => batch.columns[at]!), length: batch.length };
  }

  #change(place: Place, all: Kinded): Change<R> | undefined {
    const rows = this.#where === undefined ? null : evaluate(this.#where, all.batch);
    const { batch, kinds } = rows === null ? all : takeKinded(all, rows);
    if (batch.length === 0) return undefined;
    const width = this.#options.columns === undefined ? this.#store.schema.fields.length : new Set(this.#options.columns).size;
    const projected = { fields: batch.fields.slice(0, width), columns: batch.columns.slice(0, width), length: batch.length };
    return new Change(formatPosition(place), place.phase === 'log' ? place.snapshot - 1n : place.snapshot, kinds, projected);
  }

  async #read(id: bigint, part: 'state' | 'changes'): Promise<Snapshot> {
    try {
      return await this.#store.snapshots.read(id);
    } catch (error) {
      if (!hasCode(error, 'NOT_FOUND') && !hasCode(error, 'POSITION_EXPIRED')) throw error;
      const kept = part === 'changes' ? await this.#store.changelogs.read(id) : undefined;
      if (kept !== undefined) return kept;
      throw this.#expired(id, await this.#store.snapshots.earliestId(), error);
    }
  }

  #expired(id: bigint, earliest?: bigint, cause?: unknown): WeirError {
    const { table } = this.#store;
    const why =
      earliest === undefined
        ? `those before snapshot ${id} of ${table} are gone`
        : `snapshot ${id} of ${table} is gone; the earliest is ${earliest}`;
    return new WeirError('POSITION_EXPIRED', `${why}: start again from 'latest-full', or from 'earliest'`, { table, cause });
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

  /** Has the snapshot been made? It may have expired since: then the one before it has, too, which would be the latest else. */
  async #isMade(id: bigint): Promise<boolean> {
    const { snapshots } = this.#store;
    if (await snapshots.exists(id)) return true;
    return id === 1n ? (await snapshots.latestId()) !== undefined : !(await snapshots.exists(id - 1n));
  }

  async #save(place: Place): Promise<void> {
    const { consumer } = this.#options;
    if (consumer === undefined || place.done > 0) return;
    await this.#store.consumers.write(consumer, place.snapshot, place.phase === 'log' ? { position: formatPosition(place) } : {});
  }
}

/** The place among the batches of its snapshot. */
function asideOf(place: LogPlace): LogPlace {
  return place.aside ? place : { ...place, aside: true, done: 0 };
}

function takeKinded({ batch, kinds }: Kinded, rows: Uint32Array): Kinded {
  return { batch: takeBatch(batch, rows), kinds: Uint8Array.from(rows, (row) => kinds[row]!) };
}

/** Rows numbered at or above `first`; null = all. */
function rowsFrom(numbers: BigInt64Array | undefined, first: bigint): Uint32Array | null {
  if (numbers === undefined || numbers.every((number) => number >= first)) return null;
  const rows = new Uint32Array(numbers.length);
  let count = 0;
  for (let row = 0; row < numbers.length; row++) if (numbers[row]! >= first) rows[count++] = row;
  return rows.subarray(0, count);
}
