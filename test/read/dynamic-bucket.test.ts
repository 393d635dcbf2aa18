/**
 * Tables whose buckets no function of the key gives: dynamic ones (an index says, or a search of the whole partition) and
 * postponed ones (rows wait in a bucket that batch reads do not see).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { and, type Catalog, eq, openCatalog } from '../../src/index.js';
import { goldenTable, goldenWarehouse } from '../support/golden.js';

let catalog: Catalog;
beforeAll(async () => {
  catalog = await openCatalog({ warehouse: goldenWarehouse(), threads: 0 });
});
afterAll(() => catalog.close());

describe('a dynamic bucket', () => {
  const golden = goldenTable('pk_dynamic');
  interface Row {
    readonly dt: number;
    readonly id: string;
    readonly v: number | null;
  }
  const parse = (line: string) => JSON.parse(line) as Row;
  const latest = golden.expected('latest.jsonl').map(parse);

  it('is found for every key: by a point get and by a scan for the key', async () => {
    const table = await catalog.table('golden.pk_dynamic');
    const buckets = new Set((await table.files()).map(({ bucket, totalBuckets }) => `${bucket} of ${totalBuckets}`));
    expect([...buckets].sort()).toEqual(['0 of -1', '1 of -1', '2 of -1', '3 of -1', '4 of -1', '5 of -1']);
    for (const { dt, id, v } of latest) {
      expect(await table.get({ dt, id })).toEqual({ id, v, dt });
      expect(await table.scan({ where: and(eq('dt', dt), eq('id', id)) }).toArray()).toEqual([{ id, v, dt }]);
    }
  });

  it('no longer has the keys that were deleted', async () => {
    const table = await catalog.table('golden.pk_dynamic');
    const written = golden.files.filter((file) => file.startsWith('changes-')).flatMap((file) => golden.expected(file).map(parse));
    const gone = written.filter((row) => !latest.some(({ dt, id }) => dt === row.dt && id === row.id));
    expect(gone.length).toBeGreaterThan(0);
    for (const { dt, id } of gone) expect(await table.get({ dt, id })).toBeUndefined();
  });

  it('is not written: which bucket a new key belongs to is for an index file to say', async () => {
    const table = await catalog.table('golden.pk_dynamic');
    await expect(table.openWriter()).rejects.toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('bucket=-1') });
  });
});

describe('the postpone bucket', () => {
  it('is not visible to batch reads and point gets', async () => {
    const table = await catalog.table('golden.pk_postpone');
    expect((await table.files()).every(({ bucket }) => bucket === -2)).toBe(true);
    expect(await table.scan().toArray()).toEqual([]);
    const { id } = JSON.parse(goldenTable('pk_postpone').expected('changes-0-1.jsonl')[0]!) as { id: string };
    expect(await table.get({ id: BigInt(id) })).toBeUndefined();
    const changes = [];
    for await (const change of table.changesBetween({ from: 0n, to: 2n })) changes.push(change);
    expect(changes).toEqual([]);
  });

  it('is not written', async () => {
    const table = await catalog.table('golden.pk_postpone');
    await expect(table.openWriter()).rejects.toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('bucket=-2') });
  });
});
