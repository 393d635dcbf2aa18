/**
 * The changes between two snapshots as a batch read: `incremental-between=from,to`, `from` exclusive, `to` inclusive.
 *
 *   changelog-producer   none          the rows of the files that APPEND snapshots added, as they stand
 *                        the others    the changelog files, as they stand
 *
 * A batch read sees no level 0 on a table with deletion vectors, as in Java: there only compactions have changes, `lookup`'s.
 */
import { WeirError } from '../base/error.js';
import type { BoundPredicate, Predicate } from '../types/predicate.js';
import type { Change } from './change.js';
import { streamChanges } from './changes.js';
import type { TableStore } from './table-store.js';

/**
 * The snapshots whose changes `table.changesBetween` reads.
 *
 * @example
 * const range: IncrementalRange = { from: 3n, to: 5n, columns: ['id', 'delay'] }; // the changes of 4 and 5
 * for await (const change of flights.changesBetween(range)) console.log(change.snapshot, change.length);
 */
export interface IncrementalRange {
  /** exclusive */
  readonly from: bigint;
  /** inclusive */
  readonly to: bigint;
  readonly columns?: readonly string[];
  readonly where?: Predicate;
  readonly signal?: AbortSignal;
}

export async function* incrementalSource<R>(
  store: TableStore,
  range: IncrementalRange,
  bind: (where: Predicate | undefined) => BoundPredicate | undefined,
): AsyncGenerator<Change<R>> {
  if (range.from > range.to)
    throw new WeirError('INVALID_ARGUMENT', `changes from snapshot ${range.from} to ${range.to}: the end lies before the start`, {
      table: store.table,
    });
  await store.refresh();
  // both ends must be there: a read does not wait for what may come
  if (range.to > range.from) await Promise.all([store.snapshots.read(range.from + 1n), store.snapshots.read(range.to)]);
  yield* streamChanges<R>(
    store,
    {
      from: { snapshot: range.from + 1n },
      until: { snapshot: range.to },
      batch: true,
      ...(range.columns !== undefined && { columns: range.columns }),
      ...(range.signal !== undefined && { signal: range.signal }),
    },
    bind(range.where),
  );
}
