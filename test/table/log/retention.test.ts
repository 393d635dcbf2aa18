/** Which slots go, and when: by age, by count, never what a consumer waits for or no snapshot holds. */
import { describe, expect, it } from 'vitest';
import { bigint, int, memoryFileIO, type Table } from '../../../src/index.js';
import { beginLogAt } from '../../support/long-log.js';
import { FAST, memoryCatalog, pathsBelow } from '../../support/memory-catalog.js';
import { movableClock, TRIMMABLE_MS } from '../../support/movable-clock.js';

const HOUR_MS = 3_600_000;

async function newTable(options: Record<string, string | number> = {}) {
  const [io, clock] = [memoryFileIO(), movableClock()];
  const { catalog } = await memoryCatalog(io, { clock });
  const table = (await catalog.createTable('db.t', {
    schema: { id: bigint().notNull(), n: int() },
    primaryKey: ['id'],
    options: { ...FAST, bucket: 1, 'log.enabled': 'true', 'snapshot.interval': '365 d', 'log.inline-max': '1 b', ...options },
  })) as unknown as Table;
  let n = 0;
  /** One commit, put into a snapshot unless told otherwise. */
  const commit = async (flush = true) => {
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.write({ id: BigInt(n % 5), n: n++ });
    await writer.commit();
    await writer.close({ flush: false });
    if (flush) await table.flush();
  };
  const slots = async () => {
    const names = (await pathsBelow(io, `${table.path}/log`)).map((path) => path.slice(path.lastIndexOf('/') + 1));
    return names.filter((name) => /^\d{20}\.arrow$/.test(name)).map((name) => Number(name.slice(0, 20)));
  };
  const bodies = async () => (await pathsBelow(io, `${table.path}/log`)).filter((path) => path.includes('/bodies/')).length;
  return { io, clock, table, commit, slots, bodies };
}

/** from..to without a gap */
const dense = (slots: number[]) => slots.every((slot, i) => i === 0 || slot === slots[i - 1]! + 1);

describe('slots', () => {
  it('go an hour after a snapshot holds them, their bodies too, and leave no gap', async () => {
    const { clock, table, commit, slots, bodies } = await newTable();
    for (let i = 0; i < 4; i++) await commit();
    expect((await table.log())!.start).toBe(1n);
    expect(await bodies()).toBe(4);
    clock.forward(HOUR_MS + TRIMMABLE_MS);
    await commit();
    const { start, head } = (await table.log())!;
    expect(start).toBeGreaterThan(4n);
    const left = await slots();
    expect(left[0]).toBe(Number(start));
    expect(left.at(-1)).toBe(Number(head));
    expect(dense(left)).toBe(true);
    expect(await bodies()).toBeLessThanOrEqual(2);
    expect(await table.verify()).toMatchObject({ ok: true });
  });

  it('go earlier when there are too many, but not within two minutes', async () => {
    const { clock, table, commit, slots } = await newTable({ 'log.retained-slots': 1 });
    for (let i = 0; i < 4; i++) await commit();
    expect((await table.log())!.start).toBe(1n);
    clock.forward(TRIMMABLE_MS);
    await commit();
    expect((await table.log())!.start).toBeGreaterThan(4n);
    expect(dense(await slots())).toBe(true);
  });

  it('that no snapshot holds stay, however old', async () => {
    const { clock, table, commit, slots } = await newTable({ 'log.retained-slots': 1 });
    await commit();
    for (let i = 0; i < 6; i++) await commit(false);
    const before = await slots();
    clock.forward(100 * HOUR_MS);
    const { head, tree } = (await table.log())!;
    expect(head - tree.position).toBeGreaterThan(6n);
    await commit(false);
    expect((await slots()).slice(0, before.length)).toEqual(before);
    expect((await table.scan().toArray()).length).toBe(5);
    await table.flush();
    expect((await table.scan().toArray()).length).toBe(5);
    expect(await table.verify()).toMatchObject({ ok: true });
  });

  it('do not restart, and the state of users does not go with them', async () => {
    const { clock, table, commit } = await newTable({ 'log.retained-slots': 1 });
    for (let round = 0; round < 3; round++) {
      await commit();
      clock.forward(2 * HOUR_MS);
    }
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.write({ id: 77n, n: 0 });
    expect(await writer.commit({ identifier: 3n })).toMatchObject({ alreadyCommitted: true });
    await writer.write({ id: 78n, n: 0 });
    expect(await writer.commit({ identifier: 4n })).toMatchObject({ alreadyCommitted: false });
    await writer.close();
    expect(await table.get({ id: 77n })).toBeUndefined();
    expect(await table.get({ id: 78n })).toEqual({ id: 78n, n: 0 });
  });

  it('take their directory along when they were its last, and never that of the newest', async () => {
    const { io, clock, table, commit, slots } = await newTable({ 'log.retained-slots': 1 });
    await beginLogAt(io, table, 9_993n, clock.now_ms());
    const directories = async () => (await io.names(`${table.path}/log/${table.options['log.id']}`)).filter((name) => /^\d+$/.test(name));
    const seen: string[] = [];
    while ((await table.log())!.start < 10_010n) {
      clock.forward(TRIMMABLE_MS);
      await commit();
      const numbers = await slots();
      expect(await directories()).toEqual([...new Set(numbers.map((slot) => String(Math.floor(slot / 10_000)).padStart(4, '0')))]);
      seen.push((await directories()).join());
    }
    expect([...new Set(seen)]).toEqual(['0000', '0000,0001', '0001']);
    expect((await table.scan().toArray()).length).toBe(5);
  });
});

describe('consumers', () => {
  /** A consumer that has told everything up to now. */
  const consume = async (table: Table) => {
    const told: unknown[] = [];
    for await (const change of table.changes({ from: 'latest-full', until: 'now', consumer: 'slow' })) told.push(...change.rows());
    return told;
  };

  it('hold the slots they wait for, and get them', async () => {
    const { clock, table, commit } = await newTable({ 'log.retained-slots': 1 });
    await commit();
    await commit();
    await consume(table);
    const place = (await table.log())!.head + 1n;
    for (let i = 0; i < 5; i++) {
      clock.forward(2 * HOUR_MS);
      await commit();
    }
    expect((await table.log())!.start).toBe(place);
    expect((await consume(table)).length).toBe(5);
    clock.forward(2 * HOUR_MS);
    await commit();
    expect((await table.log())!.start).toBeGreaterThan(place);
  });

  it('hold none longer than log.retention.max', async () => {
    const { clock, table, commit } = await newTable({ 'log.retention.max': '10 h', 'log.retention': '1 h' });
    await commit();
    await consume(table);
    const place = (await table.log())!.head + 1n;
    const starts: bigint[] = [];
    for (let hour = 0; hour < 24; hour++) {
      await commit();
      starts.push((await table.log())!.start);
      clock.forward(HOUR_MS);
    }
    expect(starts[8]).toBe(place);
    expect(starts.at(-1)).toBeGreaterThan(place);
    // what it missed stands in snapshots
    expect((await consume(table)).length).toBeGreaterThan(0);
  });

  it('that are among snapshots hold no slots', async () => {
    const { clock, table, commit, io } = await newTable({ 'log.retained-slots': 1 });
    await commit();
    await io.writeFile(`${table.path}/consumer/consumer-java`, Buffer.from('{"nextSnapshot":1}'));
    for (let i = 0; i < 3; i++) {
      clock.forward(2 * HOUR_MS);
      await commit();
    }
    expect((await table.log())!.start).toBeGreaterThan(3n);
  });
});
