/**
 * The log of one table as one process sees it: one order of commits for all its writers.
 *
 *   commit ─┐
 *   commit ─┼─> queue ─> one slot in flight ─ won ──> folded into the state, callers answered
 *   commit ─┘             ^        └ lost ─> read what took it, next slot
 *                         └ those that arrive meanwhile share the next slot
 *
 * Invariants
 * - a slot is taken only after every slot before it was read, so what is written never contradicts what is there.
 * - a slot whose outcome is unknown is tried again with the same bytes at the same number until it is known.
 * - a commit is acknowledged when its slot lasts and is not below `start`. A slot that was covered by a `tree` record stays
 *   for 2 x LOOK_MS; whoever has not looked at the tail for LOOK_MS looks again before it believes what it made or found,
 *   for the number may have been used, and trimmed, before.
 */
import type { Clock } from '../base/clock.js';
import { hasCode, WeirError } from '../base/error.js';
import type { Random } from '../base/random.js';
import { isLasting } from '../io/file-errors.js';
import type { LogBody } from '../meta/commit-message.js';
import { concatArrays } from '../types/concat-arrays.js';
import { concatBatch } from '../types/take.js';
import type { LogSlot } from './log-slot.js';
import { LogState } from './log-state.js';
import { type LogCommit, type LogUser, rowsOf, type SlotContent, type SlotHeader, type TreeMark } from './slot.js';
import { decodeHeader, encodeSlot, type LogRows } from './slot-codec.js';
import { SlotReader, type SlotReaderOptions } from './slot-reader.js';
import type { SlotStore } from './slot-store.js';
import { WriterQueue } from './writer-queue.js';

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

export interface CommitRequest {
  readonly user: string;
  readonly epoch: bigint;
  readonly identifier: bigint;
  readonly watermark?: bigint | undefined;
  readonly schemaId: bigint;
  /** inline rows; none when all are in bodies */
  readonly rows: readonly LogRows[];
  readonly size_bytes: number;
  /** written and fsynced already */
  readonly bodies: readonly LogBody[];
}

export interface LogReceipt {
  /** the slot that holds the commit; undefined when it had been committed before */
  readonly slot: bigint | undefined;
  readonly alreadyCommitted: boolean;
}

interface Waiting {
  readonly request: CommitRequest;
  readonly resolve: (receipt: LogReceipt) => void;
  readonly reject: (error: unknown) => void;
}

interface Moment {
  readonly monotonic_ms: number;
  readonly now_ms: number;
}

/** What goes into a slot, given the state before it; undefined: nothing any more. */
type Draft = (state: LogState) =>
  | (Pick<SlotHeader, 'schemaId' | 'content'> & {
      start?: bigint;
      tree?: Omit<TreeMark, 'slot'>;
      rows?: LogRows | undefined;
    })
  | undefined;

/**
 * For so long after a look that found no slot after the state in the tree, none of them can have been trimmed: retention waits
 * for twice that, so clocks may differ by as much. No option changes it, for processes learn of options at different times.
 */
export const LOOK_MS = 60_000;
const KEPT_SLOTS = 4_096;
const KEPT_BYTES = 64 * 1024 * 1024;
/** attempts at one slot whose outcome is unknown, before the caller is told so */
const MAX_UNCERTAIN = 8;

export class TableLog {
  readonly #options: TableLogOptions;
  readonly #reader: SlotReader;
  readonly #others: WriterQueue;
  /** newest slot that was made here */
  #made = 0n;
  #state: LogState | undefined;
  readonly #queue: Waiting[] = [];
  #draining = false;
  /** one at a time: slots are taken, and the tail is read, in order */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #wakers = new Set<() => void>();
  /** sizes of the commit slots after the tree's position, ascending, and their sum */
  readonly #pending = new Map<bigint, number>();
  #pending_bytes = 0;
  /** the highest slot that was seen: up to there none may be missing */
  #seen = 0n;
  /** when no slot after the state was in the tree */
  #lastLook: Moment = { monotonic_ms: Number.NEGATIVE_INFINITY, now_ms: Number.NEGATIVE_INFINITY };

  constructor(options: TableLogOptions) {
    this.#options = options;
    this.#others = new WriterQueue(options.store.io, options.store.path, options.clock, options.random);
    this.#reader = new SlotReader(options.store, {
      fieldsOf: options.fieldsOf,
      capacity: KEPT_SLOTS,
      capacity_bytes: KEPT_BYTES,
    });
  }

  get id(): string {
    return this.#options.id;
  }

  get store(): SlotStore {
    return this.#options.store;
  }

  /** Bytes of committed rows that no snapshot is known to hold. */
  get pending_bytes(): number {
    return this.#pending_bytes;
  }

  /** Reads on to the newest slot. */
  refresh(): Promise<LogState> {
    return this.#exclusively(() => this.#catchUp());
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
    const answer = new Promise<LogReceipt>((resolve, reject) => this.#queue.push({ request, resolve, reject }));
    if (!this.#draining) void this.#drain();
    return answer;
  }

  /** The slot's header and rows. @throws POSITION_EXPIRED when it was trimmed; CORRUPTION when it is missing among those that stay */
  async slot(slot: bigint): Promise<LogSlot> {
    const found = await this.#reader.slot(slot, this.#options.id).catch(async (error: unknown) => {
      if (!hasCode(error, 'POSITION_EXPIRED')) throw error;
      const state = await this.refresh();
      throw slot >= state.start && slot <= state.slot ? this.#missing(slot) : error;
    });
    if (this.#isStale() && slot < (await this.refresh()).start) {
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

  /** Nobody can join the queue between the look that finds it empty and the end: whoever comes after it starts anew. */
  async #drain(): Promise<void> {
    this.#draining = true;
    while (this.#queue.length > 0) {
      if (this.#options.linger_ms > 0) await this.#options.clock.sleep(this.#options.linger_ms);
      const group = this.#joining([]);
      try {
        await this.#commitGroup(group);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#draining = false;
  }

  /** Those in the queue that fit a slot beside the group, under one schema, in order of arrival. */
  #joining(group: readonly Waiting[]): Waiting[] {
    const schemaId = (group[0] ?? this.#queue[0])?.request.schemaId;
    let size_bytes = group.reduce((sum, { request }) => sum + request.size_bytes, 0);
    let count = 0;
    for (const { request } of this.#queue) {
      size_bytes += request.size_bytes;
      if (group.length + count > 0 && (request.schemaId !== schemaId || size_bytes > this.#options.inlineMax_bytes)) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  async #commitGroup(group: Waiting[]): Promise<void> {
    let open: Waiting[] = [];
    const header = await this.#append((state) => {
      // it may have waited long for this slot
      group.push(...this.#joining(group));
      open = this.#stillOpen(group, state);
      if (open.length === 0) return undefined;
      const requests = open.map(({ request }) => request);
      return {
        schemaId: requests[0]!.schemaId,
        content: { kind: 'commits', commits: requests.map(commitOf) },
        rows: joinRows(requests.flatMap(({ rows }) => rows)),
      };
    });
    for (const { resolve } of open) resolve({ slot: header!.slot, alreadyCommitted: false });
  }

  /** Answers those that are committed or fenced already; the rest. */
  #stillOpen(group: readonly Waiting[], state: LogState): Waiting[] {
    const last = new Map<string, bigint>();
    return group.filter((waiting) => {
      const { user, epoch, identifier } = waiting.request;
      const newest = last.get(user) ?? state.user(user)?.identifier;
      const refusal = state.refusal(user, epoch, this.#options.table);
      if (refusal !== undefined) {
        waiting.reject(refusal);
        return false;
      }
      if (newest !== undefined && identifier <= newest) {
        waiting.resolve({ slot: undefined, alreadyCommitted: true });
        return false;
      }
      last.set(user, identifier);
      return true;
    });
  }

  /** Publishes what the draft says; undefined when the draft lets it be. */
  #append(draft: Draft): Promise<SlotHeader | undefined> {
    return this.#exclusively(async () => {
      try {
        // who does not wait among others would take every slot before them
        if ((this.#state?.slot ?? 0n) !== this.#made || !(await this.#others.isEmpty())) await this.#awaitTurn();
        // cheaper than to lose a slot that another process has taken meanwhile
        const known = this.#state;
        const isHead = known !== undefined && !this.#isStale() && !(await this.#options.store.exists(known.slot + 1n));
        let state = isHead ? known : await this.#catchUp();
        for (;;) {
          const wanted = draft(state);
          if (wanted === undefined) return undefined;
          const header = await this.#headerOf(state, wanted);
          const bytes = encodeSlot(header, wanted.rows);
          const before = this.#now();
          if ((await this.#put(header, bytes)) && (await this.#isInTime(header.slot, before))) {
            this.#made = header.slot;
            this.#fold(state, header, wanted.rows === undefined ? { bytes } : { inline: [wanted.rows] }, bytes.length);
            return header;
          }
          await this.#awaitTurn();
          state = await this.#catchUp();
        }
      } finally {
        await this.#others.leave();
      }
    });
  }

  /** Other processes write as well: waits for their slots, and reads them. */
  #awaitTurn(): Promise<void> {
    return this.#others.enter(() => this.#catchUp());
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

  /** Does a slot just made count? After a stall the log may have been trimmed past a number that looked free: then it goes again. */
  async #isInTime(slot: bigint, before: Moment): Promise<boolean> {
    if (this.#isStale()) {
      const newest = await this.#newest();
      if (newest !== undefined && slot < newest.start) {
        this.#state = undefined;
        await this.#options.store.remove(slot);
        return false;
      }
    }
    this.#lastLook = before;
    return true;
  }

  async #catchUp(): Promise<LogState> {
    for (;;) {
      if (this.#state !== undefined && this.#isStale() && !(await this.#isUncovered(this.#state))) this.#state = undefined;
      const state = this.#state ?? (await this.#reopen());
      this.#state = state;
      if (await this.#readOn(state)) return state;
    }
  }

  /** Folds what follows. false when it has to be looked at anew: what was found may be a slot that came too late, or be missing. */
  async #readOn(state: LogState): Promise<boolean> {
    const { store, id } = this.#options;
    for (;;) {
      const before = this.#now();
      const found = await this.#reader.header(state.slot + 1n, id);
      if (this.#isStale()) return false;
      if (found !== undefined) {
        this.#fold(state, found.header, { bytes: found.bytes });
        continue;
      }
      if (state.slot < this.#seen) {
        const newest = await this.#newest();
        if (newest !== undefined && newest.start <= state.slot + 1n) throw this.#missing(state.slot + 1n);
      }
      const isHead = state.slot === 0n ? (await store.newest()) === undefined : await store.exists(state.slot);
      if (isHead) this.#lastLook = before;
      else {
        if (state.slot > this.#seen) this.#seen = state.slot;
        this.#state = undefined;
      }
      return isHead;
    }
  }

  /** Looks at the newest slot: is everything after the state outside the tree still? */
  async #isUncovered({ slot }: LogState): Promise<boolean> {
    const before = this.#now();
    const newest = await this.#newest();
    if (newest === undefined ? slot > 0n : newest.tree.position > slot) return false;
    this.#lastLook = before;
    return true;
  }

  /** The state from the newest `tree` record on; of an empty log when there is no slot. */
  async #reopen(): Promise<LogState> {
    for (let before: bigint | undefined; ; ) {
      this.#lastLook = this.#now();
      const newest = await this.#newest();
      if (newest === undefined && this.#seen > 0n) throw await this.#lost();
      if (newest === undefined || newest.tree.slot === 0n) return new LogState();
      const { tree, slot } = newest;
      const record = tree.slot === slot ? newest : (await this.#reader.header(tree.slot, this.#options.id))?.header;
      const gone = record === undefined ? tree.slot : await this.#keepPending(tree);
      if (gone === undefined && !this.#isStale()) return LogState.at(record!);
      // the tree has moved on meanwhile; or nothing has, and the slot should be there
      if (gone !== undefined && slot === before) throw this.#missing(gone);
      before = slot;
    }
  }

  /** What a log without any slot is that had some: its newest is never removed. */
  async #lost(): Promise<WeirError> {
    const { store } = this.#options;
    return (await store.isThere()) ? this.#missing(this.#seen) : store.gone();
  }

  #missing(slot: bigint): WeirError {
    const file = this.#options.store.path.slot(slot);
    return new WeirError('CORRUPTION', `log slot ${file} is missing: it was there, or later ones are, and it was not given up`, { file });
  }

  /** The header of the newest slot, undefined for an empty log. */
  async #newest(): Promise<SlotHeader | undefined> {
    const { store, id } = this.#options;
    for (;;) {
      const newest = await store.newest();
      if (newest === undefined) return undefined;
      if (newest > this.#seen) this.#seen = newest;
      const found = await this.#reader.header(newest, id);
      // gone means that there is a newer one
      if (found !== undefined) return found.header;
    }
  }

  /** Slots that were committed while the record of the tree was on its way. The first that is gone. */
  async #keepPending({ slot, position }: TreeMark): Promise<bigint | undefined> {
    this.#pending.clear();
    this.#pending_bytes = 0;
    for (let at = position + 1n; at < slot; at++) {
      const found = await this.#reader.header(at, this.#options.id);
      if (found === undefined) return at;
      this.#reader.keep(found.header, { bytes: found.bytes }, found.bytes?.length ?? 0, new Set());
      this.#count(found.header, found.bytes?.length ?? 0);
    }
    return undefined;
  }

  #count({ slot, content }: SlotHeader, size_bytes: number): void {
    if (content.kind !== 'commits') return;
    const bodies = content.commits.flatMap((commit) => commit.bodies);
    const pending_bytes = bodies.reduce((sum, body) => sum + body.size_bytes, size_bytes);
    this.#pending_bytes += pending_bytes - (this.#pending.get(slot) ?? 0);
    this.#pending.set(slot, pending_bytes);
  }

  #dropPending(upTo: bigint): void {
    for (const [slot, size_bytes] of this.#pending) {
      if (slot > upTo) return;
      this.#pending.delete(slot);
      this.#pending_bytes -= size_bytes;
    }
  }

  #fold(
    state: LogState,
    header: SlotHeader,
    source: { bytes?: Uint8Array | undefined; inline?: readonly LogRows[] },
    size_bytes = source.bytes?.length ?? 0,
  ): void {
    const voids = new Set<LogCommit>();
    if (header.content.kind === 'commits') {
      const last = new Map<string, bigint>();
      for (const commit of header.content.commits) {
        const before = last.get(commit.user);
        if (!state.counts(commit) || (before !== undefined && commit.identifier <= before)) voids.add(commit);
        else last.set(commit.user, commit.identifier);
      }
    }
    state.apply(header, this.#options.store.path.slot(header.slot));
    this.#reader.keep(header, source, size_bytes, voids);
    this.#count(header, size_bytes);
    this.#dropPending(state.tree.position);
    for (const wake of this.#wakers) wake();
  }

  #now(): Moment {
    const { clock } = this.#options;
    return { monotonic_ms: clock.monotonic_ms(), now_ms: clock.now_ms() };
  }

  #isStale(): boolean {
    const { monotonic_ms, now_ms } = this.#now();
    return Math.max(monotonic_ms - this.#lastLook.monotonic_ms, Math.abs(now_ms - this.#lastLook.now_ms)) >= LOOK_MS;
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

function commitOf({ user, epoch, identifier, watermark, rows, bodies }: CommitRequest): LogCommit {
  const inlineRows = rows.reduce((sum, { kinds }) => sum + kinds.length, 0);
  return { user, epoch, identifier, inlineRows, bodies, ...(watermark !== undefined && { watermark }) };
}

function joinRows(rows: readonly LogRows[]): LogRows | undefined {
  if (rows.length <= 1) return rows[0];
  return { batch: concatBatch(rows.map(({ batch }) => batch)), kinds: concatArrays(rows.map(({ kinds }) => kinds)) };
}
