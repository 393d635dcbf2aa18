/** Rows on their way to a stream's caller, each with its kind. */
import type { Batch } from '../../types/column.js';
import { takeBatch } from '../../types/take.js';
import { withoutRetracts } from '../../write/row-kinds.js';

export interface Kinded {
  readonly batch: Batch;
  readonly kinds: Uint8Array;
  /** sequence numbers, where the rows have them: those of a key-value file, as they stand */
  readonly numbers?: BigInt64Array;
}

/** Picks rows of a batch; null = all. */
export type Picker = (rows: Kinded) => Uint32Array | null;

export function takeKinded(all: Kinded, rows: Uint32Array | null): Kinded {
  if (rows === null) return all;
  return { batch: takeBatch(all.batch, rows), kinds: Uint8Array.from(rows, (row) => all.kinds[row]!) };
}

/** Rows numbered at or above `first`. */
export function numberedFrom(first: bigint): Picker {
  return ({ numbers }) => {
    if (numbers === undefined || numbers.every((number) => number >= first)) return null;
    const rows = new Uint32Array(numbers.length);
    let count = 0;
    for (let row = 0; row < numbers.length; row++) if (numbers[row]! >= first) rows[count++] = row;
    return rows.subarray(0, count);
  };
}

/** What `ignore-delete` leaves: a merge passes over deletes that others wrote, so a stream does, too. */
export function withoutIgnored(rows: Kinded, ignoreDelete: boolean): Kinded {
  return ignoreDelete ? takeKinded(rows, withoutRetracts(rows.kinds, { ignoreDelete, ignoreUpdateBefore: false })) : rows;
}
