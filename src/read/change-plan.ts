/**
 * What one snapshot adds to a table's changelog, and the state that a stream begins with.
 *
 *   changelog-producer   none               APPEND: the files its delta list adds, raw     COMPACT, OVERWRITE: nothing
 *                        input              the files of its changelog list                COMPACT, OVERWRITE: nothing
 *                        lookup             the files of its changelog list (of COMPACT)   OVERWRITE: nothing
 *                        full-compaction    the files of its changelog list (of COMPACT)   OVERWRITE: nothing
 *
 * One split a (partition, bucket), files in order of their sequence numbers: changes of one key keep their order.
 *
 * Invariant: state and changes fit: what the changelog will still tell is not in the state. `lookup` tells of level-0 files
 * when it compacts them, `full-compaction` of everything below the last level.
 */
import type { DataFileMeta } from '../meta/data-file-meta.js';
import { liveEntries } from '../meta/file-entry-state.js';
import { liveFiles } from '../meta/live-files.js';
import { ADD, type ManifestEntry } from '../meta/manifest-entry.js';
import { partitionPath } from '../meta/partition-path.js';
import type { Snapshot } from '../meta/snapshot.js';
import type { TableOptions } from '../meta/table-options.js';
import type { TableSchema } from '../meta/table-schema.js';
import { batchLevels, groupByBucket, type PlannedRead, planSnapshot, type ReadContext, schemasOf } from './plan.js';
import { splitOf } from './split.js';

const POSTPONE_BUCKET = -2;

/** @param batch leave out what batch reads of a state do not see: the postpone bucket, and level 0 with deletion vectors */
export async function planChanges(
  context: ReadContext,
  snapshot: Snapshot,
  schema: TableSchema,
  { batch = false }: { batch?: boolean } = {},
): Promise<PlannedRead> {
  const entries = await changeEntries(context, snapshot);
  if (!batch) return rawSplits(context, schema, entries);
  const level = batchLevels(context, schema);
  return rawSplits(
    context,
    schema,
    entries.filter((entry) => entry.bucket >= 0 && level(entry.file.level)),
  );
}

/** The state at a snapshot that its following changes continue. */
export function planFullState(context: ReadContext, snapshot: Snapshot, schema: TableSchema): Promise<PlannedRead> {
  return planSnapshot(context, snapshot, schema, { level: toldLevels(context.options) });
}

/**
 * The rows of the postpone bucket as the changes they are, for the start of a stream: nobody merged them yet. With a changelog
 * producer they are told by the compaction that moves them.
 */
export async function planPostponed(context: ReadContext, snapshot: Snapshot, schema: TableSchema): Promise<PlannedRead> {
  if (context.options.bucket !== POSTPONE_BUCKET || context.options.changelogProducer !== 'none') return { splits: [], fileSchemas: [] };
  return rawSplits(context, schema, await liveFiles(context.manifests, snapshot, { bucket: (entry) => entry.bucket === POSTPONE_BUCKET }));
}

/** The levels whose rows the changelog has told of. */
export function toldLevels({ changelogProducer, numLevels }: TableOptions): (level: number) => boolean {
  switch (changelogProducer) {
    case 'lookup':
      return (level) => level > 0;
    case 'full-compaction':
      return (level) => level === numLevels - 1;
    default:
      return () => true;
  }
}

async function rawSplits(context: ReadContext, schema: TableSchema, entries: readonly ManifestEntry[]): Promise<PlannedRead> {
  const splits = groupByBucket(entries).map((bucket) => {
    const { partition } = bucket;
    const place = { partition, bucket: bucket.bucket, directory: context.path.bucket(partitionPath(schema, partition), bucket.bucket) };
    const files = bucket.entries.map((entry) => entry.file).sort(bucket.bucket === POSTPONE_BUCKET ? byCreation : bySequence);
    return splitOf(
      place,
      true,
      files.map((file) => [[file]]),
    );
  });
  return { splits, fileSchemas: await schemasOf(context, entries) };
}

function bySequence(a: DataFileMeta, b: DataFileMeta): number {
  return order(a.minSequenceNumber, b.minSequenceNumber);
}

/** Postponed rows have no sequence numbers. A writer numbers its files: `data--u-<user>-s-<writer>-w-<uuid>-<n>.avro`. */
function byCreation(a: DataFileMeta, b: DataFileMeta): number {
  return order(a.creationTime_ms ?? 0n, b.creationTime_ms ?? 0n) || order(fileNumber(a), fileNumber(b));
}

function fileNumber({ fileName }: DataFileMeta): number {
  return Number(/-(\d+)\.[^-]*$/.exec(fileName)?.[1] ?? 0);
}

function order(a: bigint | number, b: bigint | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export async function changeEntries(context: ReadContext, snapshot: Snapshot): Promise<ManifestEntry[]> {
  const list =
    context.options.changelogProducer === 'none'
      ? snapshot.commitKind === 'APPEND'
        ? snapshot.deltaManifestList
        : undefined
      : changelogList(snapshot);
  if (list === undefined) return [];
  const manifests = await context.manifests.readList(list);
  const entries = await Promise.all(manifests.map((manifest) => context.manifests.readEntries(manifest.fileName)));
  return liveEntries(entries).filter((entry) => entry.kind === ADD);
}

function changelogList(snapshot: Snapshot): string | undefined {
  return snapshot.commitKind === 'OVERWRITE' ? undefined : snapshot.changelogManifestList;
}
