/**
 * Keeps the base list short: joins small manifests, and drops what was added and deleted since.
 *
 *   minor   [ m1 m2 m3 │ m4 m5 │ m6 … ]   groups of `targetSize`, the last one only from `minCount` manifests on
 *   full    every DELETE is applied: manifests without deletions whose partitions no DELETE names stay as they are
 *
 * Invariants: the merged manifests in order describe the same live files as the given ones; manifests are read and
 * written, never changed; not merging at all would be right, too.
 */
import { entryIdentity, mergeEntries } from '../meta/file-entry-state.js';
import { DELETE_FILE, type ManifestEntry } from '../meta/manifest-entry.js';
import type { ManifestFileMeta } from '../meta/manifest-list.js';
import type { ManifestStore } from '../meta/manifest-store.js';
import type { TableSchema } from '../meta/table-schema.js';
import { TouchedPartitions } from './touched-partitions.js';

export interface MergeSettings {
  readonly targetSize_bytes: number;
  readonly minCount: number;
  /** a full merge is done when the manifests that it would change are at least this large together */
  readonly fullThreshold_bytes: number;
}

export class ManifestMerger {
  readonly #manifests: ManifestStore;
  readonly #settings: MergeSettings;
  /** what came of a group of manifests: a retry meets most groups again */
  readonly #done = new Map<string, readonly ManifestFileMeta[]>();

  constructor(manifests: ManifestStore, settings: MergeSettings) {
    this.#manifests = manifests;
    this.#settings = settings;
  }

  /** Manifests that this merger wrote. */
  get written(): string[] {
    return [...this.#done.values()].flatMap((metas) => metas.map((meta) => meta.fileName));
  }

  async merge(list: readonly ManifestFileMeta[], schema: TableSchema): Promise<readonly ManifestFileMeta[]> {
    return (await this.#full(list, schema)) ?? (await this.#minor(list, schema));
  }

  async #minor(list: readonly ManifestFileMeta[], schema: TableSchema): Promise<readonly ManifestFileMeta[]> {
    const groups: ManifestFileMeta[][] = [];
    let group: ManifestFileMeta[] = [];
    let size_bytes = 0;
    for (const manifest of list) {
      group.push(manifest);
      size_bytes += manifest.fileSize_bytes;
      if (size_bytes < this.#settings.targetSize_bytes) continue;
      groups.push(group);
      group = [];
      size_bytes = 0;
    }
    const merged: ManifestFileMeta[] = [];
    for (const each of groups) merged.push(...(each.length === 1 ? each : await this.#join(each, schema)));
    return [...merged, ...(group.length < this.#settings.minCount ? group : await this.#join(group, schema))];
  }

  #join(group: readonly ManifestFileMeta[], schema: TableSchema): Promise<readonly ManifestFileMeta[]> {
    return this.#once(group, schema, async () => mergeEntries((await this.#read(group)).flat()));
  }

  /** undefined when there is too little to gain */
  async #full(list: readonly ManifestFileMeta[], schema: TableSchema): Promise<readonly ManifestFileMeta[] | undefined> {
    const mustChange = (manifest: ManifestFileMeta) =>
      manifest.numDeletedFiles > 0 || manifest.fileSize_bytes < this.#settings.targetSize_bytes;
    const changing = list.filter(mustChange);
    const changing_bytes = changing.reduce((sum, manifest) => sum + manifest.fileSize_bytes, 0);
    if (changing_bytes < this.#settings.fullThreshold_bytes) return undefined;
    const deletions = (await this.#read(list.filter((manifest) => manifest.numDeletedFiles > 0)))
      .flat()
      .filter((entry) => entry.kind === DELETE_FILE);
    const deleted = new Set(deletions.map(entryIdentity));
    const partitions = new TouchedPartitions(
      schema,
      deletions.map((entry) => entry.partition),
    );
    const kept: ManifestFileMeta[] = [];
    const rewritten: ManifestFileMeta[] = [];
    const candidates: ManifestFileMeta[] = [];
    for (const manifest of list) (mustChange(manifest) || partitions.mayTouch(manifest) ? candidates : kept).push(manifest);
    if (candidates.length <= 1) return undefined;
    const live: ManifestEntry[] = [];
    for (const manifest of candidates) {
      const entries = await this.#manifests.readEntries(manifest.fileName);
      const alive = entries.filter((entry) => entry.kind !== DELETE_FILE && !deleted.has(entryIdentity(entry)));
      if (!mustChange(manifest) && alive.length === entries.length) kept.push(manifest);
      else {
        rewritten.push(manifest);
        live.push(...alive);
      }
    }
    return [...kept, ...(await this.#once(rewritten, schema, async () => live))];
  }

  /** A group's merged manifests: written the first time it is met. */
  async #once(
    group: readonly ManifestFileMeta[],
    schema: TableSchema,
    merge: () => Promise<ManifestEntry[]>,
  ): Promise<readonly ManifestFileMeta[]> {
    const key = group.map((manifest) => manifest.fileName).join();
    const known = this.#done.get(key);
    if (known !== undefined) return known;
    const entries = await merge();
    const metas = entries.length === 0 ? [] : await this.#manifests.writeEntries(entries, schema);
    this.#done.set(key, metas);
    return metas;
  }

  #read(manifests: readonly ManifestFileMeta[]): Promise<ManifestEntry[][]> {
    return Promise.all(manifests.map((manifest) => this.#manifests.readEntries(manifest.fileName)));
  }
}
