/**
 * What keeps files alive beside the snapshots that stay: tags, changelogs that outlived their snapshots, and the same of
 * branches, whose data and manifests are in the main table's directories.
 */
import type { FileIO } from '../io/file-io.js';
import { ChangelogStore } from '../meta/changelog-store.js';
import type { Snapshot } from '../meta/snapshot.js';
import { SnapshotStore } from '../meta/snapshot-store.js';
import { TablePath } from '../meta/table-path.js';

export interface ExpiryRoots {
  /** the snapshots tags are copies of, ascending by id */
  readonly tags: readonly Snapshot[];
  readonly branches: readonly Snapshot[];
  /** of the table and its branches; only their changes are kept */
  readonly changelogs: readonly Snapshot[];
}

export async function readRoots(io: FileIO, path: TablePath, snapshots: SnapshotStore): Promise<ExpiryRoots> {
  const tags = await readTags(snapshots);
  const branches: Snapshot[] = [];
  const changelogs = await readChangelogs(new ChangelogStore(io, path));
  for (const { path: directory } of await io.list(path.branchDirectory)) {
    const branch = path.branchOf(directory);
    if (branch === undefined) continue;
    const branchPath = new TablePath(path.root, {}, branch);
    const store = new SnapshotStore(io, branchPath);
    changelogs.push(...(await readChangelogs(new ChangelogStore(io, branchPath))));
    branches.push(...(await readTags(store)));
    for (const id of await store.list()) branches.push(await store.read(id));
  }
  return { tags: tags.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)), branches, changelogs };
}

/** The newest tag of a snapshot before `id`: what it still uses of the files that `id` deleted, older tags use too. */
export function nearestTagBelow({ tags }: ExpiryRoots, id: bigint): Snapshot | undefined {
  return tags.findLast((tag) => tag.id < id);
}

/** Tags that can share manifests with snapshots of [begin, end). */
export function tagsOver(roots: ExpiryRoots, begin: bigint, end: bigint): Snapshot[] {
  const below = nearestTagBelow(roots, begin);
  return roots.tags.filter((tag) => tag.id < end && (tag.id >= begin || tag.id === below?.id));
}

async function readTags(snapshots: SnapshotStore): Promise<Snapshot[]> {
  return Promise.all((await snapshots.tags()).map((name) => snapshots.tag(name)));
}

async function readChangelogs(store: ChangelogStore): Promise<Snapshot[]> {
  const found = await Promise.all((await store.list()).map((id) => store.read(id)));
  return found.filter((changelog) => changelog !== undefined);
}
