/**
 * Overwriting partitions: the files they hold at the moment of each attempt give way to the new ones, so the last writer wins.
 * Truncating a table and dropping partitions are overwrites with nothing new.
 */
import { WeirError } from '../base/error.js';
import { EMPTY_ROW } from '../meta/binary-row.js';
import { liveEntries } from '../meta/file-entry-state.js';
import type { ManifestEntry } from '../meta/manifest-entry.js';
import type { ManifestFileMeta } from '../meta/manifest-list.js';
import type { ManifestStore } from '../meta/manifest-store.js';
import type { TableSchema } from '../meta/table-schema.js';
import { liveFilesOf } from './conflict-check.js';
import { TouchedPartitions } from './touched-partitions.js';

/**
 * What gives way: `'dynamic'` the partitions that get new files, `'all'` the whole table, else the partitions listed (serialized
 * BinaryRow each) or those that pass. A table without partitions has one, so `'dynamic'` is `'all'` there.
 */
export type OverwriteScope = 'dynamic' | 'all' | readonly Uint8Array[] | ((partition: Uint8Array) => boolean);

const POSTPONE_BUCKET = -2;

/** The live files that an overwrite of `scope` replaces by `added`. @throws INVALID_ARGUMENT when a new file is outside of the scope */
export async function overwrittenFiles(
  manifests: ManifestStore,
  base: readonly ManifestFileMeta[],
  scope: OverwriteScope,
  added: readonly ManifestEntry[],
  schema: TableSchema,
): Promise<ManifestEntry[]> {
  const partitions = partitionsOf(scope, added, schema);
  const holds = typeof partitions === 'function' ? partitions : (partition: Uint8Array) => partitions.has(partition);
  for (const { partition, file } of added) {
    if (!holds(partition)) {
      throw new WeirError('INVALID_ARGUMENT', `the new file ${file.fileName} is in a partition that is not overwritten`, {
        file: file.fileName,
      });
    }
  }
  const live =
    partitions instanceof TouchedPartitions
      ? await liveFilesOf(manifests, base, partitions)
      : liveEntries(
          await Promise.all(
            base.map(async ({ fileName }) => (await manifests.readEntries(fileName)).filter((entry) => holds(entry.partition))),
          ),
        );
  // files that wait for a bucket are not part of the table's rows yet
  const postponed = schema.options.bucket === String(POSTPONE_BUCKET);
  return live.filter((entry) => entry.bucket >= 0 || postponed);
}

/** Does an overwrite without new files change nothing at all? */
export function overwritesNothing(scope: OverwriteScope, schema: TableSchema): boolean {
  return scope === 'dynamic' && schema.partitionKeys.length > 0;
}

function partitionsOf(
  scope: OverwriteScope,
  added: readonly ManifestEntry[],
  schema: TableSchema,
): TouchedPartitions | ((partition: Uint8Array) => boolean) {
  if (typeof scope === 'function') return scope;
  if (scope === 'all') return () => true;
  if (scope !== 'dynamic') return new TouchedPartitions(schema, scope);
  if (schema.partitionKeys.length === 0) return new TouchedPartitions(schema, [EMPTY_ROW]);
  return new TouchedPartitions(
    schema,
    added.map((entry) => entry.partition),
  );
}
