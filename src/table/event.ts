/** What a table tells: events, counters, and messages for operators. */
import type { WeirError } from '../base/error.js';

/**
 * What a table tells while it works. The library prints nothing: it calls `onEvent`, and `logger` for what an operator reads.
 *
 * @example
 * await openCatalog({ warehouse, onEvent: (event) => { if (event.type === 'conflict') console.warn(event.message); } });
 */
export type WeirEvent = { readonly table: string } & (
  | {
      /** a snapshot is there; on a table with a log it may hold many commits */
      readonly type: 'commit';
      readonly snapshot: bigint;
      readonly commitUser: string;
      readonly identifier: bigint;
      readonly kind: string;
      readonly rows: bigint;
      readonly duration_ms: number;
      readonly attempts: number;
    }
  | { readonly type: 'retry'; readonly attempt: number; readonly wait_ms: number; readonly reason: string }
  | { readonly type: 'conflict'; readonly message: string }
  /** another committer, without a lock, put its snapshot in the place of ours: ours is committed again, unless its files are gone */
  | {
      readonly type: 'overwritten';
      readonly snapshot: bigint;
      readonly commitUser: string;
      readonly identifier: bigint;
      readonly kind: string;
      readonly repeats: boolean;
    }
  | {
      readonly type: 'flush';
      readonly bucket: number;
      readonly rows: number;
      readonly files: number;
      readonly size_bytes: number;
      readonly duration_ms: number;
    }
  | {
      readonly type: 'compaction';
      readonly bucket: number;
      readonly outputLevel: number;
      readonly filesBefore: number;
      readonly filesAfter: number;
      readonly size_bytes: number;
      readonly duration_ms: number;
    }
  /** A writer's compaction failed; its rows are not touched by that, and it tries again with the next commit. */
  | { readonly type: 'compaction-failure'; readonly bucket: number; readonly error: WeirError }
  | { readonly type: 'expiry'; readonly expired: number; readonly filesDeleted: number }
  | { readonly type: 'back-pressure'; readonly reason: 'write-buffer' | 'sorted-runs' | 'log'; readonly duration_ms: number }
);

/**
 * Called for each event, in the thread of the caller: it should return soon, and not throw.
 *
 * @example
 * const conflicts: EventListener = (event) => { if (event.type === 'conflict') console.warn(event.table, event.message); };
 * await openCatalog({ warehouse, onEvent: conflicts });
 */
export type EventListener = (event: WeirEvent) => void;

/**
 * Where operators' messages go; `console` fits.
 *
 * @example
 * const quiet: Logger = { debug: () => {}, info: () => {}, warn: (message) => console.warn(message) };
 * await openCatalog({ warehouse, logger: quiet });
 */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
}

/**
 * Counters of one table handle since it was opened. Times are in milliseconds.
 *
 * @example
 * const { commits, commit_ms }: TableMetrics = flights.metrics();
 * console.log(`${commits} commits, ${commit_ms / commits} ms each`);
 */
export interface TableMetrics {
  commits: number;
  commitRetries: number;
  commitConflicts: number;
  commitsOverwritten: number;
  commit_ms: number;
  flushes: number;
  flushedRows: number;
  flushed_bytes: number;
  flush_ms: number;
  compactions: number;
  compactedFiles: number;
  compaction_ms: number;
  compactionFailures: number;
  expiredSnapshots: number;
  deletedFiles: number;
  backPressure_ms: number;
}

export function emptyMetrics(): TableMetrics {
  return {
    commits: 0,
    commitRetries: 0,
    commitConflicts: 0,
    commitsOverwritten: 0,
    commit_ms: 0,
    flushes: 0,
    flushedRows: 0,
    flushed_bytes: 0,
    flush_ms: 0,
    compactions: 0,
    compactedFiles: 0,
    compaction_ms: 0,
    compactionFailures: 0,
    expiredSnapshots: 0,
    deletedFiles: 0,
    backPressure_ms: 0,
  };
}

export function countEvent(metrics: TableMetrics, event: WeirEvent): void {
  switch (event.type) {
    case 'commit':
      metrics.commits++;
      metrics.commit_ms += event.duration_ms;
      break;
    case 'retry':
      metrics.commitRetries++;
      break;
    case 'conflict':
      metrics.commitConflicts++;
      break;
    case 'overwritten':
      metrics.commitsOverwritten++;
      break;
    case 'flush':
      metrics.flushes++;
      metrics.flushedRows += event.rows;
      metrics.flushed_bytes += event.size_bytes;
      metrics.flush_ms += event.duration_ms;
      break;
    case 'compaction':
      metrics.compactions++;
      metrics.compactedFiles += event.filesBefore;
      metrics.compaction_ms += event.duration_ms;
      break;
    case 'compaction-failure':
      metrics.compactionFailures++;
      break;
    case 'expiry':
      metrics.expiredSnapshots += event.expired;
      metrics.deletedFiles += event.filesDeleted;
      break;
    case 'back-pressure':
      metrics.backPressure_ms += event.duration_ms;
      break;
  }
}
