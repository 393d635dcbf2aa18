/**
 * Reading the files of a snapshot that an expiry may take away at any moment.
 *
 *   a file is missing ─┬─ the snapshot (or a tag of it) is still there   CORRUPTION: somebody deleted what was needed
 *                      └─ it is gone                                     POSITION_EXPIRED: read a later one
 *
 * Of an expired snapshot the changes may be there for longer than its state (meta/changelog-store).
 *
 * Invariant: a reader of a snapshot never sees NOT_FOUND for a file that it did not ask for by name.
 */
import { hasCode, WeirError } from '../base/error.js';
import type { Snapshot } from '../meta/snapshot.js';
import type { TableStore } from './table-store.js';

/** What of a snapshot is read. */
type Part = 'state' | 'changes';

/** What `read` gives; a missing file is told as CORRUPTION or POSITION_EXPIRED. */
export async function readHeld<T>(store: TableStore, snapshot: Snapshot, read: () => Promise<T>, part: Part = 'state'): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw await explained(store, snapshot, error, part);
  }
}

/** What `read` gives of the latest snapshot, or of the one after it when that expires meanwhile; undefined while there is none. */
export async function readLatest<T>(store: TableStore, read: (latest: Snapshot) => Promise<T>): Promise<T | undefined> {
  for (;;) {
    const latest = await store.snapshots.latest();
    if (latest === undefined) return undefined;
    try {
      return await readHeld(store, latest, () => read(latest));
    } catch (error) {
      if (!hasCode(error, 'POSITION_EXPIRED')) throw error;
    }
  }
}

/** What `source` yields; a missing file is told as CORRUPTION or POSITION_EXPIRED. */
export async function* yieldHeld<T>(
  store: TableStore,
  snapshot: Snapshot,
  source: AsyncIterable<T>,
  part: Part = 'state',
): AsyncGenerator<T> {
  try {
    yield* source;
  } catch (error) {
    throw await explained(store, snapshot, error, part);
  }
}

async function explained(store: TableStore, snapshot: Snapshot, error: unknown, part: Part): Promise<unknown> {
  const missing = hasCode(error, 'NOT_FOUND') || (hasCode(error, 'CORRUPTION') && hasCode(error.cause, 'NOT_FOUND'));
  if (!missing) return error;
  const { table } = store;
  const detail = { table, cause: error, ...(error.file !== undefined && { file: error.file }) };
  if (!(await isHeld(store, snapshot, part))) {
    return new WeirError('POSITION_EXPIRED', `snapshot ${snapshot.id} of ${table} expired while it was read: read a later one`, detail);
  }
  if (error.code === 'CORRUPTION') return error;
  return new WeirError('CORRUPTION', `${error.file ?? 'a file'} is missing, and snapshot ${snapshot.id} of ${table} needs it`, detail);
}

/** Is the snapshot there, by itself, under a tag or, for its changes, as a changelog? */
async function isHeld({ snapshots, changelogs }: TableStore, snapshot: Snapshot, part: Part): Promise<boolean> {
  if (await snapshots.isHeld(snapshot.id)) return true;
  if (part === 'changes') return changelogs.exists(snapshot.id);
  for (const name of await snapshots.tags()) if ((await snapshots.tag(name)).id === snapshot.id) return true;
  return false;
}
