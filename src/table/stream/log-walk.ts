/**
 * A stream in the table's log: slot after slot, and what others commit beside it in its place.
 *
 *   slot n ─ slot n+1 ─ … ─ head, wait          snapshots of the log, COMPACT     passed over: slots say the same
 *       └ snapshot s of others, at position < n  after the slots it holds: what loses to slots beyond them is left out
 *
 * Where slots are gone the stream goes over to snapshots: those of the log tell what they held.
 */
import { hasCode, WeirError } from '../../base/error.js';
import type { MemoryBucket } from '../../lsm/memory-file.js';
import { deltaEntries } from '../../meta/live-files.js';
import { ADD } from '../../meta/manifest-entry.js';
import type { Snapshot } from '../../meta/snapshot.js';
import type { Change } from '../change.js';
import type { End } from '../changes.js';
import { readHeld } from '../held-snapshot.js';
import type { LogFollower } from '../log/log-follower.js';
import type { LogPlace, Place } from '../position.js';
import { numberedFrom } from './kinded.js';
import type { Part, SnapshotWalk } from './snapshot-walk.js';
import type { StreamContext } from './stream-context.js';

export class LogWalk<R> {
  readonly #context: StreamContext<R>;
  readonly #snapshots: SnapshotWalk<R>;

  constructor(context: StreamContext<R>, snapshots: SnapshotWalk<R>) {
    this.#context = context;
    this.#snapshots = snapshots;
  }

  /** The changes of one slot, or of one snapshot that others made meanwhile, and where to go on. */
  async *next(place: LogPlace, end: End | undefined): AsyncGenerator<Change<R>, Place | undefined> {
    const context = this.#context;
    await context.store.refresh();
    const { log } = context;
    if (log === undefined) throw this.#expired(`${context.store.table} has no log`);
    const holds = await log.holds(place);
    if (!holds || (end !== undefined && end.slot === undefined)) return yield* this.#past(log, place, end);
    const inRange = end === undefined || place.snapshot <= end.snapshot;
    if (inRange && (place.aside || place.done === 0) && (await context.isMade(place.snapshot))) {
      const snapshot = await context.snapshotAt(place, 'changes');
      const position = await log.positionOf(snapshot);
      if (position === undefined && log.isForeign(snapshot)) throw context.expired(snapshot.id);
      // a snapshot that holds slots not told yet comes after them
      if (position === undefined || position < place.slot) {
        if (log.isForeign(snapshot)) yield* this.#beside(log, place, snapshot, position!);
        return passed(place, snapshot);
      }
      // the log has lost its end
      if (position > ((await log.head()) ?? 0n)) return yield* this.#past(log, place, end);
    }
    if (place.aside) return yield* this.#past(log, place, end);
    if ((end?.slot === undefined || place.slot <= end.slot) && place.slot <= ((await log.head()) ?? 0n))
      return yield* this.#slot(log, place);
    if (end?.slot !== undefined && place.slot > end.slot && place.snapshot > end.snapshot) return undefined;
    if (context.aborted) return undefined;
    await log.handle.log.awaitSlot(place.slot, context.poll_ms, context.options.signal);
    return place;
  }

  async *#slot(log: LogFollower, place: LogPlace): AsyncGenerator<Change<R>, Place> {
    const found = await log.read(place, this.#context.store.schema);
    // gone since: next time it is looked for in snapshots
    if (found === undefined) return place;
    for (const [index, { batch, kinds, end }] of found.rows.entries()) {
      if (index < place.done) continue;
      const last = index + 1 === found.rows.length;
      const after = last ? found.next : { ...place, done: index + 1, end };
      const change = this.#context.change(after, this.#context.projected({ batch, kinds }));
      if (change !== undefined) yield change;
    }
    return found.next;
  }

  /** The slots are gone: what they held is in snapshots, next to what was told already. */
  async *#past(log: LogFollower, place: LogPlace, end: End | undefined): AsyncGenerator<Change<R>, Place | undefined> {
    const { store } = this.#context;
    const keyed = store.schema.primaryKeys.length > 0;
    if (!keyed && place.done > 0 && !place.aside) throw this.#inTheMiddle(place);
    if (end !== undefined && place.snapshot > end.snapshot) return undefined;
    if (!(await this.#context.awaitSnapshot(place.snapshot))) return undefined;
    const snapshot = await this.#context.snapshotAt(place, 'changes');
    const position = await log.positionOf(snapshot);
    if (log.isForeign(snapshot) || position === undefined) {
      const isBehind = position !== undefined && position >= place.slot;
      yield* this.#beside(log, place, snapshot, position ?? place.slot);
      // the slots that it holds, with rows of its own, have none
      return isBehind ? behind(snapshot) : passed(place, snapshot);
    }
    if (position < place.slot) return passed(place, snapshot);
    if (!keyed && (await this.#holdsToldRows(snapshot, place.end))) throw this.#inTheMiddle(place);
    yield* this.#snapshots.changesOf(snapshot, asideOf(place), { pick: numberedFrom(place.end) });
    return behind(snapshot);
  }

  /** Are rows of the log in the snapshot that were told? Its files say how they are numbered. */
  async #holdsToldRows(snapshot: Snapshot, end: bigint): Promise<boolean> {
    const { store } = this.#context;
    const delta = await readHeld(store, snapshot, () => deltaEntries(store.manifests, snapshot), 'changes');
    return delta.some(({ kind, file }) => kind === ADD && file.minSequenceNumber < end);
  }

  /** What another's snapshot changes, where slots (position, place.slot) have been told already. */
  async *#beside(log: LogFollower, place: LogPlace, snapshot: Snapshot, position: bigint): AsyncGenerator<Change<R>> {
    const { schema } = this.#context.store;
    const told = async (): Promise<Part> => {
      if (snapshot.commitKind === 'OVERWRITE') return { tail: await this.#tail(log, position, place.slot, snapshot) };
      const keeps = await log.shadow(position, place.slot, schema);
      return { pick: ({ batch }) => keeps(batch) };
    };
    let part: Part;
    try {
      part = await told();
    } catch (error) {
      if (!hasCode(error, 'POSITION_EXPIRED')) throw error;
      throw this.#expired(`slots that were told before snapshot ${snapshot.id} of ${this.#context.store.table} are gone`, error);
    }
    yield* this.#snapshots.changesOf(snapshot, asideOf(place), part);
  }

  async #tail({ handle }: LogFollower, position: bigint, slot: bigint, snapshot: Snapshot): Promise<readonly MemoryBucket[]> {
    return position + 1n >= slot ? [] : handle.tail.readOnce(position, slot - 1n, snapshot);
  }

  /** Rows without keys have no numbers to tell those that were told from the others. */
  #inTheMiddle({ slot }: LogPlace): WeirError {
    return this.#expired(`slot ${slot} of ${this.#context.store.table} is gone, and stands in the middle of a snapshot`);
  }

  #expired(why: string, cause?: unknown): WeirError {
    const { table } = this.#context.store;
    return new WeirError('POSITION_EXPIRED', `${why}: start again from 'latest-full'`, { table, cause });
  }
}

/** The place among the batches of its snapshot. */
function asideOf(place: LogPlace): LogPlace {
  return place.aside ? place : { ...place, aside: true, done: 0 };
}

/** The place among snapshots, after one. */
function behind({ id, deltaManifestList }: Snapshot): Place {
  return { phase: 'change', snapshot: id + 1n, done: 0, list: deltaManifestList };
}

/** The place after its snapshot, which was told or holds nothing but slots. */
function passed(place: LogPlace, { deltaManifestList }: Snapshot): LogPlace {
  return { ...place, snapshot: place.snapshot + 1n, list: deltaManifestList, ...(place.aside && { aside: false, done: 0 }) };
}
