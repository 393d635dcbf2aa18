/**
 * A table as a stream of changes.
 *
 *   full state at S, as +I ──> changes of S+1 ──> S+2 ──> … (waits for the next snapshot)      stream/snapshot-walk
 *                                 └─> slot ──> slot ──> … of the table's log, while it is there    stream/log-walk
 *
 * Invariants: each batch carries the position after it, resuming there repeats nothing and misses nothing; at most one batch
 * is held; a consumer's progress is saved when the batch after it is asked for, so nothing unseen is ever skipped.
 */
import type { BoundPredicate } from '../types/predicate.js';
import type { Change } from './change.js';
import { formatPosition, type Place, parsePosition, type SnapshotPlace, type StreamPosition } from './position.js';
import { checkNotRolledBack } from './rolled-back.js';
import { latestPlace } from './state-at.js';
import { LogWalk } from './stream/log-walk.js';
import { SnapshotWalk } from './stream/snapshot-walk.js';
import { StreamContext } from './stream/stream-context.js';
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

/** Up to where a stream goes. */
export interface End {
  /** last snapshot whose changes are told */
  readonly snapshot: bigint;
  /** last slot; undefined: the log is left aside, for the end is a snapshot */
  readonly slot: bigint | undefined;
}

/** `batch` leaves out what batch reads do not see; `end` stands above `until`. */
export type StreamOptions = ChangesOptions & { batch?: boolean; end?: End };

export async function* streamChanges<R>(
  store: TableStore,
  options: StreamOptions,
  where: BoundPredicate | undefined,
): AsyncGenerator<Change<R>> {
  const stream = new ChangeStream<R>(new StreamContext(store, options, where));
  try {
    yield* stream.run();
  } catch (error) {
    if (options.signal?.aborted === true) return;
    throw error;
  }
}

class ChangeStream<R> {
  readonly #context: StreamContext<R>;
  readonly #snapshots: SnapshotWalk<R>;
  readonly #log: LogWalk<R>;

  constructor(context: StreamContext<R>) {
    this.#context = context;
    this.#snapshots = new SnapshotWalk(context);
    this.#log = new LogWalk(context, this.#snapshots);
  }

  async *run(): AsyncGenerator<Change<R>> {
    if (this.#context.aborted) return;
    const start = await this.#start();
    const end = await this.#end();
    await checkNotRolledBack(this.#context.store, start);
    for (let next: Place | undefined = start; next !== undefined; ) {
      next = yield* this.#step(next, end);
      if (next !== undefined) await this.#save(next);
    }
  }

  #step(place: Place, end: End | undefined): AsyncGenerator<Change<R>, Place | undefined> {
    if (place.phase === 'log') return this.#log.next(place, end);
    return place.phase === 'full' ? this.#fullState(place, end) : this.#inSnapshots(place, end);
  }

  async *#fullState(place: SnapshotPlace, end: End | undefined): AsyncGenerator<Change<R>, Place | undefined> {
    return end !== undefined && place.snapshot > end.snapshot ? undefined : yield* this.#snapshots.state(place);
  }

  /** The changes of one snapshot, and where to go on. */
  async *#inSnapshots(place: SnapshotPlace, end: End | undefined): AsyncGenerator<Change<R>, Place | undefined> {
    if (place.done === 0 && (end === undefined || end.slot !== undefined)) {
      const entry = await this.#context.log?.enter(place);
      if (entry !== undefined) return entry;
    }
    if (end !== undefined && place.snapshot > end.snapshot) return undefined;
    if (!(await this.#context.awaitSnapshot(place.snapshot))) return undefined;
    return yield* this.#snapshots.changes(place);
  }

  /** Where to begin. */
  async #start(): Promise<Place> {
    const { store, options } = this.#context;
    const { consumer, from = 'latest-full' } = options;
    const saved = consumer === undefined ? undefined : await store.consumers.read(consumer);
    if (saved?.position !== undefined) return parsePosition(saved.position);
    if (saved !== undefined) return { phase: 'change', snapshot: saved.nextSnapshot, done: 0 };
    if (typeof from === 'object') return { phase: 'change', snapshot: from.snapshot, done: 0 };
    if (from === 'latest') return latestPlace(store);
    if (from !== 'latest-full' && from !== 'earliest') return parsePosition(from);
    const id = from === 'earliest' ? await store.snapshots.earliestId() : await store.snapshots.latestId();
    return id === undefined ? { phase: 'change', snapshot: 1n, done: 0 } : { phase: 'full', snapshot: id, done: 0 };
  }

  async #end(): Promise<End | undefined> {
    const { store, options, log } = this.#context;
    const { until, end } = options;
    if (end !== undefined) return end;
    if (until === undefined) return undefined;
    if (until !== 'now') return { snapshot: until.snapshot, slot: undefined };
    // the snapshot first: it cannot hold a slot beyond the one that is newest afterwards
    const snapshot = (await store.snapshots.latestId()) ?? 0n;
    return { snapshot, slot: await log?.head() };
  }

  async #save(place: Place): Promise<void> {
    const { store, options } = this.#context;
    if (options.consumer === undefined || place.done > 0) return;
    await store.consumers.write(options.consumer, place.snapshot, { position: formatPosition(place) });
  }
}
