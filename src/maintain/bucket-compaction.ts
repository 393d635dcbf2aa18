/**
 * Picks and runs a compaction of one bucket. Running it changes no table: the result goes into a commit, and is dropped
 * when that conflicts.
 */
import type { Clock } from '../base/clock.js';
import type { Executor } from '../base/executor.js';
import type { FileIORef } from '../io/file-io-ref.js';
import type { BucketPlace } from '../lsm/file-opener.js';
import { Levels } from '../lsm/levels.js';
import type { FileTarget } from '../lsm/rolling-writer.js';
import { pickFull, pickUniversal } from '../lsm/universal-compaction.js';
import type { DataFileMeta } from '../meta/data-file-meta.js';
import type { SchemaStore } from '../meta/schema-store.js';
import type { TableOptions } from '../meta/table-options.js';
import type { TableSchema } from '../meta/table-schema.js';
import { pickAppend } from './append-compaction.js';
import { type CompactOutput, compactTask } from './compact-task.js';

/** What a compaction needs of its table. */
export interface CompactionContext {
  readonly schema: TableSchema;
  readonly schemas: SchemaStore;
  readonly options: TableOptions;
  readonly ioRef: FileIORef;
  readonly clock: Clock;
  readonly services: { readonly executor: Executor };
  fileTarget(directory: string, kind: FileTarget['kind'], level: number, fileSource: number, firstSequence: bigint): FileTarget;
  emit(event: {
    type: 'compaction';
    bucket: number;
    outputLevel: number;
    filesBefore: number;
    filesAfter: number;
    size_bytes: number;
    duration_ms: number;
  }): void;
}

export interface PickedCompaction {
  readonly files: readonly DataFileMeta[];
  readonly outputLevel: number;
  readonly dropDelete: boolean;
}

/** undefined: nothing to do. `full` asks for one run at the highest level (append tables: for as few files as possible). */
export function pickCompaction(context: CompactionContext, files: readonly DataFileMeta[], full: boolean): PickedCompaction | undefined {
  const { options, schema } = context;
  if (schema.primaryKeys.length === 0) {
    const picked = pickAppend(files, {
      smallFileSize_bytes: options.targetFileSize_bytes * options.smallFileRatio,
      targetFileSize_bytes: options.targetFileSize_bytes,
      minFiles: full ? 2 : options.compactionMinFileNum,
    });
    return picked === undefined ? undefined : { files: picked, outputLevel: 0, dropDelete: false };
  }
  const levels = new Levels(files, options.numLevels);
  const settings = {
    trigger: options.compactionTrigger,
    sizeRatio: options.sizeRatio,
    maxSizeAmplificationPercent: options.maxSizeAmplificationPercent,
    numLevels: levels.numLevels,
  };
  const runs = levels.runs();
  const unit = full ? pickFull(runs, settings) : pickUniversal(runs, settings);
  if (unit === undefined) return undefined;
  const highest = levels.highestNonEmptyLevel();
  return { files: unit.files, outputLevel: unit.outputLevel, dropDelete: unit.outputLevel !== 0 && unit.outputLevel >= highest };
}

export async function compactBucket(
  context: CompactionContext,
  place: BucketPlace,
  picked: PickedCompaction,
  signal?: AbortSignal,
): Promise<CompactOutput> {
  const { options, schema } = context;
  const started_ms = context.clock.monotonic_ms();
  const kind = schema.primaryKeys.length === 0 ? 'append' : 'keyValue';
  const firstSequence = picked.files.reduce(
    (min, file) => (file.minSequenceNumber < min ? file.minSequenceNumber : min),
    picked.files[0]!.minSequenceNumber,
  );
  const schemaIds = [...new Set(picked.files.map((file) => file.schemaId))];
  const output = await context.services.executor.run(
    compactTask,
    {
      io: context.ioRef,
      place,
      schema,
      fileSchemas: await Promise.all(schemaIds.map((id) => context.schemas.read(id))),
      files: picked.files,
      target: context.fileTarget(place.directory, kind, picked.outputLevel, 1, firstSequence),
      dropDelete: picked.dropDelete,
      smallFileSize_bytes: options.targetFileSize_bytes * options.smallFileRatio,
      sequenceFields: options.sequenceFields,
      sequenceAscending: options.sequenceAscending,
      ignoreDelete: options.ignoreDelete,
    },
    { signal },
  );
  context.emit({
    type: 'compaction',
    bucket: place.bucket,
    outputLevel: picked.outputLevel,
    filesBefore: output.before.length,
    filesAfter: output.after.length,
    size_bytes: output.after.reduce((sum, file) => sum + file.fileSize_bytes, 0),
    duration_ms: context.clock.monotonic_ms() - started_ms,
  });
  return output;
}
