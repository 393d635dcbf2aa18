/**
 * Does a commit that deletes files still fit the table it is about to change?
 *
 *   live files of the touched partitions + the commit's entries =>
 *     1. one bucket count in a partition      3. levels above 0 without overlapping key ranges
 *     2. a deleted file exists, an added one does not
 *
 * A commit that only adds files at level 0 conflicts with nothing and is not looked at.
 */
import { WeirError } from '../base/error.js';
import { deserializeRow } from '../meta/binary-row.js';
import { entryIdentity, liveEntries } from '../meta/file-entry-state.js';
import { ADD, type ManifestEntry } from '../meta/manifest-entry.js';
import type { ManifestFileMeta } from '../meta/manifest-list.js';
import type { ManifestStore } from '../meta/manifest-store.js';
import { type TableSchema, trimmedPrimaryKey, typesOf } from '../meta/table-schema.js';
import type { DataType } from '../types/data-type.js';
import { compareDatum } from '../types/datum.js';
import { checkBucketCount, partitionKey } from './commit-changes.js';
import { TouchedPartitions } from './touched-partitions.js';

/** The live files of these partitions, read from the manifests that may speak of them and from no other. */
export async function liveFilesOf(
  manifests: ManifestStore,
  base: readonly ManifestFileMeta[],
  partitions: TouchedPartitions,
): Promise<ManifestEntry[]> {
  const read = await Promise.all(
    base.filter((manifest) => partitions.mayTouch(manifest)).map((manifest) => manifests.readEntries(manifest.fileName)),
  );
  return liveEntries(read.map((entries) => entries.filter((entry) => partitions.has(entry.partition))));
}

/**
 * Checks a compaction's entries against the manifests `base` of the latest snapshot.
 *
 * @throws COMMIT_CONFLICT: plan again from the latest snapshot
 */
export async function checkConflicts(
  manifests: ManifestStore,
  base: readonly ManifestFileMeta[],
  delta: readonly ManifestEntry[],
  schema: TableSchema,
  table: string,
): Promise<void> {
  const touched = new TouchedPartitions(
    schema,
    delta.map((entry) => entry.partition),
  );
  const state = new Map<string, ManifestEntry>();
  for (const entry of await liveFilesOf(manifests, base, touched)) state.set(entryIdentity(entry), entry);
  for (const entry of delta) {
    const identity = entryIdentity(entry);
    const known = state.has(identity);
    const { fileName } = entry.file;
    if (entry.kind === ADD) {
      if (known) throw conflict(`the file ${fileName} is in the table already`, table, fileName);
      state.set(identity, entry);
    } else {
      if (!known)
        throw conflict(
          `the file ${fileName} at level ${entry.file.level} of bucket ${entry.bucket} is not in the table any more`,
          table,
          fileName,
        );
      state.delete(identity);
    }
  }
  const bucketCounts = new Map<string, number>();
  for (const entry of state.values()) checkBucketCount(bucketCounts, entry, table);
  checkLevels([...state.values()], delta, schema, table);
}

/**
 * Within a bucket, the files of a level above 0 must not share keys (bounds included). Only the levels that `delta` adds to are
 * looked at. @throws COMMIT_CONFLICT
 */
export function checkLevels(files: readonly ManifestEntry[], delta: readonly ManifestEntry[], schema: TableSchema, table: string): void {
  const types = typesOf(schema, trimmedPrimaryKey(schema));
  if (types.length === 0) return;
  const level = ({ partition, bucket, file }: ManifestEntry) => `${bucket}/${file.level}/${partitionKey(partition)}`;
  const levels = new Map<string, ManifestEntry[]>();
  for (const entry of delta) if (entry.kind === ADD && entry.file.level > 0) levels.set(level(entry), []);
  if (levels.size === 0) return;
  for (const entry of files) levels.get(level(entry))?.push(entry);
  for (const entries of levels.values()) checkOneLevel(entries, types, table);
}

function checkOneLevel(entries: readonly ManifestEntry[], types: readonly DataType[], table: string): void {
  const ranges = entries.map(({ file }) => ({
    min: deserializeRow(types, file.minKey, file.fileName),
    max: deserializeRow(types, file.maxKey, file.fileName),
    file,
  }));
  const compare = (a: (typeof ranges)[number]['min'], b: typeof a): number => {
    for (let i = 0; i < types.length; i++) {
      const order = compareDatum(types[i]!, a[i]!, b[i]!);
      if (order !== 0) return order;
    }
    return 0;
  };
  ranges.sort((a, b) => compare(a.min, b.min));
  for (let i = 1; i < ranges.length; i++) {
    const [left, right] = [ranges[i - 1]!, ranges[i]!];
    if (compare(left.max, right.min) >= 0) {
      const message = `the files ${left.file.fileName} and ${right.file.fileName} at level ${right.file.level} share keys: the bucket was compacted by another writer`;
      throw conflict(message, table, right.file.fileName);
    }
  }
}

function conflict(message: string, table: string, file: string): WeirError {
  return new WeirError('COMMIT_CONFLICT', message, { table, file });
}
