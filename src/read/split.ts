/**
 * A split: files of one (partition, bucket) that one task reads. Plain data.
 *
 *   raw     files read one by one: append tables, and sorted files whose keys stand in no other file and hold no deletes
 *   merge   sections, each a few sorted runs that overlap in keys; sections do not overlap, so each is merged alone
 */
import type { BucketPlace } from '../lsm/file-opener.js';
import type { DataFileMeta } from '../meta/data-file-meta.js';

export interface Split extends BucketPlace {
  /** one file a section's run when raw */
  readonly sections: readonly (readonly (readonly DataFileMeta[])[])[];
  readonly raw: boolean;
  /** physical rows and bytes in the files */
  readonly rows: number;
  readonly size_bytes: number;
}

export function splitOf(place: BucketPlace, raw: boolean, sections: Split['sections']): Split {
  let rows = 0;
  let size_bytes = 0;
  for (const section of sections) {
    for (const run of section) {
      for (const file of run) {
        rows += file.rowCount;
        size_bytes += file.fileSize_bytes;
      }
    }
  }
  return { ...place, raw, sections, rows, size_bytes };
}
