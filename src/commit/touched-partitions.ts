/**
 * A set of partitions, and which manifests may speak of them.
 *
 * Invariant: `mayTouch` is conservative: it is false only when the statistics of the list rule every partition out.
 */
import { deserializeRow } from '../meta/binary-row.js';
import type { ManifestFileMeta } from '../meta/manifest-list.js';
import { type TableSchema, typesOf } from '../meta/table-schema.js';
import type { DataType } from '../types/data-type.js';
import { compareDatum, type Datum } from '../types/datum.js';
import { partitionKey } from './commit-changes.js';

export class TouchedPartitions {
  readonly #types: readonly DataType[];
  readonly #values = new Map<string, Datum[]>();

  constructor(schema: TableSchema, partitions: Iterable<Uint8Array>) {
    this.#types = typesOf(schema, schema.partitionKeys);
    for (const partition of partitions) {
      const key = partitionKey(partition);
      if (!this.#values.has(key)) this.#values.set(key, deserializeRow(this.#types, partition));
    }
  }

  get size(): number {
    return this.#values.size;
  }

  has(partition: Uint8Array): boolean {
    return this.#values.has(partitionKey(partition));
  }

  mayTouch({ partitionStats: { min, max, nullCounts } }: ManifestFileMeta): boolean {
    const types = this.#types;
    if (types.length === 0 || arity(min) !== types.length || arity(max) !== types.length) return this.size > 0;
    const low = deserializeRow(types, min);
    const high = deserializeRow(types, max);
    for (const values of this.#values.values()) {
      if (types.every((type, i) => mayBe(type, values[i]!, low[i]!, high[i]!, nullCounts?.[i] ?? null))) return true;
    }
    return false;
  }
}

function mayBe(type: DataType, value: Datum, low: Datum, high: Datum, nullCount: bigint | null): boolean {
  if (value === null) return nullCount !== 0n;
  if (low === null || high === null || isNaNDatum(low) || isNaNDatum(high) || isNaNDatum(value)) return true;
  return compareDatum(type, low, value) <= 0 && compareDatum(type, value, high) <= 0;
}

/** writers differ in how they order NaN */
function isNaNDatum(value: Datum): boolean {
  return typeof value === 'number' && Number.isNaN(value);
}

function arity(row: Uint8Array): number {
  return row.length < 4 ? -1 : new DataView(row.buffer, row.byteOffset, row.byteLength).getInt32(0);
}
