/**
 * Are the snapshots what they say?
 *
 *   ids without a gap ─ schema ─ lists ─ manifests ─> live files of each ─> rows add up, levels, one bucket count a partition
 *
 * A snapshot that expires meanwhile is passed over.
 */
import { hasCode } from '../../base/error.js';
import { positionProperty } from '../../log/tree-position.js';
import { keyComparator } from '../../lsm/key-comparator.js';
import type { DataFileMeta } from '../../meta/data-file-meta.js';
import { entryIdentity } from '../../meta/file-entry-state.js';
import { deltaEntries, liveFiles } from '../../meta/live-files.js';
import { ADD, type ManifestEntry } from '../../meta/manifest-entry.js';
import { partitionPath } from '../../meta/partition-path.js';
import type { Snapshot } from '../../meta/snapshot.js';
import { trimmedPrimaryKey, typesOf } from '../../meta/table-schema.js';
import { groupByBucket } from '../../read/plan.js';
import type { TableStore } from '../table-store.js';
import { ofHeld } from './held.js';
import type { Report } from './report.js';

interface Checked {
  readonly snapshot: Snapshot;
  readonly live: ReadonlySet<string>;
}

/** Checks every snapshot, and gives `onLive` the live files of each. */
export async function verifySnapshots(
  store: TableStore,
  report: Report,
  onLive: (snapshot: Snapshot, entries: readonly ManifestEntry[]) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  let before: Checked | undefined;
  let position = 0n;
  for (const id of await store.snapshots.list()) {
    signal?.throwIfAborted();
    const snapshot = await report.attempt('snapshots', () => store.snapshots.readAnew(id));
    if (snapshot === undefined) {
      before = undefined;
      continue;
    }
    report.count('snapshots');
    const file = store.path.snapshot(id);
    if (before !== undefined && id !== before.snapshot.id + 1n)
      report.problem('snapshots', `snapshots ${before.snapshot.id + 1n} to ${id - 1n} are missing`, { file });
    const at = store.log === undefined ? undefined : positionProperty(snapshot, store.log.id);
    if (at !== undefined) {
      if (at < position)
        report.problem('snapshots', `snapshot ${id} holds the log up to slot ${at}, an earlier one up to ${position}`, { file });
      position = at;
    }
    const entries = await liveOf(store, report, snapshot);
    if (entries === undefined) {
      before = undefined;
      continue;
    }
    const live = new Set(entries.map(entryIdentity));
    await verifyCounts(store, report, snapshot, entries, before);
    verifyBuckets(store, report, snapshot, entries);
    await onLive(snapshot, entries);
    before = { snapshot, live };
  }
}

/** undefined when they cannot be told, which is a problem unless the snapshot has just expired */
async function liveOf(store: TableStore, report: Report, snapshot: Snapshot): Promise<ManifestEntry[] | undefined> {
  try {
    await store.schemas.read(snapshot.schemaId);
    return await liveFiles(store.manifests, snapshot);
  } catch (error) {
    if (!(await store.snapshots.isHeld(snapshot.id))) return undefined;
    if (hasCode(error, 'NOT_FOUND') || hasCode(error, 'CORRUPTION')) {
      report.problem('snapshots', `snapshot ${snapshot.id}: ${error.message}`, { file: error.file ?? store.path.snapshot(snapshot.id) });
      return undefined;
    }
    throw error;
  }
}

async function verifyCounts(
  store: TableStore,
  report: Report,
  snapshot: Snapshot,
  entries: readonly ManifestEntry[],
  before: Checked | undefined,
): Promise<void> {
  const file = store.path.snapshot(snapshot.id);
  const total = rowsOf(entries);
  if (total !== snapshot.totalRecordCount)
    report.problem('snapshots', `snapshot ${snapshot.id} says ${snapshot.totalRecordCount} rows, its files say ${total}`, { file });
  const found = await ofHeld(store, report, 'snapshots', snapshot.id, (held) => deltaEntries(store.manifests, held));
  if (found === undefined) return;
  const [, delta] = found;
  const change = rowsOf(delta);
  if (change !== snapshot.deltaRecordCount)
    report.problem('snapshots', `snapshot ${snapshot.id} says ${snapshot.deltaRecordCount} rows more, its changes say ${change}`, { file });
  if (before === undefined || before.snapshot.id + 1n !== snapshot.id) return;
  const expected = new Set(before.live);
  for (const entry of delta) {
    if (entry.kind === ADD) expected.add(entryIdentity(entry));
    else expected.delete(entryIdentity(entry));
  }
  const stray = entries.find((entry) => !expected.delete(entryIdentity(entry)))?.file.fileName;
  const lost = expected.size;
  if (stray !== undefined || lost > 0)
    report.problem(
      'snapshots',
      `snapshot ${snapshot.id} is not the one before and its changes: ${stray === undefined ? `${lost} files are gone` : `${stray} has come from nowhere`}`,
      { file },
    );
}

/** Levels above 0 without shared keys, and one bucket count a partition. */
function verifyBuckets(store: TableStore, report: Report, { id }: Snapshot, entries: readonly ManifestEntry[]): void {
  const { schema } = store;
  const compare = keyComparator(typesOf(schema, trimmedPrimaryKey(schema)));
  const keyed = schema.primaryKeys.length > 0;
  const counts = new Map<string, number>();
  for (const { partition, bucket, entries: found } of groupByBucket(entries)) {
    report.count('levels');
    const place = `snapshot ${id}, ${partitionPath(schema, partition) || 'no partition'}, bucket ${bucket}`;
    const name = Buffer.from(partition).toString('latin1');
    for (const { totalBuckets } of found) {
      const known = counts.get(name);
      if (known !== undefined && known !== totalBuckets)
        report.problem('levels', `${place}: one file was written for ${totalBuckets} buckets, another of its partition for ${known}`);
      counts.set(name, totalBuckets);
    }
    if (!keyed || bucket < 0) continue;
    const levels = new Map<number, DataFileMeta[]>();
    for (const { file } of found) {
      if (file.level === 0) continue;
      const level = levels.get(file.level) ?? [];
      levels.set(file.level, level);
      level.push(file);
    }
    for (const [level, files] of levels) {
      files.sort((a, b) => compare(a.minKey, b.minKey));
      for (const [i, file] of files.entries()) {
        const left = files[i - 1];
        if (left !== undefined && compare(left.maxKey, file.minKey) >= 0)
          report.problem('levels', `${place}: ${left.fileName} and ${file.fileName} of level ${level} share keys`, { file: file.fileName });
      }
    }
  }
}

function rowsOf(entries: readonly ManifestEntry[]): bigint {
  let rows = 0;
  for (const { kind, file } of entries) rows += kind === ADD ? file.rowCount : -file.rowCount;
  return BigInt(rows);
}
