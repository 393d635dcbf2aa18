/**
 * The log of one table, wired to its snapshots: what all handles of a table in this process share.
 *
 * Invariant: rows leave the log for the tree in the order of their slots, a prefix at a time (materialise.ts).
 */
import { WeirError } from '../../base/error.js';
import { LogPath } from '../../log/log-path.js';
import { NumberFloor } from '../../log/number-floor.js';
import { SlotStore } from '../../log/slot-store.js';
import { TableLog } from '../../log/table-log.js';
import { treePosition } from '../../log/tree-position.js';
import type { ManifestEntry } from '../../meta/manifest-entry.js';
import type { Snapshot } from '../../meta/snapshot.js';
import type { TableStore } from '../table-store.js';
import { LogTail } from './log-tail.js';
import { PartitionBuckets } from './partition-buckets.js';

export class LogHandle {
  readonly id: string;
  readonly log: TableLog;
  readonly tail: LogTail;
  readonly buckets: PartitionBuckets;
  /** consumers that hold snapshots of this process until the log knows of them (materialise.ts) */
  readonly guards = new Set<string>();
  readonly #store: TableStore;

  constructor(store: TableStore, id: string) {
    const { io, clock, random, options, table } = store;
    const floor = new NumberFloor(store.snapshots, () => store.manifests);
    this.id = id;
    this.#store = store;
    this.tail = new LogTail(store, this);
    this.buckets = new PartitionBuckets(store);
    this.log = new TableLog({
      table,
      id,
      store: new SlotStore(io, new LogPath(store.path.root, id), { sync: options.commitFsync }),
      clock,
      random,
      nextNumber: () => floor.next(),
      inlineMax_bytes: options.logInlineMax_bytes,
      linger_ms: options.logLinger_ms,
      fieldsOf: async (schemaId) => (await store.schemas.read(schemaId)).fields,
    });
  }

  /** All slots up to this one are in the snapshot, or in none that is left (the table was rolled back). */
  async positionOf(latest: Snapshot | undefined): Promise<bigint> {
    const { tree } = await this.log.refresh();
    return (await treePosition(this.#store.snapshots, this.id, tree, latest)).position;
  }

  /**
   * Files of the log go where the rest of their partition is, also when another engine has meanwhile overwritten it with another
   * number of buckets.
   *
   * @throws COMMIT_CONFLICT when they do not: their rows are to be routed anew
   */
  async checkBuckets(latest: Snapshot | undefined, entries: readonly ManifestEntry[]): Promise<void> {
    const bucketsOf = await this.buckets.at(latest);
    const { table } = this.#store;
    for (const { partition, totalBuckets } of entries) {
      const found = bucketsOf(partition);
      if (found === totalBuckets) continue;
      const message = `a partition of ${table} has ${found} buckets now, and rows of the log were routed to ${totalBuckets}`;
      throw new WeirError('COMMIT_CONFLICT', message, { table });
    }
  }

  /**
   * The latest snapshot and how far it holds the log. One older than the log knows of is looked at again: only when it is the
   * latest still, though the log knew of a newer one before, was the table rolled back.
   *
   * @throws CORRUPTION when it holds slots that the log has not had yet: the log lost its end
   */
  async latest(): Promise<{ snapshot: Snapshot | undefined; position: bigint; head: bigint }> {
    const { snapshots } = this.#store;
    for (let before: bigint | undefined; ; ) {
      const snapshot = await snapshots.latest();
      const state = await this.log.refresh();
      const found = await treePosition(snapshots, this.id, state.tree, snapshot);
      const newest = snapshot?.id ?? 0n;
      if (found.position > state.slot) throw this.#endIsMissing(found.position, snapshot);
      if (found.kind === 'at' || newest === before) return { snapshot, position: found.position, head: state.slot };
      before = newest;
    }
  }

  #endIsMissing(slot: bigint, snapshot: Snapshot | undefined): WeirError {
    const file = this.log.store.path.slot(slot);
    const message = `log slot ${file} is missing, and so may be others after it: snapshot ${snapshot?.id} holds it. To go on without them, give the table another log.id`;
    return new WeirError('CORRUPTION', message, { file, table: this.#store.table });
  }
}
