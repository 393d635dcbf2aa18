/** Commits too large for the log: a snapshot of their own, in their place among the slots, once; through the log where that is not possible. */
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/base/random.js';
import { bigint, type FileIO, int, memoryFileIO, openCatalog, string, systemClock, type Table } from '../../../src/index.js';
import { type FaultyFileIO, faultyFileIO } from '../../../src/io/faulty-file-io.js';
import { ForeignEngine } from '../../support/foreign-engine.js';
import { movableClock } from '../../support/movable-clock.js';

type Row = { id: bigint; n: number | null; text: string | null };

const schema = { id: bigint().notNull(), n: int(), text: string() };
/** waits pass at once, but for a keeper's */
const hasty: typeof systemClock = {
  ...systemClock,
  sleep: (duration_ms, ...more) => systemClock.sleep(duration_ms > 1_000_000 ? duration_ms : 0, ...more),
};

const open = (io: FileIO, seed = 1, clock = systemClock) =>
  openCatalog({ warehouse: '/w', fileIO: io, threads: 0, random: seededRandom(seed), clock });

/** Every commit of a writer is a bulk load, flushed early, unless told otherwise. */
async function newTable(options: Record<string, string | number | boolean> = {}, { keyed = true, io = memoryFileIO() as FileIO } = {}) {
  const catalog = await open(io);
  await catalog.createTable('db.t', {
    schema,
    ...(keyed && { primaryKey: ['id'] }),
    options: {
      bucket: keyed ? 2 : -1,
      'log.enabled': true,
      'log.bulk-min': '1 b',
      'write-buffer-size': '16 kb',
      'snapshot.interval': '30 d',
      'snapshot.num-retained.min': 100,
      'snapshot.num-retained.max': 100,
      ...options,
    },
  });
  return { io, catalog, table: (await catalog.table('db.t')) as unknown as Table<Row> };
}

const tableOf = async (io: FileIO, seed = 2, clock = systemClock) =>
  (await (await open(io, seed, clock)).table('db.t')) as unknown as Table<Row>;

const rowsFrom = (from: number, to: number, n: number): Row[] =>
  Array.from({ length: to - from }, (_, i) => ({ id: BigInt(from + i), n, text: `row ${from + i}` }));

async function content(table: Table<Row>): Promise<Map<bigint, number | null>> {
  const rows = await table.scan().toArray();
  const found = new Map(rows.map(({ id, n }) => [id, n]));
  expect(found.size).toBe(rows.length);
  return found;
}

/** changes from the beginning, folded */
async function folded(table: Table<Row>): Promise<Map<bigint, number | null>> {
  const state = new Map<bigint, number | null>();
  for await (const change of table.changes({ from: { snapshot: 1n }, until: 'now' }))
    for (const { kind, row } of change.rows()) {
      if (kind.startsWith('-')) state.delete(row.id);
      else state.set(row.id, row.n);
    }
  return state;
}

const byId = (state: Map<bigint, number | null>) => [...state].sort(([a], [b]) => Number(a - b));

async function expectWhole(table: Table<Row>): Promise<void> {
  expect(byId(await folded(table))).toEqual(byId(await content(table)));
  expect((await table.verify()).problems).toEqual([]);
}

async function filesUnder(io: FileIO, under: string): Promise<string[]> {
  const found: string[] = [];
  for (const { path, directory } of await io.list(under)) {
    if (directory) found.push(...(await filesUnder(io, path)));
    else found.push(path);
  }
  return found;
}

const bodiesIn = async (io: FileIO) => (await filesUnder(io, '/w')).filter((path) => path.includes('/bodies/'));
const dataIn = async (io: FileIO) => (await filesUnder(io, '/w')).filter((path) => /\/bucket-\d+\/data-/.test(path));

/** Runs something in front of the next snapshot that is published. */
function beforeSnapshot(io: FileIO, work: () => Promise<void>): void {
  const create = io.createExclusive.bind(io);
  io.createExclusive = async (path, bytes, options) => {
    if (/\/snapshot\/snapshot-\d+$/.test(path)) {
      io.createExclusive = create;
      await work();
    }
    return create(path, bytes, options);
  };
}

describe('a commit larger than log.bulk-min', () => {
  it('is a snapshot of the job’s own, after all slots before it', async () => {
    const { io, table } = await newTable();
    const writer = await table.openWriter({ commitUser: 'job' });
    const other = await (await tableOf(io)).openWriter({ commitUser: 'other' });
    await other.append({ id: 1_000_000n, n: 1, text: 'x' });
    await writer.write(rowsFrom(0, 2_000, 1));
    await writer.write(rowsFrom(0, 500, 2));
    await writer.delete({ id: 3n });
    const result = await writer.commit({ identifier: 7n, watermark: 55n });
    expect(result).toMatchObject({ identifier: 7n, rows: 2_501, alreadyCommitted: false, slot: undefined, snapshot: 2n });
    const snapshot = (await table.snapshots()).at(-1)!;
    expect(snapshot).toMatchObject({ id: 2n, commitUser: 'job', commitIdentifier: 7n, commitKind: 'APPEND', watermark: 55n });
    expect(snapshot.properties?.['weir.log.position']).toMatch(/\/\d+$/);
    expect(await bodiesIn(io)).toEqual([]);
    const want = new Map<bigint, number | null>([...rowsFrom(0, 2_000, 1), ...rowsFrom(0, 500, 2)].map(({ id, n }) => [id, n]));
    want.delete(3n);
    want.set(1_000_000n, 1);
    expect(byId(await content(await tableOf(io, 3)))).toEqual(byId(want));
    await other.append({ id: 4n, n: 9, text: 'later' });
    want.set(4n, 9);
    expect(byId(await content(table))).toEqual(byId(want));
    await expectWhole(table);
    await writer.close();
    await other.close();
    await table.compact({ full: true });
    expect(byId(await content(table))).toEqual(byId(want));
    await expectWhole(table);
  });

  it('takes the rows along that were in bodies before it was known to be large', async () => {
    const { io, table } = await newTable({ 'log.bulk-min': '9 mb', 'write-buffer-size': '4 mb' });
    const writer = await table.openWriter({ commitUser: 'job' });
    const text = 'x'.repeat(1_000);
    for (let round = 0; round < 12; round++)
      await writer.write(Array.from({ length: 1_000 }, (_, i) => ({ id: BigInt(i % 700) + BigInt(round) * 100n, n: round, text })));
    expect(await bodiesIn(io)).toEqual([]);
    expect(await writer.commit()).toMatchObject({ rows: 12_000, slot: undefined, snapshot: 1n });
    const state = await content(table);
    for (let id = 0; id < 1_100; id++) expect(state.get(BigInt(id))).toBe(Math.min(11, Math.floor(id / 100)));
    await writer.close();
  });

  it('stays in the log below, and when the option is 0', async () => {
    for (const min of ['1 mb', '0']) {
      const { table } = await newTable({ 'log.bulk-min': min, 'log.inline-max': '1 kb' });
      const writer = await table.openWriter({ commitUser: 'job' });
      await writer.write(rowsFrom(0, 2_000, 1));
      expect(await writer.commit()).toMatchObject({ slot: 2n, snapshot: undefined });
      await writer.close();
    }
  });

  it('beats what had lower numbers, of whomever, and loses to later slots', async () => {
    const { io, table } = await newTable();
    const java = new ForeignEngine(io, table as never);
    await java.commit([{ id: 1n, n: -1, text: 'java' }]);
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.append({ id: 2n, n: 1, text: 'slot' });
    await writer.write(rowsFrom(0, 2_000, 2));
    // numbered on from what it saw before the load took its numbers: no conflict
    await java.commit([{ id: 1n, n: -2, text: 'java' }]);
    expect(await writer.commit()).toMatchObject({ slot: undefined });
    expect([...(await content(table)).values()].every((n) => n === 2)).toBe(true);
    await writer.append({ id: 2n, n: 3, text: 'slot' });
    expect((await content(table)).get(2n)).toBe(3);
    await expectWhole(table);
    await writer.close();
  });

  it.each(['none', 'input'])('goes through the log when a slot has touched its buckets (changelog-producer %s)', async (producer) => {
    const { io, table } = await newTable({ bucket: 1, 'changelog-producer': producer });
    const writer = await table.openWriter({ commitUser: 'job' });
    const other = await (await tableOf(io)).openWriter({ commitUser: 'other' });
    await writer.write(rowsFrom(0, 2_000, 1));
    await writer.write(rowsFrom(0, 2_000, 2));
    await other.append({ id: 5n, n: 77, text: 'between' });
    const result = await writer.commit({ identifier: 3n });
    expect(result).toMatchObject({ snapshot: undefined, alreadyCommitted: false, identifier: 3n });
    expect(result.slot).toBeGreaterThan(0n);
    const state = await content(table);
    expect(state.size).toBe(2_000);
    expect([...state.values()].every((n) => n === 2)).toBe(true);
    // only the slot of the other is in a file
    expect((await dataIn(io)).length).toBe(1);
    await expectWhole(table);
    await writer.close();
    await other.close();
    expect([...(await content(table)).values()].every((n) => n === 2)).toBe(true);
    await expectWhole(table);
  });

  it('is a snapshot when the slot touched other buckets only', async () => {
    const io = memoryFileIO();
    const catalog = await open(io);
    const table = await catalog.createTable('db.t', {
      schema: { ...schema, day: int().notNull() },
      primaryKey: ['day', 'id'],
      partitionBy: ['day'],
      options: { bucket: 1, 'log.enabled': true, 'log.bulk-min': '1 b', 'write-buffer-size': '16 kb', 'snapshot.interval': '30 d' },
    });
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.write(rowsFrom(0, 2_000, 1).map((row) => ({ ...row, day: 1 })));
    await writer.append({ id: 1n, n: 5, text: 'x', day: 2 });
    expect(await writer.commit()).toMatchObject({ slot: undefined, alreadyCommitted: false });
    expect((await table.scan().toArray()).length).toBe(2_001);
    await writer.close();
  });

  it('revives nothing and loses nothing against a deletion that a compaction has taken away (schedule g)', async () => {
    const { io, table } = await newTable({ bucket: 1 });
    const other = await tableOf(io);
    const eraser = await other.openWriter({ commitUser: 'eraser' });
    const writer = await table.openWriter({ commitUser: 'job' });
    await eraser.append({ id: 3n, n: 0, text: 'old' });
    await writer.write(rowsFrom(0, 2_000, 1));
    await eraser.delete({ id: 3n });
    await eraser.commit();
    await other.compact({ full: true });
    await eraser.append({ id: 4n, n: 0, text: 'other' });
    await eraser.delete({ id: 4n });
    await eraser.commit();
    const result = await writer.commit();
    expect(result.slot).toBeGreaterThan(0n);
    await table.compact({ full: true });
    // the load comes after both deletions, and so does what is deleted after it
    expect((await content(table)).size).toBe(2_000);
    await eraser.delete({ id: 3n });
    await eraser.commit();
    expect((await content(table)).size).toBe(1_999);
    await table.compact({ full: true });
    expect((await content(table)).size).toBe(1_999);
    await expectWhole(table);
    await writer.close();
    await eraser.close();
  });

  it('goes through the log when another engine has put higher numbers into its buckets', async () => {
    const { io, table } = await newTable({ bucket: 1 });
    const java = new ForeignEngine(io, table as never);
    const helper = await (await tableOf(io)).openWriter({ commitUser: 'helper' });
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.write(rowsFrom(0, 2_000, 1));
    await helper.append({ id: 1_000_000n, n: 1, text: 'raises the numbers' });
    await helper.close();
    await java.restore();
    await java.commit([{ id: 3n, n: 9, text: 'java' }]);
    expect((await writer.commit()).slot).toBeGreaterThan(0n);
    expect((await content(table)).get(3n)).toBe(1);
    await expectWhole(table);
    await writer.close();
  });

  it('sees a slot and a commit of others that come while it publishes', async () => {
    const { io, table } = await newTable({ bucket: 1 });
    const other = await tableOf(io, 5);
    const eraser = await other.openWriter({ commitUser: 'eraser' });
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.write(rowsFrom(0, 2_000, 1));
    beforeSnapshot(io, async () => {
      await eraser.delete({ id: 3n });
      await eraser.commit();
      await other.compact({ full: true });
    });
    const result = await writer.commit();
    expect(result.slot).toBeGreaterThan(0n);
    expect((await content(table)).size).toBe(2_000);
    // a slot that stays pending is later than the snapshot
    await writer.write(rowsFrom(0, 2_000, 2));
    const again = await table.openWriter({ commitUser: 'second' });
    await again.write(rowsFrom(5_000, 7_000, 2));
    await again.commit();
    await eraser.close();
    await writer.close();
    await again.close();
    await expectWhole(table);
  });

  it('commits rows without keys, whoever was there meanwhile', async () => {
    const { io, table } = await newTable({}, { keyed: false });
    const writer = await table.openWriter({ commitUser: 'job' });
    const other = await (await tableOf(io)).openWriter({ commitUser: 'other' });
    await writer.write(rowsFrom(0, 2_000, 1));
    await other.append({ id: 5n, n: 77, text: 'between' });
    expect(await writer.commit()).toMatchObject({ slot: undefined, alreadyCommitted: false });
    expect((await table.scan().toArray()).length).toBe(2_001);
    await writer.close();
    await other.close();
    expect((await table.scan().toArray()).length).toBe(2_001);
    expect((await table.verify()).problems).toEqual([]);
  });

  it('keeps the order of its writer, beside rows that are appended one by one', async () => {
    const { table } = await newTable({}, { keyed: false });
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.write(rowsFrom(0, 2_000, 1));
    const before = [1, 2, 3].map((n) => writer.append({ id: 10_000n + BigInt(n), n, text: 'x' }));
    const load = writer.commit();
    const beside = [4, 5, 6].map((n) => writer.append({ id: 10_000n + BigInt(n), n, text: 'x' }));
    const results = await Promise.all([...before, load, ...beside]);
    expect(results.map(({ alreadyCommitted }) => alreadyCommitted)).toEqual(results.map(() => false));
    expect(new Set(results.map(({ identifier }) => identifier)).size).toBe(7);
    expect((await load).slot).toBeUndefined();
    expect((await table.scan().toArray()).length).toBe(2_006);
    await writer.close();
    expect((await table.scan().toArray()).length).toBe(2_006);
  });

  it('is handed over as bodies, and forgotten with its files', async () => {
    const { io, table } = await newTable();
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.write(rowsFrom(0, 2_000, 1));
    await writer.write(rowsFrom(0, 100, 2));
    const messages = await writer.prepareCommit();
    expect(messages.every(({ newFiles, log }) => newFiles.length === 0 && log !== undefined)).toBe(true);
    expect(await dataIn(io)).toEqual([]);
    const committer = await table.openCommitter({ commitUser: 'all' });
    expect(await committer.commit(1n, messages)).toMatchObject({ alreadyCommitted: false });
    expect((await content(table)).get(5n)).toBe(2);
    expect((await content(table)).size).toBe(2_000);
    await committer.close();
    const before = (await dataIn(io)).length;
    await writer.write(rowsFrom(0, 2_000, 3));
    await writer.abort();
    expect((await dataIn(io)).length).toBe(before);
    expect(await bodiesIn(io)).not.toEqual([]);
    await writer.close();
    expect((await content(table)).get(5n)).toBe(2);
  });

  it('is compacted by the keeper, and told to whoever follows', async () => {
    const { table } = await newTable({ 'num-sorted-run.compaction-trigger': 2 });
    const writer = await table.openWriter({ commitUser: 'job' });
    for (let round = 0; round < 3; round++) {
      await writer.write(rowsFrom(0, 2_000, round));
      await writer.commit();
    }
    await writer.close();
    expect((await table.snapshots()).some(({ commitKind }) => commitKind === 'COMPACT')).toBe(true);
    expect([...(await content(table)).values()].every((n) => n === 2)).toBe(true);
    await expectWhole(table);
  });
});

describe('a bulk load and the incarnations of its user', () => {
  it('is fenced once the next one has opened, and leaves no files (schedule h)', async () => {
    const { io, table } = await newTable();
    const first = await table.openWriter({ commitUser: 'job' });
    await first.write(rowsFrom(0, 2_000, 1));
    const second = await (await tableOf(io)).openWriter({ commitUser: 'job' });
    // so that no snapshot of the first one's passes from here on
    expect((await table.snapshots()).length).toBe(1);
    await expect(first.commit({ identifier: 1n })).rejects.toMatchObject({ code: 'FENCED' });
    expect(await dataIn(io)).toEqual([]);
    await second.write({ id: 1n, n: 2, text: 'second' });
    expect(await second.commit({ identifier: 1n })).toMatchObject({ alreadyCommitted: false });
    await expect(first.commit({ identifier: 2n })).rejects.toMatchObject({ code: 'FENCED' });
    expect([...(await content(table))]).toEqual([[1n, 2]]);
    await second.close();
    await first.close();
    await expectWhole(table);
  });

  it.each(['before', 'after'])('is committed or fenced, not both, when the next one opens %s its snapshot', async (moment) => {
    const { io, table } = await newTable();
    const other = await tableOf(io, 5);
    const first = await table.openWriter({ commitUser: 'job' });
    await first.write(rowsFrom(0, 2_000, 1));
    let second: Awaited<ReturnType<typeof other.openWriter>> | undefined;
    const openSecond = async () => {
      second = await other.openWriter({ commitUser: 'job' });
    };
    if (moment === 'before') {
      beforeSnapshot(io, openSecond);
      await expect(first.commit({ identifier: 1n })).rejects.toMatchObject({ code: 'FENCED' });
    } else {
      expect(await first.commit({ identifier: 1n })).toMatchObject({ snapshot: 1n });
      await openSecond();
    }
    await second!.write(rowsFrom(0, 2_000, 2));
    expect((await second!.commit({ identifier: 1n })).alreadyCommitted).toBe(moment === 'after');
    const n = moment === 'after' ? 1 : 2;
    expect([...(await content(table)).values()].every((value) => value === n)).toBe(true);
    await second!.close();
    await first.close();
  });

  it('costs the next one no snapshot when it is known to be over, nor one that never was', async () => {
    const { io, table } = await newTable();
    const first = await table.openWriter({ commitUser: 'job' });
    await first.append({ id: 1n, n: 1, text: 'x' });
    const second = await (await tableOf(io)).openWriter({ commitUser: 'job' });
    expect(await table.snapshots()).toEqual([]);
    await second.write(rowsFrom(0, 2_000, 1));
    await second.commit();
    const count = (await table.snapshots()).length;
    const third = await (await tableOf(io, 3)).openWriter({ commitUser: 'job' });
    expect((await table.snapshots()).length).toBe(count);
    await third.write(rowsFrom(0, 2_000, 2));
    const fourth = await (await tableOf(io, 4)).openWriter({ commitUser: 'job' });
    expect((await table.snapshots()).length).toBe(count + 1);
    await (await tableOf(io, 6)).openWriter({ commitUser: 'job' });
    expect((await table.snapshots()).length).toBe(count + 1);
    for (const writer of [first, second, third, fourth]) await writer.close({ flush: false });
  });

  it.each(['alive', 'dead'])('is remembered after its snapshot has expired (its process %s)', async (fate) => {
    const { io, table } = await newTable({ 'snapshot.num-retained.min': 1, 'snapshot.num-retained.max': 1 });
    const faulty = faultyFileIO(io, seededRandom(3));
    const loader = await (await tableOf(faulty, 8, hasty)).openWriter({ commitUser: 'job' });
    await loader.write(rowsFrom(0, 2_000, 1));
    if (fate === 'dead') {
      // dies between the snapshot and its record in the log
      const create = faulty.createExclusive.bind(faulty);
      faulty.createExclusive = async (path, bytes, options) => {
        const made = await create(path, bytes, options);
        if (/\/snapshot\/snapshot-\d+$/.test(path)) faulty.plan.stopAfter = faulty.calls;
        return made;
      };
      await expect(loader.commit({ identifier: 9n })).rejects.toThrow();
    } else await loader.commit({ identifier: 9n });
    const java = new ForeignEngine(io, table as never);
    // a dead one's consumer holds its snapshot for an hour
    const clock = movableClock();
    clock.forward(2 * 3_600_000);
    const other = await tableOf(io, 9, clock);
    for (let i = 0; i < 4; i++) {
      const helper = await other.openWriter({ commitUser: 'helper' });
      await helper.append({ id: 100_000n + BigInt(i), n: 1, text: 'x' });
      await helper.close();
      await java.commit([{ id: 200_000n + BigInt(i), n: 1, text: 'java' }]);
    }
    await other.expire();
    expect((await table.snapshots()).some(({ commitUser }) => commitUser === 'job')).toBe(false);
    const next = await (await tableOf(io, 10)).openWriter({ commitUser: 'job' });
    await next.write(rowsFrom(0, 2_000, 2));
    expect(await next.commit({ identifier: 9n })).toMatchObject({ alreadyCommitted: true });
    expect((await content(table)).get(7n)).toBe(1);
    await next.close();
  });
});

describe('a bulk load on a storage that fails', () => {
  const SEEDS = [1, 2, 3, 4, 5, 6];

  it('is committed once when answers are lost and the job tries again', async () => {
    for (const seed of SEEDS) {
      const inner = memoryFileIO();
      const { table } = await newTable({ 'commit.fsync': false }, { keyed: false, io: inner });
      const io = faultyFileIO(inner, seededRandom(seed));
      const writer = await (await tableOf(io, seed, hasty)).openWriter({ commitUser: 'job' });
      await writer.write(rowsFrom(0, 1_000, 1));
      Object.assign(io.plan, { after: 0.3, before: 0.1, operations: new Set(['createExclusive']) } satisfies Partial<FaultyFileIO['plan']>);
      for (let attempt = 0; ; attempt++) {
        if (attempt === 5) io.heal();
        const outcome = await writer.commit({ identifier: 4n }).catch((error: unknown) => error);
        if (!(outcome instanceof Error)) break;
        expect(outcome, `seed ${seed}`).toMatchObject({ code: 'UNAVAILABLE' });
      }
      io.heal();
      expect((await table.scan().toArray()).length, `seed ${seed}`).toBe(1_000);
      await writer.close();
      expect((await table.scan().toArray()).length, `seed ${seed}`).toBe(1_000);
    }
  });

  it('is committed once, wherever the process dies, and the next one finishes the work', async () => {
    let died = true;
    for (let calls = 5; died; calls += 7) {
      const inner = memoryFileIO();
      const { table } = await newTable({}, { keyed: false, io: inner });
      const io = faultyFileIO(inner, seededRandom(1));
      const load = async (from: FileIO, seed: number) => {
        const writer = await (await tableOf(from, seed, hasty)).openWriter({
          commitUser: 'job',
        });
        await writer.write(rowsFrom(0, 1_000, seed));
        await writer.commit({ identifier: 1n });
        await writer.close();
      };
      io.plan.stopAfter = calls;
      died = await load(io, 11).then(
        () => false,
        () => true,
      );
      await load(inner, 12);
      const rows = await table.scan().toArray();
      expect(rows.length, `dead after ${calls} calls`).toBe(1_000);
      expect(new Set(rows.map(({ n }) => n)).size).toBe(1);
      expect((await table.verify()).problems, `dead after ${calls} calls`).toEqual([]);
    }
  });
});
