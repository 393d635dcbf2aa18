/**
 * The deduplicating k-way merge: of all records of a key the last one wins, with its kind.
 *
 *   run 0 ─ batch ─ batch …  ┐   loser tree over             winners (slot, row)        gathered, once,
 *   run 1 ─ batch …          ├─  one double a run ─ ties ─>  ……………………………………… ─>  at batchRows
 *   run 2 ─ batch …          ┘   (key-order.ts)
 *
 * Order of the records of one key, oldest first: sequence.field, sequence number, retract before add, run.
 *
 * Invariants
 * - each run is in key order; output keys ascend and are distinct
 * - at most two batches a run are held: a batch that was read to its end stays (its rows wait in the output) until the
 *   output is gathered, which happens at the latest when as many ended batches wait as there are runs
 * - only keys, sequence numbers and kinds are looked at row by row; values move once, in `gatherBatch`
 */

import { type Batch, type Column, isValid } from '../types/column.js';
import { type RowComparator, rowComparator } from '../types/compare.js';
import { gatherBatch, takeBatch } from '../types/take.js';
import { commonPrefix } from './common-prefix.js';
import { keyPrefix } from './key-order.js';

/** A sorted run as batches in key order. */
export interface RunReader {
  /** the next batch, or undefined at the end of the run */
  next(): Promise<Batch | undefined>;
  close(): Promise<void>;
}

export interface MergeSpec {
  /** positions of the key's columns in the batches */
  readonly keyColumns: readonly number[];
  /** position of `_SEQUENCE_NUMBER` (BIGINT) */
  readonly sequenceColumn: number;
  /** position of `_VALUE_KIND` (TINYINT) */
  readonly kindColumn: number;
  /** `sequence.field`; missing values come first in both orders */
  readonly userSequence: { readonly columns: readonly number[]; readonly ascending: boolean };
  /** leave retracts (-U, -D) out before merging */
  readonly ignoreDelete: boolean;
  /** leave keys out whose last record is a retract */
  readonly dropDelete: boolean;
  /** positions of the columns that are put out */
  readonly outputColumns: readonly number[];
  /** rows of an output batch, at most (a single run's batches are passed on as they are) */
  readonly batchRows: number;
}

/**
 * Merges runs, oldest first, and closes them. Batches of zero rows are not yielded.
 * @throws the signal's reason when aborted
 */
export async function* mergeRuns(runs: readonly RunReader[], spec: MergeSpec, signal?: AbortSignal): AsyncGenerator<Batch> {
  try {
    yield* runs.length === 1 ? passRun(runs[0]!, spec, signal) : new Merge(runs, spec).batches(signal);
  } finally {
    await Promise.all(runs.map((run) => run.close()));
  }
}

function isRetract(kind: number): boolean {
  return (kind & 1) === 1;
}

function project(batch: Batch, positions: readonly number[]): Batch {
  return { fields: positions.map((p) => batch.fields[p]!), columns: positions.map((p) => batch.columns[p]!), length: batch.length };
}

/** One run has each key once: only kinds are looked at, columns without retracts are passed on uncopied. */
async function* passRun(run: RunReader, spec: MergeSpec, signal: AbortSignal | undefined): AsyncGenerator<Batch> {
  const filters = spec.dropDelete || spec.ignoreDelete;
  for (let batch = await run.next(); batch !== undefined; batch = await run.next()) {
    signal?.throwIfAborted();
    const output = project(batch, spec.outputColumns);
    const adds = filters ? addRows(batch.columns[spec.kindColumn]!) : undefined;
    if (adds === undefined) {
      if (output.length > 0) yield output;
    } else if (adds.length > 0) yield takeBatch(output, adds);
  }
}

/** Rows that are no retracts; undefined = all. */
function addRows(kinds: Column): Uint32Array | undefined {
  const values = kinds.values as Int8Array;
  let retracts = 0;
  for (let i = 0; i < kinds.length; i++) retracts += values[i]! & 1;
  if (retracts === 0) return undefined;
  const rows = new Uint32Array(kinds.length - retracts);
  let count = 0;
  for (let i = 0; i < kinds.length; i++) if (!isRetract(values[i]!)) rows[count++] = i;
  return rows;
}

/** A batch that takes part, and how its rows compare. A slot is used again once none of its rows is in the output. */
interface Slot {
  readonly keys: readonly Column[];
  readonly user: readonly Column[];
  /** sequence numbers as pairs of 32-bit words, low first */
  readonly sequence: Int32Array;
  readonly kinds: Int8Array;
  readonly output: Batch;
}

class Merge {
  readonly #runs: readonly RunReader[];
  readonly #spec: MergeSpec;
  readonly #k: number;
  readonly #slots: (Slot | undefined)[];
  /** key and sequence.field comparators between two slots, made when first needed */
  readonly #compareKeys: (RowComparator | undefined)[];
  readonly #compareUser: (RowComparator | undefined)[];
  /** ended batches whose rows wait in the output */
  #retired: number[] = [];
  /** bytes that all keys at hand begin with (a first key column of strings) */
  #skip = 0;

  // One element a run.
  readonly #slotOf: Int32Array;
  readonly #position: Int32Array;
  readonly #length: Int32Array;
  readonly #prefixes: Float64Array[];
  readonly #exact: Uint8Array;
  readonly #kinds: Int8Array[];
  /** prefix of the run's next row */
  readonly #head: Float64Array;
  /** 0 when the run has ended */
  readonly #alive: Uint8Array;
  /** tree[0] is the winner, tree[1 …] the losers of the inner nodes */
  readonly #tree: Int32Array;

  // The output: rows [0, count); the last one is undecided, as a newer record of its key may follow.
  readonly #source: Uint16Array;
  readonly #row: Uint32Array;
  #count = 0;
  /** prefix of the last output row; NaN when it has to be compared in full */
  #lastPrefix = Number.NaN;
  #lastExact = 0;
  /** 1 when the last output row is a retract */
  #lastRetract = 0;

  constructor(runs: readonly RunReader[], spec: MergeSpec) {
    const k = runs.length;
    this.#runs = runs;
    this.#spec = spec;
    this.#k = k;
    // in use: one a run, k that have ended, the batch of the undecided row
    const slots = 2 * k + 1;
    this.#slots = new Array(slots).fill(undefined);
    this.#compareKeys = new Array(slots * slots).fill(undefined);
    this.#compareUser = new Array(slots * slots).fill(undefined);
    this.#slotOf = new Int32Array(k).fill(-1);
    this.#position = new Int32Array(k);
    this.#length = new Int32Array(k);
    this.#prefixes = new Array(k).fill(new Float64Array(0));
    this.#exact = new Uint8Array(k);
    this.#kinds = new Array(k).fill(new Int8Array(0));
    this.#head = new Float64Array(k);
    this.#alive = new Uint8Array(k);
    this.#tree = new Int32Array(Math.max(1, k));
    this.#source = new Uint16Array(spec.batchRows + 1);
    this.#row = new Uint32Array(spec.batchRows + 1);
  }

  async *batches(signal: AbortSignal | undefined): AsyncGenerator<Batch> {
    const spec = this.#spec;
    if (this.#k === 0) return;
    const first = await Promise.all(this.#runs.map((run) => nextRows(run)));
    for (let run = 0; run < this.#k; run++) this.#place(run, first[run]);
    this.#refreshPrefixes(this.#runs.map((_, run) => run));
    this.#build();
    for (;;) {
      signal?.throwIfAborted();
      const ended = this.#advance();
      if (ended === undefined) {
        if (this.#alive[this.#tree[0]!] === 0) break;
        yield* this.#flush();
        continue;
      }
      if (this.#retired.length >= this.#k) yield* this.#flush();
      const next = await nextRows(this.#runs[ended]!);
      this.#retired.push(this.#slotOf[ended]!);
      this.#place(ended, next);
      this.#refreshPrefixes([ended]);
      this.#replay(ended);
    }
    const rest = this.#gather(this.#count - (spec.dropDelete ? this.#lastRetract : 0));
    if (rest !== undefined) yield rest;
  }

  /**
   * Merges until a run's batch ends (its number) or the output is full or all runs have ended (undefined).
   *
   * This loop is where the time goes: what changes with every row is in locals and typed arrays, and the replay of the
   * winner's path is written out.
   */
  #advance(): number | undefined {
    const { batchRows } = this.#spec;
    const ignore = this.#spec.ignoreDelete ? 1 : 0;
    const drop = this.#spec.dropDelete ? 1 : 0;
    const tree = this.#tree;
    const head = this.#head;
    const position = this.#position;
    const length = this.#length;
    const alive = this.#alive;
    const slotOf = this.#slotOf;
    const exact = this.#exact;
    const prefixes = this.#prefixes;
    const kinds = this.#kinds;
    const source = this.#source;
    const rows = this.#row;
    const k = this.#k;
    let count = this.#count;
    let lastPrefix = this.#lastPrefix;
    let lastExact = this.#lastExact;
    let lastRetract = this.#lastRetract;
    let run = tree[0]!;
    let ended: number | undefined;
    while (alive[run] === 1) {
      const row = position[run]!;
      const prefix = head[run]!;
      const retract = kinds[run]![row]! & 1;
      if ((retract & ignore) === 0) {
        const slot = slotOf[run]!;
        // NaN: the last row's prefix cannot be compared any more
        const maybeSame = prefix === lastPrefix ? (exact[run]! & lastExact) + 1 : Number.isNaN(lastPrefix) && count > 0 ? 1 : 0;
        if (maybeSame === 0 || (maybeSame === 1 && !this.#isSameKey(source[count - 1]!, rows[count - 1]!, slot, row))) {
          // no newer record of the last key is left: it is decided
          count -= lastRetract & drop;
          if (count > batchRows) break;
          count++;
        }
        source[count - 1] = slot;
        rows[count - 1] = row;
        lastPrefix = prefix;
        lastExact = exact[run]!;
        lastRetract = retract;
      }
      const next = row + 1;
      position[run] = next;
      if (next === length[run]) {
        ended = run;
        break;
      }
      let winning = prefixes[run]![next]!;
      head[run] = winning;
      let winner = run;
      for (let node = (run + k) >> 1; node > 0; node >>= 1) {
        const loser = tree[node]!;
        const other = head[loser]!;
        if (other < winning || (other === winning && this.#breakTie(loser, winner) < 0)) {
          tree[node] = winner;
          winner = loser;
          winning = other;
        }
      }
      run = winner;
    }
    tree[0] = run;
    this.#count = count;
    this.#lastPrefix = lastPrefix;
    this.#lastExact = lastExact;
    this.#lastRetract = lastRetract;
    return ended;
  }

  #isSameKey(slotA: number, i: number, slotB: number, j: number): boolean {
    return this.#keys(slotA, slotB)(i, j) === 0;
  }

  /** Order of the heads of two runs with equal prefixes. */
  #breakTie(a: number, b: number): number {
    if (this.#alive[a] === 0 || this.#alive[b] === 0) return this.#alive[b]! - this.#alive[a]!;
    const slotA = this.#slotOf[a]!;
    const slotB = this.#slotOf[b]!;
    const i = this.#position[a]!;
    const j = this.#position[b]!;
    if ((this.#exact[a]! & this.#exact[b]!) === 0) {
      const key = this.#keys(slotA, slotB)(i, j);
      if (key !== 0) return key;
    }
    if (this.#spec.userSequence.columns.length > 0) {
      const user = this.#user(slotA, slotB)(i, j);
      if (user !== 0) return user;
    }
    const left = this.#slots[slotA]!;
    const right = this.#slots[slotB]!;
    const highA = left.sequence[i * 2 + 1]!;
    const highB = right.sequence[j * 2 + 1]!;
    if (highA !== highB) return highA < highB ? -1 : 1;
    const lowA = left.sequence[i * 2]! >>> 0;
    const lowB = right.sequence[j * 2]! >>> 0;
    if (lowA !== lowB) return lowA < lowB ? -1 : 1;
    const retract = (right.kinds[j]! & 1) - (left.kinds[i]! & 1);
    return retract !== 0 ? retract : a - b;
  }

  #keys(a: number, b: number): RowComparator {
    const at = a * this.#slots.length + b;
    const compare = this.#compareKeys[at] ?? rowComparator(this.#slots[a]!.keys, this.#slots[b]!.keys);
    this.#compareKeys[at] = compare;
    return compare;
  }

  #user(a: number, b: number): RowComparator {
    const at = a * this.#slots.length + b;
    const compare =
      this.#compareUser[at] ?? sequenceComparator(this.#slots[a]!.user, this.#slots[b]!.user, this.#spec.userSequence.ascending);
    this.#compareUser[at] = compare;
    return compare;
  }

  /** Puts a run's next batch into a free slot; undefined ends the run. */
  #place(run: number, batch: Batch | undefined): void {
    if (batch === undefined) {
      this.#alive[run] = 0;
      this.#head[run] = Infinity;
      return;
    }
    const spec = this.#spec;
    const slot = this.#slots.indexOf(undefined);
    const sequence = batch.columns[spec.sequenceColumn]!.values as BigInt64Array;
    this.#slots[slot] = {
      keys: spec.keyColumns.map((p) => batch.columns[p]!),
      user: spec.userSequence.columns.map((p) => batch.columns[p]!),
      sequence: new Int32Array(sequence.buffer, sequence.byteOffset, sequence.length * 2),
      kinds: batch.columns[spec.kindColumn]!.values as Int8Array,
      output: project(batch, spec.outputColumns),
    };
    this.#slotOf[run] = slot;
    this.#kinds[run] = this.#slots[slot]!.kinds;
    this.#position[run] = 0;
    this.#length[run] = batch.length;
    this.#alive[run] = 1;
  }

  /** Computes the prefixes of new batches, and of all when the bytes left out have changed with them. */
  #refreshPrefixes(fresh: readonly number[]): void {
    const heads = [...this.#alive.keys()].filter((run) => this.#alive[run] === 1);
    const skip = commonPrefix(
      heads.map((run) => ({
        column: this.#slots[this.#slotOf[run]!]!.keys[0]!,
        first: this.#position[run]!,
        last: this.#length[run]! - 1,
      })),
    );
    const stale = skip === this.#skip ? fresh : heads;
    if (skip !== this.#skip) this.#lastPrefix = Number.NaN;
    this.#skip = skip;
    for (const run of stale) {
      if (this.#alive[run] === 0) continue;
      const { prefix, exact } = keyPrefix(this.#slots[this.#slotOf[run]!]!.keys, this.#length[run]!, skip);
      this.#prefixes[run] = prefix;
      this.#exact[run] = exact ? 1 : 0;
      this.#head[run] = prefix[this.#position[run]!]!;
    }
  }

  #precedes(a: number, b: number): boolean {
    return this.#head[a]! < this.#head[b]! || (this.#head[a] === this.#head[b] && this.#breakTie(a, b) < 0);
  }

  #build(): void {
    const k = this.#k;
    const winners = new Int32Array(2 * k);
    for (let run = 0; run < k; run++) winners[k + run] = run;
    for (let node = k - 1; node > 0; node--) {
      const left = winners[node * 2]!;
      const right = winners[node * 2 + 1]!;
      const leftWins = this.#precedes(left, right);
      winners[node] = leftWins ? left : right;
      this.#tree[node] = leftWins ? right : left;
    }
    if (k > 0) this.#tree[0] = winners[1]!;
  }

  /** The head of `run`, the last winner, has changed. */
  #replay(run: number): void {
    let winner = run;
    for (let node = (run + this.#k) >> 1; node > 0; node >>= 1) {
      const loser = this.#tree[node]!;
      if (this.#precedes(loser, winner)) {
        this.#tree[node] = winner;
        winner = loser;
      }
    }
    this.#tree[0] = winner;
  }

  /** Puts out what is decided and frees the slots of ended batches. The undecided row stays. */
  *#flush(): Generator<Batch> {
    const decided = this.#count - 1;
    const batch = this.#gather(decided);
    let kept = -1;
    if (this.#count > 0) {
      kept = this.#source[decided]!;
      this.#source[0] = kept;
      this.#row[0] = this.#row[decided]!;
      this.#count = 1;
    }
    for (const slot of this.#retired) if (slot !== kept) this.#free(slot);
    this.#retired = this.#retired.filter((slot) => slot === kept);
    if (batch !== undefined) yield batch;
  }

  #free(slot: number): void {
    const { length } = this.#slots;
    this.#slots[slot] = undefined;
    for (let other = 0; other < length; other++) {
      for (const at of [slot * length + other, other * length + slot]) {
        this.#compareKeys[at] = undefined;
        this.#compareUser[at] = undefined;
      }
    }
  }

  /** The first `count` rows of the output, or undefined when there are none. */
  #gather(count: number): Batch | undefined {
    if (count <= 0) return undefined;
    // gatherBatch wants a batch at every number it is given: only the slots in use are numbered anew
    const numbers = new Uint16Array(this.#slots.length);
    const used: Batch[] = [];
    for (let slot = 0; slot < this.#slots.length; slot++) {
      if (this.#slots[slot] === undefined) continue;
      numbers[slot] = used.length;
      used.push(this.#slots[slot]!.output);
    }
    const source = new Uint16Array(count);
    for (let i = 0; i < count; i++) source[i] = numbers[this.#source[i]!]!;
    return gatherBatch(used, source, this.#row, count);
  }
}

/** Batches without rows are passed over. */
async function nextRows(run: RunReader): Promise<Batch | undefined> {
  for (;;) {
    const batch = await run.next();
    if (batch === undefined || batch.length > 0) return batch;
  }
}

function sequenceComparator(a: readonly Column[], b: readonly Column[], ascending: boolean): RowComparator {
  if (ascending) return rowComparator(a, b);
  const reversed = a.map((column, c) => {
    const other = b[c]!;
    const compare = rowComparator([column], [other]);
    // missing values come first in both orders
    return (i: number, j: number) => (isValid(column, i) && isValid(other, j) ? -compare(i, j) : compare(i, j));
  });
  return (i, j) => {
    for (const compare of reversed) {
      const order = compare(i, j);
      if (order !== 0) return order;
    }
    return 0;
  };
}
