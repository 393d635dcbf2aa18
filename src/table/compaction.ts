/**
 * Compaction of a whole table from outside its writers (`weir compact`).
 *
 * Each bucket is picked, rewritten in a worker and committed as COMPACT. A compaction that meets a conflicting commit is
 * dropped, its files deleted, and planned again on the new state; others' writes are never lost by it.
 */
import { hasCode } from '../base/error.js';
import { mergeAsync } from '../base/merge-async.js';
import { abortMessages, commitTable } from '../commit/table-commit.js';
import type { BucketPlace } from '../lsm/file-opener.js';
import { compactBucket, pickCompaction } from '../maintain/bucket-compaction.js';
import type { CommitMessage } from '../meta/commit-message.js';
import type { DataFileMeta } from '../meta/data-file-meta.js';
import { liveFiles } from '../meta/live-files.js';
import { partitionPath } from '../meta/partition-path.js';
import { BATCH_IDENTIFIER, type Snapshot } from '../meta/snapshot.js';
import { groupByBucket } from '../read/plan.js';
import { readLatest } from './held-snapshot.js';
import { type PartitionSpec, partitionMatcher } from './partition-spec.js';
import type { TableStore } from './table-store.js';

/**
 * What `table.compact` is to rewrite.
 *
 * @example
 * const options: CompactOptions = { full: true, onProgress: ({ bucketsDone, buckets }) => console.log(`${bucketsDone}/${buckets}`) };
 * await flights.compact(options);
 */
export interface CompactOptions {
  /** everything to one run at the highest level (append tables: to as few files as possible); default: what the policy picks */
  full?: boolean;
  /** only partitions with these values */
  partition?: PartitionSpec;
  signal?: AbortSignal;
  onProgress?: (progress: { bucketsDone: number; buckets: number }) => void;
}

/**
 * What a compaction did: files, rows and bytes that it read, and that it made of them.
 *
 * @example
 * const { filesBefore, filesAfter, bytesBefore, bytesAfter }: CompactResult = await flights.compact({ full: true });
 */
export interface CompactResult {
  /** the newest snapshot that a compaction made; undefined when there was nothing to do */
  snapshot: bigint | undefined;
  filesBefore: number;
  filesAfter: number;
  rowsBefore: number;
  rowsAfter: number;
  bytesBefore: number;
  bytesAfter: number;
}

/** How often one bucket is planned again after a conflict before the next caller is left to it. */
const MAX_REPLANS = 20;

export async function compactTable(store: TableStore, options: CompactOptions): Promise<CompactResult> {
  await store.refresh();
  return compactPlaces(store, await bucketPlaces(store, options.partition), options);
}

/** Compacts some buckets, as many at a time as there are threads. */
export async function compactPlaces(store: TableStore, places: readonly BucketPlace[], options: CompactOptions): Promise<CompactResult> {
  const total: CompactResult = {
    snapshot: undefined,
    filesBefore: 0,
    filesAfter: 0,
    rowsBefore: 0,
    rowsAfter: 0,
    bytesBefore: 0,
    bytesAfter: 0,
  };
  const commitUser = store.newCommitUser();
  let bucketsDone = 0;
  const jobs = places.map(
    (place) =>
      async function* () {
        yield await compactPlace(store, place, options, commitUser, total);
      },
  );
  for await (const _ of mergeAsync(jobs, Math.max(1, store.services.executor.threads))) {
    bucketsDone++;
    options.onProgress?.({ bucketsDone, buckets: places.length });
  }
  return total;
}

async function bucketPlaces(store: TableStore, partition: PartitionSpec | undefined): Promise<BucketPlace[]> {
  const matches = partition === undefined ? () => true : partitionMatcher(store.table, store.schema, partition);
  const entries = await readLatest(store, (latest) => liveFiles(store.manifests, latest, { bucket: (entry) => matches(entry.partition) }));
  return groupByBucket(entries ?? []).map((bucket) => ({
    partition: bucket.partition,
    bucket: bucket.bucket,
    directory: store.path.bucket(partitionPath(store.schema, bucket.partition), bucket.bucket),
  }));
}

async function compactPlace(
  store: TableStore,
  place: BucketPlace,
  options: CompactOptions,
  commitUser: string,
  total: CompactResult,
): Promise<void> {
  for (let attempt = 0; attempt < MAX_REPLANS; attempt++) {
    options.signal?.throwIfAborted();
    const message = await compactOnce(store, place, options);
    if (message === undefined) return;
    try {
      const outcome = await commitTable(store, { commitUser, identifier: BATCH_IDENTIFIER, messages: [message] }, options.signal);
      total.snapshot = outcome.snapshots.at(-1) ?? total.snapshot;
      count(total, message);
      return;
    } catch (error) {
      if (!hasCode(error, 'COMMIT_CONFLICT')) throw error;
      await abortMessages(store, [madeOnly(message)]);
    }
  }
}

/** undefined when there is nothing to do. Files that were replaced and expired meanwhile: the next snapshot names the new ones. */
function compactOnce(store: TableStore, place: BucketPlace, options: CompactOptions): Promise<CommitMessage | undefined> {
  return readLatest(store, (latest) => compactionOf(store, latest, place, options));
}

async function compactionOf(
  store: TableStore,
  latest: Snapshot,
  place: BucketPlace,
  options: CompactOptions,
): Promise<CommitMessage | undefined> {
  const key = Buffer.from(place.partition).toString('latin1');
  const entries = await liveFiles(store.manifests, latest, {
    bucket: (entry) => entry.bucket === place.bucket && Buffer.from(entry.partition).toString('latin1') === key,
  });
  if (entries.length === 0) return undefined;
  const picked = pickCompaction(
    store,
    entries.map((entry) => entry.file),
    options.full ?? false,
  );
  if (picked === undefined) return undefined;
  const output = await compactBucket(store, place, picked, options.signal);
  if (output.before.length === 0) return undefined;
  const { partition, bucket } = place;
  const totalBuckets = entries[0]!.totalBuckets;
  return {
    partition,
    bucket,
    totalBuckets,
    newFiles: [],
    changelogFiles: [],
    compactBefore: output.before,
    compactAfter: output.after,
    compactChangelog: [],
  };
}

/** An upgraded file is in both lists under one name: it is not this compaction's to delete. */
function madeOnly(message: CommitMessage): CommitMessage {
  const old = new Set(message.compactBefore.map((file) => file.fileName));
  return { ...message, compactBefore: [], compactAfter: message.compactAfter.filter((file) => !old.has(file.fileName)) };
}

function count(total: CompactResult, message: CommitMessage): void {
  const sum = (files: readonly DataFileMeta[], of: (file: DataFileMeta) => number) => files.reduce((all, file) => all + of(file), 0);
  total.filesBefore += message.compactBefore.length;
  total.filesAfter += message.compactAfter.length;
  total.rowsBefore += sum(message.compactBefore, (file) => file.rowCount);
  total.rowsAfter += sum(message.compactAfter, (file) => file.rowCount);
  total.bytesBefore += sum(message.compactBefore, (file) => file.fileSize_bytes);
  total.bytesAfter += sum(message.compactAfter, (file) => file.fileSize_bytes);
}
