/** Who puts the log into snapshots while writers are open, and when a writer is not closed. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type FileIO, memoryFileIO, openCatalog } from '../../../src/index.js';
import { builtPath } from '../../support/built.js';
import { memoryCatalog } from '../../support/memory-catalog.js';
import { tempDir } from '../../support/temp-dir.js';

const SCHEMA = { id: 'BIGINT NOT NULL', v: 'STRING' } as const;
const LOG = { bucket: 1, 'log.enabled': true, 'commit.fsync': false, 'snapshot.interval': '1 h' } as const;

async function newTable(io: FileIO) {
  const { catalog } = await memoryCatalog(io);
  return { catalog, table: await catalog.createTable('db.t', { schema: SCHEMA, primaryKey: ['id'], options: LOG }) };
}

/** Publishing snapshot `id` waits until it is let go. */
function held(io: FileIO, id: number) {
  let letGo = () => {};
  let arrived = () => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const waits = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const createExclusive = io.createExclusive.bind(io);
  io.createExclusive = async (path, ...rest) => {
    if (path.endsWith(`/snapshot-${id}`)) {
      arrived();
      await gate;
    }
    return createExclusive(path, ...rest);
  };
  return { waits, letGo };
}

it('a flush holds all that was committed before it, also while another one is under way', async () => {
  const io = memoryFileIO();
  const { waits, letGo } = held(io, 1);
  const { catalog, table } = await newTable(io);
  const writer = await table.openWriter();
  await writer.append({ id: 1n, v: 'a' });
  const first = table.flush();
  await waits;
  await writer.append({ id: 2n, v: 'b' });
  const [second, third] = [table.flush(), table.flush()];
  letGo();
  expect(await first).toBe(1n);
  expect(await second).toBe(2n);
  expect(await third).toBe(2n);
  expect(await table.scan({ at: { snapshot: 2n } }).toArray()).toHaveLength(2);
  await writer.close();
  await catalog.close();
});

it('a catalog that is closed puts what its writers committed into a snapshot, and they may be closed later', async () => {
  const io = memoryFileIO();
  const { catalog, table } = await newTable(io);
  const writer = await table.openWriter();
  await writer.append({ id: 1n, v: 'a' });
  await catalog.close();
  const again = await (await openCatalog({ warehouse: '/wh', fileIO: io })).table('db.t');
  expect(await again.snapshots()).toMatchObject([{ id: 1n, totalRecordCount: 1n }]);
  await writer.close();
  expect(await again.snapshots()).toHaveLength(1);
});

it('a process that closes nothing ends, and leaves its commits in the log', async () => {
  const directory = tempDir();
  const script = join(directory, 'forgetful.mjs');
  writeFileSync(
    script,
    `import { openCatalog } from ${JSON.stringify(builtPath('index.js'))};
    const catalog = await openCatalog({ warehouse: ${JSON.stringify(directory)} });
    const table = await catalog.createTable('db.t', { schema: { id: 'BIGINT NOT NULL' }, primaryKey: ['id'], options: { 'snapshot.interval': '1 h' } });
    const writer = await table.openWriter();
    await writer.write([{ id: 1n }, { id: 2n }]);
    await writer.commit();`,
  );
  const { status, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', timeout: 50_000 });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  await using catalog = await openCatalog({ warehouse: directory });
  const table = await catalog.table('db.t');
  expect(await table.snapshots()).toEqual([]);
  expect(await table.scan().toArray()).toHaveLength(2);
  expect(await table.flush()).toBe(1n);
});
