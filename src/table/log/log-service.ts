/**
 * A table's log as the handle of the table uses it: opened for writers, flushed, switched on and off.
 *
 * `log.enabled` says where new commits go; whatever stands in a log that is switched off is still part of the table until it
 * is in a snapshot. Another engine may set the option too: the next writer of weir sees to the rest.
 */
import type { Random } from '../../base/random.js';
import type { TableStore } from '../table-store.js';
import type { WriterLog } from '../writer.js';
import type { LogHandle } from './log-handle.js';
import { LogKeeper } from './log-keeper.js';
import { LogSession } from './log-session.js';

type Options = Readonly<Record<string, string>>;

/**
 * The options of a new table: it has a log unless they say otherwise. That is written down, because a table that says nothing
 * was made by another engine, or before there were logs, and has none.
 */
export function withDefaultLog(options: Options, random: Random): Options {
  return withLog({ 'log.enabled': 'true', ...options }, random);
}

/**
 * What a log that is on needs besides: its name, and `write-only`, so that other engines neither compact nor expire in passing
 * what the log still refers to.
 */
function withLog(options: Options, random: Random): Options {
  if (options['log.enabled']?.trim().toLowerCase() !== 'true') return options;
  return { 'write-only': 'true', 'log.id': random.uuid(), ...options };
}

/** What a log lacks that an ALTER switched on; nothing when another writer has seen to it. */
function namedLog(options: Options, random: Random): Options {
  return options['log.id'] === undefined ? withLog(options, random) : {};
}

export class LogService {
  readonly #store: TableStore;
  readonly #expire: () => Promise<void>;
  /** sets options of the table's schema: those that the function says, given the ones there are when they are set */
  readonly #alter: (complete: (options: Options) => Options) => Promise<void>;
  #keeper: { readonly handle: LogHandle; readonly keeper: LogKeeper } | undefined;

  constructor(store: TableStore, expire: () => Promise<void>, alter: (complete: (options: Options) => Options) => Promise<void>) {
    this.#store = store;
    this.#expire = expire;
    this.#alter = alter;
  }

  /** What a writer or committer of this user needs; undefined when its commits go to snapshots, and no log is in their way. */
  async open(commitUser: string, options: { overwrites: boolean }): Promise<WriterLog | undefined> {
    const store = this.#store;
    if (store.options.logEnabled && store.options.logId === undefined) await this.#alter((options) => namedLog(options, store.random));
    const keeper = this.#keeperOf(store.log);
    if (keeper === undefined) return undefined;
    const handle = store.log!;
    if (!store.options.logEnabled) {
      await this.#switchOff(handle, keeper);
      return undefined;
    }
    await handle.latest();
    if (!(await handle.log.store.isThere())) await handle.log.store.create();
    const session = options.overwrites ? undefined : await LogSession.open(store, handle, keeper, commitUser);
    keeper.acquire();
    return { session, keeper };
  }

  /** Puts all that is committed into a snapshot; its id, undefined when there was nothing to do. */
  async flush(signal?: AbortSignal): Promise<bigint | undefined> {
    return (await this.#keeperOf(this.#store.log)?.flush(signal))?.snapshot;
  }

  /** Ends the keeping, though writers be open: what they committed is put into a snapshot. */
  async close(): Promise<void> {
    await this.#keeper?.keeper.close();
  }

  #keeperOf(handle: LogHandle | undefined): LogKeeper | undefined {
    if (this.#keeper?.handle !== handle)
      this.#keeper = handle === undefined ? undefined : { handle, keeper: new LogKeeper(this.#store, handle, this.#expire) };
    return this.#keeper?.keeper;
  }

  /** No slot may follow the snapshots that writers make from now on. */
  async #switchOff({ log }: LogHandle, keeper: LogKeeper): Promise<void> {
    const state = await log.refresh();
    if (state.slot === 0n) return;
    if (!state.closed) await log.record((now) => (now.closed ? undefined : { kind: 'closed' }));
    await keeper.flush();
  }
}
