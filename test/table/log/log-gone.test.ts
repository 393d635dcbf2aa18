/** Streams of a table whose log is gone, replaced, or grows faster than it is read. */
import { describe, expect, it } from 'vitest';
import { type Change, memoryFileIO, type StreamPosition, type Table } from '../../../src/index.js';
import { ForeignEngine } from '../../support/foreign-engine.js';
import { FAST, memoryCatalog, pathsBelow } from '../../support/memory-catalog.js';
import { movableClock, TRIMMABLE_MS } from '../../support/movable-clock.js';

async function newTable(options: Record<string, string | number | boolean> = {}) {
  const io = memoryFileIO();
  const { catalog } = await memoryCatalog(io);
  const table = await catalog.createTable('db.t', {
    schema: { id: 'BIGINT NOT NULL', n: 'INT' },
    primaryKey: ['id'],
    options: { ...FAST, bucket: 1, 'log.enabled': true, 'snapshot.interval': '1 h', ...options },
  });
  return { io, catalog, table: table as unknown as Table };
}

const row = (id: number, n = id) => ({ id: BigInt(id), n });

async function commit(table: Table, rows: object[], flush = false) {
  const writer = await table.openWriter({ commitUser: 'job' });
  await writer.append(rows as never);
  await writer.close({ flush });
}

async function follow(table: Table, from: StreamPosition | 'latest-full' | 'earliest' | 'latest') {
  const rows: string[] = [];
  const positions: StreamPosition[] = [];
  for await (const change of table.changes({ from, until: 'now' }) as AsyncIterable<Change<{ id: bigint; n: number }>>) {
    rows.push(...change.rows().map(({ kind, row: { id, n } }) => `${kind}${id}:${n}`));
    positions.push(change.position);
  }
  return { rows, positions };
}

const EXPIRED = { code: 'POSITION_EXPIRED', message: expect.stringMatching(/start again from 'latest-full'/) };

describe('a log that is gone', () => {
  async function withoutLog() {
    const { io, table } = await newTable();
    await commit(table, [row(1), row(2)], true);
    await commit(table, [row(3)], true);
    const { positions } = await follow(table, 'earliest');
    const remove = async (directory = `${table.path}/log`): Promise<void> => {
      for (const entry of await io.list(directory)) await (entry.directory ? remove(entry.path) : io.remove(entry.path));
      await io.removeDirectory(directory);
    };
    return { io, table, positions, remove };
  }

  it('a position in it is POSITION_EXPIRED, a new stream goes by snapshots', async () => {
    const { io, table, positions, remove } = await withoutLog();
    const now = await table.position();
    await remove();
    const again = (await (await memoryCatalog(io, { seed: 2 })).catalog.table('db.t')) as unknown as Table;
    for (const handle of [table, again]) {
      for (const from of [now, positions.at(-1)!]) {
        expect(from).toMatch(/^log-/);
        await expect(follow(handle, from)).rejects.toMatchObject(EXPIRED);
      }
      expect((await follow(handle, 'latest-full')).rows).toEqual(['+I1:1', '+I2:2', '+I3:3']);
      expect((await follow(handle, 'earliest')).rows).toEqual(['+I1:1', '+I2:2', '+I3:3']);
    }
    const latest = await again.position();
    expect(latest).toMatch(/^change-/);
    const other = new ForeignEngine(io, again);
    await other.restore();
    await other.commit([row(4)]);
    for (const from of [latest, positions[0]!]) if (from.startsWith('change')) expect((await follow(again, from)).rows).toContain('+I4:4');
  });

  it('a stream that waits in it ends', async () => {
    const { table, remove } = await withoutLog();
    const next = table.changes({ from: 'latest', poll_ms: 1 })[Symbol.asyncIterator]().next();
    const noticed = expect(next).rejects.toMatchObject(EXPIRED);
    await remove();
    await noticed;
  });

  it('one that lost its end: what others commit is told', async () => {
    const { io, table } = await withoutLog();
    const slots = (await pathsBelow(io, `${table.path}/log`)).filter((path) => /\d{20}\.arrow$/.test(path)).sort();
    for (const path of slots.slice(2)) await io.remove(path);
    const other = new ForeignEngine(io, table);
    await other.restore();
    await other.commit([row(4)]);
    const again = (await (await memoryCatalog(io, { seed: 2 })).catalog.table('db.t')) as unknown as Table;
    expect((await follow(again, 'earliest')).rows).toEqual(['+I1:1', '+I2:2', '+I3:3', '+I4:4']);
    const latest = await again.position();
    await other.commit([row(5)]);
    expect((await follow(again, latest)).rows).toEqual(['+I5:5']);
  });
});

it('a log that was replaced by another: POSITION_EXPIRED, also for a stream that waits', async () => {
  const { table } = await newTable();
  await commit(table, [row(1)], true);
  await commit(table, [row(2)], true);
  const { positions } = await follow(table, 'earliest');
  const noticed = expect(table.changes({ from: 'latest', poll_ms: 1 })[Symbol.asyncIterator]().next()).rejects.toMatchObject(EXPIRED);
  await table.alter([{ action: 'setOption', key: 'log.id', value: 'another' }]);
  await noticed;
  const check = async () => {
    for (const position of positions.filter((text) => text.startsWith('log-')))
      await expect(follow(table, position)).rejects.toMatchObject(EXPIRED);
  };
  await check();
  // the new log gets as long as the old one was
  for (let i = 3; i < 8; i++) await commit(table, [row(i)], true);
  await check();
  expect((await follow(table, 'earliest')).rows).toHaveLength(7);
});

it('until now: ends though as much is committed as it tells', async () => {
  const { table } = await newTable();
  const writer = await table.openWriter({ commitUser: 'job' });
  for (let i = 0; i < 5; i++) await writer.append([row(i)]);
  let told = 0;
  for await (const change of table.changes({ from: { snapshot: 1n }, until: 'now' })) {
    told += change.length;
    await writer.append([row(100 + told), row(200 + told)]);
    if (told % 2 === 0) await table.flush();
    expect(told).toBeLessThanOrEqual(5);
  }
  expect(told).toBe(5);
  await writer.close();
});

it('a slot of another schema than the one before: told in the columns of today, from any position', async () => {
  const { table } = await newTable();
  await commit(table, [row(1), row(2)]);
  const stop = new AbortController();
  const live: unknown[] = [];
  const stream = (async () => {
    for await (const change of table.changes({ from: { snapshot: 1n }, signal: stop.signal, poll_ms: 1 }))
      live.push(...change.rows().map(({ row }) => row));
  })();
  while (live.length < 2) await new Promise((go) => setTimeout(go, 1));
  const position = await table.position();
  await table.alter([{ action: 'addColumn', name: 'more', type: 'STRING', first: true }]);
  await commit(table, [{ ...row(3), more: 'x' }]);
  await table.alter([
    { action: 'renameColumn', name: 'more', to: 'text' },
    { action: 'updateType', name: 'n', type: 'BIGINT' },
  ]);
  await commit(table, [{ id: 4n, n: 1n << 40n, text: 'y' }]);
  while (live.length < 4) await new Promise((go) => setTimeout(go, 1));
  stop.abort();
  await stream;
  expect(live[0]).toEqual({ id: 1n, n: 1 });
  expect(live[3]).toEqual({ text: 'y', id: 4n, n: 1n << 40n });
  const rest: unknown[] = [];
  for await (const change of table.changes({ from: position, until: 'now' })) rest.push(...change.rows().map(({ row }) => row));
  expect(rest).toEqual([
    { text: 'x', id: 3n, n: 3n },
    { text: 'y', id: 4n, n: 1n << 40n },
  ]);
});

it('a large commit beside slots that are gone: a table without keys goes over to snapshots behind it', async () => {
  const io = memoryFileIO();
  const clock = movableClock();
  const { catalog } = await memoryCatalog(io, { clock });
  const table = (await catalog.createTable('db.t', {
    schema: { id: 'BIGINT NOT NULL', n: 'INT' },
    options: {
      ...FAST,
      'log.enabled': true,
      'snapshot.interval': '1 h',
      'log.retained-slots': 1,
      'log.bulk-min': '2 kb',
      'write-buffer-size': '1 kb',
    },
  })) as unknown as Table;
  await commit(table, [row(1)], true);
  const positions = [await table.position()];
  const writer = await table.openWriter({ commitUser: 'bulk' });
  await writer.write(Array.from({ length: 500 }, (_, i) => row(1000 + i)) as never);
  const { slot, snapshot } = await writer.commit();
  await writer.close();
  expect([slot, typeof snapshot]).toEqual([undefined, 'bigint']);
  for (let i = 2; i < 6; i++) {
    clock.forward(TRIMMABLE_MS);
    await commit(table, [row(i)], true);
  }
  for (const from of positions) {
    const { rows, positions: more } = await follow(table, from);
    expect(rows).toHaveLength(504);
    for (const [i, position] of more.entries()) expect((await follow(table, position)).positions).toEqual(more.slice(i + 1));
  }
});
