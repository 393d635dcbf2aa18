/**
 * Do the changes between two positions lead from the state at the one to the state at the other?
 *
 *   state(from) ─ put ─> fold <─ put ─ changes (from, to]
 *                         └─ take ─ state(to): every row accounted for, none left
 *
 * Memory: ROWS_PER_PASS keys at a time; larger tables are read once a pass. A row of which nothing is right is named.
 */

import type { Snapshot } from '../../meta/snapshot.js';
import type { TableSchema } from '../../meta/table-schema.js';
import { planFullState } from '../../read/change-plan.js';
import { type PlannedRead, planSnapshot } from '../../read/plan.js';
import type { Batch } from '../../types/column.js';
import { encodeJsonLines } from '../../types/json-line.js';
import { type End, streamChanges } from '../changes.js';
import { readHeld, yieldHeld } from '../held-snapshot.js';
import { formatPosition, type Place } from '../position.js';
import { streamSplit } from '../split-stream.js';
import { stateAt } from '../state-at.js';
import type { TableStore } from '../table-store.js';
import { BagFold, CandidateFold, type Fold, KeyedFold, type Line, passOf } from './fold.js';
import type { CheckName, Report } from './report.js';

const ROWS_PER_PASS = 1_000_000;

export interface Stretch {
  readonly check: CheckName;
  /** both at the end of a commit */
  readonly from: Place;
  readonly to: Place;
  /** a row may lose to one before it */
  readonly unordered: boolean;
}

export async function verifyChanges(
  store: TableStore,
  stretch: Stretch,
  report: Report,
  options: { signal?: AbortSignal | undefined; rowsPerPass?: number | undefined },
): Promise<void> {
  const walk = new Walk(store, stretch, options.signal);
  const passes = Math.max(1, Math.ceil((await walk.rows()) / (options.rowsPerPass ?? ROWS_PER_PASS)));
  for (let pass = 0; pass < passes; pass++) await verifyPass(walk, stretch, report, { pass, passes });
}

async function verifyPass(walk: Walk, stretch: Stretch, report: Report, share: { pass: number; passes: number }): Promise<void> {
  const { check } = stretch;
  const fold = newFold(walk, stretch.unordered);
  for await (const { line, deletes, first } of walk.told(share)) {
    if (!first && fold instanceof CandidateFold) fold.endFirst();
    fold.put(line, deletes);
  }
  let wrong = 0;
  let named: { why: string; row: string } | undefined;
  for await (const line of walk.last(share)) {
    report.count(check);
    report.rows++;
    const why = fold.take(line);
    if (why === undefined) continue;
    wrong++;
    named ??= { why, row: line.row };
  }
  const range = `from ${formatPosition(stretch.from)} to ${formatPosition(stretch.to)}`;
  if (named !== undefined)
    report.problem(check, `${range}: ${wrong} rows of the last state are wrong, first this one: ${named.why}`, named);
  if (fold.left === 0) return;
  for await (const { line } of walk.told(share)) {
    if (!fold.lacks(line)) continue;
    report.problem(check, `${range}: ${fold.left} rows are missing from the last state, first this one`, { row: line.row });
    return;
  }
}

function newFold({ keyed }: Walk, unordered: boolean): Fold {
  if (!keyed) return new BagFold();
  return unordered ? new CandidateFold() : new KeyedFold();
}

/** The rows of a stretch, each time anew. */
class Walk {
  readonly #store: TableStore;
  readonly #stretch: Stretch;
  readonly #signal: AbortSignal | undefined;
  /** of the start: the schema may change meanwhile */
  readonly #schema: TableSchema;

  constructor(store: TableStore, stretch: Stretch, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#stretch = stretch;
    this.#signal = signal;
    this.#schema = store.schema;
  }

  get keyed(): boolean {
    return this.#schema.primaryKeys.length > 0;
  }

  /** of the last state, before merging */
  async rows(): Promise<number> {
    return (await this.#plan(this.#stretch.to)).plan.splits.reduce((sum, split) => sum + split.rows, 0);
  }

  /** The first state, then the changes. */
  async *told(share: { pass: number; passes: number }): AsyncGenerator<{ line: Line; deletes: boolean; first: boolean }> {
    const { from, to } = this.#stretch;
    for await (const batch of this.#state(from))
      for (const { line } of this.#lines(batch, share)) yield { line, deletes: false, first: true };
    const options = { from: formatPosition(from), end: endAt(to), columns: this.#columns(), ...(this.#signal && { signal: this.#signal }) };
    for await (const { batch, kinds } of streamChanges(this.#store, options, undefined)) {
      for (const { line, at } of this.#lines(batch, share)) {
        yield { line, deletes: (kinds[at]! & 1) === 1, first: false };
      }
    }
    // a stream ends quietly when it is stopped
    this.#signal?.throwIfAborted();
  }

  async *last(share: { pass: number; passes: number }): AsyncGenerator<Line> {
    for await (const batch of this.#state(this.#stretch.to)) for (const { line } of this.#lines(batch, share)) yield line;
  }

  async *#state(place: Place): AsyncGenerator<Batch> {
    const { plan, snapshot } = await this.#plan(place);
    const rows = this.#rowsOf(plan);
    yield* snapshot === undefined ? rows : yieldHeld(this.#store, snapshot, rows);
  }

  async *#rowsOf(plan: PlannedRead): AsyncGenerator<Batch> {
    const wanted = { schema: this.#schema, columns: this.#columns(), where: undefined, kinds: false };
    for (const split of plan.splits) yield* streamSplit(this.#store, plan, split, wanted, this.#signal);
  }

  async #plan(place: Place): Promise<{ plan: PlannedRead; snapshot: Snapshot | undefined }> {
    const { snapshot, tail } = await stateAt(this.#store, place);
    if (snapshot === undefined) return { snapshot, plan: await planSnapshot(this.#store, snapshot, this.#schema, { tail }) };
    const plan = () =>
      tail.length === 0 ? planFullState(this.#store, snapshot, this.#schema) : planSnapshot(this.#store, snapshot, this.#schema, { tail });
    return { snapshot, plan: await readHeld(this.#store, snapshot, plan) };
  }

  *#lines(batch: Batch, { pass, passes }: { pass: number; passes: number }): Generator<{ line: Line; at: number }> {
    if (batch.length === 0) return;
    const rows = encodeJsonLines(batch).split('\n');
    const keys = this.keyed ? encodeJsonLines(this.#keysOf(batch)).split('\n') : rows;
    for (let at = 0; at < batch.length; at++) {
      if (passOf(keys[at]!, passes) === pass) yield { line: { key: keys[at]!, row: rows[at]! }, at };
    }
  }

  #keysOf({ fields, columns, length }: Batch): Batch {
    const at = this.#schema.primaryKeys.map((name) => fields.findIndex((field) => field.name === name));
    return { fields: at.map((index) => fields[index]!), columns: at.map((index) => columns[index]!), length };
  }

  #columns(): string[] {
    return this.#schema.fields.map((field) => field.name);
  }
}

function endAt(place: Place): End {
  return { snapshot: place.snapshot - 1n, slot: place.phase === 'log' ? place.slot - 1n : undefined };
}
