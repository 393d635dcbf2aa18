/** Where a stream enters the log, what it finds there, and what slots hide of others' snapshots. */
import { describe, expect, it } from 'vitest';
import { inlineExecutor } from '../../../src/base/inline-executor.js';
import { type FileIO, memoryFileIO, seededRandom, type Table } from '../../../src/index.js';
import { LogFollower } from '../../../src/table/log/log-follower.js';
import type { LogPlace } from '../../../src/table/position.js';
import { TableStore } from '../../../src/table/table-store.js';
import { BatchBuilder } from '../../../src/types/row-builder.js';
import { ForeignEngine } from '../../support/foreign-engine.js';
import { FAST, memoryCatalog } from '../../support/memory-catalog.js';
import { movableClock, TRIMMABLE_MS } from '../../support/movable-clock.js';
import { recordedIO } from '../../support/recorded-io.js';

async function make(options: Record<string, string | number | boolean> = {}) {
  const io = memoryFileIO();
  const clock = movableClock();
  const { catalog } = await memoryCatalog(io, { clock });
  const table = (await catalog.createTable('db.t', {
    schema: { id: 'BIGINT NOT NULL', n: 'INT' },
    primaryKey: ['id'],
    options: { ...FAST, bucket: 1, 'log.enabled': true, 'snapshot.interval': '1 h', ...options },
  })) as unknown as Table;
  const commit = async (ids: number[], flush = false) => {
    const writer = await table.openWriter({ commitUser: 'job' });
    const { slot } = await writer.append(ids.map((id) => ({ id: BigInt(id), n: id })));
    await writer.close({ flush });
    return slot!;
  };
  /** as another process sees it */
  const follower = (through: FileIO = io) => {
    const services = { io: through, clock, random: seededRandom(5), executor: inlineExecutor(), onEvent: undefined, logger: undefined };
    const store = new TableStore(table.name, table.path, table.schema, services);
    return { store, log: new LogFollower(store, store.log!) };
  };
  return { io, clock, table, commit, follower, other: new ForeignEngine(io, table) };
}

describe('read', () => {
  it('tells the newest slot when its name lasts', async () => {
    const { io, commit, follower } = await make({ 'commit.fsync': true });
    const [first, second] = [await commit([1]), await commit([2])];
    const recorded = recordedIO(io);
    const { store, log } = follower(recorded);
    const path = log.handle.log.store.path;
    const place = { ...(await log.enter(at(1n)))!, slot: first };
    await log.read(place, store.schema);
    expect(recorded.count(/./, 'syncDirectories')).toBe(0);
    const { rows } = (await log.read({ ...place, slot: second }, store.schema))!;
    expect(rows.flatMap(({ batch }) => [...(batch.columns[0]!.values as BigInt64Array)])).toEqual([2n]);
    expect(recorded.calls.filter(({ name }) => name === 'syncDirectories')).toEqual([
      { name: 'syncDirectories', path: path.slotDirectory(second) },
    ]);
  });
});

const at = (snapshot: bigint) => ({ phase: 'change', snapshot, done: 0, list: 'l' }) as const;

describe('enter', () => {
  it('gives the place behind the snapshots before it, with what tells the slot before apart', async () => {
    const { table, commit, follower } = await make();
    const first = await commit([1, 2], true);
    const second = await commit([3]);
    const { log } = follower();
    const id = table.options['log.id']!;
    const position = await log.positionBefore(2n);
    expect(position).toBeGreaterThanOrEqual(first);
    expect(position).toBeLessThan(second);
    const { header } = await log.handle.log.slot(position!);
    const place = { phase: 'log', done: 0, aside: false, list: 'l', log: id };
    expect(await log.enter(at(2n))).toEqual({ ...place, snapshot: 2n, slot: position! + 1n, end: header.end, commit: header.commit });
    expect(await log.enter(at(1n))).toEqual({ ...place, snapshot: 1n, slot: 1n, end: 0n, commit: '' });
    expect(await log.atHead(await table.snapshot())).toMatchObject({ snapshot: 2n, slot: second + 1n, list: expect.any(String) });
  });

  it('is refused by an empty log, by one that has lost its end, and where the slots are gone', async () => {
    const { io, table, commit, follower, clock } = await make({ 'log.retained-slots': 1 });
    expect(await follower().log.enter(at(1n))).toBeUndefined();
    await commit([1], true);
    for (const id of [2, 3, 4]) {
      clock.forward(TRIMMABLE_MS);
      await commit([id], true);
    }
    const { log } = follower();
    expect(await log.enter(at(1n))).toBeUndefined();
    const latest = (await table.snapshot())!;
    expect(await log.enter(at(latest.id + 1n))).toBeDefined();
    const head = (await log.head())!;
    const position = (await log.positionOf(latest))!;
    for (let slot = position; slot <= head; slot++) await io.remove(log.handle.log.store.path.slot(slot));
    const later = follower().log;
    expect(await later.enter(at(latest.id + 1n))).toBeUndefined();
    expect(await later.atHead(latest)).toBeUndefined();
  });
});

describe('holds', () => {
  it('what is there or to come; not what is gone; another log is POSITION_EXPIRED', async () => {
    const { table, commit, follower, clock } = await make({ 'log.retained-slots': 1 });
    const first = await commit([1], true);
    const { log } = follower();
    const start = (await log.enter(at(1n)))!;
    const head = (await log.atHead(await table.snapshot()))!;
    expect(await log.holds(start)).toBe(true);
    expect(await log.holds(head)).toBe(true);
    const { next } = (await log.read({ ...start, slot: first }, table.schema))!;
    expect(await log.holds(next)).toBe(true);
    const expired = { code: 'POSITION_EXPIRED', message: expect.stringMatching(/start again from 'latest-full'/) };
    const others: LogPlace[] = [
      { ...next, commit: '00000000-0000-4000-8000-000000000000' },
      { ...next, slot: head.slot + 1n },
      { ...next, log: 'another' },
    ];
    for (const other of others) await expect(log.holds(other)).rejects.toMatchObject(expired);
    // of a text without an id of the log the commit is looked at alone
    expect(await log.holds({ ...next, log: undefined })).toBe(true);
    for (const id of [2, 3, 4]) {
      clock.forward(TRIMMABLE_MS);
      await commit([id], true);
    }
    expect(await follower().log.holds(start)).toBe(false);
    expect(await follower().log.read(start, table.schema)).toBeUndefined();
  });
});

describe("others' snapshots", () => {
  it('hold the log as far as the one before them; those of the log, and compactions, hold nothing of their own', async () => {
    const { table, commit, follower, other } = await make();
    await commit([1], true);
    await other.restore();
    await other.commit([{ id: 7n, n: 7 }]);
    await commit([2], true);
    await table.compact({ full: true });
    await table.truncate();
    const { log, store } = follower();
    const found = await Promise.all((await store.snapshots.list()).map((id) => store.snapshots.read(id)));
    const told = [];
    for (const snapshot of found) told.push([snapshot.commitKind, log.isForeign(snapshot), await log.positionOf(snapshot)] as const);
    expect(told.map(([kind, foreign]) => [kind, foreign])).toEqual([
      ['APPEND', false],
      ['APPEND', true],
      ['APPEND', false],
      ['COMPACT', false],
      ['OVERWRITE', true],
    ]);
    const positions = told.map(([, , position]) => position!);
    expect(positions[1]).toBe(positions[0]);
    expect(positions[2]).toBeGreaterThan(positions[1]!);
    // asked out of order, by one that remembers nothing
    for (const [i, snapshot] of [...found.entries()].reverse()) expect(await follower().log.positionOf(snapshot)).toBe(positions[i]);
  });

  it('lose the rows whose keys slots beyond their position have', async () => {
    const { table, commit, follower } = await make();
    const before = await commit([1]);
    await commit([2, 3]);
    const last = await commit([4]);
    const { log, store } = follower();
    const builder = new BatchBuilder(table.schema.fields);
    for (const id of [1, 2, 3, 4, 5]) builder.push({ id: BigInt(id), n: 0 });
    const rows = builder.finish();
    const kept = async (position: bigint, slot: bigint) => [...((await log.shadow(position, slot, store.schema))(rows) ?? ['all'])];
    expect(await kept(before, last + 1n)).toEqual([0, 4]);
    expect(await kept(before, last)).toEqual([0, 3, 4]);
    expect(await kept(0n, last + 1n)).toEqual([4]);
    expect(await kept(last, last + 1n)).toEqual(['all']);
  });

  it('lose none with a sequence field, which decides, wherever the stream is read', async () => {
    const { commit, follower } = await make({ 'sequence.field': 'n' });
    const last = await commit([1, 2]);
    const { log, store } = follower();
    const builder = new BatchBuilder(store.schema.fields);
    builder.push({ id: 1n, n: 9 });
    expect((await log.shadow(0n, last + 1n, store.schema))(builder.finish())).toBeNull();
  });
});
