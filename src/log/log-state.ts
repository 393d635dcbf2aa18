/**
 * What the slots up to one say, folded.
 *
 *   newest tree record ─> users as of it ─ slot ─ slot ─ … ─> state at the head
 *
 * Invariants
 * - slots are applied in order, none left out. A slot that cannot follow (its numbers fall, its time goes back) is CORRUPTION.
 * - a commit of an epoch older than its user's newest `open` is void, and so is one whose identifier is not above the user's
 *   last: whoever folds decides the same.
 * - a `tree` record repeats all that is known of the users, and what it leaves out is forgotten: who begins at it knows no less and
 *   no more than who read on to it.
 */
import { WeirError } from '../base/error.js';
import type { Coverage, LogCommit, LogUser, SlotHeader, TreeMark } from './slot.js';

export interface Claim {
  readonly by: string;
  readonly until_ms: number;
}

export class LogState {
  /** newest slot folded; 0 before the first */
  slot = 0n;
  /** its commit id */
  commit = '';
  start = 1n;
  tree: TreeMark = { slot: 0n, snapshot: 0n, position: 0n };
  /** end of the row numbers in use */
  end = 0n;
  time_ms = 0;
  closed = false;
  claim: Claim | undefined;
  #coverage: readonly Coverage[] = [];
  #users = new Map<string, LogUser>();

  /** The state at a `tree` record, from the record alone. */
  static at(record: SlotHeader): LogState {
    const state = new LogState();
    state.#take(record);
    return state;
  }

  user(name: string): LogUser | undefined {
    return this.#users.get(name);
  }

  get users(): LogUser[] {
    return [...this.#users.values()];
  }

  /**
   * When which slots were covered, at the latest. Whoever writes the slot after a `tree` record has seen it, so that one's time
   * counts: the record may have been long on its way. Of a record that nobody has followed yet it is `now_ms`.
   */
  coverageAt(now_ms: number): readonly Coverage[] {
    const last = this.#coverage.at(-1);
    if (last === undefined || this.tree.slot < this.slot) return this.#coverage;
    return [...this.#coverage.slice(0, -1), { ...last, time_ms: Math.max(last.time_ms, now_ms) }];
  }

  /** All slots up to here have been in the tree since `time_ms`, or longer. */
  coveredSince(time_ms: number): bigint {
    return this.coverageAt(Number.POSITIVE_INFINITY).findLast((entry) => entry.time_ms <= time_ms)?.position ?? 0n;
  }

  /** Folds the next slot. @throws CORRUPTION */
  apply(header: SlotHeader, file: string): void {
    const follows =
      header.slot === this.slot + 1n &&
      header.base >= this.end &&
      header.time_ms >= this.time_ms &&
      header.start >= this.start &&
      header.tree.slot >= this.tree.slot;
    if (!follows) throw new WeirError('CORRUPTION', `log slot ${file} does not follow slot ${this.slot}`, { file });
    this.#take(header);
  }

  /** Does the commit count, in a slot that follows this state? */
  counts(commit: LogCommit): boolean {
    const user = this.#users.get(commit.user);
    return user !== undefined && commit.epoch === user.epoch && (user.identifier === undefined || commit.identifier > user.identifier);
  }

  /** Why this incarnation may not commit: FENCED; undefined when it may. */
  refusal(user: string, epoch: bigint, table: string): WeirError | undefined {
    const known = this.#users.get(user);
    if (known?.epoch === epoch && !this.closed) return undefined;
    const why = this.closed
      ? 'the log was closed'
      : known === undefined
        ? 'it slept until the log had forgotten it'
        : 'another writer or committer has opened under its name (writers that only prepare for a committer take one of their own)';
    return new WeirError('FENCED', `the writer ${user} of ${table} may not commit any more: ${why}; open a new one`, { table });
  }

  #take(header: SlotHeader): void {
    const { content, slot, time_ms } = header;
    this.#coverage = this.coverageAt(time_ms);
    if (content.kind === 'commits') {
      for (const commit of content.commits) {
        if (!this.counts(commit)) continue;
        const { user, identifier } = commit;
        this.#users.set(user, { ...this.#users.get(user)!, identifier, time_ms });
      }
    } else if (content.kind === 'open') {
      const { user } = content;
      this.#users.set(user, { identifier: undefined, ...this.#users.get(user), user, epoch: slot, time_ms });
      this.closed = false;
    } else if (content.kind === 'reserve') {
      const known = this.#users.get(content.user);
      if (known?.epoch === content.epoch) this.#users.set(content.user, { ...known, reserved: slot, time_ms });
    } else if (content.kind === 'tree') {
      this.#users = new Map(content.users.map((user) => [user.user, user]));
      this.#coverage = content.coverage;
      this.claim = undefined;
    } else if (content.kind === 'claim') this.claim = content;
    else if (content.kind === 'closed') this.closed = true;
    this.slot = slot;
    this.commit = header.commit;
    this.start = header.start;
    this.tree = header.tree;
    this.end = header.end;
    this.time_ms = time_ms;
  }
}
