/**
 * What became of a snapshot after it was published. A committer that looks for `snapshot-N` and then renames (Paimon's Java library
 * on a local disk, without a lock) can take its place:
 *
 *   weir     ············ link N ──────────────────> N is another's now
 *   other    N is free? ············ rename to N        └ N+1, if there is one, was built on either: its files tell
 *
 * Invariant: the answer is about the history of one given snapshot (`latest`): it does not change while the caller builds on it.
 */
import { entryIdentity } from '../meta/file-entry-state.js';
import { liveFiles } from '../meta/live-files.js';
import { ADD, DELETE_FILE } from '../meta/manifest-entry.js';
import type { Snapshot } from '../meta/snapshot.js';
import type { CommitContext } from './commit-context.js';
import type { Attempt } from './part-of-commit.js';

/**
 * carried: `latest` contains it. overwritten: `latest` does not. gone: its id is not held any more, or the table was rolled back.
 */
export type Fate = 'carried' | 'overwritten' | 'gone';

/** Whoever overwrites a snapshot made his own before it. The clocks of two processes may differ by this much. */
const CLOCK_TOLERANCE_MS = 60_000;

export async function fateOf(context: CommitContext, attempt: Attempt, latest: Snapshot | undefined): Promise<Fate> {
  const { snapshot } = attempt;
  if (latest === undefined || latest.id < snapshot.id) return 'gone';
  const found = latest.id === snapshot.id ? latest : await context.snapshots.readAnew(snapshot.id);
  if (found === undefined) return 'gone';
  if (found.baseManifestList === snapshot.baseManifestList) return 'carried';
  if (found.timeMillis > snapshot.timeMillis + CLOCK_TOLERANCE_MS) return 'gone';
  if (latest.id === snapshot.id) return 'overwritten';
  return (await isInHistory(context, attempt, latest)) ? 'carried' : 'overwritten';
}

/** Is every file it added live, or deleted since by a commit that saw it? If it added none: are those that it deleted gone? */
export async function isInHistory({ manifests, snapshots }: CommitContext, attempt: Attempt, latest: Snapshot): Promise<boolean> {
  const live = new Set((await liveFiles(manifests, latest)).map(entryIdentity));
  const added = attempt.entries.filter((entry) => entry.kind === ADD).map(entryIdentity);
  if (added.length === 0) return !attempt.entries.some((entry) => live.has(entryIdentity(entry)));
  const missing = new Set(added.filter((identity) => !live.has(identity)));
  for (let id = attempt.snapshot.id + 1n; missing.size > 0 && id <= latest.id; id++) {
    const since = await snapshots.readAnew(id);
    const delta = since === undefined ? [] : await manifests.readList(since.deltaManifestList, since.deltaManifestListSize);
    for (const manifest of delta.filter(({ numDeletedFiles }) => numDeletedFiles > 0)) {
      const entries = await manifests.readEntries(manifest.fileName);
      for (const entry of entries) if (entry.kind === DELETE_FILE) missing.delete(entryIdentity(entry));
    }
  }
  return missing.size === 0;
}
