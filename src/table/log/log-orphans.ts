/**
 * Files of the log that nothing names: what writers left that crashed between a body and its slot, or in the middle of a file.
 *
 *   list bodies ─> read the headers of all slots there are ─> bodies that none of them names; temporary files
 *
 * Invariants
 * - bodies are listed before slots are read: one that a slot takes up in between is known as named. Of a slot that follows later no
 *   body is as old as an orphan, for what was prepared so long ago is not committed (log-session.ts).
 * - slots below `start` that are still there keep their bodies: they go with them (retention.ts).
 * - a missing or damaged slot ends it: no answer is better than a wrong one.
 * - logs of other ids are told, and left alone: they may hold commits that no snapshot has.
 */
import { hasCode } from '../../base/error.js';
import { inParallel } from '../../base/in-parallel.js';
import type { FileStat } from '../../io/file-io.js';
import { isTemporaryPath } from '../../io/temporary-path.js';
import { LogPath } from '../../log/log-path.js';
import type { SlotContent } from '../../log/slot.js';
import { decodeHeader } from '../../log/slot-codec.js';
import type { TableLog } from '../../log/table-log.js';
import type { Candidates } from '../../maintain/orphan-candidates.js';
import { type OrphanOptions, type OrphanResult, removeOrphanFiles } from '../../maintain/orphan-removal.js';
import type { TableStore } from '../table-store.js';

const BODY = /\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.arrow$/;

/** As `removeOrphanFiles`, with those of the log. Directories of slots that are all given up go, too. */
export async function removeAllOrphans(store: TableStore, options: OrphanOptions): Promise<OrphanResult> {
  const log = store.log?.log;
  if (log === undefined) return removeOrphanFiles(store, options);
  const removed = await removeOrphanFiles(store, options, (limit_ms, signal) => logOrphans(store, log, limit_ms, signal));
  if (options.dryRun !== true) await log.store.removeDirectoriesBelow((await log.refresh()).start);
  return removed;
}

/** What may go of files last changed before `limit_ms`, and what nothing is known of. @throws CORRUPTION */
async function logOrphans(
  { io, path: table }: TableStore,
  log: TableLog,
  limit_ms: number,
  signal: AbortSignal | undefined,
): Promise<Candidates> {
  const { path } = log.store;
  const files: FileStat[] = [];
  const unknown: string[] = [];
  const bodies: FileStat[] = [];
  const sort = (stat: FileStat, isKnown: (file: string) => boolean, known: FileStat[] = []) => {
    if (isTemporaryPath(stat.path)) files.push(stat);
    else if (!stat.directory && isKnown(stat.path)) known.push(stat);
    else unknown.push(stat.path);
  };
  for (const stat of await io.list(path.bodyDirectory)) sort(stat, (file) => BODY.test(file), bodies);
  for (const stat of await io.list(path.directory)) {
    signal?.throwIfAborted();
    if (!stat.directory) sort(stat, () => false);
    else if (LogPath.isSlotDirectory(stat.path))
      for (const inside of await io.list(stat.path)) sort(inside, (file) => LogPath.slotOf(file) !== undefined);
    else if (stat.path === path.queueDirectory) files.push(...(await io.list(stat.path)));
    else if (stat.path !== path.bodyDirectory) unknown.push(stat.path);
  }
  for (const stat of await io.list(LogPath.directoryOf(table.root))) if (stat.path !== path.directory) unknown.push(stat.path);
  const old = bodies.filter((stat) => stat.modified_ms < limit_ms);
  const named = old.length === 0 ? new Set<string>() : await namedBodies(log, signal);
  const nameless = old.filter((stat) => !named.has(stat.path));
  return { files: [...files.filter((stat) => stat.modified_ms < limit_ms), ...nameless], unknown };
}

/** Paths of the bodies that slots name. */
async function namedBodies(log: TableLog, signal: AbortSignal | undefined): Promise<Set<string>> {
  const named = new Set<string>();
  const { start, slot: head } = await log.refresh();
  const slots = await log.store.below(start);
  for (let slot = start; slot <= head; slot++) slots.push(slot);
  await inParallel(slots, signal, async (slot) => {
    const content = await contentOf(log, slot);
    if (content?.kind !== 'commits') return;
    for (const { bodies } of content.commits) for (const { name } of bodies) named.add(log.store.path.body(name));
  });
  return named;
}

/** undefined for a slot that was trimmed. @throws CORRUPTION for one that is missing */
async function contentOf(log: TableLog, slot: bigint): Promise<SlotContent | undefined> {
  const { store } = log;
  const bytes = await store.read(slot);
  if (bytes !== undefined) return decodeHeader(bytes, store.path.slot(slot)).content;
  try {
    return (await log.slot(slot)).header.content;
  } catch (error) {
    if (hasCode(error, 'POSITION_EXPIRED')) return undefined;
    throw error;
  }
}
