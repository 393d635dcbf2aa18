/**
 * Which small files of an append bucket become one.
 *
 * Only neighbours in sequence order are joined, so that an ordered (bucketed) table stays ordered; a file that is large
 * enough stays as it is and ends a group.
 */
import type { DataFileMeta } from '../meta/data-file-meta.js';

export interface AppendPicking {
  readonly smallFileSize_bytes: number;
  readonly targetFileSize_bytes: number;
  /** a group smaller than this is left alone unless it fills a file */
  readonly minFiles: number;
}

export function pickAppend(files: readonly DataFileMeta[], options: AppendPicking): DataFileMeta[] | undefined {
  const ordered = [...files].sort((a, b) =>
    a.minSequenceNumber < b.minSequenceNumber ? -1 : a.minSequenceNumber > b.minSequenceNumber ? 1 : 0,
  );
  let best: DataFileMeta[] = [];
  let group: DataFileMeta[] = [];
  const close = () => {
    const size_bytes = group.reduce((sum, file) => sum + file.fileSize_bytes, 0);
    const worth = group.length >= options.minFiles || (group.length > 1 && size_bytes >= options.targetFileSize_bytes);
    if (worth && group.length > best.length) best = group;
    group = [];
  };
  for (const file of ordered) {
    if (file.fileSize_bytes < options.smallFileSize_bytes) group.push(file);
    else close();
  }
  close();
  return best.length === 0 ? undefined : best;
}
