import { describe, expect, it } from 'vitest';
import { bigint, type Change, int, memoryFileIO, openCatalog, type StreamPosition, string, systemClock } from '../../../src/index.js';
import { movableClock, TRIMMABLE_MS } from '../../support/movable-clock.js';

const schema = { id: bigint().notNull(), n: int(), text: string() };

function open(io = memoryFileIO(), clock = systemClock) {
  return openCatalog({ warehouse: '/w', fileIO: io, clock, threads: 0 });
}

async function newTable(io = memoryFileIO(), options: Record<string, string | number> = {}, clock = systemClock) {
  const catalog = await open(io, clock);
  const table = await catalog.createTable('db.t', {
    schema,
    primaryKey: ['id'],
    options: { bucket: 2, 'log.enabled': 'true', ...options },
  });
  return { io, catalog, table };
}

const sorted = (rows: { id: bigint }[]) => rows.sort((a, b) => Number(a.id - b.id));

describe('a table with a log', () => {
  it('shows a commit at once, here and elsewhere, and in a snapshot after a flush', async () => {
    const { io, table } = await newTable();
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.write([
      { id: 1n, n: 1, text: 'a' },
      { id: 2n, n: 2, text: 'b' },
    ]);
    const result = await writer.commit({ identifier: 7n });
    expect(result).toMatchObject({ slot: 2n, identifier: 7n, rows: 2, alreadyCommitted: false });
    await writer.append([{ id: 1n, n: 10, text: 'aa' }]);
    await writer.delete({ id: 2n });
    await writer.write({ id: 3n, n: 3, text: null });
    await writer.commit({ identifier: 9n });
    const rows = [
      { id: 1n, n: 10, text: 'aa' },
      { id: 3n, n: 3, text: null },
    ];
    expect(sorted(await table.scan().toArray())).toEqual(rows);
    expect(await table.snapshots()).toEqual([]);
    const other = await (await open(io)).table('db.t');
    expect(sorted((await other.scan().toArray()) as never)).toEqual(rows);
    expect(await table.get({ id: 1n })).toEqual(rows[0]);
    expect(await table.get({ id: 2n })).toBeUndefined();
    await table.flush();
    expect(await table.get({ id: 1n })).toEqual(rows[0]);
    await writer.append({ id: 1n, n: 11, text: 'aaa' });
    expect(await table.get({ id: 1n })).toMatchObject({ n: 11 });
    expect(await table.get({ id: 1n }, { at: { snapshot: 1n } })).toMatchObject({ n: 10 });
    await writer.append({ id: 1n, n: 10, text: 'aa' });
    expect(await table.get({ id: 3n })).toEqual(rows[1]);
    expect((await table.snapshots()).length).toBe(1);
    expect(sorted(await table.scan().toArray())).toEqual(rows);
    expect(sorted(await table.scan({ at: { snapshot: 1n } }).toArray())).toEqual(rows);
    await writer.append({ id: 4n, n: 4, text: 'd' });
    expect(sorted(await table.scan().toArray())).toEqual([...rows, { id: 4n, n: 4, text: 'd' }]);
    expect(sorted(await table.scan({ at: { snapshot: 1n } }).toArray())).toEqual(rows);
    await writer.close();
    expect(sorted(await table.scan().toArray())).toEqual([...rows, { id: 4n, n: 4, text: 'd' }]);
    expect((await table.scan().plan()).snapshot).toBeGreaterThan(1n);
  });

  it('commits an identifier once, across incarnations', async () => {
    const { io, table } = await newTable();
    const first = await table.openWriter({ commitUser: 'job' });
    await first.write({ id: 1n, n: 1, text: 'x' });
    await first.commit({ identifier: 5n });
    const other = await (await open(io)).table('db.t');
    const second = await other.openWriter({ commitUser: 'job' });
    await second.write({ id: 1n, n: 2, text: 'y' });
    expect(await second.commit({ identifier: 5n })).toMatchObject({ alreadyCommitted: true });
    await first.write({ id: 1n, n: 3, text: 'z' });
    await expect(first.commit({ identifier: 6n })).rejects.toMatchObject({ code: 'FENCED' });
    expect(await table.scan().toArray()).toEqual([{ id: 1n, n: 1, text: 'x' }]);
    await second.close();
    await other.compact({ full: true });
    expect(await table.scan().toArray()).toEqual([{ id: 1n, n: 1, text: 'x' }]);
  });

  it('commits rows of many writers at once', async () => {
    const { table } = await newTable(undefined, { 'log.inline-max': '1 kb' });
    const writers = await Promise.all([1, 2, 3].map((n) => table.openWriter({ commitUser: `w${n}` })));
    for (const [n, writer] of writers.entries())
      await writer.write(Array.from({ length: 100 }, (_, i) => ({ id: BigInt(n * 100 + i), n, text: `${i}` })));
    const messages = (await Promise.all(writers.map((writer) => writer.prepareCommit()))).flat();
    const committer = await table.openCommitter({ commitUser: 'job' });
    expect((await table.scan().toArray()).length).toBe(0);
    expect(await committer.commit(1n, messages)).toMatchObject({ rows: 300, alreadyCommitted: false });
    expect((await table.scan().toArray()).length).toBe(300);
    expect(await committer.commit(1n, messages)).toMatchObject({ alreadyCommitted: true });
    for (const handle of [...writers, committer]) await handle.close();
    expect((await table.scan().toArray()).length).toBe(300);
  });
});

describe('changes of a table with a log', () => {
  const kinded = async <R extends { id: bigint; n?: number | null }>(changes: AsyncIterable<Change<R>>) => {
    const out: string[] = [];
    for await (const change of changes) for (const { kind, row } of change.rows()) out.push(`${kind}${row.id}:${row.n}`);
    return out;
  };

  it('come from the log while it has them, and go on from any position', async () => {
    const { table } = await newTable(undefined, { 'changelog-producer': 'input', bucket: 1 });
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.append([
      { id: 1n, n: 1, text: 'a' },
      { id: 2n, n: 2, text: 'b' },
    ]);
    await table.flush();
    await writer.append({ id: 1n, n: 10, text: 'a' });
    await writer.append({ id: 3n, n: 3, text: 'c' });
    expect(await kinded(table.changes({ until: 'now' }))).toEqual(['+I1:1', '+I2:2', '+I1:10', '+I3:3']);
    expect(await kinded(table.changes({ from: 'latest', until: 'now' }))).toEqual([]);
    const positions: StreamPosition[] = [];
    for await (const change of table.changes({ until: 'now' })) positions.push(change.position);
    expect(positions.length).toBe(3);
    await table.flush();
    await writer.append({ id: 4n, n: 4, text: 'd' });
    const rests = [['+I1:10', '+I3:3', '+I4:4'], ['+I3:3', '+I4:4'], ['+I4:4']];
    for (const [i, from] of positions.entries()) expect(await kinded(table.changes({ from, until: 'now' }))).toEqual(rests[i]);
    await writer.close();
    for (const [i, from] of positions.entries()) expect(await kinded(table.changes({ from, until: 'now' }))).toEqual(rests[i]);
    expect(await kinded(table.changes({ from: { snapshot: 1n }, until: { snapshot: 2n } }))).toEqual(['+I1:1', '+I2:2', '+I1:10', '+I3:3']);
  });

  it('go over to snapshots where the log is gone, without a gap and without doubles', async () => {
    const clock = movableClock();
    const { table } = await newTable(undefined, { 'changelog-producer': 'input', bucket: 1, 'log.retained-slots': 1 }, clock);
    const writer = await table.openWriter({ commitUser: 'job' });
    const positions: StreamPosition[] = [];
    const want: string[] = [];
    for (let n = 1; n <= 12; n++) {
      await writer.append({ id: BigInt(n), n, text: null });
      want.push(`+I${n}:${n}`);
      for await (const change of table.changes({ from: positions.at(-1) ?? 'latest-full', until: 'now' })) positions.push(change.position);
      if (n % 4 !== 0) continue;
      await table.flush();
      clock.forward(TRIMMABLE_MS);
    }
    expect(positions.length).toBe(12);
    for (const [i, from] of positions.entries()) expect(await kinded(table.changes({ from, until: 'now' }))).toEqual(want.slice(i + 1));
    await writer.close();
    expect(await kinded(table.changes({ from: { snapshot: 1n }, until: 'now' }))).toEqual(want);
  });
});
