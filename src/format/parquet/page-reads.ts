/**
 * Single rows of a row group, through the pages that hold them.
 *
 * Flat columns: their pages are opened (or come from the cache, already open) and the rows picked. Nested columns whose
 * leaves' pages begin at the same rows, as weir writes them: the pages are decoded and the rows taken. All requests of
 * all columns go out together.
 *
 * Invariant: page locations are checked against the row group and, as pages are opened, against the pages themselves.
 */
import type { RandomAccessFile } from '../../io/file-io.js';
import type { Column } from '../../types/column.js';
import { nullColumn, take } from '../../types/take.js';
import type { PageCache } from '../data-file.js';
import { assemble } from './assemble.js';
import { BitSink } from './bit-sink.js';
import { codecOf } from './chunk-reader.js';
import { leafColumn } from './conversion.js';
import { chunkRange, type FooterRowGroup, type ParquetFooter, type Tail } from './footer.js';
import { decodeDictionary, LeafDecoder } from './leaf-decoder.js';
import { LeafValues } from './leaf-values.js';
import { decoding, malformed } from './malformed.js';
import { type ColumnChunk, type FileRange, type PageLocation, PageType } from './metadata.js';
import { readOffsetIndex } from './metadata-reader.js';
import { OpenPage } from './open-page.js';
import { openPage, type PageBody, rawPage } from './page.js';
import { readRanges } from './ranges.js';
import { leavesOf, type ReadPlan } from './read-plan.js';
import { isFlat, type SchemaNode } from './schema.js';

export interface PageSource {
  readonly file: RandomAccessFile;
  readonly tail: Tail | undefined;
  readonly footer: ParquetFooter;
  readonly group: FooterRowGroup;
  readonly cache: PageCache | undefined;
}

/** Reads the OffsetIndex of leaves that have one and are not known yet, into `group.pageLocations`. */
export async function loadPageLocations(
  file: RandomAccessFile,
  tail: Tail | undefined,
  group: FooterRowGroup,
  leaves: readonly number[],
): Promise<void> {
  const missing = leaves.filter((leaf) => !group.pageLocations.has(leaf));
  if (missing.length === 0) return;
  const indexed = missing.filter((leaf) => group.chunk(leaf).offsetIndex !== undefined);
  const bytes = await readRanges(
    file,
    tail,
    indexed.map((leaf) => group.chunk(leaf).offsetIndex!),
  );
  decoding(file.path, () => {
    for (const leaf of missing) {
      const i = indexed.indexOf(leaf);
      group.pageLocations.set(leaf, i < 0 ? [] : checkedLocations(readOffsetIndex(bytes[i]!), group.chunk(leaf), group.rowCount));
    }
  });
}

function checkedLocations(pages: readonly PageLocation[], chunk: ColumnChunk, rowCount: number): readonly PageLocation[] {
  if (pages.length === 0 || pages[0]!.firstRow !== 0) malformed('a page index does not begin at row 0');
  const range = chunkRange(chunk);
  let end = range.offset;
  let row = -1;
  for (const page of pages) {
    if (page.offset < end || page.firstRow <= row) malformed('a page index is not in order');
    end = page.offset + page.size_bytes;
    row = page.firstRow;
  }
  if (end > range.offset + range.length || row >= rowCount) malformed('a page index is beyond its column');
  return pages;
}

/** The pages of a leaf that hold wanted rows: page number, and which of the wanted rows. */
interface Wanted {
  readonly page: number;
  readonly start: number;
  readonly end: number;
}

function wantedPages(locations: readonly PageLocation[], rows: Uint32Array): Wanted[] {
  const out: Wanted[] = [];
  let page = 0;
  for (let start = 0; start < rows.length; ) {
    page = pageOf(locations, rows[start]!, page);
    const limit = locations[page + 1]?.firstRow ?? Number.POSITIVE_INFINITY;
    let end = start + 1;
    while (end < rows.length && rows[end]! < limit) end++;
    out.push({ page, start, end });
    start = end;
  }
  return out;
}

/** The last page from `from` on that begins at or before `row`. */
function pageOf(locations: readonly PageLocation[], row: number, from: number): number {
  let low = from;
  let high = locations.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (locations[middle]!.firstRow <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** One leaf's part in the read. */
interface LeafRead {
  readonly node: SchemaNode;
  readonly chunk: ColumnChunk;
  readonly locations: readonly PageLocation[];
  readonly wanted: readonly Wanted[];
  /** flat columns: by position in `wanted` */
  readonly open: (OpenPage | undefined)[];
  readonly bodies: (PageBody | undefined)[];
  dictionary: LeafValues | undefined;
}

/** Columns of the rows (ordinals in the row group, ascending); undefined where pages cannot be used. */
export async function readPages(source: PageSource, plans: readonly ReadPlan[], rows: Uint32Array): Promise<(Column | undefined)[]> {
  const reads = new Map<number, LeafRead>();
  const usable = plans.map((plan) => plan.kind === 'absent' || usesPages(source, plan, rows, reads));
  await fetchPages(source, reads);
  return plans.map((plan, i) => {
    if (!usable[i]) return undefined;
    if (plan.kind === 'absent') return nullColumn(plan.type, rows.length);
    return plan.kind === 'leaf' && isFlat(plan.node)
      ? pickFlat(source, plan, reads.get(plan.leaf)!, rows)
      : takeNested(source, plan, reads, rows);
  });
}

function usesPages(source: PageSource, plan: ReadPlan, rows: Uint32Array, reads: Map<number, LeafRead>): boolean {
  const leaves = [...leavesOf(plan)];
  const first = source.group.pageLocations.get(leaves[0]!)!;
  for (const leaf of leaves) {
    const locations = source.group.pageLocations.get(leaf)!;
    if (locations.length === 0 || locations.length !== first.length) return false;
    if (locations !== first && locations.some((page, i) => page.firstRow !== first[i]!.firstRow)) return false;
  }
  for (const leaf of leaves) {
    const wanted = wantedPages(first, rows);
    const locations = source.group.pageLocations.get(leaf)!;
    const node = source.footer.leaves[leaf]!;
    reads.set(leaf, { node, chunk: source.group.chunk(leaf), locations, wanted, open: [], bodies: [], dictionary: undefined });
  }
  return true;
}

async function fetchPages(source: PageSource, reads: ReadonlyMap<number, LeafRead>): Promise<void> {
  const { file, tail, cache } = source;
  const ranges: FileRange[] = [];
  const receive: ((page: PageBody) => void)[] = [];
  const chunks: LeafRead[] = [];
  const want = (read: LeafRead, offset: number, length: number, onPage: (page: PageBody) => void) => {
    ranges.push({ offset, length });
    chunks.push(read);
    receive.push(onPage);
  };
  for (const read of reads.values()) {
    const flat = isFlat(read.node);
    read.wanted.forEach(({ page }, i) => {
      const location = read.locations[page]!;
      const cached = flat ? cache?.get(pageKey(file.path, location.offset)) : undefined;
      if (cached instanceof OpenPage) read.open[i] = cached;
      else {
        want(read, location.offset, location.size_bytes, (body) => {
          read.bodies[i] = body;
        });
      }
    });
    const { offset } = chunkRange(read.chunk);
    const end = read.locations[0]!.offset;
    if (end > offset && read.wanted.some((_, i) => read.open[i] === undefined)) {
      const cached = cache?.get(pageKey(file.path, offset));
      if (cached instanceof LeafValues) read.dictionary = cached;
      else {
        want(read, offset, end - offset, (body) => {
          if (body.header.type !== PageType.DICTIONARY) malformed('something else where the dictionary should be');
          read.dictionary = decodeDictionary(read.node, body);
          cache?.set(pageKey(file.path, offset), read.dictionary, body.bytes.length * 2);
        });
      }
    }
  }
  if (ranges.length === 0) return;
  const bytes = await readRanges(file, tail, ranges);
  const bodies = bytes.map((part, i) => {
    const { node, chunk } = chunks[i]!;
    const page = rawPage(part, 0);
    if (page.end !== part.length) malformed('a page has another size than its index says');
    return openPage(page, codecOf(chunk), node.maxRepetition, node.maxDefinition);
  });
  const opened = bodies.some((body) => body instanceof Promise) ? await Promise.all(bodies) : (bodies as PageBody[]);
  for (const [i, body] of opened.entries()) receive[i]!(body);
}

function pageKey(path: string, offset: number): string {
  return `${path}#${offset}`;
}

function rowsOfPage(read: LeafRead, page: number, rowCount: number): number {
  return (read.locations[page + 1]?.firstRow ?? rowCount) - read.locations[page]!.firstRow;
}

function pickFlat(source: PageSource, plan: ReadPlan & { kind: 'leaf' }, read: LeafRead, rows: Uint32Array): Column {
  const { type, typeLength } = plan.node.element;
  const values = new LeafValues(type!, typeLength ?? 0, rows.length, rows.length * 16);
  const validity = new BitSink(rows.length);
  read.wanted.forEach(({ page, start, end }, i) => {
    let open = read.open[i];
    const location = read.locations[page]!;
    if (open === undefined) {
      open = new OpenPage(read.node, dataPage(read.bodies[i]!), read.dictionary);
      if (open.rowCount !== rowsOfPage(read, page, source.group.rowCount)) malformed('a page has other rows than its index says');
      source.cache?.set(pageKey(source.file.path, location.offset), open, open.size_bytes);
    }
    open.pick(rows, start, end, location.firstRow, values, validity);
  });
  return leafColumn(plan.type, plan.conversion, values, values.count === rows.length ? null : validity.bits, rows.length);
}

function dataPage(body: PageBody): PageBody {
  if (body.header.type !== PageType.DATA && body.header.type !== PageType.DATA_V2) malformed('a page index leads to no data page');
  return body;
}

function takeNested(source: PageSource, plan: ReadPlan, reads: ReadonlyMap<number, LeafRead>, rows: Uint32Array): Column {
  const decoded = new Map<number, LeafDecoder>();
  const leaves = [...leavesOf(plan)];
  for (const leaf of leaves) {
    const read = reads.get(leaf)!;
    const bodies = read.bodies.map((body) => dataPage(body!));
    const entries = bodies.reduce((sum, body) => sum + body.header.valueCount, 0);
    const decoder = new LeafDecoder(read.node, entries, 0);
    decoder.useDictionary(read.dictionary);
    for (const body of bodies) decoder.append(body);
    decoded.set(leaf, decoder);
  }
  const read = reads.get(leaves[0]!)!;
  let length = 0;
  const places = new Uint32Array(rows.length);
  for (const { page, start, end } of read.wanted) {
    for (let i = start; i < end; i++) places[i] = length + rows[i]! - read.locations[page]!.firstRow;
    length += rowsOfPage(read, page, source.group.rowCount);
  }
  return take(assemble(plan, decoded, length), places);
}
