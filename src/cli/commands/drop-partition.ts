/** `weir drop-partition TABLE k=v,…`: one commit that deletes the rows of these partitions. */
import { partitionSpec } from '../arguments.js';
import { type Context, withTable } from '../context.js';
import { printRecords } from '../records.js';

export function dropPartition(context: Context, name: string, partitions: readonly string[]): Promise<void> {
  const specs = partitions.map(partitionSpec);
  return withTable(context, name, async (table) => {
    const snapshot = await table.dropPartitions(specs);
    if (snapshot !== undefined) await printRecords(context.out, [{ snapshot }]);
  });
}
