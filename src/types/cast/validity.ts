/** Validity of a column under construction: its source's bits, copied when the first further value goes missing. */
import { bitmapBytes, setBits } from '../bitmap.js';
import type { Column } from '../column.js';

export class Validity {
  private bits: Uint8Array | null;
  private owned = false;

  constructor(private readonly source: Column) {
    this.bits = source.validity;
  }

  isValid(row: number): boolean {
    return this.bits === null || ((this.bits[row >> 3]! >> (row & 7)) & 1) === 1;
  }

  drop(row: number): void {
    if (!this.owned) {
      const copy = new Uint8Array(bitmapBytes(this.source.length));
      if (this.bits === null) setBits(copy, 0, this.source.length);
      else copy.set(this.bits.subarray(0, copy.length));
      this.bits = copy;
      this.owned = true;
    }
    this.bits![row >> 3]! &= ~(1 << (row & 7));
  }

  finish(): Uint8Array | null {
    return this.bits;
  }
}
