/**
 * Snapshots that came too late: while their committer slept, their id was used and expired, so that it looked free.
 *
 *   4 is next ··· sleeps ··· others make 4, 5, 6, 7, and 4, 5 expire ··· makes snapshot-4
 *
 *   4 · 6 7      nobody builds on it, and 5 is missing above it: it does not count
 *   4 5 6 7      it does: ids expire upwards, so none above it has
 *   · · 6 7      it was made and has expired, or the other way round: the history of 7 tells
 *
 * Invariant: an expiry has raised the hint to the earliest snapshot before it removed one, or a clock tells that it took long: in the
 * common case nothing is listed.
 */
import type { Clock } from '../base/clock.js';
import type { Snapshot } from '../meta/snapshot.js';
import type { CommitContext } from './commit-context.js';
import { isInHistory } from './fate.js';
import type { Attempt, Moment } from './part-of-commit.js';

/** Whoever took so long, by either clock, lists the snapshots there are. */
const STALL_MS = 60_000;

export function momentOf(clock: Clock): Moment {
  return { now_ms: clock.now_ms(), monotonic_ms: clock.monotonic_ms() };
}

/** counts; late: it does not, and is still there; unknown: it is gone, and may have counted before. */
export type Turn = 'counts' | 'late' | 'unknown';

/** Does a snapshot that was just published count? */
export async function turnOf(context: CommitContext, attempt: Attempt): Promise<Turn> {
  const { clock, snapshots } = context;
  const { snapshot, looked } = attempt;
  const { id } = snapshot;
  const { now_ms, monotonic_ms } = momentOf(clock);
  const stalled = Math.max(monotonic_ms - looked.monotonic_ms, Math.abs(now_ms - looked.now_ms)) >= STALL_MS;
  if (!stalled && (await snapshots.isHeld(id))) return 'counts';
  const ids = new Set(await snapshots.list());
  const newest = [...ids].at(-1) ?? id;
  let next = id;
  while (next <= newest && ids.has(next)) next++;
  if (next > newest) return 'counts';
  // an expiry that runs removes this one before those above it
  if (await isStill(context, snapshot)) return 'late';
  const latest = await snapshots.latest();
  return latest !== undefined && (await isInHistory(context, attempt, latest)) ? 'counts' : 'unknown';
}

async function isStill({ snapshots }: CommitContext, { id, baseManifestList }: Snapshot): Promise<boolean> {
  return (await snapshots.readAnew(id))?.baseManifestList === baseManifestList;
}
