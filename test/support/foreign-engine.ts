/** Another engine at a table: knows nothing of its log, numbers rows on from what it saw when it began, and rolls back as Java does. */
import { inlineExecutor } from '../../src/base/inline-executor.js';
import { commitTable, type OverwriteScope } from '../../src/commit/table-commit.js';
import { type FileIO, seededRandom, systemClock, type Table } from '../../src/index.js';
import type { CommitMessage } from '../../src/meta/commit-message.js';
import { liveFiles } from '../../src/meta/live-files.js';
import { partitionPath } from '../../src/meta/partition-path.js';
import { flushBuffer } from '../../src/table/flush-buffer.js';
import { TableStore } from '../../src/table/table-store.js';
import { BatchBuilder } from '../../src/types/row-builder.js';
import { WriteBuffer } from '../../src/write/write-buffer.js';

export class ForeignEngine {
  readonly #store: TableStore;
  readonly #user: string;
  readonly #io: FileIO;
  /** highest sequence number it knows of */
  #number = -1n;
  #commits = 0n;

  constructor(io: FileIO, table: Table, seed = 7) {
    const services = {
      io,
      clock: systemClock,
      random: seededRandom(seed),
      executor: inlineExecutor(),
      onEvent: undefined,
      logger: undefined,
    };
    const store = new TableStore(table.name, table.path, table.schema, services);
    this.#io = io;
    this.#user = `foreign-${seed}`;
    this.#store = Object.create(store, { log: { value: undefined } }) as TableStore;
  }

  /** Remembers the highest number in the table, as a writer that opens. */
  async restore(): Promise<void> {
    const latest = await this.#store.snapshots.latest();
    for (const { file } of latest === undefined ? [] : await liveFiles(this.#store.manifests, latest))
      if (file.maxSequenceNumber > this.#number) this.#number = file.maxSequenceNumber;
  }

  /** Rows in table order; the id of the snapshot. */
  async commit(rows: readonly Record<string, unknown>[], more: { kinds?: number[]; overwrite?: OverwriteScope } = {}): Promise<bigint> {
    const { kinds = rows.map(() => 0), overwrite } = more;
    const store = this.#store;
    const { schema, options } = store;
    const builder = new BatchBuilder(schema.fields);
    for (const row of rows) builder.push(row);
    const messages: CommitMessage[] = [];
    for (const routed of rows.length === 0 ? [] : store.router().route(builder.finish())) {
      const { partition, bucket } = routed;
      const buffer = new WriteBuffer();
      const batch = new BatchBuilder(schema.fields);
      const own = routed.rows === null ? rows.map((_, i) => i) : [...routed.rows];
      for (const at of own) batch.push(rows[at]!);
      buffer.add(
        batch.finish(),
        null,
        Uint8Array.from(own, (at) => kinds[at]!),
      );
      const place = { partition, bucket, directory: store.path.bucket(partitionPath(schema, partition), bucket) };
      const firstSequence = this.#number + 1n;
      this.#number += BigInt(own.length);
      const output = await flushBuffer(store, { schema, place, rows: buffer.drain(), firstSequence, changelog: true }, undefined);
      messages.push({
        partition,
        bucket,
        totalBuckets: options.bucket,
        newFiles: output.files,
        changelogFiles: output.changelog,
        compactBefore: [],
        compactAfter: [],
        compactChangelog: [],
      });
    }
    const { snapshots } = await commitTable(store, {
      commitUser: this.#user,
      identifier: ++this.#commits,
      messages,
      ...(overwrite !== undefined && { overwrite: { partitions: overwrite } }),
    });
    return snapshots[0]!;
  }

  /** Takes the snapshots after one away, newest first. */
  async rollback(to: bigint): Promise<void> {
    const { snapshots, path } = this.#store;
    for (const id of (await snapshots.list()).filter((id) => id > to).reverse()) await this.#io.remove(path.snapshot(id));
    await snapshots.writeLatestHint(to);
    snapshots.forget();
  }
}
