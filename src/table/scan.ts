/** A batch read: one snapshot (or the changes between two), planned when it is first pulled. */
import { Table as ArrowTable, type RecordBatch } from 'apache-arrow';
import { mergeAsync } from '../base/merge-async.js';
import { arrowSchema, toRecordBatch } from '../types/arrow.js';
import type { Batch } from '../types/column.js';
import type { DataField } from '../types/data-type.js';
import { rowsOf } from '../types/row-reader.js';
import { sliceBatch } from '../types/take.js';

/** What a scan will read, after pruning. */
export interface ScanPlan {
  /** undefined: the table has no snapshot */
  readonly snapshot: bigint | undefined;
  readonly splits: number;
  readonly files: number;
  /** physical rows in those files, before merging and filtering */
  readonly rows: number;
  readonly size_bytes: number;
}

export interface ScanSource {
  readonly plan: ScanPlan;
  readonly fields: readonly DataField[];
  readonly parts: readonly (() => AsyncIterable<Batch>)[];
}

/**
 * Rows of a table at one moment, in no promised order. Each way of iterating reads afresh.
 *
 * @example
 * for await (const batch of table.scan({ columns: ['origin', 'delay'], where: gt('delay', 60) })) console.log(batch.numRows);
 */
export class Scan<R> implements AsyncIterable<RecordBatch> {
  readonly #open: () => Promise<ScanSource>;
  readonly #limit: number | undefined;
  readonly #threads: number;

  /** @internal */
  constructor(open: () => Promise<ScanSource>, limit: number | undefined, threads: number) {
    this.#open = open;
    this.#limit = limit;
    this.#threads = threads;
  }

  async plan(): Promise<ScanPlan> {
    return (await this.#open()).plan;
  }

  /** Columns in weir's own form (Arrow memory): the cheapest way out. */
  async *batches(): AsyncGenerator<Batch> {
    yield* this.#batchesOf(await this.#open());
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch> {
    for await (const batch of this.batches()) yield toRecordBatch(batch);
  }

  async *rows(): AsyncGenerator<R> {
    for await (const batch of this.batches()) yield* rowsOf(batch) as R[];
  }

  async toArray(): Promise<R[]> {
    const rows: R[] = [];
    for await (const batch of this.batches()) for (const row of rowsOf(batch)) rows.push(row as R);
    return rows;
  }

  async toArrow(): Promise<ArrowTable> {
    const source = await this.#open();
    const batches: RecordBatch[] = [];
    for await (const batch of this.#batchesOf(source)) batches.push(toRecordBatch(batch));
    return new ArrowTable(arrowSchema(source.fields), batches);
  }

  async *#batchesOf(source: ScanSource): AsyncGenerator<Batch> {
    let left = this.#limit ?? Number.POSITIVE_INFINITY;
    if (left <= 0) return;
    for await (const batch of mergeAsync(source.parts, this.#threads)) {
      if (batch.length >= left) {
        yield sliceBatch(batch, 0, left);
        return;
      }
      left -= batch.length;
      yield batch;
    }
  }
}
