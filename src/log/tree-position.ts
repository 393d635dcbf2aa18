/**
 * How far the tree has got: the last slot whose rows are in a snapshot (rule LOG-7 ff. of format-spec/log).
 *
 *   tree record (snapshot T, position P) ── snapshots T+1 … S: the newest that weir made says its own position
 *                                           none of them is weir's: P
 *                                           S < T: look again; still so: the table was rolled back, and P counts
 */
import { readUnlessExpired } from '../meta/expired-snapshot.js';
import type { Snapshot } from '../meta/snapshot.js';
import type { SnapshotStore } from '../meta/snapshot-store.js';
import type { TreeMark } from './slot.js';

/** who commits rows out of the log, whoever runs it */
export const LOG_USER = 'weir-log';
/** in `properties` of every snapshot that weir makes on a table with a log */
export const POSITION_PROPERTY = 'weir.log.position';

export type TreePosition =
  | { readonly kind: 'at'; readonly position: bigint }
  /** the latest snapshot is older than the one the log names */
  | { readonly kind: 'behind'; readonly position: bigint };

export function formatPositionProperty(log: string, position: bigint): string {
  return `${log}/${position}`;
}

/** The position a snapshot says of itself; undefined when it is another engine's, or of another log. */
export function positionProperty(snapshot: Snapshot, log: string): bigint | undefined {
  const text = snapshot.properties?.[POSITION_PROPERTY];
  const found = text === undefined ? null : /^(.*)\/(\d+)$/.exec(text);
  return found === null || found[1] !== log ? undefined : BigInt(found[2]!);
}

export async function treePosition(
  snapshots: SnapshotStore,
  log: string,
  tree: TreeMark,
  latest: Snapshot | undefined,
): Promise<TreePosition> {
  const newest = latest?.id ?? 0n;
  if (newest < tree.snapshot) return { kind: 'behind', position: tree.position };
  for (let id = newest; id > tree.snapshot; id--) {
    const snapshot = id === newest ? latest! : await readUnlessExpired(snapshots, id);
    if (snapshot === undefined) break;
    const position = positionProperty(snapshot, log);
    if (position !== undefined) return { kind: 'at', position };
  }
  return { kind: 'at', position: tree.position };
}
