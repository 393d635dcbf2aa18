/**
 * The power fails after every acknowledged commit, on storage that keeps of what was not fsynced whatever it likes: bodies last
 * before their slots, slots before the snapshot that says it holds them, and nothing acknowledged is lost.
 */
import { expect, it } from 'vitest';
import { type Catalog, memoryFileIO, openCatalog, seededRandom, type Table, type TableWriter } from '../../src/index.js';
import { LogPath } from '../../src/log/log-path.js';
import { SlotStore } from '../../src/log/slot-store.js';
import { drawSeeds } from '../support/seeds.js';

const SEEDS = drawSeeds(process.env.WEIR_LONG === undefined ? 4 : 40);
const COMMITS = 40;

it.each(SEEDS)('loses nothing that was acknowledged, seed %i', async (seed) => {
  const random = seededRandom(seed);
  const int = (bound: number) => Math.floor(random.float() * bound);
  const names = seededRandom(seed + 2 ** 31);
  const io = memoryFileIO();
  const model = new Map<bigint, string>();
  const identifiers = new Map<string, bigint>();
  let catalog!: Catalog;
  let table!: Table;
  const open = async () => {
    catalog = await openCatalog({ warehouse: '/wh', fileIO: io, random: names });
  };
  await open();
  await catalog.createTable('db.t', {
    schema: { id: 'BIGINT NOT NULL', v: 'STRING' },
    primaryKey: ['id'],
    options: { bucket: 2, 'log.enabled': true, 'log.inline-max': '1 kb', 'snapshot.interval': '1 h' },
  });
  const next = (user: string) => {
    const identifier = (identifiers.get(user) ?? 0n) + 1n;
    identifiers.set(user, identifier);
    return identifier;
  };
  const someRows = (commit: number) =>
    Array.from({ length: 1 + int(random.float() < 0.3 ? 100 : 5) }, (_, i) => ({ id: BigInt(int(60)), v: `v${commit}-${i}` }));
  for (let commit = 1; commit <= COMMITS; commit++) {
    table = (await catalog.table('db.t')) as Table;
    const rows = someRows(commit);
    let writer: TableWriter | undefined = await table.openWriter({ commitUser: 'job' });
    if (random.float() < 0.3) {
      const committer = await table.openCommitter({ commitUser: 'parallel' });
      await writer.write(rows);
      await committer.commit(next('parallel'), await writer.prepareCommit());
      if (random.float() < 0.5) await committer.close({ flush: random.float() < 0.5 });
    } else {
      await writer.write(rows);
      await writer.commit({ identifier: next('job') });
    }
    for (const { id, v } of rows) model.set(id, v);
    if (random.float() < 0.3) await table.flush();
    if (random.float() < 0.1) await table.compact({ full: true });
    if (random.float() < 0.2) {
      await writer.close({ flush: random.float() < 0.5 });
      writer = undefined;
    }
    io.crash(random);
    await open();
    table = (await catalog.table('db.t')) as Table;
    const found = await table.scan().toArray();
    expect(found.length, `commit ${commit}`).toBe(model.size);
    expect(new Map(found.map((row) => [row.id, row.v])), `commit ${commit}`).toEqual(model);
    if (random.float() < 0.2) {
      await table.flush();
      io.crash(random);
      await open();
    }
  }
  for (const [user, identifier] of identifiers) {
    const committer = await (await catalog.table('db.t')).openCommitter({ commitUser: user });
    expect(await committer.lastIdentifier()).toBe(identifier);
  }
});

it.each([42n, 9_999n])('a slot that another process made lasts before the next one begins, slot %s', async (slot) => {
  for (let seed = 0; seed < 20; seed++) {
    const io = memoryFileIO();
    const store = new SlotStore(io, new LogPath('/wh/db.db/t', 'some-log'), { sync: true });
    await io.makeDirectory('/wh/db.db/t');
    await store.create();
    await store.publish(slot - 1n, Uint8Array.of(1));
    // it has not come to fsync the name
    await io.createExclusive(store.path.slot(slot), Uint8Array.of(2), { sync: 'file' });
    const atName = new Promise<void>((resolve) => {
      void store.publish(slot + 1n, Uint8Array.of(3), resolve);
    });
    await atName;
    io.crash(seededRandom(seed));
    for (const before of [slot - 1n, slot]) expect(await store.exists(before), `slot ${before}`).toBe(true);
  }
});
