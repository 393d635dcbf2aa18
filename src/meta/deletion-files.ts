/**
 * The deletion vectors of a snapshot: index manifest ─> (partition, bucket) ─> data file ─> where its vector is.
 *
 * They are applied wherever they are named, whatever the table's options say now: a row that was deleted stays deleted.
 */
import { WeirError } from '../base/error.js';
import type { DeletionFile } from '../format/deletion-vector.js';
import { DELETION_VECTORS } from './index-manifest.js';
import { ADD } from './manifest-entry.js';
import type { ManifestStore } from './manifest-store.js';
import { partitionPath } from './partition-path.js';
import type { Snapshot } from './snapshot.js';
import type { TablePath } from './table-path.js';
import type { TableSchema } from './table-schema.js';

/** Of one (partition, bucket): by name of the data file. Plain data. */
export type DeletionFiles = ReadonlyMap<string, DeletionFile>;

/** hash indexes say where keys are, not which rows are there: a reader needs none of them */
const KNOWN_INDEXES = [DELETION_VECTORS, 'HASH'];

const NONE: DeletionFiles = new Map();

export class SnapshotDeletions {
  readonly #buckets: ReadonlyMap<string, DeletionFiles>;

  constructor(buckets: ReadonlyMap<string, DeletionFiles>) {
    this.#buckets = buckets;
  }

  of(partition: Uint8Array, bucket: number): DeletionFiles {
    return this.#buckets.size === 0 ? NONE : (this.#buckets.get(bucketKey(partition, bucket)) ?? NONE);
  }
}

/**
 * @throws CORRUPTION naming the index manifest when it cannot be read, or gives a data file two vectors; UNSUPPORTED when the
 * snapshot has index files of a type weir does not know
 */
export async function snapshotDeletions(
  manifests: ManifestStore,
  path: TablePath,
  schema: TableSchema,
  snapshot: Snapshot | undefined,
): Promise<SnapshotDeletions> {
  const indexManifest = snapshot?.indexManifest;
  const buckets = new Map<string, Map<string, DeletionFile>>();
  const entries = indexManifest === undefined ? [] : await manifests.readIndex(indexManifest);
  for (const entry of entries) {
    if (!KNOWN_INDEXES.includes(entry.indexType)) {
      const file = path.manifest(indexManifest!);
      throw new WeirError('UNSUPPORTED', `${file} names index files of the type ${entry.indexType}, which may change what is visible`, {
        file,
      });
    }
    if (entry.indexType !== DELETION_VECTORS || entry.kind !== ADD) continue;
    const key = bucketKey(entry.partition, entry.bucket);
    const files = buckets.get(key) ?? new Map<string, DeletionFile>();
    buckets.set(key, files);
    const indexFile = path.indexFile(partitionPath(schema, entry.partition), entry);
    for (const { dataFile, ...range } of entry.vectors) {
      if (files.has(dataFile)) {
        const file = path.manifest(indexManifest!);
        throw new WeirError('CORRUPTION', `${file} has two deletion vectors of the data file ${dataFile}`, { file });
      }
      files.set(dataFile, { path: indexFile, ...range });
    }
  }
  return new SnapshotDeletions(buckets);
}

function bucketKey(partition: Uint8Array, bucket: number): string {
  return `${Buffer.from(partition).toString('latin1')}/${bucket}`;
}
