/** A batch of changes, as a stream gives it to its caller. */
import type { RecordBatch } from 'apache-arrow';
import { toRecordBatch } from '../types/arrow.js';
import { type Batch, ROW_KINDS, type RowKind } from '../types/column.js';
import { rowsOf } from '../types/row-reader.js';
import type { StreamPosition } from './position.js';

/**
 * A batch of changes of one snapshot.
 *
 * @example
 * for await (const change of flights.changes({ until: 'now' })) {
 *   for (const { kind, row } of change.rows()) console.log(kind, row.id, row.delay);
 * }
 */
export class Change<R> {
  /** resume here to get what follows this batch */
  readonly position: StreamPosition;
  /** whose changes these are; of rows that come from the table's log, the newest one before them (0: none) */
  readonly snapshot: bigint;
  /** one a row: 0 +I, 1 -U, 2 +U, 3 -D */
  readonly kinds: Uint8Array;
  /** the rows as columns */
  readonly batch: Batch;

  /** @internal */
  constructor(position: StreamPosition, snapshot: bigint, kinds: Uint8Array, batch: Batch) {
    this.position = position;
    this.snapshot = snapshot;
    this.kinds = kinds;
    this.batch = batch;
  }

  get length(): number {
    return this.batch.length;
  }

  /**
   * Rows as objects, each with its kind.
   *
   * @example
   * const late = change.rows().filter(({ kind, row }) => kind !== '-D' && (row.delay ?? 0) > 60);
   */
  rows(): { kind: RowKind; row: R }[] {
    return rowsOf(this.batch).map((row, index) => ({ kind: ROW_KINDS[this.kinds[index]!]!, row: row as R }));
  }

  /**
   * The rows as an Arrow record batch; their kinds are in `kinds`.
   *
   * @example
   * const delays = change.toArrow().getChild('delay');
   */
  toArrow(): RecordBatch {
    return toRecordBatch(this.batch);
  }
}
