/**
 * A split: files of one (partition, bucket) that one task reads. Plain data.
 *
 *   raw     files read one by one: append tables, and sorted files whose keys stand in no other file and hold no deletes
 *   merge   sections, each a few sorted runs that overlap in keys; sections do not overlap, so each is merged alone
 */
import type { DeletionFile } from '../format/deletion-vector.js';
import type { BucketPlace } from '../lsm/file-opener.js';
import type { DataFileMeta } from '../meta/data-file-meta.js';
import type { DeletionFiles } from '../meta/deletion-files.js';

export interface Split extends BucketPlace {
  /** one file a section's run when raw */
  readonly sections: readonly (readonly (readonly DataFileMeta[])[])[];
  readonly raw: boolean;
  /** deletion vectors of the split's files, by file name */
  readonly deletions: DeletionFiles;
  /** physical rows and bytes in the files */
  readonly rows: number;
  readonly size_bytes: number;
}

/** @param deletions of the bucket: the split takes those of its files */
export function splitOf(place: BucketPlace, raw: boolean, sections: Split['sections'], deletions: DeletionFiles = new Map()): Split {
  const own = new Map<string, DeletionFile>();
  let rows = 0;
  let size_bytes = 0;
  for (const section of sections) {
    for (const run of section) {
      for (const file of run) {
        rows += file.rowCount;
        size_bytes += file.fileSize_bytes;
        const deletion = deletions.get(file.fileName);
        if (deletion !== undefined) own.set(file.fileName, deletion);
      }
    }
  }
  const { memory, ...plain } = place;
  const named = new Set(sections.flat(2).map((file) => file.fileName));
  const inMemory = memory?.filter(({ meta }) => named.has(meta.fileName)) ?? [];
  return { ...plain, ...(inMemory.length > 0 && { memory: inMemory }), raw, sections, deletions: own, rows, size_bytes };
}
