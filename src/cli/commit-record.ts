/** What a commit prints: nothing when there was nothing to commit. In a table with a log it has a slot, and a snapshot later. */
import type { CommitResult } from '../index.js';
import type { AdminRecord } from './records.js';

export function commitRecord(result: CommitResult): AdminRecord[] {
  const { snapshot, slot, identifier, rows } = result;
  if (snapshot === undefined && slot === undefined && !result.alreadyCommitted) return [];
  const record = { snapshot: snapshot ?? null, ...(slot !== undefined && { slot }), identifier, rows };
  return [result.alreadyCommitted ? { ...record, alreadyCommitted: true } : record];
}
