/**
 * A commit too large for the log: its rows become level-0 files at once, and a snapshot of their own.
 *
 *   rows ─ half of `write-buffer-size` ─> `reserve` slot: numbers ─> level-0 files ─┐
 *                                                                                  │  commit: all slots go into the tree, then
 *                                                              overtaken <─────────┴─> APPEND snapshot of the job's, which says P
 *                                                                  └─> the rows are read back, and go through the log
 *
 * Invariants
 * - the snapshot comes after every slot up to the P that it says, and before all others: P is at or past the last `reserve`,
 *   and is checked in the race for the snapshot id.
 * - nobody has put rows with higher numbers into its buckets before it: those would win, though they came first.
 * - an incarnation that was fenced publishes nothing: the next one of its user has made a snapshot past its own `open` before it
 *   asked what is committed (log-session.ts).
 */
import { hasCode } from '../../base/error.js';
import { Overtaking } from '../../commit/overtaking.js';
import type { LogRows } from '../../log/slot-codec.js';
import type { Incarnation, LogReceipt } from '../../log/table-log.js';
import type { CommitMessage } from '../../meta/commit-message.js';
import type { DataFileMeta } from '../../meta/data-file-meta.js';
import { partitionPath } from '../../meta/partition-path.js';
import type { TableSchema } from '../../meta/table-schema.js';
import { splitOf } from '../../read/split.js';
import type { Batch } from '../../types/column.js';
import { streamSplit } from '../split-stream.js';
import type { TableStore } from '../table-store.js';
import { BucketFiler } from './bucket-filer.js';
import type { LogHandle } from './log-handle.js';
import { materialise, publishPosition } from './materialise.js';

export interface BulkReceipt extends LogReceipt {
  /** the one that holds the rows; undefined when they had been committed before */
  readonly snapshot: bigint | undefined;
}

export class BulkLoad {
  readonly #store: TableStore;
  readonly #handle: LogHandle;
  readonly #incarnation: Incarnation;
  readonly #schema: TableSchema;
  readonly #filer: BucketFiler;
  #overtaking: Overtaking | undefined;
  #failure: unknown;

  constructor(store: TableStore, handle: LogHandle, incarnation: Incarnation, schema: TableSchema) {
    this.#store = store;
    this.#handle = handle;
    this.#incarnation = incarnation;
    this.#schema = schema;
    this.#filer = new BucketFiler(store, { reserve: (rows) => this.#reserve(rows) });
  }

  /** After a failure this load is good for nothing but `abort`. */
  async add(batch: Batch, kinds: Uint8Array | null): Promise<void> {
    this.#check();
    await this.#filer.add(this.#schema, batch, kinds);
  }

  fail(error: unknown): void {
    this.#failure ??= error;
  }

  /** All rows are in files when it resolves, which last. */
  finish(): Promise<CommitMessage[]> {
    this.#check();
    return this.#filer.finish();
  }

  /**
   * Puts a finished load into the table, unless others have put rows above it. Calling it again after an error is right.
   *
   * @param onFiles told of the files that went into the tree, these and those of slots before them
   * @throws FENCED; UNAVAILABLE when the outcome is not known
   */
  async publish(
    commit: { identifier: bigint; watermark: bigint | undefined },
    onFiles: (messages: readonly CommitMessage[]) => void,
  ): Promise<BulkReceipt | 'overtaken'> {
    const store = this.#store;
    const { user, epoch } = this.#incarnation;
    const messages = await this.finish();
    for (;;) {
      const { position, head, messages: before } = await materialise(store, this.#handle);
      onFiles(before);
      const state = await this.#handle.log.refresh();
      const refusal = state.refusal(user, epoch, store.table);
      if (refusal !== undefined) throw refusal;
      const last = state.user(user)?.identifier;
      if (last !== undefined && commit.identifier <= last) return { slot: undefined, snapshot: undefined, alreadyCommitted: true };
      const advances = { from: position, to: head, overtaking: this.#overtaking };
      const committable = { commitUser: user, identifier: commit.identifier, messages, advances };
      try {
        const { snapshots, alreadyCommitted } = await publishPosition(
          store,
          this.#handle,
          { ...committable, ...(commit.watermark !== undefined && { watermark: commit.watermark }) },
          { load: this.#incarnation },
        );
        onFiles(messages);
        return { slot: undefined, snapshot: snapshots[0], alreadyCommitted };
      } catch (error) {
        if (!hasCode(error, 'COMMIT_CONFLICT')) throw error;
        // slots went into the tree meanwhile: those that came before this commit, or the next incarnation's mark
        if ((await this.#handle.latest()).position === position) return 'overtaken';
      }
    }
  }

  /** The rows, those of one key in the order in which they came; of some that the next of their key replaced at once, nothing is left. */
  async *rows(): AsyncGenerator<LogRows> {
    const store = this.#store;
    const schema = this.#schema;
    const width = schema.fields.length;
    const keyed = schema.primaryKeys.length > 0;
    const wanted = { schema, columns: schema.fields.map(({ name }) => name), where: undefined, kinds: keyed };
    for (const { partition, bucket, newFiles, changelogFiles } of await this.finish()) {
      // a changelog has every row
      const files = (changelogFiles.length > 0 ? changelogFiles : newFiles).toSorted(byNumber).map((file) => [[file]]);
      const place = { partition, bucket, directory: store.path.bucket(partitionPath(schema, partition), bucket) };
      const split = splitOf(place, true, files);
      for await (const batch of streamSplit(store, { splits: [split], fileSchemas: [schema] }, split, wanted, undefined)) {
        const kinds = keyed ? Uint8Array.from(batch.columns[width + 1]!.values as Int8Array) : new Uint8Array(batch.length);
        yield { batch: { fields: schema.fields, columns: batch.columns.slice(0, width), length: batch.length }, kinds };
      }
    }
  }

  /** Deletes the files, unless the table may refer to them. */
  abort(): Promise<void> {
    return this.#filer.abort();
  }

  async #reserve(rows: number): Promise<bigint> {
    // in this order: what is not in that snapshot yet may be numbered above
    const latest = await this.#store.snapshots.latest();
    const first = await this.#handle.log.reserve(this.#incarnation, rows);
    this.#overtaking ??= new Overtaking(this.#store, latest, this.#schema.primaryKeys.length > 0 ? first : undefined);
    await this.#overtaking.look(latest);
    return first;
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

function byNumber(a: DataFileMeta, b: DataFileMeta): number {
  return a.minSequenceNumber < b.minSequenceNumber ? -1 : a.minSequenceNumber > b.minSequenceNumber ? 1 : 0;
}
