/**
 * Files of commits whose outcome is unknown (the storage failed while a snapshot was published): they may be part of the
 * table, so an abort must leave them.
 */
import type { SnapshotStore } from '../meta/snapshot-store.js';

const uncertain = new WeakMap<SnapshotStore, Set<string>>();

export function rememberUncertain(snapshots: SnapshotStore, fileNames: Iterable<string>): void {
  const names = uncertain.get(snapshots) ?? new Set();
  for (const name of fileNames) names.add(name);
  uncertain.set(snapshots, names);
}

export function isUncertain(snapshots: SnapshotStore, fileName: string): boolean {
  return uncertain.get(snapshots)?.has(fileName) ?? false;
}
