/**
 * From where row numbers may go on: above every sequence number that a snapshot holds.
 *
 * Snapshots of the log's own rows are below its numbers anyway; only what others committed is looked at, each snapshot once.
 */
import { readUnlessExpired } from '../meta/expired-snapshot.js';
import { liveFiles } from '../meta/live-files.js';
import { ADD } from '../meta/manifest-entry.js';
import type { ManifestStore } from '../meta/manifest-store.js';
import type { Snapshot } from '../meta/snapshot.js';
import type { SnapshotStore } from '../meta/snapshot-store.js';
import { LOG_USER } from './tree-position.js';

export class NumberFloor {
  readonly #snapshots: SnapshotStore;
  readonly #manifests: () => ManifestStore;
  #seen: Snapshot | undefined;
  #next = 0n;

  constructor(snapshots: SnapshotStore, manifests: () => ManifestStore) {
    this.#snapshots = snapshots;
    this.#manifests = manifests;
  }

  /** 1 + the highest sequence number of the newest snapshot and all before it. */
  async next(): Promise<bigint> {
    for (;;) {
      const seen = this.#seen;
      if (seen !== undefined && !(await this.#snapshots.exists(seen.id + 1n))) return this.#next;
      const latest = await this.#snapshots.latest();
      if (latest === undefined || latest.id === seen?.id) return this.#next;
      if (await this.#isTaken(seen, latest)) {
        this.#seen = latest;
        return this.#next;
      }
    }
  }

  /** false when the snapshot expired while it was read: then there is a later one. */
  async #isTaken(seen: Snapshot | undefined, latest: Snapshot): Promise<boolean> {
    try {
      if (seen === undefined || latest.id < seen.id || !(await this.#takeDeltas(seen.id + 1n, latest.id))) await this.#takeAll(latest);
      return true;
    } catch (error) {
      if ((await this.#snapshots.latestId()) === latest.id) throw error;
      return false;
    }
  }

  async #takeAll(snapshot: Snapshot): Promise<void> {
    for (const { file } of await liveFiles(this.#manifests(), snapshot)) this.#raise(file.maxSequenceNumber);
  }

  /** false when one has expired: nobody knows what it added. */
  async #takeDeltas(from: bigint, to: bigint): Promise<boolean> {
    for (let id = from; id <= to; id++) {
      const snapshot = await readUnlessExpired(this.#snapshots, id);
      if (snapshot === undefined) return false;
      if (snapshot.commitUser === LOG_USER) continue;
      try {
        await this.#takeDelta(snapshot);
      } catch (error) {
        if (await this.#snapshots.isHeld(id)) throw error;
        return false;
      }
    }
    return true;
  }

  async #takeDelta({ deltaManifestList, deltaManifestListSize }: Snapshot): Promise<void> {
    const manifests = this.#manifests();
    for (const manifest of await manifests.readList(deltaManifestList, deltaManifestListSize)) {
      for (const entry of await manifests.readEntries(manifest.fileName)) if (entry.kind === ADD) this.#raise(entry.file.maxSequenceNumber);
    }
  }

  #raise(number: bigint): void {
    if (number >= this.#next) this.#next = number + 1n;
  }
}
