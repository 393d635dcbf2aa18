/**
 * Rewrites files of one bucket: a worker's task.
 *
 *   primary key   sections of overlapping runs are merged into files of the output level; a file that overlaps nothing and
 *                 is large enough only changes its level ("upgrade"), unless deletes have to leave it
 *   append        small neighbours become one file, rows in the same order
 *
 * Invariants: the output level is never 0; deletes are dropped only when nothing older can lie below; records keep their
 * sequence numbers; nothing is deleted here: a commit decides. On failure none of the new files is left.
 */
import { defineTask } from '../base/executor.js';
import { type FileIORef, resolveFileIO } from '../io/file-io-ref.js';
import { keyValueFields } from '../lsm/file-fields.js';
import { type BucketPlace, fileOpener } from '../lsm/file-opener.js';
import { fileRun } from '../lsm/file-run.js';
import { intervalPartition } from '../lsm/interval-partition.js';
import { keyComparator } from '../lsm/key-comparator.js';
import { mergeRuns } from '../lsm/merge.js';
import { type FileTarget, openRollingWriter } from '../lsm/rolling-writer.js';
import type { SortedRun } from '../lsm/sorted-run.js';
import type { DataFileMeta } from '../meta/data-file-meta.js';
import { type TableSchema, trimmedPrimaryKey } from '../meta/table-schema.js';
import type { Batch } from '../types/column.js';

export interface CompactInput {
  readonly io: FileIORef;
  readonly place: BucketPlace;
  /** the schema that is written */
  readonly schema: TableSchema;
  readonly fileSchemas: readonly TableSchema[];
  readonly files: readonly DataFileMeta[];
  readonly target: FileTarget;
  /** retracts may leave the tree: nothing older lies below the output level */
  readonly dropDelete: boolean;
  /** a file at least this large that overlaps nothing is upgraded instead of rewritten */
  readonly smallFileSize_bytes: number;
  readonly sequenceFields: readonly string[];
  readonly sequenceAscending: boolean;
  readonly ignoreDelete: boolean;
}

export interface CompactOutput {
  readonly before: readonly DataFileMeta[];
  readonly after: readonly DataFileMeta[];
}

const BATCH_ROWS = 65_536;

export async function compactFiles(input: CompactInput, signal?: AbortSignal): Promise<CompactOutput> {
  const task = new CompactionRun(input, signal);
  try {
    return input.schema.primaryKeys.length === 0 ? await task.concatenate() : await task.mergeSections();
  } catch (error) {
    await task.removeOutput();
    throw error;
  }
}

export const compactTask = defineTask(import.meta.url, 'compactFiles', compactFiles);

class CompactionRun {
  readonly #input: CompactInput;
  readonly #signal: AbortSignal | undefined;
  readonly #before: DataFileMeta[] = [];
  readonly #after: DataFileMeta[] = [];
  readonly #written: DataFileMeta[] = [];

  constructor(input: CompactInput, signal: AbortSignal | undefined) {
    this.#input = input;
    this.#signal = signal;
  }

  async mergeSections(): Promise<CompactOutput> {
    const { schema, files } = this.#input;
    const types = trimmedPrimaryKey(schema).map((name) => schema.fields.find((field) => field.name === name)!.type);
    let pending: SortedRun[][] = [];
    for (const section of intervalPartition([...files], keyComparator(types))) {
      if (section.length > 1) {
        pending.push(section);
        continue;
      }
      for (const file of section[0]!.files) {
        if (file.fileSize_bytes < this.#input.smallFileSize_bytes) {
          pending.push([{ level: section[0]!.level, files: [file] }]);
          continue;
        }
        await this.#rewrite(pending);
        pending = [];
        if (this.#mustRewrite(file)) await this.#rewrite([[{ level: file.level, files: [file] }]]);
        else this.#upgrade(file);
      }
    }
    await this.#rewrite(pending);
    return { before: this.#before, after: this.#after };
  }

  async concatenate(): Promise<CompactOutput> {
    const { schema, files } = this.#input;
    const run = fileRun(files, { open: fileOpener(this.#input, schema.fields) });
    await this.#write(batchesOf(run));
    this.#before.push(...files);
    return { before: this.#before, after: this.#after };
  }

  async removeOutput(): Promise<void> {
    const io = resolveFileIO(this.#input.io);
    await Promise.all(this.#written.map((file) => io.remove(`${this.#input.target.directory}/${file.fileName}`)));
  }

  /** Deletes may hide in a file whose writer did not count them. */
  #mustRewrite(file: DataFileMeta): boolean {
    return this.#input.dropDelete && file.deleteRowCount !== 0n;
  }

  #upgrade(file: DataFileMeta): void {
    const { level } = this.#input.target;
    if (file.level === level) return;
    this.#before.push(file);
    this.#after.push({ ...file, level });
  }

  async #rewrite(sections: readonly SortedRun[][]): Promise<void> {
    if (sections.length === 0) return;
    const only =
      sections.length === 1 && sections[0]!.length === 1 && sections[0]![0]!.files.length === 1 ? sections[0]![0]!.files[0]! : undefined;
    if (only !== undefined && !this.#mustRewrite(only)) {
      this.#upgrade(only);
      return;
    }
    await this.#write(this.#merge(sections));
    this.#before.push(...sections.flat().flatMap((run) => run.files));
  }

  async *#merge(sections: readonly SortedRun[][]): AsyncGenerator<Batch> {
    const { schema, sequenceFields } = this.#input;
    const fields = keyValueFields(schema);
    const keys = trimmedPrimaryKey(schema).length;
    // `_KEY_*` columns of a file are never read back: keys are the value columns of the same name
    const open = fileOpener(this.#input, fields.slice(keys));
    const position = (name: string) => 2 + schema.fields.findIndex((field) => field.name === name);
    const keyColumns = trimmedPrimaryKey(schema).map(position);
    for (const section of sections) {
      const merged = mergeRuns(
        section.map((run) => fileRun(run.files, { open })),
        {
          keyColumns,
          sequenceColumn: 0,
          kindColumn: 1,
          userSequence: { columns: sequenceFields.map(position), ascending: this.#input.sequenceAscending },
          ignoreDelete: this.#input.ignoreDelete,
          dropDelete: this.#input.dropDelete,
          outputColumns: fields.slice(keys).map((_, index) => index),
          batchRows: BATCH_ROWS,
        },
        this.#signal,
      );
      for await (const batch of merged) {
        const keyed = keyColumns.map((column, index) => ({ ...batch.columns[column]!, type: fields[index]!.type }));
        yield { fields, columns: [...keyed, ...batch.columns], length: batch.length };
      }
    }
  }

  async #write(batches: AsyncIterable<Batch>): Promise<void> {
    const writer = openRollingWriter(resolveFileIO(this.#input.io), this.#input.target);
    try {
      for await (const batch of batches) {
        this.#signal?.throwIfAborted();
        await writer.write(batch);
      }
      const files = await writer.finish();
      this.#written.push(...files);
      this.#after.push(...files);
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }
}

async function* batchesOf(run: ReturnType<typeof fileRun>): AsyncGenerator<Batch> {
  try {
    for (let batch = await run.next(); batch !== undefined; batch = await run.next()) yield batch;
  } finally {
    await run.close();
  }
}
