/** From the log into the tree: what lasts when, and what a process reads that comes after a crash. */
import { describe, expect, it } from 'vitest';
import { bigint, int, memoryFileIO, openCatalog } from '../../../src/index.js';
import { beginLogAt } from '../../support/long-log.js';
import { recordedIO } from '../../support/recorded-io.js';

async function newTable(options: Record<string, string | number | boolean> = {}) {
  const io = recordedIO(memoryFileIO());
  const catalog = await openCatalog({ warehouse: '/w', fileIO: io });
  const table = await catalog.createTable('db.t', {
    schema: { id: bigint().notNull(), n: int() },
    primaryKey: ['id'],
    options: { bucket: 1, 'log.enabled': 'true', 'snapshot.interval': '365 d', 'log.compaction': false, ...options },
  });
  return { io, catalog, table };
}

const isSlot = /\/\d{20}\.arrow$/;

describe('a snapshot of the log', () => {
  it('is made only when the directories of its slots last, whoever made the slots', async () => {
    const { io, table } = await newTable();
    await beginLogAt(io, table, 9_997n, Date.now());
    const writer = await table.openWriter({ commitUser: 'job' });
    for (let n = 0; n < 4; n++) await writer.append({ id: 1n, n });
    await writer.close({ flush: false });
    // another process: it has fsynced nothing of it
    const other = await (await openCatalog({ warehouse: '/w', fileIO: io })).table('db.t');
    io.calls.length = 0;
    await other.flush();
    const snapshot = io.calls.findIndex(({ name, path }) => name === 'createExclusive' && path.endsWith('/snapshot-1'));
    expect(snapshot).toBeGreaterThan(0);
    const before = io.calls.slice(0, snapshot);
    for (const directory of ['0000', '0001']) {
      const synced = before.some(({ name, path }) => name === 'syncDirectories' && path.endsWith(`/${directory}`));
      expect(synced, directory).toBe(true);
    }
  });

  it('is made of each slot once, by two at a time, too', async () => {
    const { io, table } = await newTable();
    const writer = await table.openWriter({ commitUser: 'job' });
    const other = await (await openCatalog({ warehouse: '/w', fileIO: io })).table('db.t');
    for (let n = 0; n < 5; n++) {
      await writer.append({ id: BigInt(n), n });
      await Promise.all([table.flush(), other.flush()]);
    }
    await writer.close();
    const files = await table.files();
    expect(files.reduce((sum, { file }) => sum + file.rowCount, 0)).toBe(5);
    expect(await table.verify()).toMatchObject({ ok: true });
  });

  it('is not made when there is nothing in the log but records', async () => {
    const { table } = await newTable();
    const writer = await table.openWriter({ commitUser: 'job' });
    expect(await table.flush()).toBeUndefined();
    await writer.append({ id: 1n, n: 1 });
    expect(await table.flush()).toBe(1n);
    expect(await table.flush()).toBeUndefined();
    await writer.close();
    expect((await table.snapshots()).length).toBe(1);
  });
});

describe('a process that opens a table', () => {
  /** Calls of a fresh process that opens the table, a writer, and reads all, after `past` commits of which the tree has all but three. */
  const opening = async (past: bigint) => {
    const { io, table } = await newTable();
    await beginLogAt(io, table, past, Date.now());
    const writer = await table.openWriter({ commitUser: 'job' });
    for (let n = 0; n < 4; n++) await writer.append({ id: BigInt(n), n });
    await table.flush();
    for (let n = 4; n < 7; n++) await writer.append({ id: BigInt(n), n });
    // killed: nothing is closed
    io.calls.length = 0;
    const other = await (await openCatalog({ warehouse: '/w', fileIO: io })).table('db.t');
    const next = await other.openWriter({ commitUser: 'job' });
    const calls = io.calls.length;
    const slots = [...new Set(io.calls.filter(({ name, path }) => name === 'readFile' && isSlot.test(path)).map(({ path }) => path))];
    expect((await other.scan().toArray()).length).toBe(7);
    const all = io.calls.length;
    await next.close({ flush: false });
    await writer.close({ flush: false });
    return { calls, all, slots: slots.map((path) => BigInt(path.slice(-26, -6)) - past) };
  };

  it('reads of its log what came after the newest tree record, however long that is', async () => {
    const short = await opening(1_003n);
    const long = await opening(1_000_003n);
    expect(long).toEqual(short);
    // the record is the sixth after the past, three commits follow, and what is looked for behind them is not there
    expect(long.slots.every((slot) => slot >= 6n && slot <= 10n)).toBe(true);
    expect(long.slots.length).toBeGreaterThan(2);
  });
});
