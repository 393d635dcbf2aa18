/**
 * What the messages of one commit change: an append part and a compaction part, each a snapshot of its own.
 *
 *   messages ─┬─ new files + changelog          ─> APPEND (or OVERWRITE) snapshot
 *             └─ compacted before, after, changelog ─> COMPACT snapshot, same user and identifier
 *
 * Invariants: nothing of the user's data is in the compaction part; a file that one compaction of a message made and
 * a later one replaced is in neither list.
 */
import { WeirError } from '../base/error.js';
import type { CommitMessage } from '../meta/commit-message.js';
import type { DataFileMeta } from '../meta/data-file-meta.js';
import { entryIdentity } from '../meta/file-entry-state.js';
import { ADD, DELETE_FILE, type ManifestEntry } from '../meta/manifest-entry.js';

export interface Changes {
  /** files to be added and deleted, in the order of the manifest */
  readonly entries: readonly ManifestEntry[];
  readonly changelog: readonly ManifestEntry[];
}

export function appendChanges(messages: readonly CommitMessage[]): Changes {
  return {
    entries: messages.flatMap((message) => entriesOf(ADD, message, message.newFiles)),
    changelog: messages.flatMap((message) => entriesOf(ADD, message, message.changelogFiles)),
  };
}

export function compactChanges(messages: readonly CommitMessage[]): Changes {
  const deleted = messages.flatMap((message) => entriesOf(DELETE_FILE, message, message.compactBefore));
  const added = messages.flatMap((message) => entriesOf(ADD, message, message.compactAfter));
  const before = new Set(deleted.map(entryIdentity));
  const passing = new Set(added.map(entryIdentity).filter((identity) => before.has(identity)));
  const lasting = (entry: ManifestEntry) => passing.size === 0 || !passing.has(entryIdentity(entry));
  return {
    entries: [...deleted.filter(lasting), ...added.filter(lasting)],
    changelog: messages.flatMap((message) => entriesOf(ADD, message, message.compactChangelog)),
  };
}

export function isEmpty(changes: Changes): boolean {
  return changes.entries.length === 0 && changes.changelog.length === 0;
}

/** Rows that the entries add less those they delete; physical rows, as the format counts them. */
export function rowDelta(entries: readonly ManifestEntry[]): bigint {
  let rows = 0;
  for (const { kind, file } of entries) rows += kind === ADD ? file.rowCount : -file.rowCount;
  return BigInt(rows);
}

/** The files a message's writers made, whatever came of them: what an abort may delete. */
export function ownFiles(message: CommitMessage): DataFileMeta[] {
  return [...message.newFiles, ...message.changelogFiles, ...compactionFiles(message)];
}

/** The files the compactions of a message made; an upgraded file is the same file at another level and not among them. */
export function compactionFiles(message: CommitMessage): DataFileMeta[] {
  const existing = new Set([...message.compactBefore, ...message.newFiles].map((file) => file.fileName));
  return [...message.compactAfter.filter((file) => !existing.has(file.fileName)), ...message.compactChangelog];
}

/**
 * What holds of any commit, before the table is looked at: no file twice, one bucket count in a partition.
 *
 * @throws COMMIT_CONFLICT
 */
export function checkChanges(entries: readonly ManifestEntry[], table: string): void {
  const seen = new Set<string>();
  const bucketCounts = new Map<string, number>();
  for (const entry of entries) {
    if (entry.kind !== ADD) continue;
    const identity = entryIdentity(entry);
    if (seen.has(identity)) {
      throw new WeirError('COMMIT_CONFLICT', `the file ${entry.file.fileName} is added twice by one commit`, {
        table,
        file: entry.file.fileName,
      });
    }
    seen.add(identity);
    checkBucketCount(bucketCounts, entry, table);
  }
}

/** Files with a fixed number of buckets must agree on it within a partition, or one key would live in two buckets. */
export function checkBucketCount(known: Map<string, number>, entry: ManifestEntry, table: string): void {
  if (entry.totalBuckets <= 0) return;
  const partition = partitionKey(entry.partition);
  const count = known.get(partition);
  if (count === undefined) {
    known.set(partition, entry.totalBuckets);
  } else if (count !== entry.totalBuckets) {
    const message = `a partition has files of ${count} and of ${entry.totalBuckets} buckets (${entry.file.fileName}): overwrite the partition to change its number of buckets`;
    throw new WeirError('COMMIT_CONFLICT', message, { table, file: entry.file.fileName });
  }
}

/** A partition's bytes as a key of maps. */
export function partitionKey(partition: Uint8Array): string {
  return Buffer.from(partition.buffer, partition.byteOffset, partition.byteLength).toString('latin1');
}

function entriesOf(kind: number, message: CommitMessage, files: readonly DataFileMeta[]): ManifestEntry[] {
  const { partition, bucket, totalBuckets } = message;
  return files.map((file) => ({ kind, partition, bucket, totalBuckets, file }));
}
