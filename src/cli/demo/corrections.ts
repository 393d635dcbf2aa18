/**
 * Simulated corrections: what an airline would send later about flights it has reported. Nothing of this is in the data.
 *
 *   three in four   a later delay    -U the row as it was, +U the same with 15 to 120 minutes more
 *   one in four     a cancellation   -D the row as it was
 */
import type { Random } from '../../base/random.js';
import { type Batch, type Column, DELETE, UPDATE_AFTER, UPDATE_BEFORE } from '../../types/column.js';
import { takeBatch } from '../../types/take.js';

/** one flight in so many is corrected */
const ONE_IN = 75;
const MIN_MINUTES = 15;
const MAX_MINUTES = 120;

/** Flights that will be corrected, picked as they pass by. */
export function sample(batch: Batch, random: Random): Batch {
  const rows: number[] = [];
  for (let row = 0; row < batch.length; row += 1) if (random.float() * ONE_IN < 1) rows.push(row);
  return takeBatch(batch, Uint32Array.from(rows));
}

export interface Correction {
  readonly batch: Batch;
  readonly kinds: Uint8Array;
  readonly delayed: number;
  readonly cancelled: number;
}

export function correct(flights: Batch, random: Random): Correction {
  const rows: number[] = [];
  const kinds: number[] = [];
  const minutes: number[] = [];
  let cancelled = 0;
  for (let row = 0; row < flights.length; row += 1) {
    if (random.float() < 0.25) {
      rows.push(row);
      kinds.push(DELETE);
      minutes.push(0);
      cancelled += 1;
    } else {
      rows.push(row, row);
      kinds.push(UPDATE_BEFORE, UPDATE_AFTER);
      minutes.push(0, MIN_MINUTES + Math.floor(random.float() * (MAX_MINUTES - MIN_MINUTES)));
    }
  }
  const batch = later(takeBatch(flights, Uint32Array.from(rows)), minutes);
  return { batch, kinds: Uint8Array.from(kinds), delayed: flights.length - cancelled, cancelled };
}

/** The rows with so many minutes more delay each. */
function later(batch: Batch, minutes: readonly number[]): Batch {
  const at = batch.fields.findIndex((field) => field.name === 'delay');
  const columns = batch.columns.map((column, i): Column => {
    if (i !== at) return column;
    const values = Int32Array.from(column.values as Int32Array, (delay, row) => delay + (minutes[row] ?? 0));
    return { ...column, values };
  });
  return { ...batch, columns };
}
