/**
 * A data file seen through a newer schema.
 *
 *   wanted field ─ by id ─> field of the file's schema ─> its name and type then ─> column ─ CAST ─> the type now
 *        partition column ─> constant, from the manifest          not in that schema ─> all null
 *
 * Columns are found by the name that the id had when the file was written; Parquet's own field ids are not used (facts of
 * the format: format-spec/evolution).
 */
import { WeirError } from '../base/error.js';
import { type ColumnStats, type DataFileReader, openDataFile, type PageCache, type PageStats } from '../format/data-file.js';
import type { FileIO } from '../io/file-io.js';
import type { DataFileMeta } from '../meta/data-file-meta.js';
import type { TableSchema } from '../meta/table-schema.js';
import { castColumn } from '../types/cast.js';
import type { Batch, Column } from '../types/column.js';
import type { DataField } from '../types/data-type.js';
import type { Datum } from '../types/datum.js';
import { constantColumn, nullColumn } from '../types/take.js';
import { sameType } from '../types/type-equal.js';
import { isSystemField } from './file-fields.js';

export interface PartitionValues {
  readonly fields: readonly DataField[];
  readonly values: readonly Datum[];
}

export async function openEvolving(
  io: FileIO,
  path: string,
  file: DataFileMeta,
  dataSchema: TableSchema,
  fields: readonly DataField[],
  partition: PartitionValues,
  pageCache?: PageCache,
): Promise<EvolvingReader> {
  const reader = await openDataFile(io, path, pageCache === undefined ? {} : { pageCache });
  if (reader.rowCount !== file.rowCount) {
    await reader.close();
    throw new WeirError('CORRUPTION', `${path} has ${reader.rowCount} rows where its manifest says ${file.rowCount}`, { file: path });
  }
  return new EvolvingReader(reader, file, dataSchema, fields, partition);
}

export class EvolvingReader {
  readonly file: DataFileMeta;
  readonly #reader: DataFileReader;
  readonly #dataSchema: TableSchema;
  readonly #fields: readonly DataField[];
  readonly #partition: PartitionValues;

  constructor(
    reader: DataFileReader,
    file: DataFileMeta,
    dataSchema: TableSchema,
    fields: readonly DataField[],
    partition: PartitionValues,
  ) {
    this.file = file;
    this.#reader = reader;
    this.#dataSchema = dataSchema;
    this.#fields = fields;
    this.#partition = partition;
  }

  get rowGroups(): DataFileReader['rowGroups'] {
    return this.#reader.rowGroups;
  }

  /** rows in the file, deleted ones too */
  get rowCount(): number {
    return this.#reader.rowCount;
  }

  async readRowGroup(index: number): Promise<Batch> {
    const { rowCount } = this.rowGroups[index]!;
    const stored = this.#storedFields(this.#fields);
    return this.#evolve(await this.#reader.readRowGroup(index, stored), this.#fields, rowCount);
  }

  /** Only the pages that hold these ascending row ordinals; `fields` default to those it was opened with. */
  async readRows(rows: Uint32Array, fields: readonly DataField[] = this.#fields): Promise<Batch> {
    return this.#evolve(await this.#reader.readRows(rows, this.#storedFields(fields)), fields, rows.length);
  }

  /** Statistics of a row group for a column of the file's own schema. */
  rowGroupStats(index: number, name: string, type: DataField['type']): ColumnStats | undefined {
    return this.#reader.rowGroupStats(index, name, type);
  }

  /** Statistics for a field of today, when its type was the same then. */
  statsOf(index: number, field: DataField): ColumnStats | undefined {
    const then = this.#fieldThen(field);
    if (then === undefined || !sameType({ ...then.type, nullable: true }, { ...field.type, nullable: true })) return undefined;
    return this.#reader.rowGroupStats(index, then.name, then.type);
  }

  /** Bounds of the pages of a row group, for a field of today whose type was the same then. */
  async pageStatsOf(index: number, field: DataField): Promise<PageStats | undefined> {
    const then = this.#fieldThen(field);
    if (then === undefined || !sameType({ ...then.type, nullable: true }, { ...field.type, nullable: true })) return undefined;
    return this.#reader.pageStats(index, then.name, then.type);
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }

  #fieldThen(field: DataField): DataField | undefined {
    return isSystemField(field) ? field : this.#dataSchema.fields.find((candidate) => candidate.id === field.id);
  }

  #isPartition(field: DataField): boolean {
    return this.#partition.fields.some((candidate) => candidate.id === field.id);
  }

  #storedFields(fields: readonly DataField[]): DataField[] {
    return fields.flatMap((field) => (this.#isPartition(field) ? [] : (this.#fieldThen(field) ?? [])));
  }

  #evolve(stored: Batch, fields: readonly DataField[], length: number): Batch {
    const rest = evolveBatch({ ...stored, length }, fields);
    if (this.#partition.fields.length === 0) return rest;
    const columns = fields.map((field, index): Column => {
      const part = this.#partition.fields.findIndex((candidate) => candidate.id === field.id);
      return part >= 0 ? constantColumn(field.type, this.#partition.values[part]!, length) : rest.columns[index]!;
    });
    return { fields, columns, length };
  }
}

/** Columns of an older schema as those of a newer one: by id, cast where the type has changed, null where there was none. */
export function evolveBatch(stored: Batch, fields: readonly DataField[]): Batch {
  const columns = fields.map((field): Column => {
    const at = stored.fields.findIndex((candidate) => candidate.id === field.id);
    if (at < 0) return nullColumn(field.type, stored.length);
    const column = stored.columns[at]!;
    return sameType(column.type, field.type) ? column : castColumn(column, field.type);
  });
  return { fields, columns, length: stored.length };
}
