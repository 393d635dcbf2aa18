/**
 * The rows of some slots as level-0 files: the same bytes whoever makes them, but for names.
 *
 * Each slot goes under the schema it was committed with, into the buckets the table has now. Rows keep their numbers.
 * Memory stays within `write-buffer-size`: full buffers are flushed before the last slot is read.
 */

import { abortMessages } from '../../commit/table-commit.js';
import type { TableLog } from '../../log/table-log.js';
import type { CommitMessage } from '../../meta/commit-message.js';
import { partitionPath } from '../../meta/partition-path.js';
import type { TableSchema } from '../../meta/table-schema.js';
import { RowRouter } from '../../write/row-router.js';
import { WriteBuffer } from '../../write/write-buffer.js';
import { flushBuffer } from '../flush-buffer.js';
import type { TableStore } from '../table-store.js';

interface BucketRows {
  readonly schema: TableSchema;
  readonly partition: Uint8Array;
  readonly bucket: number;
  readonly buffer: WriteBuffer;
  firstNumber: bigint | undefined;
}

export async function slotFiles(
  store: TableStore,
  log: TableLog,
  after: bigint,
  to: bigint,
  signal: AbortSignal | undefined,
): Promise<CommitMessage[]> {
  const messages = new Map<
    string,
    CommitMessage & { newFiles: CommitMessage['newFiles'][number][]; changelogFiles: CommitMessage['newFiles'][number][] }
  >();
  const buckets = new Map<string, BucketRows>();
  const routers = new Map<bigint, RowRouter>();
  const flushAll = async () => {
    for (const rows of buckets.values()) {
      if (rows.buffer.rows === 0) continue;
      const { schema, partition, bucket, buffer, firstNumber } = rows;
      const place = { partition, bucket, directory: store.path.bucket(partitionPath(schema, partition), bucket) };
      const output = await flushBuffer(
        store,
        { schema, place, rows: buffer.drain(), firstSequence: firstNumber!, changelog: true },
        signal,
      );
      rows.firstNumber = undefined;
      const key = `${Buffer.from(partition).toString('latin1')}/${bucket}`;
      const message = messages.get(key) ?? {
        partition,
        bucket,
        totalBuckets: store.options.bucket,
        newFiles: [],
        changelogFiles: [],
        compactBefore: [],
        compactAfter: [],
        compactChangelog: [],
      };
      message.newFiles.push(...output.files);
      message.changelogFiles.push(...output.changelog);
      messages.set(key, message);
    }
  };
  try {
    for (let slot = after + 1n; slot <= to; slot++) {
      signal?.throwIfAborted();
      const { header, parts } = await log.slot(slot);
      if (header.content.kind !== 'commits') continue;
      const schema = await store.schemas.read(header.schemaId);
      const router = routers.get(schema.id) ?? newRouter(store, schema);
      routers.set(schema.id, router);
      for (const part of await parts()) {
        for (const { partition, bucket, rows } of router.route(part.batch)) {
          const key = `${schema.id}/${Buffer.from(partition).toString('latin1')}/${bucket}`;
          const target: BucketRows = buckets.get(key) ?? { schema, partition, bucket, buffer: new WriteBuffer(), firstNumber: undefined };
          buckets.set(key, target);
          target.firstNumber ??= part.first + BigInt(rows?.[0] ?? 0);
          target.buffer.add(part.batch, rows, part.kinds, part.first);
        }
        const buffered_bytes = [...buckets.values()].reduce((sum, { buffer }) => sum + buffer.size_bytes, 0);
        if (buffered_bytes > store.options.writeBufferSize_bytes) await flushAll();
      }
    }
    await flushAll();
    return [...messages.values()];
  } catch (error) {
    await abortMessages(store, [...messages.values()]);
    throw error;
  }
}

export function newRouter(store: TableStore, schema: TableSchema): RowRouter {
  return new RowRouter(schema, { bucketFunction: store.options.bucketFunction, buckets: Math.max(1, store.options.bucket) });
}
