import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openCatalog } from '../../src/index.js';
import { localPath } from '../../src/meta/external-path.js';
import { memoryCatalog, SNAPSHOTS_ONLY } from '../support/memory-catalog.js';
import { tempDir } from '../support/temp-dir.js';

it.each([
  ['/data/a b', '/data/a b'],
  ['file:/data/a%20b', '/data/a%20b'],
  ['file:///data/x', '/data/x'],
])('%s is %s', (external, path) => {
  expect(localPath(external)).toBe(path);
});

it.each(['s3://bucket/x', 'hdfs://host/x', 'oss:/x', 'file://host/x', 'data/x', ''])('%s is refused', (external) => {
  expect(() => localPath(external)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED', file: external }));
});

it('files elsewhere are read where the manifest says they are', async () => {
  const [warehouse, elsewhere] = [tempDir(), tempDir()];
  const catalog = await openCatalog({ warehouse, threads: 0, tableDefaults: SNAPSHOTS_ONLY });
  onTestFinished(() => catalog.close());
  const table = await catalog.createTable('db.t', { schema: { k: 'INT NOT NULL', v: 'STRING' }, primaryKey: ['k'] });
  const writer = await table.openWriter({ writeOnly: true });
  await writer.write([
    { k: 1, v: 'a' },
    { k: 2, v: 'b' },
  ]);
  const messages = (await writer.prepareCommit()).map((message) => ({
    ...message,
    newFiles: message.newFiles.map((file) => {
      renameSync(join(table.path, 'bucket-0', file.fileName), join(elsewhere, file.fileName));
      return { ...file, externalPath: `file:${elsewhere}/${file.fileName}` };
    }),
  }));
  await (await table.openCommitter()).commit(1n, messages);
  expect(await table.scan().toArray()).toEqual([
    { k: 1, v: 'a' },
    { k: 2, v: 'b' },
  ]);
  expect(await table.get({ k: 2 })).toEqual({ k: 2, v: 'b' });
});

it('files on another storage are refused by name, not missed', async () => {
  const { catalog } = await memoryCatalog();
  const table = await catalog.createTable('db.t', { schema: { k: 'INT' } });
  const writer = await table.openWriter();
  await writer.write([{ k: 1 }]);
  const messages = (await writer.prepareCommit()).map((message) => ({
    ...message,
    newFiles: message.newFiles.map((file) => ({ ...file, externalPath: 's3://bucket/data-1.parquet' })),
  }));
  await (await table.openCommitter()).commit(1n, messages);
  await expect(table.scan().toArray()).rejects.toMatchObject({ code: 'UNSUPPORTED', file: 's3://bucket/data-1.parquet' });
});
