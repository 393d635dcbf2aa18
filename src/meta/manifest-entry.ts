/** One row of a manifest: a file added to or deleted from a bucket. */
import type { DataFileMeta } from './data-file-meta.js';

export const ADD = 0;
export const DELETE_FILE = 1;

export interface ManifestEntry {
  /** ADD or DELETE_FILE */
  readonly kind: number;
  /** serialized BinaryRow of the partition values */
  readonly partition: Uint8Array;
  readonly bucket: number;
  /** bucket number of the table when written; -1 for bucket-unaware tables */
  readonly totalBuckets: number;
  readonly file: DataFileMeta;
}
