/**
 * A Parquet file, read by row group or by row.
 *
 * A row group's wanted columns are fetched in joined requests and decoded one after another; single rows are fetched as
 * the pages that hold them, by the file's OffsetIndex (without one, the column chunks are decoded and the rows taken).
 *
 * Invariant: whatever the bytes are, calls end with the data, CORRUPTION or UNSUPPORTED, naming the file.
 */
import { WeirError } from '../../base/error.js';
import type { FileIO, RandomAccessFile } from '../../io/file-io.js';
import type { Batch, Column } from '../../types/column.js';
import type { DataField, DataType } from '../../types/data-type.js';
import { concat, nullColumn, take } from '../../types/take.js';
import type { ColumnStats, DataFileReader, OpenDataFileOptions, PageCache, PageStats } from '../data-file.js';
import { assemble } from './assemble.js';
import { beginChunk } from './chunk-reader.js';
import { chunkRange, type FooterRowGroup, type ParquetFooter, readFooter, type Tail } from './footer.js';
import type { LeafDecoder } from './leaf-decoder.js';
import { corruption, decoding, malformed } from './malformed.js';
import type { FileRange } from './metadata.js';
import { readColumnIndex } from './metadata-reader.js';
import { loadPageLocations, readPages } from './page-reads.js';
import { readRanges } from './ranges.js';
import { leavesOf, planField, type ReadPlan } from './read-plan.js';
import { isFlat } from './schema.js';
import { boundsColumn, columnStats } from './stats-reader.js';

export async function openParquet(io: FileIO, path: string, options: OpenDataFileOptions): Promise<DataFileReader> {
  const file = await io.open(path);
  try {
    const cached = options.footerCache?.get(path);
    if (cached !== undefined) {
      if (cached.size_bytes !== file.size_bytes) throw new WeirError('CORRUPTION', `${path} has changed its size`, { file: path });
      return new ParquetReader(file, cached, undefined, options.pageCache);
    }
    const { footer, tail } = await readFooter(file);
    options.footerCache?.set(path, footer);
    return new ParquetReader(file, footer, tail, options.pageCache);
  } catch (error) {
    await file.close();
    throw error;
  }
}

class ParquetReader implements DataFileReader {
  readonly path: string;
  readonly rowCount: number;
  readonly rowGroups: readonly FooterRowGroup[];
  readonly #file: RandomAccessFile;
  readonly #footer: ParquetFooter;
  readonly #tail: Tail | undefined;
  readonly #pages: PageCache | undefined;

  constructor(file: RandomAccessFile, footer: ParquetFooter, tail: Tail | undefined, pages: PageCache | undefined) {
    this.path = file.path;
    this.rowCount = footer.rowCount;
    this.rowGroups = footer.rowGroups;
    this.#file = file;
    this.#footer = footer;
    this.#tail = tail;
    this.#pages = pages;
  }

  columnNames(): string[] {
    return [...this.#footer.columns.keys()];
  }

  async readRowGroup(index: number, fields: readonly DataField[]): Promise<Batch> {
    const group = this.#group(index);
    const columns = await this.#chunks(group, this.#plan(fields));
    return { fields, columns, length: group.rowCount };
  }

  async readRows(rows: Uint32Array, fields: readonly DataField[]): Promise<Batch> {
    const last = rows[rows.length - 1] ?? -1;
    if (last >= this.rowCount) throw new WeirError('INVALID_ARGUMENT', `row ${last} of ${this.rowCount}`, { file: this.path });
    for (let i = 1; i < rows.length; i++) {
      if (rows[i]! < rows[i - 1]!) throw new WeirError('INVALID_ARGUMENT', 'rows to read must ascend', { file: this.path });
    }
    const plans = this.#plan(fields);
    const parts: Promise<Column[]>[] = [];
    let start = 0;
    for (const group of this.rowGroups) {
      const limit = group.firstRow + group.rowCount;
      let end = start;
      while (end < rows.length && rows[end]! < limit) end++;
      if (end > start) parts.push(this.#rows(group, relative(rows, start, end, group.firstRow), plans));
      start = end;
    }
    const settled = await Promise.all(parts);
    const columns = fields.map((field, i) => (settled.length === 0 ? nullColumn(field.type, 0) : concat(settled.map((part) => part[i]!))));
    return { fields, columns, length: rows.length };
  }

  rowGroupStats(index: number, name: string, type: DataType): ColumnStats | undefined {
    const node = this.#footer.columns.get(name);
    if (node === undefined || !isFlat(node)) return undefined;
    return decoding(this.path, () => columnStats(this.#group(index).chunk(node.leaf), node, type));
  }

  async pageStats(index: number, name: string, type: DataType): Promise<PageStats | undefined> {
    const node = this.#footer.columns.get(name);
    if (node === undefined || !isFlat(node)) return undefined;
    const group = this.#group(index);
    const chunk = decoding(this.path, () => group.chunk(node.leaf));
    if (chunk.columnIndex === undefined) return undefined;
    const [indexes] = await Promise.all([
      readRanges(this.#file, this.#tail, [chunk.columnIndex]),
      loadPageLocations(this.#file, this.#tail, group, [node.leaf]),
    ]);
    const pages = group.pageLocations.get(node.leaf)!;
    return decoding(this.path, () => {
      const { nullPages, mins, maxs } = readColumnIndex(indexes[0]!);
      if (nullPages.length !== pages.length || mins.length !== pages.length || maxs.length !== pages.length)
        malformed('a column index has another number of pages');
      const bounds = (values: readonly Uint8Array[]) => boundsColumn(chunk, node, type, values, nullPages);
      return { firstRows: Int32Array.from(pages, (page) => page.firstRow), mins: bounds(mins), maxs: bounds(maxs) };
    });
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #group(index: number): FooterRowGroup {
    const group = this.rowGroups[index];
    if (group === undefined) throw new WeirError('INVALID_ARGUMENT', `row group ${index} of ${this.rowGroups.length}`, { file: this.path });
    return group;
  }

  #plan(fields: readonly DataField[]): ReadPlan[] {
    // A decoded leaf's buffers become its column's: they cannot serve two.
    if (new Set(fields.map((field) => field.name)).size < fields.length) {
      throw new WeirError('INVALID_ARGUMENT', 'a column is wanted twice', { file: this.path });
    }
    try {
      return fields.map((field) => planField(this.#footer.columns, field));
    } catch (error) {
      if (!(error instanceof WeirError)) throw error;
      throw new WeirError(error.code, `${this.path}: ${error.message}`, { cause: error, file: this.path });
    }
  }

  /** Whole columns of a row group. */
  async #chunks(group: FooterRowGroup, plans: readonly ReadPlan[]): Promise<Column[]> {
    const { leaves } = this.#footer;
    const wanted = [...plans.reduce((set, plan) => leavesOf(plan, set), new Set<number>())];
    try {
      const ranges = wanted.map((leaf): FileRange => chunkRange(group.chunk(leaf)));
      const bytes = await readRanges(this.#file, this.#tail, ranges);
      const begin = (i: number) => {
        const chunk = group.chunk(wanted[i]!);
        return beginChunk(chunk, leaves[wanted[i]!]!, bytes[i]!, chunk.valueCount);
      };
      const decoded = new Map<number, LeafDecoder>();
      let next = wanted.length > 0 ? begin(0) : undefined;
      for (let i = 0; i < wanted.length; i++) {
        const finish = next!;
        next = i + 1 < wanted.length ? begin(i + 1) : undefined;
        const leaf = finish();
        decoded.set(wanted[i]!, leaf instanceof Promise ? await leaf : leaf);
      }
      return plans.map((plan) => assemble(plan, decoded, group.rowCount));
    } catch (error) {
      throw corruption(error, this.path);
    }
  }

  /** Rows (ordinals in the row group, ascending) of columns of one row group. */
  async #rows(group: FooterRowGroup, rows: Uint32Array, plans: readonly ReadPlan[]): Promise<Column[]> {
    try {
      const wanted = [...plans.reduce((set, plan) => leavesOf(plan, set), new Set<number>())];
      await loadPageLocations(this.#file, this.#tail, group, wanted);
      const source = { file: this.#file, tail: this.#tail, footer: this.#footer, group, cache: this.#pages };
      const picked = await readPages(source, plans, rows);
      const rest = plans.filter((_, i) => picked[i] === undefined);
      const whole = rest.length === 0 ? [] : await this.#chunks(group, rest);
      let at = 0;
      return picked.map((column) => column ?? take(whole[at++]!, rows));
    } catch (error) {
      throw corruption(error, this.path);
    }
  }
}

function relative(rows: Uint32Array, start: number, end: number, firstRow: number): Uint32Array {
  if (start === 0 && end === rows.length && firstRow === 0) return rows;
  const out = rows.slice(start, end);
  for (let i = 0; i < out.length; i++) out[i] = out[i]! - firstRow;
  return out;
}
