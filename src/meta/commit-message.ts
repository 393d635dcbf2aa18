/**
 * What a writer or compactor hands to a committer: the files it made for one (partition, bucket).
 * Plain data (structured clone), so that parallel writers may live in other processes or threads;
 * `serializeMessage` and `deserializeMessage` turn it into bytes.
 */
import type { DataFileMeta } from './data-file-meta.js';

export interface CommitMessage {
  /** serialized BinaryRow of the partition values */
  readonly partition: Uint8Array;
  readonly bucket: number;
  readonly totalBuckets: number;
  readonly newFiles: readonly DataFileMeta[];
  readonly changelogFiles: readonly DataFileMeta[];
  /** files a compaction replaced, and what it made of them */
  readonly compactBefore: readonly DataFileMeta[];
  readonly compactAfter: readonly DataFileMeta[];
  readonly compactChangelog: readonly DataFileMeta[];
}
