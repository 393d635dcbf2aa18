/** Reads one split of a plan in a worker: what scans and streams have in common. */
import type { PlannedRead } from '../read/plan.js';
import type { Split } from '../read/split.js';
import { type SplitInput, splitTask } from '../read/split-task.js';
import type { Batch } from '../types/column.js';
import type { TableStore } from './table-store.js';

const BATCH_ROWS = 65_536;

type Wanted = Pick<SplitInput, 'schema' | 'columns' | 'where' | 'kinds'>;

export function streamSplit(
  store: TableStore,
  plan: PlannedRead,
  split: Split,
  wanted: Wanted,
  signal: AbortSignal | undefined,
): AsyncIterable<Batch> {
  return store.services.executor.stream(splitTask, splitInput(store, plan, split, wanted), { signal });
}

/** What a task has to know to read a split. */
export function splitInput(store: TableStore, { fileSchemas }: Pick<PlannedRead, 'fileSchemas'>, split: Split, wanted: Wanted): SplitInput {
  const { sequenceFields, sequenceAscending, ignoreDelete } = store.options;
  return {
    ...wanted,
    io: store.ioRef,
    table: store.table,
    fileSchemas,
    split,
    sequenceFields,
    sequenceAscending,
    ignoreDelete,
    batchRows: BATCH_ROWS,
  };
}
