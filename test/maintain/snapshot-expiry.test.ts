import { describe, expect, test } from 'vitest';
import { type Random, seededRandom } from '../../src/base/random.js';
import { commitTable } from '../../src/commit/table-commit.js';
import { faultyFileIO } from '../../src/io/faulty-file-io.js';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import { expireSnapshots } from '../../src/maintain/snapshot-expiry.js';
import type { CommitMessage } from '../../src/meta/commit-message.js';
import type { DataFileMeta } from '../../src/meta/data-file-meta.js';
import { formatSnapshot } from '../../src/meta/snapshot.js';
import { dataFile, interleaved, message, openTestTable, type TestTable, writeFiles } from '../support/commit-table.js';
import { recordedIO } from '../support/recorded-io.js';
import { integerBetween, pick, testRandom } from '../support/seeds.js';
import { expectNoMoreNoLess, files, tagSnapshot } from './expiry-fixture.js';

const HOUR_MS = 3_600_000;
const keep = (count: number) => ({ 'snapshot.num-retained.min': String(count), 'snapshot.num-retained.max': String(count) });

async function commit(table: TestTable, messages: readonly CommitMessage[]): Promise<void> {
  await writeFiles(table, messages);
  await commitTable(table, { commitUser: 'job', identifier: 9223372036854775807n, messages });
  table.clock.time_ms += 60_000;
}

/** `count` snapshots, a minute apart, each adding a file. */
async function grow(table: TestTable, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await commit(table, [message({ newFiles: [dataFile()], changelogFiles: [dataFile()] })]);
}

describe('which snapshots go', () => {
  test('none while there are not more than num-retained.min, however old', async () => {
    const table = await openTestTable(memoryFileIO());
    expect(await expireSnapshots(table)).toEqual({ expired: 0, filesDeleted: 0, earliest: undefined });
    await grow(table, 10);
    table.clock.time_ms += 100 * HOUR_MS;
    expect(await expireSnapshots(table)).toEqual({ expired: 0, filesDeleted: 0, earliest: 1n });
    await grow(table, 2);
    expect(await expireSnapshots(table)).toMatchObject({ expired: 2, earliest: 3n });
    expect(await table.snapshots.list()).toEqual(Array.from({ length: 10 }, (_, i) => BigInt(i + 3)));
    expect(Buffer.from(await table.io.readFile(table.path.earliestHint)).toString()).toBe('3');
    await expectNoMoreNoLess(table);
  });

  test('none that is younger than time-retained, by the time of the next one', async () => {
    const table = await openTestTable(memoryFileIO(), { options: { 'snapshot.num-retained.min': '1' } });
    await grow(table, 5);
    // snapshot 3 was made an hour and a half minute ago, snapshot 2 was the latest until then
    table.clock.time_ms += HOUR_MS - 3 * 60_000 + 30_000;
    expect(await expireSnapshots(table)).toMatchObject({ expired: 2, earliest: 3n });
  });

  test('all beyond num-retained.max, however young', async () => {
    const table = await openTestTable(memoryFileIO(), { options: { 'snapshot.num-retained.min': '2', 'snapshot.num-retained.max': '4' } });
    await grow(table, 9);
    expect(await expireSnapshots(table)).toMatchObject({ expired: 5, earliest: 6n });
    await expectNoMoreNoLess(table);
  });

  test('a power loss in the middle leaves a sign of what is on its way out', async () => {
    const memory = memoryFileIO();
    const table = await openTestTable(memory, { options: keep(1) });
    await grow(table, 4);
    const io = faultyFileIO(memory, seededRandom(1), { before: 1, operations: new Set(['remove'] as const) });
    await expect(expireSnapshots({ ...table, io })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    memory.crash();
    expect(await table.snapshots.exists(3n)).toBe(true);
    expect(await table.snapshots.isHeld(3n)).toBe(false);
    expect(await table.snapshots.isHeld(4n)).toBe(true);
  });

  test('at most expire.limit at once', async () => {
    const table = await openTestTable(memoryFileIO(), { options: { ...keep(1), 'snapshot.expire.limit': '3' } });
    await grow(table, 9);
    expect(await expireSnapshots(table)).toMatchObject({ expired: 3, earliest: 4n });
    expect(await expireSnapshots(table, { limit: 1 })).toMatchObject({ expired: 1, earliest: 5n });
    expect(await expireSnapshots(table, { limit: 100 })).toMatchObject({ expired: 4, earliest: 9n });
    expect(await expireSnapshots(table)).toMatchObject({ expired: 0, earliest: 9n });
    await expectNoMoreNoLess(table);
  });

  test('none a consumer still needs', async () => {
    const table = await openTestTable(memoryFileIO(), { options: keep(1) });
    await grow(table, 9);
    await table.consumers.write('slow', 4n);
    await table.consumers.write('fast', 8n);
    expect(await expireSnapshots(table)).toMatchObject({ expired: 3, earliest: 4n });
    await table.consumers.write('slow', 2n);
    expect(await expireSnapshots(table)).toMatchObject({ expired: 0, earliest: 4n });
    await table.consumers.remove('slow');
    expect(await expireSnapshots(table)).toMatchObject({ expired: 4, earliest: 8n });
  });

  test('a changelog that outlives its snapshots is refused', async () => {
    const table = await openTestTable(memoryFileIO(), { options: { ...keep(1), 'changelog.num-retained.max': '2' } });
    await grow(table, 3);
    await expect(expireSnapshots(table)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('changelog.num-retained.max'),
    });
    expect((await table.snapshots.list()).length).toBe(3);
  });
});

describe('which files go', () => {
  test('compacted files, once no snapshot has them; an upgraded file stays', async () => {
    const table = await openTestTable(memoryFileIO(), { options: keep(1) });
    const [a, b, merged] = [dataFile({ extraFiles: ['a.index'] }), dataFile({ min: 20, max: 30 }), dataFile({ level: 5 })];
    await commit(table, [message({ newFiles: [a, b] })]);
    await commit(table, [message({ compactBefore: [a, b], compactAfter: [merged, { ...b, level: 5 }] })]);
    await expireSnapshots(table);
    const left = (await table.io.list(table.path.bucket('', 0))).map((stat) => stat.path);
    expect(left.sort()).toEqual([table.path.dataFile('', 0, merged), table.path.dataFile('', 0, b)].sort());
    await expectNoMoreNoLess(table);
  });

  test('a tag keeps the files of its snapshot, its manifests and its changelog', async () => {
    const table = await openTestTable(memoryFileIO(), { options: keep(1) });
    const old = dataFile();
    await commit(table, [message({ newFiles: [old], changelogFiles: [dataFile()] })]);
    await tagSnapshot(table, 1n, 'v1');
    await commit(table, [message({ compactBefore: [old], compactAfter: [dataFile({ level: 5 })] })]);
    await grow(table, 5);
    await expireSnapshots(table);
    expect(await table.snapshots.list()).toEqual([7n]);
    expect(await table.io.exists(table.path.dataFile('', 0, old))).toBe(true);
    await expectNoMoreNoLess(table);
  });

  test('a tag that is older than all snapshots keeps the manifests it shares with them', async () => {
    const table = await openTestTable(memoryFileIO(), { options: { ...keep(2), 'manifest.merge-min-count': '6' } });
    await grow(table, 3);
    await tagSnapshot(table, 2n, 'v1');
    await grow(table, 2);
    await expireSnapshots(table);
    expect(await table.snapshots.list()).toEqual([4n, 5n]);
    // now the manifests of the tag are merged into one that snapshots have instead
    await grow(table, 5);
    await expireSnapshots(table);
    await expectNoMoreNoLess(table);
  });

  test('a branch keeps the files of its snapshots', async () => {
    const table = await openTestTable(memoryFileIO(), { options: keep(1) });
    const old = dataFile();
    await commit(table, [message({ newFiles: [old], changelogFiles: [dataFile()] })]);
    const before = await files(table);
    await table.io.writeFile(`${table.path.branchDirectory}/branch-b/snapshot/snapshot-1`, formatSnapshot(await table.snapshots.read(1n)));
    await commit(table, [message({ compactBefore: [old], compactAfter: [dataFile({ level: 5 })] })]);
    await grow(table, 3);
    await expireSnapshots(table);
    expect(await table.snapshots.list()).toEqual([5n]);
    expect(await files(table)).toEqual(expect.arrayContaining(before));
  });

  test('a changelog that outlived its snapshot keeps the files of its changes', async () => {
    const table = await openTestTable(memoryFileIO(), { options: { ...keep(1), 'manifest.merge-min-count': '2' } });
    const old = dataFile();
    await commit(table, [message({ newFiles: [old] })]);
    const first = await table.snapshots.read(1n);
    const { fileName: manifest } = (await table.manifests.readList(first.deltaManifestList))[0]!;
    await grow(table, 1);
    // as Java leaves it: the snapshot gone, its document in changelog/, its base list gone
    await table.io.writeFile(table.path.changelog(1n), formatSnapshot(first));
    await table.io.remove(table.path.snapshot(1n));
    await table.io.remove(table.path.manifest(first.baseManifestList));
    await commit(table, [message({ compactBefore: [old], compactAfter: [dataFile({ level: 5 })] })]);
    await grow(table, 3);
    await expireSnapshots(table);
    expect(await table.snapshots.list()).toEqual([6n]);
    for (const path of [table.path.manifest(first.deltaManifestList), table.path.manifest(manifest), table.path.dataFile('', 0, old)])
      expect(await table.io.exists(path), path).toBe(true);
  });

  test('a changelog list of a tag that Java took away hinders nothing', async () => {
    const table = await openTestTable(memoryFileIO(), { options: keep(1) });
    await commit(table, [message({ newFiles: [dataFile()], changelogFiles: [dataFile()] })]);
    await tagSnapshot(table, 1n, 'v1');
    const { changelogManifestList } = await table.snapshots.read(1n);
    await table.io.remove(table.path.manifest(changelogManifestList!));
    await grow(table, 3);
    await expireSnapshots(table);
    expect(await table.snapshots.list()).toEqual([4n]);
  });

  test('nothing goes while a manifest of what stays cannot be read', async () => {
    const table = await openTestTable(memoryFileIO(), { options: keep(1) });
    await grow(table, 4);
    const { baseManifestList } = (await table.snapshots.latest())!;
    await table.io.remove(table.path.manifest(baseManifestList));
    const before = await files(table);
    await expect(expireSnapshots(table)).rejects.toMatchObject({ code: 'CORRUPTION', file: table.path.manifest(baseManifestList) });
    expect(await files(table)).toEqual(before);
    expect((await table.snapshots.list()).length).toBe(4);
  });

  test('an aborted run is finished by the next one', async () => {
    const table = await openTestTable(memoryFileIO(), { options: keep(1) });
    await grow(table, 6);
    const reason = new Error('enough');
    await expect(expireSnapshots(table, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect((await table.snapshots.list()).length).toBe(6);
    await expireSnapshots(table);
    await expectNoMoreNoLess(table);
  });
});

/** Random appends, compactions, upgrades and overwrites of a table with partitions. */
class Workload {
  readonly #random: Random;
  readonly #live = new Map<string, DataFileMeta[]>();
  #key = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  async step(table: TestTable): Promise<void> {
    const random = this.#random;
    const partition = pick(random, ['a', 'b', 'c']);
    const live = this.#live.get(partition) ?? [];
    const kind = random.float();
    if (kind < 0.6 || live.length === 0) {
      const added = Array.from({ length: integerBetween(random, 1, 3) }, () => this.#file(0));
      const changelogFiles = random.float() < 0.5 ? [this.#file(0)] : [];
      this.#live.set(partition, [...live, ...added]);
      await commit(table, [message({ partition, newFiles: added, changelogFiles })]);
    } else if (kind < 0.9) {
      const before = live.filter(() => random.float() < 0.5);
      const after = before.map((file) => (random.float() < 0.3 && file.level < 5 ? { ...file, level: file.level + 1 } : this.#file(1)));
      this.#live.set(partition, [...live.filter((file) => !before.includes(file)), ...after]);
      await commit(table, [message({ partition, compactBefore: before, compactAfter: after })]);
    } else {
      const messages = [message({ partition, newFiles: [this.#file(0)] })];
      this.#live.set(partition, [...messages[0]!.newFiles]);
      await writeFiles(table, messages);
      await commitTable(table, { commitUser: 'job', identifier: 9223372036854775807n, messages, overwrite: { partitions: 'dynamic' } });
    }
  }

  /** keys of their own, so that no level overlaps */
  #file(level: number): DataFileMeta {
    this.#key += 10;
    return dataFile({ level, min: this.#key, max: this.#key + 5, extraFiles: this.#random.float() < 0.2 ? [`x-${this.#key}.index`] : [] });
  }
}

describe('whatever happened before', () => {
  const options = { ...keep(3), 'manifest.merge-min-count': '3', 'snapshot.expire.limit': '4' };

  test('exactly the files of what is left exist', async () => {
    const random = testRandom();
    const table = await openTestTable(memoryFileIO(), { partitioned: true, options });
    const workload = new Workload(random);
    for (let step = 0; step < 120; step++) {
      await workload.step(table);
      const ids = await table.snapshots.list();
      if (random.float() < 0.08) await tagSnapshot(table, pick(random, ids), `t${step}`);
      if (random.float() < 0.3) {
        await expireSnapshots(table);
        await expectNoMoreNoLess(table);
      }
    }
  });

  test('one that another overtakes amid its plan lets it be', async () => {
    const memory = memoryFileIO();
    const table = await openTestTable(memory, { options: keep(2) });
    await grow(table, 3);
    const { deltaManifestList } = await table.snapshots.read(2n);
    const io = recordedIO(memory);
    io.before = async ({ name, path }) => {
      if (name !== 'readFile' || !path.endsWith(deltaManifestList)) return;
      io.before = undefined;
      // others commit and expire meanwhile
      const quick = await openTestTable(memory, { options: keep(2), random: seededRandom(7) });
      await grow(quick, 3);
      await expireSnapshots(quick);
    };
    const slow = await openTestTable(io, { options: keep(2), random: seededRandom(8) });
    expect(await expireSnapshots(slow)).toEqual({ expired: 0, filesDeleted: 0, earliest: 5n });
    await expectNoMoreNoLess(table);
  });

  test('two expiries at once, beside a committer', async () => {
    const random = testRandom();
    const memory = memoryFileIO();
    const io = interleaved(memory, random);
    const open = () => openTestTable(io, { partitioned: true, options, random: seededRandom(Math.floor(random.float() * 1e9)) });
    const [writer, first, second] = [await open(), await open(), await open()];
    const workload = new Workload(random);
    for (let round = 0; round < 15; round++) {
      for (let step = 0; step < 4; step++) await workload.step(writer);
      await Promise.all([workload.step(writer), expireSnapshots(first), expireSnapshots(second, { limit: integerBetween(random, 1, 6) })]);
    }
    await expireSnapshots(first, { limit: 1_000 });
    await expectNoMoreNoLess(await openTestTable(memory, { partitioned: true, options }));
  });

  test('expiries that die at any point', async () => {
    const random = testRandom();
    const memory = memoryFileIO();
    const writer = await openTestTable(memory, { partitioned: true, options });
    const workload = new Workload(random);
    for (let round = 0; round < 25; round++) {
      for (let step = 0; step < 4; step++) await workload.step(writer);
      const dying = faultyFileIO(memory, seededRandom(round));
      const table = await openTestTable(dying, { partitioned: true, options });
      dying.plan.stopAfter = dying.calls + integerBetween(random, 1, 90);
      await expireSnapshots(table).catch(() => undefined);
      await workload.step(writer);
    }
    const table = await openTestTable(memory, { partitioned: true, options });
    await expireSnapshots(table, { limit: 1_000 });
    await expectNoMoreNoLess(table);
  });
});
