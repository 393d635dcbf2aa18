/**
 * A sorted run of data files as a RunReader: its files one after the other, a row group at a time.
 *
 * Invariants: files of a run do not overlap and are in key order, so the batches are; at most one file is open.
 * `wanted` may leave row groups out (all versions of the keys in them must be unwanted, see read/split-task).
 */
import type { DataFileMeta } from '../meta/data-file-meta.js';
import type { Batch } from '../types/column.js';
import type { EvolvingReader } from './evolving-reader.js';
import type { RunReader } from './merge.js';

export interface FileRunOptions {
  open(file: DataFileMeta): Promise<EvolvingReader>;
  wanted?(reader: EvolvingReader, rowGroup: number): boolean;
}

export function fileRun(files: readonly DataFileMeta[], options: FileRunOptions): RunReader {
  let next = 0;
  let rowGroup = 0;
  let reader: EvolvingReader | undefined;
  return {
    async next(): Promise<Batch | undefined> {
      for (;;) {
        if (reader === undefined) {
          const file = files[next++];
          if (file === undefined) return undefined;
          reader = await options.open(file);
          rowGroup = 0;
        }
        while (rowGroup < reader.rowGroups.length) {
          const group = rowGroup++;
          if (options.wanted === undefined || options.wanted(reader, group)) return reader.readRowGroup(group);
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
