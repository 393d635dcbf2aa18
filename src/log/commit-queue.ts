/**
 * The commits of one process on their way into slots: those that arrive while a slot is in flight, or is waited for, share one.
 *
 *   commit ─┐
 *   commit ─┼─> queue ─> group ─> one slot in flight ─> answered
 *   commit ─┘             ^ until it is written
 *
 * Invariants
 * - a commit is whole in one slot, or in none; those of a group keep their order.
 * - a commit of a fenced incarnation, or one whose identifier is not above its user's last, goes into no slot.
 */
import type { Clock } from '../base/clock.js';
import type { LogBody } from '../meta/commit-message.js';
import { concatArrays } from '../types/concat-arrays.js';
import { concatBatch } from '../types/take.js';
import type { LogState } from './log-state.js';
import type { LogCommit, SlotHeader, TreeMark } from './slot.js';
import type { LogRows } from './slot-codec.js';

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

/** What goes into a slot, given the state before it; undefined: nothing any more. */
export type Draft = (state: LogState) =>
  | (Pick<SlotHeader, 'schemaId' | 'content'> & {
      start?: bigint;
      tree?: Omit<TreeMark, 'slot'>;
      rows?: LogRows | undefined;
    })
  | undefined;

export interface CommitQueueOptions {
  readonly table: string;
  readonly clock: Clock;
  /** rows in slots up to this many bytes (estimated) share one */
  readonly inlineMax_bytes: number;
  /** how long a group waits for company */
  readonly linger_ms: number;
  /** publishes what the draft says, asking it again whenever a slot is lost; undefined when the draft lets it be */
  readonly append: (draft: Draft) => Promise<SlotHeader | undefined>;
}

export class CommitQueue {
  readonly #options: CommitQueueOptions;
  readonly #queue: Waiting[] = [];
  #draining = false;

  constructor(options: CommitQueueOptions) {
    this.#options = options;
  }

  commit(request: CommitRequest): Promise<LogReceipt> {
    const answer = new Promise<LogReceipt>((resolve, reject) => this.#queue.push({ request, resolve, reject }));
    if (!this.#draining) void this.#drain();
    return answer;
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
    const header = await this.#options.append((state) => {
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
}

function commitOf({ user, epoch, identifier, watermark, rows, bodies }: CommitRequest): LogCommit {
  const inlineRows = rows.reduce((sum, { kinds }) => sum + kinds.length, 0);
  return { user, epoch, identifier, inlineRows, bodies, ...(watermark !== undefined && { watermark }) };
}

function joinRows(rows: readonly LogRows[]): LogRows | undefined {
  if (rows.length <= 1) return rows[0];
  return { batch: concatBatch(rows.map(({ batch }) => batch)), kinds: concatArrays(rows.map(({ kinds }) => kinds)) };
}
