/**
 * Elements of 64 and 128 bits as JavaScript numbers while these are safe, as bigints beyond.
 */
import type { Column } from './column.js';
import { readInt128 } from './datum.js';
import { type Layout, layoutOf } from './layout.js';

const TWO_32 = 2 ** 32;
/** a 64-bit integer whose high word is in -SAFE_HIGH … SAFE_HIGH-1 is a safe integer, or -2^53 */
const SAFE_HIGH = 2 ** 21;

/** Reads integers of an int64 or int128 column. */
export class IntegerReader {
  private readonly values: BigInt64Array;
  private readonly words: Int32Array;
  private readonly width: number;

  constructor(column: Column) {
    const layout: Layout = layoutOf(column.type);
    this.values = column.values as BigInt64Array;
    this.words = new Int32Array(this.values.buffer, this.values.byteOffset, this.values.length * 2);
    this.width = layout === 'int128' ? 4 : 2;
  }

  at(row: number): number | bigint {
    const { words, width } = this;
    const first = row * width;
    const high = words[first + 1]!;
    if (high >= -SAFE_HIGH && high < SAFE_HIGH && (width === 2 || (words[first + 2]! === high >> 31 && words[first + 3]! === high >> 31)))
      return high * TWO_32 + (words[first]! >>> 0);
    return width === 2 ? this.values[row]! : readInt128(this.values, row);
  }
}
