/**
 * Which files go with the snapshots [begin, end).
 *
 *   data        DELETE entries of the deltas of begin+1 … end: a file deleted by snapshot k is unused from k on
 *   changelog   ADD entries of the changelog lists of begin … end-1
 *   manifests   what begin … end-1 refer to and neither snapshot `end` nor a tag, branch or changelog does
 *
 * Invariants: a file that a delta deletes and adds again (at another level) stays; a data file that the nearest tag below still
 * has stays; planning reads only, so that nothing is deleted when something is unreadable. What another expiry, or an earlier
 * one that crashed, has taken already is skipped: it deletes data files before the manifests that name them.
 */
import { isMissingFile } from '../meta/absent-file.js';
import { readUnlessExpired } from '../meta/expired-snapshot.js';
import { liveFiles } from '../meta/live-files.js';
import { DELETE_FILE, type ManifestEntry } from '../meta/manifest-entry.js';
import type { ManifestFileMeta } from '../meta/manifest-list.js';
import type { ManifestStore } from '../meta/manifest-store.js';
import { partitionPath } from '../meta/partition-path.js';
import type { Snapshot } from '../meta/snapshot.js';
import type { SnapshotStore } from '../meta/snapshot-store.js';
import type { TablePath } from '../meta/table-path.js';
import type { TableSchema } from '../meta/table-schema.js';
import { type ExpiryRoots, nearestTagBelow, tagsOver } from './expiry-roots.js';

export interface ExpiryPlan {
  /** paths of data, changelog and extra files */
  readonly dataFiles: ReadonlySet<string>;
  /** names in manifest/ : manifests and index manifests, then the lists that name them */
  readonly manifests: ReadonlySet<string>;
  readonly lists: ReadonlySet<string>;
  /** paths of index and statistics files */
  readonly others: ReadonlySet<string>;
}

export class ExpiryPlanner {
  readonly #snapshots: SnapshotStore;
  readonly #manifests: ManifestStore;
  readonly #path: TablePath;
  readonly #schema: TableSchema;
  readonly #roots: ExpiryRoots;
  readonly #dataFiles = new Set<string>();
  /** names of the live files of tags, by snapshot id; only the tag last asked for is kept */
  #tagged: { id: bigint; names: Set<string> } | undefined;
  /** names of the files of branches and of changelogs */
  #branched: Set<string> | undefined;

  constructor(snapshots: SnapshotStore, manifests: ManifestStore, path: TablePath, schema: TableSchema, roots: ExpiryRoots) {
    this.#snapshots = snapshots;
    this.#manifests = manifests;
    this.#path = path;
    this.#schema = schema;
    this.#roots = roots;
  }

  /** undefined when another expiry has gone beyond `end` already */
  async plan(begin: bigint, end: bigint, signal?: AbortSignal): Promise<ExpiryPlan | undefined> {
    try {
      return await this.#plan(begin, end, signal);
    } catch (error) {
      if (isMissingFile(error) && !(await this.#snapshots.isHeld(end))) return undefined;
      throw error;
    }
  }

  async #plan(begin: bigint, end: bigint, signal: AbortSignal | undefined): Promise<ExpiryPlan | undefined> {
    const last = await readUnlessExpired(this.#snapshots, end);
    if (last === undefined) return undefined;
    const expiring: Snapshot[] = [];
    for (let id = begin; id < end; id++) {
      const snapshot = await readUnlessExpired(this.#snapshots, id);
      if (snapshot !== undefined) expiring.push(snapshot);
    }
    for (const snapshot of [...expiring, last]) {
      signal?.throwIfAborted();
      if (snapshot.id > begin) await this.#planData(snapshot);
    }
    const keep = new Footprint();
    const staying = [last, ...tagsOver(this.#roots, begin, end), ...this.#roots.branches];
    for (const snapshot of staying) await this.#follow(snapshot, keep, 'must exist');
    for (const changelog of this.#roots.changelogs) await this.#followLists(listsOfChanges(changelog), keep, 'may be gone');
    const drop = new Footprint();
    for (const snapshot of expiring) {
      signal?.throwIfAborted();
      const { changelogManifestList } = snapshot;
      if (changelogManifestList !== undefined && !keep.lists.has(changelogManifestList)) await this.#planChangelog(changelogManifestList);
      await this.#follow(snapshot, drop, 'may be gone');
    }
    return {
      dataFiles: this.#dataFiles,
      manifests: without(drop.manifests, keep.manifests),
      lists: without(drop.lists, keep.lists),
      others: without(drop.others, keep.others),
    };
  }

  async #planData(snapshot: Snapshot): Promise<void> {
    const list = await this.#list(snapshot.deltaManifestList, 'may be gone');
    if (!list.some((manifest) => manifest.numDeletedFiles > 0)) return;
    const entries = await this.#entries(list);
    const added = new Set(entries.filter((entry) => entry.kind !== DELETE_FILE).map((entry) => entry.file.fileName));
    for (const entry of entries) {
      if (entry.kind !== DELETE_FILE || added.has(entry.file.fileName)) continue;
      if (!(await this.#isHeld(entry.file.fileName, snapshot.id))) this.#addFile(entry);
    }
  }

  async #planChangelog(name: string): Promise<void> {
    for (const entry of await this.#entries(await this.#list(name, 'may be gone'))) this.#addFile(entry);
  }

  #addFile({ partition, bucket, file }: ManifestEntry): void {
    const directory = partitionPath(this.#schema, partition);
    this.#dataFiles.add(this.#path.dataFile(directory, bucket, file));
    for (const extra of file.extraFiles) this.#dataFiles.add(this.#path.extraFile(directory, bucket, file, extra));
  }

  /** Does a tag, a branch or a changelog still use a file that snapshot `id` deleted? */
  async #isHeld(fileName: string, id: bigint): Promise<boolean> {
    const tag = nearestTagBelow(this.#roots, id);
    if (tag !== undefined) {
      if (this.#tagged?.id !== tag.id) this.#tagged = { id: tag.id, names: await this.#liveNames([tag]) };
      if (this.#tagged.names.has(fileName)) return true;
    }
    if (this.#branched === undefined) {
      this.#branched = await this.#liveNames(this.#roots.branches);
      for (const list of this.#roots.changelogs.flatMap(listsOfChanges)) {
        for (const { file } of await this.#entries(await this.#list(list, 'may be gone'))) this.#branched.add(file.fileName);
      }
    }
    return this.#branched.has(fileName);
  }

  async #liveNames(snapshots: readonly Snapshot[]): Promise<Set<string>> {
    const names = new Set<string>();
    for (const snapshot of snapshots) {
      for (const entry of await liveFiles(this.#manifests, snapshot)) names.add(entry.file.fileName);
    }
    return names;
  }

  /** Adds all that a snapshot refers to in manifest/, index/ and statistics/. */
  async #follow(snapshot: Snapshot, footprint: Footprint, presence: Presence): Promise<void> {
    await this.#followLists([snapshot.baseManifestList, snapshot.deltaManifestList], footprint, presence);
    // Java's expiry takes the changelog lists of tags and branches with those of the snapshots: format-spec/commit
    await this.#followLists([snapshot.changelogManifestList], footprint, 'may be gone');
    if (snapshot.statistics !== undefined) footprint.others.add(this.#path.statistics(snapshot.statistics));
    const { indexManifest } = snapshot;
    if (indexManifest === undefined || footprint.manifests.has(indexManifest)) return;
    footprint.manifests.add(indexManifest);
    const index = await unlessGone(() => this.#manifests.readIndex(indexManifest), presence);
    for (const entry of index) footprint.others.add(this.#path.indexFile(partitionPath(this.#schema, entry.partition), entry));
  }

  async #followLists(names: readonly (string | undefined)[], footprint: Footprint, presence: Presence): Promise<void> {
    for (const name of names) {
      if (name === undefined || footprint.lists.has(name)) continue;
      footprint.lists.add(name);
      for (const manifest of await this.#list(name, presence)) footprint.manifests.add(manifest.fileName);
    }
  }

  #list(name: string, presence: Presence): Promise<ManifestFileMeta[]> {
    return unlessGone(() => this.#manifests.readList(name), presence);
  }

  async #entries(list: readonly ManifestFileMeta[]): Promise<ManifestEntry[]> {
    const read = list.map((manifest) => unlessGone(() => this.#manifests.readEntries(manifest.fileName), 'may be gone'));
    return (await Promise.all(read)).flat();
  }
}

function listsOfChanges({ deltaManifestList, changelogManifestList }: Snapshot): string[] {
  return changelogManifestList === undefined ? [deltaManifestList] : [deltaManifestList, changelogManifestList];
}

type Presence = 'must exist' | 'may be gone';

/** Names of manifests and lists, paths of other files. */
class Footprint {
  readonly lists = new Set<string>();
  readonly manifests = new Set<string>();
  readonly others = new Set<string>();
}

function without(names: ReadonlySet<string>, kept: ReadonlySet<string>): Set<string> {
  return new Set([...names].filter((name) => !kept.has(name)));
}

async function unlessGone<T>(read: () => Promise<T[]>, presence: Presence): Promise<T[]> {
  try {
    return await read();
  } catch (error) {
    if (presence === 'may be gone' && isMissingFile(error)) return [];
    throw error;
  }
}
