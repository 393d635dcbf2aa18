/** A job's commit: what it wrote, and the compactions that came along. */
import { hasCode } from '../base/error.js';
import { abortMessages, type CommitOutcome, type Committable, commitTable } from '../commit/table-commit.js';
import type { TableStore } from './table-store.js';

export type Published = Pick<CommitOutcome, 'snapshots' | 'alreadyCommitted' | 'compactionDropped'>;

/** Commits. A compaction never fails the job: with rows it is dropped by the commit, alone it is dropped here. */
export async function publish(store: TableStore, committable: Committable): Promise<Published> {
  try {
    return await commitTable(store, committable);
  } catch (error) {
    const { messages, overwrite } = committable;
    const onlyCompaction = messages.every((message) => message.newFiles.length + message.changelogFiles.length === 0);
    if (!hasCode(error, 'COMMIT_CONFLICT') || !onlyCompaction || overwrite !== undefined) throw error;
    await abortMessages(store, messages);
    return { snapshots: [], alreadyCommitted: false, compactionDropped: true };
  }
}
