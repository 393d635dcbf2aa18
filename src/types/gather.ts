/**
 * The gather kernel: output row i is row `row[i]` of column `source[i]`.
 *
 *   source  0 0 0 1 1 0 …        long stretches of consecutive rows   -> ranges, each copied as a block
 *   row     4 5 6 0 1 7 …        else                                 -> element by element
 *
 * Elements are copied as machine words of their width (a float's bits, a BIGINT's two halves), so each width has one
 * loop and no value becomes a JavaScript BigInt. Strings go in two passes: sizes to offsets, then the bytes.
 *
 * Invariants: all columns have one type; the output owns its buffers; `validity` is null when no value is missing.
 */
import { WeirError } from '../base/error.js';
import { bitmapBytes, copyBits, countBits, setBits } from './bitmap.js';
import type { Column, Elements } from './column.js';
import { layoutOf, makeElements } from './layout.js';

/** Which rows go to the output, in order: one by one, or as ranges of consecutive rows of one source. */
export type Selection = RowSelection | RangeSelection;

export interface RowSelection {
  readonly ranges: false;
  readonly length: number;
  /** undefined: all of column 0 */
  readonly source: Uint8Array | Uint16Array | undefined;
  readonly row: Uint32Array;
}

export interface RangeSelection {
  readonly ranges: true;
  /** rows in all */
  readonly length: number;
  /** how many ranges */
  readonly count: number;
  readonly source: Uint8Array | Uint16Array;
  readonly start: Uint32Array;
  readonly size: Uint32Array;
}

/** Mean stretch from which copying blocks beats copying elements. */
const RANGE_ROWS = 12;
/** A stretch or string shorter than this is copied by a loop: the call of a block copy costs more. */
const BLOCK = 24;
const MAX_BYTES = 0x7fffffff;

/** Chooses the way of copying for these rows. */
export function selectRows(source: Uint8Array | Uint16Array | undefined, row: Uint32Array, length: number): Selection {
  const limit = Math.floor(length / RANGE_ROWS);
  let count = length === 0 ? 0 : 1;
  for (let i = 1; i < length; i++) {
    if (row[i]! !== row[i - 1]! + 1 || (source !== undefined && source[i]! !== source[i - 1]!)) {
      if (++count > limit) return { ranges: false, length, source, row };
    }
  }
  const sources = new Uint16Array(count);
  const start = new Uint32Array(count);
  const size = new Uint32Array(count);
  let at = 0;
  let first = 0;
  for (let i = 1; i <= length; i++) {
    if (i < length && row[i]! === row[i - 1]! + 1 && (source === undefined || source[i]! === source[i - 1]!)) continue;
    sources[at] = source === undefined ? 0 : source[first]!;
    start[at] = row[first]!;
    size[at] = i - first;
    at++;
    first = i;
  }
  return { ranges: true, length, count, source: sources, start, size };
}

/** The selected rows of columns of one type. @throws INVALID_ARGUMENT when strings or lists exceed 2 GiB in all */
export function gatherSelection(columns: readonly Column[], selection: Selection): Column {
  const type = columns[0]!.type;
  const { length } = selection;
  const validity = gatherValidity(columns, selection);
  const layout = layoutOf(type);
  if (layout === 'row') {
    const children = columns[0]!.children!.map((_, c) =>
      gatherSelection(
        columns.map((column) => column.children![c]!),
        selection,
      ),
    );
    return { type, length, validity, values: undefined, offsets: undefined, children };
  }
  if (layout === 'list') return { type, length, validity, values: undefined, ...gatherLists(columns, selection) };
  if (layout === 'bytes') return { type, length, validity, ...gatherBytes(columns, selection), children: undefined };
  const values = makeElements(layout, length)!;
  if (layout === 'bits') gatherBits(columns, selection, values as Uint8Array);
  else gatherElements(columns, selection, values);
  return { type, length, validity, values, offsets: undefined, children: undefined };
}

function gatherValidity(columns: readonly Column[], selection: Selection): Uint8Array | null {
  if (columns.every((column) => column.validity === null)) return null;
  const { length } = selection;
  const out = new Uint8Array(bitmapBytes(length));
  if (selection.ranges) {
    let at = 0;
    for (let k = 0; k < selection.count; k++) {
      const bits = columns[selection.source[k]!]!.validity;
      const size = selection.size[k]!;
      if (bits === null) setBits(out, at, at + size);
      else copyBits(bits, selection.start[k]!, out, at, size);
      at += size;
    }
  } else {
    const { source, row } = selection;
    for (let i = 0; i < length; i++) {
      const bits = columns[source === undefined ? 0 : source[i]!]!.validity;
      const r = row[i]!;
      out[i >> 3]! |= (bits === null ? 1 : (bits[r >> 3]! >> (r & 7)) & 1) << (i & 7);
    }
  }
  return countBits(out, length) === length ? null : out;
}

function gatherBits(columns: readonly Column[], selection: Selection, out: Uint8Array): void {
  const values = columns.map((column) => column.values as Uint8Array);
  if (selection.ranges) {
    let at = 0;
    for (let k = 0; k < selection.count; k++) {
      copyBits(values[selection.source[k]!]!, selection.start[k]!, out, at, selection.size[k]!);
      at += selection.size[k]!;
    }
    return;
  }
  const { source, row, length } = selection;
  for (let i = 0; i < length; i++) {
    const bits = values[source === undefined ? 0 : source[i]!]!;
    const r = row[i]!;
    out[i >> 3]! |= ((bits[r >> 3]! >> (r & 7)) & 1) << (i & 7);
  }
}

/** Fixed width: as 1, 2, 4, 8 or 16 byte words. */
function gatherElements(columns: readonly Column[], selection: Selection, out: Elements): void {
  if (selection.length === 0) return;
  if (selection.ranges) {
    copyRanges(
      columns.map((column) => bytesView(column.values!)),
      selection,
      bytesView(out),
      out.byteLength / selection.length,
    );
    return;
  }
  const values = columns.map((column) => column.values!);
  switch (out.byteLength / selection.length) {
    case 1:
      gather8(values.map(bytesView), selection, bytesView(out));
      break;
    case 2:
      gather16(
        values.map((a) => new Uint16Array(a.buffer, a.byteOffset, a.byteLength >> 1)),
        selection,
        new Uint16Array(out.buffer),
      );
      break;
    case 4:
      gather32(values.map(wordsView), selection, wordsView(out));
      break;
    case 8:
      gather64(values.map(wordsView), selection, wordsView(out));
      break;
    default:
      gather128(values.map(wordsView), selection, wordsView(out));
  }
}

function bytesView(values: Elements): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function wordsView(values: Elements): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.byteLength >> 2);
}

// One loop a width: a shared one would see several element kinds and lose its inlined accesses.

function gather8(values: readonly Uint8Array[], selection: RowSelection, out: Uint8Array): void {
  const { source, row, length } = selection;
  if (source === undefined || values.length === 1) {
    const only = values[0]!;
    for (let i = 0; i < length; i++) out[i] = only[row[i]!]!;
  } else for (let i = 0; i < length; i++) out[i] = values[source[i]!]![row[i]!]!;
}

function gather16(values: readonly Uint16Array[], selection: RowSelection, out: Uint16Array): void {
  const { source, row, length } = selection;
  if (source === undefined || values.length === 1) {
    const only = values[0]!;
    for (let i = 0; i < length; i++) out[i] = only[row[i]!]!;
  } else for (let i = 0; i < length; i++) out[i] = values[source[i]!]![row[i]!]!;
}

function gather32(values: readonly Int32Array[], selection: RowSelection, out: Int32Array): void {
  const { source, row, length } = selection;
  if (source === undefined || values.length === 1) {
    const only = values[0]!;
    for (let i = 0; i < length; i++) out[i] = only[row[i]!]!;
  } else for (let i = 0; i < length; i++) out[i] = values[source[i]!]![row[i]!]!;
}

function gather64(values: readonly Int32Array[], selection: RowSelection, out: Int32Array): void {
  const { source, row, length } = selection;
  if (source === undefined || values.length === 1) {
    const only = values[0]!;
    for (let i = 0; i < length; i++) {
      const at = row[i]! * 2;
      out[i * 2] = only[at]!;
      out[i * 2 + 1] = only[at + 1]!;
    }
  } else {
    for (let i = 0; i < length; i++) {
      const from = values[source[i]!]!;
      const at = row[i]! * 2;
      out[i * 2] = from[at]!;
      out[i * 2 + 1] = from[at + 1]!;
    }
  }
}

function gather128(values: readonly Int32Array[], selection: RowSelection, out: Int32Array): void {
  const { source, row, length } = selection;
  for (let i = 0; i < length; i++) {
    const from = values[source === undefined ? 0 : source[i]!]!;
    const at = row[i]! * 4;
    out[i * 4] = from[at]!;
    out[i * 4 + 1] = from[at + 1]!;
    out[i * 4 + 2] = from[at + 2]!;
    out[i * 4 + 3] = from[at + 3]!;
  }
}

function copyRanges(values: readonly Uint8Array[], selection: RangeSelection, out: Uint8Array, width_bytes: number): void {
  let at = 0;
  for (let k = 0; k < selection.count; k++) {
    const start = selection.start[k]! * width_bytes;
    const size = selection.size[k]! * width_bytes;
    out.set(values[selection.source[k]!]!.subarray(start, start + size), at);
    at += size;
  }
}

/** Offsets of the selected strings or lists. */
function gatherOffsets(columns: readonly Column[], selection: Selection): Int32Array {
  const all = columns.map((column) => column.offsets!);
  const { length } = selection;
  const out = new Int32Array(length + 1);
  let total = 0;
  if (selection.ranges) {
    let at = 0;
    for (let k = 0; k < selection.count; k++) {
      const offsets = all[selection.source[k]!]!;
      const start = selection.start[k]!;
      const size = selection.size[k]!;
      const shift = total - offsets[start]!;
      total = shift + offsets[start + size]!;
      if (total > MAX_BYTES) break;
      for (let i = 1; i <= size; i++) out[at + i] = offsets[start + i]! + shift;
      at += size;
    }
  } else {
    const { source, row } = selection;
    for (let i = 0; i < length; i++) {
      const offsets = all[source === undefined ? 0 : source[i]!]!;
      const r = row[i]!;
      total += offsets[r + 1]! - offsets[r]!;
      out[i + 1] = total;
    }
  }
  if (total > MAX_BYTES) throw new WeirError('INVALID_ARGUMENT', 'a batch holds at most 2 GiB in one column: use smaller batches');
  return out;
}

function gatherBytes(columns: readonly Column[], selection: Selection): { values: Uint8Array; offsets: Int32Array } {
  const offsets = gatherOffsets(columns, selection);
  const { length } = selection;
  const out = new Uint8Array(offsets[length]!);
  const values = columns.map((column) => column.values as Uint8Array);
  const starts = columns.map((column) => column.offsets!);
  if (selection.ranges) {
    let at = 0;
    for (let k = 0; k < selection.count; k++) {
      const c = selection.source[k]!;
      const start = selection.start[k]!;
      const from = starts[c]![start]!;
      const end = starts[c]![start + selection.size[k]!]!;
      out.set(values[c]!.subarray(from, end), at);
      at += end - from;
    }
    return { values: out, offsets };
  }
  const { source, row } = selection;
  const readers = values.map((bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const writer = new DataView(out.buffer);
  for (let i = 0; i < length; i++) {
    const c = source === undefined ? 0 : source[i]!;
    const bytes = values[c]!;
    let from = starts[c]![row[i]!]!;
    let at = offsets[i]!;
    const end = offsets[i + 1]!;
    if (end - at < BLOCK) {
      const reader = readers[c]!;
      for (; end - at >= 4; at += 4, from += 4) writer.setInt32(at, reader.getInt32(from, true), true);
      while (at < end) out[at++] = bytes[from++]!;
    } else out.set(bytes.subarray(from, from + end - at), at);
  }
  return { values: out, offsets };
}

function gatherLists(columns: readonly Column[], selection: Selection): { offsets: Int32Array; children: Column[] } {
  const offsets = gatherOffsets(columns, selection);
  const inner = selection.ranges ? innerRanges(columns, selection, offsets) : innerRows(columns, selection, offsets);
  const children = columns[0]!.children!.map((_, c) =>
    gatherSelection(
      columns.map((column) => column.children![c]!),
      inner,
    ),
  );
  return { offsets, children };
}

function innerRanges(columns: readonly Column[], selection: RangeSelection, offsets: Int32Array): Selection {
  const start = new Uint32Array(selection.count);
  const size = new Uint32Array(selection.count);
  for (let k = 0; k < selection.count; k++) {
    const from = columns[selection.source[k]!]!.offsets!;
    const first = selection.start[k]!;
    start[k] = from[first]!;
    size[k] = from[first + selection.size[k]!]! - from[first]!;
  }
  return { ranges: true, length: offsets[selection.length]!, count: selection.count, source: selection.source, start, size };
}

function innerRows(columns: readonly Column[], selection: RowSelection, offsets: Int32Array): Selection {
  const total = offsets[selection.length]!;
  const source = selection.source === undefined ? undefined : new Uint16Array(total);
  const row = new Uint32Array(total);
  for (let i = 0; i < selection.length; i++) {
    const c = selection.source === undefined ? 0 : selection.source[i]!;
    let from = columns[c]!.offsets![selection.row[i]!]!;
    for (let at = offsets[i]!; at < offsets[i + 1]!; at++) {
      row[at] = from++;
      if (source !== undefined) source[at] = c;
    }
  }
  return selectRows(source, row, total);
}
