/**
 * What a stream tells of a snapshot: its state, its changes, or, of an OVERWRITE, what it made different.
 *
 * An OVERWRITE is told on tables with a log. Without one weir does as Paimon does by default: streams pass over it.
 *
 * Invariant: the batches of a snapshot come in the same order each time, so that a position may count them.
 */
import type { MemoryBucket } from '../../lsm/memory-file.js';
import { readUnlessExpired } from '../../meta/expired-snapshot.js';
import type { Snapshot } from '../../meta/snapshot.js';
import { planChanges, planFullState, planPostponed } from '../../read/change-plan.js';
import { planDifference } from '../../read/difference-plan.js';
import { differenceTask } from '../../read/difference-task.js';
import type { PlannedRead } from '../../read/plan.js';
import { type Batch, INSERT } from '../../types/column.js';
import type { Change } from '../change.js';
import { readHeld, yieldHeld } from '../held-snapshot.js';
import type { Place, SnapshotPlace } from '../position.js';
import { splitInput, streamSplit } from '../split-stream.js';
import { type Kinded, type Picker, takeKinded, withoutIgnored } from './kinded.js';
import type { StreamContext } from './stream-context.js';

/** Which rows of a snapshot to tell. */
export interface Part {
  /** of its changes; default: all */
  readonly pick?: Picker;
  /** of an OVERWRITE: rows of the log beyond its position that were told before it, and stay */
  readonly tail?: readonly MemoryBucket[];
}

export class SnapshotWalk<R> {
  readonly #context: StreamContext<R>;

  constructor(context: StreamContext<R>) {
    this.#context = context;
  }

  /** The state at a snapshot, and the place after it. */
  async *state(place: SnapshotPlace): AsyncGenerator<Change<R>, Place> {
    const { store } = this.#context;
    const snapshot = await this.#context.snapshotAt(place, 'state');
    await store.refresh();
    const [state, postponed] = await readHeld(store, snapshot, () =>
      Promise.all([planFullState(store, snapshot, store.schema), planPostponed(store, snapshot, store.schema)]),
    );
    yield* this.#told(place, snapshot, yieldHeld(store, snapshot, this.#stateRows(state, postponed)));
    return after(snapshot);
  }

  /** The changes of the next snapshot, and the place after it. */
  async *changes(place: SnapshotPlace): AsyncGenerator<Change<R>, Place> {
    const snapshot = await this.#context.snapshotAt(place, 'changes');
    yield* this.changesOf(snapshot, place, {});
    return after(snapshot);
  }

  /** The changes of the snapshot at a place. */
  async *changesOf(snapshot: Snapshot, place: Place, part: Part): AsyncGenerator<Change<R>> {
    const { store, options, log } = this.#context;
    await store.refresh();
    if (log !== undefined && snapshot.commitKind === 'OVERWRITE') {
      yield* this.#difference(snapshot, place, part.tail ?? []);
      return;
    }
    const plan = await readHeld(store, snapshot, () => planChanges(store, snapshot, store.schema, options), 'changes');
    yield* this.#told(place, snapshot, yieldHeld(store, snapshot, this.#rawRows(plan), 'changes'), part.pick);
  }

  async *#difference(snapshot: Snapshot, place: Place, tail: readonly MemoryBucket[]): AsyncGenerator<Change<R>> {
    const { store } = this.#context;
    const id = snapshot.id - 1n;
    const before = id === 0n ? undefined : await readUnlessExpired(store.snapshots, id);
    if (before === undefined && id > 0n) throw this.#context.expired(id, await store.snapshots.earliestId());
    const held = before ?? snapshot;
    const plan = () => planDifference(store, before, snapshot, store.schema, tail);
    const planned = await readHeld(store, held, () => readHeld(store, snapshot, plan));
    const wanted = { schema: store.schema, columns: store.schema.fields.map(({ name }) => name), where: undefined, kinds: false };
    const { signal } = this.#context.options;
    const source = async function* () {
      for (const part of planned.parts) {
        const [was, is] = [part.before, part.after].map((split) => split && splitInput(store, planned, split, wanted));
        yield* store.services.executor.stream(differenceTask, { before: was, after: is }, { signal });
      }
    };
    const rows = this.#differenceRows(yieldHeld(store, held, yieldHeld(store, snapshot, source())));
    yield* this.#told(place, snapshot, rows);
  }

  /** Counts the batches, and leaves out those that were told before. */
  async *#told(place: Place, snapshot: Snapshot, source: AsyncIterable<Kinded>, pick?: Picker): AsyncGenerator<Change<R>> {
    let done = 0;
    for await (const rows of source) {
      done++;
      if (done <= place.done) continue;
      const told = pick === undefined ? rows : takeKinded(rows, pick(rows));
      const change = this.#context.change({ ...place, done, list: snapshot.deltaManifestList }, told);
      if (change !== undefined) yield change;
    }
  }

  async *#stateRows(state: PlannedRead, postponed: PlannedRead): AsyncGenerator<Kinded> {
    for await (const batch of this.#batches(state, false)) yield { batch, kinds: new Uint8Array(batch.length).fill(INSERT) };
    yield* this.#rawRows(postponed);
  }

  /** Rows with the kinds they were stored with; appended rows are inserted. */
  async *#rawRows(plan: PlannedRead): AsyncGenerator<Kinded> {
    const { schema, options } = this.#context.store;
    const keyed = schema.primaryKeys.length > 0;
    for await (const batch of this.#batches(plan, keyed)) {
      if (!keyed) {
        yield { batch, kinds: new Uint8Array(batch.length) };
        continue;
      }
      const width = batch.columns.length - 2;
      const numbers = batch.columns[width]!.values as BigInt64Array;
      yield withoutIgnored({ ...kindedRows(batch, width, width + 1), numbers }, options.ignoreDelete);
    }
  }

  async *#differenceRows(batches: AsyncIterable<Batch>): AsyncGenerator<Kinded> {
    for await (const batch of batches) {
      const width = batch.columns.length - 1;
      yield this.#context.projected(kindedRows(batch, width, width));
    }
  }

  /** Split by split, so that the order (and with it a position's count) is the same each time. */
  async *#batches(plan: PlannedRead, kinds: boolean): AsyncGenerator<Batch> {
    const { store, options } = this.#context;
    const wanted = { schema: store.schema, columns: this.#context.columns(), where: undefined, kinds };
    for (const split of plan.splits) yield* streamSplit(store, plan, split, wanted, options.signal);
  }
}

/** The first `width` columns, with the kinds that stand in another one. */
function kindedRows({ fields, columns, length }: Batch, width: number, kindColumn: number): Kinded {
  const stored = columns[kindColumn]!.values as Int8Array;
  return {
    batch: { fields: fields.slice(0, width), columns: columns.slice(0, width), length },
    kinds: new Uint8Array(stored.buffer, stored.byteOffset, length),
  };
}

function after({ id, deltaManifestList }: Snapshot): Place {
  return { phase: 'change', snapshot: id + 1n, done: 0, list: deltaManifestList };
}
