import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { abortMessages, commitTable, dropPartitions, lastCommittedIdentifier, truncateTable } from '../../src/commit/table-commit.js';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import { expireSnapshots } from '../../src/maintain/snapshot-expiry.js';
import type { CommitMessage } from '../../src/meta/commit-message.js';
import { DELETE_FILE } from '../../src/meta/manifest-entry.js';
import { BATCH_IDENTIFIER } from '../../src/meta/snapshot.js';
import {
  dataFile,
  filesOf,
  interleaved,
  manifestFiles,
  message,
  namesOf,
  openTestTable,
  partitionOf,
  pathOf,
  referencedManifests,
  type TestTable,
  watched,
  writeFiles,
} from '../support/commit-table.js';
import { integerBetween, testRandom } from '../support/seeds.js';

function commit(table: TestTable, identifier: bigint, messages: readonly CommitMessage[], commitUser = 'job') {
  return commitTable(table, { commitUser, identifier, messages });
}

describe('one committer', () => {
  test('appends become a snapshot, with counts, sizes and hints', async () => {
    const table = await openTestTable(memoryFileIO());
    const file = dataFile({ rowCount: 7 });
    const first = await commitTable(table, {
      commitUser: 'job',
      identifier: 5n,
      watermark: 100n,
      properties: { a: 'b' },
      messages: [message({ newFiles: [file] })],
    });
    expect(first).toEqual({ snapshots: [1n], alreadyCommitted: false, newFiles: 1, rows: 7n, compactionDropped: false });
    const changelog = dataFile({ rowCount: 4 });
    await commitTable(table, {
      commitUser: 'job',
      identifier: 6n,
      watermark: 90n,
      messages: [message({ newFiles: [dataFile({ rowCount: 3 })], changelogFiles: [changelog] })],
    });
    const one = await table.snapshots.read(1n);
    const two = (await table.snapshots.latest())!;
    expect(one).toMatchObject({
      commitKind: 'APPEND',
      commitUser: 'job',
      commitIdentifier: 5n,
      totalRecordCount: 7n,
      deltaRecordCount: 7n,
      watermark: 100n,
      properties: { a: 'b' },
      nextRowId: 0n,
    });
    expect(one.changelogManifestList).toBeUndefined();
    expect(two).toMatchObject({ id: 2n, totalRecordCount: 10n, deltaRecordCount: 3n, changelogRecordCount: 4n, watermark: 100n });
    expect(two.properties).toBeUndefined();
    expect(two.deltaManifestListSize).toBe(BigInt((await table.io.readFile(table.path.manifest(two.deltaManifestList))).length));
    const [listed] = await table.manifests.readList(two.changelogManifestList!);
    expect((await table.manifests.readEntries(listed!.fileName)).map((entry) => entry.file.fileName)).toEqual([changelog.fileName]);
    expect(Buffer.from(await table.io.readFile(table.path.latestHint)).toString()).toBe('2');
    expect(await manifestFiles(table)).toEqual(await referencedManifests(table));
  });

  test('survives a power loss right after it returns', async () => {
    const io = memoryFileIO();
    const table = await openTestTable(io);
    await io.syncDirectories([table.path.schemaDirectory]);
    const file = dataFile();
    await commit(table, 1n, [message({ newFiles: [file] })]);
    io.crash();
    const names = new Set((await io.list(table.path.manifestDirectory)).map((stat) => stat.path));
    expect(names.size).toBe(3);
    expect((await table.snapshots.list()).at(-1)).toBe(1n);
    expect(await namesOf(await openTestTable(io))).toEqual([file.fileName]);
  });

  test('an append and its compaction are two snapshots of one identifier', async () => {
    const table = await openTestTable(memoryFileIO());
    const old = dataFile();
    await commit(table, 1n, [message({ newFiles: [old] })]);
    const fresh = dataFile();
    const merged = dataFile({ level: 5, rowCount: 12 });
    const outcome = await commit(table, 2n, [message({ newFiles: [fresh], compactBefore: [old, fresh], compactAfter: [merged] })]);
    expect(outcome.snapshots).toEqual([2n, 3n]);
    expect(await table.snapshots.read(2n)).toMatchObject({ commitKind: 'APPEND', commitIdentifier: 2n, totalRecordCount: 20n });
    expect(await table.snapshots.read(3n)).toMatchObject({
      commitKind: 'COMPACT',
      commitIdentifier: 2n,
      totalRecordCount: 12n,
      deltaRecordCount: -8n,
    });
    expect(await namesOf(table)).toEqual([merged.fileName]);
    expect(table.events.map((event) => event.type === 'commit' && event.kind)).toEqual(['APPEND', 'APPEND', 'COMPACT']);
  });

  test('files that only passed through compactions of one message never show', async () => {
    const table = await openTestTable(memoryFileIO());
    const [a, b, c] = [dataFile(), dataFile({ level: 4 }), dataFile({ level: 5 })];
    await commit(table, 1n, [message({ newFiles: [a] })]);
    await commit(table, 2n, [message({ compactBefore: [a, b], compactAfter: [b, c] })]);
    expect(await namesOf(table)).toEqual([c.fileName]);
  });

  test('nothing to commit makes no snapshot, unless it is asked for', async () => {
    const table = await openTestTable(memoryFileIO());
    expect((await commit(table, 1n, [message()])).snapshots).toEqual([]);
    expect(await table.snapshots.latest()).toBeUndefined();
    const outcome = await commitTable(table, { commitUser: 'job', identifier: 1n, messages: [], allowEmpty: true });
    expect(outcome.snapshots).toEqual([1n]);
    expect((await commit(table, 1n, [message()])).alreadyCommitted).toBe(true);
  });

  test('an upgraded file is deleted at one level and added at another', async () => {
    const table = await openTestTable(memoryFileIO());
    const low = dataFile();
    await commit(table, 1n, [message({ newFiles: [low] })]);
    await commit(table, 2n, [message({ compactBefore: [low], compactAfter: [{ ...low, level: 5 }] })]);
    const [entry, ...others] = await filesOf(table);
    expect(others).toEqual([]);
    expect(entry!.file).toMatchObject({ fileName: low.fileName, level: 5 });
  });

  test('an aborted signal rejects with its reason and leaves nothing', async () => {
    const table = await openTestTable(memoryFileIO());
    const reason = new Error('enough');
    await expect(
      commitTable(table, { commitUser: 'job', identifier: 1n, messages: [message({ newFiles: [dataFile()] })] }, AbortSignal.abort(reason)),
    ).rejects.toBe(reason);
    expect(await manifestFiles(table)).toEqual(new Set());
  });

  test('abort deletes the files of messages, but not committed ones', async () => {
    const table = await openTestTable(memoryFileIO());
    const committed = message({ newFiles: [dataFile({ extraFiles: ['x.index'] })] });
    const dropped = message({ newFiles: [dataFile({ extraFiles: ['y.index'] })], changelogFiles: [dataFile()] });
    const upgraded = { ...committed.newFiles[0]!, level: 5 };
    const compaction = message({ compactBefore: committed.newFiles, compactAfter: [upgraded, dataFile({ level: 5 })] });
    await writeFiles(table, [committed, dropped, compaction]);
    await commit(table, 1n, [committed]);
    await abortMessages(table, [committed, dropped, compaction]);
    const left = (await table.io.list(table.path.bucket('', 0))).map((stat) => stat.path.slice(stat.path.lastIndexOf('/') + 1));
    expect(left.sort()).toEqual([committed.newFiles[0]!.fileName, 'x.index'].sort());
  });
});

describe('exactly once', () => {
  test('an identifier at or below the last one changes nothing', async () => {
    const table = await openTestTable(memoryFileIO());
    await commit(table, 7n, [message({ newFiles: [dataFile()] })]);
    for (const identifier of [7n, 3n]) {
      expect(await commit(table, identifier, [message({ newFiles: [dataFile()] })])).toMatchObject({
        snapshots: [],
        alreadyCommitted: true,
      });
    }
    const restarted = await openTestTable(table.io);
    expect((await commit(restarted, 7n, [message({ newFiles: [dataFile()] })])).alreadyCommitted).toBe(true);
    expect((await filesOf(table)).length).toBe(1);
    expect(await lastCommittedIdentifier(restarted, 'job')).toBe(7n);
    expect(await lastCommittedIdentifier(restarted, 'other')).toBeUndefined();
    expect((await commit(restarted, 1n, [message({ newFiles: [dataFile()] })], 'other')).snapshots).toEqual([2n]);
  });

  test('a second process under the same user does not commit an identifier again', async () => {
    const random = testRandom();
    const io = interleaved(memoryFileIO(), random);
    const tables = await Promise.all([1, 2, 3].map(() => openTestTable(io, { random: seededRandom(Math.floor(random.float() * 1e9)) })));
    for (let identifier = 1n; identifier <= 5n; identifier++) {
      const outcomes = await Promise.all(tables.map((table) => commit(table, identifier, [message({ newFiles: [dataFile()] })])));
      expect(outcomes.filter((outcome) => !outcome.alreadyCommitted).length).toBe(1);
    }
    expect((await filesOf(tables[0]!)).length).toBe(5);
    expect(await manifestFiles(tables[0]!)).toEqual(await referencedManifests(tables[0]!));
  });

  test('batch commits share an identifier that never counts as committed', async () => {
    const table = await openTestTable(memoryFileIO());
    await commit(table, 4n, [message({ newFiles: [dataFile()] })]);
    await commit(table, BATCH_IDENTIFIER, [message({ newFiles: [dataFile()] })]);
    expect((await commit(table, BATCH_IDENTIFIER, [message({ newFiles: [dataFile()] })])).snapshots).toEqual([3n]);
    expect(await lastCommittedIdentifier(table, 'job')).toBe(4n);
    expect((await commit(table, 5n, [message({ newFiles: [dataFile()] })])).snapshots).toEqual([4n]);
  });

  test('when all snapshots of a user have expired, its identifiers are new again', async () => {
    const io = memoryFileIO();
    const options = { 'snapshot.num-retained.min': '1', 'snapshot.num-retained.max': '1' };
    const table = await openTestTable(io, { options });
    await commit(table, 9n, [message({ newFiles: [dataFile()] })]);
    await commit(table, 1n, [message({ newFiles: [dataFile()] })], 'other');
    await expireSnapshots(table);
    const restarted = await openTestTable(io, { options });
    expect(await lastCommittedIdentifier(restarted, 'job')).toBeUndefined();
    expect((await commit(restarted, 9n, [message({ newFiles: [dataFile()] })])).alreadyCommitted).toBe(false);
    // the handle that saw it remembers
    expect(await lastCommittedIdentifier(table, 'job')).toBe(9n);
  });
});

describe('conflicts', () => {
  const conflict = { code: 'COMMIT_CONFLICT' };

  test('of two compactions of one file the second is refused, and leaves no manifest', async () => {
    const table = await openTestTable(memoryFileIO());
    const file = dataFile();
    await commit(table, 1n, [message({ newFiles: [file] })]);
    await commit(table, 1n, [message({ compactBefore: [file], compactAfter: [dataFile({ level: 5 })] })], 'compactor-a');
    await expect(
      commit(table, 1n, [message({ compactBefore: [file], compactAfter: [dataFile({ level: 5 })] })], 'compactor-b'),
    ).rejects.toMatchObject(conflict);
    expect(table.events.at(-1)).toMatchObject({ type: 'conflict' });
    expect(await manifestFiles(table)).toEqual(await referencedManifests(table));
    expect((await table.snapshots.latest())!.id).toBe(2n);
  });

  test('a compaction that came with rows is dropped, the rows are committed', async () => {
    const table = await openTestTable(memoryFileIO());
    const old = dataFile();
    await commit(table, 1n, [message({ newFiles: [old] })]);
    await commit(table, 1n, [message({ compactBefore: [old], compactAfter: [dataFile({ level: 5 })] })], 'compactor');
    const both = message({ newFiles: [dataFile()], compactBefore: [old], compactAfter: [dataFile({ level: 5 })] });
    await writeFiles(table, [both]);
    const outcome = await commit(table, 2n, [both]);
    expect(outcome).toMatchObject({ snapshots: [3n], compactionDropped: true, alreadyCommitted: false });
    expect(await namesOf(table)).toContain(both.newFiles[0]!.fileName);
    expect(await table.io.exists(table.path.dataFile('', 0, both.newFiles[0]!))).toBe(true);
    expect(await table.io.exists(table.path.dataFile('', 0, both.compactAfter[0]!))).toBe(false);
  });

  test('files of one level must not share keys', async () => {
    const table = await openTestTable(memoryFileIO());
    const [a, b] = [dataFile({ min: 1, max: 10 }), dataFile({ min: 10, max: 20 })];
    await commit(table, 1n, [message({ newFiles: [a, b] })]);
    await commit(table, 2n, [message({ compactBefore: [a], compactAfter: [dataFile({ min: 1, max: 10, level: 5 })] })]);
    const overlapping = message({ compactBefore: [b], compactAfter: [dataFile({ min: 10, max: 20, level: 5 })] });
    await expect(commit(table, 3n, [overlapping])).rejects.toMatchObject(conflict);
    await commit(table, 3n, [message({ compactBefore: [b], compactAfter: [dataFile({ min: 11, max: 20, level: 5 })] })]);
    await commit(table, 4n, [message({ bucket: 1, newFiles: [a] })]);
    // another bucket, and another level, are other runs
    await commit(table, 5n, [message({ bucket: 1, compactBefore: [a], compactAfter: [dataFile({ min: 5, max: 15, level: 5 })] })]);
  });

  test('a partition has one number of buckets', async () => {
    const table = await openTestTable(memoryFileIO(), { partitioned: true });
    const old = dataFile();
    await expect(
      commit(table, 1n, [
        message({ partition: 'a', newFiles: [dataFile()] }),
        message({ partition: 'a', totalBuckets: 5, bucket: 1, newFiles: [dataFile()] }),
      ]),
    ).rejects.toMatchObject(conflict);
    await commit(table, 1n, [
      message({ partition: 'a', newFiles: [old] }),
      message({ partition: 'b', totalBuckets: 5, newFiles: [dataFile()] }),
    ]);
    // the other bucket of the partition has no files yet: it counts all the same
    const compaction = message({ partition: 'a', totalBuckets: 5, bucket: 3, compactBefore: [], compactAfter: [dataFile({ level: 5 })] });
    await expect(commit(table, 2n, [compaction])).rejects.toMatchObject(conflict);
    const outcome = await commitTable(table, {
      commitUser: 'job',
      identifier: 2n,
      overwrite: { partitions: 'dynamic' },
      messages: [message({ partition: 'a', totalBuckets: 5, newFiles: [dataFile()] })],
    });
    expect(outcome.snapshots).toEqual([2n]);
  });

  test('a file is added once', async () => {
    const table = await openTestTable(memoryFileIO());
    const file = dataFile();
    await expect(commit(table, 1n, [message({ newFiles: [file, file] })])).rejects.toMatchObject(conflict);
    await commit(table, 1n, [message({ newFiles: [file] })]);
    await expect(commit(table, 2n, [message({ compactAfter: [file] })])).rejects.toMatchObject(conflict);
  });

  test('a compaction reads only manifests that may speak of its partitions', async () => {
    const io = memoryFileIO();
    const table = await openTestTable(io, { partitioned: true });
    const file = dataFile();
    for (const name of ['a', 'b', 'c', 'd'])
      await commit(table, BATCH_IDENTIFIER, [message({ partition: name, newFiles: [name === 'c' ? file : dataFile()] })]);
    const read = new Set<string>();
    const counting = watched(io, (operation, path) => operation === 'readFile' && read.add(path));
    const cold = await openTestTable(counting, { partitioned: true });
    await commit(cold, 1n, [message({ partition: 'c', compactBefore: [file], compactAfter: [dataFile({ level: 5 })] })]);
    expect([...read].filter((path) => path.includes('/manifest-') && !path.includes('manifest-list')).length).toBe(1);
  });
});

describe('overwriting', () => {
  async function partitionedTable() {
    const table = await openTestTable(memoryFileIO(), { partitioned: true });
    await commit(
      table,
      1n,
      ['a', 'b', 'c'].map((partition) => message({ partition, newFiles: [dataFile({ fileName: `${partition}-old` })] })),
    );
    return table;
  }

  test('dynamic: partitions with new files are replaced', async () => {
    const table = await partitionedTable();
    const messages = [
      message({
        partition: 'b',
        newFiles: [dataFile({ fileName: 'b-new', rowCount: 3 })],
        changelogFiles: [dataFile({ fileName: 'b-changes' })],
      }),
    ];
    await writeFiles(table, messages);
    await commitTable(table, { commitUser: 'job', identifier: 2n, messages, overwrite: { partitions: 'dynamic' } });
    expect(await namesOf(table)).toEqual(['a-old', 'b-new', 'c-old']);
    expect(await table.snapshots.latest()).toMatchObject({ commitKind: 'OVERWRITE', totalRecordCount: 23n, deltaRecordCount: -7n });
    expect((await table.snapshots.latest())!.changelogManifestList).toBeUndefined();
    expect(await table.io.exists(table.path.dataFile('p=b', 0, 'b-new'))).toBe(true);
    expect(await table.io.exists(table.path.dataFile('p=b', 0, 'b-changes'))).toBe(false);
    expect(
      (await commitTable(table, { commitUser: 'job', identifier: 3n, messages: [], overwrite: { partitions: 'dynamic' } })).snapshots,
    ).toEqual([]);
  });

  test('static: the listed partitions, or those that pass, and new files within them only', async () => {
    const table = await partitionedTable();
    await commitTable(table, {
      commitUser: 'job',
      identifier: 2n,
      messages: [message({ partition: 'a', newFiles: [dataFile({ fileName: 'a-new' })] })],
      overwrite: { partitions: [partitionOf('a'), partitionOf('b')] },
    });
    expect(await namesOf(table)).toEqual(['a-new', 'c-old']);
    await expect(
      commitTable(table, {
        commitUser: 'job',
        identifier: 3n,
        messages: [message({ partition: 'c', newFiles: [dataFile()] })],
        overwrite: { partitions: [partitionOf('a')] },
      }),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const isC = (partition: Uint8Array) => Buffer.compare(partition, partitionOf('c')) === 0;
    await commitTable(table, {
      commitUser: 'job',
      identifier: 3n,
      messages: [message({ partition: 'c', newFiles: [dataFile({ fileName: 'c-new' })] })],
      overwrite: { partitions: isC },
    });
    expect(await namesOf(table)).toEqual(['a-new', 'c-new']);
  });

  test('truncate and drop partitions', async () => {
    const table = await partitionedTable();
    await dropPartitions(table, [partitionOf('a')], { commitUser: 'op' });
    expect(await namesOf(table)).toEqual(['b-old', 'c-old']);
    await truncateTable(table, { commitUser: 'op' });
    expect(await filesOf(table)).toEqual([]);
    expect(await table.snapshots.latest()).toMatchObject({
      commitKind: 'OVERWRITE',
      totalRecordCount: 0n,
      commitIdentifier: BATCH_IDENTIFIER,
    });
  });

  test('a table without partitions is one', async () => {
    const table = await openTestTable(memoryFileIO());
    await commit(table, 1n, [message({ newFiles: [dataFile()] }), message({ bucket: 1, newFiles: [dataFile()] })]);
    const file = dataFile();
    await commitTable(table, {
      commitUser: 'job',
      identifier: 2n,
      messages: [message({ newFiles: [file] })],
      overwrite: { partitions: 'dynamic' },
    });
    expect(await namesOf(table)).toEqual([file.fileName]);
  });

  test('the last writer wins, whatever came between', async () => {
    const random = testRandom();
    const io = interleaved(memoryFileIO(), random);
    const options = { 'commit.max-retries': '100' };
    const open = () => openTestTable(io, { partitioned: true, options, random: seededRandom(Math.floor(random.float() * 1e9)) });
    const tables = await Promise.all([open(), open(), open(), open()]);
    await Promise.all(
      tables.map(async (table, user) => {
        for (let round = 1n; round <= 6n; round++) {
          const messages = [message({ partition: 'a', newFiles: [dataFile({ fileName: `user${user}-${round}` })] })];
          await commitTable(table, {
            commitUser: `user${user}`,
            identifier: round,
            messages,
            ...(user < 3 && { overwrite: { partitions: 'dynamic' as const } }),
          });
        }
      }),
    );
    const table = tables[0]!;
    let state: string[] = [];
    for (const id of await table.snapshots.list()) {
      const { commitUser, commitIdentifier, commitKind } = await table.snapshots.read(id);
      state = commitKind === 'OVERWRITE' ? [] : state;
      state.push(`${commitUser}-${commitIdentifier}`);
      expect(await namesOf(table, id)).toEqual([...state].sort());
    }
    expect((await table.snapshots.list()).length).toBe(24);
    expect(await manifestFiles(table)).toEqual(await referencedManifests(table));
  });
});

test('eight committers, appends and compactions, in any order: each commit once, ids without a gap', async () => {
  const random = testRandom();
  const memory = memoryFileIO();
  const io = interleaved(memory, random);
  const options = { 'manifest.merge-min-count': '4', 'commit.max-retries': '100' };
  const tables = await Promise.all(
    Array.from({ length: 8 }, () => openTestTable(io, { options, random: seededRandom(Math.floor(random.float() * 1e9)) })),
  );
  const expected = new Set<string>();
  await Promise.all(
    tables.map(async (table, user) => {
      let level0 = dataFile();
      for (let round = 1n; round <= 8n; round++) {
        const bucket = user % 2;
        const fresh = dataFile();
        const messages = [message({ bucket, newFiles: [fresh] })];
        if (round === 1n) level0 = fresh;
        else if (integerBetween(random, 0, 1) === 1) {
          // replaces this user's own file: no conflict with anybody
          const merged = dataFile();
          messages[0] = message({ bucket, newFiles: [fresh], compactBefore: [level0], compactAfter: [merged] });
          expected.delete(level0.fileName);
          expected.add(merged.fileName);
          level0 = fresh;
        }
        expected.add(fresh.fileName);
        const outcome = await commit(table, round, messages, `user${user}`);
        expect(outcome).toMatchObject({ alreadyCommitted: false, compactionDropped: false });
      }
    }),
  );
  const table = await openTestTable(memory, { options });
  const ids = await table.snapshots.list();
  expect(ids).toEqual(ids.map((_, i) => BigInt(i + 1)));
  expect(new Set(await namesOf(table))).toEqual(expected);
  let total = 0n;
  for (const id of ids) {
    const snapshot = await table.snapshots.read(id);
    total += snapshot.deltaRecordCount;
    expect(snapshot.totalRecordCount).toBe(total);
  }
  expect(total).toBe(BigInt(expected.size * 10));
  expect(tables.some((each) => each.events.some((event) => event.type === 'retry'))).toBe(true);
  expect(await manifestFiles(table)).toEqual(await referencedManifests(table));
});

test('index files stay under the data they belong to: overwrite and compaction are refused', async () => {
  const table = await openTestTable(memoryFileIO());
  const file = dataFile();
  await commit(table, 1n, [message({ newFiles: [file] })]);
  const one = await table.snapshots.read(1n);
  await table.snapshots.publish({ ...one, id: 2n, indexManifest: 'index-manifest-1' });
  await commit(table, 2n, [message({ newFiles: [dataFile()] })]);
  expect((await table.snapshots.latest())!.indexManifest).toBe('index-manifest-1');
  await expect(truncateTable(table, { commitUser: 'op' })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  await expect(commit(table, 3n, [message({ compactBefore: [file] })])).rejects.toMatchObject({ code: 'UNSUPPORTED' });
});

test('statistics are handed on until the schema changes; the snapshot carries the latest schema', async () => {
  const table = await openTestTable(memoryFileIO());
  await commit(table, 1n, [message({ newFiles: [dataFile()] })]);
  const one = await table.snapshots.read(1n);
  await table.snapshots.publish({ ...one, id: 2n, commitKind: 'ANALYZE', statistics: 'stat-1' });
  await commit(table, 2n, [message({ newFiles: [dataFile()] })]);
  expect(await table.snapshots.latest()).toMatchObject({ statistics: 'stat-1', schemaId: 0n });
  await table.schemas.create({ ...table.schema, id: 1n });
  await commit(table, 3n, [message({ newFiles: [dataFile()] })]);
  const latest = (await table.snapshots.latest())!;
  expect(latest.schemaId).toBe(1n);
  expect(latest.statistics).toBeUndefined();
});

test('a deleted file is named as it was added', async () => {
  const table = await openTestTable(memoryFileIO());
  const file = dataFile({ extraFiles: ['a.index'], embeddedFileIndex: new Uint8Array([1, 2]), rowCount: 3 });
  await commit(table, 1n, [message({ newFiles: [file] })]);
  await truncateTable(table, { commitUser: 'op' });
  const { deltaManifestList } = (await table.snapshots.latest())!;
  const [manifest] = await table.manifests.readList(deltaManifestList);
  const [entry] = await table.manifests.readEntries(manifest!.fileName);
  expect(entry).toEqual({ kind: DELETE_FILE, partition: partitionOf(), bucket: 0, totalBuckets: 2, file });
  expect(pathOf(table, entry!)).toBe(`/warehouse/db.db/t/bucket-0/${file.fileName}`);
});

test('a table that was rolled back and went on is seen as it is', async () => {
  const io = memoryFileIO();
  const [table, other] = [await openTestTable(io), await openTestTable(io)];
  const [kept, lost, others] = [dataFile(), dataFile(), dataFile()];
  await commit(table, 1n, [message({ newFiles: [kept] })]);
  await commit(table, 2n, [message({ newFiles: [lost] })]);
  await io.remove(table.path.snapshot(2n));
  await commit(other, 1n, [message({ newFiles: [others] })], 'other');
  const last = dataFile();
  await commit(table, 3n, [message({ newFiles: [last] })]);
  expect(await namesOf(table)).toEqual([kept, others, last].map((file) => file.fileName).sort());
});
