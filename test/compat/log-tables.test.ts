/**
 * What Java does to a table with a log, which it knows nothing of, and what it sees of one: whatever it does, weir has every
 * row that was acknowledged, none twice, and after a flush Java has them, too.
 *
 *   snapshots   S1 ─ S2 ─ S3          Java reads, commits, compacts, expires, rolls back, alters, drops
 *   log         1 … 9 │ 10 11 12      weir reads the slots above as well
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCatalog, type Table, type TableWriter } from '../../src/index.js';
import { tempDir } from '../support/temp-dir.js';
import { JAVA_VERSIONS, JavaPaimon, type JavaTable } from './support/java-paimon.js';
import { lineOf, scanLines, writeLines } from './support/weir-lines.js';

const SCHEMA: Record<string, string> = { id: 'INT NOT NULL', text: 'STRING' };
const LOG = { 'log.enabled': 'true', 'snapshot.interval': '1 h' };
const RETAINED = { 'snapshot.num-retained.min': '1000', 'snapshot.num-retained.max': '1000' };
const PLAIN = { bucket: '1', 'commit.fsync': 'false', ...RETAINED };

const row = (id: number, text: string) => lineOf({ id, text });
const rows = (from: number, to: number, text: string) => Array.from({ length: to - from }, (_, i) => row(from + i, text));
const deletes = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => lineOf({ id: from + i, text: null }, '-D'));

interface World {
  readonly weir: Table;
  readonly javaTable: JavaTable;
  /** the same table through a catalog of its own, opened now: what another process of weir's sees */
  elsewhere(): Promise<Table>;
}

describe.each(JAVA_VERSIONS)('a table with a log, and Java %s', (version) => {
  let java: JavaPaimon;
  beforeAll(() => {
    java = new JavaPaimon(version);
  });
  afterAll(() => java.close());

  async function world(creator: 'weir' | 'Java', options: Record<string, string> = LOG): Promise<World> {
    const warehouse = tempDir();
    const catalog = await openCatalog({ warehouse, threads: 1 });
    const javaTable = java.table(warehouse, 'db.t', 'linking');
    const definition = { schema: SCHEMA, primaryKey: ['id'], options: { ...PLAIN, ...options } };
    if (creator === 'weir') await catalog.createTable('db.t', definition);
    else await javaTable.create(definition);
    const elsewhere = async () => (await openCatalog({ warehouse, threads: 1 })).table('db.t');
    return { weir: await catalog.table('db.t'), javaTable, elsewhere };
  }

  it('sees the commits of a living writer at intervals, without a flush', async () => {
    const { weir, javaTable } = await world('weir', { ...LOG, 'snapshot.interval': '500 ms' });
    const writer = await weir.openWriter({ commitUser: 'weir' });
    const expected: string[] = [];
    for (let turn = 0; turn < 3; turn++) {
      expected.push(...rows(10 * turn, 10 * turn + 10, 'live'));
      await commit(weir, writer, rows(10 * turn, 10 * turn + 10, 'live'));
      expect(await scanLines(weir.scan())).toEqual([...expected].sort());
      // at the latest when the test's time is up
      while ((await javaTable.read()).length < expected.length) await sleep(50);
      expect(await javaTable.read()).toEqual([...expected].sort());
    }
    await writer.close();
    expect((await weir.verify()).problems).toEqual([]);
  });

  it('made by Java, with log.enabled: weir names the log and works', async () => {
    const { weir, javaTable } = await world('Java');
    await javaTable.write(rows(0, 5, 'java'), { user: 'java', identifier: 1 });
    expect(await scanLines(weir.scan())).toEqual(rows(0, 5, 'java'));
    await leaveInLog(weir, rows(3, 8, 'weir'));
    expect(weir.options).toMatchObject({ 'log.id': expect.any(String), 'write-only': 'true' });
    const expected = [...rows(0, 3, 'java'), ...rows(3, 8, 'weir')];
    expect(await scanLines(weir.scan())).toEqual(expected);
    expect(await javaTable.read()).toEqual(rows(0, 5, 'java'));
    await weir.flush();
    await expectBoth(weir, javaTable, expected);
  });

  it('switched on, off and on again by Java’s ALTER: no row is hidden, none is there twice', async () => {
    const { weir, javaTable, elsewhere } = await world('Java', { 'log.enabled': 'false' });
    await leaveInLog(weir, rows(0, 4, 'before'), { log: false });
    await javaTable.alter({ set: LOG });
    await leaveInLog(weir, rows(2, 6, 'on'));
    const on = [...rows(0, 2, 'before'), ...rows(2, 6, 'on')];
    expect(await javaTable.read()).toEqual(rows(0, 4, 'before'));

    await javaTable.alter({ set: { 'log.enabled': 'false' } });
    for (const table of [weir, await elsewhere()]) expect(await scanLines(table.scan())).toEqual(on);
    const off = await elsewhere();
    await leaveInLog(off, rows(5, 8, 'off'), { log: false });
    const both = [...rows(0, 2, 'before'), ...rows(2, 5, 'on'), ...rows(5, 8, 'off')];
    await expectBoth(off, javaTable, both);

    await javaTable.alter({ set: { 'log.enabled': 'true' } });
    await javaTable.write(rows(7, 9, 'java'), { user: 'java', identifier: 1 });
    await leaveInLog(weir, rows(8, 10, 'again'));
    const again = [...both.slice(0, 7), row(7, 'java'), ...rows(8, 10, 'again')];
    expect(await scanLines((await elsewhere()).scan())).toEqual(again.sort());
    await javaTable.alter({ reset: ['log.enabled'] });
    expect(await scanLines((await elsewhere()).scan())).toEqual(again);
    await weir.flush();
    await expectBoth(weir, javaTable, again);
  });

  it('given a column by Java while rows of the old schema are in the log', async () => {
    const { weir, javaTable, elsewhere } = await world('weir');
    const writer = await weir.openWriter({ commitUser: 'weir' });
    await commit(weir, writer, rows(0, 3, 'old'));
    const old = await elsewhere();
    await javaTable.alter({ add: { n: 'INT' } });
    await writer.write([{ id: 3, text: 'old' }]);
    await writer.commit();
    await javaTable.write([lineOf({ id: 4, text: 'java', n: 4 })], { user: 'java', identifier: 1 });
    const wide = (id: number, text: string, n: number | null) => lineOf({ id, text, n });
    const expected = [...[0, 1, 2, 3].map((id) => wide(id, 'old', null)), wide(4, 'java', 4)];
    expect(await scanLines(old.scan())).toEqual(expected);
    await writer.close({ flush: false });
    await old.refresh();
    await leaveInLog(old, [wide(1, 'new', 1), wide(5, 'new', 5)], { user: 'other' });
    expected[1] = wide(1, 'new', 1);
    expected.push(wide(5, 'new', 5));
    expect(await scanLines(weir.scan())).toEqual(expected);
    await weir.flush();
    await expectBoth(weir, javaTable, expected);
  });

  it('compacted in full and expired by Java beneath rows and deletes of the log', async () => {
    const { weir, javaTable } = await world('weir');
    for (const text of ['one', 'two', 'three']) await leaveInLog(weir, rows(0, 20, text), { flush: true });
    await leaveInLog(weir, deletes(0, 5), { flush: true });
    await leaveInLog(weir, [...deletes(5, 8), ...rows(10, 12, 'log'), ...rows(20, 22, 'log')]);
    await leaveInLog(weir, rows(5, 6, 'again'));
    const expected = [
      row(5, 'again'),
      ...rows(8, 10, 'three'),
      ...rows(10, 12, 'log'),
      ...rows(12, 20, 'three'),
      ...rows(20, 22, 'log'),
    ].sort();
    expect(await scanLines(weir.scan())).toEqual(expected);
    await javaTable.compact({ user: 'java', identifier: 1, full: true, options: RETAINED });
    expect((await weir.snapshot())!.commitKind).toBe('COMPACT');
    expect(await scanLines(weir.scan())).toEqual(expected);
    await javaTable.expire(1);
    expect(await weir.snapshots()).toHaveLength(1);
    expect(await scanLines(weir.scan())).toEqual(expected);
    expect(await javaTable.read()).toEqual(rows(5, 20, 'three').sort());
    await weir.flush();
    await expectBoth(weir, javaTable, expected);
  });

  it('rolled back by Java: what no snapshot held stays, what was taken away does not come back', async () => {
    const { weir, javaTable, elsewhere } = await world('weir');
    const writer = await weir.openWriter({ commitUser: 'weir' });
    const snapshots: bigint[] = [];
    for (const [at, text] of ['one', 'two', 'three'].entries()) {
      await commit(weir, writer, [row(0, text), row(10 + at, text)]);
      snapshots.push((await weir.flush())!);
    }
    await javaTable.createTag('two', snapshots[1]!);
    await commit(weir, writer, [row(20, 'log')]);
    await javaTable.rollback({ snapshot: snapshots[1]! });
    expect(await javaTable.read()).toEqual([row(0, 'two'), row(10, 'one'), row(11, 'two')]);
    const back = [row(0, 'two'), row(10, 'one'), row(11, 'two'), row(20, 'log')];
    for (const table of [weir, await elsewhere()]) expect(await scanLines(table.scan())).toEqual(back);
    await commit(weir, writer, [row(21, 'after')]);
    await weir.flush();
    await expectRows(weir, javaTable, [...back, row(21, 'after')]);

    // identifiers are not rolled back: what was committed once is not committed again
    await writeLines(weir, writer, [row(12, 'three')]);
    expect(await writer.commit({ identifier: 3n })).toMatchObject({ alreadyCommitted: true });
    await writer.close();
    await expectRows(weir, javaTable, [...back, row(21, 'after')]);

    await leaveInLog(weir, [row(22, 'log')], { user: 'other' });
    await javaTable.rollback({ tag: 'two' });
    const tagged = [row(0, 'two'), row(10, 'one'), row(11, 'two'), row(22, 'log')];
    for (const table of [weir, await elsewhere()]) expect(await scanLines(table.scan())).toEqual(tagged);
    await (await elsewhere()).flush();
    await expectRows(weir, javaTable, tagged);
  });

  it('rolled back by Java, which then goes on: the rows taken away do not come back', async () => {
    const { weir, javaTable, elsewhere } = await world('weir');
    await leaveInLog(weir, [row(0, 'one')], { flush: true });
    const first = (await weir.snapshot())!.id;
    await leaveInLog(weir, [row(0, 'two'), row(1, 'two')], { flush: true });
    await javaTable.rollback({ snapshot: first });
    await javaTable.write([row(2, 'java')], { user: 'java', identifier: 1 });
    // not with the handle that committed: it would take Java's snapshot for one that was renamed over its own
    const anew = await elsewhere();
    await leaveInLog(anew, [row(3, 'three')]);
    expect(await scanLines(anew.scan())).toEqual([row(0, 'one'), row(2, 'java'), row(3, 'three')]);
    await anew.flush();
    await expectRows(anew, javaTable, [row(0, 'one'), row(2, 'java'), row(3, 'three')]);
  });

  it('dropped by Java, and made again without a log: no slot of the old table is seen', async () => {
    const { weir, javaTable, elsewhere } = await world('weir');
    const writer = await weir.openWriter({ commitUser: 'weir' });
    await commit(weir, writer, rows(0, 3, 'old'));
    await javaTable.drop();
    await writeLines(weir, writer, rows(3, 5, 'old'));
    await expect(writer.commit()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(existsSync(weir.path)).toBe(false);
    await writer.close().catch(() => undefined);
    expect(existsSync(weir.path)).toBe(false);
    await javaTable.create({ schema: SCHEMA, primaryKey: ['id'], options: PLAIN });
    const made = await elsewhere();
    expect(await scanLines(made.scan())).toEqual([]);
    await made.alter([{ action: 'setOption', key: 'log.enabled', value: 'true' }]);
    await leaveInLog(made, rows(7, 9, 'new'), { flush: true });
    await expectBoth(made, javaTable, rows(7, 9, 'new'));
  });

  it('rows of one key in the log and in a commit of Java’s that knows nothing of them: both sides agree on one', async () => {
    const { weir, javaTable } = await world('weir');
    await leaveInLog(weir, rows(0, 10, 'base'), { flush: true });
    await leaveInLog(weir, rows(0, 5, 'weir'));
    await javaTable.write(rows(3, 8, 'java'), { user: 'java', identifier: 1 });
    const seen = await scanLines(weir.scan());
    expect(seen).toEqual([...rows(0, 5, 'weir'), ...rows(5, 8, 'java'), ...rows(8, 10, 'base')]);
    await weir.flush();
    await expectBoth(weir, javaTable, seen);
  });
});

async function commit(table: Table, writer: TableWriter, lines: readonly string[]): Promise<void> {
  await writeLines(table, writer, lines);
  expect((await writer.commit()).slot).toBeGreaterThan(0n);
}

/** A commit of a writer of its own, which ends without a flush. */
async function leaveInLog(
  table: Table,
  lines: readonly string[],
  { log = true, flush = false, user = 'weir' }: { log?: boolean; flush?: boolean; user?: string } = {},
): Promise<void> {
  const writer = await table.openWriter({ commitUser: user });
  await writeLines(table, writer, lines);
  expect((await writer.commit()).slot !== undefined).toBe(log);
  await writer.close({ flush });
}

async function expectRows(weir: Table, javaTable: JavaTable, expected: readonly string[]): Promise<void> {
  const lines = [...expected].sort();
  expect(await scanLines(weir.scan()), 'weir').toEqual(lines);
  expect(await javaTable.read(), 'Java').toEqual(lines);
}

async function expectBoth(weir: Table, javaTable: JavaTable, expected: readonly string[]): Promise<void> {
  await expectRows(weir, javaTable, expected);
  expect((await weir.verify()).problems).toEqual([]);
}
