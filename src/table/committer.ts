/**
 * Commits the messages of many writers at once: the end of a parallel job's checkpoint.
 */
import { WeirError } from '../base/error.js';
import { abortMessages, confirmCommits, lastCommittedIdentifier } from '../commit/table-commit.js';
import type { CommitMessage } from '../meta/commit-message.js';
import type { LogSession } from './log/log-session.js';
import { publish } from './publish.js';
import type { TableStore } from './table-store.js';
import type { CommitResult, WriterLog } from './writer.js';

/**
 * Commits what several writers prepared, as one snapshot, or as one slot of the table's log. Make it with `table.openCommitter`.
 *
 * @example
 * const committer = await flights.openCommitter({ commitUser: 'job-7' });
 * const messages = (await Promise.all(writers.map((writer) => writer.prepareCommit()))).flat();
 * await committer.commit(43n, messages);
 */
export class TableCommitter {
  readonly commitUser: string;
  readonly #store: TableStore;
  readonly #expire: () => Promise<void>;
  readonly #log: WriterLog | undefined;
  #closed = false;

  /** @internal */
  constructor(store: TableStore, commitUser: string, expire: () => Promise<void>, log?: WriterLog) {
    this.#log = log;
    this.#store = store;
    this.commitUser = commitUser;
    this.#expire = expire;
  }

  /**
   * At or below the last identifier of this user: acknowledged, changes nothing (the files of the messages may be the committed ones: they are left alone).
   *
   * @example
   * const { slot, alreadyCommitted } = await committer.commit(44n, await writer.prepareCommit(), { watermark: 1_700_000_000_000n });
   */
  async commit(identifier: bigint, messages: readonly CommitMessage[], options: { watermark?: bigint } = {}): Promise<CommitResult> {
    if (this.#closed) throw new WeirError('CLOSED', `the committer of ${this.#store.table} is closed`, { table: this.#store.table });
    if (this.#log?.session !== undefined) return this.#commitToLog(this.#log.session, identifier, messages, options.watermark);
    const last = await this.lastIdentifier();
    const rows = messages.reduce((sum, message) => sum + message.newFiles.reduce((part, file) => part + file.rowCount, 0), 0);
    if (last !== undefined && identifier <= last) {
      return { snapshot: undefined, identifier, rows, alreadyCommitted: true, compactionDropped: false };
    }
    const { snapshots, alreadyCommitted, compactionDropped } = await publish(this.#store, {
      commitUser: this.commitUser,
      identifier,
      messages,
      ...(options.watermark !== undefined && { watermark: options.watermark }),
    });
    if (!this.#store.options.writeOnly) await this.#expire();
    return { snapshot: snapshots.at(-1), identifier, rows, alreadyCommitted, compactionDropped };
  }

  async #commitToLog(
    session: LogSession,
    identifier: bigint,
    messages: readonly CommitMessage[],
    watermark: bigint | undefined,
  ): Promise<CommitResult> {
    const rows = messages.reduce((sum, { log }) => (log?.bodies ?? []).reduce((part, body) => part + body.rows, sum), 0);
    const receipt = await session.commitMessages(identifier, messages, watermark);
    return { snapshot: undefined, identifier, rows, compactionDropped: false, ...receipt };
  }

  /**
   * The newest identifier this user committed; undefined when no snapshot of the user is left.
   *
   * @example
   * const next = ((await committer.lastIdentifier()) ?? 0n) + 1n;
   */
  async lastIdentifier(): Promise<bigint | undefined> {
    return this.#log?.session?.lastIdentifier ?? lastCommittedIdentifier(this.#store, this.commitUser);
  }

  /**
   * Deletes the files of messages that will not be committed.
   *
   * @example
   * await committer.abort(await writer.prepareCommit());
   */
  async abort(messages: readonly CommitMessage[]): Promise<void> {
    await abortMessages(
      this.#store,
      messages.filter(({ log }) => log === undefined),
    );
    for (const { log } of messages) for (const { name } of log?.bodies ?? []) await this.#store.log?.log.store.removeBody(name);
  }

  /**
   * The committer takes no more messages.
   *
   * @example
   * await committer.close();
   */
  async close(options: { flush?: boolean } = {}): Promise<void> {
    if (this.#closed) return;
    await confirmCommits(this.#store);
    this.#closed = true;
    if (this.#log === undefined) return;
    try {
      if (options.flush !== false) await this.#log.keeper.flush();
    } finally {
      await this.#log.keeper.release();
    }
  }

  /**
   * `close`, at the end of a block.
   *
   * @example
   * await using once = await flights.openCommitter();
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
