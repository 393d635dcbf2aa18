/**
 * One side writes and compacts while the other expires snapshots and removes orphan files: no live file goes, stale ones do.
 *
 * The table has a past when the removal begins: its files are back-dated beyond the age limit, so that nothing but being
 * referenced keeps them; beside them lie files of the same age that no snapshot names. What is written meanwhile is
 * younger than the limit, which is longer than any commit here.
 */
import { copyFileSync, existsSync, readdirSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCatalog, type Table } from '../../src/index.js';
import { integerBetween, testRandom } from '../support/seeds.js';
import { tempDir } from '../support/temp-dir.js';
import { JAVA_VERSIONS, JavaPaimon, type JavaTable } from './support/java-paimon.js';
import { lineOf, scanLines, writeLines } from './support/weir-lines.js';

const LIMIT_MS = 60 * 60 * 1000;
const PAST_COMMITS = 8;
const COMMITS = 15;
const KEEP = 3;

describe.each(JAVA_VERSIONS)('weir and Java %s', (version) => {
  let java: JavaPaimon;
  beforeAll(() => {
    java = new JavaPaimon(version);
  });
  afterAll(() => java.close());

  describe.each([
    { log: true, which: 'a table with a log' },
    { log: false, which: 'a table without one' },
  ])('$which', ({ log }) => {
    it('Java expires snapshots and removes orphan files, weir writes', async () => {
      const world = await makeWorld(java, log, 'Java');
      const { weir, javaTable } = world;
      for (let commit = 0; commit < PAST_COMMITS; commit++) await weirCommits(world);
      const stale = makePast(weir.path);
      const removed = await meanwhile(
        COMMITS,
        () => weirCommits(world),
        async () => {
          await javaTable.expire(KEEP);
          // a temporary file that vanishes while Java looks has no age, and is told as removed
          return (await javaTable.removeOrphans(Date.now() - LIMIT_MS)).filter((path) => !/\/\.[^/]+\.tmp$/.test(path));
        },
      );
      expect(removed).toEqual(stale);
      await weir.flush();
      await javaTable.expire(KEEP);
      await expectWhole(world, stale);
    });

    it('weir expires snapshots and removes orphan files, Java writes', async () => {
      const world = await makeWorld(java, log, 'weir');
      const { weir } = world;
      for (let commit = 0; commit < PAST_COMMITS; commit++) await javaCommits(world);
      if (log) await leaveInLog(world);
      const stale = makePast(weir.path);
      const removed = await meanwhile(
        COMMITS,
        () => javaCommits(world),
        async () => {
          await weir.expire();
          const { files } = await weir.removeOrphanFiles({ olderThan: Date.now() - LIMIT_MS });
          return files.map(({ path }) => path);
        },
      );
      expect(removed).toEqual(stale);
      await weir.flush();
      await weir.expire();
      await expectWhole(world, stale);
    });
  });
});

interface World {
  readonly weir: Table;
  readonly javaTable: JavaTable;
  /** id to line */
  readonly model: Map<number, string>;
  /** upserts and deletes as lines; the model has taken them in */
  readonly changes: () => string[];
  commits: number;
}

/** @param expirer whose snapshots are few; the other's option lets all stay, for weir expires whenever it materialises */
async function makeWorld(java: JavaPaimon, log: boolean, expirer: 'Java' | 'weir'): Promise<World> {
  const warehouse = tempDir();
  const catalog = await openCatalog({ warehouse, threads: 1 });
  const weir = await catalog.createTable('db.t', {
    schema: { id: 'INT NOT NULL', part: 'STRING NOT NULL', text: 'STRING' } as Record<string, string>,
    primaryKey: ['part', 'id'],
    partitionBy: ['part'],
    options: {
      bucket: '2',
      'manifest.merge-min-count': '4',
      'changelog-producer': 'input',
      'snapshot.num-retained.min': expirer === 'weir' ? KEEP : 1000,
      'snapshot.num-retained.max': expirer === 'weir' ? KEEP : 1000,
      'commit.fsync': false,
      'log.enabled': log,
      'snapshot.interval': '1 h',
      // most commits have a body
      'log.inline-max': '1 kb',
    },
  });
  const random = testRandom();
  const model = new Map<number, string>();
  const changes = () =>
    Array.from({ length: 20 }, () => {
      const id = integerBetween(random, 0, 100);
      const row = { id, part: id % 3 === 0 ? 'a' : 'b', text: `${random.float()}` };
      if (random.float() < 0.2) {
        model.delete(id);
        return lineOf(row, '-D');
      }
      model.set(id, lineOf(row));
      return lineOf(row);
    });
  return { weir, javaTable: java.table(warehouse, 'db.t', 'linking'), model, changes, commits: 0 };
}

/** `write-only`: expiry is the other side's. With a log one commit of three stays there until the next. */
async function weirCommits(world: World): Promise<void> {
  const { weir } = world;
  const writer = await weir.openWriter({ commitUser: 'weir', writeOnly: true });
  await writeLines(weir, writer, world.changes());
  await writer.commit();
  await writer.close({ flush: ++world.commits % 3 !== 1 });
  if (world.commits % 3 === 0) await weir.compact({ full: world.commits % 2 === 0 });
}

/** Rows of keys that Java does not write, in no snapshot. */
async function leaveInLog({ weir, model }: World): Promise<void> {
  const rows = [1001, 1002].map((id) => [id, lineOf({ id, part: 'a', text: 'in the log' })] as const);
  await using writer = await weir.openWriter({ commitUser: 'weir' });
  await writeLines(
    weir,
    writer,
    rows.map(([, line]) => line),
  );
  await writer.commit();
  await writer.close({ flush: false });
  for (const [id, line] of rows) model.set(id, line);
}

async function javaCommits(world: World): Promise<void> {
  const identifier = 2 * ++world.commits;
  await world.javaTable.write(world.changes(), { user: 'java', identifier, options: { 'write-only': 'true' } });
  if (world.commits % 3 !== 0) return;
  // compacting needs write-only=false, and then Java expires, too: not here
  const options = { 'snapshot.num-retained.min': '1000', 'snapshot.num-retained.max': '1000' };
  await world.javaTable.compact({ user: 'java', identifier: identifier + 1, full: world.commits % 2 === 0, options });
}

/** Makes every file older than the limit, and adds some of the same age that nothing names: those, sorted. */
function makePast(root: string): string[] {
  const old_s = (Date.now() - 2 * LIMIT_MS) / 1000;
  const files = filesUnder(root);
  const stale = ['data-', 'changelog-', 'manifest-', 'manifest-list-'].map((prefix) => {
    const like = files.find((file) => new RegExp(`/${prefix}[0-9a-f]{8}-`).test(file))!;
    const copy = join(dirname(like), `${prefix}00000000-0000-4000-8000-000000000000-0${/\.\w+$/.exec(like)?.[0] ?? ''}`);
    copyFileSync(like, copy);
    return copy;
  });
  for (const file of [...files, ...stale]) utimesSync(file, old_s, old_s);
  return stale.sort();
}

/** Commits, and removes again and again until they are through and once more: what was removed, sorted. */
async function meanwhile(commits: number, commit: () => Promise<void>, remove: () => Promise<string[]>): Promise<string[]> {
  let writing = true;
  const removed: string[] = [];
  const remover = async () => {
    for (let last = false; !last; ) {
      last = !writing;
      removed.push(...(await remove()));
      // weir's small local reads are synchronous: without a pause nothing else would have its turn
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const writer = async () => {
    try {
      for (let i = 0; i < commits; i++) await commit();
    } finally {
      writing = false;
    }
  };
  await Promise.all([remover(), writer()]);
  return removed.sort();
}

/** Both read the model, and every snapshot that is left; expiry ran, and the stale files are gone. */
async function expectWhole({ weir, javaTable, model }: World, stale: readonly string[]): Promise<void> {
  expect(stale.filter((file) => existsSync(file))).toEqual([]);
  const expected = [...model.values()].sort();
  expect(await scanLines(weir.scan())).toEqual(expected);
  expect(await javaTable.read()).toEqual(expected);
  expect((await weir.verify()).problems).toEqual([]);
  const snapshots = await weir.snapshots();
  expect(snapshots.length).toBe(KEEP);
  for (const { id } of snapshots) {
    const lines = await scanLines(weir.scan({ at: { snapshot: id } }));
    expect(await javaTable.read({ 'scan.snapshot-id': String(id) }), `snapshot ${id}`).toEqual(lines);
  }
}

function filesUnder(root: string): string[] {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
