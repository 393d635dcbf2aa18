/**
 * Sorts row numbers by key, and by `sequence.field` within a key. Stable: rows that compare equal keep their order,
 * so of rows that came in sequence order the newest of a key is the last.
 *
 *   segment ─ (high bits: order-preserving number, low bits: position) as u64 ─ native sort ─ ties ─> segments
 *
 * A segment of rows that are equal so far is cut by one column at a time; numbers are relative to the segment's smallest,
 * so that the bits beside the position suffice for nearly all. What is still tied is a smaller segment: of the same column,
 * when bits were lost, else of the next one.
 */

import { type Column, isValid } from '../types/column.js';
import { type RowComparator, rowComparator } from '../types/compare.js';
import { segmentNumbers } from './segment-numbers.js';

export interface SortSequence {
  /** columns of `sequence.field`; may be empty */
  readonly userFields: readonly Column[];
  /** `sequence.field.sort-order`; missing values come first either way */
  readonly ascending: boolean;
  /** needed only where sequence numbers do not ascend with row numbers */
  readonly number?: BigInt64Array;
}

interface SortColumn {
  readonly column: Column;
  readonly descending: boolean;
  readonly compare: RowComparator;
}

/** Up to here comparing is cheaper than packing. */
const SMALL = 24;
/** Bits of a number that a double holds with room for a sum. */
const MAX_NUMBER_BITS = 52;

/** Row numbers 0 … length-1 in order of (key, [sequence.field], sequence number). */
export function sortRows(keys: readonly Column[], sequence: SortSequence, length: number): Uint32Array {
  const order = new Uint32Array(length);
  for (let i = 0; i < length; i++) order[i] = i;
  const columns = [
    ...keys.map((column) => sortColumn(column, false)),
    ...sequence.userFields.map((column) => sortColumn(column, !sequence.ascending)),
    ...(sequence.number === undefined ? [] : [sortColumn(sequenceColumn(sequence.number), false)]),
  ];
  if (length > 1 && !isSorted(columns, length)) new RowSort(columns, order).segment(0, length, 0);
  return order;
}

/** Of rows in sorted order, the last of each key. */
export function dedupSorted(keys: readonly Column[], order: Uint32Array): Uint32Array {
  const compare = rowComparator(keys, keys);
  const out = new Uint32Array(order.length);
  let count = 0;
  for (let i = 0; i < order.length; i++) {
    if (i + 1 === order.length || compare(order[i]!, order[i + 1]!) !== 0) out[count++] = order[i]!;
  }
  return count === order.length ? order : out.slice(0, count);
}

function sequenceColumn(values: BigInt64Array): Column {
  const type = { kind: 'BIGINT', nullable: false } as const;
  return { type, length: values.length, validity: null, values, offsets: undefined, children: undefined };
}

function sortColumn(column: Column, descending: boolean): SortColumn {
  const plain = rowComparator([column], [column]);
  if (!descending) return { column, descending, compare: plain };
  return { column, descending, compare: (i, j) => (isValid(column, i) && isValid(column, j) ? plain(j, i) : plain(i, j)) };
}

function isSorted(columns: readonly SortColumn[], length: number): boolean {
  for (let i = 1; i < length; i++) if (compareBy(columns, 0, i - 1, i) > 0) return false;
  return true;
}

function compareBy(columns: readonly SortColumn[], from: number, i: number, j: number): number {
  for (let c = from; c < columns.length; c++) {
    const order = columns[c]!.compare(i, j);
    if (order !== 0) return order;
  }
  return 0;
}

/** Sorts segments of `order` in place. */
class RowSort {
  readonly #columns: readonly SortColumn[];
  readonly #order: Uint32Array;
  // Scratch of the segment at hand; free again before its ties are sorted.
  readonly #rows: Uint32Array;
  readonly #numbers: Float64Array;
  readonly #packed: BigUint64Array;

  constructor(columns: readonly SortColumn[], order: Uint32Array) {
    this.#columns = columns;
    this.#order = order;
    this.#rows = new Uint32Array(order.length);
    this.#numbers = new Float64Array(order.length);
    this.#packed = new BigUint64Array(order.length);
  }

  /** Sorts order[start … end-1], equal in all columns before `c`, by the columns from `c` on. */
  segment(start: number, end: number, c: number): void {
    if (end - start < 2 || c === this.#columns.length) return;
    if (end - start <= SMALL) {
      this.#insert(start, end, c);
      return;
    }
    const { column, descending } = this.#columns[c]!;
    if (column.validity !== null) {
      const nulls = this.#nullsFirst(column, start, end);
      if (nulls > 0) {
        this.segment(start, start + nulls, c + 1);
        this.segment(start + nulls, end, c);
        return;
      }
    }
    const exact = segmentNumbers(column, this.#order, start, end, this.#numbers);
    const count = end - start;
    let low = Infinity;
    let high = -Infinity;
    for (let i = 0; i < count; i++) {
      const number = this.#numbers[i]!;
      if (number < low) low = number;
      if (number > high) high = number;
    }
    if (low === high) {
      this.segment(start, end, c + 1);
      return;
    }
    const positionBits = 32 - Math.clz32(count - 1);
    const bits = Math.min(MAX_NUMBER_BITS, 64 - positionBits);
    const scale = high - low < 2 ** bits ? 1 : 2 ** (bits - 1 - Math.ceil(Math.log2(high - low)));
    this.#pack(count, descending ? high : low, descending ? -scale : scale, positionBits);
    this.#packed.subarray(0, count).sort();
    const distinct = exact && scale === 1;
    const ties = this.#unpack(start, count, positionBits, distinct && c + 1 === this.#columns.length);
    for (let t = 0; t < ties.length; t += 2) this.segment(ties[t]!, ties[t + 1]!, distinct ? c + 1 : c);
  }

  /** (number - zero) · scale above, position in the segment below. */
  #pack(count: number, zero: number, scale: number, positionBits: number): void {
    const halves = new Uint32Array(this.#packed.buffer, 0, count * 2);
    const lowValues = 2 ** (32 - positionBits);
    for (let i = 0; i < count; i++) {
      const number = Math.floor((this.#numbers[i]! - zero) * scale);
      const high = Math.floor(number / lowValues);
      halves[i * 2] = ((number - high * lowValues) << positionBits) | i;
      halves[i * 2 + 1] = high;
    }
  }

  /** Puts the sorted rows back and returns the [start, end) pairs of rows with equal numbers. */
  #unpack(start: number, count: number, positionBits: number, ignoreTies: boolean): number[] {
    const order = this.#order;
    const rows = this.#rows;
    for (let i = 0; i < count; i++) rows[i] = order[start + i]!;
    const halves = new Uint32Array(this.#packed.buffer, 0, count * 2);
    const mask = 2 ** positionBits - 1;
    for (let i = 0; i < count; i++) order[start + i] = rows[halves[i * 2]! & mask]!;
    const ties: number[] = [];
    if (ignoreTies) return ties;
    let first = 0;
    for (let i = 1; i <= count; i++) {
      const tied =
        i < count && halves[i * 2 + 1] === halves[first * 2 + 1] && halves[i * 2]! >>> positionBits === halves[first * 2]! >>> positionBits;
      if (tied) continue;
      if (i - first > 1) ties.push(start + first, start + i);
      first = i;
    }
    return ties;
  }

  /** Moves rows without a value to the front, keeping the order of both parts; returns how many. */
  #nullsFirst(column: Column, start: number, end: number): number {
    const order = this.#order;
    const rows = this.#rows;
    let nulls = 0;
    let present = 0;
    for (let i = start; i < end; i++) {
      const row = order[i]!;
      if (isValid(column, row)) rows[present++] = row;
      else order[start + nulls++] = row;
    }
    order.set(rows.subarray(0, present), start + nulls);
    return nulls;
  }

  #insert(start: number, end: number, c: number): void {
    const order = this.#order;
    for (let i = start + 1; i < end; i++) {
      const row = order[i]!;
      let at = i;
      while (at > start && compareBy(this.#columns, c, order[at - 1]!, row) > 0) {
        order[at] = order[at - 1]!;
        at--;
      }
      order[at] = row;
    }
  }
}
