/** An OVERWRITE, as a stream of a table with a log tells it: as the difference that it makes. */
import { describe, expect, it } from 'vitest';
import {
  bigint,
  type Change,
  type ChangesOptions,
  gt,
  int,
  memoryFileIO,
  type Predicate,
  type StreamPosition,
  string,
  type Table,
} from '../../../src/index.js';
import { ForeignEngine } from '../../support/foreign-engine.js';
import { FAST, memoryCatalog, put, sorted } from '../../support/memory-catalog.js';
import { movableClock, TRIMMABLE_MS } from '../../support/movable-clock.js';

const schema = { id: bigint().notNull(), day: string().notNull(), n: int() };
const LOG = { 'log.enabled': 'true', 'snapshot.interval': '1 h' } as const;

async function newTable(options: Record<string, string | number | boolean> = {}, keyed = true, clock = movableClock()) {
  const io = memoryFileIO();
  const { catalog } = await memoryCatalog(io, { clock });
  const table = await catalog.createTable('db.t', {
    schema,
    ...(keyed && { primaryKey: ['id', 'day'] }),
    partitionBy: ['day'],
    options: { ...FAST, ...LOG, ...(keyed && { bucket: 2 }), ...options },
  });
  return { io, clock, catalog, table: table as unknown as Table };
}

const row = (id: number, day: string, n: number | null = id) => ({ id: BigInt(id), day, n });
type Row = ReturnType<typeof row>;
const days = (from: number, to: number, day: string, more = 0) =>
  Array.from({ length: to - from }, (_, i) => row(from + i, day, from + i + more));

async function commit(table: Table, rows: Row[], more: { flush?: boolean; overwrite?: true | { partition: { day: string } } } = {}) {
  const { overwrite } = more;
  const writer = await table.openWriter({ commitUser: 'job', ...(overwrite !== undefined && { overwrite }) });
  await writer.write(rows);
  await writer.commit();
  await writer.close({ flush: more.flush ?? false });
}

interface Told {
  readonly position: StreamPosition;
  readonly rows: string[];
}

async function told(table: Table, options: ChangesOptions & { where?: Predicate }): Promise<Told[]> {
  const all: Told[] = [];
  for await (const change of table.changes({ until: 'now', ...options }) as AsyncIterable<Change<Row>>)
    all.push({ position: change.position, rows: change.rows().map(({ kind, row: { id, day, n } }) => `${kind} ${id}/${day} ${n}`) });
  return all;
}

const flat = (all: Told[]) => all.flatMap(({ rows }) => rows);

/** The rows that are there after the changes, as often as they are there. */
function folded(lines: readonly string[], keyed: boolean): string[] {
  const state = new Map<string, { line: string; count: number }>();
  for (const line of lines) {
    const key = keyed ? line.split(' ')[1]! : line.slice(3);
    const known = state.get(key)?.count ?? 0;
    const count = /^-/.test(line) ? (keyed ? 0 : known - 1) : keyed ? 1 : known + 1;
    expect(count, line).toBeGreaterThanOrEqual(0);
    state.set(key, { line: line.slice(3), count });
  }
  return [...state.values()].flatMap(({ line, count }) => Array.from({ length: count }, () => line)).sort();
}

const stateOf = async (table: Table) =>
  (await table.scan().toArray()).map(({ id, day, n }) => `${String(id)}/${String(day)} ${String(n)}`).sort();

/** From every place of the stream on the rest is what follows it, and the fold is the table. */
async function expectFolds(table: Table, keyed = true): Promise<Told[]> {
  const all = await told(table, { from: { snapshot: 1n } });
  expect(folded(flat(all), keyed)).toEqual(await stateOf(table));
  expect(folded(flat(await told(table, { from: 'earliest' })), keyed)).toEqual(await stateOf(table));
  for (const [i, { position }] of all.entries()) expect(await told(table, { from: position }), position).toEqual(all.slice(i + 1));
  const { ok, problems, checks } = await table.verify();
  expect(problems).toEqual([]);
  expect(ok).toBe(true);
  expect(checks.map(({ note }) => note ?? '').join()).not.toMatch(/OVERWRITE/);
  return all;
}

describe('a stream of a table with keys', () => {
  it('tells what went, what came and what has another value', async () => {
    const { table } = await newTable();
    await commit(table, [...days(0, 6, 'a'), ...days(0, 3, 'b')]);
    const [{ position: from }] = (await told(table, {})).slice(-1) as [Told];
    await commit(table, [row(0, 'a'), row(1, 'a', 100), row(2, 'a', null), row(9, 'a')], { overwrite: { partition: { day: 'a' } } });
    expect(sorted(flat(await told(table, { from })))).toEqual(
      sorted(['-U 1/a 1', '+U 1/a 100', '-U 2/a 2', '+U 2/a null', '+I 9/a 9', '-D 3/a 3', '-D 4/a 4', '-D 5/a 5']),
    );
    const updates = flat(await told(table, { from }));
    expect(updates.indexOf('+U 1/a 100')).toBe(updates.indexOf('-U 1/a 1') + 1);
    await table.dropPartitions([{ day: 'b' }]);
    expect(sorted(flat(await told(table, { from })).slice(-3))).toEqual(sorted(['-D 0/b 0', '-D 1/b 1', '-D 2/b 2']));
    await table.truncate();
    await commit(table, days(1, 3, 'b'));
    await expectFolds(table);
    expect(flat(await told(table, { from, columns: ['n'], where: gt('id', 4n) }))).toHaveLength(3);
  });

  it('resumes within a large difference, and goes on when a column came meanwhile', async () => {
    const { table } = await newTable({ bucket: 4 });
    await commit(table, days(0, 500, 'a'));
    await table.flush();
    await commit(table, days(250, 900, 'a', 1), { overwrite: true });
    const all = await expectFolds(table);
    const within = all.filter(({ position }) => position.startsWith('aside-'));
    expect(within.length).toBeGreaterThan(3);
    await table.alter([{ action: 'addColumn', name: 'more', type: 'STRING' }]);
    for (const { position } of within)
      expect(flat(await told(table, { from: position }))).toEqual(flat(all.slice(all.findIndex((one) => one.position === position) + 1)));
  });

  it('that has told later slots already leaves their keys as they are', async () => {
    for (const options of [{}, { 'sequence.field': 'n' }]) {
      const { io, table } = await newTable(options);
      await commit(table, days(0, 4, 'a'), { flush: true });
      const from = (await told(table, {})).at(-1)!.position;
      await commit(table, [row(1, 'a', 11), row(2, 'a', 12), row(6, 'a', 13)]);
      const beyond = await told(table, { from });
      expect(flat(beyond)).toEqual(['+I 1/a 11', '+I 2/a 12', '+I 6/a 13']);
      const other = new ForeignEngine(io, table);
      await other.commit([row(0, 'a', 5), row(1, 'a', 5), row(5, 'a', 5)], { overwrite: 'all' });
      expect(sorted(flat(await told(table, { from: beyond.at(-1)!.position })))).toEqual(
        sorted(['-U 0/a 0', '+U 0/a 5', '-D 3/a 3', '+I 5/a 5']),
      );
      // who comes later is told of the overwrite first
      expect(flat(await told(table, { from })).slice(-3)).toEqual(['+I 1/a 11', '+I 2/a 12', '+I 6/a 13']);
      expect(await stateOf(table)).toEqual(['0/a 5', '1/a 11', '2/a 12', '5/a 5', '6/a 13']);
      const positions = (await told(table, { from: beyond.at(-1)!.position })).map(({ position }) => position);
      await table.flush();
      for (const position of [from, beyond.at(-1)!.position, ...positions]) await told(table, { from: position });
      await expectFolds(table);
    }
  });

  it('where the slots are gone: among snapshots it is told, too', async () => {
    const { table, clock } = await newTable({ 'log.retained-slots': 1 });
    const positions: StreamPosition[] = [];
    for (let i = 0; i < 4; i++) {
      await commit(table, days(i, i + 5, 'a', i), { flush: true });
      if (i === 1) positions.push((await told(table, {})).at(-1)!.position);
      if (i === 2) await commit(table, days(4, 9, 'a', 50), { overwrite: true });
      clock.forward(TRIMMABLE_MS);
      await table.flush();
    }
    await expectFolds(table);
    const before = folded(flat(await told(table, { from: 'earliest', until: { snapshot: 2n } })), true);
    const rest = flat(await told(table, { from: positions[0]! }));
    expect(folded([...before.map((line) => `+I ${line}`), ...rest], true)).toEqual(await stateOf(table));
  });

  it('a partition that is written anew for another number of buckets: all goes before anything comes', async () => {
    const { table } = await newTable({ bucket: 1 });
    await commit(table, days(0, 20, 'a'), { flush: true });
    const from = (await told(table, {})).at(-1)!.position;
    await table.alter([{ action: 'setOption', key: 'bucket', value: '3' }]);
    await commit(table, days(10, 30, 'a'), { overwrite: true });
    const kinds = flat(await told(table, { from })).map((line) => line.slice(0, 2));
    expect(kinds).toEqual([...Array(20).fill('-D'), ...Array(20).fill('+I')]);
    expect(folded(flat(await told(table, { from: { snapshot: 1n } })), true)).toEqual(await stateOf(table));
  });

  it('a state that has expired is POSITION_EXPIRED, but a consumer keeps it', async () => {
    const { table } = await newTable({ 'snapshot.num-retained.min': 1, 'snapshot.num-retained.max': 1, 'snapshot.expire.limit': 100 });
    await commit(table, days(0, 3, 'a'), { flush: true });
    const from = (await told(table, { consumer: 'c' })).at(-1)!.position;
    await commit(table, days(1, 4, 'a', 1), { overwrite: true });
    for (let i = 0; i < 3; i++) {
      await commit(table, days(i, i + 1, 'b'), { flush: true });
      await table.expire();
    }
    expect((await table.snapshots())[0]!.id).toBe(1n);
    expect(flat(await told(table, { consumer: 'c' })).filter((line) => line.endsWith('/a 0'))).toEqual(['-D 0/a 0']);
    await table.expire();
    expect((await table.snapshots())[0]!.id).toBeGreaterThan(2n);
    await expect(told(table, { from })).rejects.toMatchObject({ code: 'POSITION_EXPIRED', message: expect.stringMatching(/latest-full/) });
  });
});

describe('a stream of a table without keys', () => {
  it('tells rows that went as -D, rows that came as +I, by files', async () => {
    const { table } = await newTable({}, false);
    await commit(table, [...days(0, 4, 'a'), ...days(0, 2, 'b'), row(1, 'b', 1)]);
    const from = (await told(table, {})).at(-1)!.position;
    await commit(table, [row(7, 'a', 7), row(3, 'a', 3)], { overwrite: { partition: { day: 'a' } } });
    expect(flat(await told(table, { from }))).toEqual(['-D 0/a 0', '-D 1/a 1', '-D 2/a 2', '-D 3/a 3', '+I 7/a 7', '+I 3/a 3']);
    await table.dropPartitions([{ day: 'b' }]);
    await commit(table, days(5, 8, 'b'));
    await expectFolds(table, false);
    await table.truncate();
    await expectFolds(table, false);
  });
});

it('a stream of a table without a log passes over an OVERWRITE', async () => {
  const { table } = await newTable({ 'log.enabled': 'false' });
  await put(table, days(0, 3, 'a') as never);
  await table.truncate();
  await put(table, days(5, 6, 'a') as never);
  expect(flat(await told(table, { from: { snapshot: 1n } }))).toEqual(['+I 1/a 1', '+I 2/a 2', '+I 0/a 0', '+I 5/a 5']);
});
