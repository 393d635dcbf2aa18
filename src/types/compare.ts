/**
 * Order of rows by columns, as keys are ordered on disk: missing first, strings by unsigned UTF-8 bytes,
 * FLOAT and DOUBLE as Double.compare, column by column.
 *
 * Invariant: `compareRows(a, i, b, j)` agrees with comparing the rows' data by `compareDatum` one after another.
 * A comparator is made once per pair of column sets; calls do not allocate.
 */
import { WeirError } from '../base/error.js';
import { getBit } from './bitmap.js';
import { type Column, isValid } from './column.js';
import { compareDoubles } from './datum.js';
import { layoutOf } from './layout.js';

/** Negative, 0 or positive, for row `i` of the one and row `j` of the other set. */
export type RowComparator = (i: number, j: number) => number;

export function compareRows(a: readonly Column[], i: number, b: readonly Column[], j: number): number {
  for (let c = 0; c < a.length; c++) {
    const order = columnComparator(a[c]!, b[c]!)(i, j);
    if (order !== 0) return order;
  }
  return 0;
}

/** Compares rows of `a` with rows of `b`: equally many columns of equal layouts. */
export function rowComparator(a: readonly Column[], b: readonly Column[]): RowComparator {
  const comparators = a.map((column, c) => columnComparator(column, b[c]!));
  if (comparators.length === 1) return comparators[0]!;
  if (comparators.length === 2) {
    const first = comparators[0]!;
    const second = comparators[1]!;
    return (i, j) => first(i, j) || second(i, j);
  }
  return (i, j) => {
    for (let c = 0; c < comparators.length; c++) {
      const order = comparators[c]!(i, j);
      if (order !== 0) return order;
    }
    return 0;
  };
}

/** Compares elements of one column with those of another of the same layout. @throws INVALID_ARGUMENT for nested types */
export function columnComparator(a: Column, b: Column): RowComparator {
  const present = presentComparator(a, b);
  if (a.validity === null && b.validity === null) return present;
  return (i, j) => {
    const left = isValid(a, i);
    const right = isValid(b, j);
    return left && right ? present(i, j) : Number(left) - Number(right);
  };
}

function presentComparator(a: Column, b: Column): RowComparator {
  switch (layoutOf(a.type)) {
    case 'bits':
      return (i, j) => Number(getBit(a.values as Uint8Array, i)) - Number(getBit(b.values as Uint8Array, j));
    case 'int8':
    case 'int16':
    case 'int32': {
      const left = a.values as Int32Array;
      const right = b.values as Int32Array;
      return (i, j) => left[i]! - right[j]!;
    }
    case 'float32':
    case 'float64': {
      const left = a.values as Float64Array;
      const right = b.values as Float64Array;
      return (i, j) => compareDoubles(left[i]!, right[j]!);
    }
    case 'int64':
      return wordComparator(a, b, 2);
    case 'int128':
      return wordComparator(a, b, 4);
    case 'bytes':
      return bytesComparator(a, b);
    default:
      throw new WeirError('INVALID_ARGUMENT', `values of type ${a.type.kind} have no order`);
  }
}

/** Integers of `width` 32-bit words, least significant first: the highest word is signed. Avoids a BigInt a value. */
function wordComparator(a: Column, b: Column, width: number): RowComparator {
  const left = wordsOf(a.values as BigInt64Array);
  const right = wordsOf(b.values as BigInt64Array);
  const top = width - 1;
  return (i, j) => {
    const p = i * width;
    const q = j * width;
    if (left[p + top]! !== right[q + top]!) return left[p + top]! < right[q + top]! ? -1 : 1;
    for (let w = top - 1; w >= 0; w--) {
      if (left[p + w]! !== right[q + w]!) return left[p + w]! >>> 0 < right[q + w]! >>> 0 ? -1 : 1;
    }
    return 0;
  };
}

function wordsOf(values: BigInt64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2);
}

function bytesComparator(a: Column, b: Column): RowComparator {
  const left = a.values as Uint8Array;
  const right = b.values as Uint8Array;
  const leftOffsets = a.offsets!;
  const rightOffsets = b.offsets!;
  return (i, j) => {
    let p = leftOffsets[i]!;
    let q = rightOffsets[j]!;
    const leftEnd = leftOffsets[i + 1]!;
    const rightEnd = rightOffsets[j + 1]!;
    while (p < leftEnd && q < rightEnd) {
      const difference = left[p++]! - right[q++]!;
      if (difference !== 0) return difference;
    }
    return leftEnd - p - (rightEnd - q);
  };
}
