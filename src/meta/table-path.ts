/**
 * Where the files of a table are.
 *
 *   <table>/ schema/schema-N · snapshot/{snapshot-N,LATEST,EARLIEST} · changelog/ · tag/tag-T · consumer/consumer-C
 *            manifest/{manifest-…,manifest-list-…,index-manifest-…} · index/… · statistics/…
 *            [data-file.path-directory/] [k=v/…] bucket-N/<data and changelog files>
 *            branch/branch-B/{schema,snapshot,changelog,tag,consumer}/…       a branch's own; the rest it shares with the table
 */
import type { DataFileMeta } from './data-file-meta.js';
import { localPath } from './external-path.js';
import type { IndexManifestEntry } from './index-manifest.js';

const POSTPONE_BUCKET = -2;
const BRANCH_PREFIX = 'branch-';

export class TablePath {
  /** absolute, without a slash at the end */
  readonly root: string;
  readonly #dataRoot: string;
  readonly #indexBesideData: boolean;
  /** where schemas, snapshots, changelogs, tags and consumers are */
  readonly #ownRoot: string;

  /**
   * @param options the table's: `data-file.path-directory` and `index-file-in-data-file-dir` are looked at
   * @param branch name of a branch; default: the main one
   */
  constructor(root: string, options: Readonly<Record<string, string>> = {}, branch?: string) {
    this.root = root.length > 1 && root.endsWith('/') ? root.slice(0, -1) : root;
    this.#ownRoot = branch === undefined ? this.root : `${this.branchDirectory}/${BRANCH_PREFIX}${branch}`;
    const directory = options['data-file.path-directory']?.replace(/^\/+|\/+$/g, '');
    this.#dataRoot = directory === undefined || directory === '' ? this.root : `${this.root}/${directory}`;
    this.#indexBesideData = options['index-file-in-data-file-dir']?.trim().toLowerCase() === 'true';
  }

  get schemaDirectory(): string {
    return `${this.#ownRoot}/schema`;
  }

  schema(id: bigint): string {
    return `${this.schemaDirectory}/schema-${id}`;
  }

  get snapshotDirectory(): string {
    return `${this.#ownRoot}/snapshot`;
  }

  snapshot(id: bigint): string {
    return `${this.snapshotDirectory}/snapshot-${id}`;
  }

  get latestHint(): string {
    return `${this.snapshotDirectory}/LATEST`;
  }

  get earliestHint(): string {
    return `${this.snapshotDirectory}/EARLIEST`;
  }

  get changelogDirectory(): string {
    return `${this.#ownRoot}/changelog`;
  }

  changelog(id: bigint): string {
    return `${this.changelogDirectory}/changelog-${id}`;
  }

  get manifestDirectory(): string {
    return `${this.root}/manifest`;
  }

  /** of a manifest, a manifest list or an index manifest */
  manifest(name: string): string {
    return `${this.manifestDirectory}/${name}`;
  }

  get indexDirectory(): string {
    return `${this.root}/index`;
  }

  /** Index files that a manifest says are elsewhere (an external path) are there. */
  indexFile(partitionPath: string, { bucket, fileName, externalPath }: IndexManifestEntry): string {
    if (externalPath !== null) return localPath(externalPath);
    return `${this.#indexBesideData ? this.bucket(partitionPath, bucket) : this.indexDirectory}/${fileName}`;
  }

  get statisticsDirectory(): string {
    return `${this.root}/statistics`;
  }

  statistics(name: string): string {
    return `${this.statisticsDirectory}/${name}`;
  }

  get tagDirectory(): string {
    return `${this.#ownRoot}/tag`;
  }

  tag(name: string): string {
    return `${this.tagDirectory}/tag-${name}`;
  }

  /** of all branches of the table */
  get branchDirectory(): string {
    return `${this.root}/branch`;
  }

  /** The branch that a directory in `branchDirectory` is of; undefined for others. */
  branchOf(directory: string): string | undefined {
    const name = directory.slice(directory.lastIndexOf('/') + 1);
    return name.startsWith(BRANCH_PREFIX) ? name.slice(BRANCH_PREFIX.length) : undefined;
  }

  get consumerDirectory(): string {
    return `${this.#ownRoot}/consumer`;
  }

  consumer(id: string): string {
    return `${this.consumerDirectory}/consumer-${id}`;
  }

  /** where partition and bucket directories are */
  get dataDirectory(): string {
    return this.#dataRoot;
  }

  /** @param partitionPath of partition-path.ts; '' for tables without partitions */
  bucket(partitionPath: string, bucket: number): string {
    const directory = partitionPath === '' ? this.#dataRoot : `${this.#dataRoot}/${partitionPath}`;
    return `${directory}/bucket-${bucket === POSTPONE_BUCKET ? 'postpone' : bucket}`;
  }

  /** Files that a manifest says are elsewhere (an external path) are there. */
  dataFile(partitionPath: string, bucket: number, file: DataFileMeta | string): string {
    if (typeof file === 'string') return `${this.bucket(partitionPath, bucket)}/${file}`;
    return file.externalPath === null ? `${this.bucket(partitionPath, bucket)}/${file.fileName}` : localPath(file.externalPath);
  }

  /** A file beside a data file: an index, say. */
  extraFile(partitionPath: string, bucket: number, file: DataFileMeta, name: string): string {
    const path = this.dataFile(partitionPath, bucket, file);
    return `${path.slice(0, path.lastIndexOf('/'))}/${name}`;
  }
}
