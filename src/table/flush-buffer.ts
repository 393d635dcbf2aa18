/** Buffered rows of a bucket become files, in a worker unless they are few. */
import type { BucketPlace } from '../lsm/file-opener.js';
import type { TableSchema } from '../meta/table-schema.js';
import { transferables } from '../types/take.js';
import { type FlushOutput, flushRows, flushTask } from '../write/flush-task.js';
import type { BufferedRows } from '../write/write-buffer.js';
import type { TableStore } from './table-store.js';

/** A flush up to this size takes less time here than its way to a worker and back. */
const INLINE_ROWS = 2_000;
const INLINE_BYTES = 256 * 1024;

export interface BufferFlush {
  readonly schema: TableSchema;
  readonly place: BucketPlace;
  readonly rows: BufferedRows;
  readonly firstSequence: bigint;
  /** write the changelog too, if the table has one of its input */
  readonly changelog: boolean;
}

export async function flushBuffer(store: TableStore, flush: BufferFlush, signal: AbortSignal | undefined): Promise<FlushOutput> {
  const { options } = store;
  const { schema, place, rows, firstSequence } = flush;
  const started_ms = store.clock.monotonic_ms();
  const keyed = schema.primaryKeys.length > 0;
  const small = rows.rows <= INLINE_ROWS && rows.size_bytes <= INLINE_BYTES;
  const wantsChangelog = flush.changelog && keyed && options.changelogProducer === 'input';
  const input = {
    io: small ? store.io : store.ioRef,
    target: store.fileTarget(place.directory, keyed ? 'keyValue' : 'append', 0, 0, firstSequence, schema),
    rows,
    firstSequence,
    changelog: wantsChangelog ? store.fileTarget(place.directory, 'changelog', 0, 0, firstSequence, schema) : undefined,
    sequenceFields: options.sequenceFields.map((name) => schema.fields.findIndex((field) => field.name === name)),
    sequenceAscending: options.sequenceAscending,
  };
  const output = small
    ? await flushRows(input, signal)
    : await store.services.executor.run(flushTask, input, {
        transfer: rows.batches.flatMap((batch) => transferables(batch)),
        ...(signal !== undefined && { signal }),
      });
  store.emit({
    type: 'flush',
    bucket: place.bucket,
    rows: rows.rows,
    files: output.files.length,
    size_bytes: output.files.reduce((sum, file) => sum + file.fileSize_bytes, 0),
    duration_ms: store.clock.monotonic_ms() - started_ms,
  });
  return output;
}
