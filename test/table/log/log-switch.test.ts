/** The log of a table switched off and on again by ALTER. */
import { expect, it } from 'vitest';
import { memoryFileIO, openCatalog } from '../../../src/index.js';
import { pathsBelow, SNAPSHOTS_ONLY } from '../../support/memory-catalog.js';

async function newTable(options: Record<string, boolean>) {
  const io = memoryFileIO();
  const catalog = await openCatalog({ warehouse: '/w', fileIO: io, tableDefaults: SNAPSHOTS_ONLY });
  const schema = { id: 'BIGINT NOT NULL', v: 'STRING' };
  const table = await catalog.createTable('db.t', {
    schema,
    primaryKey: ['id'],
    options: { bucket: 1, 'commit.fsync': false, ...options },
  });
  const switchLog = (value: boolean) => table.alter([{ action: 'setOption', key: 'log.enabled', value: String(value) }]);
  return { io, catalog, table, switchLog };
}

it('rows of the log win over those that were committed while it was off', async () => {
  const { catalog, table, switchLog } = await newTable({ 'log.enabled': true });
  const put = async (v: string, times: number) => {
    const writer = await table.openWriter({ commitUser: 'job' });
    for (let i = 0; i < times; i++) {
      await writer.write(Array.from({ length: 20 }, (_, id) => ({ id: BigInt(id), v })));
      await writer.commit();
    }
    await writer.close();
  };
  await put('first', 1);
  await switchLog(false);
  await put('without', 5);
  await switchLog(true);
  await put('again', 1);
  expect(new Set((await table.scan().toArray()).map((row) => row.v))).toEqual(new Set(['again']));
  await catalog.close();
});

it('writers that open at once when it has been switched on share one log', async () => {
  const { io, catalog, table, switchLog } = await newTable({});
  await switchLog(true);
  const other = await openCatalog({ warehouse: '/w', fileIO: io });
  const handles = [table, table, await other.table('db.t')];
  const writers = await Promise.all(handles.map((handle, i) => handle.openWriter({ commitUser: `job-${i}` })));
  await Promise.all(writers.map((writer, i) => writer.append({ id: BigInt(i), v: `${i}` })));
  expect((await table.scan().toArray()).length).toBe(3);
  const logs = (await pathsBelow(io, `${table.path}/log`)).map((path) => path.split('/log/')[1]!.split('/')[0]);
  expect(new Set(logs)).toEqual(new Set([table.options['log.id']]));
  for (const writer of writers) await writer.close();
  expect((await table.scan().toArray()).length).toBe(3);
  for (const each of [catalog, other]) await each.close();
});
