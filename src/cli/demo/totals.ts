/** Flights, delay and cancellations per origin: what the demo's summary keeps, from changes or from a batch read. */
import { type Batch, DELETE, isValid, UPDATE_BEFORE } from '../../types/column.js';

export interface Totals {
  flights: number;
  /** minutes, of the flights that are counted */
  delay: number;
  cancelled: number;
}

export class OriginTotals {
  readonly byOrigin = new Map<string, Totals>();

  /** `batch` holds origin and delay; without kinds every row is a flight. Returns the origins it touched. */
  add(batch: Batch, kinds?: Uint8Array): Set<string> {
    const origin = columnOf(batch, 'origin');
    const delay = columnOf(batch, 'delay');
    const minutes = delay.values as Int32Array;
    const offsets = origin.offsets as Int32Array;
    const bytes = origin.values as Uint8Array;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const touched = new Set<string>();
    for (let row = 0; row < batch.length; row += 1) {
      const name = text.toString('utf8', offsets[row], offsets[row + 1]);
      const kind = kinds?.[row];
      const sign = kind === UPDATE_BEFORE || kind === DELETE ? -1 : 1;
      const totals = this.#of(name);
      totals.flights += sign;
      if (isValid(delay, row)) totals.delay += sign * (minutes[row] ?? 0);
      if (kind === DELETE) totals.cancelled += 1;
      touched.add(name);
    }
    return touched;
  }

  sum(): Totals {
    const sum = { flights: 0, delay: 0, cancelled: 0 };
    for (const totals of this.byOrigin.values()) {
      sum.flights += totals.flights;
      sum.delay += totals.delay;
      sum.cancelled += totals.cancelled;
    }
    return sum;
  }

  /** Same origins with the same flights and delays; cancellations leave no rows behind to compare with. */
  sameRows(other: OriginTotals): boolean {
    const own = [...this.byOrigin].filter(([, totals]) => totals.flights > 0);
    const others = [...other.byOrigin].filter(([, totals]) => totals.flights > 0);
    if (own.length !== others.length) return false;
    return own.every(([name, totals]) => {
      const same = other.byOrigin.get(name);
      return same !== undefined && same.flights === totals.flights && same.delay === totals.delay;
    });
  }

  #of(name: string): Totals {
    let totals = this.byOrigin.get(name);
    if (totals === undefined) {
      totals = { flights: 0, delay: 0, cancelled: 0 };
      this.byOrigin.set(name, totals);
    }
    return totals;
  }
}

function columnOf(batch: Batch, name: string) {
  const column = batch.columns[batch.fields.findIndex((field) => field.name === name)];
  if (column === undefined) throw new RangeError(`no column ${name}`);
  return column;
}
