/**
 * Rows of columns and batches: taken by number, cut, joined, gathered from several; constant columns.
 *
 * Invariants: results own their buffers (they may be moved to another thread) unless they are an argument itself,
 * returned whole; argument columns of one call have one type.
 */
import { WeirError } from '../base/error.js';
import { bitmapBytes } from './bitmap.js';
import type { Batch, Column } from './column.js';
import type { DataType } from './data-type.js';
import { columnFromData, type Datum } from './datum.js';
import { gatherSelection, type Selection, selectRows } from './gather.js';
import { childTypes, layoutOf, makeElements } from './layout.js';

const MAX_SOURCES = 65536;

/** The rows `rows[0], rows[1] …`, in that order; a row may come more than once. */
export function take(column: Column, rows: Uint32Array): Column {
  return gatherSelection([column], selectRows(undefined, rows, rows.length));
}

/** Rows start … end-1. */
export function slice(column: Column, start: number, end: number): Column {
  if (start === 0 && end === column.length) return column;
  return gatherSelection([column], oneRange(start, end));
}

/** At least one column: their rows one after another. */
export function concat(columns: readonly Column[]): Column {
  return columns.length === 1 ? columns[0]! : gatherSelection(columns, wholeRanges(columns.map((column) => column.length)));
}

/** Output row i is row `row[i]` of `columns[source[i]]`, for i < length. */
export function gather(columns: readonly Column[], source: Uint8Array | Uint16Array, row: Uint32Array, length: number): Column {
  return gatherSelection(columns, selectRows(source, row, length));
}

export function takeBatch(batch: Batch, rows: Uint32Array): Batch {
  return selectBatch([batch], selectRows(undefined, rows, rows.length));
}

export function sliceBatch(batch: Batch, start: number, end: number): Batch {
  return start === 0 && end === batch.length ? batch : selectBatch([batch], oneRange(start, end));
}

/** At least one batch, all with the same columns. */
export function concatBatch(batches: readonly Batch[]): Batch {
  return batches.length === 1 ? batches[0]! : selectBatch(batches, wholeRanges(batches.map((batch) => batch.length)));
}

export function gatherBatch(batches: readonly Batch[], source: Uint8Array | Uint16Array, row: Uint32Array, length: number): Batch {
  return selectBatch(batches, selectRows(source, row, length));
}

function selectBatch(batches: readonly Batch[], selection: Selection): Batch {
  const { fields } = batches[0]!;
  const columns = fields.map((_, c) =>
    gatherSelection(
      batches.map((batch) => batch.columns[c]!),
      selection,
    ),
  );
  return { fields, columns, length: selection.length };
}

function oneRange(start: number, end: number): Selection {
  const length = end - start;
  return { ranges: true, length, count: 1, source: new Uint8Array(1), start: Uint32Array.of(start), size: Uint32Array.of(length) };
}

function wholeRanges(lengths: readonly number[]): Selection {
  const count = lengths.length;
  if (count > MAX_SOURCES) throw new WeirError('INVALID_ARGUMENT', `at most ${MAX_SOURCES} columns are joined at once, not ${count}`);
  const source = Uint16Array.from(lengths, (_, k) => k);
  const length = lengths.reduce((sum, n) => sum + n, 0);
  return { ranges: true, length, count, source, start: new Uint32Array(count), size: Uint32Array.from(lengths) };
}

/** `length` missing values. */
export function nullColumn(type: DataType, length: number): Column {
  const layout = layoutOf(type);
  const validity = length === 0 ? null : new Uint8Array(bitmapBytes(length));
  const variable = layout === 'bytes' || layout === 'list';
  const children = childTypes(type).map((child) => nullColumn(child, layout === 'row' ? length : 0));
  return {
    type,
    length,
    validity,
    values: makeElements(layout, layout === 'bytes' ? 0 : length),
    offsets: variable ? new Int32Array(length + 1) : undefined,
    children: children.length > 0 ? children : undefined,
  };
}

/** `length` times the same value. */
export function constantColumn(type: DataType, datum: Datum, length: number): Column {
  return datum === null ? nullColumn(type, length) : take(columnFromData(type, [datum]), new Uint32Array(length));
}

/** Bytes of the elements, offsets and validity bits that the column refers to. */
export function columnBytes(column: Column): number {
  let size_bytes = column.validity === null ? 0 : bitmapBytes(column.length);
  if (column.offsets !== undefined) {
    size_bytes += (column.length + 1) * 4;
    if (column.values !== undefined) size_bytes += column.offsets[column.length]! - column.offsets[0]!;
  } else if (column.values !== undefined) size_bytes += column.values.byteLength;
  for (const child of column.children ?? []) size_bytes += columnBytes(child);
  return size_bytes;
}

/**
 * The buffers that can move with this batch, each once. A buffer of which the batch sees a part only may belong to
 * others as well and is left out: it is copied when the batch is posted.
 */
export function transferables(batch: Batch): ArrayBuffer[] {
  const seen_bytes = new Map<ArrayBuffer, number>();
  // one column may stand in a batch twice (a key and its table column): its arrays count once
  const views = new Set<ArrayBufferView>();
  const visit = (column: Column) => {
    for (const view of [column.validity, column.values, column.offsets]) {
      if (!view || views.has(view) || !(view.buffer instanceof ArrayBuffer)) continue;
      views.add(view);
      seen_bytes.set(view.buffer, (seen_bytes.get(view.buffer) ?? 0) + view.byteLength);
    }
    for (const child of column.children ?? []) visit(child);
  };
  for (const column of batch.columns) visit(column);
  return [...seen_bytes].filter(([buffer, seen]) => seen > 0 && seen >= buffer.byteLength).map(([buffer]) => buffer);
}
