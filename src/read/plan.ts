/**
 * From a snapshot to splits: prune, cut into sections, pack.
 *
 *   snapshot ─ manifests ─ entries ─> (partition, bucket) ─> sections of sorted runs ─> splits
 *
 * Files that overlap in keys are always in one split.
 */
import { anyAsync, filterAsync } from '../base/filter-async.js';
import type { FileIO } from '../io/file-io.js';
import type { BucketPlace } from '../lsm/file-opener.js';
import { intervalPartition } from '../lsm/interval-partition.js';
import { keyComparator } from '../lsm/key-comparator.js';
import type { MemoryBucket } from '../lsm/memory-file.js';
import type { DataFileMeta } from '../meta/data-file-meta.js';
import { type DeletionFiles, snapshotDeletions } from '../meta/deletion-files.js';
import { liveFiles } from '../meta/live-files.js';
import { ADD, type ManifestEntry } from '../meta/manifest-entry.js';
import type { ManifestStore } from '../meta/manifest-store.js';
import { partitionPath } from '../meta/partition-path.js';
import type { SchemaStore } from '../meta/schema-store.js';
import type { Snapshot } from '../meta/snapshot.js';
import type { SnapshotStore } from '../meta/snapshot-store.js';
import type { TableOptions } from '../meta/table-options.js';
import type { TablePath } from '../meta/table-path.js';
import { type TableSchema, trimmedPrimaryKey } from '../meta/table-schema.js';
import type { BoundPredicate } from '../types/predicate.js';
import { Pruning } from './pruning.js';
import { type Split, splitOf } from './split.js';

/** indexes beside data files that are read at the same time */
const FILES_AT_ONCE = 16;

export interface ReadContext {
  readonly table: string;
  readonly io: FileIO;
  readonly path: TablePath;
  readonly snapshots: SnapshotStore;
  readonly schemas: SchemaStore;
  readonly manifests: ManifestStore;
  readonly options: TableOptions;
}

export interface PlannedRead {
  readonly splits: readonly Split[];
  /** every schema that a file of the plan was written under */
  readonly fileSchemas: readonly TableSchema[];
}

export interface PlanOptions {
  readonly where?: BoundPredicate | undefined;
  /**
   * leaves out whole levels: what a changelog has not told yet stands in the lower ones. Default: what batch reads see, all but
   * level 0 with deletion vectors, for nothing marks yet what it replaces
   */
  readonly level?: (level: number) => boolean;
  /** rows that are in no snapshot yet, read beside its files */
  readonly tail?: readonly MemoryBucket[];
}

/** @param snapshot undefined: the table has none yet */
export async function planSnapshot(
  context: ReadContext,
  snapshot: Snapshot | undefined,
  schema: TableSchema,
  { where, level = batchLevels(context, schema), tail = [] }: PlanOptions = {},
): Promise<PlannedRead> {
  const pruning = new Pruning(schema, where, context.options.bucketFunction);
  const wanted = (entry: Pick<ManifestEntry, 'partition' | 'bucket' | 'totalBuckets'>) =>
    entry.bucket >= 0 && pruning.bucket(entry.bucket, entry.totalBuckets) && pruning.partition(entry.partition);
  const live =
    snapshot === undefined
      ? []
      : await liveFiles(context.manifests, snapshot, { manifest: (manifest) => pruning.manifest(manifest), bucket: wanted });
  const pending = tail.filter(wanted);
  const entries = [...live.filter((entry) => level(entry.file.level)), ...pending.flatMap(memoryEntries)];
  const deletions = await snapshotDeletions(context.manifests, context.path, schema, snapshot);
  const fileSchemas = await schemasOf(context, entries);
  const byId = new Map(fileSchemas.map((candidate) => [candidate.id, candidate]));
  const splits: Split[] = [];
  for (const bucket of groupByBucket(entries)) {
    const { partition } = bucket;
    const memory = pending.filter((candidate) => candidate.bucket === bucket.bucket && isEqual(candidate.partition, partition));
    const place = {
      partition,
      bucket: bucket.bucket,
      directory: context.path.bucket(partitionPath(schema, partition), bucket.bucket),
      ...(memory.length > 0 && { memory: memory.flatMap(({ files }) => files) }),
    };
    const sections =
      schema.primaryKeys.length === 0 ? appendSections(bucket.entries) : keySections(schema, bucket.entries, pruning, context.options);
    const mayMatch = async (file: DataFileMeta) => {
      const fileSchema = byId.get(file.schemaId)!;
      if (!pruning.fileByValue(file, fileSchema)) return false;
      return !context.options.fileIndexRead || pruning.fileByIndex(file, fileSchema, context.io, place.directory);
    };
    const kept = await filterAsync(sections, FILES_AT_ONCE, (section) => anyAsync(section.runs.flat(), mayMatch));
    splits.push(...pack(place, kept, deletions.of(partition, bucket.bucket), context.options));
  }
  return { splits, fileSchemas };
}

/** Files in memory as a manifest would name them. */
export function memoryEntries({ partition, bucket, totalBuckets, files }: MemoryBucket): ManifestEntry[] {
  return files.map(({ meta }) => ({ kind: ADD, partition, bucket, totalBuckets, file: meta }));
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** The schemas of the entries' files. A file under a schema that is gone cannot be read. */
export async function schemasOf(context: ReadContext, entries: readonly ManifestEntry[]): Promise<TableSchema[]> {
  const ids = [...new Set(entries.map((entry) => entry.file.schemaId))];
  return Promise.all(ids.map((id) => context.schemas.read(id)));
}

export interface BucketEntries {
  readonly partition: Uint8Array;
  readonly bucket: number;
  readonly entries: readonly ManifestEntry[];
}

export function groupByBucket(entries: readonly ManifestEntry[]): BucketEntries[] {
  const groups = new Map<string, BucketEntries & { entries: ManifestEntry[] }>();
  for (const entry of entries) {
    const key = bucketKey(entry);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { partition: entry.partition, bucket: entry.bucket, entries: [entry] });
    else group.entries.push(entry);
  }
  return [...groups.values()];
}

/** Equal for equal (partition, bucket). */
export function bucketKey({ partition, bucket }: Pick<ManifestEntry, 'partition' | 'bucket'>): string {
  return `${Buffer.from(partition).toString('latin1')}/${bucket}`;
}

/** The levels that reads of a state see. */
export function batchLevels({ options }: ReadContext, schema: TableSchema): (level: number) => boolean {
  const skipped = schema.primaryKeys.length > 0 && options.deletionVectors && !options.deletionVectorsMergeOnRead;
  return skipped ? (level) => level > 0 : () => true;
}

interface Section {
  readonly raw: boolean;
  readonly runs: Split['sections'][number];
}

function appendSections(entries: readonly ManifestEntry[]): Section[] {
  const order = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);
  const files = entries.map((entry) => entry.file).sort((a, b) => order(a.minSequenceNumber, b.minSequenceNumber));
  return files.map((file) => ({ raw: true, runs: [[file]] }));
}

function keySections(schema: TableSchema, entries: readonly ManifestEntry[], pruning: Pruning, options: TableOptions): Section[] {
  const wanted = entries.filter(({ file }) => pruning.fileByKey(file));
  // above level 0 every older version of a key is marked: no two files show a row of one key
  if (options.deletionVectors && wanted.every(({ file }) => file.level > 0 && file.deleteRowCount === 0n)) return appendSections(wanted);
  const keyTypes = trimmedPrimaryKey(schema).map((name) => schema.fields.find((field) => field.name === name)!.type);
  const files = wanted.map((entry) => entry.file);
  return intervalPartition(files, keyComparator(keyTypes)).map((section) => {
    const runs = section.map((run) => run.files);
    const raw = runs.length === 1 && runs[0]!.every((file) => file.deleteRowCount === 0n);
    return { raw, runs };
  });
}

/** Ordered packing: neighbours share a split until it is as large as `source.split.target-size`. */
function pack(place: BucketPlace, sections: readonly Section[], deletions: DeletionFiles, options: TableOptions): Split[] {
  const splits: Split[] = [];
  let open: Section[] = [];
  let size_bytes = 0;
  const close = () => {
    if (open.length > 0)
      splits.push(
        splitOf(
          place,
          open[0]!.raw,
          open.map((section) => section.runs),
          deletions,
        ),
      );
    open = [];
    size_bytes = 0;
  };
  for (const section of sections.flatMap((candidate) => (candidate.raw ? cutRun(candidate) : [candidate]))) {
    const weight = section.runs.flat().reduce((sum, file) => sum + Math.max(file.fileSize_bytes, options.splitOpenFileCost_bytes), 0);
    if (open.length > 0 && (open[0]!.raw !== section.raw || size_bytes + weight > options.splitTargetSize_bytes)) close();
    open.push(section);
    size_bytes += weight;
  }
  close();
  return splits;
}

/** The files of a raw section can be read apart. */
function cutRun(section: Section): Section[] {
  return section.runs.flat().map((file) => ({ raw: true, runs: [[file]] }));
}
