/**
 * What stays of a table's past as Java wrote it: tags, branches, changelogs of expired snapshots, consumers; and the formats of
 * data files that weir does not read, told clearly.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Catalog, gt, openCatalog, type Table } from '../../src/index.js';
import { encodeJsonLines } from '../../src/types/json-line.js';
import { goldenTable, goldenTables, goldenWarehouse } from '../support/golden.js';
import { canonicalLines, orderByKey } from './lines.js';

let catalog: Catalog;
beforeAll(async () => {
  catalog = await openCatalog({ warehouse: goldenWarehouse(), threads: 0 });
});
afterAll(() => catalog.close());

async function rowsOf(table: Table, options: Parameters<Table['scan']>[0] = {}): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of table.scan(options).batches()) lines.push(...encodeJsonLines(batch).split('\n').slice(0, -1));
  return canonicalLines(lines, table.schema.fields).sort();
}

async function changesOf(table: Table, snapshot: bigint): Promise<string[]> {
  const lines: string[] = [];
  for await (const { batch, kinds } of table.changes({ from: { snapshot }, until: { snapshot } }))
    lines.push(...encodeJsonLines(batch, { kinds }).split('\n').slice(0, -1));
  return orderByKey(canonicalLines(lines, table.schema.fields), table.schema.primaryKeys);
}

describe('tags_branches', () => {
  const golden = goldenTable('tags_branches');
  const expected = (table: Table, file: string) => canonicalLines(golden.expected(file), table.schema.fields).sort();
  const expectedChanges = (table: Table, file: string) =>
    orderByKey(canonicalLines(golden.expected(file), table.schema.fields), table.schema.primaryKeys);

  it('every tag is a state, also of expired snapshots', async () => {
    const table = await catalog.table('golden.tags_branches');
    const tags = await table.tags();
    expect(Object.fromEntries(tags.map(({ name, snapshot }) => [name, Number(snapshot.id)]))).toEqual(golden.meta.tags);
    expect(tags.map(({ name }) => name)).toEqual(['keep me', 't-last', 't1']);
    for (const { name } of tags) expect(await rowsOf(table, { at: { tag: name } }), name).toEqual(expected(table, `tag-${name}.jsonl`));
    await expect(table.scan({ at: { snapshot: 3n } }).toArray()).rejects.toMatchObject({ code: 'POSITION_EXPIRED' });
    await expect(table.scan({ at: { tag: 'none' } }).toArray()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('changes of expired snapshots are read as long as their changelog is there', async () => {
    const table = await catalog.table('golden.tags_branches');
    expect(await changesOf(table, 6n)).toEqual([]);
    for (const id of [7, 8, 9, 10]) {
      expect(await changesOf(table, BigInt(id)), String(id)).toEqual(expectedChanges(table, `changes-${id - 1}-${id}.jsonl`));
    }
    await expect(changesOf(table, 5n)).rejects.toMatchObject({ code: 'POSITION_EXPIRED' });
    await expect(table.scan({ at: { snapshot: 8n } }).toArray()).rejects.toMatchObject({ code: 'POSITION_EXPIRED' });
  });

  it('a stream goes from a changelog on to snapshots', async () => {
    const table = await catalog.table('golden.tags_branches');
    const snapshots = new Set<bigint>();
    for await (const { snapshot } of table.changes({ from: { snapshot: 7n }, until: 'now' })) snapshots.add(snapshot);
    expect([...snapshots]).toEqual([7n, 8n, 9n, 10n]);
  });

  it('a branch is a table of its own', async () => {
    const main = await catalog.table('golden.tags_branches');
    expect(await main.branches()).toEqual(['dev', 'empty_b']);
    const branch = await catalog.table('golden.tags_branches$branch_dev');
    expect((await branch.snapshots()).map(({ id }) => id)).toEqual([1n, 2n, 3n]);
    for (const id of [1, 2, 3])
      expect(await rowsOf(branch, { at: { snapshot: BigInt(id) } })).toEqual(expected(branch, `branch-dev-snapshot-${id}.jsonl`));
    expect(await rowsOf(branch)).toEqual(expected(branch, 'branch-dev-snapshot-3.jsonl'));
    for (const id of [2, 3])
      expect(await changesOf(branch, BigInt(id))).toEqual(expectedChanges(branch, `branch-dev-changes-${id - 1}-${id}.jsonl`));
    expect((await branch.tags()).map(({ name, snapshot }) => [name, snapshot.id])).toEqual([['t1', 1n]]);
    expect(await branch.get({ id: BigInt(JSON.parse(golden.expected('branch-dev-snapshot-3.jsonl')[0]!).id as string) })).toBeDefined();
  });

  it('changes that an expiry of Java took from a branch are missed by name', async () => {
    const branch = await catalog.table('golden.tags_branches$branch_dev');
    await expect(changesOf(branch, 1n)).rejects.toMatchObject({ code: 'CORRUPTION', message: expect.stringMatching(/manifest-list-.*-2/) });
  });

  it('an empty branch is an empty table', async () => {
    const branch = await catalog.table('golden.tags_branches$branch_empty_b');
    expect(await rowsOf(branch)).toEqual([]);
    expect(await branch.snapshots()).toEqual([]);
  });

  it('a branch is not changed', async () => {
    const branch = await catalog.table('golden.tags_branches$branch_dev');
    const refused = { code: 'UNSUPPORTED', message: expect.stringContaining('branch') };
    await expect(branch.openWriter()).rejects.toMatchObject(refused);
    await expect(branch.openCommitter()).rejects.toMatchObject(refused);
    await expect(branch.compact()).rejects.toMatchObject(refused);
    await expect(branch.expire()).rejects.toMatchObject(refused);
    await expect(branch.truncate()).rejects.toMatchObject(refused);
    await expect(branch.alter([{ action: 'setOption', key: 'a', value: 'b' }])).rejects.toMatchObject(refused);
    await expect(catalog.dropTable('golden.tags_branches$branch_dev')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it.each(['$branch_none', '$branch_'])('%s is no branch', async (suffix) => {
    await expect(catalog.table(`golden.tags_branches${suffix}`)).rejects.toMatchObject({
      code: suffix === '$branch_none' ? 'NOT_FOUND' : 'INVALID_ARGUMENT',
    });
  });

  it('consumers are listed', async () => {
    const table = await catalog.table('golden.tags_branches');
    expect((await table.consumers()).map(({ id, nextSnapshot }) => [id, nextSnapshot])).toEqual([
      ['reader-1', 11n],
      ['reader2', 12n],
    ]);
  });
});

describe('pk_opts', () => {
  it('point gets, filters and projections read Avro and Parquet files of one table alike', async () => {
    const golden = goldenTable('pk_opts');
    const table = await catalog.table('golden.pk_opts');
    const formats = new Set<string>();
    for (const { id } of golden.meta.snapshots) {
      const at = { snapshot: BigInt(id) };
      for (const { file } of await table.files({ at })) formats.add(file.fileName.slice(file.fileName.lastIndexOf('.')));
      const rows = await table.scan({ at }).toArray();
      for (const row of rows) expect(await table.get({ id: row.id }, { at })).toEqual(row);
      expect(await table.get({ id: 10n ** 15n }, { at })).toBeUndefined();
      const counted = rows.filter((row) => (row.cnt as number | null) !== null && (row.cnt as number) > 1500);
      const found = await table.scan({ at, where: gt('cnt', 1500), columns: ['score', 'id'] }).toArray();
      const byId = (a: Record<string, unknown>, b: Record<string, unknown>) => Number((a.id as bigint) - (b.id as bigint));
      expect(found.sort(byId)).toEqual(counted.map(({ score, id }) => ({ score, id })).sort(byId));
    }
    expect([...formats].sort()).toEqual(['.avro', '.parquet']);
  });
});

describe('ORC', () => {
  it.each(goldenTables(/orc/).map(({ name }) => name))('%s: states with ORC files are refused by name, the others read', async (name) => {
    const golden = goldenTable(name);
    const table = await catalog.table(`golden.${name}`);
    let refused = 0;
    for (const { id, rows } of golden.meta.snapshots) {
      const at = { snapshot: BigInt(id) };
      const orc = (await table.files({ at })).filter(({ file }) => file.fileName.endsWith('.orc'));
      if (orc.length === 0 || rows === 0) {
        expect(await rowsOf(table, { at })).toEqual(canonicalLines(golden.expected(`snapshot-${id}.jsonl`), table.schema.fields).sort());
        continue;
      }
      refused++;
      await expect(table.scan({ at }).toArray()).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        message: expect.stringMatching(/\.orc: ORC data files are not read/),
        file: expect.stringMatching(/\.orc$/),
      });
    }
    expect(refused).toBeGreaterThan(0);
  });
});
