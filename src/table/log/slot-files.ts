/**
 * The rows of some slots as level-0 files: the same bytes whoever makes them, but for names.
 *
 *   slots ─ neighbours together ─ route ─> buffers ─ half of `write-buffer-size` ─> flushed while the other half fills
 *
 * Each slot goes under the schema it was committed with, into the buckets the table has now. Rows keep their numbers.
 */
import { abortMessages } from '../../commit/table-commit.js';
import type { LogPart } from '../../log/log-slot.js';
import type { TableLog } from '../../log/table-log.js';
import type { CommitMessage } from '../../meta/commit-message.js';
import type { DataFileMeta } from '../../meta/data-file-meta.js';
import { partitionPath } from '../../meta/partition-path.js';
import type { TableSchema } from '../../meta/table-schema.js';
import { concatArrays } from '../../types/concat-arrays.js';
import { concatBatch } from '../../types/take.js';
import type { RowRouter } from '../../write/row-router.js';
import { WriteBuffer } from '../../write/write-buffer.js';
import { flushBuffer } from '../flush-buffer.js';
import type { TableStore } from '../table-store.js';

/** Slots are small and many: so many rows are routed at once, and then others get their turn in this thread. */
const GATHERED_ROWS = 8_192;

interface BucketRows {
  readonly schema: TableSchema;
  readonly partition: Uint8Array;
  readonly bucket: number;
  readonly buffer: WriteBuffer;
  firstNumber: bigint | undefined;
}

type FilesMessage = CommitMessage & { newFiles: DataFileMeta[]; changelogFiles: DataFileMeta[] };

export async function slotFiles(
  store: TableStore,
  log: TableLog,
  after: bigint,
  to: bigint,
  signal: AbortSignal | undefined,
): Promise<CommitMessage[]> {
  const filer = new SlotFiler(store, signal);
  try {
    for (let slot = after + 1n; slot <= to; slot++) {
      signal?.throwIfAborted();
      const { header, parts } = await log.slot(slot);
      if (header.content.kind !== 'commits') continue;
      const schema = await store.schemas.read(header.schemaId);
      for (const part of await parts()) await filer.add(schema, part);
    }
    return await filer.finish();
  } catch (error) {
    await filer.abort();
    throw error;
  }
}

class SlotFiler {
  readonly #store: TableStore;
  readonly #signal: AbortSignal | undefined;
  readonly #messages = new Map<string, FilesMessage>();
  readonly #buckets = new Map<string, BucketRows>();
  readonly #routers = new Map<bigint, RowRouter>();
  /** parts under one schema whose numbers follow one another */
  #gathered: LogPart[] = [];
  #gatheredRows = 0;
  #schema: TableSchema | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(store: TableStore, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#signal = signal;
  }

  async add(schema: TableSchema, part: LogPart): Promise<void> {
    const last = this.#gathered.at(-1);
    if (last !== undefined && (schema !== this.#schema || last.first + BigInt(last.batch.length) !== part.first)) await this.#route();
    this.#schema = schema;
    this.#gathered.push(part);
    this.#gatheredRows += part.batch.length;
    if (this.#gatheredRows >= GATHERED_ROWS) await this.#route();
  }

  async finish(): Promise<CommitMessage[]> {
    await this.#route();
    await this.#flushing;
    await this.#flush();
    return [...this.#messages.values()];
  }

  /** Deletes the files made so far. */
  async abort(): Promise<void> {
    await this.#flushing.catch(() => undefined);
    await abortMessages(this.#store, [...this.#messages.values()]);
  }

  async #route(): Promise<void> {
    const { options, clock } = this.#store;
    const parts = this.#gathered;
    const schema = this.#schema;
    if (schema === undefined || parts.length === 0) return;
    this.#gathered = [];
    this.#gatheredRows = 0;
    const batch = concatBatch(parts.map((part) => part.batch));
    const kinds = concatArrays(parts.map((part) => part.kinds));
    const { first } = parts[0]!;
    const router = this.#routers.get(schema.id) ?? this.#store.router(schema);
    this.#routers.set(schema.id, router);
    for (const { partition, bucket, rows } of router.route(batch)) {
      const key = `${schema.id}/${Buffer.from(partition).toString('latin1')}/${bucket}`;
      const target: BucketRows = this.#buckets.get(key) ?? { schema, partition, bucket, buffer: new WriteBuffer(), firstNumber: undefined };
      this.#buckets.set(key, target);
      target.firstNumber ??= first + BigInt(rows?.[0] ?? 0);
      target.buffer.add(batch, rows, kinds, first);
    }
    let buffered_bytes = 0;
    for (const { buffer } of this.#buckets.values()) buffered_bytes += buffer.size_bytes;
    if (buffered_bytes > options.writeBufferSize_bytes / 2) {
      await this.#flushing;
      this.#flushing = this.#flush();
      // `finish` or the next round tells it
      this.#flushing.catch(() => undefined);
    }
    await clock.sleep(0, this.#signal);
  }

  async #flush(): Promise<void> {
    const full = [...this.#buckets.values()].filter(({ buffer }) => buffer.rows > 0);
    const flushes = full.map((target) => {
      const { schema, partition, bucket, buffer } = target;
      const place = { partition, bucket, directory: this.#store.path.bucket(partitionPath(schema, partition), bucket) };
      const firstSequence = target.firstNumber!;
      target.firstNumber = undefined;
      return flushBuffer(this.#store, { schema, place, rows: buffer.drain(), firstSequence, changelog: true }, this.#signal);
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

  #message({ partition, bucket }: BucketRows): FilesMessage {
    const key = `${Buffer.from(partition).toString('latin1')}/${bucket}`;
    const known = this.#messages.get(key);
    if (known !== undefined) return known;
    const compacts = { compactBefore: [], compactAfter: [], compactChangelog: [] };
    const message = { partition, bucket, totalBuckets: this.#store.options.bucket, newFiles: [], changelogFiles: [], ...compacts };
    this.#messages.set(key, message);
    return message;
  }
}
