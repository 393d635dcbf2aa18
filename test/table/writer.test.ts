/** Writers and committers: what becomes visible when, what is left behind, what is refused, and what is told. */
import { RecordBatch } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import {
  between,
  deserializeMessage,
  localFileIO,
  memoryFileIO,
  openCatalog,
  seededRandom,
  serializeMessage,
  type Table,
  type WeirEvent,
} from '../../src/index.js';
import { faultyFileIO } from '../../src/io/faulty-file-io.js';
import { FAST, memoryCatalog, pathsBelow, put, type Row, SNAPSHOTS_ONLY, sorted } from '../support/memory-catalog.js';
import { tempDir } from '../support/temp-dir.js';

const ROOT = '/wh/db.db/t';

interface Shape {
  schema?: Record<string, string>;
  primaryKey?: string[];
  partitionBy?: string[];
  options?: Record<string, string | number | boolean>;
}

async function make(shape: Shape = {}, fileIO = memoryFileIO() as Parameters<typeof memoryCatalog>[0]) {
  const made = await memoryCatalog(fileIO);
  const table = (await made.catalog.createTable('db.t', {
    schema: shape.schema ?? { id: 'BIGINT NOT NULL', v: 'STRING' },
    primaryKey: shape.primaryKey ?? ['id'],
    ...(shape.partitionBy !== undefined && { partitionBy: shape.partitionBy }),
    options: { bucket: 1, ...FAST, ...shape.options },
  })) as unknown as Table;
  return { ...made, table };
}

const row = (id: number, v: string | null = `v${id}`): Row => ({ id: BigInt(id), v });
const rows = (from: number, to: number, tag = '') => Array.from({ length: to - from }, (_, i) => row(from + i, `v${from + i}${tag}`));
const all = async (table: Table) => sorted(await table.scan().toArray());
const of = <T extends WeirEvent['type']>(events: WeirEvent[], type: T) =>
  events.filter((event): event is Extract<WeirEvent, { type: T }> => event.type === type);

describe('what is written', () => {
  it('rows one by one, as arrays, as Arrow, and as batches of a scan: visible after the commit', async () => {
    const { table } = await make();
    const writer = await table.openWriter();
    await writer.write(row(1));
    await writer.write([row(2), row(3, null)]);
    expect(await table.scan().toArray()).toEqual([]);
    expect(await writer.commit()).toMatchObject({ snapshot: 1n, identifier: 1n, rows: 3, alreadyCommitted: false });
    expect(await all(table)).toEqual(sorted([row(1), row(2), row(3, null)]));
    const copy = (await make()).table;
    const second = await copy.openWriter();
    for await (const batch of table.scan()) {
      expect(batch).toBeInstanceOf(RecordBatch);
      await second.write(batch);
    }
    expect((await second.commit()).rows).toBe(3);
    expect(await all(copy)).toEqual(await all(table));
    const third = (await make()).table;
    const last = await third.openWriter();
    for await (const batch of table.scan().batches()) await last.write(batch);
    await last.commit();
    expect(await all(third)).toEqual(await all(table));
    await Promise.all([writer.close(), second.close(), last.close()]);
  });

  it('deletes by key; row kinds for all or for each', async () => {
    const { table } = await make();
    const writer = await table.openWriter();
    await writer.write(rows(0, 6));
    await writer.commit();
    await writer.delete({ id: 0n });
    await writer.delete([{ id: 1n }, { id: 99n }]);
    await writer.write([row(2), row(3, 'changed'), row(4)], { kinds: ['-D', '+U', '-U'] });
    await writer.write([row(5)], { kinds: '-D' });
    expect((await writer.commit()).rows).toBe(7);
    expect(await all(table)).toEqual(sorted([row(3, 'changed')]));
    await writer.close();
  });

  it('deletes through Arrow batches of keys', async () => {
    const { table } = await make();
    await put(table, rows(0, 10));
    const writer = await table.openWriter();
    for await (const batch of table.scan({ columns: ['id'], where: between('id', 2n, 7n) })) await writer.delete(batch);
    await writer.commit();
    await writer.close();
    expect((await table.scan().toArray()).map((found) => found.id).sort()).toEqual([0n, 1n, 8n, 9n]);
  });

  it('the last write of a key wins within a commit and across commits', async () => {
    const { table } = await make();
    const writer = await table.openWriter();
    await writer.write([row(1, 'a'), row(1, 'b'), row(2, 'x')]);
    await writer.write(row(1, 'c'));
    await writer.delete({ id: 2n });
    await writer.commit();
    expect(await all(table)).toEqual(sorted([row(1, 'c')]));
    await writer.write(row(2, 'back'));
    await writer.commit();
    expect(await all(table)).toEqual(sorted([row(1, 'c'), row(2, 'back')]));
    await writer.close();
  });

  it('sequence numbers go up by one a row, without gaps, through flushes and restarts', async () => {
    const { table } = await make({ options: { 'write-buffer-size': '4 kb', 'write-only': true } });
    for (const [from, to] of [
      [0, 300],
      [300, 400],
      [400, 750],
    ] as const) {
      const writer = await table.openWriter();
      for (let at = from; at < to; at += 50) await writer.write(rows(at, at + 50));
      await writer.commit();
      await writer.close();
    }
    const files = (await table.files()).map((entry) => entry.file).sort((a, b) => Number(a.minSequenceNumber - b.minSequenceNumber));
    expect(files.length).toBeGreaterThan(3);
    let next = 0n;
    for (const file of files) {
      expect(file.minSequenceNumber).toBe(next);
      expect(file.maxSequenceNumber).toBe(next + BigInt(file.rowCount) - 1n);
      next = file.maxSequenceNumber + 1n;
    }
    expect(next).toBe(750n);
  });
});

describe('when files end', () => {
  it('a full write buffer is flushed before the commit', async () => {
    const { table, fileIO, events } = await make({ options: { 'write-buffer-size': '8 kb', 'write-only': true } });
    const writer = await table.openWriter();
    for (let i = 0; i < 10; i++) await writer.write(rows(i * 100, i * 100 + 100));
    expect(of(events, 'flush').length).toBeGreaterThanOrEqual(2);
    expect((await pathsBelow(fileIO, ROOT)).filter((path) => path.endsWith('.parquet')).length).toBeGreaterThanOrEqual(2);
    expect(await table.scan().toArray()).toEqual([]);
    await writer.commit();
    expect((await table.scan().toArray()).length).toBe(1000);
    expect((await table.files()).length).toBe(of(events, 'flush').reduce((sum, event) => sum + event.files, 0));
    expect(of(events, 'flush').reduce((sum, event) => sum + event.rows, 0)).toBe(1000);
    await writer.close();
  });

  it('a file ends at target-file-size', async () => {
    // sizes are looked at every 65,536 rows: a file can end late by that much
    const many = Array.from({ length: 150_000 }, (_, i) => row(i, null));
    const { table } = await make({ options: { 'target-file-size': '64 kb', 'write-only': true, 'file.compression': 'none' } });
    await put(table, many);
    expect((await table.files()).map((entry) => entry.file.rowCount).sort()).toEqual([18_928, 65_536, 65_536]);
    const { table: whole } = await make({ options: { 'target-file-size': '128 mb', 'write-only': true, 'file.compression': 'none' } });
    await put(whole, many);
    expect((await whole.files()).map((entry) => entry.file.rowCount)).toEqual([150_000]);
    expect((await table.scan({ columns: ['id'] }).toArrow()).numRows).toBe(150_000);
  });

  it('one file a bucket, and every key in its own', async () => {
    const { table } = await make({ options: { bucket: 4, 'write-only': true } });
    await put(table, rows(0, 200));
    await put(table, rows(0, 200, '!'));
    const files = await table.files();
    expect(files.map((entry) => entry.bucket).sort()).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
    expect(await all(table)).toEqual(sorted(rows(0, 200, '!')));
  });
});

describe('exactly once', () => {
  it('an identifier commits once, also after a restart', async () => {
    const { table, catalog } = await make();
    expect(await put(table, rows(0, 3), { commitUser: 'job', identifier: 5n })).toMatchObject({ snapshot: 1n, identifier: 5n });
    for (const identifier of [5n, 4n]) {
      const again = await put(await catalog.table('db.t'), rows(100, 103), { commitUser: 'job', identifier });
      expect(again).toMatchObject({ snapshot: undefined, identifier, alreadyCommitted: true });
    }
    expect(await all(table)).toEqual(sorted(rows(0, 3)));
    expect(await put(table, rows(3, 4), { commitUser: 'other', identifier: 5n })).toMatchObject({ snapshot: 2n, alreadyCommitted: false });
    expect(await put(table, rows(4, 5), { commitUser: 'job' })).toMatchObject({ snapshot: 3n, identifier: 6n });
    expect(await all(table)).toEqual(sorted(rows(0, 5)));
  });

  it('what was written for an identifier that is there already leaves no file', async () => {
    const { table, fileIO } = await make({ options: { 'write-buffer-size': '2 kb' } });
    await put(table, rows(0, 200), { commitUser: 'job', identifier: 1n });
    const before = await pathsBelow(fileIO, ROOT);
    await put(table, rows(0, 200), { commitUser: 'job', identifier: 1n });
    expect(await pathsBelow(fileIO, ROOT)).toEqual(before);
  });

  it('the writer goes on after a repeated identifier', async () => {
    const { table } = await make();
    await put(table, rows(0, 2), { commitUser: 'job', identifier: 1n });
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.write(rows(0, 2));
    expect((await writer.commit({ identifier: 1n })).alreadyCommitted).toBe(true);
    await writer.write(rows(2, 4));
    expect(await writer.commit({ identifier: 2n })).toMatchObject({ snapshot: 2n, rows: 2, alreadyCommitted: false });
    await writer.close();
    expect(await all(table)).toEqual(sorted(rows(0, 4)));
  });

  it('a user whose snapshots have all expired starts anew: identifiers are known as long as a snapshot tells them', async () => {
    const { table, catalog } = await make({ options: { 'snapshot.num-retained.min': 1, 'snapshot.num-retained.max': 1 } });
    await put(table, rows(0, 1), { commitUser: 'job', identifier: 7n });
    for (let i = 1; i < 4; i++) await put(table, rows(i, i + 1), { commitUser: 'other' });
    expect((await table.snapshots()).map((snapshot) => snapshot.commitUser)).toEqual(['other']);
    const fresh = await catalog.table('db.t');
    const committer = await fresh.openCommitter({ commitUser: 'job' });
    expect(await committer.lastIdentifier()).toBeUndefined();
    expect(await put(fresh, rows(4, 5), { commitUser: 'job', identifier: 8n })).toMatchObject({ snapshot: 5n, alreadyCommitted: false });
    expect(await all(fresh)).toEqual(sorted(rows(0, 5)));
  });

  it('an empty commit makes no snapshot', async () => {
    const { table } = await make();
    const writer = await table.openWriter({ commitUser: 'job' });
    expect(await writer.commit()).toMatchObject({ snapshot: undefined, rows: 0, alreadyCommitted: false });
    expect(await table.snapshot()).toBeUndefined();
    await writer.close();
  });

  it('carries the watermark', async () => {
    const { table } = await make();
    const writer = await table.openWriter();
    await writer.write(row(1));
    await writer.commit({ watermark: 12_345n });
    expect((await table.snapshot())!.watermark).toBe(12_345n);
    await writer.close();
  });
});

describe('several writers, one committer', () => {
  it('commits their messages as one snapshot, also when they crossed a process', async () => {
    const { table, catalog } = await make({ options: { bucket: 2, 'write-only': true } });
    const writers = await Promise.all([0, 1, 2].map(() => table.openWriter({ commitUser: 'job' })));
    await Promise.all(writers.map((writer, w) => writer.write(rows(w * 10, w * 10 + 10))));
    const messages = (await Promise.all(writers.map((writer) => writer.prepareCommit()))).flat();
    expect(messages.length).toBe(6);
    const sent = messages.map((message) => deserializeMessage(serializeMessage(message)));
    const committer = await table.openCommitter({ commitUser: 'job' });
    expect(await committer.commit(1n, sent)).toMatchObject({ snapshot: 1n, rows: 30, alreadyCommitted: false });
    expect(await committer.commit(1n, sent)).toMatchObject({ snapshot: undefined, alreadyCommitted: true });
    expect(await all(table)).toEqual(sorted(rows(0, 30)));
    const restarted = await (await catalog.table('db.t')).openCommitter({ commitUser: 'job' });
    expect(await restarted.lastIdentifier()).toBe(1n);
    expect(await restarted.commit(1n, sent)).toMatchObject({ alreadyCommitted: true });
    for (const writer of writers) await writer.close();
    expect(await all(table)).toEqual(sorted(rows(0, 30)));
    await committer.close();
    await expect(committer.commit(2n, [])).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('abort deletes what the messages hold', async () => {
    const { table, fileIO } = await make({ options: { 'changelog-producer': 'input' } });
    await put(table, rows(0, 5));
    const before = await pathsBelow(fileIO, ROOT);
    const writer = await table.openWriter();
    await writer.write(rows(5, 9));
    const messages = await writer.prepareCommit();
    expect((await pathsBelow(fileIO, ROOT)).length).toBe(before.length + 2);
    const committer = await table.openCommitter();
    await committer.abort(messages);
    await writer.close();
    expect(await pathsBelow(fileIO, ROOT)).toEqual(before);
    expect(await all(table)).toEqual(sorted(rows(0, 5)));
  });
});

describe('giving up', () => {
  it.each(['abort', 'close'] as const)('%s leaves no file, flushed or not', async (way) => {
    const { table, fileIO } = await make({
      options: { bucket: 2, 'write-buffer-size': '4 kb', 'changelog-producer': 'input', 'num-sorted-run.compaction-trigger': 2 },
    });
    await put(table, rows(0, 5));
    const before = await pathsBelow(fileIO, ROOT);
    const writer = await table.openWriter();
    for (let i = 0; i < 6; i++) await writer.write(rows(0, 150, `-${i}`));
    expect((await pathsBelow(fileIO, ROOT)).length).toBeGreaterThan(before.length);
    await writer[way]();
    expect(await pathsBelow(fileIO, ROOT)).toEqual(before);
    expect(await all(table)).toEqual(sorted(rows(0, 5)));
    if (way === 'close') return;
    await writer.write(rows(5, 7));
    expect((await writer.commit()).rows).toBe(2);
    await writer.close();
    expect(await all(table)).toEqual(sorted(rows(0, 7)));
  });

  it('a closed writer says so', async () => {
    const { table } = await make();
    const writer = await table.openWriter();
    await writer.close();
    await writer.close();
    const closed = { code: 'CLOSED', table: 'db.t' };
    await expect(writer.write(row(1))).rejects.toMatchObject(closed);
    await expect(writer.delete({ id: 1n })).rejects.toMatchObject(closed);
    await expect(writer.commit()).rejects.toMatchObject(closed);
    await expect(writer.prepareCommit()).rejects.toMatchObject(closed);
  });

  it('a full disk is UNAVAILABLE, changes nothing, and the job goes on when there is room again', async () => {
    const memory = memoryFileIO();
    const disk = faultyFileIO(memory, seededRandom(3));
    const { table } = await make({}, disk);
    await put(table, rows(0, 5));
    const before = await pathsBelow(memory, ROOT);
    for (const capacity_bytes of [100, 2_000, 4_000, 6_000]) {
      disk.plan.capacity_bytes = capacity_bytes;
      const writer = await table.openWriter({ commitUser: 'job' });
      const failed = await (async () => {
        await writer.write(rows(5, 40, `-${capacity_bytes}`));
        return writer.commit();
      })().catch((error: unknown) => error);
      expect(failed, `capacity ${capacity_bytes}`).toMatchObject({ code: 'UNAVAILABLE' });
      disk.heal();
      expect(await all(table), `capacity ${capacity_bytes}`).toEqual(sorted(rows(0, 5)));
      await writer.close();
    }
    expect((await pathsBelow(memory, ROOT)).filter((path) => path.endsWith('.parquet'))).toEqual(
      before.filter((path) => path.endsWith('.parquet')),
    );
    await put(table, rows(5, 8), { commitUser: 'job' });
    expect(await all(table)).toEqual(sorted(rows(0, 8)));
  });

  it('a commit that failed can be tried again with the rows it holds', async () => {
    const disk = faultyFileIO(memoryFileIO(), seededRandom(3));
    const { table } = await make(
      { options: { 'commit.max-retries': 2, 'commit.min-retry-wait': '1 ms', 'commit.max-retry-wait': '2 ms' } },
      disk,
    );
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.write(rows(0, 20));
    disk.plan.before = 1;
    disk.plan.operations = new Set(['createExclusive']);
    await expect(writer.commit({ identifier: 1n })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    disk.heal();
    expect(await writer.commit({ identifier: 1n })).toMatchObject({ snapshot: 1n, rows: 20 });
    await writer.close();
    expect(await all(table)).toEqual(sorted(rows(0, 20)));
  });
});

describe('overwriting', () => {
  const partitioned = (options: Record<string, string | number | boolean> = {}) =>
    make({
      schema: { day: 'STRING NOT NULL', id: 'BIGINT NOT NULL', v: 'STRING' },
      primaryKey: ['day', 'id'],
      partitionBy: ['day'],
      options,
    });
  const at = (day: string, id: number, v = `${day}${id}`) => ({ day, id: BigInt(id), v });

  async function overwrite(table: Table, scope: true | { partition: Record<string, string> }, fresh: Row[]) {
    const writer = await table.openWriter({ overwrite: scope });
    await writer.write(fresh);
    const result = await writer.commit();
    await writer.close();
    return result;
  }

  it('true replaces the partitions written, or with dynamic-partition-overwrite=false the table', async () => {
    for (const dynamic of [true, false]) {
      const { table } = await partitioned({ 'dynamic-partition-overwrite': dynamic });
      await put(table, [at('a', 1), at('a', 2), at('b', 1)]);
      await overwrite(table, true, [at('a', 7), at('c', 1)]);
      expect(await all(table)).toEqual(sorted(dynamic ? [at('a', 7), at('c', 1), at('b', 1)] : [at('a', 7), at('c', 1)]));
      expect((await table.snapshot())!.commitKind).toBe('OVERWRITE');
      expect(await table.scan({ at: { snapshot: 1n } }).toArray()).toHaveLength(3);
    }
  });

  it('one partition, also by nothing', async () => {
    const { table } = await partitioned();
    await put(table, [at('a', 1), at('b', 1), at('c', 1)]);
    await overwrite(table, { partition: { day: 'b' } }, [at('b', 9)]);
    expect(await all(table)).toEqual(sorted([at('a', 1), at('b', 9), at('c', 1)]));
    await overwrite(table, { partition: { day: 'a' } }, []);
    expect(await all(table)).toEqual(sorted([at('b', 9), at('c', 1)]));
    await expect(table.openWriter({ overwrite: { partition: { id: '1' } } })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('rows outside of the overwritten partition are refused', async () => {
    const { table } = await partitioned();
    await put(table, [at('a', 1), at('b', 1)]);
    const writer = await table.openWriter({ overwrite: { partition: { day: 'b' } } });
    const failed = await (async () => {
      await writer.write([at('a', 5)]);
      await writer.commit();
    })().catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'INVALID_ARGUMENT' });
    await writer.close();
    expect(await all(table)).toEqual(sorted([at('a', 1), at('b', 1)]));
  });

  it('truncate and dropPartitions', async () => {
    const { table } = await partitioned();
    await put(table, [at('a', 1), at('b', 1), at('c', 1), at('d', 1)]);
    await table.dropPartitions([{ day: 'a' }, { day: 'c' }]);
    expect(await all(table)).toEqual(sorted([at('b', 1), at('d', 1)]));
    await table.truncate();
    expect(await all(table)).toEqual([]);
    await put(table, [at('a', 2)]);
    expect(await all(table)).toEqual(sorted([at('a', 2)]));
    await expect(table.dropPartitions([{ v: 'x' }])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('a changed number of buckets is refused until the partition is overwritten', async () => {
    const { table } = await partitioned();
    await put(table, [at('a', 1), at('b', 1)]);
    await table.alter([{ action: 'setOption', key: 'bucket', value: '3' }]);
    const writer = await table.openWriter();
    await expect(writer.write([at('a', 2)])).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/1 buckets.*now has 3/),
    });
    await writer.abort();
    await writer.write([at('new', 1)]);
    await writer.commit();
    await writer.close();
    await overwrite(table, { partition: { day: 'a' } }, [at('a', 1), at('a', 2), at('a', 3)]);
    await put(table, [at('a', 4)]);
    expect(await all(table)).toEqual(sorted([at('a', 1), at('a', 2), at('a', 3), at('a', 4), at('b', 1), at('new', 1)]));
    expect(await table.get({ day: 'a', id: 3n })).toEqual(at('a', 3));
    expect(await table.get({ day: 'b', id: 1n })).toEqual(at('b', 1));
  });
});

describe('options of a row', () => {
  it('rowkind.field names the kind', async () => {
    const { table } = await make({ schema: { id: 'BIGINT NOT NULL', v: 'STRING', op: 'STRING' }, options: { 'rowkind.field': 'op' } });
    const writer = await table.openWriter();
    await writer.write([
      { id: 1n, v: 'a', op: '+I' },
      { id: 2n, v: 'b', op: '+I' },
      { id: 1n, v: 'a', op: '-D' },
      { id: 2n, v: 'c', op: '+U' },
    ]);
    await writer.commit();
    expect(await table.scan({ columns: ['id', 'v'] }).toArray()).toEqual([{ id: 2n, v: 'c' }]);
    await expect(writer.write([{ id: 3n, v: 'x', op: 'delete' }])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await writer.close();
  });

  it('ignore-delete drops deletes', async () => {
    const { table } = await make({ options: { 'ignore-delete': true } });
    const writer = await table.openWriter();
    await writer.write(rows(0, 2));
    await writer.delete({ id: 0n });
    await writer.write([row(1)], { kinds: '-D' });
    await writer.commit();
    await writer.close();
    expect(await all(table)).toEqual(sorted(rows(0, 2)));
  });

  it.each([
    ['ascending', [1, 3, 2], 3],
    ['descending', [2, 1, 3], 1],
  ] as const)('sequence.field decides, %s', async (order, given, winner) => {
    const { table } = await make({
      schema: { id: 'BIGINT NOT NULL', v: 'STRING', s: 'INT' },
      options: { 'sequence.field': 's', 'sequence.field.sort-order': order, 'num-sorted-run.compaction-trigger': 2 },
    });
    const writer = await table.openWriter();
    await writer.write(given.map((s) => ({ id: 1n, v: `one batch ${s}`, s })));
    for (const s of given) {
      await writer.write({ id: 2n, v: `commits ${s}`, s });
      await writer.commit();
    }
    await writer.write([
      { id: 3n, v: 'first', s: 5 },
      { id: 3n, v: 'second', s: 5 },
      { id: 4n, v: 'null is least', s: null },
      { id: 4n, v: 'a value', s: 5 },
    ]);
    await writer.commit();
    await writer.close();
    const expected = [
      { id: 1n, v: `one batch ${winner}`, s: winner },
      { id: 2n, v: `commits ${winner}`, s: winner },
      { id: 3n, v: 'second', s: 5 },
    ];
    const found = await table.scan().toArray();
    expect(sorted(found.filter((one) => one.id !== 4n))).toEqual(sorted(expected));
    expect(await table.get({ id: 4n })).toEqual(found.find((one) => one.id === 4n));
    await table.compact({ full: true });
    expect(sorted(await table.scan().toArray())).toEqual(sorted(found));
    for (const one of found) expect(await table.get({ id: one.id })).toEqual(one);
  });
});

describe('what is refused', () => {
  const refused = async (shape: Shape, bad: unknown, message: RegExp, code = 'INVALID_ARGUMENT') => {
    const { table } = await make(shape);
    const writer = await table.openWriter();
    await expect(writer.write(bad as Row)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await writer.write(row(1));
    await writer.commit();
    await writer.close();
    expect(await all(table)).toEqual(sorted([row(1)]));
  };

  it('a missing key', () => refused({}, { v: 'x' }, /id/));
  it('null where NOT NULL', () => refused({ schema: { id: 'BIGINT NOT NULL', v: 'STRING NOT NULL' } }, { id: 1n, v: null }, /v/));
  it('an unknown column', () => refused({}, { id: 1n, w: 'x' }, /w/));
  it('a value of another type', () => refused({}, { id: 'one', v: 'x' }, /id/));
  it('a number too large for its type', () => refused({}, { id: 2n ** 64n, v: 'x' }, /id/));
  it('one bad row among good ones: none is written', () => refused({}, [row(7), { id: 1n, v: 5 }, row(8)], /v/));

  it('deletes and retracts on an append table', async () => {
    const { table } = await make({ primaryKey: [], options: { bucket: -1 } });
    const writer = await table.openWriter();
    await expect(writer.delete({ id: 1n })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/no primary key/),
    });
    await expect(writer.write(row(1), { kinds: '-D' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/no primary key/),
    });
    await writer.write([row(1), row(1)], { kinds: ['+I', '+U'] });
    await writer.commit();
    await writer.close();
    expect(await all(table)).toEqual(sorted([row(1), row(1)]));
  });

  it('kinds that do not fit', async () => {
    const { table } = await make();
    const writer = await table.openWriter();
    await expect(writer.write(rows(0, 2), { kinds: ['+I'] })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(writer.write(rows(0, 2), { kinds: 'insert' as never })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await writer.close();
  });
});

describe('what is told', () => {
  it('commits, flushes, compactions and expiry, as events and as counters', async () => {
    const { table, events } = await make({
      options: {
        'num-sorted-run.compaction-trigger': 2,
        'snapshot.num-retained.min': 1,
        'snapshot.num-retained.max': 2,
        'commit.force-compact': true,
      },
    });
    const writer = await table.openWriter({ commitUser: 'job' });
    for (let i = 0; i < 6; i++) {
      await writer.write(rows(0, 10, `-${i}`));
      await writer.commit();
    }
    await writer.close();
    const commits = of(events, 'commit');
    expect(commits.filter((event) => event.kind === 'APPEND').map((event) => event.identifier)).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
    expect(commits[0]).toMatchObject({ table: 'db.t', snapshot: 1n, commitUser: 'job', rows: 10n, attempts: 1 });
    expect(of(events, 'flush')).toHaveLength(6);
    expect(of(events, 'flush')[0]).toMatchObject({ bucket: 0, rows: 10, files: 1 });
    const compactions = of(events, 'compaction');
    expect(compactions.length).toBeGreaterThan(0);
    expect(compactions[0]!.filesBefore).toBeGreaterThan(1);
    expect(of(events, 'expiry').reduce((sum, event) => sum + event.expired, 0)).toBe(commits.length - 2);
    expect(table.metrics()).toMatchObject({
      commits: commits.length,
      flushes: 6,
      flushedRows: 60,
      compactions: compactions.length,
      expiredSnapshots: commits.length - 2,
      commitConflicts: 0,
    });
    expect(table.metrics().deletedFiles).toBe(of(events, 'expiry').reduce((sum, event) => sum + event.filesDeleted, 0));
    expect(await all(table)).toEqual(sorted(rows(0, 10, '-5')));
  });

  it('retries, when another commit came in between', async () => {
    const io = memoryFileIO();
    let rival: (() => Promise<unknown>) | undefined;
    const raced = new Proxy(io, {
      get(target, name) {
        if (name === 'createExclusive') {
          return async (path: string, bytes: Uint8Array, options?: object) => {
            if (path.includes('/snapshot/') && rival !== undefined) {
              const run = rival;
              rival = undefined;
              await run();
            }
            return target.createExclusive(path, bytes, options);
          };
        }
        const value = Reflect.get(target, name) as unknown;
        return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
      },
    });
    const { table, events } = await make({ options: { 'commit.min-retry-wait': '1 ms', 'commit.max-retry-wait': '2 ms' } }, raced);
    const other = await (await memoryCatalog(io, { seed: 2 })).catalog.table('db.t');
    rival = () => put(other, rows(10, 12));
    await put(table, rows(0, 2));
    expect(of(events, 'retry')).toHaveLength(1);
    expect(of(events, 'commit').at(-1)).toMatchObject({ attempts: 2, snapshot: 2n });
    expect(table.metrics().commitRetries).toBe(1);
    expect(await all(table)).toEqual(sorted([...rows(0, 2), ...rows(10, 12)]));
  });

  it('back-pressure, when the disk is slower than the writer', async () => {
    let now_ms = 0;
    const clock = { now_ms: () => 1_700_000_000_000 + now_ms, monotonic_ms: () => (now_ms += 5), sleep: async () => {} };
    const { catalog, events } = await memoryCatalog(memoryFileIO(), { clock });
    const table = (await catalog.createTable('db.t', {
      schema: { id: 'BIGINT NOT NULL', v: 'STRING' },
      primaryKey: ['id'],
      options: { bucket: 1, ...FAST, 'write-buffer-size': '2 kb', 'write-only': true },
    })) as unknown as Table;
    const writer = await table.openWriter();
    for (let i = 0; i < 4; i++) await writer.write(rows(0, 100));
    await writer.commit();
    await writer.close();
    expect(of(events, 'back-pressure').length).toBeGreaterThan(0);
    expect(of(events, 'back-pressure')[0]).toMatchObject({ table: 'db.t', reason: 'write-buffer' });
    expect(table.metrics().backPressure_ms).toBe(of(events, 'back-pressure').reduce((sum, event) => sum + event.duration_ms, 0));
  });
});

it('works on the local disk, too', async () => {
  const warehouse = tempDir();
  const catalog = await openCatalog({ warehouse, threads: 0, tableDefaults: SNAPSHOTS_ONLY });
  const table = (await catalog.createTable('db.t', {
    schema: { id: 'BIGINT NOT NULL', v: 'STRING' },
    primaryKey: ['id'],
    options: { bucket: 1 },
  })) as unknown as Table;
  const writer = await table.openWriter();
  await writer.write(rows(0, 10));
  await writer.commit();
  const before = await pathsBelow(localFileIO(), table.path);
  await writer.write(rows(10, 20));
  await writer.prepareCommit().then(async (messages) => (await table.openCommitter()).abort(messages));
  await writer.close();
  expect(await pathsBelow(localFileIO(), table.path)).toEqual(before);
  expect(await all(table)).toEqual(sorted(rows(0, 10)));
  await catalog.close();
});

describe('writers that stay open beside each other', () => {
  it.each([1, 2])('take turns: whoever commits later wins a key (%i buckets)', async (bucket) => {
    const { table } = await make({ options: { bucket } });
    const [a, b] = [await table.openWriter(), await table.openWriter()];
    for (let turn = 0; turn < 6; turn++) {
      const writer = turn % 2 === 0 ? a : b;
      if (turn === 4) await writer.delete({ id: 2n });
      else await writer.write([row(1, `turn ${turn}`), row(2, `turn ${turn}`)]);
      if (turn === 4) await writer.write(row(1, 'turn 4'));
      await writer.commit();
      const expected = turn === 4 ? [row(1, 'turn 4')] : [row(1, `turn ${turn}`), row(2, `turn ${turn}`)];
      expect(await all(table)).toEqual(sorted(expected));
    }
    await a.close();
    await b.close();
  });
});
