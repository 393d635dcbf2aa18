/**
 * From the log into the tree: the next slots become level-0 files and a snapshot.
 *
 *   slots (P, P'] ─ route ─> buffers ─ sort, merge ─> level-0 files ─ APPEND snapshot that says P' ─> `tree` record
 *
 * Invariants
 * - slots go in as a prefix, whole, of every user, in order; the position check in the race for the snapshot id sees to it
 *   that none goes in twice.
 * - the slots last before a snapshot says that it holds them, and the snapshot lasts before the log says so.
 * - the snapshot cannot expire before the log's own record says what it said: a consumer holds it that long.
 * - the record also repeats which identifiers jobs committed by snapshots of their own (bulk-load.ts).
 */
import { hasCode } from '../../base/error.js';
import { abortMessages, type CommitOutcome, type Committable, commitTable } from '../../commit/table-commit.js';
import type { LogState } from '../../log/log-state.js';
import type { Coverage, LogUser, SlotContent } from '../../log/slot.js';
import { type Incarnation, LOOK_MS } from '../../log/table-log.js';
import { LOG_USER, positionProperty } from '../../log/tree-position.js';
import type { CommitMessage } from '../../meta/commit-message.js';
import { readUnlessExpired } from '../../meta/expired-snapshot.js';
import { BATCH_IDENTIFIER } from '../../meta/snapshot.js';
import type { TableStore } from '../table-store.js';
import type { LogHandle } from './log-handle.js';
import { slotFiles } from './slot-files.js';

/** consumers of this name hold a snapshot until the log has its record */
const GUARD_PREFIX = 'weir-';
/** a guard as old as this was left by a process that is gone */
const GUARD_MS = 3_600_000;
/** the coverage is thinned to one entry per this share of the retention, and of what consumers may hold */
const COVERAGE_STEPS = 60;

export interface Materialised {
  /** the snapshot made; undefined when the tree held everything already */
  readonly snapshot: bigint | undefined;
  /** the tree says that it holds all slots up to here */
  readonly position: bigint;
  /** and there is nothing to hold in those up to here: the log's end at the call, or later */
  readonly head: bigint;
  readonly messages: readonly CommitMessage[];
}

/**
 * Puts every slot there is at the call into the tree. Any number of processes may try at once.
 *
 * @param atLeast a slot that the newest snapshot has to say it holds, though it be by a snapshot with nothing in it
 */
export async function materialise(store: TableStore, handle: LogHandle, signal?: AbortSignal, atLeast = 0n): Promise<Materialised> {
  const { log } = handle;
  const to = (await log.refresh()).slot;
  for (;;) {
    signal?.throwIfAborted();
    const { snapshot, position } = await handle.latest();
    const found = await filesOf(store, handle, position, to, signal);
    if (found === 'trimmed') continue;
    if (found === undefined && position >= atLeast) {
      if (snapshot !== undefined) await recordOthers(store, handle, snapshot.id, position);
      await removeGuards(store, handle);
      return { snapshot: undefined, position, head: to > position ? to : position, messages: [] };
    }
    const messages = found ?? [];
    const advances = { from: position, to };
    try {
      const { snapshots } = await publishPosition(
        store,
        handle,
        { commitUser: LOG_USER, identifier: to, messages, advances, allowEmpty: true },
        { signal },
      );
      return { snapshot: snapshots[0]!, position: to, head: to, messages };
    } catch (error) {
      if (!hasCode(error, 'COMMIT_CONFLICT')) throw error;
      // another process was faster: what is left is planned again
      await abortMessages(store, messages);
    }
  }
}

/**
 * Publishes a snapshot that says how far the tree holds the log, and tells the log.
 *
 * @param load of rows that the incarnation took numbers for: it publishes nothing more under them
 */
export async function publishPosition(
  store: TableStore,
  handle: LogHandle,
  committable: Committable & { readonly advances: NonNullable<Committable['advances']> },
  { load, signal }: { load?: Pick<Incarnation, 'user' | 'epoch'>; signal?: AbortSignal | undefined } = {},
): Promise<CommitOutcome> {
  const { from, to } = committable.advances;
  if (to > from) await handle.log.store.sync(from + 1n, to);
  const guard = `${GUARD_PREFIX}${store.random.uuid()}`;
  await store.consumers.write(guard, ((await store.snapshots.latestId()) ?? 0n) + 1n, { sync: store.options.commitFsync });
  try {
    const outcome = await commitTable(store, committable, signal);
    const made = outcome.snapshots[0] ?? (await store.snapshots.latestId());
    if (made !== undefined) await recordTree(store, handle, made, to, load);
    handle.guards.add(guard);
    await removeGuards(store, handle);
    return outcome;
  } catch (error) {
    // the snapshot may be there all the same: its guard stays until a later call has told the log
    handle.guards.add(guard);
    throw error;
  }
}

/** Files of the slots (position, to]; undefined when there is nothing in them, 'trimmed' when the tree has them by now. */
async function filesOf(
  store: TableStore,
  handle: LogHandle,
  position: bigint,
  to: bigint,
  signal: AbortSignal | undefined,
): Promise<CommitMessage[] | 'trimmed' | undefined> {
  const { log } = handle;
  try {
    if (position >= to || !(await holdsCommits(handle, position, to))) return undefined;
    return await slotFiles(store, log, position, to, signal);
  } catch (error) {
    if (hasCode(error, 'POSITION_EXPIRED')) return 'trimmed';
    throw error;
  }
}

async function holdsCommits({ log }: LogHandle, after: bigint, to: bigint): Promise<boolean> {
  for (let slot = after + 1n; slot <= to; slot++) if ((await log.slot(slot)).header.content.kind === 'commits') return true;
  return false;
}

/** The log knows what the snapshots say: those guarded here, and those of processes that are gone, may expire. */
async function removeGuards({ consumers, clock }: TableStore, { guards }: LogHandle): Promise<void> {
  for (const { id, modified_ms } of await consumers.list()) {
    if (!id.startsWith(GUARD_PREFIX) || !(guards.has(id) || modified_ms < clock.now_ms() - GUARD_MS)) continue;
    await consumers.remove(id);
    guards.delete(id);
  }
}

/** The same for a snapshot found: whoever made it may have died before its name lasted, and the record must not outlive it. */
async function recordOthers(store: TableStore, handle: LogHandle, snapshot: bigint, position: bigint): Promise<void> {
  const { tree } = await handle.log.refresh();
  if (tree.snapshot < snapshot && store.options.commitFsync) await store.io.syncDirectories([store.path.snapshotDirectory]);
  await recordTree(store, handle, snapshot, position);
}

/** Says in the log what the snapshot says of itself, and what jobs committed by those before it, unless the log knows as much. */
async function recordTree(
  store: TableStore,
  handle: LogHandle,
  snapshot: bigint,
  position: bigint,
  load?: Pick<Incarnation, 'user' | 'epoch'>,
): Promise<void> {
  const { log } = handle;
  const { clock, options } = store;
  const loaded = await loadedSince((await log.refresh()).tree.snapshot, snapshot, store, handle);
  const draft = (state: LogState): SlotContent | undefined => {
    const learnt = state.users.map((user) => learn(user, loaded.get(user.user), position, load));
    const isNews = learnt.some((user, i) => user !== state.users[i]);
    // a record that is further on is of a later snapshot, and was written with this one in view
    if (state.tree.position > position || (state.tree.position === position && !isNews)) return undefined;
    const forgotten_ms = clock.now_ms() - options.logUserRetention_ms;
    const users = learnt.filter(({ time_ms }) => time_ms >= forgotten_ms);
    return {
      kind: 'tree',
      users,
      coverage: [...thinned(state.coverageAt(clock.now_ms()), clock.now_ms(), options), { position, time_ms: clock.now_ms() }],
    };
  };
  await log.record(draft, { tree: { snapshot, position } });
  log.forget(position);
}

/** The highest identifier of each user among the snapshots (after, to] that jobs made themselves. */
async function loadedSince(after: bigint, to: bigint, { snapshots }: TableStore, handle: LogHandle): Promise<Map<string, bigint>> {
  const loaded = new Map<string, bigint>();
  for (let id = to; id > after; id--) {
    const snapshot = await readUnlessExpired(snapshots, id);
    if (snapshot === undefined) break;
    const { commitKind, commitUser, commitIdentifier } = snapshot;
    if (commitKind !== 'APPEND' || commitUser === LOG_USER || commitIdentifier === BATCH_IDENTIFIER) continue;
    if (positionProperty(snapshot, handle.id) === undefined) continue;
    if (!loaded.has(commitUser)) loaded.set(commitUser, commitIdentifier);
  }
  return loaded;
}

/** What is known of a user after snapshots: the same object when that is nothing new. */
function learn(user: LogUser, loaded: bigint | undefined, position: bigint, load?: Pick<Incarnation, 'user' | 'epoch'>): LogUser {
  const { identifier, reserved, ...rest } = user;
  const isDone = load?.user === user.user && load.epoch === user.epoch;
  // who reserved before the newest incarnation opened cannot publish over a snapshot that is past its opening
  const isOver = reserved !== undefined && (isDone || (reserved < user.epoch && user.epoch <= position));
  const isHigher = loaded !== undefined && (identifier === undefined || loaded > identifier);
  if (!isOver && !isHigher) return user;
  return { ...rest, identifier: isHigher ? loaded : identifier, ...(reserved !== undefined && !isOver && { reserved }) };
}

/** Enough to tell the age of slots: one entry a step, steps that widen with age, and the newest of those beyond all. */
function thinned(coverage: readonly Coverage[], now_ms: number, options: TableStore['options']): Coverage[] {
  const { logRetention_ms, logRetentionMax_ms } = options;
  const longest_ms = Math.max(logRetention_ms, logRetentionMax_ms);
  const kept: Coverage[] = [];
  for (const entry of coverage) {
    const last = kept.at(-1);
    const old = entry.time_ms < now_ms - logRetention_ms;
    const young = entry.time_ms > now_ms - 4 * LOOK_MS;
    const step_ms = Math.max(1, young ? LOOK_MS / 4 : (old ? longest_ms : logRetention_ms) / COVERAGE_STEPS);
    const sameStep = last !== undefined && Math.floor(last.time_ms / step_ms) === Math.floor(entry.time_ms / step_ms);
    const bothOld = last !== undefined && entry.time_ms < now_ms - longest_ms;
    if (sameStep || bothOld) kept[kept.length - 1] = entry;
    else kept.push(entry);
  }
  return kept;
}
