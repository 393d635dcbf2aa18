/** Rows of the log go where their partition's files are, whatever the option `bucket` says by now. */
import { describe, expect, it } from 'vitest';
import { int, memoryFileIO, openCatalog, string, type Table } from '../../../src/index.js';
import { ForeignEngine } from '../../support/foreign-engine.js';
import { sorted } from '../../support/memory-catalog.js';
import { recordedIO } from '../../support/recorded-io.js';

type Row = { p: string; id: number; n: number };

const rows = (p: string, n: number, count = 40): Row[] => Array.from({ length: count }, (_, id) => ({ p, id, n }));

async function newTable() {
  const io = recordedIO(memoryFileIO());
  const catalog = await openCatalog({ warehouse: '/w', fileIO: io });
  const table = (await catalog.createTable('db.t', {
    schema: { p: string().notNull(), id: int().notNull(), n: int() },
    primaryKey: ['p', 'id'],
    partitionBy: ['p'],
    options: { bucket: 2, 'log.enabled': 'true', 'snapshot.interval': '365 d', 'log.compaction': 'false' },
  })) as unknown as Table<Row>;
  return { io, table };
}

const commit = async (table: Table<Row>, given: Row[], overwrite = false) => {
  const writer = await table.openWriter(overwrite ? { overwrite: { partition: { p: given[0]!.p } } } : {});
  await writer.write(given);
  await writer.commit();
  await writer.close({ flush: false });
};

/** Numbers of buckets that the files of each partition say. */
const counts = async (table: Table<Row>) => {
  const found = (await table.files()).map(
    ({ partition, totalBuckets }) => `${Buffer.from(partition).toString('latin1').match(/[ab]/)![0]}:${totalBuckets}`,
  );
  return [...new Set(found)].sort();
};

const same = async (table: Table<Row>, expected: Row[]) => {
  expect(sorted(await table.scan().toArray())).toEqual(sorted(expected));
  for (const row of expected) expect(await table.get({ p: row.p, id: row.id })).toEqual(row);
};

describe('after an ALTER of `bucket`', () => {
  it('rows of an old partition stay in its buckets, those of a new one are spread over the new ones', async () => {
    const { table } = await newTable();
    await commit(table, rows('a', 1));
    await table.flush();
    await table.alter([{ action: 'setOption', key: 'bucket', value: '5' }]);
    await commit(table, [...rows('a', 2, 20), ...rows('b', 1)]);
    const expected = [...rows('a', 2, 20), ...rows('a', 1).slice(20), ...rows('b', 1)];
    await same(table, expected);
    await table.flush();
    expect(await counts(table)).toEqual(['a:2', 'b:5']);
    await same(table, expected);
    await table.compact({ full: true });
    expect(await counts(table)).toEqual(['a:2', 'b:5']);
    await same(table, expected);
    expect(await table.verify()).toMatchObject({ ok: true });
  });

  it('and an overwrite of the partition, rows that were read before move with it', async () => {
    const { table } = await newTable();
    await commit(table, rows('a', 1));
    await table.flush();
    await table.alter([{ action: 'setOption', key: 'bucket', value: '5' }]);
    await commit(table, rows('a', 2, 10));
    await same(table, [...rows('a', 2, 10), ...rows('a', 1).slice(10)]);
    await commit(table, rows('a', 3), true);
    await commit(table, rows('a', 4, 10));
    const expected = [...rows('a', 4, 10), ...rows('a', 3).slice(10)];
    await same(table, expected);
    await table.flush();
    expect(await counts(table)).toEqual(['a:5']);
    await same(table, expected);
  });

  it('while rows are on their way to a snapshot, they are routed anew', async () => {
    const { io, table } = await newTable();
    await commit(table, rows('a', 1));
    await table.flush();
    await commit(table, rows('a', 2, 10));
    await same(table, [...rows('a', 2, 10), ...rows('a', 1).slice(10)]);
    await table.alter([{ action: 'setOption', key: 'bucket', value: '5' }]);
    // another engine, which knows nothing of the log, rescales just before the snapshot is made
    const other = new ForeignEngine(io, table as never);
    let done = false;
    io.before = async ({ name, path }) => {
      if (done || name !== 'createExclusive' || !path.endsWith('/snapshot-2')) return;
      done = true;
      await other.commit(rows('a', 3), { overwrite: 'all' });
    };
    await table.flush();
    expect(done).toBe(true);
    expect(await counts(table)).toEqual(['a:5']);
    await same(table, [...rows('a', 2, 10), ...rows('a', 3).slice(10)]);
  });
});

describe('numbers of buckets', () => {
  it('are read once, and then of what was added', async () => {
    const { io, table } = await newTable();
    await commit(table, rows('a', 1));
    await table.flush();
    io.calls.length = 0;
    for (let n = 2; n < 5; n++) {
      await commit(table, rows('a', n, 3));
      await table.flush();
    }
    // of each flush the manifest of the one before, at most
    expect(io.count(/\/manifest\/manifest-[0-9a-f]{8}/, 'readFile', 'open')).toBeLessThanOrEqual(3);
  });
});
