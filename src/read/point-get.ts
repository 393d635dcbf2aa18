/**
 * One row by primary key, without a scan.
 *
 *   key ─ partition, bucket ─> files whose key range holds it, newest first
 *         (dynamic buckets: all of the partition, or of the table when the key does not name the partition)
 *       ─> row group (footer statistics) ─> row (binary search in the key column) ─> only the pages with that row
 *
 * Key columns of row groups and open files (with parsed footers) are kept, as long as they fit: files never change.
 * Invariant: of several versions the one a merge would keep is found: files that could hold a newer one are all looked at.
 */
import { type DeletedRows, type DeletionFile, readDeletedRows } from '../format/deletion-vector.js';
import { type FileIORef, resolveFileIO } from '../io/file-io-ref.js';
import type { EvolvingReader } from '../lsm/evolving-reader.js';
import { KIND_FIELD, SEQUENCE_FIELD } from '../lsm/file-fields.js';
import { type BucketPlace, fieldsNamed, fileOpener } from '../lsm/file-opener.js';
import { keyComparator } from '../lsm/key-comparator.js';
import { serializeRow } from '../meta/binary-row.js';
import { bucketsOf } from '../meta/bucket-function.js';
import type { DataFileMeta } from '../meta/data-file-meta.js';
import { type SnapshotDeletions, snapshotDeletions } from '../meta/deletion-files.js';
import { liveFiles } from '../meta/live-files.js';
import type { ManifestEntry } from '../meta/manifest-entry.js';
import { partitionPath } from '../meta/partition-path.js';
import type { Snapshot } from '../meta/snapshot.js';
import { bucketKey, type TableSchema, trimmedPrimaryKey } from '../meta/table-schema.js';
import { getBit } from '../types/bitmap.js';
import type { Batch, Column } from '../types/column.js';
import { compareRows } from '../types/compare.js';
import type { DataField } from '../types/data-type.js';
import { columnFromData, compareDatum, type Datum, datumAt } from '../types/datum.js';
import { columnBytes } from '../types/take.js';
import { PageLru } from './page-cache.js';
import { batchLevels, type ReadContext, schemasOf } from './plan.js';

/** Open files and key columns kept at most. */
const CACHED_FILES = 128;
const CACHED_KEYS_BYTES = 256 * 1024 * 1024;
/** Row groups that are looked into more often get all their keys read and kept. */
const LOOKS_BY_PAGE = 2;
const CACHED_PAGES_BYTES = 64 * 1024 * 1024;

interface Version {
  readonly batch: Batch;
  readonly sequence: bigint;
}

/** The live files of a snapshot. */
interface State {
  readonly snapshot: bigint;
  readonly partitions: ReadonlyMap<string, readonly ManifestEntry[]>;
  readonly deletions: SnapshotDeletions;
  readonly fileSchemas: readonly TableSchema[];
}

interface BucketFiles {
  readonly place: BucketPlace;
  readonly files: DataFileMeta[];
}

interface Candidate {
  readonly cached: CachedFile;
  readonly deletion: DeletionFile | undefined;
}

interface CachedFile {
  readonly maxSequenceNumber: bigint;
  /** gets that are using it: it must not be closed under them */
  users: number;
  readonly reader: Promise<EvolvingReader>;
  readonly keys: Map<number, Promise<readonly Column[]>>;
  /** how often each row group was looked into */
  readonly looks: Map<number, number>;
  /** the deletion vector last looked into: other snapshots may have another */
  deleted: { readonly place: DeletionFile; readonly rows: Promise<DeletedRows> } | undefined;
}

export class PointReader {
  readonly #context: ReadContext;
  readonly #io: FileIORef;
  readonly schema: TableSchema;
  readonly #keys: readonly DataField[];
  readonly #compareKeys: (a: Uint8Array, b: Uint8Array) => number;
  readonly #files = new Map<string, CachedFile>();
  readonly #pages = new PageLru(CACHED_PAGES_BYTES);
  #cachedKeys_bytes = 0;
  /** of the snapshot asked last */
  #state: State | undefined;

  constructor(context: ReadContext, io: FileIORef, schema: TableSchema) {
    this.#context = context;
    this.#io = io;
    this.schema = schema;
    this.#keys = fieldsNamed(schema, trimmedPrimaryKey(schema));
    this.#compareKeys = keyComparator(this.#keys.map((field) => field.type));
  }

  /** The row of the key as a batch of one row with these columns; undefined when there is none. */
  async get(snapshot: Snapshot, key: ReadonlyMap<string, Datum>, columns: readonly string[]): Promise<Batch | undefined> {
    const state = await this.#stateOf(snapshot);
    const values = this.#keys.map((field) => key.get(field.name)!);
    const serialized = serializeRow(
      this.#keys.map((field) => field.type),
      values,
    );
    const probe = this.#keys.map((field, index) => columnFromData(field.type, [values[index]!]));
    const cached: CachedFile[] = [];
    try {
      // sequence numbers are a bucket's own, so each is asked apart; a key is in one of them, the others at most deleted it
      for (const { place, files } of this.#bucketsOf(state, key)) {
        const deletions = state.deletions.of(place.partition, place.bucket);
        const candidates = files
          .filter((file) => this.#compareKeys(file.minKey, serialized) <= 0 && this.#compareKeys(file.maxKey, serialized) >= 0)
          .sort((a, b) =>
            a.maxSequenceNumber > b.maxSequenceNumber ? -1 : a.maxSequenceNumber < b.maxSequenceNumber ? 1 : a.level - b.level,
          );
        const opened = candidates.map((file) => ({
          cached: this.#open(place, file, state.fileSchemas),
          deletion: deletions.get(file.fileName),
        }));
        cached.push(...opened.map((each) => each.cached));
        const best = await this.#newest(opened, probe, columns);
        const row = best === undefined ? undefined : visible(best.batch, columns);
        if (row !== undefined) return row;
      }
      return undefined;
    } finally {
      for (const file of cached) file.users--;
      await this.#evictLarge();
    }
  }

  /** The version that a merge of the files would keep. They come with the highest sequence numbers first. */
  async #newest(files: readonly Candidate[], probe: readonly Column[], columns: readonly string[]): Promise<Version | undefined> {
    // looked up all at once: on a cold table each of them waits for the disk
    const rows = await Promise.all(files.map((file) => this.#rowOf(file, probe)));
    const ordered = this.#context.options.sequenceFields.length > 0;
    let best: Version | undefined;
    for (const [index, row] of rows.entries()) {
      const { cached: file } = files[index]!;
      // without sequence.field the highest sequence number wins: a file that ends below it cannot hold the winner
      if (best !== undefined && !ordered && file.maxSequenceNumber < best.sequence) break;
      if (row === undefined) continue;
      const version = await this.#versionAt(file, row, columns);
      if (best === undefined || this.#isNewer(version, best)) best = version;
    }
    return best;
  }

  async close(): Promise<void> {
    const files = [...this.#files.values()];
    this.#files.clear();
    this.#cachedKeys_bytes = 0;
    this.#pages.clear();
    await Promise.allSettled(files.map(async (file) => (await file.reader).close()));
  }

  /** The buckets that may hold the key, with their files. */
  #bucketsOf({ partitions }: State, key: ReadonlyMap<string, Datum>): BucketFiles[] {
    const partition = this.#partitionOf(key);
    const entries = partition === undefined ? [...partitions.values()].flat() : (partitions.get(partition) ?? []);
    const wanted = new Map<number, number>();
    const found = new Map<string, BucketFiles>();
    for (const { partition, bucket, totalBuckets, file } of entries) {
      if (totalBuckets > 0) {
        // the partition's own number of buckets: the table's option may have changed since
        if (!wanted.has(totalBuckets)) wanted.set(totalBuckets, this.#bucketOf(key, totalBuckets));
        if (wanted.get(totalBuckets) !== bucket) continue;
      }
      const id = `${latin1(partition)}/${bucket}`;
      const known = found.get(id);
      if (known !== undefined) {
        known.files.push(file);
        continue;
      }
      const directory = this.#context.path.bucket(partitionPath(this.schema, partition), bucket);
      found.set(id, { place: { partition, bucket, directory }, files: [file] });
    }
    return [...found.values()];
  }

  /** The key's partition, as a name in the state; undefined when the primary key does not hold all partition columns. */
  #partitionOf(key: ReadonlyMap<string, Datum>): string | undefined {
    const fields = fieldsNamed(this.schema, this.schema.partitionKeys);
    if (!fields.every((field) => key.has(field.name))) return undefined;
    const types = fields.map((field) => field.type);
    return latin1(
      serializeRow(
        types,
        fields.map((field) => key.get(field.name)!),
      ),
    );
  }

  #bucketOf(key: ReadonlyMap<string, Datum>, totalBuckets: number): number {
    const fields = fieldsNamed(this.schema, bucketKey(this.schema));
    const types = fields.map((field) => field.type);
    const probe = fields.map((field) => columnFromData(field.type, [key.get(field.name)!]));
    return bucketsOf(this.#context.options.bucketFunction, probe, types, 1, totalBuckets)[0]!;
  }

  /** Live files by partition; postponed ones are no part of a table's readable state. */
  async #stateOf(snapshot: Snapshot): Promise<State> {
    if (this.#state?.snapshot === snapshot.id) return this.#state;
    const { manifests, path } = this.#context;
    const level = batchLevels(this.#context, this.schema);
    const entries = (await liveFiles(manifests, snapshot)).filter((entry) => entry.bucket >= 0 && level(entry.file.level));
    const partitions = new Map<string, ManifestEntry[]>();
    for (const entry of entries) {
      const partition = latin1(entry.partition);
      const group = partitions.get(partition);
      if (group === undefined) partitions.set(partition, [entry]);
      else group.push(entry);
    }
    const state = {
      snapshot: snapshot.id,
      partitions,
      deletions: await snapshotDeletions(manifests, path, this.schema, snapshot),
      fileSchemas: await schemasOf(this.#context, entries),
    };
    this.#state = state;
    await this.#evictGone(new Set(entries.map((entry) => entry.file.fileName)));
    return state;
  }

  /** The ordinal of the key's row in a file; undefined when it is not there, or marked deleted. */
  async #rowOf({ cached, deletion }: Candidate, probe: readonly Column[]): Promise<number | undefined> {
    const row = await this.#ordinalOf(cached, probe);
    if (row === undefined || deletion === undefined) return row;
    return getBit(await this.#deletedRows(cached, deletion), row) ? undefined : row;
  }

  async #deletedRows(cached: CachedFile, place: DeletionFile): Promise<DeletedRows> {
    const known = cached.deleted;
    if (known !== undefined && known.place.path === place.path && known.place.offset === place.offset) return known.rows;
    const { rowCount } = await cached.reader;
    const deleted = { place, rows: readDeletedRows(resolveFileIO(this.#io), place, rowCount) };
    cached.deleted = deleted;
    deleted.rows.catch(() => {
      if (cached.deleted === deleted) cached.deleted = undefined;
    });
    return deleted.rows;
  }

  /** The key's row ordinal in a file; undefined when it is not there. */
  async #ordinalOf(cached: CachedFile, probe: readonly Column[]): Promise<number | undefined> {
    const reader = await cached.reader;
    for (let group = this.#firstGroup(reader, probe); group < reader.rowGroups.length; group++) {
      const { keys, firstRow } = (await this.#keysOfPages(cached, reader, group, probe)) ?? {
        keys: await this.#keysOf(cached, reader, group),
        firstRow: 0,
      };
      const rows = keys[0]!.length;
      if (rows === 0 || compareRows(keys, rows - 1, probe, 0) < 0) continue;
      const row = lowerBound(keys, rows, probe);
      return compareRows(keys, row, probe, 0) === 0 ? reader.rowGroups[group]!.firstRow + firstRow + row : undefined;
    }
    return undefined;
  }

  /**
   * For the first few looks into a row group: only the keys of the pages that may hold the key, by the file's page index.
   * undefined when all keys of the group are the better choice.
   */
  async #keysOfPages(
    cached: CachedFile,
    reader: EvolvingReader,
    group: number,
    probe: readonly Column[],
  ): Promise<{ keys: readonly Column[]; firstRow: number } | undefined> {
    const looks = (cached.looks.get(group) ?? 0) + 1;
    cached.looks.set(group, looks);
    if (cached.keys.has(group) || looks > LOOKS_BY_PAGE) return undefined;
    const key = this.#keys[0]!;
    const value = datumAt(probe[0]!, 0);
    const pages = await reader.pageStatsOf(group, key);
    if (pages === undefined) return undefined;
    // pages are in key order: those from the first that ends at or above the key to the last that begins at or below it
    const { firstRows, mins, maxs } = pages;
    let from = 0;
    while (from < firstRows.length && compareDatum(key.type, datumAt(maxs, from), value) < 0) from++;
    let to = from;
    while (to < firstRows.length && compareDatum(key.type, datumAt(mins, to), value) <= 0) to++;
    const { firstRow: groupStart, rowCount } = reader.rowGroups[group]!;
    const firstRow = firstRows[from] ?? rowCount;
    const rows = new Uint32Array(from === to ? 0 : (firstRows[to] ?? rowCount) - firstRow);
    for (let row = 0; row < rows.length; row++) rows[row] = groupStart + firstRow + row;
    const { columns: keys, length } = await reader.readRows(rows);
    // The index carries no checksum, the keys do: only keys on both sides of the one wanted settle where it would be.
    const brackets = length > 0 && compareRows(keys, 0, probe, 0) <= 0 && compareRows(keys, length - 1, probe, 0) >= 0;
    return brackets ? { keys, firstRow } : undefined;
  }

  async #versionAt(cached: CachedFile, row: number, columns: readonly string[]): Promise<Version> {
    const reader = await cached.reader;
    const wanted = [...fieldsNamed(this.schema, [...columns, ...this.#context.options.sequenceFields]), SEQUENCE_FIELD, KIND_FIELD];
    const batch = await reader.readRows(Uint32Array.of(row), wanted);
    const sequence = batch.columns[batch.columns.length - 2]!.values as BigInt64Array;
    return { batch, sequence: sequence[0]! };
  }

  /** Row groups are in key order: skip those whose statistics end below the key. */
  #firstGroup(reader: EvolvingReader, probe: readonly Column[]): number {
    const key = this.#keys[0]!;
    const value = datumAt(probe[0]!, 0);
    let group = 0;
    while (group < reader.rowGroups.length - 1) {
      const stats = reader.statsOf(group, key);
      if (stats === undefined || !stats.hasMinMax || compareDatum(key.type, stats.max, value) >= 0) break;
      group++;
    }
    return group;
  }

  #open(place: BucketPlace, file: DataFileMeta, fileSchemas: readonly TableSchema[]): CachedFile {
    const known = this.#files.get(file.fileName);
    if (known !== undefined) {
      this.#files.delete(file.fileName);
      this.#files.set(file.fileName, known);
      known.users++;
      return known;
    }
    const open = fileOpener({ io: this.#io, place, schema: this.schema, fileSchemas, pageCache: this.#pages }, this.#keys);
    const cached: CachedFile = {
      reader: open(file),
      keys: new Map(),
      looks: new Map(),
      deleted: undefined,
      maxSequenceNumber: file.maxSequenceNumber,
      users: 1,
    };
    cached.reader.catch(() => this.#files.delete(file.fileName));
    this.#files.set(file.fileName, cached);
    return cached;
  }

  async #keysOf(cached: CachedFile, reader: EvolvingReader, group: number): Promise<readonly Column[]> {
    let keys = cached.keys.get(group);
    if (keys === undefined) {
      keys = reader.readRowGroup(group).then((batch) => batch.columns);
      cached.keys.set(group, keys);
      keys.catch(() => cached.keys.delete(group));
      for (const column of await keys) this.#cachedKeys_bytes += columnBytes(column);
    }
    return keys;
  }

  async #evictLarge(): Promise<void> {
    for (const [name, cached] of this.#files) {
      if (this.#files.size <= CACHED_FILES && this.#cachedKeys_bytes <= CACHED_KEYS_BYTES) return;
      if (cached.users === 0) await this.#evict(name, cached);
    }
  }

  /** Files that a compaction replaced will not be asked for again. */
  async #evictGone(live: ReadonlySet<string>): Promise<void> {
    for (const [name, cached] of this.#files) if (!live.has(name) && cached.users === 0) await this.#evict(name, cached);
  }

  async #evict(name: string, cached: CachedFile): Promise<void> {
    this.#files.delete(name);
    for (const keys of cached.keys.values()) for (const column of await keys) this.#cachedKeys_bytes -= columnBytes(column);
    await (await cached.reader).close();
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

/** First row that is not below the probe; the last row is at or above it. */
function lowerBound(keys: readonly Column[], rows: number, probe: readonly Column[]): number {
  let low = 0;
  let high = rows - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareRows(keys, middle, probe, 0) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The wanted columns of a version; undefined when it is a delete. */
function visible(batch: Batch, columns: readonly string[]): Batch | undefined {
  const position = (name: string) => batch.fields.findIndex((field) => field.name === name);
  const kinds = batch.columns[position(KIND_FIELD.name)]!.values as Int8Array;
  if ((kinds[0]! & 1) === 1) return undefined;
  const positions = columns.map(position);
  return { fields: positions.map((at) => batch.fields[at]!), columns: positions.map((at) => batch.columns[at]!), length: 1 };
}
