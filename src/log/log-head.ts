/**
 * The end of the log as this process knows it: what all slots up to the newest one say, and when that was last looked at.
 *
 *   newest tree record ─ slot ─ slot ─ … ─> state            reading on: the next slot, until there is none
 *                                  └ after a stall: is what follows the state still outside the tree? Else from the record again
 *
 * Invariants
 * - slots are folded in order, none left out; one that is missing among those that stay is CORRUPTION.
 * - a slot that was covered by a `tree` record stays for 2 x LOOK_MS; whoever has not looked at the tail for LOOK_MS looks again
 *   before it believes what it made or found, for the number may have been used, and trimmed, before.
 */
import type { Clock } from '../base/clock.js';
import { WeirError } from '../base/error.js';
import { LogState } from './log-state.js';
import type { LogCommit, SlotHeader, TreeMark } from './slot.js';
import type { LogRows } from './slot-codec.js';
import type { SlotReader } from './slot-reader.js';
import type { SlotStore } from './slot-store.js';

export interface LogHeadOptions {
  /** the option `log.id` */
  readonly id: string;
  readonly store: SlotStore;
  readonly reader: SlotReader;
  readonly clock: Clock;
  /** a slot was folded */
  readonly onSlot: () => void;
}

export interface Moment {
  readonly monotonic_ms: number;
  readonly now_ms: number;
}

/**
 * For so long after a look that found no slot after the state in the tree, none of them can have been trimmed: retention waits
 * for twice that, so clocks may differ by as much. No option changes it, for processes learn of options at different times.
 */
export const LOOK_MS = 60_000;

export class LogHead {
  readonly #options: LogHeadOptions;
  #state: LogState | undefined;
  /** sizes of the commit slots after the tree's position, ascending, and their sum */
  readonly #pending = new Map<bigint, number>();
  #pending_bytes = 0;
  /** the highest slot that was seen: up to there none may be missing */
  #seen = 0n;
  /** when no slot after the state was in the tree */
  #lastLook: Moment = { monotonic_ms: Number.NEGATIVE_INFINITY, now_ms: Number.NEGATIVE_INFINITY };

  constructor(options: LogHeadOptions) {
    this.#options = options;
  }

  /** Bytes of committed rows that no snapshot is known to hold. */
  get pending_bytes(): number {
    return this.#pending_bytes;
  }

  /** The newest slot that was read, 0 for none. */
  get slot(): bigint {
    return this.#state?.slot ?? 0n;
  }

  /** Reads on if there is anything: cheaper than to lose a slot that another process has taken meanwhile. */
  async current(): Promise<LogState> {
    const known = this.#state;
    const isHead = known !== undefined && !this.isStale() && !(await this.#options.store.exists(known.slot + 1n));
    return isHead ? known : this.catchUp();
  }

  /** Does a slot just made count? After a stall the log may have been trimmed past a number that looked free: then it goes again. */
  async isInTime(slot: bigint, before: Moment): Promise<boolean> {
    if (this.isStale()) {
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

  /** Reads on to the newest slot. */
  async catchUp(): Promise<LogState> {
    for (;;) {
      if (this.#state !== undefined && this.isStale() && !(await this.#isUncovered(this.#state))) this.#state = undefined;
      const state = this.#state ?? (await this.#reopen());
      this.#state = state;
      if (await this.#readOn(state)) return state;
    }
  }

  /** Folds what follows. false when it has to be looked at anew: what was found may be a slot that came too late, or be missing. */
  async #readOn(state: LogState): Promise<boolean> {
    const { store, id } = this.#options;
    for (;;) {
      const before = this.now();
      const found = await this.#options.reader.header(state.slot + 1n, id);
      if (this.isStale()) return false;
      if (found !== undefined) {
        this.fold(state, found.header, { bytes: found.bytes });
        continue;
      }
      if (state.slot < this.#seen) {
        const newest = await this.#newest();
        if (newest !== undefined && newest.start <= state.slot + 1n) throw this.missing(state.slot + 1n);
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
    const before = this.now();
    const newest = await this.#newest();
    if (newest === undefined ? slot > 0n : newest.tree.position > slot) return false;
    this.#lastLook = before;
    return true;
  }

  /** The state from the newest `tree` record on; of an empty log when there is no slot. */
  async #reopen(): Promise<LogState> {
    for (let before: bigint | undefined; ; ) {
      this.#lastLook = this.now();
      const newest = await this.#newest();
      if (newest === undefined && this.#seen > 0n) throw await this.#lost();
      if (newest === undefined || newest.tree.slot === 0n) return new LogState();
      const { tree, slot } = newest;
      const record = tree.slot === slot ? newest : (await this.#options.reader.header(tree.slot, this.#options.id))?.header;
      const gone = record === undefined ? tree.slot : await this.#keepPending(tree);
      if (gone === undefined && !this.isStale()) return LogState.at(record!);
      // the tree has moved on meanwhile; or nothing has, and the slot should be there
      if (gone !== undefined && slot === before) throw this.missing(gone);
      before = slot;
    }
  }

  /** What a log without any slot is that had some: its newest is never removed. */
  async #lost(): Promise<WeirError> {
    const { store } = this.#options;
    return (await store.isThere()) ? this.missing(this.#seen) : store.gone();
  }

  missing(slot: bigint): WeirError {
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
      const found = await this.#options.reader.header(newest, id);
      // gone means that there is a newer one
      if (found !== undefined) return found.header;
    }
  }

  /** Slots that were committed while the record of the tree was on its way. The first that is gone. */
  async #keepPending({ slot, position }: TreeMark): Promise<bigint | undefined> {
    this.#pending.clear();
    this.#pending_bytes = 0;
    for (let at = position + 1n; at < slot; at++) {
      const found = await this.#options.reader.header(at, this.#options.id);
      if (found === undefined) return at;
      this.#options.reader.keep(found.header, { bytes: found.bytes }, found.bytes?.length ?? 0, new Set());
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

  /** Takes the slot that follows the state. */
  fold(
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
    this.#options.reader.keep(header, source, size_bytes, voids);
    this.#count(header, size_bytes);
    this.#dropPending(state.tree.position);
    this.#options.onSlot();
  }

  now(): Moment {
    const { clock } = this.#options;
    return { monotonic_ms: clock.monotonic_ms(), now_ms: clock.now_ms() };
  }

  /** Too long without a look at the newest slot to believe what was found, or made, at a number. */
  isStale(): boolean {
    const { monotonic_ms, now_ms } = this.now();
    return Math.max(monotonic_ms - this.#lastLook.monotonic_ms, Math.abs(now_ms - this.#lastLook.now_ms)) >= LOOK_MS;
  }
}
