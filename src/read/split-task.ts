/**
 * Reads one split: a worker's task that yields batches of the wanted columns.
 *
 *   raw      row group ─ without deleted rows ─ filter ─ project
 *   merge    runs without deleted rows ─ key merge ─ gather ─ drop deletes ─ filter ─ project
 *
 * Row groups are left out by their statistics: any condition may do that for raw files, for merged ones only conditions on
 * the key (all versions of a key agree on those).
 */
import { defineTask, Transfer } from '../base/executor.js';
import { type DeletedRows, readDeletedRows } from '../format/deletion-vector.js';
import { type FileIORef, resolveFileIO } from '../io/file-io-ref.js';
import type { EvolvingReader } from '../lsm/evolving-reader.js';
import { KIND_FIELD, SEQUENCE_FIELD } from '../lsm/file-fields.js';
import { fieldsNamed, fileOpener } from '../lsm/file-opener.js';
import { fileRun } from '../lsm/file-run.js';
import { mergeRuns } from '../lsm/merge.js';
import { type TableSchema, trimmedPrimaryKey } from '../meta/table-schema.js';
import type { Batch } from '../types/column.js';
import { type BoundPredicate, columnsOf, evaluate, mayMatch, splitAnd } from '../types/predicate.js';
import { takeBatch, transferables } from '../types/take.js';
import { fieldOfStats, widened } from './pruning.js';
import type { Split } from './split.js';

export interface SplitInput {
  readonly io: FileIORef;
  readonly table: string;
  /** the schema rows are read in */
  readonly schema: TableSchema;
  readonly fileSchemas: readonly TableSchema[];
  readonly split: Split;
  /** names of the wanted columns, in order */
  readonly columns: readonly string[];
  readonly where: BoundPredicate | undefined;
  /** raw files of a primary-key table only: rows as they stand, with `_SEQUENCE_NUMBER` and `_VALUE_KIND` as last columns */
  readonly kinds: boolean;
  /** `sequence.field` */
  readonly sequenceFields: readonly string[];
  readonly sequenceAscending: boolean;
  readonly ignoreDelete: boolean;
  readonly batchRows: number;
}

export async function* readSplit(input: SplitInput, signal?: AbortSignal): AsyncGenerator<Transfer<Batch>> {
  const source = input.split.raw ? readRaw(input, signal) : readMerged(input, signal);
  for await (const batch of source) {
    const rows = input.where === undefined ? null : evaluate(input.where, batch);
    const columns = input.kinds ? [...input.columns, SEQUENCE_FIELD.name, KIND_FIELD.name] : input.columns;
    const kept = project(rows === null ? batch : takeBatch(batch, rows), columns);
    if (kept.length > 0) yield new Transfer(kept, transferables(kept));
  }
}

export const splitTask = defineTask(import.meta.url, 'readSplit', readSplit);

function project(batch: Batch, columns: readonly string[]): Batch {
  const positions = columns.map((name) => batch.fields.findIndex((field) => field.name === name));
  return {
    fields: positions.map((position) => batch.fields[position]!),
    columns: positions.map((position) => batch.columns[position]!),
    length: batch.length,
  };
}

/** May the row group hold a wanted row, by the statistics in the file's footer? */
function rowGroupFilter(input: SplitInput, conditions: readonly BoundPredicate[]) {
  const schemas = new Map(input.fileSchemas.map((schema) => [schema.id, schema]));
  return (reader: EvolvingReader, rowGroup: number): boolean => {
    const fileSchema = schemas.get(reader.file.schemaId)!;
    const rowCount = BigInt(reader.rowGroups[rowGroup]!.rowCount);
    const stats = (column: string) => {
      const old = fieldOfStats(input.schema, fileSchema, column);
      const found = old && reader.rowGroupStats(rowGroup, old.name, old.type);
      return found && { ...widened(found, old.widen), rowCount };
    };
    return conditions.every((condition) => mayMatch(condition, stats));
  };
}

/** The rows of a file that its deletion vector marks. */
function deletedRowsOf(input: SplitInput): (reader: EvolvingReader) => Promise<DeletedRows | undefined> {
  const io = resolveFileIO(input.io);
  return async ({ file, rowCount }) => {
    const deletion = input.split.deletions.get(file.fileName);
    return deletion && readDeletedRows(io, deletion, rowCount);
  };
}

async function* readRaw(input: SplitInput, signal: AbortSignal | undefined): AsyncGenerator<Batch> {
  const needed = input.where === undefined ? input.columns : [...input.columns, ...columnsOf(input.where)];
  const conditions = input.where === undefined ? [] : splitAnd(input.where);
  const fields = fieldsNamed(input.schema, needed);
  const run = fileRun(input.split.sections.flat(2), {
    open: fileOpener({ ...input, place: input.split }, input.kinds ? [...fields, SEQUENCE_FIELD, KIND_FIELD] : fields),
    deletedRows: deletedRowsOf(input),
    ...(conditions.length > 0 && { wanted: rowGroupFilter(input, conditions) }),
  });
  try {
    for (let batch = await run.next(); batch !== undefined; batch = await run.next()) {
      signal?.throwIfAborted();
      yield batch;
    }
  } finally {
    await run.close();
  }
}

async function* readMerged(input: SplitInput, signal: AbortSignal | undefined): AsyncGenerator<Batch> {
  const keys = trimmedPrimaryKey(input.schema);
  const wanted = input.where === undefined ? input.columns : [...input.columns, ...columnsOf(input.where)];
  const output = fieldsNamed(input.schema, wanted);
  const merged = fieldsNamed(input.schema, [...keys, ...input.sequenceFields, ...wanted]);
  const fields = [...merged, SEQUENCE_FIELD, KIND_FIELD];
  const position = (name: string) => merged.findIndex((field) => field.name === name);
  const conditions =
    input.where === undefined ? [] : splitAnd(input.where).filter((part) => columnsOf(part).every((name) => keys.includes(name)));
  const options = {
    open: fileOpener({ ...input, place: input.split }, fields),
    deletedRows: deletedRowsOf(input),
    ...(conditions.length > 0 && { wanted: rowGroupFilter(input, conditions) }),
  };
  for (const section of input.split.sections) {
    const runs = section.map((files) => fileRun(files, options));
    yield* mergeRuns(
      runs,
      {
        keyColumns: keys.map(position),
        sequenceColumn: merged.length,
        kindColumn: merged.length + 1,
        userSequence: { columns: input.sequenceFields.map(position), ascending: input.sequenceAscending },
        ignoreDelete: input.ignoreDelete,
        dropDelete: true,
        outputColumns: output.map((field) => position(field.name)),
        batchRows: input.batchRows,
      },
      signal,
    );
  }
}
