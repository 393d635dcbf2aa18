/**
 * Which partition and bucket a row belongs to, for a batch at a time.
 *
 * Partition values become small integer codes column by column (a Map a column, the previous value tried first), so that
 * the partition's row is built once a distinct partition, not once a row.
 */

import { EMPTY_ROW, serializeRow } from '../meta/binary-row.js';
import { bucketsOf } from '../meta/bucket-function.js';
import { bucketKey, type TableSchema } from '../meta/table-schema.js';
import { type Batch, type Column, isValid } from '../types/column.js';
import type { DataType } from '../types/data-type.js';
import type { Datum } from '../types/datum.js';
import { datumAt } from '../types/datum.js';

export interface RoutedRows {
  readonly partition: Uint8Array;
  readonly bucket: number;
  /** ascending row numbers; null = the whole batch */
  readonly rows: Uint32Array | null;
}

export interface RouterOptions {
  readonly bucketFunction: string;
  /** number of buckets; 1 with everything in bucket 0 for bucket-unaware tables */
  readonly buckets: number;
  /** of a partition, where it may have another number of them */
  readonly bucketsOf?: ((partition: Uint8Array) => number) | undefined;
}

export class RowRouter {
  readonly #partitionColumns: readonly number[];
  readonly #bucketColumns: readonly number[];
  readonly #partitionTypes: readonly DataType[];
  readonly #bucketTypes: readonly DataType[];
  readonly #options: RouterOptions;
  /** distinct partitions seen, by the codes of their values */
  readonly #partitions = new Map<string, Uint8Array>();
  readonly #codes: Map<string, number>[];

  constructor(schema: TableSchema, options: RouterOptions) {
    const position = (name: string) => schema.fields.findIndex((field) => field.name === name);
    this.#options = options;
    this.#partitionColumns = schema.partitionKeys.map(position);
    this.#bucketColumns = bucketKey(schema).map(position);
    this.#partitionTypes = this.#partitionColumns.map((index) => schema.fields[index]!.type);
    this.#bucketTypes = this.#bucketColumns.map((index) => schema.fields[index]!.type);
    this.#codes = this.#partitionColumns.map(() => new Map());
  }

  route(batch: Batch): RoutedRows[] {
    const { length } = batch;
    if (length === 0) return [];
    const partitioned = this.#partitionColumns.length > 0;
    const group = new Int32Array(length);
    const partitions: Uint8Array[] = partitioned ? this.#partitionsOf(batch, group) : [EMPTY_ROW];
    const counts = partitions.map((partition) => Math.max(1, this.#options.bucketsOf?.(partition) ?? this.#options.buckets));
    const buckets = Math.max(...counts);
    if (!partitioned && buckets === 1) return [{ partition: EMPTY_ROW, bucket: 0, rows: null }];
    this.#addBuckets(batch, group, counts, buckets);
    return splitByGroup(group, partitions.length * buckets).map(({ id, rows }) => ({
      partition: partitions[Math.floor(id / buckets)]!,
      bucket: id % buckets,
      rows: rows.length === length ? null : rows,
    }));
  }

  /** Makes `group` of partitions one of partitions and buckets: partition * `stride` + bucket. */
  #addBuckets(batch: Batch, group: Int32Array, counts: readonly number[], stride: number): void {
    const columns = this.#bucketColumns.map((index) => batch.columns[index]!);
    const { bucketFunction } = this.#options;
    const found = new Map(
      [...new Set(counts)].map((count) => [
        count,
        count === 1 ? undefined : bucketsOf(bucketFunction, columns, this.#bucketTypes, batch.length, count),
      ]),
    );
    const byPartition = counts.map((count) => found.get(count));
    for (let row = 0; row < batch.length; row++) {
      const partition = group[row]!;
      group[row] = partition * stride + (byPartition[partition]?.[row] ?? 0);
    }
  }

  /** Fills `group` with indexes into the partitions returned. */
  #partitionsOf(batch: Batch, group: Int32Array): Uint8Array[] {
    const columns = this.#partitionColumns.map((index) => batch.columns[index]!);
    const codes = columns.map((column, index) => this.#codesOf(column, this.#codes[index]!));
    const found = new Map<string, number>();
    const partitions: Uint8Array[] = [];
    let previousKey = '';
    let previousId = -1;
    for (let row = 0; row < batch.length; row++) {
      let key = '';
      for (const code of codes) key += `${code[row]},`;
      if (key !== previousKey) {
        let id = found.get(key);
        if (id === undefined) {
          id = partitions.length;
          found.set(key, id);
          partitions.push(this.#partition(key, columns, row));
        }
        previousKey = key;
        previousId = id;
      }
      group[row] = previousId;
    }
    return partitions;
  }

  #partition(key: string, columns: readonly Column[], row: number): Uint8Array {
    let partition = this.#partitions.get(key);
    if (partition === undefined) {
      const values: Datum[] = columns.map((column) => datumAt(column, row));
      partition = serializeRow(this.#partitionTypes, values);
      this.#partitions.set(key, partition);
    }
    return partition;
  }

  #codesOf(column: Column, codes: Map<string, number>): Int32Array {
    const out = new Int32Array(column.length);
    let previous = '';
    let code = -1;
    for (let row = 0; row < column.length; row++) {
      const text = isValid(column, row) ? valueText(column, row) : 'null';
      if (code < 0 || text !== previous) {
        code = codes.get(text) ?? codes.size;
        codes.set(text, code);
        previous = text;
      }
      out[row] = code;
    }
    return out;
  }
}

/** A text that is equal exactly when two non-null values of the column are; never 'null'. */
function valueText(column: Column, row: number): string {
  const value = datumAt(column, row);
  return value instanceof Uint8Array
    ? `s${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')}`
    : `v${String(value)}`;
}

/** Rows of each group that has any, in order of the group's id (a counting sort). */
function splitByGroup(group: Int32Array, groups: number): { id: number; rows: Uint32Array }[] {
  const counts = new Uint32Array(groups);
  for (let row = 0; row < group.length; row++) counts[group[row]!]!++;
  const out: { id: number; rows: Uint32Array }[] = [];
  const target: (Uint32Array | undefined)[] = new Array(groups);
  for (let id = 0; id < groups; id++) {
    if (counts[id]! > 0) {
      const rows = new Uint32Array(counts[id]!);
      target[id] = rows;
      out.push({ id, rows });
    }
  }
  const filled = new Uint32Array(groups);
  for (let row = 0; row < group.length; row++) {
    const id = group[row]!;
    target[id]![filled[id]!++] = row;
  }
  return out;
}
