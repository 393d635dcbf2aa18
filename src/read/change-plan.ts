/**
 * What one snapshot adds to a table's changelog.
 *
 *   changelog-producer   none     APPEND: the files its delta list adds, raw        COMPACT, OVERWRITE: nothing
 *                        input    the files of its changelog list                   COMPACT, OVERWRITE: nothing
 *
 * One split a (partition, bucket), files in order of their sequence numbers: changes of one key keep their order.
 */
import { liveEntries } from '../meta/file-entry-state.js';
import { ADD, type ManifestEntry } from '../meta/manifest-entry.js';
import { partitionPath } from '../meta/partition-path.js';
import type { Snapshot } from '../meta/snapshot.js';
import type { TableSchema } from '../meta/table-schema.js';
import { groupByBucket, type PlannedRead, type ReadContext, schemasOf } from './plan.js';
import { splitOf } from './split.js';

export async function planChanges(context: ReadContext, snapshot: Snapshot, schema: TableSchema): Promise<PlannedRead> {
  const entries = await changeEntries(context, snapshot);
  const splits = groupByBucket(entries).map((bucket) => {
    const { partition } = bucket;
    const place = { partition, bucket: bucket.bucket, directory: context.path.bucket(partitionPath(schema, partition), bucket.bucket) };
    const files = bucket.entries
      .map((entry) => entry.file)
      .sort((a, b) => (a.minSequenceNumber < b.minSequenceNumber ? -1 : a.minSequenceNumber > b.minSequenceNumber ? 1 : 0));
    return splitOf(
      place,
      true,
      files.map((file) => [[file]]),
    );
  });
  return { splits, fileSchemas: await schemasOf(context, entries) };
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
