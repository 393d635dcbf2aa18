/**
 * What an OVERWRITE changes: which files to read before and after it, bucket by bucket.
 *
 *   keys      (partition, bucket) that its delta names ─> the merged state before ─┐
 *                                                         the merged state after  ─┴> difference-task
 *   no keys   the files that went, row by row; then those that came
 *
 * A key may change its bucket when the partition was written for another number of them, or buckets are dynamic: then all that
 * was there goes before anything comes.
 *
 * Invariants: the parts come in a fixed order, for files never change; a part is one bucket, so that no more is read at once.
 */
import type { DeletionFile } from '../format/deletion-vector.js';
import { intervalPartition } from '../lsm/interval-partition.js';
import { keyComparator } from '../lsm/key-comparator.js';
import type { MemoryBucket } from '../lsm/memory-file.js';
import { type SnapshotDeletions, snapshotDeletions } from '../meta/deletion-files.js';
import { entryIdentity } from '../meta/file-entry-state.js';
import { deltaEntries, liveFiles } from '../meta/live-files.js';
import type { ManifestEntry } from '../meta/manifest-entry.js';
import { partitionPath } from '../meta/partition-path.js';
import type { Snapshot } from '../meta/snapshot.js';
import { type TableSchema, trimmedPrimaryKey, typesOf } from '../meta/table-schema.js';
import { toldLevels } from './change-plan.js';
import { type BucketEntries, bucketKey, groupByBucket, memoryEntries, type ReadContext, schemasOf } from './plan.js';
import { type Split, splitOf } from './split.js';

/** Rows of `before` that are not in `after` go, those of `after` that are not in `before` come. */
export interface DifferencePart {
  readonly before: Split | undefined;
  readonly after: Split | undefined;
}

export interface PlannedDifference {
  readonly parts: readonly DifferencePart[];
  readonly fileSchemas: readonly TableSchema[];
}

/** One side of a difference. */
interface Side {
  readonly deletions: SnapshotDeletions;
  readonly buckets: ReadonlyMap<string, BucketEntries>;
}

/**
 * @param before the snapshot before `after`; undefined: there was none
 * @param tail rows of the log that lie above both, for a table with keys
 */
export async function planDifference(
  context: ReadContext,
  before: Snapshot | undefined,
  after: Snapshot,
  schema: TableSchema,
  tail: readonly MemoryBucket[] = [],
): Promise<PlannedDifference> {
  const keyed = schema.primaryKeys.length > 0;
  const touched = new Set((await deltaEntries(context.manifests, after)).map(bucketKey));
  // a deletion vector can change in a bucket of which no file does
  const everywhere = before?.indexManifest !== after.indexManifest;
  const level = toldLevels(context.options);
  const memory = keyed ? tail : [];
  const sideOf = async (snapshot: Snapshot | undefined): Promise<Side> => {
    const wanted = (entry: Pick<ManifestEntry, 'partition' | 'bucket'>) =>
      entry.bucket >= 0 && (everywhere || touched.has(bucketKey(entry)));
    const live = snapshot === undefined ? [] : await liveFiles(context.manifests, snapshot, { bucket: wanted });
    const entries = [...live.filter((entry) => level(entry.file.level)), ...memory.filter(wanted).flatMap(memoryEntries)];
    return {
      deletions: await snapshotDeletions(context.manifests, context.path, schema, snapshot),
      buckets: new Map(groupByBucket(entries).map((bucket) => [bucketKey(bucket), bucket])),
    };
  };
  const sides = [await sideOf(before), await sideOf(after)] as const;
  const splits = keyed ? keyedSplits(context, schema, sides, touched, memory) : changedFiles(context, schema, sides);
  const entries = sides.flatMap(({ buckets }) => [...buckets.values()].flatMap((bucket) => bucket.entries));
  return { parts: inOrder(splits, keyed ? moving(context, schema, sides) : undefined), fileSchemas: await schemasOf(context, entries) };
}

interface BucketSplits extends DifferencePart {
  readonly partition: Uint8Array;
}

/** Buckets of which both sides can be walked at once; of the others all that was there goes first. */
function inOrder(buckets: readonly BucketSplits[], apart: ((partition: Uint8Array) => boolean) | undefined): DifferencePart[] {
  const isApart = ({ partition }: BucketSplits) => apart?.(partition) ?? true;
  const parts: DifferencePart[] = [
    ...buckets.filter(isApart).map(({ before }) => ({ before, after: undefined })),
    ...buckets.filter(isApart).map(({ after }) => ({ before: undefined, after })),
    ...buckets.filter((bucket) => !isApart(bucket)),
  ];
  return parts.filter(({ before, after }) => before !== undefined || after !== undefined);
}

/** May a key of the partition have gone to another bucket? */
function moving({ options }: ReadContext, schema: TableSchema, sides: readonly Side[]): (partition: Uint8Array) => boolean {
  if (options.bucket < 0) return () => true;
  const counts = new Map<string, Set<number>>();
  for (const { partition, entries } of sides.flatMap(({ buckets }) => [...buckets.values()])) {
    const name = partitionPath(schema, partition);
    const known = counts.get(name) ?? new Set();
    counts.set(name, known);
    for (const { totalBuckets } of entries) known.add(totalBuckets);
  }
  return (partition) => (counts.get(partitionPath(schema, partition))?.size ?? 0) > 1;
}

function keyedSplits(
  context: ReadContext,
  schema: TableSchema,
  sides: readonly [Side, Side],
  touched: ReadonlySet<string>,
  tail: readonly MemoryBucket[],
): BucketSplits[] {
  const compareKey = keyComparator(typesOf(schema, trimmedPrimaryKey(schema)));
  const splitIn = ({ buckets, deletions }: Side, key: string): Split | undefined => {
    const found = buckets.get(key);
    if (found === undefined) return undefined;
    const { partition, bucket, entries } = found;
    const memory = tail.filter((candidate) => bucketKey(candidate) === key).flatMap(({ files }) => files);
    const sections = intervalPartition(
      entries.map(({ file }) => file),
      compareKey,
    );
    return splitOf(
      { ...placeOf(context, schema, found), ...(memory.length > 0 && { memory }) },
      false,
      sections.map((section) => section.map((run) => run.files)),
      deletions.of(partition, bucket),
    );
  };
  return bucketsOf(sides)
    .filter(([key, { partition, bucket }]) => touched.has(key) || !sameVectors(sides, partition, bucket))
    .map(([key, { partition }]) => ({ partition, before: splitIn(sides[0], key), after: splitIn(sides[1], key) }));
}

/** The files that only one side has, or whose deleted rows are others. */
function changedFiles(context: ReadContext, schema: TableSchema, sides: readonly [Side, Side]): BucketSplits[] {
  const [was, is] = sides.map(({ buckets }) => new Set([...buckets.values()].flatMap(({ entries }) => entries.map(entryIdentity))));
  const isSame = (entry: ManifestEntry) => {
    const identity = entryIdentity(entry);
    return was!.has(identity) && is!.has(identity) && sameVector(sides, entry);
  };
  const splitIn = ({ buckets, deletions }: Side, key: string): Split | undefined => {
    const found = buckets.get(key);
    const changed = found?.entries.filter((entry) => !isSame(entry)).map(({ file }) => file) ?? [];
    if (found === undefined || changed.length === 0) return undefined;
    changed.sort((a, b) => Number(a.minSequenceNumber - b.minSequenceNumber));
    return splitOf(
      placeOf(context, schema, found),
      true,
      changed.map((file) => [[file]]),
      deletions.of(found.partition, found.bucket),
    );
  };
  return bucketsOf(sides).map(([key, { partition }]) => ({ partition, before: splitIn(sides[0], key), after: splitIn(sides[1], key) }));
}

function bucketsOf([before, after]: readonly [Side, Side]): [string, BucketEntries][] {
  return [...new Map([...before.buckets, ...after.buckets])];
}

function placeOf({ path }: ReadContext, schema: TableSchema, { partition, bucket }: BucketEntries) {
  return { partition, bucket, directory: path.bucket(partitionPath(schema, partition), bucket) };
}

function sameVectors(sides: readonly [Side, Side], partition: Uint8Array, bucket: number): boolean {
  const [was, is] = sides.map(({ deletions }) => deletions.of(partition, bucket));
  return was!.size === is!.size && [...was!].every(([file, vector]) => isSameVector(vector, is!.get(file)));
}

function sameVector(sides: readonly [Side, Side], { partition, bucket, file }: ManifestEntry): boolean {
  const [was, is] = sides.map(({ deletions }) => deletions.of(partition, bucket).get(file.fileName));
  return isSameVector(was, is);
}

function isSameVector(a: DeletionFile | undefined, b: DeletionFile | undefined): boolean {
  return a?.path === b?.path && a?.offset === b?.offset && a?.length === b?.length;
}
