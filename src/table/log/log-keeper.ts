/**
 * Keeps the log short while writers are open: puts it into the tree at intervals, compacts, trims.
 *
 * One keeper a table and process; keepers of several processes take turns by claims, which are hints: the position check of
 * a commit is what keeps two from doing the same.
 * Invariants: a keeper that fails tells it and tries again, it never fails the job that commits; a process does not live on
 * for a keeper that waits.
 */
import type { CommitMessage } from '../../meta/commit-message.js';
import { partitionPath } from '../../meta/partition-path.js';
import { compactPlaces } from '../compaction.js';
import type { TableStore } from '../table-store.js';
import type { LogHandle } from './log-handle.js';
import { type Materialised, materialise } from './materialise.js';

export class LogKeeper {
  readonly #store: TableStore;
  readonly #handle: LogHandle;
  readonly #expire: () => Promise<void>;
  readonly #name: string;
  #writers = 0;
  #stop: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  #working: Promise<Materialised> | undefined;
  /** begins when the work under way has ended, which need not have seen all that is committed by now */
  #next: Promise<Materialised> | undefined;
  /** files that others put into the tree beside the log: their buckets are compacted with the next work */
  #untidy: CommitMessage[] = [];

  constructor(store: TableStore, handle: LogHandle, expire: () => Promise<void>) {
    this.#store = store;
    this.#handle = handle;
    this.#expire = expire;
    this.#name = store.random.uuid();
  }

  /** A writer has opened. */
  acquire(): void {
    this.#writers++;
    if (this.#writers > 1) return;
    const stop = new AbortController();
    this.#stop = stop;
    this.#running = this.#run(stop.signal);
  }

  /** A writer has closed: with the last one the keeper rests. */
  async release(): Promise<void> {
    if (this.#writers === 0 || --this.#writers > 0) return;
    await this.#rest();
  }

  /** Whatever writers are open: all that they committed is put into the tree, and the keeper rests. */
  async close(): Promise<void> {
    if (this.#writers === 0) return;
    this.#writers = 0;
    try {
      await this.flush();
    } finally {
      await this.#rest();
    }
  }

  async #rest(): Promise<void> {
    this.#stop?.abort();
    await this.#running;
    await this.#working?.catch(() => undefined);
  }

  /** Puts all that is committed into the tree, now. Calls while one is at it share the next. */
  flush(signal?: AbortSignal): Promise<Materialised> {
    if (this.#working === undefined) return this.#begin(signal);
    this.#next ??= this.#working
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.flush(signal);
      });
    return this.#next;
  }

  #begin(signal?: AbortSignal): Promise<Materialised> {
    this.#working = this.#work(signal).finally(() => {
      this.#working = undefined;
    });
    return this.#working;
  }

  /** Files have gone into the tree that a keeper did not put there. */
  tidyLater(messages: readonly CommitMessage[]): void {
    this.#untidy.push(...messages);
  }

  /** Waits until so much is in the tree that a writer may go on; from half of the limit on the log is emptied beside the writing. */
  async makeRoom(): Promise<void> {
    const { options, clock } = this.#store;
    const limit_bytes = options.logPendingMax_bytes;
    if (this.#handle.log.pending_bytes < limit_bytes / 2) return;
    if (this.#handle.log.pending_bytes < limit_bytes) {
      if (this.#working === undefined) this.flush().catch((error) => this.#warn(error));
      return;
    }
    const started_ms = clock.monotonic_ms();
    while (this.#handle.log.pending_bytes >= limit_bytes) await (this.#working ?? this.flush());
    this.#store.emit({ type: 'back-pressure', reason: 'log', duration_ms: clock.monotonic_ms() - started_ms });
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const woken = await this.#store.clock
        .sleep(this.#store.options.snapshotInterval_ms, signal, { background: true })
        .catch(() => 'stopped' as const);
      if (woken === 'stopped') return;
      try {
        if (await this.#claim()) await this.flush();
      } catch (error) {
        this.#warn(error);
      }
    }
  }

  #warn(error: unknown): void {
    this.#store.services.logger?.warn(`${this.#store.table}: the log was not put into a snapshot: ${String(error)}`);
  }

  /** false when there is nothing to do, or somebody else is at it. */
  async #claim(): Promise<boolean> {
    const { clock, options } = this.#store;
    await this.#handle.log.refresh();
    if (this.#handle.log.pending_bytes === 0 && this.#untidy.length === 0) return false;
    const until_ms = clock.now_ms() + options.snapshotInterval_ms;
    const header = await this.#handle.log.record(({ claim }) =>
      claim !== undefined && claim.by !== this.#name && claim.until_ms > clock.now_ms()
        ? undefined
        : { kind: 'claim', by: this.#name, until_ms },
    );
    return header !== undefined;
  }

  async #work(signal: AbortSignal | undefined): Promise<Materialised> {
    const done = await materialise(this.#store, this.#handle, signal);
    const untidy = this.#untidy.splice(0);
    if (done.snapshot !== undefined || untidy.length > 0) await this.#tidy([...untidy, ...done.messages]);
    return done;
  }

  async #tidy(messages: readonly CommitMessage[]): Promise<void> {
    const store = this.#store;
    try {
      if (store.options.logCompaction && store.schema.primaryKeys.length > 0) {
        const places = messages.map(({ partition, bucket }) => ({
          partition,
          bucket,
          directory: store.path.bucket(partitionPath(store.schema, partition), bucket),
        }));
        await compactPlaces(store, places, {});
      }
      // takes slots that have outlived their retention along
      await this.#expire();
    } catch (error) {
      store.services.logger?.warn(`${store.table}: tidying up failed: ${String(error)}`);
    }
  }
}
