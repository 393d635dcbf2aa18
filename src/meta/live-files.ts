/**
 * The files of a snapshot: base list plus delta list, merged (format-facts of merging: format-spec/manifest).
 *
 *   snapshot ─ base list ─┬ manifest ─ entries      a DELETE cancels the ADD of the same identity,
 *            └ delta list ┴ manifest ─ entries      wherever the two stand
 *
 * A filter may only drop whole partitions or buckets: then an ADD and its DELETE are kept or dropped together.
 */

import { liveEntries } from './file-entry-state.js';
import type { ManifestEntry } from './manifest-entry.js';
import type { ManifestFileMeta } from './manifest-list.js';
import type { ManifestStore } from './manifest-store.js';
import type { Snapshot } from './snapshot.js';

export interface EntryFilter {
  /** may the manifest hold an entry that is wanted? */
  manifest?: (manifest: ManifestFileMeta) => boolean;
  /** is the entry's (partition, bucket) wanted? Must depend on nothing else. */
  bucket?: (entry: ManifestEntry) => boolean;
}

/** What one snapshot added and deleted, in order. */
export async function deltaEntries(store: ManifestStore, snapshot: Snapshot): Promise<ManifestEntry[]> {
  const delta = await store.readList(snapshot.deltaManifestList, snapshot.deltaManifestListSize);
  return (await Promise.all(delta.map((manifest) => store.readEntries(manifest.fileName)))).flat();
}

export async function liveFiles(store: ManifestStore, snapshot: Snapshot, filter: EntryFilter = {}): Promise<ManifestEntry[]> {
  const [base, delta] = await Promise.all([
    store.readList(snapshot.baseManifestList, snapshot.baseManifestListSize),
    store.readList(snapshot.deltaManifestList, snapshot.deltaManifestListSize),
  ]);
  const wanted = [...base, ...delta].filter((manifest) => filter.manifest?.(manifest) ?? true);
  const manifests = await Promise.all(wanted.map((manifest) => store.readEntries(manifest.fileName)));
  const { bucket } = filter;
  return liveEntries(bucket === undefined ? manifests : manifests.map((entries) => entries.filter(bucket)));
}
