/**
 * The state of a table at a stream position: what a reader that stopped there has seen, folded.
 *
 *   full-N, change-(N+1)      snapshot N
 *   log-N-…-slot              snapshot N-1 at log position P, and the slots after P before `slot`
 *
 * A commit is visible whole or not at all: a position inside of one stands for its end.
 */
import { hasCode, WeirError } from '../base/error.js';
import type { MemoryBucket } from '../lsm/memory-file.js';
import { readUnlessExpired } from '../meta/expired-snapshot.js';
import type { Snapshot } from '../meta/snapshot.js';
import { LogFollower } from './log/log-follower.js';
import type { LogPlace, Place } from './position.js';
import { checkNotRolledBack } from './rolled-back.js';
import type { TableStore } from './table-store.js';

export interface State {
  /** undefined: the table had none */
  readonly snapshot: Snapshot | undefined;
  /** rows of the log that are in no snapshot */
  readonly tail: readonly MemoryBucket[];
}

/** The place behind everything that is committed. */
export async function latestPlace(store: TableStore): Promise<Place> {
  const latest = await store.snapshots.latest();
  const inLog = store.log && (await new LogFollower(store, store.log).atHead(latest));
  return inLog ?? { phase: 'change', snapshot: (latest?.id ?? 0n) + 1n, done: 0, list: latest?.deltaManifestList };
}

/** The end of the commit that a place stands in. @throws POSITION_EXPIRED when its slot is gone */
export async function wholePlace(store: TableStore, place: Place): Promise<Place> {
  if (place.done === 0 && place.phase !== 'full') return place;
  const next = place.snapshot + 1n;
  const behind: Place = { phase: 'change', snapshot: next, done: 0, list: place.list };
  if (place.phase !== 'log') return behind;
  if (place.aside) {
    const position = await new LogFollower(store, logOf(store)).positionBefore(next);
    if (position !== undefined && position >= place.slot) return behind;
    return { ...place, snapshot: next, done: 0, aside: false };
  }
  const { header } = await logOf(store).log.slot(place.slot);
  return { ...place, done: 0, slot: place.slot + 1n, end: header.end, commit: header.commit };
}

/**
 * The state at the end of the commit that the place stands in.
 *
 * @throws POSITION_EXPIRED when a slot or the snapshot beneath it is gone, the log is another one, or the table was rolled back;
 *   UNSUPPORTED for a place in the log of a table without one
 */
export async function stateAt(store: TableStore, given: Place): Promise<State> {
  await checkNotRolledBack(store, given);
  const place = await wholePlace(store, given);
  if (place.phase === 'log') return logState(store, place);
  const id = place.snapshot - 1n;
  return { snapshot: id === 0n ? undefined : await store.snapshots.read(id), tail: [] };
}

async function logState(store: TableStore, place: LogPlace): Promise<State> {
  const handle = logOf(store);
  const follower = new LogFollower(store, handle);
  const last = place.slot - 1n;
  await checkSame(store, place);
  const position = await follower.positionBefore(place.snapshot);
  const snapshot = place.snapshot === 1n ? undefined : await readUnlessExpired(store.snapshots, place.snapshot - 1n);
  if (position === undefined || position > last || (snapshot === undefined && place.snapshot > 1n)) throw expired(store, place);
  try {
    return { snapshot, tail: await handle.tail.readOnce(position, last, snapshot) };
  } catch (error) {
    throw hasCode(error, 'POSITION_EXPIRED') ? expired(store, place, error) : error;
  }
}

async function checkSame(store: TableStore, place: LogPlace): Promise<void> {
  const { id, log } = logOf(store);
  const last = place.slot - 1n;
  const { slot, start } = await log.refresh();
  if (last > slot || (place.log !== undefined && place.log !== id)) throw expired(store, place);
  if (place.commit === '' || last < start) return;
  const { header } = await log.slot(last);
  if (header.commit !== place.commit) throw expired(store, place);
}

function logOf({ log, table }: TableStore) {
  if (log !== undefined) return log;
  throw new WeirError('UNSUPPORTED', `${table} has no log, and the position is one of a log`, { table });
}

function expired({ table }: TableStore, { slot, snapshot }: LogPlace, cause?: unknown): WeirError {
  const message = `the state of ${table} before slot ${slot} of its log, over snapshot ${snapshot - 1n}, is not there any more: read a later one`;
  return new WeirError('POSITION_EXPIRED', message, { table, cause });
}
