/**
 * How many buckets each partition has: those its files were written for, which an ALTER of `bucket` does not change. Rows of the log
 * go where the partition's files are; a partition without files takes the table's number.
 *
 *   bucket = 4 ─ files of p=1 ─ ALTER bucket = 8 ─ rows of the log ─┬─ p=1: of 4, until somebody overwrites it with 8
 *                                                                   └─ p=2: of 8
 *
 * Invariant: what is told is so in the snapshot asked for. From one to the next only what was added is read; after an OVERWRITE, which
 * may change a partition's number, or a snapshot that is gone, all files.
 */
import { hasCode } from '../../base/error.js';
import { readUnlessExpired } from '../../meta/expired-snapshot.js';
import { deltaEntries, liveFiles } from '../../meta/live-files.js';
import { ADD, type ManifestEntry } from '../../meta/manifest-entry.js';
import type { Snapshot } from '../../meta/snapshot.js';
import { readHeld } from '../held-snapshot.js';
import type { TableStore } from '../table-store.js';

/** The number of buckets of a partition (serialized BinaryRow); -1 for tables without buckets. */
export type BucketsOf = (partition: Uint8Array) => number;

type Counts = Map<string, number>;

export class PartitionBuckets {
  readonly #store: TableStore;
  #known: { readonly snapshot: Snapshot; readonly counts: Counts } | undefined;

  constructor(store: TableStore) {
    this.#store = store;
  }

  /** @throws POSITION_EXPIRED when the snapshot expires meanwhile */
  async at(snapshot: Snapshot | undefined): Promise<BucketsOf> {
    const { bucket } = this.#store.options;
    if (bucket <= 0 || snapshot === undefined) return () => bucket;
    const counts = (await this.#moveOn(snapshot)) ?? (await readHeld(this.#store, snapshot, () => this.#countAll(snapshot)));
    return (partition) => counts.get(keyOf(partition)) ?? bucket;
  }

  /** From what is known, when that is an earlier snapshot of the same history and nothing since has emptied a partition. */
  async #moveOn(to: Snapshot): Promise<Counts | undefined> {
    const known = this.#known;
    if (known === undefined || to.id < known.snapshot.id) return undefined;
    const { manifests, snapshots } = this.#store;
    const found = to.id === known.snapshot.id ? to : await snapshots.readAnew(known.snapshot.id);
    if (found?.baseManifestList !== known.snapshot.baseManifestList) return undefined;
    if (to.id === found.id) return known.counts;
    const counts = new Map(known.counts);
    for (let id = found.id + 1n; id <= to.id; id++) {
      const snapshot = id === to.id ? to : await readUnlessExpired(snapshots, id);
      if (snapshot === undefined || snapshot.commitKind === 'OVERWRITE') return undefined;
      if (snapshot.commitKind !== 'APPEND') continue;
      const entries = await unlessExpired(() => readHeld(this.#store, snapshot, () => deltaEntries(manifests, snapshot)));
      if (entries === undefined) return undefined;
      take(counts, entries);
    }
    this.#known = { snapshot: to, counts };
    return counts;
  }

  async #countAll(snapshot: Snapshot): Promise<Counts> {
    const counts: Counts = new Map();
    take(counts, await liveFiles(this.#store.manifests, snapshot));
    if (this.#known === undefined || this.#known.snapshot.id <= snapshot.id) this.#known = { snapshot, counts };
    return counts;
  }
}

async function unlessExpired<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (hasCode(error, 'POSITION_EXPIRED')) return undefined;
    throw error;
  }
}

function take(counts: Counts, entries: readonly ManifestEntry[]): void {
  for (const { kind, partition, totalBuckets } of entries) if (kind === ADD && totalBuckets > 0) counts.set(keyOf(partition), totalBuckets);
}

function keyOf(partition: Uint8Array): string {
  return Buffer.from(partition.buffer, partition.byteOffset, partition.byteLength).toString('latin1');
}
