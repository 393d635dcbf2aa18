/**
 * The snapshot a commit follows, and its manifests. A committer that was the last one to commit knows both: it only looks
 * whether that is still so.
 *
 * Invariant: what is remembered is used only while the latest snapshot's file names the same base list; a table that was rolled
 * back and went on is read anew.
 */
import { readIfPresent } from '../meta/absent-file.js';
import type { ManifestFileMeta } from '../meta/manifest-list.js';
import { parseSnapshot, type Snapshot } from '../meta/snapshot.js';
import type { SnapshotStore } from '../meta/snapshot-store.js';
import type { CommitContext } from './commit-context.js';

interface Known {
  readonly snapshot: Snapshot;
  /** base list, then delta list */
  readonly manifests: readonly ManifestFileMeta[];
}

const known = new WeakMap<SnapshotStore, Known>();

export function rememberLatest({ snapshots }: CommitContext, snapshot: Snapshot, manifests: readonly ManifestFileMeta[]): void {
  known.set(snapshots, { snapshot, manifests });
}

/** undefined while the table has none */
export async function latestSnapshot({ io, path, snapshots }: CommitContext): Promise<Snapshot | undefined> {
  const last = known.get(snapshots)?.snapshot;
  if (last === undefined) return snapshots.latest();
  const file = path.snapshot(last.id);
  const [next, bytes] = await Promise.all([io.exists(path.snapshot(last.id + 1n)), readIfPresent(io, file)]);
  if (next || bytes === undefined) return snapshots.latest();
  const found = parseSnapshot(bytes, file);
  return found.id === last.id ? found : snapshots.latest();
}

/** The manifests of the base list, then those of the delta list. */
export async function manifestsOf({ snapshots, manifests }: CommitContext, snapshot: Snapshot): Promise<readonly ManifestFileMeta[]> {
  const last = known.get(snapshots);
  if (last?.snapshot.baseManifestList === snapshot.baseManifestList) return last.manifests;
  const [base, delta] = await Promise.all([
    manifests.readList(snapshot.baseManifestList, snapshot.baseManifestListSize),
    manifests.readList(snapshot.deltaManifestList, snapshot.deltaManifestListSize),
  ]);
  return [...base, ...delta];
}
