/**
 * The log of one table as one process sees it: one order of commits for all its writers.
 *
 *   commits ─> commit-queue ─┐                  ┌ won ──> folded into the head, callers answered
 *   records ─────────────────┴─> one in flight ─┴ lost ─> wait for one's turn (writer-queue), read on (log-head), next slot
 *
 * Invariants
 * - a slot is taken only after every slot before it was read, so what is written never contradicts what is there.
 * - a slot whose outcome is unknown is tried again with the same bytes at the same number until it is known.
 * - a commit is acknowledged when its slot lasts and is not below `start` (log-head.ts).
 */
import type { Clock } from '../base/clock.js';
import { hasCode, WeirError } from '../base/error.js';
import type { Random } from '../base/random.js';
import { isLasting } from '../io/file-errors.js';
import { CommitQueue, type CommitRequest, type Draft, type LogReceipt } from './commit-queue.js';
import { LogHead } from './log-head.js';
import type { LogSlot } from './log-slot.js';
import type { LogState } from './log-state.js';
import { type LogUser, rowsOf, type SlotContent, type SlotHeader, type TreeMark } from './slot.js';
import { decodeHeader, encodeSlot } from './slot-codec.js';
import { SlotReader, type SlotReaderOptions } from './slot-reader.js';
import type { SlotStore } from './slot-store.js';
import { WriterQueue } from './writer-queue.js';

export type { CommitRequest, LogReceipt } from './commit-queue.js';
export { LOOK_MS } from './log-head.js';

export interface TableLogOptions extends Pick<SlotReaderOptions, 'fieldsOf'> {
  readonly table: string;
  /** the option `log.id` */
  readonly id: string;
  readonly store: SlotStore;
  readonly clock: Clock;
  readonly random: Random;
  /** 1 + the highest sequence number in the newest snapshot seen */
  readonly nextNumber: () => Promise<bigint>;
  /** rows in slots up to this many bytes (estimated) share one */
  readonly inlineMax_bytes: number;
  /** how long a group waits for company */
  readonly linger_ms: number;
}

/** One run of a job: fenced as soon as another opens under the same user. */
export interface Incarnation {
  readonly user: string;
  readonly epoch: bigint;
  /** of the user's last commit before */
  readonly identifier: bigint | undefined;
  /** an earlier one took numbers: until a snapshot is at or past the epoch it may publish rows under them */
  readonly loadsBefore: boolean;
}

const KEPT_SLOTS = 4_096;
const KEPT_BYTES = 64 * 1024 * 1024;
/** attempts at one slot whose outcome is unknown, before the caller is told so */
const MAX_UNCERTAIN = 8;

export class TableLog {
  readonly #options: TableLogOptions;
  readonly #reader: SlotReader;
  readonly #head: LogHead;
  readonly #commits: CommitQueue;
  readonly #others: WriterQueue;
  /** newest slot that was made here */
  #made = 0n;
  /** one at a time: slots are taken, and the tail is read, in order */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #wakers = new Set<() => void>();

  constructor(options: TableLogOptions) {
    this.#options = options;
    this.#others = new WriterQueue(options.store.io, options.store.path, options.clock, options.random);
    this.#reader = new SlotReader(options.store, {
      fieldsOf: options.fieldsOf,
      capacity: KEPT_SLOTS,
      capacity_bytes: KEPT_BYTES,
    });
    this.#head = new LogHead({
      ...options,
      reader: this.#reader,
      onSlot: () => {
        for (const wake of this.#wakers) wake();
      },
    });
    this.#commits = new CommitQueue({ ...options, append: (draft) => this.#append(draft) });
  }

  get id(): string {
    return this.#options.id;
  }

  get store(): SlotStore {
    return this.#options.store;
  }

  /** Bytes of committed rows that no snapshot is known to hold. */
  get pending_bytes(): number {
    return this.#head.pending_bytes;
  }

  /** Reads on to the newest slot. */
  refresh(): Promise<LogState> {
    return this.#exclusively(() => this.#head.catchUp());
  }

  /** A new incarnation of a user: whatever ran under that name before is fenced. */
  async open(user: string): Promise<Incarnation> {
    let before: LogUser | undefined;
    const header = await this.#append((state) => {
      before = state.user(user);
      return { schemaId: 0n, content: { kind: 'open', user } };
    });
    return { user, epoch: header!.slot, identifier: before?.identifier, loadsBefore: before?.reserved !== undefined };
  }

  /** Numbers for rows that go past the log into a snapshot: the first. @throws FENCED */
  async reserve({ user, epoch }: Pick<Incarnation, 'user' | 'epoch'>, rows: number): Promise<bigint> {
    const header = await this.record((state) => {
      const refusal = state.refusal(user, epoch, this.#options.table);
      if (refusal !== undefined) throw refusal;
      return { kind: 'reserve', user, epoch, rows };
    });
    return header!.base;
  }

  /** Publishes a record. The draft is asked again whenever a slot is lost; it may return undefined to let it be. */
  record(
    draft: (state: LogState) => SlotContent | undefined,
    mark: { tree?: Omit<TreeMark, 'slot'>; start?: bigint } = {},
  ): Promise<SlotHeader | undefined> {
    return this.#append((state) => {
      const content = draft(state);
      return content === undefined ? undefined : { schemaId: 0n, content, ...mark };
    });
  }

  /**
   * Durable and visible when it resolves.
   *
   * @throws FENCED when a newer incarnation of the user has opened, or this one slept until its slot was given up;
   *   UNAVAILABLE when the outcome is not known: committing the same identifier again is right
   */
  commit(request: CommitRequest): Promise<LogReceipt> {
    return this.#commits.commit(request);
  }

  /** The slot's header and rows. @throws POSITION_EXPIRED when it was trimmed; CORRUPTION when it is missing among those that stay */
  async slot(slot: bigint): Promise<LogSlot> {
    const found = await this.#reader.slot(slot, this.#options.id).catch(async (error: unknown) => {
      if (!hasCode(error, 'POSITION_EXPIRED')) throw error;
      const state = await this.refresh();
      throw slot >= state.start && slot <= state.slot ? this.#head.missing(slot) : error;
    });
    if (this.#head.isStale() && slot < (await this.refresh()).start) {
      const { store, table } = this.#options;
      throw new WeirError('POSITION_EXPIRED', `slot ${slot} of the log of ${table} is given up`, { table, file: store.path.slot(slot) });
    }
    return found;
  }

  /** Lets go of what is kept of slots up to one: they are in the tree. */
  forget(upTo: bigint): void {
    this.#reader.forget(upTo);
  }

  /** Resolves when the slot may be there, by this process or another, and after `timeout_ms` in any case. */
  async awaitSlot(slot: bigint, timeout_ms: number, signal?: AbortSignal): Promise<void> {
    const { store, clock } = this.#options;
    const sleep = new AbortController();
    const wake = () => sleep.abort();
    this.#wakers.add(wake);
    signal?.addEventListener('abort', wake);
    const unwatch = store.watch(slot, wake);
    try {
      // it may have come before anybody watched
      if (signal?.aborted !== true && !(await store.exists(slot))) await clock.sleep(timeout_ms, sleep.signal).catch(() => undefined);
    } finally {
      unwatch?.();
      signal?.removeEventListener('abort', wake);
      this.#wakers.delete(wake);
    }
  }

  /** Publishes what the draft says; undefined when the draft lets it be. */
  #append(draft: Draft): Promise<SlotHeader | undefined> {
    return this.#exclusively(async () => {
      try {
        // who does not wait among others would take every slot before them
        if (this.#head.slot !== this.#made || !(await this.#others.isEmpty())) await this.#awaitTurn();
        let state = await this.#head.current();
        for (;;) {
          const wanted = draft(state);
          if (wanted === undefined) return undefined;
          const header = await this.#headerOf(state, wanted);
          const bytes = encodeSlot(header, wanted.rows);
          const before = this.#head.now();
          if ((await this.#put(header, bytes)) && (await this.#head.isInTime(header.slot, before))) {
            this.#made = header.slot;
            this.#head.fold(state, header, wanted.rows === undefined ? { bytes } : { inline: [wanted.rows] }, bytes.length);
            return header;
          }
          await this.#awaitTurn();
          state = await this.#head.catchUp();
        }
      } finally {
        await this.#others.leave();
      }
    });
  }

  /** Other processes write as well: waits for their slots, and reads them. */
  #awaitTurn(): Promise<void> {
    return this.#others.enter(() => this.#head.catchUp());
  }

  async #headerOf(state: LogState, wanted: NonNullable<ReturnType<Draft>>): Promise<SlotHeader> {
    const { clock, random, nextNumber, id } = this.#options;
    const next = await nextNumber();
    const base = next > state.end ? next : state.end;
    const slot = state.slot + 1n;
    return {
      log: id,
      slot,
      commit: random.uuid(),
      start: wanted.start ?? state.start,
      tree: wanted.tree === undefined ? state.tree : { slot, ...wanted.tree },
      base,
      end: base + BigInt(rowsOf(wanted.content)),
      time_ms: Math.max(state.time_ms, clock.now_ms()),
      schemaId: wanted.schemaId,
      content: wanted.content,
    };
  }

  /** true when the slot is ours, false when it is another's. The same bytes at the same number until that is known. */
  async #put(header: SlotHeader, bytes: Uint8Array): Promise<boolean> {
    const { store, clock, random } = this.#options;
    const { slot, commit } = header;
    let failure: unknown;
    for (let attempt = 0; attempt < MAX_UNCERTAIN; attempt++) {
      try {
        if (await store.publish(slot, bytes, () => void this.#others.leave())) return true;
        const there = failure === undefined ? undefined : await store.read(slot);
        if (there === undefined || decodeHeader(there, store.path.slot(slot)).commit !== commit) return false;
        // the failure may have come before its name was made to last
        await store.sync(slot, slot);
        return true;
      } catch (error) {
        if (hasCode(error, 'NOT_FOUND') || hasCode(error, 'UNSUPPORTED') || hasCode(error, 'CORRUPTION')) throw error;
        if (isLasting(error) && !(await store.exists(slot))) throw error;
        failure = error;
        await clock.sleep(random.float() * 2 ** attempt);
      }
    }
    const { table } = this.#options;
    const message = `it is not known whether slot ${slot} of the log of ${table} was published (${(failure as Error).message}); commit again with the same identifier, which changes nothing if it was`;
    throw new WeirError('UNAVAILABLE', message, { table, file: store.path.slot(slot), cause: failure });
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
