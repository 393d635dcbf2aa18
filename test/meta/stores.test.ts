import { beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import type { FileIO } from '../../src/io/file-io.js';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import { ConsumerStore } from '../../src/meta/consumer-store.js';
import { liveFiles } from '../../src/meta/live-files.js';
import { ManifestStore } from '../../src/meta/manifest-store.js';
import { SchemaStore } from '../../src/meta/schema-store.js';
import type { Snapshot } from '../../src/meta/snapshot.js';
import { SnapshotStore } from '../../src/meta/snapshot-store.js';
import { TablePath } from '../../src/meta/table-path.js';
import { dataFile, entry, partitionedSchema, snapshotOf } from './samples.js';

let io: FileIO;
let path: TablePath;
let snapshots: SnapshotStore;

beforeEach(() => {
  io = memoryFileIO();
  path = new TablePath('/wh/db.db/t');
  snapshots = new SnapshotStore(io, path);
});

const publish = async (from: bigint, to: bigint, change: Partial<Snapshot> = {}) => {
  for (let id = from; id <= to; id++) expect(await snapshots.publish({ ...snapshotOf(id), ...change }, { sync: true })).toBe(true);
};
const text = (value: string) => new TextEncoder().encode(value);

describe('SnapshotStore', () => {
  it('has nothing in the beginning', async () => {
    expect(await snapshots.latestId()).toBeUndefined();
    expect(await snapshots.earliestId()).toBeUndefined();
    expect(await snapshots.latest()).toBeUndefined();
    expect(await snapshots.atOrBefore(5)).toBeUndefined();
    await expect(snapshots.read(1n)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('publishes an id once', async () => {
    await publish(1n, 3n);
    expect(await snapshots.publish({ ...snapshotOf(3n), commitUser: 'other' })).toBe(false);
    expect((await snapshots.latest())?.commitUser).toBe('user');
    expect(await snapshots.list()).toEqual([1n, 2n, 3n]);
  });

  it.each(['', 'x', '0', '-1', '2', '99', '12345678901234567890'])('finds the ends whatever the hints say: %j', async (hint) => {
    await publish(2n, 5n);
    await io.replace(path.latestHint, text(hint));
    await io.replace(path.earliestHint, text(hint));
    expect(await snapshots.latestId()).toBe(5n);
    expect(await snapshots.earliestId()).toBe(2n);
  });

  it('takes hints that are right, and writes them as plain numbers', async () => {
    await publish(9n, 11n);
    await snapshots.writeLatestHint(11n);
    await snapshots.raiseEarliestHint(9n);
    expect(new TextDecoder().decode(await io.readFile(path.latestHint))).toBe('11');
    expect([await snapshots.earliestId(), await snapshots.latestId()]).toEqual([9n, 11n]);
  });

  it('moves the hint of the earliest up, never down, unless it was wrong', async () => {
    await publish(3n, 9n);
    const hint = async () => new TextDecoder().decode(await io.readFile(path.earliestHint));
    await snapshots.raiseEarliestHint(7n);
    await snapshots.raiseEarliestHint(5n);
    expect(await hint()).toBe('7');
    await io.replace(path.earliestHint, text('99'));
    await snapshots.raiseEarliestHint(5n);
    expect(await hint()).toBe('5');
  });

  it('tells expired, unknown and missing snapshots apart', async () => {
    await publish(3n, 6n);
    await expect(snapshots.read(2n)).rejects.toMatchObject({ code: 'POSITION_EXPIRED' });
    await expect(snapshots.read(7n)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await io.remove(path.snapshot(4n));
    await expect(snapshots.read(4n)).rejects.toMatchObject({ code: 'CORRUPTION', file: path.snapshot(4n) });
  });

  it('does not take one snapshot for another', async () => {
    await publish(1n, 2n);
    await io.replace(path.snapshot(3n), await io.readFile(path.snapshot(2n)));
    await expect(snapshots.latest()).rejects.toMatchObject({ code: 'CORRUPTION', file: path.snapshot(3n) });
    await io.replace(path.snapshot(3n), text('{'));
    await expect(new SnapshotStore(io, path).read(3n)).rejects.toMatchObject({ code: 'CORRUPTION', file: path.snapshot(3n) });
  });

  it('sees a table that was rolled back and went on', async () => {
    await publish(1n, 4n);
    for (let id = 1n; id <= 4n; id++) await snapshots.read(id);
    await io.remove(path.snapshot(4n));
    await io.remove(path.snapshot(3n));
    expect((await snapshots.latest())?.id).toBe(2n);
    await publish(3n, 4n, { commitUser: 'after', deltaManifestList: 'manifest-list-after' });
    expect((await snapshots.latest())?.commitUser).toBe('after');
    expect((await snapshots.read(3n)).commitUser).toBe('after');
  });

  it('finds the last snapshot of a time', async () => {
    await publish(4n, 9n);
    for (const [time, id] of [
      [4000, 4n],
      [4999, 4n],
      [5000, 5n],
      [8999, 8n],
      [9000, 9n],
      [1e9, 9n],
    ] as const) {
      expect((await snapshots.atOrBefore(time))?.id).toBe(id);
    }
    expect(await snapshots.atOrBefore(3999)).toBeUndefined();
  });

  it('reads tags', async () => {
    await publish(1n, 1n);
    await io.replace(path.tag('v1'), await io.readFile(path.snapshot(1n)));
    expect((await snapshots.tag('v1')).id).toBe(1n);
    expect(await snapshots.tags()).toEqual(['v1']);
    await expect(snapshots.tag('v2')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('SchemaStore', () => {
  it('creates once, follows others, remembers', async () => {
    const schemas = new SchemaStore(io, path);
    const others = new SchemaStore(io, path);
    expect(await schemas.latest()).toBeUndefined();
    expect(await schemas.create(partitionedSchema)).toBe(true);
    expect(await others.create(partitionedSchema)).toBe(false);
    expect(await schemas.latest()).toEqual(partitionedSchema);
    expect(await others.create({ ...partitionedSchema, id: 1n })).toBe(true);
    expect(await others.create({ ...partitionedSchema, id: 2n })).toBe(true);
    expect((await schemas.latest())?.id).toBe(2n);
    expect((await schemas.list()).map(({ id }) => id)).toEqual([0n, 1n, 2n]);
    await expect(schemas.read(3n)).rejects.toMatchObject({ code: 'CORRUPTION', file: path.schema(3n) });
    await io.replace(path.schema(3n), await io.readFile(path.schema(2n)));
    await expect(schemas.latest()).rejects.toMatchObject({ code: 'CORRUPTION', file: path.schema(3n) });
  });
});

describe('ManifestStore', () => {
  const options = { codec: 'zstd', sync: true, random: seededRandom(1) };

  it('writes manifests that roll, lists that name them, and reads both', async () => {
    const store = new ManifestStore(io, path, { ...options, targetFileSize_bytes: 2000 });
    const entries = Array.from({ length: 300 }, (_, i) => entry({ fileName: `data-${i}-${'x'.repeat(i % 50)}` }, { dt: `p${i % 3}` }));
    const written = await store.writeEntries(entries, partitionedSchema);
    expect(written.length).toBeGreaterThan(2);
    expect(written.reduce((sum, { numAddedFiles }) => sum + numAddedFiles, 0)).toBe(300);
    const base = await store.writeList(written);
    const delta = await store.writeList([]);
    const snapshot: Snapshot = {
      ...snapshotOf(1n),
      baseManifestList: base.name,
      baseManifestListSize: BigInt(base.size_bytes),
      deltaManifestList: delta.name,
      deltaManifestListSize: BigInt(delta.size_bytes),
    };
    for (const reader of [store, new ManifestStore(io, path, options)]) {
      expect(await liveFiles(reader, snapshot)).toEqual(entries);
      expect(await liveFiles(reader, snapshot, { bucket: ({ bucket }) => bucket === 1 })).toEqual([]);
    }
    expect(await store.writeEntries([], partitionedSchema)).toEqual([]);
    const names = (await io.list(path.manifestDirectory)).map((file) => file.path);
    expect(new Set(names).size).toBe(written.length + 2);
    await store.remove(written.map(({ fileName }) => fileName));
    expect(await io.list(path.manifestDirectory)).toHaveLength(2);
  });

  it('holds files against what is said of them', async () => {
    const store = new ManifestStore(io, path, options);
    const [manifest] = await store.writeEntries([entry()], partitionedSchema);
    const list = await store.writeList([manifest!]);
    const fresh = new ManifestStore(io, path, options);
    await expect(fresh.readList(list.name, list.size_bytes + 1)).rejects.toMatchObject({
      code: 'CORRUPTION',
      file: path.manifest(list.name),
    });
    await expect(fresh.readList('manifest-list-gone')).rejects.toMatchObject({
      code: 'CORRUPTION',
      file: path.manifest('manifest-list-gone'),
    });
    const bytes = await io.readFile(path.manifest(manifest!.fileName));
    // as if the last block had not been written: a valid Avro file, and an empty one
    await io.replace(path.manifest(manifest!.fileName), bytes.subarray(0, bytes.length - 1));
    await fresh.readList(list.name);
    await expect(fresh.readEntries(manifest!.fileName)).rejects.toMatchObject({
      code: 'CORRUPTION',
      file: path.manifest(manifest!.fileName),
    });
    await io.replace(path.manifest(manifest!.fileName), bytes);
    expect(await fresh.readEntries(manifest!.fileName)).toHaveLength(1);
  });

  it('keeps what it read within its memory', async () => {
    const store = new ManifestStore(io, path, { ...options, cache_bytes: 3000 });
    const names: string[] = [];
    for (let i = 0; i < 5; i++) names.push((await store.writeEntries([entry({ fileName: `data-${i}` })], partitionedSchema))[0]!.fileName);
    const [oldest, newest] = [names[0]!, names[4]!];
    expect(await store.readEntries(newest)).toBe(await store.readEntries(newest));
    await io.remove(path.manifest(newest));
    await io.remove(path.manifest(oldest));
    expect(await store.readEntries(newest)).toHaveLength(1);
    await expect(store.readEntries(oldest)).rejects.toMatchObject({ code: 'CORRUPTION' });
  });
});

describe('ConsumerStore', () => {
  it('remembers, lists and forgets', async () => {
    const consumers = new ConsumerStore(io, path);
    expect(await consumers.read('a')).toBeUndefined();
    expect(await consumers.minNextSnapshot()).toBeUndefined();
    await consumers.write('b', 9n);
    await consumers.write('a', 12n, { sync: true });
    await consumers.write('a', 13n);
    expect(await consumers.read('a')).toEqual({ nextSnapshot: 13n, position: undefined });
    await consumers.write('b', 9n, { position: 'log-9-0-7-3-' });
    expect(await consumers.read('b')).toEqual({ nextSnapshot: 9n, position: 'log-9-0-7-3-' });
    expect((await consumers.list()).map(({ id, nextSnapshot }) => [id, nextSnapshot])).toEqual([
      ['a', 13n],
      ['b', 9n],
    ]);
    expect(await consumers.minNextSnapshot()).toBe(9n);
    await consumers.remove('b');
    expect(await consumers.minNextSnapshot()).toBe(13n);
    await io.replace(path.consumer('c'), text('{"nextSnapshot": 5}'));
    expect((await consumers.read('c'))?.nextSnapshot).toBe(5n);
    await io.replace(path.consumer('c'), text('{"nextSnapshot": "5"}'));
    await expect(consumers.read('c')).rejects.toMatchObject({ code: 'CORRUPTION', file: path.consumer('c') });
    await expect(consumers.write('../x', 1n)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('TablePath', () => {
  it('puts files where Paimon does', () => {
    const file = dataFile({ fileName: 'data-1.parquet' });
    expect(path.bucket('', 0)).toBe('/wh/db.db/t/bucket-0');
    expect(path.bucket('dt=1/h=2', -2)).toBe('/wh/db.db/t/dt=1/h=2/bucket-postpone');
    expect(path.dataFile('dt=1', 3, file)).toBe('/wh/db.db/t/dt=1/bucket-3/data-1.parquet');
    expect(path.dataFile('dt=1', 3, 'x')).toBe('/wh/db.db/t/dt=1/bucket-3/x');
    const elsewhere = dataFile({ externalPath: '/other/data-1.parquet' });
    expect(path.dataFile('dt=1', 3, elsewhere)).toBe('/other/data-1.parquet');
    expect(path.extraFile('dt=1', 3, elsewhere, 'data-1.index')).toBe('/other/data-1.index');
    const nested = new TablePath('/wh/t/', { 'data-file.path-directory': '/data/' });
    expect(nested.bucket('', 1)).toBe('/wh/t/data/bucket-1');
    expect(nested.manifest('m')).toBe('/wh/t/manifest/m');
  });
});
