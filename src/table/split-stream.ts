/** Reads one split of a plan in a worker: what scans and streams have in common. */
import type { PlannedRead } from '../read/plan.js';
import type { Split } from '../read/split.js';
import { type SplitInput, splitTask } from '../read/split-task.js';
import type { Batch } from '../types/column.js';
import type { TableStore } from './table-store.js';

const BATCH_ROWS = 65_536;

export function streamSplit(
  store: TableStore,
  plan: PlannedRead,
  split: Split,
  wanted: Pick<SplitInput, 'schema' | 'columns' | 'where' | 'kinds'>,
  signal: AbortSignal | undefined,
): AsyncIterable<Batch> {
  const { sequenceFields, sequenceAscending, ignoreDelete } = store.options;
  const input: SplitInput = {
    ...wanted,
    io: store.ioRef,
    table: store.table,
    fileSchemas: plan.fileSchemas,
    split,
    sequenceFields,
    sequenceAscending,
    ignoreDelete,
    batchRows: BATCH_ROWS,
  };
  return store.services.executor.stream(splitTask, input, { signal });
}
