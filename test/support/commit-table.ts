/** A table without data writers: hand-made files and messages, for tests of commit and expiry. */
import type { Clock } from '../../src/base/clock.js';
import { type Random, seededRandom } from '../../src/base/random.js';
import type { CommitContext, CommitEvent } from '../../src/commit/table-commit.js';
import type { FileIO } from '../../src/io/file-io.js';
import { EMPTY_ROW, serializeRow } from '../../src/meta/binary-row.js';
import type { CommitMessage } from '../../src/meta/commit-message.js';
import { ConsumerStore } from '../../src/meta/consumer-store.js';
import { type DataFileMeta, EMPTY_STATS } from '../../src/meta/data-file-meta.js';
import { liveFiles } from '../../src/meta/live-files.js';
import type { ManifestEntry } from '../../src/meta/manifest-entry.js';
import { ManifestStore } from '../../src/meta/manifest-store.js';
import { partitionPath } from '../../src/meta/partition-path.js';
import { SchemaStore } from '../../src/meta/schema-store.js';
import { SnapshotStore } from '../../src/meta/snapshot-store.js';
import { TableOptions } from '../../src/meta/table-options.js';
import { TablePath } from '../../src/meta/table-path.js';
import type { TableSchema } from '../../src/meta/table-schema.js';
import { type DataType, MAX_LENGTH } from '../../src/types/data-type.js';

const INT: DataType = { kind: 'INT', nullable: false };
const STRING: DataType = { kind: 'VARCHAR', length: MAX_LENGTH, nullable: false };
const encoder = new TextEncoder();

export type TestClock = Clock & { time_ms: number };

/** Time that passes only by sleeping (which takes a turn of the event loop) and by hand. */
export function testClock(): TestClock {
  const clock: TestClock = {
    time_ms: 1_700_000_000_000,
    now_ms: () => Math.floor(clock.time_ms),
    monotonic_ms: () => clock.time_ms,
    sleep: async (duration_ms, signal) => {
      signal?.throwIfAborted();
      clock.time_ms += duration_ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  return clock;
}

export interface TestTableOptions {
  options?: Record<string, string>;
  /** by a VARCHAR column `p` */
  partitioned?: boolean;
  random?: Random;
  clock?: TestClock;
  root?: string;
}

export interface TestTable extends CommitContext {
  readonly clock: TestClock;
  readonly consumers: ConsumerStore;
  readonly events: CommitEvent[];
  readonly schema: TableSchema;
}

export function testSchema({ options = {}, partitioned = false }: TestTableOptions = {}): TableSchema {
  const fields = [
    { id: 0, name: 'p', type: STRING },
    { id: 1, name: 'id', type: INT },
  ];
  return {
    version: 3,
    id: 0n,
    fields,
    highestFieldId: 1,
    partitionKeys: partitioned ? ['p'] : [],
    primaryKeys: partitioned ? ['p', 'id'] : ['id'],
    options: { bucket: '2', ...options },
    timeMillis: 0,
  };
}

/** A handle of the table at `root`, which is made when it is not there. Handles share nothing but the storage. */
export async function openTestTable(io: FileIO, given: TestTableOptions = {}): Promise<TestTable> {
  const schema = testSchema(given);
  const { random = seededRandom(++handles), clock = testClock(), root = '/warehouse/db.db/t' } = given;
  const path = new TablePath(root, schema.options);
  const options = new TableOptions(schema.options);
  const schemas = new SchemaStore(io, path);
  await schemas.create(schema);
  const events: CommitEvent[] = [];
  return {
    io,
    path,
    snapshots: new SnapshotStore(io, path),
    schemas,
    manifests: new ManifestStore(io, path, {
      codec: options.manifestCompression,
      sync: options.commitFsync,
      targetFileSize_bytes: options.manifestTargetSize_bytes,
      random,
    }),
    consumers: new ConsumerStore(io, path),
    options,
    clock,
    random,
    table: 'db.t',
    schema,
    events,
    emit: (event) => events.push(event),
  };
}

/** The partition p=`name`, or the partition of a table without partitions. */
export function partitionOf(name?: string): Uint8Array {
  return name === undefined ? EMPTY_ROW : serializeRow([STRING], [encoder.encode(name)]);
}

let files = 0;
let handles = 0;

/** What a manifest says of a file with the keys `min`..`max`. */
export function dataFile(given: Partial<DataFileMeta> & { min?: number; max?: number } = {}): DataFileMeta {
  const { min = 1, max = 10, ...rest } = given;
  return {
    fileName: `data-${++files}.parquet`,
    fileSize_bytes: 100,
    rowCount: 10,
    minKey: serializeRow([INT], [min]),
    maxKey: serializeRow([INT], [max]),
    keyStats: { min: serializeRow([INT], [min]), max: serializeRow([INT], [max]), nullCounts: [0n] },
    valueStats: EMPTY_STATS,
    minSequenceNumber: 0n,
    maxSequenceNumber: 9n,
    schemaId: 0n,
    level: 0,
    extraFiles: [],
    creationTime_ms: 0n,
    deleteRowCount: 0n,
    embeddedFileIndex: null,
    fileSource: 0,
    valueStatsCols: null,
    externalPath: null,
    firstRowId: null,
    writeCols: null,
    ...rest,
  };
}

export function message(given: Partial<Omit<CommitMessage, 'partition'>> & { partition?: string } = {}): CommitMessage {
  const { partition, ...rest } = given;
  return {
    partition: partitionOf(partition),
    bucket: 0,
    totalBuckets: 2,
    newFiles: [],
    changelogFiles: [],
    compactBefore: [],
    compactAfter: [],
    compactChangelog: [],
    ...rest,
  };
}

/** Writes something under the name of each file of the messages that a writer would have made. */
export async function writeFiles(table: TestTable, messages: readonly CommitMessage[]): Promise<void> {
  for (const { partition, bucket, newFiles, changelogFiles, compactAfter, compactBefore, compactChangelog } of messages) {
    const before = new Set(compactBefore.map((file) => file.fileName));
    const made = [...newFiles, ...changelogFiles, ...compactAfter.filter((file) => !before.has(file.fileName)), ...compactChangelog];
    const directory = partitionPath(table.schema, partition);
    for (const file of made) {
      await table.io.writeFile(table.path.dataFile(directory, bucket, file), new Uint8Array([1]));
      for (const extra of file.extraFiles)
        await table.io.writeFile(table.path.extraFile(directory, bucket, file, extra), new Uint8Array([1]));
    }
  }
}

export function pathOf(table: TestTable, { partition, bucket, file }: Pick<ManifestEntry, 'partition' | 'bucket' | 'file'>): string {
  return table.path.dataFile(partitionPath(table.schema, partition), bucket, file);
}

/** The live files of the latest snapshot (or of another), sorted by name. */
export async function filesOf(table: TestTable, id?: bigint): Promise<ManifestEntry[]> {
  const snapshot = id === undefined ? await table.snapshots.latest() : await table.snapshots.read(id);
  if (snapshot === undefined) return [];
  const entries = await liveFiles(table.manifests, snapshot);
  return entries.sort((a, b) => (a.file.fileName < b.file.fileName ? -1 : 1));
}

export async function namesOf(table: TestTable, id?: bigint): Promise<string[]> {
  return (await filesOf(table, id)).map((entry) => entry.file.fileName);
}

/** Names in manifest/ that snapshots (all, of `table`) refer to. */
export async function referencedManifests(table: TestTable): Promise<Set<string>> {
  const names = new Set<string>();
  for (const id of await table.snapshots.list()) {
    const snapshot = await table.snapshots.read(id);
    for (const list of [snapshot.baseManifestList, snapshot.deltaManifestList, snapshot.changelogManifestList]) {
      if (list === undefined) continue;
      names.add(list);
      for (const manifest of await table.manifests.readList(list)) names.add(manifest.fileName);
    }
  }
  return names;
}

export async function manifestFiles(table: TestTable): Promise<Set<string>> {
  const stats = await table.io.list(table.path.manifestDirectory);
  return new Set(stats.map((stat) => stat.path.slice(stat.path.lastIndexOf('/') + 1)));
}

/** `io`, with every call delayed by a random number of turns of the event loop: many orders of concurrent calls. */
export function interleaved(io: FileIO, random: Random): FileIO {
  return watched(io, async () => {
    for (let turns = Math.floor(random.float() * 4); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
  });
}

/** `io`, with `before` called, and waited for, before every call. It may throw. */
export function watched(io: FileIO, before: (operation: string, path: string) => unknown): FileIO {
  return new Proxy(io, {
    get(target, key) {
      const value = Reflect.get(target, key) as unknown;
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        await before(String(key), String(args[0]));
        return (value as (...given: unknown[]) => Promise<unknown>).apply(target, args);
      };
    },
  });
}
