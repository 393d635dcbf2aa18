/** The log switched on and off on a living table, by weir and by others; and the table dropped under it. */
import { describe, expect, it } from 'vitest';
import { bigint, type FileIO, int, memoryFileIO, type Table } from '../../../src/index.js';
import { formatSchema } from '../../../src/meta/table-schema.js';
import { FAST, memoryCatalog, put, sorted } from '../../support/memory-catalog.js';

const ON = { 'log.enabled': 'true', 'snapshot.interval': '1 h' } as const;

async function newTable(options: Record<string, string> = ON, io: FileIO = memoryFileIO(), seed = 1) {
  const { catalog } = await memoryCatalog(io, { seed });
  const table = await catalog.createTable('db.t', {
    schema: { id: bigint().notNull(), n: int() },
    primaryKey: ['id'],
    options: { ...FAST, bucket: 2, ...options },
  });
  return { io, catalog, table };
}

type Rows = { id: bigint; n: number }[];
const rows = (from: number, to: number, n: number): Rows => Array.from({ length: to - from }, (_, i) => ({ id: BigInt(from + i), n }));
const read = async (table: Pick<Table, 'scan'>) => sorted(await table.scan().toArray());

/** What another engine's ALTER does: the next schema file, written by hand. */
async function alterByHand(io: FileIO, table: Pick<Table, 'path' | 'schema' | 'refresh'>, key: string, value: string | undefined) {
  await table.refresh();
  const { schema } = table;
  const options: Record<string, string> = { ...schema.options };
  if (value === undefined) delete options[key];
  else options[key] = value;
  const next = { ...schema, id: schema.id + 1n, options };
  expect(await io.createExclusive(`${table.path}/schema/schema-${next.id}`, formatSchema(next))).toBe(true);
}

async function append(table: Pick<Table, 'openWriter'>, data: Rows, flush = false) {
  const writer = await table.openWriter({ commitUser: 'job' });
  await writer.write(data);
  const result = await writer.commit();
  await writer.close({ flush });
  return result;
}

describe('log.enabled', () => {
  it('switched on: the log gets a name, other engines leave the table alone, identifiers go on', async () => {
    const { table } = await newTable({});
    await put(table, rows(0, 4, 1), { commitUser: 'job', identifier: 7n });
    await table.alter([{ action: 'setOption', key: 'log.enabled', value: 'true' }]);
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.write(rows(0, 4, 9));
    expect(await writer.commit({ identifier: 7n })).toMatchObject({ alreadyCommitted: true, slot: undefined });
    await writer.write(rows(2, 6, 2));
    expect((await writer.commit({ identifier: 8n })).slot).toBeGreaterThan(0n);
    expect(table.options).toMatchObject({ 'write-only': 'true', 'log.id': expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(await read(table)).toEqual(sorted([...rows(0, 2, 1), ...rows(2, 6, 2)]));
    await writer.close();
    expect(await read(table)).toEqual(sorted([...rows(0, 2, 1), ...rows(2, 6, 2)]));
    expect(await table.verify()).toMatchObject({ ok: true });
  });

  for (const by of ['weir', 'another engine'] as const) {
    it(`switched off by ${by}, and on again: no row is hidden at any time, numbers go on`, async () => {
      const { io, table } = await newTable();
      const set = (value: string) =>
        by === 'weir' ? table.alter([{ action: 'setOption', key: 'log.enabled', value }]) : alterByHand(io, table, 'log.enabled', value);
      await append(table, rows(0, 4, 1));
      await set('false');
      const elsewhere = await (await memoryCatalog(io, { seed: 2 })).catalog.table('db.t');
      expect(await read(elsewhere)).toEqual(sorted(rows(0, 4, 1)));
      // the next commit goes to a snapshot, above what the log held
      const off = await append(elsewhere as never, rows(2, 6, 2));
      expect(off.slot).toBeUndefined();
      expect(off.snapshot).toBeGreaterThan(1n);
      const both = [...rows(0, 2, 1), ...rows(2, 6, 2)];
      expect(await read(elsewhere)).toEqual(sorted(both));
      expect((await elsewhere.log())!.enabled).toBe(false);
      const before = (await elsewhere.log())!.head;
      await set('true');
      const on = await append(table, rows(5, 8, 3));
      expect(on.slot).toBeGreaterThan(before);
      const all = sorted([...rows(0, 2, 1), ...rows(2, 5, 2), ...rows(5, 8, 3)]);
      expect(await read(table)).toEqual(all);
      await table.flush();
      expect(await read(table)).toEqual(all);
      await table.compact({ full: true });
      expect(await read(table)).toEqual(all);
      expect((await table.verify()).problems).toEqual([]);
    });
  }

  it('a writer that was open when the log was closed is fenced: its rows would be older than what followed', async () => {
    const { io, table } = await newTable();
    const stale = await table.openWriter({ commitUser: 'job' });
    await stale.write(rows(0, 2, 1));
    await stale.commit();
    await alterByHand(io, table, 'log.enabled', 'false');
    const elsewhere = await (await memoryCatalog(io, { seed: 2 })).catalog.table('db.t');
    await put(elsewhere as never, rows(0, 1, 5));
    await stale.write(rows(0, 2, 9));
    await expect(stale.commit()).rejects.toMatchObject({ code: 'FENCED' });
    await stale.close();
    expect(await read(elsewhere)).toEqual(sorted([...rows(0, 1, 5), ...rows(1, 2, 1)]));
  });

  it('a stream goes on through all of it', async () => {
    const { table } = await newTable();
    const told: string[] = [];
    let from: Parameters<typeof table.changes>[0] = {};
    const follow = async () => {
      for await (const change of table.changes({ ...from, until: 'now' })) {
        for (const { kind, row } of change.rows()) told.push(`${kind}${row.id}:${row.n}`);
        from = { from: change.position };
      }
    };
    await append(table, rows(0, 2, 1));
    await follow();
    await table.alter([{ action: 'setOption', key: 'log.enabled', value: 'false' }]);
    await append(table, rows(2, 4, 2));
    await follow();
    await table.alter([{ action: 'setOption', key: 'log.enabled', value: 'true' }]);
    await append(table, rows(4, 6, 3));
    await follow();
    await append(table, rows(6, 7, 4), true);
    await follow();
    expect(told.sort()).toEqual(['+I0:1', '+I1:1', '+I2:2', '+I3:2', '+I4:3', '+I5:3', '+I6:4']);
  });
});

describe('a table that was dropped', () => {
  it('ends its writers: what they would flush is gone', async () => {
    const { io, table } = await newTable();
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.write(rows(0, 4, 1));
    await writer.commit();
    await (await memoryCatalog(io, { seed: 2 })).catalog.dropTable('db.t');
    await expect(writer.close()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await io.exists(table.path)).toBe(false);
  });

  it('takes no commit, and one made again does not see the old slots', async () => {
    const { io, catalog, table } = await newTable();
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.write(rows(0, 4, 1));
    await writer.commit();
    const first = (await table.log())!.id;
    const other = await (await memoryCatalog(io, { seed: 2 })).catalog;
    await other.dropTable('db.t');
    await writer.write(rows(4, 8, 1));
    await expect(writer.commit()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await io.exists(table.path)).toBe(false);
    const { table: again } = await newTable(ON, io, 3);
    await expect(writer.commit()).rejects.toMatchObject({ code: expect.stringMatching(/^(NOT_FOUND|FENCED)$/) });
    expect((await again.log())?.id).not.toBe(first);
    expect(await read(again)).toEqual([]);
    await append(again, rows(0, 1, 7));
    expect(await read(again)).toEqual(sorted(rows(0, 1, 7)));
    await writer.close({ flush: false }).catch(() => undefined);
    await catalog.close();
  });
});
