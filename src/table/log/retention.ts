/**
 * Which slots may go, and their going.
 *
 *   slot ─ covered by a `tree` record at t ─ age ─> t + log.retention ─┐   or `log.retained-slots` newer ones are covered
 *                                                                      └─> `start` record ─> deleted upwards, bodies last
 *
 * Invariants
 * - what is not in the tree is never removed; the newest slot and the newest `tree` record stay.
 * - `start` is raised in the log before a slot below it is deleted: whoever finds one missing can tell why.
 * - a registered consumer's slots stay, up to `log.retention.max`.
 */
import type { LogState } from '../../log/log-state.js';
import type { TableStore } from '../table-store.js';
import type { LogHandle } from './log-handle.js';

/** Raises `start` to what the options allow, and deletes what is below. Returns how many slots went. */
export async function trimLog(store: TableStore, handle: LogHandle): Promise<number> {
  const { log } = handle;
  const state = await log.refresh();
  const start = firstToKeep(store, state);
  if (start > state.start) {
    await log.record((now) => (now.start >= start ? undefined : { kind: 'start' }), { start });
  }
  return removeBelow(handle, (await log.refresh()).start);
}

/** The lowest slot that somebody may still need. */
function firstToKeep(store: TableStore, state: LogState): bigint {
  const { options, clock } = store;
  const old_ms = clock.now_ms() - options.logRetention_ms;
  const aged = state.coverage.findLast(({ time_ms }) => time_ms <= old_ms)?.position ?? 0n;
  const crowded = state.tree.position - BigInt(options.logRetainedSlots);
  const covered = aged > crowded ? aged : crowded;
  const limit = state.tree.slot < state.slot ? state.tree.slot : state.slot;
  const first = (covered < state.tree.position ? covered : state.tree.position) + 1n;
  return first < limit ? first : limit;
}

/** Slots before bodies, upwards: what is missing is always below what is there. */
async function removeBelow({ log }: LogHandle, start: bigint): Promise<number> {
  const slots = await log.store.below(start);
  for (const slot of slots) {
    const { content } = (await log.slot(slot)).header;
    const bodies = content.kind === 'commits' ? content.commits.flatMap((commit) => commit.bodies) : [];
    await log.store.remove(slot);
    for (const { name } of bodies) await log.store.removeBody(name);
  }
  return slots.length;
}
