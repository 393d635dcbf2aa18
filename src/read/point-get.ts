/**
 * One row by primary key, without a scan.
 *
 *   key ─ partition, bucket ─> files whose key range holds it, newest first
 *         (dynamic buckets: all of the partition, or of the table when the key does not name the partition)
 *       ─> the key's row in a file (key-file) ─> only the pages with that row
 *
 * Only the manifest entries of the key's partition are kept, and open files with their footers and keys, as long as they fit:
 * files never change.
 *
 * Invariant: of several versions the one a merge would keep is found. Files are asked one after another, and none that could hold
 * a newer version is left out.
 */
import { type FileIORef, resolveFileIO } from '../io/file-io-ref.js';
import { KIND_FIELD, SEQUENCE_FIELD } from '../lsm/file-fields.js';
import { type BucketPlace, fieldsNamed, fileOpener } from '../lsm/file-opener.js';
import { keyComparator } from '../lsm/key-comparator.js';
import { isMemoryFile, type MemoryBucket } from '../lsm/memory-file.js';
import { serializeRow } from '../meta/binary-row.js';
import { bucketsOf } from '../meta/bucket-function.js';
import type { DataFileMeta } from '../meta/data-file-meta.js';
import { type DeletionFiles, snapshotDeletions } from '../meta/deletion-files.js';
import { liveFiles } from '../meta/live-files.js';
import { partitionPath } from '../meta/partition-path.js';
import type { Snapshot } from '../meta/snapshot.js';
import { bucketKey, type TableSchema, trimmedPrimaryKey } from '../meta/table-schema.js';
import type { Batch, Column } from '../types/column.js';
import type { DataField } from '../types/data-type.js';
import { columnFromData, compareDatum, type Datum, datumAt } from '../types/datum.js';
import type { BoundPredicate } from '../types/predicate.js';
import { KeyFile } from './key-file.js';
import { PageLru } from './page-cache.js';
import { batchLevels, groupByBucket, memoryEntries, type ReadContext, schemasOf } from './plan.js';
import { Pruning } from './pruning.js';

/** Open files and key columns kept at most. */
const CACHED_FILES = 128;
const CACHED_KEYS_BYTES = 256 * 1024 * 1024;
const CACHED_PAGES_BYTES = 64 * 1024 * 1024;
const CACHED_PARTITIONS = 1024;

interface Version {
  readonly batch: Batch;
  readonly sequence: bigint;
}

/** The files of one bucket, those with the highest sequence numbers first. */
interface BucketFiles {
  readonly place: BucketPlace;
  /** the partition's own number of buckets: the table's option may have changed since; -1 when keys do not tell the bucket */
  readonly totalBuckets: number;
  readonly files: readonly DataFileMeta[];
  readonly fileSchemas: readonly TableSchema[];
  readonly deletions: DeletionFiles;
}

export class PointReader {
  readonly #context: ReadContext;
  readonly #io: FileIORef;
  readonly schema: TableSchema;
  readonly #keys: readonly DataField[];
  readonly #partitionFields: readonly DataField[];
  readonly #compareKeys: (a: Uint8Array, b: Uint8Array) => number;
  /** least recently used first */
  readonly #files = new Map<string, KeyFile>();
  readonly #pages = new PageLru(CACHED_PAGES_BYTES);
  /** of the snapshot asked last, by partition; those of all partitions under '' */
  #state: { readonly snapshot: bigint; readonly partitions: Map<string, Promise<BucketFiles[]>> } | undefined;

  constructor(context: ReadContext, io: FileIORef, schema: TableSchema) {
    this.#context = context;
    this.#io = io;
    this.schema = schema;
    this.#keys = fieldsNamed(schema, trimmedPrimaryKey(schema));
    this.#partitionFields = fieldsNamed(schema, schema.partitionKeys);
    this.#compareKeys = keyComparator(this.#keys.map((field) => field.type));
  }

  /**
   * The row of the key as a batch of one row with these columns; undefined when there is none.
   *
   * @param snapshot undefined: the table has none yet
   * @param tail rows that are in no snapshot yet
   */
  async get(
    snapshot: Snapshot | undefined,
    key: ReadonlyMap<string, Datum>,
    columns: readonly string[],
    tail: readonly MemoryBucket[] = [],
  ): Promise<Batch | undefined> {
    const values = this.#keys.map((field) => key.get(field.name)!);
    const serialized = serializeRow(
      this.#keys.map((field) => field.type),
      values,
    );
    const probe = this.#keys.map((field, index) => columnFromData(field.type, [values[index]!]));
    // sequence numbers are a bucket's own, so each is asked apart; a key is in one of them, the others at most deleted it
    try {
      for (const bucket of await this.#bucketsOf(snapshot, key, tail)) {
        const files = bucket.files.filter(
          (file) => this.#compareKeys(file.minKey, serialized) <= 0 && this.#compareKeys(file.maxKey, serialized) >= 0,
        );
        const newest = await this.#newest(bucket, files, probe, columns);
        const row = newest === undefined ? undefined : visible(newest.batch, columns);
        if (row !== undefined) return row;
      }
      return undefined;
    } finally {
      await this.#evictLarge();
    }
  }

  /** The version that a merge of the files would keep. */
  async #newest(
    bucket: BucketFiles,
    files: readonly DataFileMeta[],
    probe: readonly Column[],
    columns: readonly string[],
  ): Promise<Version | undefined> {
    const ordered = this.#context.options.sequenceFields.length > 0;
    let best: Version | undefined;
    for (const file of files) {
      // without sequence.field the highest sequence number wins: a file that ends below it cannot hold the winner
      if (best !== undefined && !ordered && file.maxSequenceNumber < best.sequence) break;
      const version = await this.#versionIn(bucket, file, probe, columns);
      if (version !== undefined && (best === undefined || this.#isNewer(version, best))) best = version;
    }
    return best;
  }

  /** The key's version in one file. */
  async #versionIn(
    bucket: BucketFiles,
    file: DataFileMeta,
    probe: readonly Column[],
    columns: readonly string[],
  ): Promise<Version | undefined> {
    const opened = this.#open(bucket, file);
    try {
      const row = await opened.rowOf(probe);
      if (row === undefined) return undefined;
      const deletion = bucket.deletions.get(file.fileName);
      if (deletion !== undefined && (await opened.isDeleted(row, deletion, resolveFileIO(this.#io)))) return undefined;
      const fields = fieldsNamed(this.schema, [...columns, ...this.#context.options.sequenceFields]);
      const batch = await opened.read(row, [...fields, SEQUENCE_FIELD, KIND_FIELD]);
      const sequence = batch.columns[fields.length]!.values as BigInt64Array;
      return { batch, sequence: sequence[0]! };
    } finally {
      opened.users--;
    }
  }

  async close(): Promise<void> {
    const files = [...this.#files.values()];
    this.#files.clear();
    this.#pages.clear();
    await Promise.allSettled(files.map((file) => file.close()));
  }

  /** The buckets that may hold the key. */
  async #bucketsOf(snapshot: Snapshot | undefined, key: ReadonlyMap<string, Datum>, tail: readonly MemoryBucket[]): Promise<BucketFiles[]> {
    const files = snapshot === undefined ? [] : await this.#partitionFiles(snapshot, key);
    const buckets = tail.length === 0 ? files : await this.#withTail(files, tail, this.#partitionOf(key));
    const wanted = new Map<number, number>();
    return buckets.filter(({ place, totalBuckets }) => {
      if (totalBuckets <= 0) return true;
      if (!wanted.has(totalBuckets)) wanted.set(totalBuckets, this.#bucketOf(key, totalBuckets));
      return wanted.get(totalBuckets) === place.bucket;
    });
  }

  #bucketOf(key: ReadonlyMap<string, Datum>, totalBuckets: number): number {
    const fields = fieldsNamed(this.schema, bucketKey(this.schema));
    const types = fields.map((field) => field.type);
    const probe = fields.map((field) => columnFromData(field.type, [key.get(field.name)!]));
    return bucketsOf(this.#context.options.bucketFunction, probe, types, 1, totalBuckets)[0]!;
  }

  /** The files of the key's partition, or of the whole table when the primary key does not hold all partition columns. */
  #partitionFiles(snapshot: Snapshot, key: ReadonlyMap<string, Datum>): Promise<BucketFiles[]> {
    if (this.#state?.snapshot !== snapshot.id || this.#state.partitions.size >= CACHED_PARTITIONS)
      this.#state = { snapshot: snapshot.id, partitions: new Map() };
    const { partitions } = this.#state;
    const values = this.#partitionOf(key) ?? [];
    const name = values.length === 0 ? '' : latin1(serializeRow(this.#partitionTypes(), values));
    let files = partitions.get(name);
    if (files === undefined) {
      files = this.#loadPartition(snapshot, values);
      partitions.set(name, files);
      files.catch(() => partitions.delete(name));
    }
    return files;
  }

  /** The values of the key's partition; undefined when the primary key does not hold all partition columns. */
  #partitionOf(key: ReadonlyMap<string, Datum>): Datum[] | undefined {
    return this.#partitionFields.every((field) => key.has(field.name))
      ? this.#partitionFields.map((field) => key.get(field.name)!)
      : undefined;
  }

  #partitionTypes(): DataField['type'][] {
    return this.#partitionFields.map((field) => field.type);
  }

  /** The buckets with the rows that are in memory among their files. */
  async #withTail(files: readonly BucketFiles[], tail: readonly MemoryBucket[], partition: Datum[] | undefined): Promise<BucketFiles[]> {
    const wanted = partition === undefined ? undefined : serializeRow(this.#partitionTypes(), partition);
    const buckets = [...files];
    for (const memory of tail) {
      if (wanted !== undefined && Buffer.compare(memory.partition, wanted) !== 0) continue;
      const at = buckets.findIndex(
        ({ place }) => place.bucket === memory.bucket && Buffer.compare(place.partition, memory.partition) === 0,
      );
      const directory = this.#context.path.bucket(partitionPath(this.schema, memory.partition), memory.bucket);
      const known: BucketFiles = buckets[at] ?? {
        place: { ...memory, directory },
        totalBuckets: memory.totalBuckets,
        files: [],
        fileSchemas: [],
        deletions: new Map(),
      };
      const bucket: BucketFiles = {
        ...known,
        place: { partition: memory.partition, bucket: memory.bucket, directory, memory: [...(known.place.memory ?? []), ...memory.files] },
        files: [...known.files, ...memory.files.map(({ meta }) => meta)].sort(newestFirst),
        fileSchemas: [...known.fileSchemas, ...(await schemasOf(this.#context, memoryEntries(memory)))],
      };
      if (at < 0) buckets.push(bucket);
      else buckets[at] = bucket;
    }
    return buckets;
  }

  async #loadPartition(snapshot: Snapshot, values: readonly Datum[]): Promise<BucketFiles[]> {
    const context = this.#context;
    const parts = values.map((value, i): BoundPredicate => {
      const { name, type } = this.#partitionFields[i]!;
      return { op: 'compare', test: 'eq', column: name, type, value };
    });
    const pruning = new Pruning(this.schema, parts.length === 0 ? undefined : { op: 'and', parts }, context.options.bucketFunction);
    const live = await liveFiles(context.manifests, snapshot, {
      manifest: (manifest) => pruning.manifest(manifest),
      bucket: (entry) => entry.bucket >= 0 && pruning.partition(entry.partition),
    });
    const read = batchLevels(context, this.schema);
    const entries = live.filter((entry) => read(entry.file.level));
    const fileSchemas = await schemasOf(context, entries);
    const deletions = await snapshotDeletions(context.manifests, context.path, this.schema, snapshot);
    const buckets = groupByBucket(entries).map(
      ({ partition, bucket, entries }): BucketFiles => ({
        place: { partition, bucket, directory: context.path.bucket(partitionPath(this.schema, partition), bucket) },
        totalBuckets: entries[0]!.totalBuckets,
        files: entries.map((entry) => entry.file).sort(newestFirst),
        fileSchemas,
        deletions: deletions.of(partition, bucket),
      }),
    );
    await this.#evictGone(buckets);
    return buckets;
  }

  #open({ place, fileSchemas }: BucketFiles, file: DataFileMeta): KeyFile {
    // rows in memory are others with every commit: nothing is gained by keeping them
    if (isMemoryFile(file))
      return new KeyFile(
        fileOpener({ io: this.#io, place, schema: this.schema, fileSchemas }, this.#keys)(file),
        place.directory,
        this.#keys[0]!,
      );
    let opened = this.#files.get(file.fileName);
    if (opened === undefined) {
      const open = fileOpener({ io: this.#io, place, schema: this.schema, fileSchemas, pageCache: this.#pages }, this.#keys);
      const reader = open(file);
      reader.catch(() => this.#files.delete(file.fileName));
      opened = new KeyFile(reader, place.directory, this.#keys[0]!);
    } else this.#files.delete(file.fileName);
    this.#files.set(file.fileName, opened);
    opened.users++;
    return opened;
  }

  async #evictLarge(): Promise<void> {
    let kept_bytes = 0;
    for (const file of this.#files.values()) kept_bytes += file.kept_bytes;
    for (const [name, file] of this.#files) {
      if (this.#files.size <= CACHED_FILES && kept_bytes <= CACHED_KEYS_BYTES) return;
      if (file.users > 0) continue;
      kept_bytes -= file.kept_bytes;
      await this.#evict(name, file);
    }
  }

  /** Files that a compaction replaced will not be asked for again. */
  async #evictGone(buckets: readonly BucketFiles[]): Promise<void> {
    const live = new Map(buckets.map(({ place, files }) => [place.directory, new Set(files.map((file) => file.fileName))]));
    for (const [name, file] of this.#files)
      if (file.users === 0 && live.get(file.directory)?.has(name) === false) await this.#evict(name, file);
  }

  async #evict(name: string, file: KeyFile): Promise<void> {
    this.#files.delete(name);
    await file.close();
  }

  #isNewer(version: Version, than: Version): boolean {
    const { sequenceFields, sequenceAscending } = this.#context.options;
    for (const name of sequenceFields) {
      const column = (batch: Batch) => batch.columns[batch.fields.findIndex((field) => field.name === name)]!;
      const [a, b] = [datumAt(column(version.batch), 0), datumAt(column(than.batch), 0)];
      if (a === null || b === null) {
        // nulls are the smallest in both orders
        if (a !== b) return b === null;
        continue;
      }
      const order = compareDatum(column(version.batch).type, a, b);
      if (order !== 0) return sequenceAscending ? order > 0 : order < 0;
    }
    return version.sequence > than.sequence;
  }
}

/** Bytes as a key of a map. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function newestFirst(a: DataFileMeta, b: DataFileMeta): number {
  if (a.maxSequenceNumber === b.maxSequenceNumber) return a.level - b.level;
  return a.maxSequenceNumber > b.maxSequenceNumber ? -1 : 1;
}

/** The wanted columns of a version; undefined when it is a delete. */
function visible(batch: Batch, columns: readonly string[]): Batch | undefined {
  const position = (name: string) => batch.fields.findIndex((field) => field.name === name);
  const kinds = batch.columns[position(KIND_FIELD.name)]!.values as Int8Array;
  if ((kinds[0]! & 1) === 1) return undefined;
  const positions = columns.map(position);
  return { fields: positions.map((at) => batch.fields[at]!), columns: positions.map((at) => batch.columns[at]!), length: 1 };
}
