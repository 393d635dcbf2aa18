/** What a commit prints: nothing when there was nothing to commit. */
import type { CommitResult } from '../index.js';
import type { AdminRecord } from './records.js';

export function commitRecord(result: CommitResult): AdminRecord[] {
  if (result.snapshot === undefined && !result.alreadyCommitted) return [];
  const record = { snapshot: result.snapshot ?? null, identifier: result.identifier, rows: result.rows };
  return [result.alreadyCommitted ? { ...record, alreadyCommitted: true } : record];
}
