/** `weir flush TABLE`: puts what stands in the log into a snapshot, and prints which; nothing to do is fine. */
import { type Context, interruptible, withTable } from '../context.js';
import { printRecords } from '../records.js';

export function flush(context: Context, name: string): Promise<void> {
  return withTable(context, name, async (table) => {
    const snapshot = await interruptible((signal) => table.flush({ signal }));
    if (snapshot !== undefined) await printRecords(context.out, [{ snapshot }]);
  });
}
