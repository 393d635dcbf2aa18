/** What a new table is given: a log unless told otherwise, and the catalog's defaults. */
import { describe, expect, it } from 'vitest';
import {
  type CatalogOptions,
  type FileIO,
  memoryFileIO,
  openCatalog,
  seededRandom,
  type Table,
  type TableDefinition,
} from '../../src/index.js';

const SCHEMA = { id: 'BIGINT NOT NULL', v: 'STRING' } as const;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function created(options: TableDefinition['options'], more: Partial<CatalogOptions> & { keyed?: boolean } = {}) {
  const { keyed = true, ...rest } = more;
  const catalog = await openCatalog({ warehouse: '/wh', fileIO: memoryFileIO(), random: seededRandom(1), ...rest });
  const table: Table = await catalog.createTable('db.t', {
    schema: SCHEMA,
    ...(keyed && { primaryKey: ['id'] }),
    ...(options && { options }),
  });
  return { catalog, table };
}

describe('a new table', () => {
  it.each([true, false])('has a log, written into its options (primary key: %s)', async (keyed) => {
    const { catalog, table } = await created(undefined, { keyed });
    expect(table.options).toMatchObject({ 'log.enabled': 'true', 'write-only': 'true' });
    expect(table.options['log.id']).toMatch(UUID);
    const writer = await table.openWriter();
    await writer.write({ id: 1n, v: 'a' });
    const result = await writer.commit();
    expect(result).toMatchObject({ snapshot: undefined, slot: 2n, rows: 1 });
    expect(await table.snapshots()).toEqual([]);
    expect(await table.scan().toArray()).toEqual([{ id: 1n, v: 'a' }]);
    await writer.close();
    expect(await table.snapshots()).toMatchObject([{ id: 1n, totalRecordCount: 1n }]);
    await catalog.close();
  });

  it('has none when its options say so', async () => {
    for (const off of [false, 'false', ' FALSE ']) {
      const { catalog, table } = await created({ 'log.enabled': off });
      expect(Object.keys(table.options)).not.toContain('log.id');
      expect(Object.keys(table.options)).not.toContain('write-only');
      const writer = await table.openWriter();
      await writer.write({ id: 1n, v: 'a' });
      expect(await writer.commit()).toMatchObject({ snapshot: 1n });
      await writer.close();
      expect(await table.log()).toBeUndefined();
      await catalog.close();
    }
    await expect(created({ 'log.enabled': 'perhaps' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('keeps the write-only that it was given', async () => {
    const { table } = await created({ 'write-only': false });
    expect(table.options).toMatchObject({ 'log.enabled': 'true', 'write-only': 'false' });
  });

  it("takes the catalog's defaults where its definition says nothing", async () => {
    const tableDefaults = { 'log.enabled': false, bucket: 4, 'snapshot.interval': '1 min' };
    const { catalog, table } = await created({ bucket: 2 }, { tableDefaults });
    expect(table.options).toEqual({
      'log.enabled': 'false',
      bucket: '2',
      'snapshot.interval': '1 min',
      'file.compression': 'snappy',
    });
    const logged = await catalog.createTable('db.logged', { schema: SCHEMA, options: { 'log.enabled': true, bucket: -1 } });
    expect(logged.options['log.id']).toMatch(UUID);
    await catalog.close();
  });
});

it('a table that says nothing of a log has none', async () => {
  const io = memoryFileIO();
  const { table } = await created({ 'log.enabled': false }, { fileIO: io });
  await table.alter([{ action: 'removeOption', key: 'log.enabled' }]);
  const reopened = await tableOf(io);
  const writer = await reopened.openWriter();
  await writer.write({ id: 1n, v: 'a' });
  expect(await writer.commit()).toMatchObject({ snapshot: 1n });
  await writer.close();
  expect(reopened.options).not.toHaveProperty('log.enabled');
  expect(await reopened.log()).toBeUndefined();
});

async function tableOf(io: FileIO): Promise<Table> {
  return (await openCatalog({ warehouse: '/wh', fileIO: io })).table('db.t');
}
