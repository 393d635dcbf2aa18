/**
 * Files that could be orphans: those with names that writers make, where writers put them. Nothing else is looked at.
 *
 *   manifest/ index/ statistics/                       and   [data-file.path-directory/] [k=v/…] bucket-N/
 *   snapshot/ changelog/ tag/ consumer/ schema/              temporary files only, here and of each branch
 *
 * Invariant: a name that is not understood is told, never offered for deletion; other directories are not entered.
 */
import type { FileIO, FileStat } from '../io/file-io.js';
import { isTemporaryPath } from '../io/temporary-path.js';
import { escapeName } from '../meta/partition-path.js';
import { TablePath } from '../meta/table-path.js';
import type { TableSchema } from '../meta/table-schema.js';

export interface Candidates {
  readonly files: readonly FileStat[];
  /** paths of files in the directories looked at whose names nothing is known of */
  readonly unknown: readonly string[];
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
/** `<prefix><uuid>-<n>` and whatever endings: compression, format, number of an index */
const DATA_FILE = new RegExp(`${UUID}-\\d+[-.]`);
const MANIFEST = new RegExp(`^(?:manifest|manifest-list|index-manifest)-${UUID}-\\d+$`);
const INDEX = new RegExp(`^index-${UUID}-\\d+$`);
const STATISTICS = new RegExp(`^stat-${UUID}-\\d+$`);

const BUCKET = /^bucket-(?:\d+|postpone)$/;
const HINT = '|LATEST|EARLIEST';

export async function findCandidates(io: FileIO, path: TablePath, schema: TableSchema, signal?: AbortSignal): Promise<Candidates> {
  const files: FileStat[] = [];
  const unknown: string[] = [];
  const look = async (directory: string, made: RegExp | undefined, kept?: RegExp) => {
    signal?.throwIfAborted();
    for (const stat of await io.list(directory)) {
      if (stat.directory) continue;
      const name = baseName(stat.path);
      if (isTemporaryPath(stat.path) || made?.test(name)) files.push(stat);
      else if (kept?.test(name) !== true) unknown.push(stat.path);
    }
  };
  await look(path.manifestDirectory, MANIFEST);
  await look(path.indexDirectory, INDEX);
  await look(path.statisticsDirectory, STATISTICS);
  for (const bucket of await bucketDirectories(io, path, schema)) await look(bucket, DATA_FILE);
  const branches = (await io.list(path.branchDirectory)).flatMap((entry) => path.branchOf(entry.path) ?? []);
  for (const place of [path, ...branches.map((branch) => new TablePath(path.root, {}, branch))]) {
    await look(place.snapshotDirectory, undefined, new RegExp(`^(?:snapshot-\\d+${HINT})$`));
    await look(place.changelogDirectory, undefined, new RegExp(`^(?:changelog-\\d+${HINT})$`));
    await look(place.tagDirectory, undefined, /^tag-/);
    await look(place.consumerDirectory, undefined, /^consumer-/);
    await look(place.schemaDirectory, undefined, /^schema-\d+$/);
  }
  return { files, unknown };
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Below one directory a partition key, which must be the right key. */
async function bucketDirectories(io: FileIO, path: TablePath, { partitionKeys }: TableSchema): Promise<string[]> {
  let parents = [path.dataDirectory];
  for (const key of partitionKeys) parents = await directoriesBelow(io, parents, (name) => name.startsWith(`${escapeName(key)}=`));
  return directoriesBelow(io, parents, (name) => BUCKET.test(name));
}

async function directoriesBelow(io: FileIO, parents: readonly string[], matches: (name: string) => boolean): Promise<string[]> {
  const found: string[] = [];
  for (const parent of parents) {
    for (const entry of await io.list(parent)) if (entry.directory && matches(baseName(entry.path))) found.push(entry.path);
  }
  return found;
}
