/**
 * What statistics and file indexes rule out, before any data file is opened.
 *
 * Invariants: pruning is conservative (it drops only what cannot match), and never drops a newer version of a key while an
 * older one stays: on primary-key tables single files are judged by key conditions only, value conditions judge whole sections.
 */
import { type IndexSource, mayMatchIndexes } from '../format/file-index/file-index.js';
import type { FileIO } from '../io/file-io.js';
import { filePath } from '../lsm/file-opener.js';
import { deserializeRow, serializeRow } from '../meta/binary-row.js';
import type { DataFileMeta, SimpleStats } from '../meta/data-file-meta.js';
import type { ManifestFileMeta } from '../meta/manifest-list.js';
import { bucketOf, hashRow } from '../meta/row-hash.js';
import { type ColumnStats, decodeStats } from '../meta/stats.js';
import { bucketKey, type TableSchema, trimmedPrimaryKey } from '../meta/table-schema.js';
import type { DataField, DataType } from '../types/data-type.js';
import type { Datum } from '../types/datum.js';
import { type BoundPredicate, columnsOf, keyEqualities, mayMatch, splitAnd } from '../types/predicate.js';
import { widening } from '../types/widening.js';

type StatsOf = (column: string) => (ColumnStats & { rowCount: bigint }) | undefined;

export class Pruning {
  readonly #schema: TableSchema;
  readonly #partitionFields: readonly DataField[];
  readonly #keyFields: readonly DataField[];
  readonly #all: readonly BoundPredicate[];
  readonly #partition: readonly BoundPredicate[];
  /** conditions on the trimmed primary key only */
  readonly key: readonly BoundPredicate[];
  /** conditions that an index may decide */
  readonly #indexed: readonly BoundPredicate[];
  readonly #bucketHashes: readonly number[] | undefined;

  constructor(schema: TableSchema, where: BoundPredicate | undefined, bucketFunction: string) {
    const field = (name: string) => schema.fields.find((candidate) => candidate.name === name)!;
    this.#schema = schema;
    this.#partitionFields = schema.partitionKeys.map(field);
    this.#keyFields = trimmedPrimaryKey(schema).map(field);
    this.#all = where === undefined ? [] : splitAnd(where);
    const within = (names: readonly string[]) => this.#all.filter((part) => columnsOf(part).every((column) => names.includes(column)));
    this.#partition = within(schema.partitionKeys);
    this.key = within(this.#keyFields.map((key) => key.name));
    this.#indexed = this.#all.filter((part) => !this.#partition.includes(part) && asksForValues(part));
    this.#bucketHashes = where === undefined || bucketFunction !== 'default' ? undefined : bucketHashes(schema, where);
  }

  manifest(manifest: ManifestFileMeta): boolean {
    if (this.#partition.length === 0) return true;
    const rowCount = BigInt(manifest.numAddedFiles + manifest.numDeletedFiles);
    const stats = simpleStats(this.#partitionFields, manifest.partitionStats, rowCount);
    return stats === undefined || this.#partition.every((part) => mayMatch(part, stats));
  }

  partition(partition: Uint8Array): boolean {
    if (this.#partition.length === 0) return true;
    const simple: SimpleStats = { min: partition, max: partition, nullCounts: null };
    const values = deserializeRow(typesOf(this.#partitionFields), partition);
    const nullCounts = values.map((value) => (value === null ? 1n : 0n));
    const stats = simpleStats(this.#partitionFields, { ...simple, nullCounts }, 1n);
    return stats === undefined || this.#partition.every((part) => mayMatch(part, stats));
  }

  bucket(bucket: number, totalBuckets: number): boolean {
    if (this.#bucketHashes === undefined || totalBuckets <= 0) return true;
    return this.#bucketHashes.some((hash) => bucketOf(hash, totalBuckets) === bucket);
  }

  /** Can the file of a primary-key table hold a wanted key? */
  fileByKey(file: DataFileMeta): boolean {
    if (this.key.length === 0) return true;
    const stats = simpleStats(this.#keyFields, file.keyStats, BigInt(file.rowCount));
    return stats === undefined || this.key.every((part) => mayMatch(part, stats));
  }

  /** Can the file hold a wanted row, whatever stands in other files? */
  fileByValue(file: DataFileMeta, fileSchema: TableSchema): boolean {
    if (this.#all.length === 0) return true;
    const decoded = decodeStats(fileSchema, file);
    const rowCount = BigInt(file.rowCount);
    const stats: StatsOf = (column) => {
      const old = fieldOfStats(this.#schema, fileSchema, column);
      const found = old && decoded(old.name);
      return found && { ...widened(found, old.widen), rowCount };
    };
    return this.#all.every((part) => mayMatch(part, stats));
  }

  /**
   * Can the file hold a wanted row, by its indexes? They are in its manifest entry, or in a file beside it.
   *
   * @param directory of the bucket
   */
  async fileByIndex(file: DataFileMeta, fileSchema: TableSchema, io: FileIO, directory: string): Promise<boolean> {
    if (this.#indexed.length === 0) return true;
    const path = filePath({ directory }, file);
    const beside = file.extraFiles.find((name) => name.endsWith('.index'));
    if (file.embeddedFileIndex !== null) return this.#mayMatchIndexes(fileSchema, embedded(file.embeddedFileIndex, path));
    if (beside === undefined) return true;
    const source = await io.open(`${path.slice(0, path.lastIndexOf('/'))}/${beside}`);
    try {
      return await this.#mayMatchIndexes(fileSchema, source);
    } finally {
      await source.close();
    }
  }

  #mayMatchIndexes(fileSchema: TableSchema, source: IndexSource): Promise<boolean> {
    const bound: BoundPredicate = { op: 'and', parts: this.#indexed };
    return mayMatchIndexes(bound, source, (column) => {
      const old = sameField(this.#schema, fileSchema, column);
      return fileSchema.fields.find((field) => field.name === old);
    });
  }
}

function embedded(bytes: Uint8Array, path: string): IndexSource {
  return { path, size_bytes: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) };
}

/** Does it look for single values? Ranges are for statistics to decide. */
function asksForValues(part: BoundPredicate): boolean {
  switch (part.op) {
    case 'and':
    case 'or':
      return part.parts.some(asksForValues);
    case 'compare':
      return part.test === 'eq' || part.test === 'ne';
    case 'in':
    case 'notIn':
    case 'isNull':
    case 'isNotNull':
      return true;
    default:
      return false;
  }
}

/** The field of an older schema whose statistics say something of a column: its type was the same, or widens into today's. */
export function fieldOfStats(
  schema: TableSchema,
  fileSchema: TableSchema,
  column: string,
): (DataField & { readonly widen: (value: Datum) => Datum }) | undefined {
  const now = schema.fields.find((field) => field.name === column);
  const then = fileSchema.fields.find((field) => field.id === now?.id);
  const widen = now && then && widening(then.type, now.type);
  return widen && { ...then, widen };
}

/** Bounds in a column's old type, as bounds in its type now. */
export function widened<S extends { readonly min: Datum; readonly max: Datum }>(stats: S, widen: (value: Datum) => Datum): S {
  return { ...stats, min: widen(stats.min), max: widen(stats.max) };
}

/** The name a column had in an older schema, when its type was the same: an index hashes values of its own type. */
function sameField(schema: TableSchema, fileSchema: TableSchema, column: string): string | undefined {
  const now = schema.fields.find((field) => field.name === column);
  const then = fileSchema.fields.find((field) => field.id === now?.id);
  if (now === undefined || then === undefined) return undefined;
  const plain = (type: DataType) => JSON.stringify({ ...type, nullable: true });
  return plain(now.type) === plain(then.type) ? then.name : undefined;
}

function typesOf(fields: readonly DataField[]): DataType[] {
  return fields.map((field) => field.type);
}

/** undefined when the statistics do not cover the fields (other writers may leave them out). */
function simpleStats(fields: readonly DataField[], stats: SimpleStats, rowCount: bigint): StatsOf | undefined {
  const arity = (row: Uint8Array) => new DataView(row.buffer, row.byteOffset, row.byteLength).getInt32(0);
  if (stats.min.length < 12 || arity(stats.min) !== fields.length || arity(stats.max) !== fields.length) return undefined;
  const min = deserializeRow(typesOf(fields), stats.min);
  const max = deserializeRow(typesOf(fields), stats.max);
  return (column) => {
    const index = fields.findIndex((field) => field.name === column);
    if (index < 0) return undefined;
    const hasMinMax = min[index] !== null && max[index] !== null;
    return { min: min[index]!, max: max[index]!, hasMinMax, nullCount: stats.nullCounts?.[index] ?? null, rowCount };
  };
}

function bucketHashes(schema: TableSchema, where: BoundPredicate): number[] | undefined {
  const keys = bucketKey(schema);
  if (keys.length === 0) return undefined;
  const types = keys.map((name) => schema.fields.find((field) => field.name === name)!.type);
  return keyEqualities(where, keys)?.map((values) => hashRow(serializeRow(types, values)));
}
