/**
 * What the walks of one stream share: its table, what it asked for, the snapshots it meets.
 *
 * Invariant: a snapshot is read from its file, and then the one that the place names is looked at: a table that was rolled back
 * and went on past the place is noticed before anything of its new life is told.
 */
import { hasCode, WeirError } from '../../base/error.js';
import type { Snapshot } from '../../meta/snapshot.js';
import { type BoundPredicate, columnsOf, evaluate } from '../../types/predicate.js';
import { Change } from '../change.js';
import type { StreamOptions } from '../changes.js';
import { LogFollower } from '../log/log-follower.js';
import { formatPosition, type Place } from '../position.js';
import { checkNotRolledBack } from '../rolled-back.js';
import type { TableStore } from '../table-store.js';
import { type Kinded, takeKinded } from './kinded.js';

export class StreamContext<R> {
  readonly store: TableStore;
  readonly options: StreamOptions;
  readonly poll_ms: number;
  readonly #where: BoundPredicate | undefined;
  #log: LogFollower | undefined;

  constructor(store: TableStore, options: StreamOptions, where: BoundPredicate | undefined) {
    this.store = store;
    this.options = options;
    this.poll_ms = options.poll_ms ?? store.options.discoveryInterval_ms ?? 100;
    this.#where = where;
  }

  /** undefined for a table without a log, and for batch reads, which see snapshots only */
  get log(): LogFollower | undefined {
    const handle = this.options.batch === true ? undefined : this.store.log;
    if (this.#log?.handle !== handle) this.#log = handle && new LogFollower(this.store, handle);
    return this.#log;
  }

  get aborted(): boolean {
    return this.options.signal?.aborted === true;
  }

  /** The columns to read: the wanted ones, then those only the condition or the log needs. */
  columns(): string[] {
    const { schema } = this.store;
    const wanted = this.options.columns ?? schema.fields.map((field) => field.name);
    const hidden = this.#where === undefined ? [] : columnsOf(this.#where);
    return [...new Set([...wanted, ...hidden, ...(this.log === undefined ? [] : schema.primaryKeys)])];
  }

  /** Those columns of rows with all of the table's. */
  projected(rows: Kinded): Kinded {
    const { fields, columns, length } = rows.batch;
    const at = this.columns().map((name) => fields.findIndex((field) => field.name === name));
    return { ...rows, batch: { fields: at.map((index) => fields[index]!), columns: at.map((index) => columns[index]!), length } };
  }

  /** What the caller gets of the rows, with the place after them; undefined when that is nothing. */
  change(place: Place, all: Kinded): Change<R> | undefined {
    const { batch, kinds } = takeKinded(all, this.#where === undefined ? null : evaluate(this.#where, all.batch));
    if (batch.length === 0) return undefined;
    const { columns } = this.options;
    const width = columns === undefined ? this.store.schema.fields.length : new Set(columns).size;
    const wanted = { fields: batch.fields.slice(0, width), columns: batch.columns.slice(0, width), length: batch.length };
    const inSlot = place.phase === 'log' && !place.aside;
    return new Change(formatPosition(place), inSlot ? place.snapshot - 1n : place.snapshot, kinds, wanted);
  }

  /** The snapshot at a place. @throws POSITION_EXPIRED when it is gone, or the table was rolled back */
  async snapshotAt(place: Place, part: 'state' | 'changes'): Promise<Snapshot> {
    const snapshot = await this.#read(place.snapshot, part);
    await checkNotRolledBack(this.store, place);
    return snapshot;
  }

  /** true when snapshot `id` is there, or gone again; false when the stream was ended while waiting. */
  async awaitSnapshot(id: bigint): Promise<boolean> {
    const { snapshots, clock } = this.store;
    for (;;) {
      if (this.aborted) return false;
      if (await snapshots.exists(id)) return true;
      const [earliest, latest] = [await snapshots.earliestId(), await snapshots.latestId()];
      if (earliest !== undefined && id < earliest) return true;
      if (latest !== undefined && id > latest + 1n) throw this.#rolledBack(id, latest);
      await clock.sleep(this.poll_ms, this.options.signal);
    }
  }

  /** Has the snapshot been made? It may have expired since: then the one before it has, too, which would be the latest else. */
  async isMade(id: bigint): Promise<boolean> {
    const { snapshots } = this.store;
    if (await snapshots.exists(id)) return true;
    return id === 1n ? (await snapshots.latestId()) !== undefined : !(await snapshots.exists(id - 1n));
  }

  expired(id: bigint, earliest?: bigint, cause?: unknown): WeirError {
    const { table } = this.store;
    const why =
      earliest === undefined
        ? `those before snapshot ${id} of ${table} are gone`
        : `snapshot ${id} of ${table} is gone; the earliest is ${earliest}`;
    return new WeirError('POSITION_EXPIRED', `${why}: start again from 'latest-full', or from 'earliest'`, { table, cause });
  }

  #rolledBack(id: bigint, latest: bigint, cause?: unknown): WeirError {
    const { table } = this.store;
    const message = `${table} ends at snapshot ${latest}, the stream is at ${id}: the table was rolled back; start again from 'latest-full'`;
    return new WeirError('POSITION_EXPIRED', message, { table, cause });
  }

  async #read(id: bigint, part: 'state' | 'changes'): Promise<Snapshot> {
    const { snapshots, changelogs } = this.store;
    try {
      return (await snapshots.readAnew(id)) ?? (await snapshots.read(id));
    } catch (error) {
      if (!hasCode(error, 'NOT_FOUND') && !hasCode(error, 'POSITION_EXPIRED')) throw error;
      const kept = part === 'changes' ? await changelogs.read(id) : undefined;
      if (kept !== undefined) return kept;
      const latest = await snapshots.latestId();
      if (latest !== undefined && id > latest) throw this.#rolledBack(id, latest, error);
      throw this.expired(id, await snapshots.earliestId(), error);
    }
  }
}
