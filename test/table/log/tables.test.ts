/** Every kind of table with a log: at every moment the same rows as a table without one that got the same commits. */
import { describe, expect, it } from 'vitest';
import { bigint, int, type SchemaSpec, string, type Table } from '../../../src/index.js';
import { FAST, memoryCatalog, put, sorted } from '../../support/memory-catalog.js';
import { integerBetween, testRandom } from '../../support/seeds.js';

const LOG = { 'log.enabled': 'true', 'snapshot.interval': '1 h' } as const;
const schema: SchemaSpec = { id: bigint().notNull(), day: string().notNull(), n: int(), text: string() };

type Definition = { primaryKey?: string[]; partitionBy?: string[]; options?: Record<string, string | number> };

const KINDS: Record<string, Definition> = {
  'with keys': { primaryKey: ['id', 'day'], options: { bucket: 3 } },
  'with changelog files': { primaryKey: ['id', 'day'], options: { bucket: 1, 'changelog-producer': 'input' } },
  'with partitions and buckets': { primaryKey: ['id', 'day'], partitionBy: ['day'], options: { bucket: 2 } },
  'with a sequence field': { primaryKey: ['id', 'day'], options: { bucket: 2, 'sequence.field': 'n' } },
  'with a falling sequence field': {
    primaryKey: ['id', 'day'],
    options: { bucket: 1, 'sequence.field': 'n', 'sequence.field.sort-order': 'descending' },
  },
  'that ignores deletes': { primaryKey: ['id', 'day'], options: { bucket: 2, 'ignore-delete': 'true' } },
  'with bodies beside its slots': { primaryKey: ['id', 'day'], options: { bucket: 2, 'log.inline-max': '1 b' } },
  'without keys': { options: { bucket: -1 } },
  'without keys, with partitions': { partitionBy: ['day'], options: { bucket: -1 } },
};

const rowsOf = async (table: Table) => sorted(await table.scan().toArray());

for (const [name, definition] of Object.entries(KINDS)) {
  it(`a table ${name}`, async () => {
    const random = testRandom();
    const { catalog } = await memoryCatalog();
    const make = (table: string, more: Record<string, string>) =>
      catalog.createTable(table, {
        ...definition,
        schema,
        options: { ...FAST, ...definition.options, ...more },
      }) as unknown as Promise<Table>;
    const [logged, plain] = [await make('db.logged', LOG), await make('db.plain', {})];
    const keyed = definition.primaryKey !== undefined;
    // where a sequence field decides, a deleted key takes older rows again once a compaction has dropped the delete: that depends on when it ran
    const deletes = keyed && definition.options?.['sequence.field'] === undefined;
    const [writer, reference] = [await logged.openWriter({ commitUser: 'job' }), await plain.openWriter({ commitUser: 'job' })];
    for (let round = 0; round < 8; round++) {
      const rows = Array.from({ length: integerBetween(random, 1, 30) }, () => ({
        id: BigInt(integerBetween(random, 0, 20)),
        day: `d${integerBetween(random, 0, 2)}`,
        n: integerBetween(random, 0, 1000),
        text: random.float() < 0.2 ? null : `r${round}`,
      }));
      const kinds = rows.map(() => (deletes && random.float() < 0.25 ? ('-D' as const) : ('+I' as const)));
      for (const each of [writer, reference]) {
        await each.write(rows, { kinds });
        await each.commit();
      }
      const wanted = await rowsOf(plain);
      expect(await rowsOf(logged)).toEqual(wanted);
      if (keyed) {
        const { id, day } = rows[0]!;
        expect(await logged.get({ id, day })).toEqual(await plain.get({ id, day }));
      }
      if (random.float() < 0.4) {
        await logged.flush();
        expect(await rowsOf(logged)).toEqual(wanted);
        // what other engines see by now
        expect(sorted(await logged.scan({ at: { snapshot: (await logged.snapshot())!.id } }).toArray())).toEqual(wanted);
      }
      if (random.float() < 0.2) {
        await logged.compact({ full: true });
        expect(await rowsOf(logged)).toEqual(wanted);
      }
    }
    await Promise.all([writer.close(), reference.close()]);
    expect(await rowsOf(logged)).toEqual(await rowsOf(plain));
    expect((await logged.verify()).problems).toEqual([]);
  });
}

describe('changes of the table meet its log', () => {
  async function newTable(options: Record<string, string> = {}) {
    const { catalog } = await memoryCatalog();
    const table = await catalog.createTable('db.t', {
      schema: { id: bigint().notNull(), day: string().notNull(), n: int() },
      primaryKey: ['id', 'day'],
      partitionBy: ['day'],
      options: { ...FAST, ...LOG, bucket: 1, ...options },
    });
    return table as unknown as Table;
  }
  const row = (id: number, day: string, n: number, more = {}) => ({ id: BigInt(id), day, n, ...more });
  const leave = async (table: Table, rows: object[]) => {
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.write(rows as never);
    await writer.commit();
    await writer.close({ flush: false });
  };

  it('a column more between slots: each goes under its own schema, reads see today’s', async () => {
    const table = await newTable();
    await leave(table, [row(1, 'a', 1), row(2, 'a', 2)]);
    await table.alter([{ action: 'addColumn', name: 'more', type: 'STRING' }]);
    await leave(table, [row(2, 'a', 20, { more: 'x' }), row(3, 'b', 3, { more: 'y' })]);
    await table.alter([
      { action: 'updateType', name: 'n', type: 'BIGINT' },
      { action: 'renameColumn', name: 'more', to: 'text' },
    ]);
    await leave(table, [{ id: 4n, day: 'b', n: 1n << 40n, text: 'z' }]);
    const all = sorted([
      { id: 1n, day: 'a', n: 1n, text: null },
      { id: 2n, day: 'a', n: 20n, text: 'x' },
      { id: 3n, day: 'b', n: 3n, text: 'y' },
      { id: 4n, day: 'b', n: 1n << 40n, text: 'z' },
    ]);
    expect(await rowsOf(table)).toEqual(all);
    const told: unknown[] = [];
    for await (const change of table.changes({ until: 'now' })) told.push(...change.rows().map(({ row }) => row));
    expect(sorted(told)).toEqual(sorted([...(await table.scan().toArray()), { id: 2n, day: 'a', n: 2n, text: null }]));
    await table.flush();
    expect(await rowsOf(table)).toEqual(all);
    expect(new Set((await table.files()).map(({ file }) => file.schemaId)).size).toBe(3);
    expect((await table.verify()).problems).toEqual([]);
  });

  it('writers of an older schema in between: the files of a snapshot tell the rows of a key in order, read one after the other', async () => {
    const table = await newTable({ 'changelog-producer': 'input' });
    const older = await table.openWriter({ commitUser: 'older' });
    await older.append([row(1, 'a', 1)]);
    await table.alter([{ action: 'addColumn', name: 'more', type: 'STRING' }]);
    const newer = await table.openWriter({ commitUser: 'newer' });
    await newer.append([row(1, 'a', 2, { more: 'x' })]);
    await older.append([row(1, 'a', 3)]);
    await newer.append([row(1, 'a', 4, { more: 'y' })]);
    await older.append([row(1, 'a', 5)]);
    const snapshot = await table.flush();
    await Promise.all([older.close(), newer.close()]);
    const told: unknown[] = [];
    for await (const change of table.changes({ from: { snapshot: snapshot! }, until: { snapshot: snapshot! } }))
      told.push(...change.rows().map((each) => each.row.n));
    expect(told).toEqual([1, 2, 3, 4, 5]);
    const files = (await table.files({ at: { snapshot: snapshot! } })).map(({ file }) => file);
    for (const [i, file] of files.entries())
      for (const other of files.slice(0, i)) expect(other.maxSequenceNumber).toBeLessThan(file.minSequenceNumber);
  });

  it('overwrite, truncate and drop partition take what the log held with them, and nothing that came later', async () => {
    const table = await newTable();
    await leave(table, [row(1, 'a', 1), row(2, 'b', 2)]);
    await table.dropPartitions([{ day: 'a' }]);
    expect(await rowsOf(table)).toEqual(sorted([row(2, 'b', 2)]));
    await leave(table, [row(1, 'a', 10), row(3, 'b', 3)]);
    const over = await table.openWriter({ overwrite: { partition: { day: 'b' } } });
    await over.write(row(9, 'b', 9) as never);
    // later than the overwrite was opened, before it commits
    await leave(table, [row(4, 'b', 4)]);
    expect((await over.commit()).slot).toBeUndefined();
    await over.close();
    expect(await rowsOf(table)).toEqual(sorted([row(1, 'a', 10), row(9, 'b', 9)]));
    await leave(table, [row(9, 'b', 90)]);
    expect(await rowsOf(table)).toEqual(sorted([row(1, 'a', 10), row(9, 'b', 90)]));
    await table.truncate();
    expect(await rowsOf(table)).toEqual([]);
    await leave(table, [row(1, 'a', 100)]);
    await table.flush();
    expect(await rowsOf(table)).toEqual(sorted([row(1, 'a', 100)]));
    expect((await table.verify()).problems).toEqual([]);
  });

  it('a compaction of another puts nothing in front of the log', async () => {
    const table = await newTable();
    await put(table, [row(1, 'a', 1), row(2, 'a', 2)]);
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.delete([{ id: 1n, day: 'a' }]);
    await writer.commit();
    await table.compact({ full: true });
    expect(await rowsOf(table)).toEqual(sorted([row(2, 'a', 2)]));
    expect((await table.snapshots()).map(({ commitKind }) => commitKind)).toContain('COMPACT');
    await writer.close();
    expect(await rowsOf(table)).toEqual(sorted([row(2, 'a', 2)]));
  });
});
