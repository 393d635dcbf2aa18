/** A batch read: one snapshot (or the changes between two), planned when it is first pulled. */
import { Table as ArrowTable, type RecordBatch } from 'apache-arrow';
import { mergeAsync } from '../base/merge-async.js';
import { arrowSchema, toRecordBatch } from '../types/arrow.js';
import type { Batch } from '../types/column.js';
import type { DataField } from '../types/data-type.js';
import { rowsOf } from '../types/row-reader.js';
import { sliceBatch } from '../types/take.js';

/**
 * What a scan will read, after pruning.
 *
 * @example
 * const { files, size_bytes }: ScanPlan = await flights.scan({ where: eq('origin', 'SEA') }).plan();
 */
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
 * for await (const batch of flights.scan({ columns: ['origin', 'delay'], where: gt('delay', 60) })) console.log(batch.numRows);
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

  /**
   * What a read would touch. Nothing but metadata is read.
   *
   * @example
   * const { splits, rows } = await flights.scan().plan();
   */
  async plan(): Promise<ScanPlan> {
    return (await this.#open()).plan;
  }

  /**
   * Columns in weir's own form (Arrow memory): the cheapest way out.
   *
   * @example
   * for await (const { columns, length } of flights.scan({ columns: ['delay'] }).batches()) console.log(length, columns[0]?.values);
   */
  async *batches(): AsyncGenerator<Batch> {
    yield* this.#batchesOf(await this.#open());
  }

  /**
   * Arrow record batches, the default way of iterating.
   *
   * @example
   * for await (const batch of flights.scan()) console.log(batch.getChild('origin')?.get(0));
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch> {
    for await (const batch of this.batches()) yield toRecordBatch(batch);
  }

  /**
   * Rows as objects, one at a time; a few batches are in memory.
   *
   * @example
   * for await (const { origin, delay } of flights.scan().rows()) console.log(origin, delay);
   */
  async *rows(): AsyncGenerator<R> {
    for await (const batch of this.batches()) yield* rowsOf(batch) as R[];
  }

  /**
   * All rows as objects.
   *
   * @example
   * const late = await flights.scan({ where: gt('delay', 60), limit: 10 }).toArray();
   */
  async toArray(): Promise<R[]> {
    const rows: R[] = [];
    for await (const batch of this.batches()) for (const row of rowsOf(batch)) rows.push(row as R);
    return rows;
  }

  /**
   * All rows as an Arrow table.
   *
   * @example
   * const table = await flights.scan({ columns: ['origin', 'delay'] }).toArrow();
   * console.log(table.numRows, table.schema.names);
   */
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
