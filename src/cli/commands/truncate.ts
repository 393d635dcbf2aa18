/** `weir truncate TABLE`: one commit that deletes all rows. */
import { type Context, withTable } from '../context.js';
import { printRecords } from '../records.js';

export function truncate(context: Context, name: string): Promise<void> {
  return withTable(context, name, async (table) => {
    const snapshot = await table.truncate();
    if (snapshot !== undefined) await printRecords(context.out, [{ snapshot }]);
  });
}
