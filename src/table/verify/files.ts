/**
 * Are the data files what their manifests say?
 *
 *   there ─ size ─ rows ─ (key-value files) keys ascending, from the least to the greatest key, sequence numbers within their bounds
 *
 * A file is looked at once, however many snapshots name it. Of its columns only keys and numbers are read.
 */
import { hasCode, WeirError } from '../../base/error.js';
import { openDataFile } from '../../format/data-file.js';
import { KIND_FIELD, keyFields, SEQUENCE_FIELD } from '../../lsm/file-fields.js';
import { fieldsNamed, filePath } from '../../lsm/file-opener.js';
import { deserializeRow } from '../../meta/binary-row.js';
import type { DataFileMeta } from '../../meta/data-file-meta.js';
import { snapshotDeletions } from '../../meta/deletion-files.js';
import type { ManifestEntry } from '../../meta/manifest-entry.js';
import { partitionPath } from '../../meta/partition-path.js';
import type { Snapshot } from '../../meta/snapshot.js';
import { trimmedPrimaryKey } from '../../meta/table-schema.js';
import type { Batch } from '../../types/column.js';
import { rowComparator } from '../../types/compare.js';
import { compareDatum, datumAt } from '../../types/datum.js';
import type { TableStore } from '../table-store.js';
import type { Report } from './report.js';

export class FileCheck {
  readonly #store: TableStore;
  readonly #report: Report;
  readonly #seen = new Set<string>();

  constructor(store: TableStore, report: Report) {
    this.#store = store;
    this.#report = report;
  }

  /** The files of a snapshot that were not looked at yet. */
  async live(snapshot: Snapshot, entries: readonly ManifestEntry[], signal: AbortSignal | undefined): Promise<void> {
    const { path, schema } = this.#store;
    for (const entry of entries) {
      signal?.throwIfAborted();
      const directory = path.bucket(partitionPath(schema, entry.partition), entry.bucket);
      const file = filePath({ directory }, entry.file);
      if (this.#seen.has(file)) continue;
      this.#seen.add(file);
      this.#report.count('files');
      try {
        await this.#one(file, entry);
      } catch (error) {
        await this.#explain(snapshot, file, error);
      }
    }
    await this.#deletions(snapshot, entries);
  }

  async #one(file: string, { file: meta, bucket }: ManifestEntry): Promise<void> {
    const { io, schemas } = this.#store;
    const stat = await io.stat(file);
    if (stat === undefined) throw new WeirError('NOT_FOUND', `${file} is missing`, { file });
    if (stat.size_bytes !== meta.fileSize_bytes)
      throw new WeirError('CORRUPTION', `${file} has ${stat.size_bytes} bytes, its manifest says ${meta.fileSize_bytes}`, { file });
    for (const extra of meta.extraFiles) {
      const beside = `${file.slice(0, file.lastIndexOf('/'))}/${extra}`;
      if (!(await io.exists(beside))) throw new WeirError('NOT_FOUND', `${beside} is missing`, { file: beside });
    }
    const schema = await schemas.read(meta.schemaId);
    const reader = await openDataFile(io, file);
    try {
      if (reader.rowCount !== meta.rowCount)
        throw new WeirError('CORRUPTION', `${file} has ${reader.rowCount} rows, its manifest says ${meta.rowCount}`, { file });
      // rows of the postpone bucket are neither sorted nor numbered
      if (schema.primaryKeys.length === 0 || bucket < 0) return;
      const names = new Set(reader.columnNames());
      // files of `data-file.thin-mode` have the keys once, among the values
      const inKeys = keyFields(schema);
      const keys = inKeys.every(({ name }) => names.has(name)) ? inKeys : fieldsNamed(schema, trimmedPrimaryKey(schema));
      const rows = new KeyRows(file, meta, keys);
      const fields = [...keys, SEQUENCE_FIELD, KIND_FIELD];
      for (let group = 0; group < reader.rowGroups.length; group++) rows.add(await reader.readRowGroup(group, fields));
      rows.finish();
    } finally {
      await reader.close();
    }
  }

  /** A deletion vector of a file that is not there marks nothing; its own file has to be there. */
  async #deletions(snapshot: Snapshot, entries: readonly ManifestEntry[]): Promise<void> {
    const { io, manifests, path, schema } = this.#store;
    try {
      const deletions = await snapshotDeletions(manifests, path, schema, snapshot);
      for (const { partition, bucket, file } of entries) {
        const vector = deletions.of(partition, bucket).get(file.fileName);
        if (vector === undefined || this.#seen.has(vector.path)) continue;
        this.#seen.add(vector.path);
        this.#report.count('files');
        if (!(await io.exists(vector.path))) throw new WeirError('NOT_FOUND', `${vector.path} is missing`, { file: vector.path });
      }
    } catch (error) {
      await this.#explain(snapshot, path.snapshot(snapshot.id), error);
    }
  }

  async #explain(snapshot: Snapshot, file: string, error: unknown): Promise<void> {
    if (hasCode(error, 'UNSUPPORTED')) return this.#report.note('files', `not looked into: ${error.message}`);
    if (!hasCode(error, 'CORRUPTION') && !hasCode(error, 'NOT_FOUND')) throw error;
    if (!(await this.#store.snapshots.isHeld(snapshot.id))) return;
    this.#report.problem('files', `snapshot ${snapshot.id}: ${error.message}`, { file: error.file ?? file });
  }
}

/** The keys and numbers of a key-value file, row group by row group. */
class KeyRows {
  readonly #file: string;
  readonly #meta: DataFileMeta;
  readonly #keys: number;
  readonly #types;
  #last: Batch | undefined;
  #least = 0n;
  #greatest = 0n;
  #rows = 0;
  #deletes = 0n;

  constructor(file: string, meta: DataFileMeta, keys: ReturnType<typeof keyFields>) {
    this.#file = file;
    this.#meta = meta;
    this.#keys = keys.length;
    this.#types = keys.map((key) => key.type);
  }

  add(batch: Batch): void {
    if (batch.length === 0) return;
    const keys = batch.columns.slice(0, this.#keys);
    const last = this.#last?.columns.slice(0, this.#keys);
    if (last === undefined) this.#checkBound(batch, 0, this.#meta.minKey, 'least');
    else if (rowComparator(last, keys)(this.#last!.length - 1, 0) >= 0) throw this.#wrong(`its keys do not ascend at row ${this.#rows}`);
    const compare = rowComparator(keys, keys);
    for (let row = 1; row < batch.length; row++)
      if (compare(row - 1, row) >= 0) throw this.#wrong(`its keys do not ascend at row ${this.#rows + row}`);
    const numbers = batch.columns[this.#keys]!.values as BigInt64Array;
    const kinds = batch.columns[this.#keys + 1]!.values as Int8Array;
    for (let row = 0; row < batch.length; row++) {
      const number = numbers[row]!;
      if (this.#rows + row === 0 || number < this.#least) this.#least = number;
      if (this.#rows + row === 0 || number > this.#greatest) this.#greatest = number;
      if ((kinds[row]! & 1) === 1) this.#deletes++;
    }
    this.#rows += batch.length;
    this.#last = batch;
  }

  finish(): void {
    const { minSequenceNumber, maxSequenceNumber, deleteRowCount, maxKey } = this.#meta;
    if (this.#last === undefined) return;
    this.#checkBound(this.#last, this.#last.length - 1, maxKey, 'greatest');
    if (this.#least < minSequenceNumber || this.#greatest > maxSequenceNumber)
      throw this.#wrong(
        `its numbers are ${this.#least} to ${this.#greatest}, its manifest says ${minSequenceNumber} to ${maxSequenceNumber}`,
      );
    if (deleteRowCount !== null && deleteRowCount !== this.#deletes)
      throw this.#wrong(`it has ${this.#deletes} deletes, its manifest says ${deleteRowCount}`);
  }

  #checkBound(batch: Batch, row: number, key: Uint8Array, which: string): void {
    const bound = deserializeRow(this.#types, key, this.#file);
    const differs = this.#types.some((type, k) => compareDatum(type, bound[k]!, datumAt(batch.columns[k]!, row)) !== 0);
    if (differs) throw this.#wrong(`its ${which} key is not the one that its manifest names`);
  }

  #wrong(why: string): WeirError {
    return new WeirError('CORRUPTION', `${this.#file}: ${why}`, { file: this.#file });
  }
}
