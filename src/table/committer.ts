/**
 * Commits the messages of many writers at once: the end of a parallel job's checkpoint.
 *
 * @example
 * const committer = await flights.openCommitter({ commitUser: 'job-7' });
 * const messages = (await Promise.all(writers.map((writer) => writer.prepareCommit()))).flat();
 * await committer.commit(43n, messages);
 */
import { WeirError } from '../base/error.js';
import { abortMessages, commitTable, lastCommittedIdentifier } from '../commit/table-commit.js';
import type { CommitMessage } from '../meta/commit-message.js';
import type { TableStore } from './table-store.js';
import type { CommitResult } from './writer.js';

export class TableCommitter {
  readonly commitUser: string;
  readonly #store: TableStore;
  readonly #expire: () => Promise<void>;
  #closed = false;

  /** @internal */
  constructor(store: TableStore, commitUser: string, expire: () => Promise<void>) {
    this.#store = store;
    this.commitUser = commitUser;
    this.#expire = expire;
  }

  /** At or below the last identifier of this user: acknowledged, changes nothing (the files of the messages may be the committed ones: they are left alone). */
  async commit(identifier: bigint, messages: readonly CommitMessage[], options: { watermark?: bigint } = {}): Promise<CommitResult> {
    if (this.#closed) throw new WeirError('CLOSED', `the committer of ${this.#store.table} is closed`, { table: this.#store.table });
    const last = await this.lastIdentifier();
    const rows = messages.reduce((sum, message) => sum + message.newFiles.reduce((part, file) => part + file.rowCount, 0), 0);
    if (last !== undefined && identifier <= last) {
      return { snapshot: undefined, identifier, rows, alreadyCommitted: true };
    }
    const outcome = await commitTable(this.#store, {
      commitUser: this.commitUser,
      identifier,
      messages,
      ...(options.watermark !== undefined && { watermark: options.watermark }),
    });
    if (!this.#store.options.writeOnly) await this.#expire();
    return { snapshot: outcome.snapshots.at(-1), identifier, rows, alreadyCommitted: outcome.alreadyCommitted };
  }

  /** The newest identifier this user committed; undefined when no snapshot of the user is left. */
  async lastIdentifier(): Promise<bigint | undefined> {
    return lastCommittedIdentifier(this.#store, this.commitUser);
  }

  /** Deletes the files of messages that will not be committed. */
  async abort(messages: readonly CommitMessage[]): Promise<void> {
    await abortMessages(this.#store, messages);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
