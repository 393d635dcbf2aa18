/** `weir write`: formats, commits, exactly once, errors that leave the table as it was. */
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Bench, ended, start } from './support.js';

let bench: Bench;
let table: string;
let number = 0;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench.close());
beforeEach(async () => {
  number += 1;
  table = `t.w${number}`;
  await create(table);
});

async function create(name: string, ...options: string[]): Promise<void> {
  const columns = ['id INT NOT NULL', 'name STRING', 'amount DECIMAL(10, 2)'].flatMap((column) => ['--column', column]);
  const more = ['changelog-producer=input', ...options].flatMap((option) => ['--option', option]);
  await bench.lines(['create', name, ...columns, '--primary-key', 'id', ...more]);
}

const sorted = async (args: string[]) => (await bench.lines(['read', table, ...args])).sort();
const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `{"id":${from + i},"name":"n${from + i}","amount":"${from + i}.50"}\n`).join('');

describe('write', () => {
  it('takes JSON lines from stdin as one commit', async () => {
    const printed = await bench.records(['write', table, '-'], { input: rows(0, 3) });
    expect(printed).toHaveLength(1);
    expect(printed[0]).toMatchObject({ snapshot: 1, rows: 3 });
    expect(await sorted([])).toEqual([
      '{"id":0,"name":"n0","amount":"0.50"}',
      '{"id":1,"name":"n1","amount":"1.50"}',
      '{"id":2,"name":"n2","amount":"2.50"}',
    ]);
    expect(await bench.records(['snapshots', table])).toMatchObject([{ snapshot_id: 1, commit_kind: 'APPEND', total_record_count: 3 }]);
    const [file] = await bench.records(['files', table]);
    expect(file).toMatchObject({
      bucket: 0,
      file_format: 'parquet',
      level: 0,
      record_count: 3,
      min_key: [0],
      max_key: [2],
      file_source: 'APPEND',
    });
  });

  it('takes kinds from _kind, or from --kind-column', async () => {
    await bench.lines(['write', table, '-'], { input: rows(0, 3) });
    await bench.lines(['write', table, '-'], {
      input: '{"_kind":"-D","id":0}\n{"_kind":"-U","id":1}\n{"_kind":"+U","id":1,"name":"new"}\n',
    });
    expect(await sorted([])).toEqual(['{"id":1,"name":"new","amount":null}', '{"id":2,"name":"n2","amount":"2.50"}']);
    await bench.lines(['write', table, '-', '--kind-column', 'op'], { input: '{"op":"-D","id":1}\n' });
    expect(await sorted([])).toEqual(['{"id":2,"name":"n2","amount":"2.50"}']);
    const bad = await bench.run(['write', table, '-'], { input: '{"_kind":"+X","id":1}\n' });
    expect(bad).toMatchObject({ code: 1, out: '' });
    expect(bad.err).toMatch(/^weir: INVALID_ARGUMENT: stdin line 1: .*\+X/);
  });

  it('takes CSV, and gives it back', async () => {
    await writeFile(bench.path('in.csv'), 'name,id\r\n"a ""b"", c",1\r\n,2\r\n"",3\r\n');
    await bench.lines(['write', table, bench.path('in.csv')]);
    expect(await sorted([])).toEqual([
      '{"id":1,"name":"a \\"b\\", c","amount":null}',
      '{"id":2,"name":null,"amount":null}',
      '{"id":3,"name":"","amount":null}',
    ]);
    const csv = await bench.lines(['read', table, '--format', 'csv']);
    expect(csv[0]).toBe('id,name,amount');
    expect(csv.slice(1).sort()).toEqual(['1,"a ""b"", c",', '2,,', '3,"",']);
  });

  it.each([
    ['jsonl', '{"id":1}\n\n{"id":"x"}\n', /line 3: column 'id': .*"?x"?/],
    ['jsonl', '{"id":1}\n{"id":2,"nope":1}\n', /line 2: .*nope/],
    ['jsonl', '{"id":1}\n{"id":2,"amount":"1.234"}\n', /line 2: column 'amount': .*1\.234/],
    ['jsonl', '{"id":1}\n{"name":"x"}\n', /line 2: column 'id'/],
    ['jsonl', '{"id":1}\n{"id":\n', /line 2: /],
    ['jsonl', '{"id":99999999999}\n', /line 1: column 'id': .*99999999999/],
    ['csv', 'id,name\n1,a\nx,b\n', /line 3: column 'id': .*"?x"?/],
    ['csv', 'id,name\n1\n', /line 2: 1 cells/],
    ['csv', 'id,nope\n1,2\n', /line 1: .*nope/],
    ['csv', 'id,name\n1,"a\n', /line 2: .*quote/],
  ])('names the place of a bad %s row and writes nothing', async (format, text, message) => {
    const file = bench.path(`bad-${number}.${format}`);
    await writeFile(file, text);
    const outcome = await bench.run(['write', table, file]);
    expect(outcome).toMatchObject({ code: 1, out: '' });
    expect(outcome.err).toMatch(/^weir: INVALID_ARGUMENT: [^\n]+\n$/);
    expect(outcome.err).toContain(file);
    expect(outcome.err).toMatch(message);
    expect(await bench.lines(['read', table])).toEqual([]);
    expect(await bench.lines(['snapshots', table])).toEqual([]);
  });

  it('keeps earlier commits and names the last line committed', async () => {
    const file = bench.path('pieces.jsonl');
    await writeFile(file, `${rows(0, 25)}{"id":"bad"}\n`);
    const outcome = await bench.run(['write', table, file, '--commit-rows', '10']);
    expect(outcome.code).toBe(1);
    expect(outcome.err).toContain(`${file} line 26: `);
    expect(outcome.err).toContain(`committed up to ${file} line 20 (slot 3, identifier `);
    expect(outcome.out.split('\n').filter((line) => line !== '')).toHaveLength(2);
    expect(await bench.lines(['read', table])).toHaveLength(20);
    await create(`${table}s`, 'log.enabled=false');
    const { err } = await bench.run(['write', `${table}s`, file, '--commit-rows', '10']);
    expect(err).toContain(`committed up to ${file} line 20 (snapshot 2, identifier `);
  });

  it('is exactly once with --commit-user and --identifier', async () => {
    const file = bench.path('once.jsonl');
    await writeFile(file, rows(0, 25));
    const args = ['write', table, file, '--commit-user', 'job', '--identifier', '7', '--commit-rows', '10'];
    expect(await bench.records(args)).toEqual([
      { snapshot: null, slot: 3, identifier: 7, rows: 10 },
      { snapshot: null, slot: 4, identifier: 8, rows: 10 },
      { snapshot: null, slot: 5, identifier: 9, rows: 5 },
    ]);
    const committed = (identifier: number, rows: number) => ({ snapshot: null, identifier, rows, alreadyCommitted: true });
    expect(await bench.records(args)).toEqual([committed(7, 10), committed(8, 10), committed(9, 5)]);
    expect(await bench.records(['snapshots', table])).toMatchObject([{ snapshot_id: 1, total_record_count: 25 }]);
    const more = await bench.records(['write', table, file, '--commit-user', 'job', '--identifier', '9', '--commit-rows', '20']);
    expect(more).toMatchObject([committed(9, 20), { snapshot: null, identifier: 10, rows: 5 }]);
    const byTime = await bench.run(['write', table, file, '--commit-user', 'job', '--identifier', '9', '--commit-ms', '20']);
    expect(byTime).toMatchObject({ code: 1, out: '' });
    expect(await bench.lines(['snapshots', table])).toHaveLength(2);
    expect(await bench.lines(['read', table])).toHaveLength(25);
  });

  it('without a log, tells the snapshot of each commit, a second time too', async () => {
    table = `${table}s`;
    await create(table, 'log.enabled=false');
    const file = bench.path('once.jsonl');
    await writeFile(file, rows(0, 25));
    const args = ['write', table, file, '--commit-user', 'job', '--identifier', '7', '--commit-rows', '10'];
    const first = await bench.records(args);
    expect(first).toMatchObject([
      { snapshot: 1, identifier: 7, rows: 10 },
      { snapshot: 2, identifier: 8, rows: 10 },
      { snapshot: 3, identifier: 9, rows: 5 },
    ]);
    const again = await bench.records(args);
    expect(again).toMatchObject([
      { snapshot: 1, identifier: 7, rows: 10 },
      { snapshot: 2, identifier: 8, rows: 10 },
      { snapshot: 3, identifier: 9, rows: 5 },
    ]);
    expect(await bench.lines(['snapshots', table])).toHaveLength(3);
    const more = await bench.records(['write', table, file, '--commit-user', 'job', '--identifier', '9', '--commit-rows', '20']);
    expect(more).toMatchObject([
      { snapshot: 3, identifier: 9, rows: 20 },
      { snapshot: 4, identifier: 10, rows: 5 },
    ]);
    const byTime = await bench.run(['write', table, file, '--commit-user', 'job', '--identifier', '9', '--commit-ms', '20']);
    expect(byTime).toMatchObject({ code: 1, out: '' });
    expect(await bench.lines(['snapshots', table])).toHaveLength(4);
  });

  it('commits by time while the pipe is silent', async () => {
    const child = start(['--warehouse', bench.warehouse, 'write', table, '-', '--commit-ms', '50']);
    const outcome = ended(child);
    child.stdin?.write(rows(0, 2));
    const line = await new Promise<string>((resolve) => child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString())));
    expect(JSON.parse(line)).toMatchObject({ snapshot: null, slot: 2, rows: 2 });
    child.stdin?.end(rows(2, 3));
    expect((await outcome).code).toBe(0);
    expect(await bench.lines(['read', table])).toHaveLength(3);
  });

  it('overwrites', async () => {
    await bench.lines(['write', table, '-'], { input: rows(0, 5) });
    await bench.lines(['write', table, '-', '--overwrite'], { input: rows(10, 11) });
    expect(await sorted([])).toEqual(['{"id":10,"name":"n10","amount":"10.50"}']);
    expect((await bench.records(['snapshots', table])).at(-1)).toMatchObject({ commit_kind: 'OVERWRITE', total_record_count: 1 });
    await bench.lines(['truncate', table]);
    expect(await bench.lines(['read', table])).toEqual([]);
  });

  it('overwrites and drops partitions', async () => {
    await bench.lines(['create', `${table}p`, '--column', 'a INT', '--column', 'dt STRING', '--partition', 'dt']);
    await bench.lines(['write', `${table}p`, '-'], { input: '{"a":1,"dt":"x"}\n{"a":2,"dt":"y"}\n{"a":3,"dt":"z"}\n' });
    await bench.lines(['write', `${table}p`, '-', '--overwrite', '--partition', 'dt=x'], { input: '{"a":10,"dt":"x"}\n' });
    expect((await bench.lines(['read', `${table}p`])).sort()).toEqual(['{"a":10,"dt":"x"}', '{"a":2,"dt":"y"}', '{"a":3,"dt":"z"}']);
    await bench.lines(['drop-partition', `${table}p`, 'dt=y']);
    expect((await bench.lines(['read', `${table}p`])).sort()).toEqual(['{"a":10,"dt":"x"}', '{"a":3,"dt":"z"}']);
    expect(await bench.run(['drop-partition', `${table}p`, 'nope=1'])).toMatchObject({ code: 1 });
  });

  it('gives each format back to itself', async () => {
    await bench.lines(['write', table, '-'], { input: `${rows(0, 100)}{"id":100}\n` });
    const expected = await sorted([]);
    for (const [format, name] of [
      ['parquet', 'round.parquet'],
      ['arrow', 'round.arrow'],
      ['csv', 'round.csv'],
      ['jsonl', 'round.jsonl'],
    ] as const) {
      const file = bench.path(name);
      await bench.lines(['read', table, '--format', format, '--output', file]);
      const copy = `${table}${format}`;
      await bench.lines([
        'create',
        copy,
        '--column',
        'id INT NOT NULL',
        '--column',
        'name STRING',
        '--column',
        'amount DECIMAL(12, 2)',
        '--primary-key',
        'id',
      ]);
      await bench.lines(['write', copy, file]);
      expect((await bench.lines(['read', copy])).sort(), format).toEqual(expected);
    }
  });

  it('finds missing inputs before it does anything', async () => {
    for (const file of ['missing.jsonl', '']) {
      const outcome = await bench.run(['write', table, bench.path(file), '--format', 'jsonl']);
      expect(outcome).toMatchObject({ code: 1, out: '' });
      expect(outcome.err).toMatch(/^weir: (NOT_FOUND|INVALID_ARGUMENT): [^\n]+\n$/);
    }
  });

  it('goes on when nobody reads its commits', async () => {
    const child = start(['--warehouse', bench.warehouse, 'write', table, '-', '--commit-rows', '1']);
    const outcome = ended(child);
    child.stdout?.destroy();
    child.stdin?.end(rows(0, 20));
    expect((await outcome).code).toBe(0);
    expect(await bench.lines(['read', table])).toHaveLength(20);
  });
});
