/**
 * Buffered rows of one bucket become files: a worker's task.
 *
 *   primary key   rows ─ sort by (key, [sequence.field], sequence) ─ last of each key ─> level-0 data files
 *                                    └ all of them, unmerged ─> changelog file  (changelog-producer=input)
 *   append        rows as they came ─> data files
 *
 * Large buffers are sorted in chunks that fit the cache, and the sorted chunks merged: gathering strings at random
 * positions of a large heap misses the cache at every value, in order it does not.
 * Invariant: either all files of the flush exist and are reported, or none is left.
 */
import { defineTask } from '../base/executor.js';
import { type FileIORef, resolveFileIO } from '../io/file-io-ref.js';
import { KeyValueLayout } from '../lsm/key-value-layout.js';
import { mergeRuns, type RunReader } from '../lsm/merge.js';
import { type FileTarget, openRollingWriter, type RollingFileWriter } from '../lsm/rolling-writer.js';
import { dedupSorted, sortRows } from '../lsm/sort.js';
import type { DataFileMeta } from '../meta/data-file-meta.js';
import type { Batch } from '../types/column.js';
import { concatArrays } from '../types/concat-arrays.js';
import { concatBatch, sliceBatch, takeBatch } from '../types/take.js';
import type { BufferedRows } from './write-buffer.js';

export interface FlushInput {
  readonly io: FileIORef;
  readonly target: FileTarget;
  readonly rows: BufferedRows;
  /** sequence number of the first buffered row, of rows that carry none of their own */
  readonly firstSequence: bigint;
  /** where the changelog goes; undefined = no changelog */
  readonly changelog: FileTarget | undefined;
  /** positions of `sequence.field` columns in the table's fields */
  readonly sequenceFields: readonly number[];
  readonly sequenceAscending: boolean;
}

export interface FlushOutput {
  readonly files: readonly DataFileMeta[];
  readonly changelog: readonly DataFileMeta[];
}

/** Rows sorted at once; some 64 K rows of a few short strings fit a second-level cache. */
const CHUNK_ROWS = 65_536;
/** Up to here one sort over everything is cheaper than chunks and a merge. */
const SINGLE_SORT_ROWS = 131_072;

export async function flushRows(input: FlushInput, signal?: AbortSignal): Promise<FlushOutput> {
  const io = resolveFileIO(input.io);
  const { schema } = input.target;
  const data = openRollingWriter(io, input.target);
  const changelog = input.changelog === undefined ? undefined : openRollingWriter(io, input.changelog);
  try {
    if (schema.primaryKeys.length === 0) await appendRows(input, data, signal);
    else if (changelog !== undefined || input.rows.rows <= SINGLE_SORT_ROWS) await sortWhole(input, data, changelog, signal);
    else await sortChunks(input, data, signal);
    return { files: await data.finish(), changelog: (await changelog?.finish()) ?? [] };
  } catch (error) {
    await Promise.all([data.abort(), changelog?.abort()]);
    throw error;
  }
}

export const flushTask = defineTask(import.meta.url, 'flushRows', flushRows);

async function appendRows(input: FlushInput, data: RollingFileWriter, signal: AbortSignal | undefined): Promise<void> {
  for (const batch of input.rows.batches) {
    signal?.throwIfAborted();
    await data.write(batch);
  }
}

async function sortWhole(
  input: FlushInput,
  data: RollingFileWriter,
  changelog: RollingFileWriter | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const layout = layoutOf(input);
  const { batches, numbers } = input.rows;
  const whole = layout.batch(
    batches.length === 1 ? batches[0]! : concatBatch(batches),
    concatArrays(input.rows.kinds),
    numbers === undefined ? input.firstSequence : concatArrays(numbers),
  );
  const order = sortRows(layout.keys(whole), layout.sequence(whole), whole.length);
  const merged = dedupSorted(layout.keys(whole), order);
  await writeInOrder(whole, merged, data, signal);
  if (changelog !== undefined) await writeInOrder(whole, order, changelog, signal);
}

async function sortChunks(input: FlushInput, data: RollingFileWriter, signal: AbortSignal | undefined): Promise<void> {
  const layout = layoutOf(input);
  const runs: RunReader[] = [];
  for (const chunk of chunks(input, layout)) {
    signal?.throwIfAborted();
    const order = sortRows(layout.keys(chunk), layout.sequence(chunk), chunk.length);
    const merged = dedupSorted(layout.keys(chunk), order);
    runs.push(memoryRun(takeBatch(chunk, merged)));
  }
  for await (const batch of mergeRuns(runs, layout.mergeSpec(CHUNK_ROWS), signal)) await data.write(batch);
}

async function writeInOrder(batch: Batch, order: Uint32Array, writer: RollingFileWriter, signal: AbortSignal | undefined): Promise<void> {
  for (let start = 0; start < order.length; start += CHUNK_ROWS) {
    signal?.throwIfAborted();
    await writer.write(takeBatch(batch, order.subarray(start, start + CHUNK_ROWS)));
  }
}

function memoryRun(batch: Batch): RunReader {
  let pending: Batch | undefined = batch;
  return {
    async next() {
      const next = pending;
      pending = undefined;
      return next;
    },
    async close() {
      pending = undefined;
    },
  };
}

function layoutOf({ target, sequenceFields, sequenceAscending }: FlushInput): KeyValueLayout {
  return new KeyValueLayout(target.schema, sequenceFields, sequenceAscending);
}

/** The buffered rows, regrouped into chunks of CHUNK_ROWS, in order of arrival. */
function* chunks(input: FlushInput, layout: KeyValueLayout): Generator<Batch> {
  const { batches, kinds, numbers } = input.rows;
  let parts: Batch[] = [];
  let partKinds: Uint8Array[] = [];
  let partNumbers: BigInt64Array[] = [];
  let rows = 0;
  let sequence = input.firstSequence;
  const close = () => {
    const whole = parts.length === 1 ? parts[0]! : concatBatch(parts);
    const chunk = layout.batch(whole, concatArrays(partKinds), numbers === undefined ? sequence : concatArrays(partNumbers));
    sequence += BigInt(rows);
    parts = [];
    partKinds = [];
    partNumbers = [];
    rows = 0;
    return chunk;
  };
  for (let i = 0; i < batches.length; i++) {
    const batch = batches[i]!;
    for (let start = 0; start < batch.length; ) {
      const end = Math.min(batch.length, start + CHUNK_ROWS - rows);
      parts.push(start === 0 && end === batch.length ? batch : sliceBatch(batch, start, end));
      partKinds.push(kinds[i]!.slice(start, end));
      if (numbers !== undefined) partNumbers.push(numbers[i]!.slice(start, end));
      rows += end - start;
      start = end;
      if (rows === CHUNK_ROWS) yield close();
    }
  }
  if (rows > 0) yield close();
}
