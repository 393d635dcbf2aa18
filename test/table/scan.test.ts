/** Batch reads: which state, which rows, which columns, and how much of the table is touched for it. */
import { describe, expect, it } from 'vitest';
import { and, between, bigint, eq, gt, int, isNull, memoryFileIO, type Table } from '../../src/index.js';
import { FAST, memoryCatalog, put, type Row, sorted } from '../support/memory-catalog.js';

const ROOT = '/wh/db.db/t';

/** Time that stands still until it is moved. */
function handClock(start_ms: number) {
  let now_ms = start_ms;
  return {
    now_ms: () => now_ms,
    monotonic_ms: () => now_ms,
    sleep: async (ms: number) => {
      now_ms += ms;
    },
    move(ms: number) {
      now_ms += ms;
    },
  };
}

async function keyed(options: Record<string, string | number | boolean> = {}) {
  const clock = handClock(1_700_000_000_000);
  const made = await memoryCatalog(memoryFileIO(), { clock });
  const table = (await made.catalog.createTable('db.t', {
    schema: { id: 'BIGINT NOT NULL', v: 'STRING', n: 'INT' },
    primaryKey: ['id'],
    options: { bucket: 1, ...FAST, ...options },
  })) as unknown as Table;
  return { ...made, table, clock };
}

const row = (id: number, v: string | null = `v${id}`, n: number | null = id): Row => ({ id: BigInt(id), v, n });

describe('which state', () => {
  it('an empty table has no rows and no snapshot', async () => {
    const { table } = await keyed();
    expect(await table.scan().toArray()).toEqual([]);
    expect(await table.scan().plan()).toEqual({ snapshot: undefined, splits: 0, files: 0, rows: 0, size_bytes: 0 });
    const arrow = await table.scan({ columns: ['n', 'id'] }).toArrow();
    expect(arrow.numRows).toBe(0);
    expect(arrow.schema.fields.map((field) => field.name)).toEqual(['n', 'id']);
  });

  it('reads the latest, or any snapshot held, by number', async () => {
    const { table } = await keyed();
    for (let i = 1; i <= 3; i++) await put(table, [row(1, `round ${i}`), row(10 * i)]);
    expect(sorted(await table.scan().toArray())).toEqual(sorted([row(1, 'round 3'), row(10), row(20), row(30)]));
    expect(sorted(await table.scan({ at: { snapshot: 2n } }).toArray())).toEqual(sorted([row(1, 'round 2'), row(10), row(20)]));
    await expect(table.scan({ at: { snapshot: 4n } }).toArray()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('by time: the last snapshot not later than it', async () => {
    const { table, clock } = await keyed();
    const times: number[] = [];
    for (let i = 1; i <= 3; i++) {
      clock.move(1000);
      await put(table, [row(i)]);
      times.push(Number((await table.snapshot())!.timeMillis));
    }
    const countAt = async (time: number | string | Date) => (await table.scan({ at: { time } }).toArray()).length;
    expect(await countAt(times[1]!)).toBe(2);
    expect(await countAt(times[2]! - 1)).toBe(2);
    expect(await countAt(new Date(times[2]! + 5_000))).toBe(3);
    expect(await countAt(new Date(times[0]!).toISOString())).toBe(1);
    await expect(countAt(times[0]! - 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(countAt('yesterday')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('by tag, also after the snapshot itself is gone', async () => {
    const { table, fileIO, catalog } = await keyed();
    await put(table, [row(1)]);
    await fileIO.writeFile(`${ROOT}/tag/tag-first`, await fileIO.readFile(`${ROOT}/snapshot/snapshot-1`));
    await put(table, [row(2)]);
    await table.alter([
      { action: 'setOption', key: 'snapshot.num-retained.min', value: '1' },
      { action: 'setOption', key: 'snapshot.num-retained.max', value: '1' },
    ]);
    await put(table, [row(3)]);
    await table.expire();
    expect((await table.snapshots()).map((snapshot) => snapshot.id)).toEqual([3n]);
    expect(await table.scan({ at: { tag: 'first' } }).toArray()).toEqual([row(1)]);
    const fresh = await catalog.table('db.t');
    await expect(fresh.scan({ at: { snapshot: 1n } }).toArray()).rejects.toMatchObject({ code: 'POSITION_EXPIRED' });
    await expect(table.scan({ at: { tag: 'second' } }).toArray()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('which rows and columns', () => {
  it('stops at the limit', async () => {
    const { table } = await keyed({ bucket: 3 });
    await put(
      table,
      Array.from({ length: 50 }, (_, i) => row(i)),
    );
    for (const limit of [0, 1, 7, 50, 80]) {
      const rows = await table.scan({ limit }).toArray();
      expect(rows.length).toBe(Math.min(limit, 50));
      expect(new Set(rows.map((found) => found.id)).size).toBe(rows.length);
    }
  });

  it('gives the columns asked for, in that order', async () => {
    const { table } = await keyed();
    await put(table, [row(1), row(2, null, null)]);
    expect(sorted(await table.scan({ columns: ['n', 'v'] }).toArray())).toEqual(
      sorted([
        { n: 1, v: 'v1' },
        { n: null, v: null },
      ]),
    );
    expect(await table.scan({ columns: ['v'], where: eq('n', 1) }).toArray()).toEqual([{ v: 'v1' }]);
    await expect(table.scan({ columns: ['x'] }).toArray()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(table.scan({ where: eq('x', 1) }).toArray()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('filters values after merging: an older version that matches does not come back', async () => {
    const { table } = await keyed({ 'write-only': true });
    await put(table, [row(1, 'old', 5), row(2, 'old', 6)]);
    await put(table, [row(1, 'new', 50)]);
    expect(await table.scan({ where: eq('v', 'old') }).toArray()).toEqual([row(2, 'old', 6)]);
    expect(await table.scan({ where: between('n', 5, 6) }).toArray()).toEqual([row(2, 'old', 6)]);
    expect(await table.scan({ where: isNull('n') }).toArray()).toEqual([]);
  });

  it('as Arrow: the same rows as objects', async () => {
    const { table } = await keyed({ bucket: 2 });
    await put(
      table,
      Array.from({ length: 20 }, (_, i) => row(i, i % 3 === 0 ? null : `v${i}`)),
    );
    const arrow = await table.scan({ where: gt('id', 4n) }).toArrow();
    expect(arrow.numRows).toBe(15);
    const rows = arrow.toArray().map((found) => ({ id: found.id as bigint, v: found.v as string | null, n: found.n as number }));
    expect(sorted(rows)).toEqual(sorted(await table.scan({ where: gt('id', 4n) }).toArray()));
  });

  it('iterates anew each time', async () => {
    const { table } = await keyed();
    const scan = table.scan();
    expect(await scan.toArray()).toEqual([]);
    await put(table, [row(1)]);
    expect(await scan.toArray()).toEqual([row(1)]);
  });
});

describe('how much is read', () => {
  it('only the partitions asked for', async () => {
    const { catalog } = await memoryCatalog();
    const table = (await catalog.createTable('db.t', {
      schema: { day: 'STRING NOT NULL', id: int().notNull(), v: 'STRING' },
      primaryKey: ['day', 'id'],
      partitionBy: ['day'],
      options: { bucket: 1, ...FAST },
    })) as unknown as Table;
    for (const day of ['a', 'b', 'c', 'd']) await put(table, [{ day, id: 1, v: day }]);
    expect((await table.scan().plan()).files).toBe(4);
    expect(await table.scan({ where: eq('day', 'b') }).plan()).toMatchObject({ files: 1, splits: 1, rows: 1 });
    expect((await table.scan({ where: between('day', 'b', 'c') }).plan()).files).toBe(2);
    expect((await table.scan({ where: eq('day', 'x') }).plan()).files).toBe(0);
    expect(await table.scan({ where: eq('day', 'b') }).toArray()).toEqual([{ day: 'b', id: 1, v: 'b' }]);
  });

  it('only the bucket of a key', async () => {
    const { table } = await keyed({ bucket: 8 });
    await put(
      table,
      Array.from({ length: 200 }, (_, i) => row(i)),
    );
    expect((await table.scan().plan()).files).toBe(8);
    for (const id of [0, 77, 199]) {
      expect((await table.scan({ where: eq('id', BigInt(id)) }).plan()).files).toBe(1);
      expect(await table.scan({ where: eq('id', BigInt(id)) }).toArray()).toEqual([row(id)]);
    }
  });

  it('only files whose key range can hold the key', async () => {
    const { table } = await keyed({ 'write-only': true });
    for (let i = 0; i < 5; i++)
      await put(
        table,
        Array.from({ length: 10 }, (_, j) => row(i * 10 + j)),
      );
    expect((await table.scan().plan()).files).toBe(5);
    expect((await table.scan({ where: between('id', 12n, 17n) }).plan()).files).toBe(1);
    expect((await table.scan({ where: gt('id', 29n) }).plan()).files).toBe(2);
    expect(await table.scan({ where: and(gt('id', 28n), between('id', 0n, 30n)) }).toArray()).toEqual([row(29), row(30)]);
  });

  it('only files whose values can match, where no other version can hide behind them', async () => {
    const { catalog } = await memoryCatalog();
    const table = (await catalog.createTable('db.t', {
      schema: { id: bigint(), n: int() },
      options: { bucket: -1, ...FAST },
    })) as unknown as Table;
    for (let i = 0; i < 4; i++)
      await put(
        table,
        Array.from({ length: 5 }, (_, j) => ({ id: BigInt(j), n: i * 5 + j })),
      );
    expect((await table.scan().plan()).files).toBe(4);
    expect((await table.scan({ where: eq('n', 7) }).plan()).files).toBe(1);
    expect((await table.scan({ where: isNull('n') }).plan()).files).toBe(0);
    expect(await table.scan({ where: eq('n', 7) }).toArray()).toEqual([{ id: 2n, n: 7 }]);
  });

  it('statistics of a type that was widened since', async () => {
    const { catalog } = await memoryCatalog();
    const table = (await catalog.createTable('db.t', {
      schema: { id: bigint(), n: int(), p: 'DECIMAL(5, 2)' },
      options: { bucket: -1, ...FAST },
    })) as unknown as Table;
    const put4 = (from: number, wide: boolean) =>
      put<Row>(
        table,
        Array.from({ length: 4 }, (_, i) => ({ id: BigInt(i), n: wide ? BigInt(from + i) : from + i, p: `${from + i}.50` })),
      );
    for (let i = -1; i < 3; i++) await put4(i * 4, false);
    await table.alter([
      { action: 'updateType', name: 'n', type: 'BIGINT' },
      { action: 'updateType', name: 'p', type: 'DECIMAL(20, 2)' },
    ]);
    await put4(12, true);
    expect((await table.scan().plan()).files).toBe(5);
    for (const where of [eq('n', -2n), eq('n', 7n), eq('n', 14n), eq('p', '7.50'), between('n', 5n, 6n)])
      expect((await table.scan({ where }).plan()).files).toBe(1);
    expect(await table.scan({ where: eq('n', 7n) }).toArray()).toEqual([{ id: 3n, n: 7n, p: '7.50' }]);
    expect(await table.scan({ where: eq('n', -2n) }).toArray()).toHaveLength(1);
    // text says nothing of the numbers it was made of: nothing is left out
    await table.alter([{ action: 'updateType', name: 'n', type: 'STRING' }]);
    expect((await table.scan({ where: eq('n', '7') }).plan()).files).toBe(5);
    expect(await table.scan({ where: eq('n', '7') }).toArray()).toEqual([{ id: 3n, n: '7', p: '7.50' }]);
  });
});

describe('a schema that changes', () => {
  async function nested() {
    const { catalog } = await memoryCatalog();
    return (await catalog.createTable('db.t', {
      schema: { id: 'INT NOT NULL', a: 'INT', r: 'ROW<x INT, y STRING>', gone: 'STRING' },
      primaryKey: ['id'],
      options: { bucket: 1, ...FAST, 'write-only': true },
    })) as unknown as Table;
  }

  it('reads old files through the new schema, and old snapshots under theirs', async () => {
    const table = await nested();
    const old = { id: 1, a: 7, r: { x: 1, y: 'y1' }, gone: 'g1' };
    await put(table, [old]);
    await table.alter([
      { action: 'addColumn', name: 'late', type: 'STRING' },
      { action: 'renameColumn', name: 'a', to: 'b' },
      { action: 'updateType', name: 'b', type: 'BIGINT' },
      { action: 'dropColumn', name: 'gone' },
      { action: 'addColumn', name: ['r', 'z'], type: 'DOUBLE' },
      { action: 'renameColumn', name: ['r', 'x'], to: 'first' },
      { action: 'updateType', name: ['r', 'first'], type: 'BIGINT' },
      { action: 'moveColumn', name: 'late', first: true },
    ]);
    expect(table.schema.fields.map((field) => field.name)).toEqual(['late', 'id', 'b', 'r']);
    const fresh = { late: 'l2', id: 2, b: 8n, r: { first: 2n, y: 'y2', z: 2.5 } };
    const seen = { late: null, id: 1, b: 7n, r: { first: 1n, y: 'y1', z: null } };
    await put(table, [fresh]);
    expect(sorted(await table.scan().toArray())).toEqual(sorted([seen, fresh]));
    expect(await table.get({ id: 1 })).toEqual(seen);
    expect(await table.scan({ at: { snapshot: 1n } }).toArray()).toEqual([old]);
    await table.compact({ full: true });
    expect(sorted(await table.scan().toArray())).toEqual(sorted([seen, fresh]));
  });

  it('a dropped column that comes back under its name is another column', async () => {
    const table = await nested();
    await put(table, [{ id: 1, a: 1, r: null, gone: 'before' }]);
    await table.alter([{ action: 'dropColumn', name: 'gone' }]);
    await table.alter([{ action: 'addColumn', name: 'gone', type: 'STRING' }]);
    expect(await table.scan({ columns: ['id', 'gone'] }).toArray()).toEqual([{ id: 1, gone: null }]);
    expect(await table.scan({ columns: ['id'], where: eq('gone', 'before') }).toArray()).toEqual([]);
    expect(await table.scan({ columns: ['id'], where: isNull('gone') }).toArray()).toEqual([{ id: 1 }]);
  });

  it('prunes by statistics of files under an older schema', async () => {
    const { catalog } = await memoryCatalog();
    const table = (await catalog.createTable('db.t', {
      schema: { id: 'INT', n: 'INT' },
      options: { bucket: -1, ...FAST },
    })) as unknown as Table;
    await put(table, [{ id: 1, n: 5 }]);
    await table.alter([
      { action: 'renameColumn', name: 'n', to: 'm' },
      { action: 'updateType', name: 'm', type: 'BIGINT' },
    ]);
    await put(table, [{ id: 2, m: 50n }]);
    expect(await table.scan({ where: eq('m', 5n) }).toArray()).toEqual([{ id: 1, m: 5n }]);
    expect(await table.scan({ where: gt('m', 5n) }).toArray()).toEqual([{ id: 2, m: 50n }]);
  });
});

describe('get', () => {
  it('agrees with a scan, over flushes, deletes and compactions', async () => {
    const { table } = await keyed({ bucket: 2, 'num-sorted-run.compaction-trigger': 3 });
    const writer = await table.openWriter();
    for (let round = 0; round < 6; round++) {
      await writer.write(Array.from({ length: 20 }, (_, i) => row(i * (round + 1), `r${round}`)));
      if (round % 2 === 1) await writer.delete([{ id: BigInt(round) }, { id: 40n }]);
      await writer.commit();
      const byId = new Map((await table.scan().toArray()).map((found) => [found.id, found]));
      for (let id = 0; id <= 120; id += 3)
        expect(await table.get({ id: BigInt(id) }), `round ${round}, id ${id}`).toEqual(byId.get(BigInt(id)));
    }
    await writer.close();
    expect(await table.get({ id: 12n }, { columns: ['v'] })).toEqual({ v: 'r5' });
    expect(await table.get({ id: 20n }, { at: { snapshot: 1n }, columns: ['v'] })).toBeUndefined();
  });

  it('refuses what is no key', async () => {
    const { table } = await keyed();
    await expect(table.get({})).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(table.get({ id: 1n, v: 'x' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(table.get({ id: 'one' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await table.get({ id: 1n })).toBeUndefined();
  });

  it('a column the rowtype lost does not matter to it', async () => {
    const { table } = await keyed();
    await put(table, [row(1)]);
    await table.alter([{ action: 'dropColumn', name: 'v' }]);
    expect(await table.get({ id: 1n })).toEqual({ id: 1n, n: 1 });
    expect(await table.get({ id: 1n }, { at: { snapshot: 1n } })).toMatchObject({ id: 1n, n: 1 });
  });
});

describe('changes between', () => {
  it('start exclusive, end inclusive, with kinds', async () => {
    const { table } = await keyed();
    const writer = await table.openWriter();
    for (let i = 1; i <= 4; i++) {
      await writer.write([row(i)]);
      if (i === 3) await writer.delete([{ id: 1n }]);
      await writer.commit();
    }
    await writer.close();
    const seen: unknown[] = [];
    for await (const change of table.changesBetween({ from: 1n, to: 3n }))
      seen.push(...change.rows().map(({ kind, row: { id } }) => [change.snapshot, kind, id]));
    expect(seen).toEqual([
      [2n, '+I', 2n],
      [3n, '-D', 1n],
      [3n, '+I', 3n],
    ]);
    const none: unknown[] = [];
    for await (const change of table.changesBetween({ from: 3n, to: 3n })) none.push(change);
    expect(none).toEqual([]);
    await expect(table.changesBetween({ from: 3n, to: 2n })[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});
