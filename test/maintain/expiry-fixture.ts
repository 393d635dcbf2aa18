/** What must be there and what must not, after expiries. */
import { expect } from 'vitest';
import { liveFiles } from '../../src/meta/live-files.js';
import type { ManifestEntry } from '../../src/meta/manifest-entry.js';
import { formatSnapshot, type Snapshot } from '../../src/meta/snapshot.js';
import { pathOf, type TestTable } from '../support/commit-table.js';

export async function tagSnapshot(table: TestTable, id: bigint, name: string): Promise<void> {
  await table.io.replace(table.path.tag(name), formatSnapshot(await table.snapshots.read(id)));
}

/** The snapshots that stay and the tags. */
export async function remaining(table: TestTable): Promise<Snapshot[]> {
  const snapshots: Snapshot[] = [];
  for (const id of await table.snapshots.list()) snapshots.push(await table.snapshots.read(id));
  for (const name of await table.snapshots.tags()) snapshots.push(await table.snapshots.tag(name));
  return snapshots;
}

/** Exactly the files that what is left refers to exist: data, changelog and files beside them, manifests and lists. */
export async function expectNoMoreNoLess(table: TestTable): Promise<void> {
  const expected = new Set<string>();
  const add = (entry: ManifestEntry) => {
    const path = pathOf(table, entry);
    expected.add(path);
    for (const extra of entry.file.extraFiles) expected.add(`${path.slice(0, path.lastIndexOf('/'))}/${extra}`);
  };
  for (const snapshot of await remaining(table)) {
    for (const entry of await liveFiles(table.manifests, snapshot)) add(entry);
    for (const list of [snapshot.baseManifestList, snapshot.deltaManifestList, snapshot.changelogManifestList]) {
      if (list === undefined) continue;
      expected.add(table.path.manifest(list));
      for (const manifest of await table.manifests.readList(list)) {
        expected.add(table.path.manifest(manifest.fileName));
        if (list === snapshot.changelogManifestList) for (const entry of await table.manifests.readEntries(manifest.fileName)) add(entry);
      }
    }
  }
  expect(await files(table)).toEqual([...expected].sort());
}

/** Paths of all data and manifest files. */
export async function files(table: TestTable): Promise<string[]> {
  const found: string[] = [];
  const walk = async (directory: string): Promise<void> => {
    for (const stat of await table.io.list(directory)) {
      if (stat.directory) await walk(stat.path);
      else found.push(stat.path);
    }
  };
  await walk(table.path.root);
  return found.filter((path) => /\/(manifest|bucket-\d+)\/[^/]+$/.test(path)).sort();
}
