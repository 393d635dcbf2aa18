/**
 * Rows that have their numbers before they are committed, and the commits that overtake them.
 *
 *   numbers from 100 taken ── another commits key k as 150 ─> tree      a row of k numbered 120 that comes after it
 *                                                                       should win, and would lose
 *
 * Only the files that others added are looked at, by bucket: all of their numbers below one's own first do no harm. A deletion may be
 * gone from the files by the time of the commit, so what was added is what counts, not what is there.
 *
 * Invariants: every snapshot after the one that was the latest when the numbers were taken is looked at, once, or the rows
 * count as overtaken. Compactions add no rows.
 */
import { WeirError } from '../base/error.js';
import { readUnlessExpired } from '../meta/expired-snapshot.js';
import { deltaEntries } from '../meta/live-files.js';
import { ADD, type ManifestEntry } from '../meta/manifest-entry.js';
import type { Snapshot } from '../meta/snapshot.js';
import { partitionKey } from './commit-changes.js';
import type { CommitContext } from './commit-context.js';

type Context = Pick<CommitContext, 'snapshots' | 'manifests' | 'table'>;

export class Overtaking {
  readonly #context: Context;
  readonly #first: bigint | undefined;
  #seen: Snapshot | undefined;
  readonly #touched = new Set<string>();
  /** why it cannot be told any more what others did */
  #lost: string | undefined;

  /** @param since the latest snapshot at a moment before the numbers were taken @param first the first of them; undefined for rows without keys, of which none overtakes another */
  constructor(context: Context, since: Snapshot | undefined, first: bigint | undefined) {
    this.#context = context;
    this.#seen = since;
    this.#first = first;
  }

  /** @throws COMMIT_CONFLICT when somebody has added rows with higher numbers to a bucket of these files */
  async check(latest: Snapshot | undefined, files: readonly ManifestEntry[]): Promise<void> {
    if (this.#first === undefined) return;
    await this.look(latest);
    const overtaken = files.find((entry) => this.#touched.has(bucketKey(entry)));
    if (overtaken === undefined && this.#lost === undefined) return;
    const { table } = this.#context;
    const why = this.#lost ?? `others have committed to bucket ${overtaken!.bucket} of ${table}`;
    throw new WeirError('COMMIT_CONFLICT', `${why} since the rows were numbered`, { table });
  }

  /** Reads on to the latest snapshot. Whoever takes long does it now and then, before snapshots expire. */
  async look(latest: Snapshot | undefined): Promise<void> {
    const from = this.#seen?.id ?? 0n;
    const to = latest?.id ?? 0n;
    if (this.#lost === undefined && (to < from || !(await this.#isStill(this.#seen)))) this.#lost = 'the table was rolled back';
    for (let id = from + 1n; id <= to && this.#lost === undefined; id++) {
      const snapshot = id === to ? latest : await readUnlessExpired(this.#context.snapshots, id);
      if (snapshot === undefined || !(await this.#take(snapshot))) this.#lost = `snapshot ${id} has come and expired`;
      this.#seen = snapshot;
    }
  }

  async #isStill(snapshot: Snapshot | undefined): Promise<boolean> {
    if (snapshot === undefined) return true;
    const found = await this.#context.snapshots.readAnew(snapshot.id);
    return found === undefined || found.baseManifestList === snapshot.baseManifestList;
  }

  /** false when the snapshot expires meanwhile */
  async #take(snapshot: Snapshot): Promise<boolean> {
    const first = this.#first;
    if (snapshot.commitKind === 'COMPACT' || first === undefined) return true;
    try {
      for (const entry of await deltaEntries(this.#context.manifests, snapshot))
        if (entry.kind === ADD && entry.file.maxSequenceNumber >= first) this.#touched.add(bucketKey(entry));
      return true;
    } catch (error) {
      if (await this.#context.snapshots.isHeld(snapshot.id)) throw error;
      return false;
    }
  }
}

function bucketKey({ partition, bucket }: ManifestEntry): string {
  return `${bucket}/${partitionKey(partition)}`;
}
