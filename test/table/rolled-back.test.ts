/** A table that another engine rolled back, and that has gone on since: no stream goes on as if nothing had been. */
import { describe, expect, it } from 'vitest';
import { memoryFileIO, type StreamPosition, type Table } from '../../src/index.js';
import { parsePosition } from '../../src/table/position.js';
import { ForeignEngine } from '../support/foreign-engine.js';
import { FAST, memoryCatalog, put } from '../support/memory-catalog.js';

const row = (id: number, v = id) => ({ id: BigInt(id), v });

async function newTable(options: Record<string, string | boolean>, keyed = true) {
  const io = memoryFileIO();
  const { catalog } = await memoryCatalog(io);
  const table = (await catalog.createTable('db.t', {
    schema: { id: 'BIGINT NOT NULL', v: 'INT' },
    ...(keyed && { primaryKey: ['id'] }),
    options: { ...FAST, ...(keyed && { bucket: 1 }), 'snapshot.interval': '1 h', ...options },
  })) as unknown as Table;
  for (let i = 1; i <= 4; i++) {
    await put(table, [row(i), row(i + 10)]);
    await table.flush();
  }
  const other = new ForeignEngine(io, table);
  await other.restore();
  return { io, catalog, table, other };
}

async function positionsOf(table: Table, from: 'earliest' | { snapshot: bigint }): Promise<StreamPosition[]> {
  const positions: StreamPosition[] = [];
  for await (const { position } of table.changes({ from, until: 'now' })) positions.push(position);
  return positions;
}

const rest = async (table: Table, from: StreamPosition) => {
  let rows = 0;
  for await (const change of table.changes({ from, until: 'now' })) rows += change.length;
  return rows;
};

const ROLLED_BACK = { code: 'POSITION_EXPIRED', message: expect.stringMatching(/start again from 'latest-full'/) };

describe.each([
  ['with a log', { 'log.enabled': true }, true],
  ['without a log', { 'log.enabled': false }, true],
  ['without keys', { 'log.enabled': false }, false],
  ['without keys, with a log', { 'log.enabled': true }, false],
])('a table %s', (_, options, keyed) => {
  it('that went on past a position after a rollback: POSITION_EXPIRED, here and elsewhere', async () => {
    const { io, table, other } = await newTable(options, keyed);
    const latest = (await table.snapshot())!.id;
    const positions = [...(await positionsOf(table, { snapshot: 1n })), ...(await positionsOf(table, 'earliest'))];
    const now = await table.position();
    await other.rollback(latest - 2n);
    for (let i = 0; i < 4; i++) await other.commit([row(50 + i)]);
    const again = (await (await memoryCatalog(io, { seed: 3 })).catalog.table('db.t')) as unknown as Table;
    for (const handle of [table, again]) {
      await expect(rest(handle, now)).rejects.toMatchObject(ROLLED_BACK);
      for (const position of positions) {
        const { snapshot, phase, done } = parsePosition(position);
        const listed = phase === 'full' || (phase === 'change' && done > 0) ? snapshot : snapshot - 1n;
        if (listed > latest - 2n) await expect(rest(handle, position), position).rejects.toMatchObject(ROLLED_BACK);
      }
      await expect(handle.scan({ at: { position: now } }).toArray()).rejects.toMatchObject({ code: 'POSITION_EXPIRED' });
    }
  });

  it('that was rolled back, or lost its latest snapshots with the power, and has not gone on: POSITION_EXPIRED, too', async () => {
    const { table, other } = await newTable(options, keyed);
    const latest = (await table.snapshot())!.id;
    const now = await table.position();
    expect(await rest(table, now)).toBe(0);
    await other.rollback(latest - 1n);
    await expect(rest(table, now)).rejects.toMatchObject(ROLLED_BACK);
  });

  it('a stream that waits notices, too', async () => {
    const { table, other } = await newTable(options, keyed);
    const latest = (await table.snapshot())!.id;
    const stream = table.changes({ from: 'latest', poll_ms: 1 })[Symbol.asyncIterator]();
    const noticed = expect(stream.next()).rejects.toMatchObject({ ...ROLLED_BACK, message: expect.stringContaining('rolled back') });
    await new Promise((go) => setTimeout(go, 20));
    await other.rollback(latest - 1n);
    await other.commit([row(60)]);
    await other.commit([row(61)]);
    await noticed;
  });

  it('consumers, too, unless another engine has moved them', async () => {
    const { table, other } = await newTable(options, keyed);
    const latest = (await table.snapshot())!.id;
    for await (const _ of table.changes({ consumer: 'c', until: 'now' }));
    expect((await table.consumers())[0]!.position).toMatch(/@manifest-list-/);
    await other.rollback(latest - 1n);
    await other.commit([row(60)]);
    await other.commit([row(61)]);
    const follow = async () => {
      for await (const _ of table.changes({ consumer: 'c', until: 'now' }));
    };
    await expect(follow()).rejects.toMatchObject(ROLLED_BACK);
  });
});

it('a position from before names were kept is one still', async () => {
  const { table } = await newTable({ 'log.enabled': false });
  expect(await rest(table, 'change-4-0' as StreamPosition)).toBe(2);
  const [position] = await positionsOf(table, { snapshot: 4n });
  expect(parsePosition(position!)).toMatchObject({ list: (await table.snapshot({ snapshot: 4n }))!.deltaManifestList });
});
