/** Above `log.pending-max` writers put the log into the tree before they go on. */
import { expect, it } from 'vitest';
import { bigint, memoryFileIO, openCatalog, string, type WeirEvent } from '../../../src/index.js';

const LIMIT_BYTES = 128 * 1024;

it('a writer that nobody materialises for waits, and goes on with its rows', async () => {
  const events: WeirEvent[] = [];
  const io = memoryFileIO();
  const catalog = await openCatalog({ warehouse: '/w', fileIO: io, onEvent: (event) => events.push(event) });
  const table = await catalog.createTable('db.t', {
    schema: { id: bigint().notNull(), text: string() },
    primaryKey: ['id'],
    options: {
      bucket: 1,
      'log.enabled': 'true',
      'snapshot.interval': '365 d',
      'log.pending-max': `${LIMIT_BYTES} b`,
      'log.compaction': false,
    },
  });
  const writer = await table.openWriter({ commitUser: 'job' });
  const fill = async (id: number) => {
    await writer.write({ id: BigInt(id), text: String(id).padEnd(20_000, 'x') });
    await writer.commit();
  };
  // the last snapshot hangs until it is told to go on
  let letGo: (() => void) | undefined;
  const createExclusive = io.createExclusive.bind(io);
  io.createExclusive = async (path, ...rest) => {
    if (path.includes('/snapshot/'))
      await new Promise<void>((resolve) => {
        letGo = resolve;
      });
    return createExclusive(path, ...rest);
  };
  let id = 0;
  while ((await table.log())!.pending_bytes < LIMIT_BYTES) await fill(id++);
  let written = false;
  const writing = fill(id++).then(() => {
    written = true;
  });
  while (letGo === undefined) await new Promise((resolve) => setImmediate(resolve));
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(written).toBe(false);
  io.createExclusive = createExclusive;
  letGo();
  await writing;
  expect((await table.log())!.pending_bytes).toBeLessThan(LIMIT_BYTES);
  expect((await table.snapshots()).length).toBeGreaterThan(0);
  expect(events.filter((event) => event.type === 'back-pressure')).toMatchObject([{ reason: 'log' }]);
  await writer.close();
  expect((await table.scan().toArray()).length).toBe(id);
});
