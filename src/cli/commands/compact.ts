/** `weir compact TABLE`: offline compaction; nothing to do is fine. */

import { partitionOf } from '../arguments.js';
import { type Context, interruptible, progressOf, withTable } from '../context.js';
import { UsageError } from '../exit.js';
import { printRecords } from '../records.js';

export interface CompactFlags {
  full?: boolean;
  partition?: string[];
}

export function compact(context: Context, name: string, flags: CompactFlags): Promise<void> {
  const partition = partitionOf(flags.partition);
  if (partition && Object.keys(partition).length === 0) throw new UsageError('--partition takes KEY=VALUE');
  return withTable(context, name, async (table) => {
    const progress = progressOf(context, 'compact');
    const result = await interruptible((signal) =>
      table.compact({ full: flags.full ?? false, signal, ...(partition === undefined ? {} : { partition }) }),
    ).finally(() => progress.clear());
    await printRecords(context.out, [
      {
        snapshot_id: result.snapshot ?? null,
        files_before: result.filesBefore,
        files_after: result.filesAfter,
        rows_before: result.rowsBefore,
        rows_after: result.rowsAfter,
        bytes_before: result.bytesBefore,
        bytes_after: result.bytesAfter,
      },
    ]);
  });
}
