/** Reading snapshots that an expiry may take away at any moment. */
import { hasCode } from '../base/error.js';
import type { Snapshot } from './snapshot.js';
import type { SnapshotStore } from './snapshot-store.js';

/** The snapshot, or undefined when it has expired. @throws CORRUPTION, NOT_FOUND when it is missing among those that have not */
export async function readUnlessExpired(snapshots: SnapshotStore, id: bigint): Promise<Snapshot | undefined> {
  try {
    return await snapshots.read(id);
  } catch (error) {
    if (hasCode(error, 'POSITION_EXPIRED')) return undefined;
    if (!hasCode(error, 'NOT_FOUND') && !hasCode(error, 'CORRUPTION')) throw error;
    // the store looked in the middle of an expiry: what is gone lies below the earliest that stays
    const earliest = await snapshots.earliestId();
    if (earliest === undefined || id < earliest) return undefined;
    throw error;
  }
}
