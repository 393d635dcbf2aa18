import { expect, test } from 'vitest';
import { WeirError } from '../../src/base/error.js';
import { type Random, seededRandom } from '../../src/base/random.js';
import { abortMessages, commitTable } from '../../src/commit/table-commit.js';
import { faultyFileIO } from '../../src/io/faulty-file-io.js';
import type { FileIO } from '../../src/io/file-io.js';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import {
  dataFile,
  filesOf,
  interleaved,
  manifestFiles,
  message,
  namesOf,
  openTestTable,
  referencedManifests,
  watched,
  writeFiles,
} from '../support/commit-table.js';
import { testRandom } from '../support/seeds.js';

const isSnapshot = (path: string) => /\/snapshot-\d+$/.test(path);

/** `io` whose publishing of snapshots does its work and then fails, `times` times. */
function losingAnswers(io: FileIO, times: number): FileIO {
  let left = times;
  return new Proxy(io, {
    get(target, key) {
      const value = Reflect.get(target, key) as unknown;
      if (typeof value !== 'function') return value;
      if (key !== 'createExclusive') return value.bind(target);
      return async (path: string, bytes: Uint8Array) => {
        const created = await target.createExclusive(path, bytes);
        if (isSnapshot(path) && left-- > 0) throw new WeirError('UNAVAILABLE', 'the answer got lost');
        return created;
      };
    },
  });
}

function failing(io: FileIO, operation: string, matches: (path: string) => boolean, error: () => Error): FileIO {
  return watched(io, (called, path) => {
    if (called === operation && matches(path)) throw error();
  });
}

const ioError = (code = 'EIO') => new WeirError('UNAVAILABLE', `injected ${code}`, { cause: Object.assign(new Error(code), { code }) });

test('a snapshot whose answer got lost is found and not published twice', async () => {
  const memory = memoryFileIO();
  const table = await openTestTable(losingAnswers(memory, 1));
  const file = dataFile();
  const outcome = await commitTable(table, { commitUser: 'job', identifier: 1n, messages: [message({ newFiles: [file] })] });
  expect(outcome).toMatchObject({ snapshots: [1n], alreadyCommitted: false });
  expect(await table.snapshots.list()).toEqual([1n]);
  expect(await namesOf(table)).toEqual([file.fileName]);
  expect(await manifestFiles(table)).toEqual(await referencedManifests(table));
});

test('the answers of two attempts got lost, the first of which had lost its race', async () => {
  const memory = memoryFileIO();
  const other = await openTestTable(memory);
  const [theirs, ours] = [dataFile(), dataFile()];
  let raced = false;
  const io = watched(losingAnswers(memory, 2), async (operation, path) => {
    if (raced || operation !== 'createExclusive' || !isSnapshot(path)) return;
    raced = true;
    await commitTable(other, { commitUser: 'other', identifier: 1n, messages: [message({ newFiles: [theirs] })] });
  });
  const table = await openTestTable(io);
  const outcome = await commitTable(table, { commitUser: 'job', identifier: 1n, messages: [message({ newFiles: [ours] })] });
  expect(outcome).toMatchObject({ snapshots: [2n], alreadyCommitted: false });
  expect(await namesOf(other)).toEqual([theirs.fileName, ours.fileName].sort());
});

test('the same with the batch identifier, which says nothing', async () => {
  const table = await openTestTable(losingAnswers(memoryFileIO(), 1));
  const commit = () =>
    commitTable(table, { commitUser: 'job', identifier: 9223372036854775807n, messages: [message({ newFiles: [dataFile()] })] });
  expect((await commit()).snapshots).toEqual([1n]);
  expect((await commit()).snapshots).toEqual([2n]);
});

test('while the outcome is unknown nothing is deleted, neither by the commit nor by an abort', async () => {
  const memory = memoryFileIO();
  let published = false;
  const io = watched(memory, async (operation, path) => {
    if (published && (operation === 'readFile' || operation === 'exists')) throw ioError();
    if (operation !== 'createExclusive' || !isSnapshot(path)) return;
    published = true;
  });
  const table = await openTestTable(losingAnswers(io, 100));
  const messages = [message({ newFiles: [dataFile()] })];
  await writeFiles(table, messages);
  const commit = () => commitTable(table, { commitUser: 'job', identifier: 1n, messages });
  await expect(commit()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('not known') });
  const before = memory.paths();
  published = false;
  // the storage is back: the messages are part of the table, and an abort that does not know it leaves them
  await abortMessages(table, messages);
  expect(memory.paths()).toEqual(before);
  expect(await commit()).toMatchObject({ snapshots: [], alreadyCommitted: true });
  expect((await filesOf(table)).length).toBe(1);
});

test('an error of an aborted commit does not hide that it was published', async () => {
  const controller = new AbortController();
  const memory = memoryFileIO();
  const io = watched(memory, (operation, path) => {
    if (operation === 'createExclusive' && isSnapshot(path)) controller.abort(new Error('enough'));
  });
  const table = await openTestTable(losingAnswers(io, 1));
  const outcome = await commitTable(
    table,
    { commitUser: 'job', identifier: 1n, messages: [message({ newFiles: [dataFile()] })] },
    controller.signal,
  );
  expect(outcome.snapshots).toEqual([1n]);
});

test('a passing failure of publishing is tried again; a full disk is told at once and leaves nothing', async () => {
  const memory = memoryFileIO();
  let failures = 2;
  const passing = watched(memory, (operation, path) => {
    if (operation === 'createExclusive' && isSnapshot(path) && failures-- > 0) throw ioError();
  });
  const table = await openTestTable(passing);
  expect(
    (await commitTable(table, { commitUser: 'job', identifier: 1n, messages: [message({ newFiles: [dataFile()] })] })).snapshots,
  ).toEqual([1n]);
  expect(table.events.filter((event) => event.type === 'retry').length).toBe(2);
  expect(await manifestFiles(table)).toEqual(await referencedManifests(table));
  for (const place of [
    isSnapshot,
    (path: string) => path.includes('/manifest-list-'),
    (path: string) => /\/manifest-[0-9a-f]/.test(path),
  ]) {
    const full = failing(memory, place === isSnapshot ? 'createExclusive' : 'writeFile', place, () => ioError('ENOSPC'));
    const other = await openTestTable(full);
    await expect(
      commitTable(other, { commitUser: 'job', identifier: 2n, messages: [message({ newFiles: [dataFile()] })] }),
    ).rejects.toMatchObject({ message: 'injected ENOSPC' });
    expect(other.events).toEqual([]);
    expect(await manifestFiles(table)).toEqual(await referencedManifests(table));
  }
  expect((await table.snapshots.latest())!.id).toBe(1n);
});

test('a lost hint is no failure', async () => {
  const memory = memoryFileIO();
  const table = await openTestTable(failing(memory, 'replace', (path) => path.endsWith('/LATEST'), ioError));
  for (let identifier = 1n; identifier <= 3n; identifier++) {
    await commitTable(table, { commitUser: 'job', identifier, messages: [message({ newFiles: [dataFile()] })] });
  }
  expect((await table.snapshots.latest())!.id).toBe(3n);
});

test('attempts end: the commit says so and leaves no manifest', async () => {
  const memory = memoryFileIO();
  const other = await openTestTable(memory);
  let rounds = 0n;
  const io = watched(memory, async (operation, path) => {
    // somebody else is always faster
    if (operation !== 'createExclusive' || !isSnapshot(path)) return;
    await commitTable(other, { commitUser: 'other', identifier: ++rounds, messages: [message({ newFiles: [dataFile()] })] });
  });
  const table = await openTestTable(io, { options: { 'commit.max-retries': '3' } });
  await expect(
    commitTable(table, { commitUser: 'job', identifier: 1n, messages: [message({ newFiles: [dataFile()] })] }),
  ).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('gave up after 4 attempts'),
  });
  expect(rounds).toBe(4n);
  expect(table.events.map((event) => event.type)).toEqual(['retry', 'retry', 'retry', 'retry']);
  expect(await manifestFiles(other)).toEqual(await referencedManifests(other));
});

test('the snapshot an attempt builds on may expire under it', async () => {
  const memory = memoryFileIO();
  const other = await openTestTable(memory);
  await commitTable(other, { commitUser: 'other', identifier: 1n, messages: [message({ newFiles: [dataFile()] })] });
  let once = true;
  const io = watched(memory, async (operation, path) => {
    if (!once || operation !== 'readFile' || !path.includes('/manifest-list-')) return;
    once = false;
    const old = await other.snapshots.read(1n);
    await commitTable(other, { commitUser: 'other', identifier: 2n, messages: [message({ newFiles: [dataFile()] })] });
    await memory.remove(other.path.manifest(old.baseManifestList));
    await memory.remove(other.path.snapshot(1n));
  });
  const table = await openTestTable(io);
  expect(
    (await commitTable(table, { commitUser: 'job', identifier: 1n, messages: [message({ newFiles: [dataFile()] })] })).snapshots,
  ).toEqual([3n]);
  expect((await filesOf(other)).length).toBe(3);
});

test('random faults: each identifier once, no file of the table missing, retried until acknowledged', async () => {
  const random = testRandom();
  const memory = memoryFileIO();
  const split = (): Random => seededRandom(Math.floor(random.float() * 1e9));
  const faults = { before: 0.03, after: 0.03 };
  const writers = await Promise.all(
    [0, 1, 2].map(async () => {
      const faulty = faultyFileIO(interleaved(memory, split()), split());
      const table = await openTestTable(faulty, { random: split(), options: { 'commit.max-retries': '20' } });
      Object.assign(faulty.plan, faults);
      return { table, faulty };
    }),
  );
  const expected = new Map<string, string>();
  await Promise.all(
    writers.map(async ({ table }, user) => {
      for (let identifier = 1n; identifier <= 12n; identifier++) {
        const file = dataFile();
        expected.set(`${user}/${identifier}`, file.fileName);
        const committable = { commitUser: `user${user}`, identifier, messages: [message({ newFiles: [file] })] };
        for (let attempt = 0; ; attempt++) {
          expect(attempt).toBeLessThan(100);
          const outcome = await commitTable(table, committable).catch((error: unknown) => error);
          if (!(outcome instanceof Error)) break;
          expect(outcome).toMatchObject({ code: 'UNAVAILABLE' });
        }
      }
    }),
  );
  expect(writers.some(({ faulty }) => faulty.faults > 0)).toBe(true);
  const table = await openTestTable(memory);
  expect(await namesOf(table)).toEqual([...expected.values()].sort());
  expect((await table.snapshots.list()).length).toBe(36);
  const present = await manifestFiles(table);
  for (const name of await referencedManifests(table)) expect(present).toContain(name);
});
