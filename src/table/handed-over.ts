/**
 * What a writer gave to a committer, and what became of it: the writer has to know, its next compaction builds on it.
 *
 *   prepareCommit ─ messages ─> committer ─ snapshots ─> their delta entries ─┬─ rows there, compaction there   as planned
 *                                                                             └─ rows there, compaction not     dropped
 *
 * Invariants: each snapshot is looked at once; a message is pending until its rows are in the table; nothing is asked of the
 * committer, which may live in another process and commit under another name.
 */
import { hasCode } from '../base/error.js';
import type { CommitMessage } from '../meta/commit-message.js';
import type { DataFileMeta } from '../meta/data-file-meta.js';
import { readUnlessExpired } from '../meta/expired-snapshot.js';
import { deltaEntries } from '../meta/live-files.js';
import { ADD, type ManifestEntry } from '../meta/manifest-entry.js';
import { partitionPath } from '../meta/partition-path.js';
import { fileAtLevel } from './bucket-writer.js';
import { readHeld } from './held-snapshot.js';
import type { TableStore } from './table-store.js';

export class HandedOver {
  readonly #store: TableStore;
  #pending: CommitMessage[] = [];
  /** snapshots up to this one are looked through */
  #seen = 0n;

  constructor(store: TableStore) {
    this.#store = store;
  }

  /** Messages that are about to leave. */
  async add(messages: readonly CommitMessage[]): Promise<void> {
    if (this.#pending.length === 0 && messages.length > 0) this.#seen = (await this.#store.snapshots.latestId()) ?? 0n;
    this.#pending.push(...messages);
  }

  /** Looks at the snapshots since; true when a compaction was dropped, or may have been. */
  async settle(): Promise<boolean> {
    if (this.#pending.length === 0) return false;
    const { snapshots } = this.#store;
    const latest = (await snapshots.latestId()) ?? 0n;
    const added = new Set<string>();
    const deleted = new Set<string>();
    for (; this.#seen < latest; this.#seen++) {
      const changes = await this.#changesOf(this.#seen + 1n);
      if (changes === undefined) {
        // too long ago to know: whatever is in the table now is what counts
        this.#pending = [];
        return true;
      }
      for (const { kind, file } of changes) (kind === ADD ? added : deleted).add(fileAtLevel(file));
    }
    let dropped = false;
    this.#pending = this.#pending.filter((message) => {
      const { newFiles, compactBefore, compactAfter } = message;
      const compacted =
        compactAfter.length > 0 ? isAnyIn(added, compactAfter) : compactBefore.every((file) => deleted.has(fileAtLevel(file)));
      const settled = newFiles.length > 0 ? isAnyIn(added, newFiles) : compacted || isAnyIn(deleted, compactBefore);
      if (settled && !compacted) dropped = true;
      return !settled;
    });
    return dropped;
  }

  /** Messages with new files that are on their way into the table; those whose files were deleted (aborted) are forgotten. */
  async underWay(): Promise<readonly CommitMessage[]> {
    const { io, path, schema } = this.#store;
    const kept: CommitMessage[] = [];
    for (const message of this.#pending) {
      const [first] = message.newFiles;
      if (first === undefined) continue;
      if (await io.exists(path.dataFile(partitionPath(schema, message.partition), message.bucket, first))) kept.push(message);
    }
    this.#pending = kept;
    return kept;
  }

  /** What a snapshot added and deleted; undefined when it has expired. */
  async #changesOf(id: bigint): Promise<ManifestEntry[] | undefined> {
    const store = this.#store;
    const snapshot = await readUnlessExpired(store.snapshots, id);
    if (snapshot === undefined) return undefined;
    try {
      return await readHeld(store, snapshot, () => deltaEntries(store.manifests, snapshot));
    } catch (error) {
      if (hasCode(error, 'POSITION_EXPIRED')) return undefined;
      throw error;
    }
  }
}

function isAnyIn(identities: ReadonlySet<string>, files: readonly DataFileMeta[]): boolean {
  return files.some((file) => identities.has(fileAtLevel(file)));
}
