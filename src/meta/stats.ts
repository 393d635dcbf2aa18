/**
 * Column statistics of data files: collected while writing, decoded for pruning (format-spec/manifest).
 *
 * Invariant: statistics are bounds or absent, never wrong - a wrong maximum loses rows silently, a missing one never. So a
 * column with a NaN has no bounds, zeros are widened to -0.0 .. +0.0, a truncated maximum is rounded up, and bounds read
 * from others are held to be bounds only where they can be.
 */
import { WeirError } from '../base/error.js';
import type { Batch } from '../types/column.js';
import type { DataField, DataType } from '../types/data-type.js';
import { compareDatum, type Datum, datumAt } from '../types/datum.js';
import { deserializeRow, serializeRow } from './binary-row.js';
import { boundsOf, hasBounds, nullCountOf } from './column-bounds.js';
import type { DataFileMeta, SimpleStats } from './data-file-meta.js';
import type { TableSchema } from './table-schema.js';
import { truncateBounds } from './truncate-bounds.js';

/** Bounds of a column in a file; min and max mean something only with `hasMinMax`. */
export interface ColumnStats {
  readonly min: Datum;
  readonly max: Datum;
  readonly hasMinMax: boolean;
  /** null = unknown */
  readonly nullCount: bigint | null;
}

export interface CollectedStats {
  readonly stats: SimpleStats;
  /** the columns in `stats`; null = all */
  readonly valueStatsCols: string[] | null;
}

type Mode = { readonly bounds: boolean; readonly counts: boolean; readonly truncate: number };

/** @param mode `none`, `counts`, `full` or `truncate(n)`. @throws INVALID_ARGUMENT */
export function parseStatsMode(mode: string): Mode {
  const text = mode.trim().toLowerCase();
  if (text === 'none') return { bounds: false, counts: false, truncate: 0 };
  if (text === 'counts') return { bounds: false, counts: true, truncate: 0 };
  if (text === 'full') return { bounds: true, counts: true, truncate: 0 };
  const length = /^truncate\((\d+)\)$/.exec(text)?.[1];
  if (length === undefined || Number(length) === 0) {
    throw new WeirError('INVALID_ARGUMENT', `${JSON.stringify(mode)} is no stats mode; there are none, counts, full and truncate(n)`);
  }
  return { bounds: true, counts: true, truncate: Number(length) };
}

/** Collects the statistics of one file, batch by batch. */
export class StatsCollector {
  readonly #fields: readonly DataField[];
  readonly #modes: readonly Mode[];
  readonly #dense: boolean;
  readonly #min: Datum[];
  readonly #max: Datum[];
  /** a value without order (NaN) was seen */
  readonly #unordered: boolean[];
  readonly #nulls: number[];

  /**
   * @param modes one a field
   * @param options dense: leave columns out of which nothing is known (`metadata.stats-dense-store`, default true)
   */
  constructor(fields: readonly DataField[], modes: readonly string[], options: { dense?: boolean } = {}) {
    this.#fields = fields;
    this.#modes = modes.map(parseStatsMode);
    this.#dense = options.dense ?? true;
    this.#min = fields.map(() => null);
    this.#max = fields.map(() => null);
    this.#unordered = fields.map(() => false);
    this.#nulls = fields.map(() => 0);
  }

  /** The batch's columns are those of the fields given to the constructor, in order. */
  add(batch: Batch): void {
    for (let i = 0; i < this.#fields.length; i++) {
      const mode = this.#modes[i]!;
      const column = batch.columns[i]!;
      if (!mode.counts || !hasBounds(this.#fields[i]!.type)) continue;
      this.#nulls[i]! += nullCountOf(column);
      if (!mode.bounds || this.#unordered[i]!) continue;
      const bounds = boundsOf(column);
      if (bounds === undefined) continue;
      if (bounds === 'unordered') {
        this.#unordered[i] = true;
        continue;
      }
      this.#widen(i, datumAt(column, bounds.min), datumAt(column, bounds.max));
    }
  }

  finish(): CollectedStats {
    const kept: number[] = [];
    const min: Datum[] = [];
    const max: Datum[] = [];
    const nullCounts: (bigint | null)[] = [];
    for (let i = 0; i < this.#fields.length; i++) {
      const known = this.#modes[i]!.counts && hasBounds(this.#fields[i]!.type);
      if (!known && this.#dense) continue;
      kept.push(i);
      const bounds = known ? this.#bounds(i) : { min: null, max: null };
      min.push(bounds.min);
      max.push(bounds.max);
      nullCounts.push(known ? BigInt(this.#nulls[i]!) : null);
    }
    const types = kept.map((i) => nullable(this.#fields[i]!.type));
    return {
      stats: { min: serializeRow(types, min), max: serializeRow(types, max), nullCounts },
      valueStatsCols: kept.length === this.#fields.length ? null : kept.map((i) => this.#fields[i]!.name),
    };
  }

  #widen(i: number, min: Datum, max: Datum): void {
    const { type } = this.#fields[i]!;
    if (this.#min[i] === null || compareDatum(type, min, this.#min[i]!) < 0) this.#min[i] = keep(min);
    if (this.#max[i] === null || compareDatum(type, max, this.#max[i]!) > 0) this.#max[i] = keep(max);
  }

  #bounds(i: number): { min: Datum; max: Datum } {
    const { kind } = this.#fields[i]!.type;
    const min = this.#min[i]!;
    const max = this.#max[i]!;
    if (this.#unordered[i] || min === null) return { min: null, max: null };
    if (kind === 'FLOAT' || kind === 'DOUBLE') return { min: min === 0 ? -0 : min, max: max === 0 ? 0 : max };
    const { truncate } = this.#modes[i]!;
    if (truncate === 0 || !(min instanceof Uint8Array)) return { min, max };
    return truncateBounds(kind === 'CHAR' || kind === 'VARCHAR', min, max as Uint8Array, truncate);
  }
}

/**
 * The value statistics of a file by column name.
 *
 * @param schema the one the file was written with
 * @returns undefined for columns of which the file says nothing
 */
export function decodeStats(schema: TableSchema, file: DataFileMeta): (column: string) => ColumnStats | undefined {
  const names = file.valueStatsCols ?? file.writeCols ?? schema.fields.map((field) => field.name);
  const positions = new Map(names.map((name, i) => [name, i]));
  let decoded: { types: DataType[]; min: Datum[]; max: Datum[] } | undefined;
  const { nullCounts } = file.valueStats;
  // another writer's statistics over other columns than it says: nothing can be learnt from them
  const usable = arityOf(file.valueStats.min) === names.length && arityOf(file.valueStats.max) === names.length;
  return (column) => {
    const at = positions.get(column);
    if (at === undefined || !usable) return undefined;
    if (decoded === undefined) {
      const byName = new Map(schema.fields.map((field) => [field.name, field.type]));
      const types = names.map((name) => byName.get(name) ?? SYSTEM);
      decoded = {
        types,
        min: deserializeRow(types, file.valueStats.min, file.fileName),
        max: deserializeRow(types, file.valueStats.max, file.fileName),
      };
    }
    const min = decoded.min[at]!;
    const max = decoded.max[at]!;
    return { min, max, hasMinMax: areBounds(decoded.types[at]!, min, max), nullCount: nullCounts?.[at] ?? null };
  };
}

/** type of a column the schema does not have (`_ROW_ID`, `_SEQUENCE_NUMBER`): all of them are BIGINT */
const SYSTEM: DataType = { kind: 'BIGINT', nullable: true };
const QUESTION_MARK = 0x3f;

/** Java rounds a truncated text up to U+D800, which is stored as `?`: such a maximum may be below the real one. */
function areBounds(type: DataType, min: Datum, max: Datum): boolean {
  if (min === null || max === null) return false;
  if (Number.isNaN(min) || Number.isNaN(max)) return false;
  if ((type.kind === 'CHAR' || type.kind === 'VARCHAR') && (max as Uint8Array).at(-1) === QUESTION_MARK) return false;
  return compareDatum(type, min, max) <= 0;
}

function arityOf(row: Uint8Array): number {
  return new DataView(row.buffer, row.byteOffset, row.byteLength).getUint32(0);
}

function nullable(type: DataType): DataType {
  return type.nullable ? type : { ...type, nullable: true };
}

/** bytes are views of a batch that will go */
function keep(value: Datum): Datum {
  return value instanceof Uint8Array ? new Uint8Array(value) : value;
}
