/** Looking into snapshots that an expiry may take away: what is on its way out is passed over. */
import { hasCode } from '../../base/error.js';
import type { Snapshot } from '../../meta/snapshot.js';
import { readHeld } from '../held-snapshot.js';
import type { TableStore } from '../table-store.js';
import type { CheckName, Report } from './report.js';

/** A snapshot, and what `look` finds in it; undefined when it has expired, or when it is damaged, which is told. */
export async function ofHeld<T>(
  store: TableStore,
  report: Report,
  check: CheckName,
  id: bigint,
  look: (snapshot: Snapshot) => Promise<T>,
): Promise<[Snapshot, T] | undefined> {
  return report.attempt(check, async () => {
    try {
      const snapshot = await store.snapshots.readAnew(id);
      return snapshot && [snapshot, await readHeld(store, snapshot, () => look(snapshot))];
    } catch (error) {
      if (hasCode(error, 'POSITION_EXPIRED')) return undefined;
      throw error;
    }
  });
}
