/** Orphan files: what nothing refers to goes, and nothing else. */
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commitTable } from '../../src/commit/table-commit.js';
import { openCatalog } from '../../src/index.js';
import { faultyFileIO } from '../../src/io/faulty-file-io.js';
import type { FileIO } from '../../src/io/file-io.js';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import { type OrphanOptions, removeOrphanFiles } from '../../src/maintain/orphan-removal.js';
import { dataFile, message, openTestTable, pathOf, type TestTable, watched, writeFiles } from '../support/commit-table.js';
import { goldenTables, goldenWarehouse } from '../support/golden.js';
import { tempDir } from '../support/temp-dir.js';

const AGES_AGO = new Date('2020-01-01T00:00:00Z');

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** A file of each kind that nothing refers to, and strange ones that must stay. */
function plant(table: string): { orphans: string[]; strange: string[] } {
  const buckets = readdirSync(table, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && /^bucket-/.test(entry.name),
  );
  const bucket = buckets[0] === undefined ? join(table, 'bucket-0') : join(buckets[0].parentPath, buckets[0].name);
  const orphans = [
    join(bucket, `data-${randomUUID()}-0.parquet`),
    join(bucket, `data-${randomUUID()}-0.parquet.index`),
    join(bucket, `changelog-${randomUUID()}-12.zst.avro`),
    join(bucket, `.data-${randomUUID()}-0.parquet.${randomUUID()}.tmp`),
    join(table, 'manifest', `manifest-${randomUUID()}-0`),
    join(table, 'manifest', `manifest-list-${randomUUID()}-1`),
    join(table, 'manifest', `index-manifest-${randomUUID()}-1`),
    join(table, 'index', `index-${randomUUID()}-0`),
    join(table, 'statistics', `stat-${randomUUID()}-0`),
    join(table, 'snapshot', `.snapshot-7.${randomUUID()}.tmp`),
    join(table, 'snapshot', `.LATEST.${randomUUID()}.tmp`),
    join(table, 'schema', `.schema-7.${randomUUID()}.tmp`),
    join(table, 'tag', `.tag-a.${randomUUID()}.tmp`),
  ];
  const strange = [
    join(bucket, 'notes.txt'),
    join(table, 'manifest', 'README'),
    join(table, 'index', 'btree-global'),
    join(table, 'log', `data-${randomUUID()}-0.parquet`),
    join(table, 'service', `service-${randomUUID()}-0`),
    join(table, `data-${randomUUID()}-0.parquet`),
    join(table, 'elsewhere=1', 'bucket-x', `data-${randomUUID()}-0.parquet`),
  ];
  for (const file of [...orphans, ...strange]) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'x');
  }
  return { orphans: orphans.sort(), strange };
}

/** What Java itself left: a commit that was rolled back, and the changelog of an overwrite, which its writer drops. */
const LEFT_BY_JAVA: Record<string, string[]> = {
  append_ops: [
    'manifest/manifest-48abaec0-87ce-4d0d-938a-180c7e2a2e1f-0',
    'manifest/manifest-list-faa22864-a33b-4301-adc8-83b7db7603d2-0',
    'manifest/manifest-list-faa22864-a33b-4301-adc8-83b7db7603d2-1',
    'p=p1/bucket-0/data-1a7de6cc-5aab-412a-b940-528fef9f1c3b-0.parquet',
  ],
  pk_part: ['changelog-af98cff6-f4a4-47d1-ae7f-24a6a790031b-0.parquet'],
};

describe('tables that Java wrote', () => {
  test('lose what nothing refers to, and nothing else', async () => {
    const root = tempDir();
    cpSync(join(goldenWarehouse(), 'golden.db'), join(root, 'golden.db'), { recursive: true });
    const tables = goldenTables();
    expect(tables.length).toBe(90);
    await using catalog = await openCatalog({ warehouse: root });
    for (const { name } of tables) {
      const directory = join(root, 'golden.db', name);
      const all = filesBelow(directory);
      const left = all.filter((file) => LEFT_BY_JAVA[name]?.some((ending) => file.endsWith(ending)));
      expect(left.length, name).toBe(LEFT_BY_JAVA[name]?.length ?? 0);
      const { orphans, strange } = plant(directory);
      const going = [...orphans, ...left].sort();
      for (const file of filesBelow(directory)) utimesSync(file, AGES_AGO, AGES_AGO);
      const table = await catalog.table(`golden.${name}`);
      const dry = await table.removeOrphanFiles({ dryRun: true });
      expect([name, ...dry.files.map((file) => file.path)]).toEqual([name, ...going]);
      expect(going.every(existsSync), name).toBe(true);
      const { files, unknown, size_bytes } = await table.removeOrphanFiles();
      expect(files, name).toEqual(dry.files);
      expect(size_bytes, name).toBeGreaterThanOrEqual(orphans.length);
      expect(filesBelow(directory), name).toEqual([...all.filter((file) => !left.includes(file)), ...strange].sort());
      expect([...unknown].sort(), name).toEqual(strange.slice(0, 3).sort());
      expect((await table.removeOrphanFiles()).files, name).toEqual([]);
    }
  }, 240_000);
});

describe('references', () => {
  const HOUR_MS = 3_600_000;

  /** Names as writers give them. */
  const named = (kind = 'data') => dataFile({ fileName: `${kind}-${randomUUID()}-0.parquet` });

  /** In memory files are as old as they were written, by the clock of the machine: the table's is two days ahead. */
  async function open(io: FileIO): Promise<TestTable> {
    const table = await openTestTable(io);
    table.clock.time_ms = Date.now() + 48 * HOUR_MS;
    return table;
  }

  async function append(table: TestTable, identifier: bigint) {
    const file = named();
    const messages = [message({ newFiles: [file] })];
    await writeFiles(table, messages);
    await commitTable(table, { commitUser: 'job', identifier, messages });
    return pathOf(table, { ...message(), file });
  }

  async function orphan(table: TestTable) {
    const messages = [message({ newFiles: [named()] })];
    await writeFiles(table, messages);
    return pathOf(table, { ...message(), file: messages[0]!.newFiles[0]! });
  }

  const removed = async (table: TestTable, options?: OrphanOptions) =>
    (await removeOrphanFiles(table, options)).files.map((file) => file.path);

  test('young files stay: a commit may be on its way', async () => {
    const table = await open(memoryFileIO());
    await append(table, 1n);
    const file = await orphan(table);
    table.clock.time_ms = Date.now() + 23 * HOUR_MS;
    expect(await removed(table)).toEqual([]);
    expect(await removed(table, { olderThan: new Date(Date.now() - HOUR_MS) })).toEqual([]);
    expect(await removed(table, { olderThan: Date.now() + HOUR_MS })).toEqual([file]);
    await expect(removed(table, { olderThan: table.clock.time_ms + 1 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(removed(table, { olderThan: new Date('nonsense') })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('a file that is committed after it was listed stays', async () => {
    const memory = memoryFileIO();
    const table = await open(memory);
    await append(table, 1n);
    const messages = [message({ newFiles: [named()] })];
    await writeFiles(table, messages);
    let commits = 0;
    const late = await open(
      watched(memory, async (operation, path) => {
        if (operation === 'list' && path.endsWith('/branch') && ++commits === 2)
          await commitTable(table, { commitUser: 'late', identifier: 1n, messages });
      }),
    );
    expect(await removed(late)).toEqual([]);
    expect(commits).toBeGreaterThan(2);
  });

  test('a snapshot that becomes a tag of a branch while references are read is followed there', async () => {
    const memory = memoryFileIO();
    const table = await open(memory);
    const first = await append(table, 1n);
    await commitTable(table, { commitUser: 'job', identifier: 2n, messages: [], overwrite: { partitions: 'all' } });
    const document = await memory.readFile(table.path.snapshot(1n));
    let moved = false;
    const io = watched(memory, async (operation, path) => {
      if (operation !== 'readFile' || path !== table.path.snapshot(1n) || moved) return;
      moved = true;
      await memory.writeFile(`${table.path.branchDirectory}/branch-b/tag/tag-t`, document);
      await memory.remove(path);
    });
    expect(await removed(await open(io))).toEqual([]);
    expect(moved).toBe(true);
    expect(await memory.exists(first)).toBe(true);
  });

  test('when a manifest is missing or damaged nothing goes', async () => {
    const memory = memoryFileIO();
    const table = await open(memory);
    await append(table, 1n);
    await append(table, 2n);
    const file = await orphan(table);
    const { deltaManifestList } = await table.snapshots.read(2n);
    const list = table.path.manifest(deltaManifestList);
    const bytes = await memory.readFile(list);
    for (const damage of [undefined, bytes.subarray(0, bytes.length - 20)]) {
      await memory.remove(list);
      if (damage !== undefined) await memory.writeFile(list, damage);
      await expect(removed(await open(memory))).rejects.toMatchObject({ code: 'CORRUPTION', file: list });
      expect(await memory.exists(file)).toBe(true);
    }
  });

  test('the oldest snapshots may miss files: they are being expired', async () => {
    const memory = memoryFileIO();
    const table = await open(memory);
    const kept = [await append(table, 1n), await append(table, 2n), await append(table, 3n)];
    const file = await orphan(table);
    const { deltaManifestList } = await table.snapshots.read(1n);
    await memory.remove(table.path.manifest(deltaManifestList));
    await memory.remove(table.path.manifest((await table.snapshots.read(1n)).baseManifestList));
    expect(await removed(await open(memory))).toEqual([file]);
    for (const each of kept) expect(await memory.exists(each)).toBe(true);
  });

  test('an expiry that died may have begun with any of those below its mark', async () => {
    const memory = memoryFileIO();
    const table = await open(memory);
    const kept = [await append(table, 1n), await append(table, 2n), await append(table, 3n)];
    const file = await orphan(table);
    await memory.remove(table.path.manifest((await table.snapshots.read(2n)).deltaManifestList));
    await expect(removed(await open(memory))).rejects.toMatchObject({ code: 'CORRUPTION' });
    await table.snapshots.raiseEarliestHint(3n);
    expect(await removed(await open(memory))).toEqual([file]);
    for (const each of kept) expect(await memory.exists(each)).toBe(true);
  });

  test('a removal that dies is finished by the next', async () => {
    for (let budget = 0; ; budget++) {
      const memory = memoryFileIO();
      const table = await open(memory);
      const kept = await append(table, 1n);
      const litter = [await orphan(table), await orphan(table), await orphan(table)];
      const io = faultyFileIO(memory, table.random);
      io.plan.stopAfter = budget;
      const died = await removeOrphanFiles({ ...table, io, path: table.path }, {}).then(
        () => false,
        () => true,
      );
      await removed(table);
      expect(await memory.exists(kept)).toBe(true);
      for (const file of litter) expect(await memory.exists(file)).toBe(false);
      if (!died) break;
    }
  });

  test('progress is told and a signal is heard', async () => {
    const table = await open(memoryFileIO());
    await append(table, 1n);
    for (let i = 0; i < 3; i++) await orphan(table);
    await expect(removed(table, { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
    const told: string[] = [];
    await removed(table, { onProgress: ({ deleted, total }) => told.push(`${deleted}/${total}`) });
    expect(told).toEqual(['1/3', '2/3', '3/3']);
  });
});
