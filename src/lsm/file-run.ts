/**
 * A sorted run of data files as a RunReader: the rows of its files that are not deleted, one file after the other, a row group
 * at a time.
 *
 * Invariants: files of a run do not overlap and are in key order, so the batches are; at most one file is open.
 * `wanted` may leave row groups out (all versions of the keys in them must be unwanted, see read/split-task).
 */
import { type DeletedRows, liveRows } from '../format/deletion-vector.js';
import type { DataFileMeta } from '../meta/data-file-meta.js';
import type { Batch } from '../types/column.js';
import { takeBatch } from '../types/take.js';
import type { EvolvingReader } from './evolving-reader.js';
import type { RunReader } from './merge.js';

export interface FileRunOptions {
  open(file: DataFileMeta): Promise<EvolvingReader>;
  wanted?(reader: EvolvingReader, rowGroup: number): boolean;
  /** rows that are marked deleted in a file; undefined when none are */
  deletedRows?(reader: EvolvingReader): Promise<DeletedRows | undefined>;
}

export function fileRun(files: readonly DataFileMeta[], options: FileRunOptions): RunReader {
  let next = 0;
  let rowGroup = 0;
  let reader: EvolvingReader | undefined;
  let deleted: DeletedRows | undefined;
  return {
    async next(): Promise<Batch | undefined> {
      for (;;) {
        if (reader === undefined) {
          const file = files[next++];
          if (file === undefined) return undefined;
          reader = await options.open(file);
          deleted = await options.deletedRows?.(reader);
          rowGroup = 0;
        }
        while (rowGroup < reader.rowGroups.length) {
          const group = rowGroup++;
          if (options.wanted?.(reader, group) === false) continue;
          const { firstRow, rowCount } = reader.rowGroups[group]!;
          const live = deleted === undefined ? null : liveRows(deleted, firstRow, rowCount);
          if (live === null) return reader.readRowGroup(group);
          if (live.length > 0) return takeBatch(await reader.readRowGroup(group), live);
        }
        await reader.close();
        reader = undefined;
      }
    },
    async close() {
      next = files.length;
      await reader?.close();
      reader = undefined;
    },
  };
}
