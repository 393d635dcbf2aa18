/** Compactions, in writers and beside them: what they change, what they leave, and what happens when two want the same files. */
import { describe, expect, it } from 'vitest';
import { memoryFileIO, type Table, type WeirEvent } from '../../src/index.js';
import { FAST, memoryCatalog, pathsBelow, put, type Row, sorted } from '../support/memory-catalog.js';

const ROOT = '/wh/db.db/t';

async function make(
  options: Record<string, string | number | boolean> = {},
  primaryKey = ['id'],
  fileIO: Parameters<typeof memoryCatalog>[0] = memoryFileIO(),
) {
  const made = await memoryCatalog(fileIO);
  const table = (await made.catalog.createTable('db.t', {
    schema: { id: 'BIGINT NOT NULL', v: 'STRING' },
    primaryKey: primaryKey as 'id'[],
    options: { bucket: primaryKey.length === 0 ? -1 : 1, ...FAST, ...options },
  })) as unknown as Table;
  return { ...made, table };
}

const row = (id: number, v: string | null = `v${id}`): Row => ({ id: BigInt(id), v });
const rows = (from: number, to: number, tag = '') => Array.from({ length: to - from }, (_, i) => row(from + i, `v${from + i}${tag}`));
const all = async (table: Table) => sorted(await table.scan().toArray());
const levels = async (table: Table) => (await table.files()).map((entry) => entry.file.level).sort();
const parquets = async (io: Parameters<typeof pathsBelow>[0]) => (await pathsBelow(io, ROOT)).filter((path) => path.endsWith('.parquet'));
const later = (table: Table) => put(table, rows(500, 501), { writeOnly: true });

/** A storage that runs something once, just before the first snapshot is published that `when` picks. */
function racedBefore(when: (snapshot: { commitKind: string }) => boolean) {
  const io = memoryFileIO();
  const hook: { run?: (() => Promise<unknown>) | undefined } = {};
  const raced = new Proxy(io, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (name !== 'createExclusive') return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
      return async (path: string, bytes: Uint8Array, options?: object) => {
        if (
          path.includes('/snapshot/') &&
          hook.run !== undefined &&
          when(JSON.parse(Buffer.from(bytes).toString()) as { commitKind: string })
        ) {
          const { run } = hook;
          hook.run = undefined;
          await run();
        }
        return target.createExclusive(path, bytes, options);
      };
    },
  });
  return { io, raced, hook };
}

describe('full', () => {
  it('leaves one run at the highest level, and the same rows', async () => {
    const { table } = await make({ bucket: 2, 'write-only': true });
    for (let i = 0; i < 4; i++) await put(table, rows(i * 5, i * 5 + 20, `-${i}`));
    const before = await all(table);
    const progress: number[] = [];
    const result = await table.compact({ full: true, onProgress: ({ bucketsDone, buckets }) => progress.push(bucketsDone / buckets) });
    expect(result).toMatchObject({ filesBefore: 8, filesAfter: 2, rowsBefore: 80, rowsAfter: 35 });
    expect(result.bytesAfter).toBeGreaterThan(0);
    expect(result.snapshot).toBe((await table.snapshot())!.id);
    expect(progress).toEqual([0.5, 1]);
    expect(await levels(table)).toEqual([5, 5]);
    expect(await all(table)).toEqual(before);
    expect((await table.snapshot())!).toMatchObject({ commitKind: 'COMPACT', totalRecordCount: 35n });
    expect(await table.compact({ full: true })).toMatchObject({ snapshot: undefined, filesBefore: 0 });
  });

  it('of an empty table, or of nothing worth it, makes no snapshot', async () => {
    const { table } = await make();
    expect(await table.compact({ full: true })).toMatchObject({ snapshot: undefined, filesBefore: 0, filesAfter: 0 });
    await put(table, rows(0, 3));
    expect((await table.compact()).snapshot).toBeUndefined();
    expect((await table.snapshot())!.id).toBe(1n);
  });

  it('of one partition leaves the others', async () => {
    const { catalog } = await memoryCatalog();
    const table = (await catalog.createTable('db.t', {
      schema: { day: 'STRING NOT NULL', id: 'INT NOT NULL' },
      primaryKey: ['day', 'id'],
      partitionBy: ['day'],
      options: { bucket: 1, ...FAST, 'write-only': true },
    })) as unknown as Table;
    for (let i = 0; i < 2; i++)
      await put(table, [
        { day: 'a', id: i },
        { day: 'b', id: i },
      ]);
    expect(await table.compact({ full: true, partition: { day: 'a' } })).toMatchObject({ filesBefore: 2, filesAfter: 1 });
    expect(await levels(table)).toEqual([0, 0, 5]);
    await expect(table.compact({ partition: { id: '1' } })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('drops deletes; one that is not to the highest level keeps them', async () => {
    const { table } = await make({ 'write-only': true, 'num-sorted-run.compaction-trigger': 3 });
    await put(table, rows(0, 2000));
    await table.compact({ full: true });
    const writer = await table.openWriter();
    for (let i = 0; i < 3; i++) {
      await writer.delete([{ id: BigInt(i) }, { id: BigInt(i + 10) }]);
      await writer.commit();
    }
    await writer.close();
    await table.compact();
    const files = (await table.files()).map((entry) => entry.file);
    // a trigger of 3 makes levels 0 to 3
    expect(files.map((file) => file.level).sort()).toEqual([2, 3]);
    expect(files.find((file) => file.level === 2)!.deleteRowCount).toBe(6n);
    expect((await table.scan().toArray()).length).toBe(1994);
    expect(await table.get({ id: 10n })).toBeUndefined();
    await table.compact({ full: true });
    const [top, ...more] = (await table.files()).map((entry) => entry.file);
    expect(more).toEqual([]);
    expect(top).toMatchObject({ level: 3, deleteRowCount: 0n, rowCount: 1994 });
    expect((await table.scan().toArray()).length).toBe(1994);
  });

  it('of deletes only leaves no file', async () => {
    const { table } = await make({ 'write-only': true });
    await put(table, rows(0, 5));
    const writer = await table.openWriter();
    await writer.delete(rows(0, 5).map(({ id }) => ({ id })));
    await writer.commit();
    await writer.close();
    await table.compact({ full: true });
    expect(await table.files()).toEqual([]);
    expect(await all(table)).toEqual([]);
    await put(table, rows(2, 4));
    expect(await all(table)).toEqual(sorted(rows(2, 4)));
  });

  it('a large file that overlaps nothing is upgraded: the same file, another level', async () => {
    const { table, fileIO } = await make({ 'write-only': true, 'target-file-size': '1 kb' });
    await put(table, rows(0, 500));
    await put(table, rows(1000, 1500));
    const names = (await table.files()).map((entry) => entry.file.fileName).sort();
    const paths = await parquets(fileIO);
    const result = await table.compact({ full: true });
    expect(result).toMatchObject({ filesBefore: 2, filesAfter: 2 });
    expect(await levels(table)).toEqual([5, 5]);
    expect((await table.files()).map((entry) => entry.file.fileName).sort()).toEqual(names);
    expect(await parquets(fileIO)).toEqual(paths);
    expect((await table.scan().toArray()).length).toBe(1000);
    await table.alter([
      { action: 'setOption', key: 'snapshot.num-retained.min', value: '1' },
      { action: 'setOption', key: 'snapshot.num-retained.max', value: '1' },
    ]);
    await table.expire();
    expect(await parquets(fileIO)).toEqual(paths);
    expect((await table.scan().toArray()).length).toBe(1000);
  });

  it('keeps sequence numbers, so that a later write still wins', async () => {
    const { table } = await make({ 'write-only': true });
    await put(table, rows(0, 10));
    await put(table, rows(0, 10, '!'));
    await table.compact({ full: true });
    const [file] = (await table.files()).map((entry) => entry.file);
    expect([file!.minSequenceNumber, file!.maxSequenceNumber]).toEqual([10n, 19n]);
    await put(table, rows(5, 6, '?'));
    expect(await table.get({ id: 5n })).toEqual(row(5, 'v5?'));
    expect(await table.get({ id: 6n })).toEqual(row(6, 'v6!'));
  });
});

describe('in the writer', () => {
  it('keeps the number of runs at the trigger', async () => {
    const { table } = await make({ 'num-sorted-run.compaction-trigger': 3, 'commit.force-compact': true });
    const writer = await table.openWriter();
    let most = 0;
    for (let i = 0; i < 15; i++) {
      await writer.write(rows(0, 30, `-${i}`));
      await writer.commit();
      most = Math.max(most, (await table.files()).length);
      expect(await all(table)).toEqual(sorted(rows(0, 30, `-${i}`)));
    }
    await writer.close();
    expect(most).toBeLessThanOrEqual(4);
    expect(table.metrics().compactions).toBeGreaterThanOrEqual(4);
    expect((await table.snapshots()).some((snapshot) => snapshot.commitKind === 'COMPACT')).toBe(true);
  });

  it('write-only writers leave it to others', async () => {
    const { table } = await make({ 'num-sorted-run.compaction-trigger': 2, 'write-only': true });
    for (let i = 0; i < 6; i++) await put(table, rows(0, 5, `-${i}`));
    expect(await levels(table)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(table.metrics().compactions).toBe(0);
    await table.compact();
    expect(await levels(table)).toEqual([2]);
    expect(await all(table)).toEqual(sorted(rows(0, 5, '-5')));
  });

  it('a compaction whose files another one took is dropped; the rows are committed, and the writer goes on', async () => {
    const { table, catalog, fileIO } = await make({ 'num-sorted-run.compaction-trigger': 3, 'commit.force-compact': true });
    const writer = await table.openWriter({ commitUser: 'job' });
    for (let i = 0; i < 2; i++) {
      await writer.write(rows(0, 10, `-${i}`));
      await writer.commit();
    }
    await (await catalog.table('db.t')).compact({ full: true });
    for (let i = 2; i < 9; i++) {
      await writer.write(rows(0, 10, `-${i}`));
      expect((await writer.commit()).rows).toBe(10);
      expect(await all(table)).toEqual(sorted(rows(0, 10, `-${i}`)));
    }
    await writer.close();
    expect((await table.files()).length).toBeLessThanOrEqual(4);
    await onlyKnownFiles(table, fileIO);
  });
});

describe('a writer whose files were replaced and expired', () => {
  it('commits its rows, and compacts again from what there is', async () => {
    const { table, catalog, fileIO } = await make({
      'num-sorted-run.compaction-trigger': 3,
      'commit.force-compact': true,
      'snapshot.num-retained.min': 1,
      'snapshot.num-retained.max': 1,
    });
    const writer = await table.openWriter({ commitUser: 'job' });
    for (let i = 0; i < 2; i++) {
      await writer.write(rows(0, 10, `-${i}`));
      await writer.commit();
    }
    const other = await catalog.table('db.t');
    await other.compact({ full: true });
    await later(other);
    await other.expire();
    for (let i = 2; i < 9; i++) {
      await writer.write(rows(0, 10, `-${i}`));
      expect((await writer.commit()).rows).toBe(10);
      expect(await all(table)).toEqual(sorted([...rows(0, 10, `-${i}`), ...rows(500, 501)]));
    }
    await writer.close();
    expect((await table.files()).length).toBeLessThanOrEqual(4);
    expect((await parquets(fileIO)).length).toBeGreaterThan(0);
  });
});

describe('two at once', () => {
  it('the second is dropped with its files and planned again on what the first left', async () => {
    const { io, raced, hook } = racedBefore((snapshot) => snapshot.commitKind === 'COMPACT');
    const { table, events } = await make({ 'write-only': true }, ['id'], raced);
    for (let i = 0; i < 3; i++) await put(table, rows(0, 10, `-${i}`));
    const rival = await (await memoryCatalog(io, { seed: 9 })).catalog.table('db.t');
    hook.run = async () => {
      await rival.compact({ full: true });
      await later(rival);
    };
    const result = await table.compact({ full: true });
    expect(events.filter((event: WeirEvent) => event.type === 'conflict').length).toBeGreaterThan(0);
    expect(result).toMatchObject({ filesBefore: 2, filesAfter: 1, rowsAfter: 11 });
    expect(await all(table)).toEqual(sorted([...rows(0, 10, '-2'), ...rows(500, 501)]));
    await onlyKnownFiles(table, io);
  });

  it('a write that comes in between is neither lost nor a conflict', async () => {
    const { io, raced, hook } = racedBefore((snapshot) => snapshot.commitKind === 'COMPACT');
    const { table, events } = await make({ 'write-only': true }, ['id'], raced);
    for (let i = 0; i < 3; i++) await put(table, rows(0, 10, `-${i}`));
    const rival = await (await memoryCatalog(io, { seed: 9 })).catalog.table('db.t');
    hook.run = () => put(rival, rows(5, 15, '!'));
    await table.compact({ full: true });
    expect(events.filter((event: WeirEvent) => event.type === 'conflict')).toEqual([]);
    expect(await all(table)).toEqual(sorted([...rows(0, 5, '-2'), ...rows(5, 15, '!')]));
  });

  it('side by side, each of many: the rows stay the same, and only live and old files are left', async () => {
    const { table, catalog, fileIO } = await make({ 'write-only': true, bucket: 2 });
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 3; i++) await put(table, rows(0, 20, `-${round}${i}`));
      const handles = await Promise.all([0, 1, 2].map(() => catalog.table('db.t')));
      await Promise.all(handles.map((handle) => handle.compact({ full: true })));
      expect(await all(table)).toEqual(sorted(rows(0, 20, `-${round}2`)));
      expect(await levels(table)).toEqual([5, 5]);
    }
    await onlyKnownFiles(table, fileIO);
  });

  it('a missing file is told, not waited for', async () => {
    const { table, fileIO } = await make({ 'write-only': true });
    for (let i = 0; i < 2; i++) await put(table, rows(0, 10, `-${i}`));
    const [path] = await parquets(fileIO);
    await fileIO.remove(path!);
    await expect(table.compact({ full: true })).rejects.toMatchObject({ code: 'CORRUPTION', file: path });
  });
});

/** Every data file on storage belongs to some snapshot. */
async function onlyKnownFiles(table: Table, io: Parameters<typeof pathsBelow>[0]) {
  const known = new Set<string>();
  for (const snapshot of await table.snapshots())
    for (const entry of await table.files({ at: { snapshot: snapshot.id } })) known.add(entry.file.fileName);
  const there = (await parquets(io)).map((path) => path.slice(path.lastIndexOf('/') + 1));
  expect(there.sort()).toEqual([...known].sort());
}

describe('append tables', () => {
  it('joins small files, in order', async () => {
    const { table } = await make({}, []);
    for (let i = 0; i < 6; i++) await put(table, rows(i * 10, i * 10 + 10));
    expect(await table.compact()).toMatchObject({ filesBefore: 6, filesAfter: 1, rowsBefore: 60, rowsAfter: 60 });
    expect(await table.scan().toArray()).toEqual(rows(0, 60));
    expect(await levels(table)).toEqual([0]);
    await put(table, rows(60, 70));
    expect((await table.compact()).snapshot).toBeUndefined();
    expect(await table.compact({ full: true })).toMatchObject({ filesBefore: 2, filesAfter: 1 });
    expect(await table.scan().toArray()).toEqual(rows(0, 70));
  });

  it('leaves large files alone', async () => {
    const { table } = await make({ 'target-file-size': '4 kb', 'file.compression': 'none' }, []);
    await put(table, rows(0, 2000));
    const large = (await table.files()).map((entry) => entry.file.fileName);
    for (let i = 0; i < 6; i++) await put(table, rows(2000 + i, 2001 + i));
    await table.compact();
    const names = (await table.files()).map((entry) => entry.file.fileName);
    expect(names).toEqual(expect.arrayContaining(large));
    expect(names.length).toBeLessThan(large.length + 6);
    expect(await all(table)).toEqual(sorted(rows(0, 2006)));
  });
});

describe('after the schema changed', () => {
  it.each([['id'], []])('files under old schemas become one under the new (key: %s)', async (...primaryKey: string[]) => {
    const { table } = await make(
      { 'write-only': true },
      primaryKey.filter((name) => name !== ''),
    );
    await put(table, rows(0, 4));
    await table.alter([
      { action: 'renameColumn', name: 'v', to: 'w' },
      { action: 'addColumn', name: 'n', type: 'INT', first: true },
    ]);
    await put(table, [{ id: 4n, w: 'v4', n: 4 }]);
    await table.alter([{ action: 'updateType', name: 'n', type: 'BIGINT' }]);
    await put(table, [{ id: 5n, w: 'v5', n: 5n }]);
    const expected = [...rows(0, 4).map(({ id, v }) => ({ n: null, id, w: v })), { n: 4n, id: 4n, w: 'v4' }, { n: 5n, id: 5n, w: 'v5' }];
    expect(await all(table)).toEqual(sorted(expected));
    await table.compact({ full: true });
    const files = (await table.files()).map((entry) => entry.file);
    expect(files.map((file) => [file.schemaId, file.rowCount])).toEqual([[2n, 6]]);
    expect(await all(table)).toEqual(sorted(expected));
    expect(sorted(await table.scan({ at: { snapshot: 1n } }).toArray())).toEqual(sorted(rows(0, 4)));
  });

  it('a dropped column is gone from new files, and does not come back', async () => {
    const { table } = await make({ 'write-only': true });
    await put(table, rows(0, 4));
    await table.alter([{ action: 'dropColumn', name: 'v' }]);
    await put(table, [{ id: 9n }]);
    await table.compact({ full: true });
    await table.alter([{ action: 'addColumn', name: 'v', type: 'STRING' }]);
    expect((await table.scan().toArray()).map((found) => found.v)).toEqual([null, null, null, null, null]);
  });
});
