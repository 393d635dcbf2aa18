/**
 * Rows of all buckets as level-0 files, for whoever puts rows of a log, or rows in its order, into the tree.
 *
 *   rows ─ route ─> a buffer a bucket ─ half of `write-buffer-size` ─> flushed while the other half fills ─> messages
 *
 * Rows come with the numbers of their slots, or get them when they are flushed. A failure stays: what comes after it fails too.
 * Invariant: the files of a bucket come in the order of their numbers, which do not mix: who reads them one after the other, as streams
 * of changes do, sees the rows of a key in order. A file has one schema, so rows of another close all that are open.
 */
import { abortMessages } from '../../commit/table-commit.js';
import type { CommitMessage } from '../../meta/commit-message.js';
import type { DataFileMeta } from '../../meta/data-file-meta.js';
import { partitionPath } from '../../meta/partition-path.js';
import type { TableSchema } from '../../meta/table-schema.js';
import type { Batch } from '../../types/column.js';
import type { RowRouter } from '../../write/row-router.js';
import { WriteBuffer } from '../../write/write-buffer.js';
import { flushBuffer } from '../flush-buffer.js';
import { readLatest } from '../held-snapshot.js';
import type { TableStore } from '../table-store.js';
import type { BucketsOf } from './partition-buckets.js';

interface BucketRows {
  readonly schema: TableSchema;
  readonly partition: Uint8Array;
  readonly bucket: number;
  readonly buffer: WriteBuffer;
  firstNumber: bigint | undefined;
}

type FilesMessage = CommitMessage & { newFiles: DataFileMeta[]; changelogFiles: DataFileMeta[] };

export interface BucketFilerOptions {
  readonly signal?: AbortSignal | undefined;
  /** the first of so many numbers, for rows that come without */
  readonly reserve?: (rows: number) => Promise<bigint>;
}

export class BucketFiler {
  readonly #store: TableStore;
  readonly #options: BucketFilerOptions;
  readonly #messages = new Map<string, FilesMessage>();
  readonly #buckets = new Map<string, BucketRows>();
  readonly #routers = new Map<bigint, RowRouter>();
  #schemaId: bigint | undefined;
  /** as of the first rows; who publishes the files looks whether it is still so (log-handle.ts) */
  #bucketsOf: BucketsOf | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(store: TableStore, options: BucketFilerOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** @param first the number of the first row; undefined when rows are numbered as they are flushed */
  async add(schema: TableSchema, batch: Batch, kinds: Uint8Array | null, first?: bigint): Promise<void> {
    this.#bucketsOf ??= await this.#latestBuckets();
    if (this.#schemaId !== schema.id) await this.#settle();
    this.#schemaId = schema.id;
    const router = this.#routers.get(schema.id) ?? this.#store.router(schema, this.#bucketsOf);
    this.#routers.set(schema.id, router);
    for (const { partition, bucket, rows } of router.route(batch)) {
      const key = `${schema.id}/${Buffer.from(partition).toString('latin1')}/${bucket}`;
      const target: BucketRows = this.#buckets.get(key) ?? { schema, partition, bucket, buffer: new WriteBuffer(), firstNumber: undefined };
      this.#buckets.set(key, target);
      if (first !== undefined) target.firstNumber ??= first + BigInt(rows?.[0] ?? 0);
      target.buffer.add(batch, rows, kinds, first);
    }
    let buffered_bytes = 0;
    for (const { buffer } of this.#buckets.values()) buffered_bytes += buffer.size_bytes;
    if (buffered_bytes <= this.#store.options.writeBufferSize_bytes / 2) return;
    await this.#flushing;
    this.#flushing = this.#flush();
    // `finish` or the next round tells it
    this.#flushing.catch(() => undefined);
  }

  /** Of the latest snapshot, or of the one after it when that expires meanwhile. */
  async #latestBuckets(): Promise<BucketsOf | undefined> {
    const { log } = this.#store;
    return log && ((await readLatest(this.#store, (latest) => log.buckets.at(latest))) ?? log.buckets.at(undefined));
  }

  /** The files of all rows so far. */
  async finish(): Promise<CommitMessage[]> {
    await this.#settle();
    return [...this.#messages.values()];
  }

  /** Deletes the files made so far. */
  async abort(): Promise<void> {
    await this.#flushing.catch(() => undefined);
    await abortMessages(this.#store, [...this.#messages.values()]);
  }

  /** Nothing is buffered, or on its way to a file. */
  async #settle(): Promise<void> {
    await this.#flushing;
    this.#flushing = this.#flush();
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    const { reserve, signal } = this.#options;
    const full = [...this.#buckets.values()]
      .filter(({ buffer }) => buffer.rows > 0)
      .map((target) => {
        const { firstNumber } = target;
        target.firstNumber = undefined;
        return { ...target, rows: target.buffer.drain(), firstNumber };
      });
    let next = full.length === 0 ? undefined : await reserve?.(full.reduce((sum, { rows }) => sum + rows.rows, 0));
    const flushes = full.map(({ schema, partition, bucket, rows, firstNumber }) => {
      const place = { partition, bucket, directory: this.#store.path.bucket(partitionPath(schema, partition), bucket) };
      const firstSequence = next ?? firstNumber!;
      if (next !== undefined) next += BigInt(rows.rows);
      return flushBuffer(this.#store, { schema, place, rows, firstSequence, changelog: true }, signal);
    });
    const outputs = await Promise.allSettled(flushes);
    // what was made is known, and can be deleted, also when another failed
    for (const [i, output] of outputs.entries()) {
      if (output.status !== 'fulfilled') continue;
      const message = this.#message(full[i]!);
      message.newFiles.push(...output.value.files);
      message.changelogFiles.push(...output.value.changelog);
    }
    for (const output of outputs) if (output.status === 'rejected') throw output.reason;
  }

  #message({ partition, bucket }: Pick<BucketRows, 'partition' | 'bucket'>): FilesMessage {
    const key = `${Buffer.from(partition).toString('latin1')}/${bucket}`;
    const known = this.#messages.get(key);
    if (known !== undefined) return known;
    const compacts = { compactBefore: [], compactAfter: [], compactChangelog: [] };
    const totalBuckets = this.#bucketsOf?.(partition) ?? this.#store.options.bucket;
    const message = { partition, bucket, totalBuckets, newFiles: [], changelogFiles: [], ...compacts };
    this.#messages.set(key, message);
    return message;
  }
}
