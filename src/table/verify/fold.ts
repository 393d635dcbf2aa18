/**
 * The first state, the changes put onto it, and what must be left when the last state is taken away: nothing.
 *
 *   put: rows of the first state, then changes ──> fold ──> take: rows of the last state ──> rest: rows that it lacks
 *
 *   keyed       key -> hash of its row                     each row of the last state is the one
 *   candidates  key -> hashes of all rows it ever had      each row of the last state is among them: with a `sequence.field`, or
 *                                                          writers that number for themselves, a change may lose to an older row
 *   bag         hash of a row -> how often                 append tables; below 0: one went that had not come
 *
 * A key takes about 150 bytes here: what does not fit is folded in several passes over disjoint keys (changes.ts).
 */
import { xxh64, xxh64Low } from '../../base/xxhash.js';

/** A row as its key and itself, both as JSON lines. The key of a row without one is the row. */
export interface Line {
  readonly key: string;
  readonly row: string;
}

export interface Fold {
  put(line: Line, deletes: boolean): void;
  /** Why the row cannot be in the last state; undefined when it can. Each row is taken once. */
  take(line: Line): string | undefined;
  /** Is the row, which was put once, one that the last state lacks? To be asked when all is taken. */
  lacks(line: Line): boolean;
  /** how many rows the last state lacks */
  readonly left: number;
}

const UNTOLD = 'the changes do not tell of it';
const DIFFERS = 'the changes end with another row of its key';

export class KeyedFold implements Fold {
  readonly #rows = new Map<string, bigint>();

  get left(): number {
    return this.#rows.size;
  }

  put({ key, row }: Line, deletes: boolean): void {
    if (deletes) this.#rows.delete(key);
    else this.#rows.set(key, hashOf(row));
  }

  take({ key, row }: Line): string | undefined {
    const known = this.#rows.get(key);
    this.#rows.delete(key);
    if (known === undefined) return UNTOLD;
    return known === hashOf(row) ? undefined : DIFFERS;
  }

  lacks({ key, row }: Line): boolean {
    return this.#rows.get(key) === hashOf(row);
  }
}

interface Candidates {
  readonly rows: Set<bigint>;
  /** the last state may be without the key */
  absent: boolean;
}

export class CandidateFold implements Fold {
  readonly #keys = new Map<string, Candidates>();
  #first = true;

  get left(): number {
    let count = 0;
    for (const { absent } of this.#keys.values()) if (!absent) count++;
    return count;
  }

  /** What is put from here on are changes. */
  endFirst(): void {
    this.#first = false;
  }

  put({ key, row }: Line, deletes: boolean): void {
    // a key that the first state lacks may have been deleted by a row that still wins
    const known = this.#keys.get(key) ?? { rows: new Set(), absent: !this.#first };
    this.#keys.set(key, known);
    if (deletes) known.absent = true;
    else known.rows.add(hashOf(row));
  }

  take({ key, row }: Line): string | undefined {
    const known = this.#keys.get(key);
    this.#keys.delete(key);
    if (known === undefined) return UNTOLD;
    return known.rows.has(hashOf(row)) ? undefined : 'neither the first state nor the changes have such a row of its key';
  }

  lacks({ key }: Line): boolean {
    return this.#keys.get(key)?.absent === false;
  }
}

export class BagFold implements Fold {
  readonly #counts = new Map<bigint, number>();

  get left(): number {
    let count = 0;
    for (const more of this.#counts.values()) count += Math.abs(more);
    return count;
  }

  put({ row }: Line, deletes: boolean): void {
    this.#add(hashOf(row), deletes ? -1 : 1);
  }

  take({ row }: Line): string | undefined {
    const hash = hashOf(row);
    if ((this.#counts.get(hash) ?? 0) <= 0) return UNTOLD;
    this.#add(hash, -1);
    return undefined;
  }

  lacks({ row }: Line): boolean {
    return this.#counts.has(hashOf(row));
  }

  #add(hash: bigint, more: number): void {
    const count = (this.#counts.get(hash) ?? 0) + more;
    if (count === 0) this.#counts.delete(hash);
    else this.#counts.set(hash, count);
  }
}

/** In which of so many passes a key is looked at. */
export function passOf(key: string, passes: number): number {
  return passes === 1 ? 0 : xxh64Low(Buffer.from(key)) % passes;
}

function hashOf(row: string): bigint {
  return xxh64(Buffer.from(row));
}
