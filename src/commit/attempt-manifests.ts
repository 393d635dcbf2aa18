/**
 * The manifests and lists that the attempts of one commit write.
 *
 * Invariants: what does not depend on the latest snapshot is written once and used by every attempt; whatever ends up
 * unreferenced can be deleted, because every name written is known.
 */
import type { ManifestEntry } from '../meta/manifest-entry.js';
import type { ManifestFileMeta } from '../meta/manifest-list.js';
import type { TableSchema } from '../meta/table-schema.js';
import { rowDelta } from './commit-changes.js';
import type { CommitContext } from './commit-context.js';
import { ManifestMerger } from './manifest-merge.js';

export interface WrittenList {
  readonly name: string;
  readonly size_bytes: number;
  readonly manifests: readonly ManifestFileMeta[];
}

export interface WrittenChanges {
  readonly list: WrittenList;
  /** rows added less rows deleted */
  readonly rows: bigint;
}

/** All that one attempt's snapshot refers to. */
export interface AttemptLists {
  readonly base: WrittenList;
  readonly delta: WrittenChanges;
  readonly changelog: WrittenChanges | undefined;
}

export class AttemptManifests {
  readonly #context: CommitContext;
  readonly #written = new Set<string>();
  readonly #merger: ManifestMerger;
  #delta: { entries: readonly ManifestEntry[]; changes: WrittenChanges } | undefined;
  #changelog: WrittenChanges | undefined;

  constructor(context: CommitContext) {
    this.#context = context;
    const { manifests, options } = context;
    this.#merger = new ManifestMerger(manifests, {
      targetSize_bytes: options.manifestTargetSize_bytes,
      minCount: options.manifestMergeMinCount,
      fullThreshold_bytes: options.manifestFullCompactionThreshold_bytes,
    });
  }

  /**
   * Writes what is not there yet, at once.
   *
   * @param before manifests of the snapshot this attempt follows, in order
   * @param delta the same array as in the attempt before when nothing has changed
   */
  async write(
    before: readonly ManifestFileMeta[],
    delta: readonly ManifestEntry[],
    changelog: readonly ManifestEntry[],
    schema: TableSchema,
  ): Promise<AttemptLists> {
    const writes = [this.#writeBase(before, schema), this.#writeDelta(delta, schema), this.#writeChangelog(changelog, schema)] as const;
    // a failure of one must not leave another writing behind our back: its file could not be deleted
    await Promise.allSettled(writes);
    const [base, changes, changelogChanges] = await Promise.all(writes);
    return { base, delta: changes, changelog: changelogChanges };
  }

  /** Deletes all that was written but what `kept` refers to. Failing to delete leaves litter and is no failure. */
  async discard(kept: readonly AttemptLists[]): Promise<void> {
    const names = new Set([...this.#written, ...this.#merger.written]);
    for (const list of kept.flatMap(({ base, delta, changelog }) => [base, delta.list, changelog?.list])) {
      if (list === undefined) continue;
      names.delete(list.name);
      for (const { fileName } of list.manifests) names.delete(fileName);
    }
    await Promise.all([...names].map((name) => this.#context.manifests.remove([name]).catch(() => undefined)));
  }

  async #writeBase(before: readonly ManifestFileMeta[], schema: TableSchema): Promise<WrittenList> {
    return this.#writeList(await this.#merger.merge(before, schema));
  }

  async #writeDelta(entries: readonly ManifestEntry[], schema: TableSchema): Promise<WrittenChanges> {
    if (this.#delta?.entries !== entries) this.#delta = { entries, changes: await this.#writeEntries(entries, schema) };
    return this.#delta.changes;
  }

  async #writeChangelog(entries: readonly ManifestEntry[], schema: TableSchema): Promise<WrittenChanges | undefined> {
    if (entries.length > 0) this.#changelog ??= await this.#writeEntries(entries, schema);
    return this.#changelog;
  }

  async #writeEntries(entries: readonly ManifestEntry[], schema: TableSchema): Promise<WrittenChanges> {
    // the list needs the manifests' sizes, not their files: both are made to last at once
    const writes: Promise<void>[] = [];
    const metas = await this.#context.manifests.writeEntries(entries, schema, writes);
    for (const meta of metas) this.#written.add(meta.fileName);
    const list = this.#writeList(metas);
    await Promise.allSettled([...writes, list]);
    await Promise.all(writes);
    return { list: await list, rows: rowDelta(entries) };
  }

  async #writeList(metas: readonly ManifestFileMeta[]): Promise<WrittenList> {
    const { name, size_bytes } = await this.#context.manifests.writeList(metas);
    this.#written.add(name);
    return { name, size_bytes, manifests: metas };
  }
}
