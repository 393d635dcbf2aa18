/**
 * Which slots may go, and their going.
 *
 *   slot ─ covered by a `tree` record at t ─ age ─> t + log.retention ─┐   or `log.retained-slots` newer ones are covered,
 *                                                                      │   but never before t + 2 x LOOK_MS (log-head.ts)
 *                                                                      └─> `start` record ─> deleted upwards, bodies last,
 *                                                                          then directories that became empty
 *
 * Invariants
 * - what is not in the tree is never removed; the newest slot and the newest `tree` record stay.
 * - `start` is raised in the log before a slot below it is deleted: whoever finds one missing can tell why.
 * - a registered consumer's slots stay, up to `log.retention.max`.
 */
import { hasCode } from '../../base/error.js';
import type { LogState } from '../../log/log-state.js';
import { LOOK_MS, type TableLog } from '../../log/table-log.js';
import type { LogBody } from '../../meta/commit-message.js';
import { parsePosition } from '../position.js';
import type { TableStore } from '../table-store.js';
import type { LogHandle } from './log-handle.js';

/** Raises `start` to what the options allow, and deletes what is below. Returns how many slots went. */
export async function trimLog(store: TableStore, handle: LogHandle): Promise<number> {
  const { log } = handle;
  const state = await log.refresh();
  const allowed = firstToKeep(store, state);
  const held = await firstHeld(store, state);
  const start = held < allowed ? held : allowed;
  if (start > state.start) {
    await log.record((now) => (now.start >= start ? undefined : { kind: 'start' }), { start });
  }
  return removeBelow(handle, (await log.refresh()).start);
}

/** The lowest slot that somebody may still need. */
function firstToKeep(store: TableStore, state: LogState): bigint {
  const { options, clock } = store;
  const seen = state.coveredSince(clock.now_ms() - 2 * LOOK_MS);
  const aged = state.coveredSince(clock.now_ms() - options.logRetention_ms);
  const crowded = state.tree.position - BigInt(options.logRetainedSlots);
  const wanted = aged > crowded ? aged : crowded;
  const first = (wanted < seen ? wanted : seen) + 1n;
  return first < state.tree.slot ? first : state.tree.slot;
}

/** The lowest slot that a registered consumer waits for, of those that it may hold still. */
async function firstHeld({ options, clock, consumers }: TableStore, state: LogState): Promise<bigint> {
  let first = state.slot + 1n;
  for (const { position } of await consumers.list()) {
    const slot = position === undefined ? undefined : nextSlot(position);
    if (slot !== undefined && slot < first) first = slot;
  }
  const given = state.coveredSince(clock.now_ms() - options.logRetentionMax_ms) + 1n;
  return first > given ? first : given;
}

/** undefined for a place among snapshots; the first for a text that a later weir wrote */
function nextSlot(position: string): bigint | undefined {
  try {
    const place = parsePosition(position);
    return place.phase === 'log' ? place.slot : undefined;
  } catch {
    return 1n;
  }
}

/** Slots before bodies, upwards: what is missing is always below what is there. */
async function removeBelow({ log }: LogHandle, start: bigint): Promise<number> {
  let removed = 0;
  for (const slot of await log.store.below(start)) {
    const bodies = await bodiesOf(log, slot);
    if (bodies === undefined) continue;
    await log.store.remove(slot);
    for (const { name } of bodies) await log.store.removeBody(name);
    removed++;
  }
  await log.store.removeDirectoriesBelow(start);
  return removed;
}

/** undefined when another process has removed the slot */
async function bodiesOf(log: TableLog, slot: bigint): Promise<LogBody[] | undefined> {
  try {
    const { content } = (await log.slot(slot)).header;
    return content.kind === 'commits' ? content.commits.flatMap((commit) => commit.bodies) : [];
  } catch (error) {
    if (hasCode(error, 'POSITION_EXPIRED')) return undefined;
    throw error;
  }
}
