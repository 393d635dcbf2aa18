/** A sorted run: data files in key order that do not overlap, so that a key is in one of them at most. */
import type { DataFileMeta } from '../meta/data-file-meta.js';

export interface SortedRun {
  /** level of its files; of several levels (see interval-partition.ts) the lowest */
  readonly level: number;
  readonly files: readonly DataFileMeta[];
}

export function runSize_bytes(run: SortedRun): number {
  return run.files.reduce((sum, file) => sum + file.fileSize_bytes, 0);
}

/** -1n without files */
export function maxSequenceNumber(files: Iterable<DataFileMeta>): bigint {
  let max = -1n;
  for (const file of files) if (file.maxSequenceNumber > max) max = file.maxSequenceNumber;
  return max;
}
