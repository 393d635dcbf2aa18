/**
 * What a manifest has to say of one data file, gathered while its rows go by.
 *
 * Invariant: rows of a key-value file come in key order, so the first and last row are its key range.
 */
import assert from 'node:assert/strict';
import { EMPTY_ROW, serializeRow } from '../meta/binary-row.js';
import { boundsOf } from '../meta/column-bounds.js';
import type { DataFileMeta, SimpleStats } from '../meta/data-file-meta.js';
import { StatsCollector } from '../meta/stats.js';
import { type TableSchema, trimmedPrimaryKey } from '../meta/table-schema.js';
import type { Batch, Column } from '../types/column.js';
import type { DataField } from '../types/data-type.js';
import { datumAt } from '../types/datum.js';
import { keyValueFields } from './file-fields.js';

const KEY_STATS_MODE = 'truncate(128)';
const EMPTY_STATS: SimpleStats = { min: EMPTY_ROW, max: EMPTY_ROW, nullCounts: [] };

/** What goes into every file of one stream. */
export interface FileOrigin {
  readonly schema: TableSchema;
  readonly level: number;
  /** 0 append, 1 compact */
  readonly fileSource: number;
  /** epoch ms */
  readonly creationTime_ms: number;
  /** statistics mode of each table column */
  readonly statsModes: readonly string[];
  readonly denseStats: boolean;
}

export class FileSummary {
  readonly #origin: FileOrigin;
  readonly #keys: number;
  readonly #keyStats: StatsCollector | undefined;
  readonly #valueStats: StatsCollector;
  readonly #keyTypes: readonly DataField['type'][];
  rows = 0;
  #deletes = 0;
  #minKey: Uint8Array = EMPTY_ROW;
  #maxKey: Uint8Array = EMPTY_ROW;
  #minSequence = 0n;
  #maxSequence = 0n;

  /** @param keyed batches have the columns of `keyValueFields`; otherwise the table's */
  constructor(origin: FileOrigin, keyed: boolean) {
    this.#origin = origin;
    const keys = keyed ? trimmedPrimaryKey(origin.schema).length : 0;
    this.#keys = keys;
    const keyFields = keyValueFields(origin.schema).slice(0, keys);
    this.#keyTypes = keyFields.map((field) => field.type);
    this.#keyStats =
      keys === 0
        ? undefined
        : new StatsCollector(
            keyFields,
            keyFields.map(() => KEY_STATS_MODE),
            { dense: false },
          );
    this.#valueStats = new StatsCollector(origin.schema.fields, origin.statsModes, { dense: origin.denseStats });
  }

  add(batch: Batch): void {
    const keys = this.#keys;
    if (this.#keyStats === undefined) {
      this.#valueStats.add(batch);
    } else {
      const key = (row: number) => {
        const values = batch.columns.slice(0, keys).map((column) => datumAt(column, row));
        return serializeRow(this.#keyTypes, values);
      };
      if (this.rows === 0) this.#minKey = key(0);
      this.#maxKey = key(batch.length - 1);
      this.#addSequence(batch.columns[keys]!);
      this.#countDeletes(batch.columns[keys + 1]!);
      this.#keyStats.add({ fields: batch.fields.slice(0, keys), columns: batch.columns.slice(0, keys), length: batch.length });
      this.#valueStats.add({ fields: batch.fields.slice(keys + 2), columns: batch.columns.slice(keys + 2), length: batch.length });
    }
    this.rows += batch.length;
  }

  /** @param firstSequence number of the first row, for files without a sequence column */
  meta(fileName: string, size_bytes: number, firstSequence: bigint): DataFileMeta {
    const origin = this.#origin;
    const { stats, valueStatsCols } = this.#valueStats.finish();
    const keyed = this.#keyStats !== undefined;
    const local_ms = origin.creationTime_ms - new Date(origin.creationTime_ms).getTimezoneOffset() * 60_000;
    return {
      fileName,
      fileSize_bytes: size_bytes,
      rowCount: this.rows,
      minKey: this.#minKey,
      maxKey: this.#maxKey,
      keyStats: this.#keyStats?.finish().stats ?? EMPTY_STATS,
      valueStats: stats,
      minSequenceNumber: keyed ? this.#minSequence : firstSequence,
      maxSequenceNumber: keyed ? this.#maxSequence : firstSequence + BigInt(this.rows) - 1n,
      schemaId: origin.schema.id,
      level: origin.level,
      extraFiles: [],
      creationTime_ms: BigInt(local_ms),
      deleteRowCount: BigInt(this.#deletes),
      embeddedFileIndex: null,
      fileSource: origin.fileSource,
      valueStatsCols,
      externalPath: null,
      firstRowId: null,
      writeCols: null,
    };
  }

  #addSequence(column: Column): void {
    const bounds = boundsOf(column);
    assert(bounds !== undefined && bounds !== 'unordered', 'sequence numbers are present');
    const values = column.values as BigInt64Array;
    const min = values[bounds.min]!;
    const max = values[bounds.max]!;
    if (this.rows === 0 || min < this.#minSequence) this.#minSequence = min;
    if (this.rows === 0 || max > this.#maxSequence) this.#maxSequence = max;
  }

  #countDeletes(column: Column): void {
    const kinds = column.values as Int8Array;
    for (let row = 0; row < column.length; row++) this.#deletes += kinds[row]! & 1;
  }
}
