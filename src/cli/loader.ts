/**
 * Rows from inputs into commits: what `weir write` is.
 *
 *   input ─ batches ─┬─ piece ─> commit 7 ─┬─> {"snapshot":12,"identifier":7,"rows":1000}
 *                    └─ piece ─> commit 8 ─┘
 *
 * Invariants
 * - without --commit-rows and --commit-ms the whole input is one commit, or nothing
 * - piece k of the input has the identifier `first + k`; the pieces of a rerun are the same ones, so those that are committed
 *   already are recognised by their identifier and passed over: a rerun changes nothing
 * - --commit-ms cuts by time, so its pieces cannot be recognised: where the first identifier is taken, nothing is written
 */
import { type Clock, systemClock } from '../base/clock.js';
import { WeirError } from '../base/error.js';
import type { CommitResult, Table, TableWriter } from '../index.js';
import { sliceBatch } from '../types/take.js';
import { type InputBatch, placeOf } from './input/input-batch.js';
import { TICK, withTicks } from './input/ticks.js';

export interface LoadPlan {
  commitRows: number | undefined;
  commit_ms: number | undefined;
  commitUser: string | undefined;
  identifier: bigint | undefined;
  overwrite: boolean | { partition: Record<string, string | null> } | undefined;
  /** leave all that was committed in a snapshot; default true */
  flush?: boolean;
}

export interface LoadEvents {
  committed(result: CommitResult): Promise<void>;
  progress(rows: number): void;
}

export class Loader {
  readonly #table: Table;
  readonly #plan: LoadPlan;
  readonly #events: LoadEvents;
  readonly #clock: Clock;
  #writer: TableWriter | undefined;
  /** identifiers up to this one are committed */
  #committedBefore: bigint | undefined;
  #nextIdentifier: bigint | undefined;
  #pendingRows = 0;
  #rows = 0;
  #lastPlace = '';
  #lastCommit: { place: string; result: CommitResult } | undefined;

  constructor(table: Table, plan: LoadPlan, events: LoadEvents, clock: Clock = systemClock) {
    this.#table = table;
    this.#plan = plan;
    this.#events = events;
    this.#clock = clock;
    this.#nextIdentifier = plan.identifier;
  }

  async load(input: AsyncIterable<InputBatch>): Promise<void> {
    const { commitUser, overwrite } = this.#plan;
    await this.#findCommitted();
    const writer = await this.#table.openWriter({
      ...(commitUser === undefined ? {} : { commitUser }),
      ...(overwrite === undefined ? {} : { overwrite }),
    });
    this.#writer = writer;
    try {
      for await (const item of withTicks(input, this.#plan.commit_ms, this.#clock)) {
        if (item !== TICK) await this.#add(item);
        else if (this.#pendingRows > 0) await this.#commit();
      }
      // no rows may mean something: to replace what is there by nothing, or that a step of a job is done
      const meant = overwrite !== undefined || this.#plan.identifier !== undefined;
      const emptyInput = this.#lastCommit === undefined && this.#pendingRows === 0 && meant;
      if (this.#pendingRows > 0 || emptyInput) await this.#commit();
    } catch (error) {
      await writer.abort();
      throw this.#withProgress(error);
    } finally {
      await writer.close({ flush: this.#plan.flush ?? true });
    }
  }

  async #findCommitted(): Promise<void> {
    const { commitUser, identifier, commit_ms } = this.#plan;
    if (commitUser === undefined || identifier === undefined) return;
    const committer = await this.#table.openCommitter({ commitUser });
    try {
      this.#committedBefore = await committer.lastIdentifier();
    } finally {
      await committer.close();
    }
    if (commit_ms !== undefined && this.#isCommitted(identifier)) {
      throw new WeirError(
        'INVALID_ARGUMENT',
        `${commitUser} has committed identifiers up to ${this.#committedBefore} and --commit-ms cuts the input anew each time: nothing was written; go on behind the last line committed with a larger --identifier, or use --commit-rows`,
        { table: this.#table.name },
      );
    }
  }

  #isCommitted(identifier: bigint | undefined): boolean {
    return identifier !== undefined && this.#committedBefore !== undefined && identifier <= this.#committedBefore;
  }

  /** The rows of one batch, over as many commits as they fill. */
  async #add(input: InputBatch): Promise<void> {
    const limit = this.#plan.commitRows ?? Number.POSITIVE_INFINITY;
    const { length } = input.batch;
    for (let start = 0; start < length; ) {
      const end = Math.min(length, start + limit - this.#pendingRows);
      if (!this.#isCommitted(this.#nextIdentifier)) await this.#write(input, start, end);
      this.#pendingRows += end - start;
      this.#lastPlace = placeOf(input, end - 1);
      this.#rows += end - start;
      start = end;
      if (this.#pendingRows === limit) await this.#commit();
    }
    this.#events.progress(this.#rows);
  }

  async #write(input: InputBatch, start: number, end: number): Promise<void> {
    try {
      const kinds = input.kinds?.subarray(start, end);
      await this.#writer?.write(sliceBatch(input.batch, start, end), kinds === undefined ? {} : { kinds });
    } catch (error) {
      if (!(error instanceof WeirError) || error.code !== 'INVALID_ARGUMENT') throw error;
      const last = end - start > 1 ? ` to ${placeOf(input, end - 1).slice(input.source.length + 1)}` : '';
      throw new WeirError(error.code, `${placeOf(input, start)}${last}: ${error.message}`, { cause: error, file: input.source });
    }
  }

  async #commit(): Promise<void> {
    const identifier = this.#nextIdentifier;
    const known = this.#isCommitted(identifier);
    const result = known
      ? await this.#acknowledge(identifier ?? 0n)
      : await this.#writer?.commit(identifier === undefined ? {} : { identifier });
    if (result === undefined) return;
    if (identifier !== undefined) this.#nextIdentifier = identifier + 1n;
    const told = { ...result, rows: this.#pendingRows };
    this.#pendingRows = 0;
    this.#lastCommit = { place: this.#lastPlace, result: told };
    await this.#tell(told);
  }

  /** The only commit of an input is told with its snapshot; of many, each as soon as it lasts. */
  async #tell(result: CommitResult): Promise<void> {
    const { commitRows, commit_ms, flush } = this.#plan;
    const waits = result.slot !== undefined && commitRows === undefined && commit_ms === undefined && flush !== false;
    let snapshot = result.snapshot;
    try {
      if (waits) snapshot = (await this.#table.flush()) ?? (await this.#table.snapshot())?.id;
    } finally {
      await this.#events.committed({ ...result, snapshot });
    }
  }

  async #acknowledge(identifier: bigint): Promise<CommitResult> {
    const snapshots = await this.#table.snapshots();
    const found = snapshots.findLast(
      (snapshot) => snapshot.commitUser === this.#plan.commitUser && snapshot.commitIdentifier === identifier,
    );
    return { snapshot: found?.id, identifier, rows: this.#pendingRows, alreadyCommitted: true, compactionDropped: false };
  }

  /** Says how far the input is committed, when part of it is. */
  #withProgress(error: unknown): unknown {
    if (!(error instanceof WeirError) || this.#lastCommit === undefined || this.#lastPlace === '') return error;
    const { place, result } = this.#lastCommit;
    const where = result.slot === undefined ? `snapshot ${result.snapshot ?? 'expired'}` : `slot ${result.slot}`;
    const note = `committed up to ${place} (${where}, identifier ${result.identifier})`;
    const detail = {
      cause: error,
      ...(error.file === undefined ? {} : { file: error.file }),
      ...(error.table === undefined ? {} : { table: error.table }),
    };
    return new WeirError(error.code, `${error.message}; ${note}`, detail);
  }
}
