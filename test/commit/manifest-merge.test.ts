import { expect, test } from 'vitest';
import type { Random } from '../../src/base/random.js';
import { ManifestMerger } from '../../src/commit/manifest-merge.js';
import { commitTable } from '../../src/commit/table-commit.js';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import { entryIdentity, liveEntries } from '../../src/meta/file-entry-state.js';
import { ADD, DELETE_FILE, type ManifestEntry } from '../../src/meta/manifest-entry.js';
import type { ManifestFileMeta } from '../../src/meta/manifest-list.js';
import { dataFile, filesOf, message, openTestTable, partitionOf, type TestTable, watched } from '../support/commit-table.js';
import { integerBetween, pick, testRandom } from '../support/seeds.js';

const LARGE = 1 << 30;

function entry(kind: number, partition: string, file = dataFile()): ManifestEntry {
  return { kind, partition: partitionOf(partition), bucket: 0, totalBuckets: 2, file };
}

async function write(table: TestTable, entries: readonly ManifestEntry[]): Promise<ManifestFileMeta> {
  const [meta, ...others] = await table.manifests.writeEntries(entries, table.schema);
  expect(others).toEqual([]);
  return meta!;
}

async function live(table: TestTable, list: readonly ManifestFileMeta[]): Promise<string[]> {
  const manifests = await Promise.all(list.map((manifest) => table.manifests.readEntries(manifest.fileName)));
  return liveEntries(manifests).map(entryIdentity).sort();
}

/** Manifests of random changes: additions, deletions of what is there, upgrades. */
async function randomManifests(table: TestTable, random: Random, count: number): Promise<ManifestFileMeta[]> {
  const state: ManifestEntry[] = [];
  const list: ManifestFileMeta[] = [];
  for (let i = 0; i < count; i++) {
    const entries: ManifestEntry[] = [];
    for (let changes = integerBetween(random, 1, 12); changes > 0; changes--) {
      const kind = random.float();
      if (kind < 0.6 || state.length === 0) {
        const added = entry(ADD, pick(random, ['a', 'b', 'c', 'd']));
        entries.push(added);
        state.push(added);
        continue;
      }
      const [gone] = state.splice(integerBetween(random, 0, state.length - 1), 1);
      entries.push({ ...gone!, kind: DELETE_FILE });
      if (kind > 0.85 && gone!.file.level < 5) {
        const upgraded = { ...gone!, file: { ...gone!.file, level: gone!.file.level + 1 } };
        entries.push(upgraded);
        state.push(upgraded);
      }
    }
    list.push(await write(table, entries));
  }
  return list;
}

test('few small manifests stay as they are', async () => {
  const table = await openTestTable(memoryFileIO(), { partitioned: true });
  const merger = new ManifestMerger(table.manifests, { targetSize_bytes: LARGE, minCount: 4, fullThreshold_bytes: LARGE });
  const list = await Promise.all(['a', 'b', 'c'].map((partition) => write(table, [entry(ADD, partition)])));
  expect(await merger.merge(list, table.schema)).toEqual(list);
  expect(merger.written).toEqual([]);
});

test('enough of them become one, without what was added and deleted since; deletions of older files stay', async () => {
  const table = await openTestTable(memoryFileIO(), { partitioned: true });
  const merger = new ManifestMerger(table.manifests, { targetSize_bytes: LARGE, minCount: 3, fullThreshold_bytes: LARGE });
  const [kept, gone, older] = [entry(ADD, 'a'), entry(ADD, 'b'), entry(DELETE_FILE, 'c')];
  const list = [await write(table, [kept, gone]), await write(table, [{ ...gone, kind: DELETE_FILE }]), await write(table, [older])];
  const [merged, ...others] = await merger.merge(list, table.schema);
  expect(others).toEqual([]);
  expect(merged).toMatchObject({ numAddedFiles: 1, numDeletedFiles: 1 });
  expect(await table.manifests.readEntries(merged!.fileName)).toEqual([kept, older]);
  // the next attempt meets the same group and does not write it again
  expect(await merger.merge(list, table.schema)).toEqual([merged]);
  expect(merger.written).toEqual([merged!.fileName]);
});

test('a full merge leaves manifests alone that no deletion touches, and no deletion', async () => {
  const table = await openTestTable(memoryFileIO(), { partitioned: true });
  const [a, b] = [entry(ADD, 'a'), entry(ADD, 'b')];
  const large = await write(table, [a, ...Array.from({ length: 20 }, () => entry(ADD, 'a'))]);
  const touched = await write(table, [b, ...Array.from({ length: 20 }, () => entry(ADD, 'b'))]);
  const deletion = await write(table, [{ ...b, kind: DELETE_FILE }]);
  const targetSize_bytes = Math.min(large.fileSize_bytes, touched.fileSize_bytes);
  const merger = new ManifestMerger(table.manifests, { targetSize_bytes, minCount: 30, fullThreshold_bytes: deletion.fileSize_bytes });
  const merged = await merger.merge([large, touched, deletion], table.schema);
  expect(merged.length).toBe(2);
  expect(merged[0]).toEqual(large);
  expect(merged[1]).toMatchObject({ numAddedFiles: 20, numDeletedFiles: 0 });
});

test('whatever the settings, the live files are those of the whole list', async () => {
  const random = testRandom();
  const table = await openTestTable(memoryFileIO(), { partitioned: true });
  for (let round = 0; round < 25; round++) {
    const list = await randomManifests(table, random, integerBetween(random, 1, 20));
    const size_bytes = list.reduce((sum, manifest) => sum + manifest.fileSize_bytes, 0);
    const settings = {
      targetSize_bytes: Math.ceil(size_bytes * random.float()) + 1,
      minCount: integerBetween(random, 1, 10),
      fullThreshold_bytes: Math.ceil(size_bytes * 2 * random.float()) + 1,
    };
    const merged = await new ManifestMerger(table.manifests, settings).merge(list, table.schema);
    expect(await live(table, merged)).toEqual(await live(table, list));
    // and again, as the next commits would
    const again = await new ManifestMerger(table.manifests, settings).merge(merged, table.schema);
    expect(await live(table, again)).toEqual(await live(table, list));
  }
});

test('a commit reads and writes as much after 1,000 commits as after 10', async () => {
  const memory = memoryFileIO();
  let calls = 0;
  let written_bytes = 0;
  const io = watched(memory, () => {
    calls++;
  });
  const write = memory.writeFile.bind(memory);
  memory.writeFile = (path, bytes, options) => {
    written_bytes += bytes.length;
    return write(path, bytes, options);
  };
  const table = await openTestTable(io);
  const cost: { calls: number; written_bytes: number }[] = [];
  for (let identifier = 1n; identifier <= 1_060n; identifier++) {
    [calls, written_bytes] = [0, 0];
    const fresh = dataFile();
    await commitTable(table, { commitUser: 'job', identifier, messages: [message({ newFiles: [fresh] })] });
    cost.push({ calls, written_bytes });
    if (identifier % 10n === 0n) {
      await commitTable(table, {
        commitUser: 'job',
        identifier,
        messages: [message({ compactBefore: [fresh], compactAfter: [dataFile()] })],
      });
    }
  }
  expect((await filesOf(table)).length).toBe(1_060);
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;
  const early = cost.slice(5, 60);
  const late = cost.slice(1_000);
  expect(median(late.map((each) => each.calls))).toBeLessThanOrEqual(median(early.map((each) => each.calls)));
  expect(median(late.map((each) => each.written_bytes))).toBeLessThan(median(early.map((each) => each.written_bytes)) * 1.5);
  expect(Math.max(...late.map((each) => each.calls))).toBeLessThanOrEqual(Math.max(...early.map((each) => each.calls)) + 1);
  const { baseManifestList } = (await table.snapshots.latest())!;
  expect((await table.manifests.readList(baseManifestList)).length).toBeLessThanOrEqual(31);
}, 60_000);
