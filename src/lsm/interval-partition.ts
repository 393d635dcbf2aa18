/**
 * Cuts files into sections whose key ranges do not overlap, and the files of each into as few sorted runs as possible.
 *
 *   files     ├──a──┤  ├────c────┤        ├─e─┤
 *                ├──b──┤    ├──d──┤
 *   sections  [ a+c , b+d ]               [ e ]
 *
 * Greedy by ascending smallest key: a file continues the run that ends earliest, if that ends before the file begins.
 * Bounds are inclusive. Runs of a section come oldest first: by level descending, then by largest sequence number.
 * Source of the algorithm: Paimon's interval partition (format-spec/data-file).
 */
import type { DataFileMeta } from '../meta/data-file-meta.js';
import type { KeyComparator } from './key-comparator.js';
import { maxSequenceNumber, type SortedRun } from './sorted-run.js';

/** Sections in key order. */
export function intervalPartition(files: readonly DataFileMeta[], compareKey: KeyComparator): SortedRun[][] {
  const sorted = [...files].sort((a, b) => compareKey(a.minKey, b.minKey) || compareKey(a.maxKey, b.maxKey));
  const sections: SortedRun[][] = [];
  let section: DataFileMeta[] = [];
  let end: Uint8Array | undefined;
  for (const file of sorted) {
    if (end !== undefined && compareKey(file.minKey, end) > 0) {
      sections.push(packRuns(section, compareKey));
      section = [];
      end = undefined;
    }
    section.push(file);
    if (end === undefined || compareKey(file.maxKey, end) > 0) end = file.maxKey;
  }
  if (section.length > 0) sections.push(packRuns(section, compareKey));
  return sections;
}

function packRuns(files: readonly DataFileMeta[], compareKey: KeyComparator): SortedRun[] {
  const runs = new EndHeap(compareKey);
  for (const file of files) {
    const earliest = runs.top();
    if (earliest !== undefined && compareKey(file.minKey, lastKey(earliest)) > 0) {
      earliest.push(file);
      runs.sinkTop();
    } else runs.push([file]);
  }
  return runs.items
    .map((run) => ({ level: Math.min(...run.map((file) => file.level)), files: run }))
    .sort((a, b) => b.level - a.level || compareSequence(maxSequenceNumber(a.files), maxSequenceNumber(b.files)));
}

function compareSequence(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function lastKey(run: readonly DataFileMeta[]): Uint8Array {
  return run[run.length - 1]!.maxKey;
}

/** A binary heap of runs, the one that ends earliest on top. */
class EndHeap {
  readonly items: DataFileMeta[][] = [];
  readonly #compareKey: KeyComparator;

  constructor(compareKey: KeyComparator) {
    this.#compareKey = compareKey;
  }

  top(): DataFileMeta[] | undefined {
    return this.items[0];
  }

  push(run: DataFileMeta[]): void {
    this.items.push(run);
    let at = this.items.length - 1;
    while (at > 0 && this.#before(at, (at - 1) >> 1)) {
      this.#swap(at, (at - 1) >> 1);
      at = (at - 1) >> 1;
    }
  }

  /** After the top's end has grown. */
  sinkTop(): void {
    let at = 0;
    for (;;) {
      let least = at;
      for (const child of [at * 2 + 1, at * 2 + 2]) if (child < this.items.length && this.#before(child, least)) least = child;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #before(i: number, j: number): boolean {
    return this.#compareKey(lastKey(this.items[i]!), lastKey(this.items[j]!)) < 0;
  }

  #swap(i: number, j: number): void {
    const run = this.items[i]!;
    this.items[i] = this.items[j]!;
    this.items[j] = run;
  }
}
