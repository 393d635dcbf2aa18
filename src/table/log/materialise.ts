/**
 * From the log into the tree: the next slots become level-0 files and a snapshot.
 *
 *   slots (P, P'] ─ route ─> buffers ─ sort, merge ─> level-0 files ─ APPEND snapshot that says P' ─> `tree` record
 *
 * Invariants
 * - slots go in as a prefix, whole, of every user, in order; the position check in the race for the snapshot id sees to it
 *   that none goes in twice.
 * - the slots last before a snapshot says that it holds them.
 * - the snapshot cannot expire before the log's own record says what it said: a consumer holds it that long.
 */
import { hasCode } from '../../base/error.js';
import { abortMessages, commitTable } from '../../commit/table-commit.js';
import type { LogState } from '../../log/log-state.js';
import type { Coverage, SlotContent } from '../../log/slot.js';
import type { CommitMessage } from '../../meta/commit-message.js';
import type { TableStore } from '../table-store.js';
import type { LogHandle } from './log-handle.js';
import { slotFiles } from './slot-files.js';

/** who commits rows out of the log, whoever runs it */
export const LOG_USER = 'weir-log';
/** consumers of this name hold a snapshot until the log has its record */
const GUARD_PREFIX = 'weir-';
/** the coverage is thinned to one entry per this share of the retention, and of what consumers may hold */
const COVERAGE_STEPS = 60;

export interface Materialised {
  /** the snapshot made; undefined when the tree held everything already */
  readonly snapshot: bigint | undefined;
  /** the tree holds all slots up to here */
  readonly position: bigint;
  readonly messages: readonly CommitMessage[];
}

/** Puts every slot there is at the call into the tree. Any number of processes may try at once. */
export async function materialise(store: TableStore, handle: LogHandle, signal?: AbortSignal): Promise<Materialised> {
  const { log } = handle;
  const to = (await log.refresh()).slot;
  for (;;) {
    signal?.throwIfAborted();
    const { snapshot, position } = await handle.latest();
    let messages: CommitMessage[];
    try {
      if (position >= to || !(await holdsCommits(handle, position, to))) {
        if (snapshot !== undefined) await recordTree(store, handle, snapshot.id, position);
        return { snapshot: undefined, position, messages: [] };
      }
      await log.store.sync(position + 1n, to);
      messages = await slotFiles(store, log, position, to, signal);
    } catch (error) {
      // another process was so much faster that the slots are trimmed already
      if (!hasCode(error, 'POSITION_EXPIRED') || (await handle.latest()).position === position) throw error;
      continue;
    }
    const guard = `${GUARD_PREFIX}${store.random.uuid()}`;
    await store.consumers.write(guard, (snapshot?.id ?? 0n) + 1n);
    try {
      const outcome = await commitTable(
        store,
        { commitUser: LOG_USER, identifier: to, messages, advances: { from: position, to }, allowEmpty: true },
        signal,
      );
      const made = outcome.snapshots[0]!;
      await recordTree(store, handle, made, to);
      return { snapshot: made, position: to, messages };
    } catch (error) {
      if (!hasCode(error, 'COMMIT_CONFLICT')) throw error;
      // another process was faster: what is left is planned again
      await abortMessages(store, messages);
    } finally {
      await store.consumers.remove(guard);
    }
  }
}

async function holdsCommits({ log }: LogHandle, after: bigint, to: bigint): Promise<boolean> {
  for (let slot = after + 1n; slot <= to; slot++) if ((await log.slot(slot)).header.content.kind === 'commits') return true;
  return false;
}

/** Says in the log what the snapshot says of itself, unless the log knows as much. */
async function recordTree(store: TableStore, { log }: LogHandle, snapshot: bigint, position: bigint): Promise<void> {
  const { clock, options } = store;
  const draft = (state: LogState): SlotContent | undefined => {
    if (state.tree.position >= position) return undefined;
    const forgotten_ms = clock.now_ms() - options.logUserRetention_ms;
    const users = state.users.filter(({ time_ms }) => time_ms >= forgotten_ms);
    return {
      kind: 'tree',
      users,
      coverage: [...thinned(state.coverage, clock.now_ms(), options), { position, time_ms: clock.now_ms() }],
    };
  };
  await log.record(draft, { tree: { snapshot, position } });
  log.forget(position);
}

/** Enough to tell the age of slots: one entry a step, wide steps beyond the retention, and the newest of those beyond all. */
function thinned(coverage: readonly Coverage[], now_ms: number, options: TableStore['options']): Coverage[] {
  const { logRetention_ms, logRetentionMax_ms } = options;
  const longest_ms = Math.max(logRetention_ms, logRetentionMax_ms);
  const kept: Coverage[] = [];
  for (const entry of coverage) {
    const last = kept.at(-1);
    const old = entry.time_ms < now_ms - logRetention_ms;
    const step_ms = Math.max(1, (old ? longest_ms : logRetention_ms) / COVERAGE_STEPS);
    const sameStep = last !== undefined && Math.floor(last.time_ms / step_ms) === Math.floor(entry.time_ms / step_ms);
    const bothOld = last !== undefined && entry.time_ms < now_ms - longest_ms;
    if (sameStep || bothOld) kept[kept.length - 1] = entry;
    else kept.push(entry);
  }
  return kept;
}
