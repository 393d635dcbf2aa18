/** `weir expire TABLE`: deletes snapshots older than the table's retention and the files only they refer to. */
import { type Context, withTable } from '../context.js';
import { printRecords } from '../records.js';

export function expire(context: Context, name: string): Promise<void> {
  return withTable(context, name, async (table) => {
    const { expired, filesDeleted, earliest } = await table.expire();
    await printRecords(context.out, [{ expired_snapshots: expired, deleted_files: filesDeleted, earliest_snapshot_id: earliest ?? null }]);
  });
}
