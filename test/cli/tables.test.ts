/** create, ls, show, alter, drop, and the views of a table's state. */
import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenWarehouse } from '../support/golden.js';
import { Bench } from './support.js';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench.close());

interface Shown {
  fields?: { name: string; type: string }[];
}

const columnsOf = (shown: Shown | undefined) => (shown?.fields ?? []).map((field) => `${field.name} ${field.type}`);

describe('tables', () => {
  it('create makes the database, and bucket=1 for a primary key', async () => {
    await bench.lines([
      'create',
      'ods.flights',
      '--column',
      "id BIGINT NOT NULL COMMENT 'the key'",
      '--column',
      'origin STRING',
      '--column',
      'fare DECIMAL(10, 2)',
      '--column',
      'legs ARRAY<ROW<port STRING, at TIMESTAMP(3)>>',
      '--column',
      'dt STRING NOT NULL',
      '--primary-key',
      'id,dt',
      '--partition',
      'dt',
      '--option',
      'changelog-producer=input',
      '--option',
      'snapshot.num-retained.min=2',
    ]);
    const [shown] = await bench.records(['show', 'ods.flights']);
    expect(shown).toMatchObject({
      table_name: 'ods.flights',
      primary_keys: ['id', 'dt'],
      partition_keys: ['dt'],
      snapshot_id: null,
      options: {
        bucket: '1',
        'changelog-producer': 'input',
        'snapshot.num-retained.min': '2',
        'log.enabled': 'true',
        'log.id': expect.any(String),
        'write-only': 'true',
      },
    });
    expect(columnsOf(shown)).toEqual([
      'id BIGINT NOT NULL',
      'origin STRING',
      'fare DECIMAL(10, 2)',
      'legs ARRAY<ROW<port STRING, at TIMESTAMP(3)>>',
      'dt STRING NOT NULL',
    ]);
    expect(shown?.fields).toMatchObject([{ description: 'the key' }, {}, {}, {}, {}]);
    expect(await bench.records(['options', 'ods.flights'])).toContainEqual({ key: 'bucket', value: '1' });
    expect(await bench.records(['schemas', 'ods.flights'])).toMatchObject([
      { schema_id: 0, primary_keys: ['id', 'dt'], partition_keys: ['dt'] },
    ]);
  });

  it('create makes no log with log.enabled=false', async () => {
    await bench.lines(['create', 'ods.plain', '--column', 'id INT', '--option', 'log.enabled=false']);
    expect(await bench.records(['options', 'ods.plain'])).toEqual([
      { key: 'file.compression', value: 'snappy' },
      { key: 'log.enabled', value: 'false' },
    ]);
    expect(await bench.records(['write', 'ods.plain', '-'], { input: '{"id":1}\n' })).toMatchObject([{ snapshot: 1, rows: 1 }]);
    expect((await bench.records(['show', 'ods.plain']))[0]).not.toHaveProperty('log.id');
    await bench.lines(['drop', 'ods.plain']);
  });

  it('ls lists', async () => {
    expect(await bench.records(['ls'])).toEqual([{ database_name: 'ods', table_name: 'flights' }]);
    expect(await bench.records(['ls', 'ods'])).toEqual([{ database_name: 'ods', table_name: 'flights' }]);
    expect(await bench.run(['ls', 'nothing'])).toMatchObject({ code: 1, out: '' });
  });

  it.each([
    [['--column', 'id INT', '--option', 'no-such-option-weir=1', '--primary-key', 'nope'], /INVALID_ARGUMENT/],
    [['--column', 'id INT NOT NULL', '--primary-key', 'id', '--option', 'bucket=many'], /INVALID_ARGUMENT/],
    [['--column', 'id INT NOT NULL', '--primary-key', 'id', '--option', 'bucket=-1'], /UNSUPPORTED/],
    [['--column', 'id INT', '--column', 'id STRING'], /INVALID_ARGUMENT/],
    [['--column', 'id DECIMAL(50, 2)'], /INVALID_ARGUMENT/],
    [['--column', 'id FOO'], /UNSUPPORTED|INVALID_ARGUMENT/],
    [['--column', 'id INT', '--option', 'changelog-producer=input'], /INVALID_ARGUMENT/],
  ])('create refuses %j', async (args, message) => {
    const outcome = await bench.run(['create', 'bad.table', ...args]);
    expect(outcome).toMatchObject({ code: 1, out: '' });
    expect(outcome.err).toMatch(message);
    expect(outcome.err.split('\n')).toHaveLength(2);
    expect((await bench.records(['ls'])).some((record) => record.table_name === 'table')).toBe(false);
  });

  it('create keeps the order of columns whose names are numbers', async () => {
    await bench.lines(['create', 'ods.years', '--column', 'name STRING', '--column', '2001 INT', '--column', '1 INT']);
    const [shown] = await bench.records(['show', 'ods.years']);
    expect(columnsOf(shown)).toEqual(['name STRING', '2001 INT', '1 INT']);
    await bench.lines(['drop', 'ods.years']);
  });

  it('create knows what exists', async () => {
    const again = ['create', 'ods.flights', '--column', 'id INT'];
    expect((await bench.run(again)).err).toMatch(/^weir: ALREADY_EXISTS: /);
    expect(await bench.run([...again, '--if-not-exists'])).toMatchObject({ code: 0, out: '', err: '' });
  });

  it('alter changes columns and options', async () => {
    await bench.lines([
      'create',
      'ods.alter',
      '--column',
      'id INT NOT NULL',
      '--column',
      'a INT',
      '--column',
      'b STRING',
      '--primary-key',
      'id',
    ]);
    const alter = (...words: string[]) => bench.lines(['alter', 'ods.alter', ...words]);
    await alter('add', "c VARCHAR(5) COMMENT 'new'", '--after', 'id');
    await alter('rename', 'b', 'bee');
    await alter('type', 'a', 'BIGINT');
    await alter('move', 'bee', '--first');
    await alter('set', 'target-file-size=64 mb', 'snapshot.num-retained.max=50');
    await alter('unset', 'snapshot.num-retained.max');
    await alter('drop', 'c');
    const [shown] = await bench.records(['show', 'ods.alter']);
    expect(columnsOf(shown)).toEqual(['bee STRING', 'id INT NOT NULL', 'a BIGINT']);
    expect(shown?.options).toMatchObject({ 'target-file-size': '64 mb' });
    expect(await bench.records(['schemas', 'ods.alter'])).toHaveLength(8);
    expect((await bench.run(['alter', 'ods.alter', 'drop', 'id'])).err).toMatch(/^weir: /);
    expect(await bench.run(['alter', 'ods.alter', 'drop', 'nothing'])).toMatchObject({ code: 1 });
  });

  it('drop deletes', async () => {
    await bench.lines(['drop', 'ods.alter']);
    expect(await bench.run(['drop', 'ods.alter'])).toMatchObject({ code: 1 });
    expect(await bench.run(['drop', 'ods.alter', '--if-exists'])).toMatchObject({ code: 0 });
  });

  it('says when a directory is no table, or a table is missing', async () => {
    await mkdir(`${bench.warehouse}/ods.db/plain`, { recursive: true });
    await writeFile(`${bench.warehouse}/ods.db/plain/file`, 'x');
    for (const [verb, ...rest] of [
      ['read'],
      ['show'],
      ['snapshots'],
      ['files'],
      ['schemas'],
      ['options'],
      ['expire'],
      ['orphans'],
      ['compact'],
      ['flush'],
      ['truncate'],
      ['stream'],
      ['get', '1'],
    ]) {
      for (const name of ['ods.plain', 'ods.missing']) {
        const outcome = await bench.run([verb ?? '', name, ...rest]);
        expect(outcome, `${verb} ${name}`).toMatchObject({ code: 1, out: '' });
        expect(outcome.err).toMatch(/^weir: NOT_FOUND: [^\n]+\n$/);
      }
    }
    expect((await bench.run(['read', 'noname'])).err).toMatch(/^weir: INVALID_ARGUMENT: /);
  });

  it('--like takes the columns of a file', async () => {
    await writeFile(bench.path('like.csv'), 'id,price,day,at,ok,name\n1,1.5,2001-01-02,2001-01-02 03:04:05,true,x\n2,,,,,\n');
    await bench.lines(['create', 'ods.like', '--like', bench.path('like.csv'), '--primary-key', 'id']);
    const [shown] = await bench.records(['show', 'ods.like']);
    expect(columnsOf(shown)).toEqual(['id BIGINT NOT NULL', 'price DOUBLE', 'day DATE', 'at TIMESTAMP(6)', 'ok BOOLEAN', 'name STRING']);
    await writeFile(bench.path('like.jsonl'), '{"a":1,"b":{"c":[1,2.5]}}\n');
    await bench.lines(['create', 'ods.like2', '--like', bench.path('like.jsonl')]);
    const [second] = await bench.records(['show', 'ods.like2']);
    expect(columnsOf(second)).toEqual(['a BIGINT', 'b ROW<c ARRAY<DOUBLE>>']);
    expect(await bench.run(['create', 'ods.like3', '--like', bench.path('none.parquet')])).toMatchObject({ code: 1 });
  });

  it('show tells branches, tags and consumers, and a branch is read by its name', async () => {
    const at = ['--warehouse', goldenWarehouse()];
    expect(await bench.records([...at, 'show', 'golden.tags_branches'])).toMatchObject([
      { branches: ['dev', 'empty_b'], tags: { 'keep me': 3, 't-last': 11, t1: 1 }, consumers: { 'reader-1': 11, reader2: 12 } },
    ]);
    const branch = 'golden.tags_branches$branch_dev';
    expect(await bench.records([...at, 'show', branch])).toMatchObject([{ snapshot_id: 3, tags: { t1: 1 }, consumers: {} }]);
    expect((await bench.records([...at, 'read', branch, '--tag', 't1'])).length).toBe(40);
  });
});
