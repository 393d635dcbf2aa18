/** Rows of a writer whose snapshots another committer overwrites. */
import { expect, test } from 'vitest';
import { bigint, type FileIO, memoryFileIO, string, type WeirEvent } from '../../src/index.js';
import { FAST, memoryCatalog, put } from '../support/memory-catalog.js';
import { afterPublishing, beforeSnapshot } from '../support/overwriting-committer.js';

interface Person {
  id: bigint;
  name: string;
}

const NAME = 'db.people';

async function create(io: FileIO, primaryKey: boolean) {
  const opened = await memoryCatalog(io);
  const table = await opened.catalog.createTable(NAME, {
    schema: { id: bigint().notNull(), name: string() },
    ...(primaryKey && { primaryKey: ['id'] }),
    options: { ...FAST, bucket: primaryKey ? 1 : -1 },
  });
  return { ...opened, table };
}

let seed = 100;

/** Another process puts rows in the place of snapshot `id`. */
async function overwrite(io: FileIO, id: bigint, rows: Person[]) {
  const { catalog } = await memoryCatalog(beforeSnapshot(io, id), { seed: ++seed });
  await put(await catalog.table<Person>(NAME), rows, { commitUser: `foreign-${seed}`, writeOnly: true });
}

async function rowsOf(io: FileIO): Promise<Person[]> {
  const { catalog } = await memoryCatalog(io, { seed: ++seed });
  const rows = await (await catalog.table<Person>(NAME)).scan().toArray();
  return rows.sort((a, b) => Number(a.id - b.id));
}

const person = (id: number, name = `p${id}`): Person => ({ id: BigInt(id), name });
const overwritten = (events: WeirEvent[]) => events.filter((event) => event.type === 'overwritten');

for (const primaryKey of [true, false]) {
  test(`every row is there once (${primaryKey ? 'primary key' : 'append'} table)`, async () => {
    const memory = memoryFileIO();
    const { table, events } = await create(
      afterPublishing(memory, async (id) => {
        // right after the link, twice in a row
        if (id === 2n || id === 3n) await overwrite(memory, id, [person(Number(id) * 100)]);
      }),
      primaryKey,
    );
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.write([person(1), person(2)]);
    expect(await writer.commit()).toMatchObject({ snapshot: 1n, identifier: 1n });
    await writer.write([person(3)]);
    expect(await writer.commit()).toMatchObject({ snapshot: 4n, identifier: 2n });
    // between the acknowledgement and the next commit: 4 is the job's, and becomes another's
    await overwrite(memory, 4n, [person(400)]);
    await writer.write([person(4)]);
    expect(await writer.commit()).toMatchObject({ snapshot: 6n, identifier: 3n });
    // between the last commit and the end
    await overwrite(memory, 6n, [person(600)]);
    await writer.close();
    expect((await rowsOf(memory)).map((row) => Number(row.id))).toEqual([1, 2, 3, 4, 200, 300, 400, 600]);
    expect(overwritten(events).map((event) => event.type === 'overwritten' && event.snapshot)).toEqual([2n, 3n, 4n, 6n]);
    expect(table.metrics().commitsOverwritten).toBe(4);
    expect((await table.snapshots()).map((snapshot) => snapshot.commitUser === 'job' && snapshot.commitIdentifier)).toEqual([
      1n,
      false,
      false,
      false,
      2n,
      false,
      3n,
    ]);
  });
}

test('rows that are committed again keep their sequence numbers: the greater one wins, as ever', async () => {
  const memory = memoryFileIO();
  const { table } = await create(memory, true);
  const writer = await table.openWriter({ commitUser: 'job', writeOnly: true });
  await writer.write([person(1, 'old')]);
  await writer.commit();
  await writer.write([person(2, 'job')]);
  await writer.commit();
  // both numbered from 1: the other one's second row of key 2 is newer than the job's only one
  await overwrite(memory, 2n, [person(3), person(2, 'theirs')]);
  await writer.close();
  expect(await rowsOf(memory)).toEqual([person(1, 'old'), person(2, 'theirs'), person(3)]);
});

test('a committer looks after what it committed, too', async () => {
  const memory = memoryFileIO();
  const { table, events } = await create(memory, true);
  const writer = await table.openWriter({ writeOnly: true });
  const committer = await table.openCommitter({ commitUser: 'job' });
  await writer.write([person(1)]);
  await committer.commit(7n, await writer.prepareCommit());
  await overwrite(memory, 1n, [person(100)]);
  await writer.write([person(2)]);
  expect(await committer.commit(8n, await writer.prepareCommit())).toMatchObject({ snapshot: 3n });
  await overwrite(memory, 3n, [person(300)]);
  await committer.close();
  await writer.close();
  expect((await rowsOf(memory)).map((row) => Number(row.id))).toEqual([1, 2, 100, 300]);
  expect(overwritten(events)).toMatchObject([
    { snapshot: 1n, identifier: 7n },
    { snapshot: 3n, identifier: 8n },
  ]);
});

test('a job that was killed and restarts under the same identifier writes its rows again', async () => {
  const memory = memoryFileIO();
  const { table } = await create(memory, false);
  const writer = await table.openWriter({ commitUser: 'job' });
  await writer.write([person(1)]);
  await writer.commit({ identifier: 1n });
  await overwrite(memory, 1n, [person(100)]);
  const { catalog } = await memoryCatalog(memory, { seed: ++seed });
  const restarted = await put(await catalog.table<Person>(NAME), [person(1)], { commitUser: 'job', identifier: 1n });
  expect(restarted).toMatchObject({ snapshot: 2n, alreadyCommitted: false });
  expect((await rowsOf(memory)).map((row) => Number(row.id))).toEqual([1, 100]);
});
