/** read, get, stream, compact and expire of a table with a few snapshots. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bench, ended, MAIN, start } from './support.js';

let bench: Bench;
const table = 'ods.flights';
const row = (id: number, origin: string, delay: number | null) => `{"id":"${id}","origin":"${origin}","delay":${delay}}`;

beforeAll(async () => {
  bench = await Bench.open();
  await bench.lines([
    'create',
    table,
    '--column',
    'id BIGINT NOT NULL',
    '--column',
    'origin STRING',
    '--column',
    'delay INT',
    '--primary-key',
    'id',
    '--option',
    'changelog-producer=input',
  ]);
  await bench.lines(['write', table, '-'], { input: [row(1, 'SEA', 5), row(2, 'PDX', 70), row(3, 'SFO', null)].join('\n') });
  await bench.lines(['write', table, '-'], {
    input: '{"_kind":"-U","id":1,"origin":"SEA","delay":5}\n{"_kind":"+U","id":1,"origin":"SEA","delay":95}\n',
  });
  await bench.lines(['write', table, '-'], {
    input: '{"_kind":"-D","id":2,"origin":"PDX","delay":70}\n{"id":4,"origin":"SEA","delay":0}\n',
  });
});
afterAll(() => bench.close());

const read = async (...args: string[]) => (await bench.lines(['read', table, ...args])).sort();

describe('read', () => {
  it('is the latest state, without _kind', async () => {
    expect(await read()).toEqual([row(1, 'SEA', 95), row(3, 'SFO', null), row(4, 'SEA', 0)]);
  });

  it('travels', async () => {
    expect(await read('--snapshot', '1')).toEqual([row(1, 'SEA', 5), row(2, 'PDX', 70), row(3, 'SFO', null)]);
    const snapshots = await bench.records(['snapshots', table]);
    expect(await read('--as-of', String(snapshots[1]?.commit_time))).toEqual([row(1, 'SEA', 95), row(2, 'PDX', 70), row(3, 'SFO', null)]);
    expect(await read('--as-of', String(Date.parse(String(snapshots[0]?.commit_time))))).toHaveLength(3);
    for (const args of [
      ['--snapshot', '99'],
      ['--tag', 'none'],
      ['--as-of', '2001-01-01'],
    ]) {
      expect((await bench.run(['read', table, ...args])).err).toMatch(/^weir: NOT_FOUND: [^\n]+\n$/);
    }
  });

  it('projects, filters, limits', async () => {
    expect(await read('--columns', 'delay,id')).toEqual(['{"delay":0,"id":"4"}', '{"delay":95,"id":"1"}', '{"delay":null,"id":"3"}']);
    expect(await read('--where', "origin IN ('SEA', 'PDX') AND delay >= 95")).toEqual([row(1, 'SEA', 95)]);
    expect(await read('--where', 'delay IS NULL')).toEqual([row(3, 'SFO', null)]);
    expect(await read('--limit', '2')).toHaveLength(2);
    expect(await read('--limit', '0')).toEqual([]);
    expect((await bench.run(['read', table, '--columns', 'nope'])).err).toMatch(/^weir: INVALID_ARGUMENT: .*nope/);
    expect((await bench.run(['read', table, '--where', 'nope = 1'])).err).toMatch(/^weir: INVALID_ARGUMENT: .*nope/);
    expect((await bench.run(['read', table, '--where', 'sqrt(delay) = 1'])).err).toMatch(/^weir: UNSUPPORTED: /);
  });

  it('shows changes between snapshots', async () => {
    expect(await read('--incremental', '1..3')).toEqual([
      `{"_kind":"+I",${row(4, 'SEA', 0).slice(1)}`,
      `{"_kind":"+U",${row(1, 'SEA', 95).slice(1)}`,
      `{"_kind":"-D",${row(2, 'PDX', 70).slice(1)}`,
      `{"_kind":"-U",${row(1, 'SEA', 5).slice(1)}`,
    ]);
    expect((await bench.run(['read', table, '--incremental', '2..99'])).err).toMatch(/^weir: NOT_FOUND: /);
    const csv = await bench.lines(['read', table, '--incremental', '2..3', '--format', 'csv']);
    expect(csv[0]).toBe('_kind,id,origin,delay');
    expect(csv.slice(1).sort()).toEqual(['+I,4,SEA,0', '-D,2,PDX,70']);
  });

  it('prints other formats', async () => {
    expect(await bench.lines(['read', table, '--where', 'id = 1', '--format', 'table'])).toEqual([
      'id  origin  delay',
      '──  ──────  ─────',
      ' 1  SEA        95',
    ]);
    expect(await read('--where', 'id = 1', '--numbers', 'plain')).toEqual(['{"id":1,"origin":"SEA","delay":95}']);
    const { tableFromIPC } = await import('apache-arrow');
    const file = bench.path('out.arrow');
    await bench.lines(['read', table, '--output', file]);
    const arrow = tableFromIPC(await readFile(file));
    expect(arrow.schema.fields.map((field) => field.name)).toEqual(['id', 'origin', 'delay']);
    expect(arrow.numRows).toBe(3);
  });

  it('writes --output whole or not at all', async () => {
    const file = bench.path('whole.jsonl');
    await writeFile(file, 'before');
    expect((await bench.run(['read', table, '--snapshot', '99', '--output', file])).code).toBe(1);
    expect(await readFile(file, 'utf8')).toBe('before');
    await bench.lines(['read', table, '--output', file]);
    expect((await readFile(file, 'utf8')).trimEnd().split('\n').sort()).toEqual(await read());
    expect((await readdir(bench.folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const nowhere = await bench.run(['read', table, '--output', bench.path('no/such/folder.jsonl')]);
    expect(nowhere).toMatchObject({ code: 1, out: '' });
    expect(nowhere.err).toMatch(/^weir: NOT_FOUND: cannot write [^\n]+\n$/);
  });

  it('prints nothing for an empty table', async () => {
    await bench.lines(['create', 'ods.empty', '--column', 'a INT']);
    for (const format of ['jsonl', 'csv', 'table'])
      expect(await bench.run(['read', 'ods.empty', '--format', format])).toEqual({ code: 0, signal: null, out: '', err: '' });
    for (const format of ['parquet', 'arrow']) {
      const file = bench.path(`empty.${format}`);
      await bench.lines(['read', 'ods.empty', '--output', file]);
      await bench.lines(['write', 'ods.empty', file]);
    }
  });

  it('ends well when stdout is closed', async () => {
    await bench.lines(['create', 'ods.long', '--column', 'a INT', '--column', 'b STRING']);
    const many = Array.from({ length: 30_000 }, (_, i) => `{"a":${i},"b":"${'x'.repeat(50)}"}\n`).join('');
    await bench.lines(['write', 'ods.long', '-'], { input: many });
    const child = start(['--warehouse', bench.warehouse, 'read', 'ods.long']);
    child.stdout?.once('data', () => child.stdout?.destroy());
    child.stdin?.end();
    const err: Buffer[] = [];
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
    const code = await new Promise((resolve) => child.on('exit', resolve));
    expect(Buffer.concat(err).toString()).toBe('');
    expect(code).toBe(0);
  });
});

it.skipIf(process.platform !== 'linux')('says when the disk behind stdout is full', async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [MAIN, '--warehouse', bench.warehouse, 'read', table], { stdio: ['ignore', full, 'pipe'] });
  const outcome = await ended(child);
  closeSync(full);
  expect(outcome.code).toBe(1);
  expect(outcome.err).toMatch(/^weir: UNAVAILABLE: [^\n]+\n$/);
});

describe('get', () => {
  it('finds one row by its key', async () => {
    expect(await bench.lines(['get', table, '1'])).toEqual([row(1, 'SEA', 95)]);
    expect(await bench.lines(['get', table, 'id=3'])).toEqual([row(3, 'SFO', null)]);
    expect(await bench.lines(['get', table, '{"id":"4"}', '--columns', 'origin'])).toEqual(['{"origin":"SEA"}']);
    expect(await bench.run(['get', table, '2'])).toMatchObject({ code: 0, out: '' });
    expect((await bench.run(['get', table, 'x'])).err).toMatch(/^weir: INVALID_ARGUMENT: /);
    expect((await bench.run(['get', table, '1,2'])).err).toMatch(/^weir: INVALID_ARGUMENT: /);
  });
});

describe('stream', () => {
  const stream = (...args: string[]) => bench.run(['stream', table, ...args]);
  const lines = (text: string) => text.split('\n').filter((line) => line !== '');

  it('gives the full state, then nothing more until now', async () => {
    const outcome = await stream('--until', 'now');
    expect(outcome.code).toBe(0);
    expect(lines(outcome.out).sort()).toEqual(
      [row(1, 'SEA', 95), row(3, 'SFO', null), row(4, 'SEA', 0)].map((each) => `{"_kind":"+I",${each.slice(1)}`),
    );
    expect(JSON.parse(lines(outcome.err).at(-1) ?? '')).toMatchObject({ _position: expect.any(String), _snapshot: 3 });
  });

  it('begins and ends at snapshots, both inclusive', async () => {
    const outcome = await stream('--from', 'snapshot:2', '--until', 'snapshot:2');
    expect(lines(outcome.out)).toEqual([`{"_kind":"-U",${row(1, 'SEA', 5).slice(1)}`, `{"_kind":"+U",${row(1, 'SEA', 95).slice(1)}`]);
  });

  it('goes on from each position without loss or repetition', async () => {
    const whole = lines((await stream('--from', 'earliest', '--until', 'snapshot:3', '--positions')).out);
    const positions = whole.flatMap((line, i) => (line.startsWith('{"_position"') ? [{ i, ...JSON.parse(line) }] : []));
    expect(positions.length).toBeGreaterThan(2);
    const rows = (all: string[]) => all.filter((line) => !line.startsWith('{"_position"'));
    for (const { i, _position } of positions) {
      expect(lines((await stream('--from', _position, '--until', 'snapshot:3')).out)).toEqual(rows(whole.slice(i + 1)));
    }
  });

  it('follows until SIGINT and says where it is', async () => {
    const child = start(['--warehouse', bench.warehouse, 'stream', table, '--from', 'snapshot:3']);
    const outcome = ended(child);
    const told = (text: string) =>
      new Promise<void>((resolve) => child.stdout?.on('data', (chunk: Buffer) => chunk.toString().includes(text) && resolve()));
    const follows = told('"id":"4"');
    // it may come before the writing ends
    const comes = told('LAX');
    await follows;
    await bench.lines(['write', table, '-'], { input: '{"id":5,"origin":"LAX","delay":1}\n' });
    await comes;
    child.kill('SIGINT');
    const { code, out, err } = await outcome;
    expect(code).toBe(0);
    expect(out).toContain('"id":"5"');
    // the row comes from the log, before it is in snapshot 4 or after
    expect([3, 4]).toContain(JSON.parse(lines(err).at(-1) ?? '')._snapshot);
  });

  it('remembers a consumer', async () => {
    const first = lines((await stream('--from', 'snapshot:1', '--until', 'snapshot:3', '--consumer', 'c')).out);
    expect(first.length).toBeGreaterThan(3);
    const second = lines((await stream('--from', 'snapshot:1', '--until', 'snapshot:4', '--consumer', 'c')).out);
    expect(second).toEqual([`{"_kind":"+I",${row(5, 'LAX', 1).slice(1)}`]);
  });

  it('says where it is before the first change', async () => {
    const outcome = await stream('--from', 'latest', '--until', 'now');
    expect(outcome).toMatchObject({ code: 0, out: '' });
    const { _position } = JSON.parse(lines(outcome.err).at(-1) ?? '');
    await bench.lines(['write', table, '-'], { input: '{"id":6,"origin":"BOS","delay":2}\n' });
    const next = await stream('--from', _position, '--until', 'now');
    expect(lines(next.out)).toEqual([`{"_kind":"+I",${row(6, 'BOS', 2).slice(1)}`]);
    await bench.lines(['write', table, '-'], { input: '{"_kind":"-D","id":6}\n' });
  });

  it('refuses what is no position', async () => {
    expect((await stream('--from', 'nowhere')).err).toMatch(/^weir: INVALID_ARGUMENT: [^\n]+\n$/);
  });
});

describe('care', () => {
  it('compacts, flushes, expires', async () => {
    const before = await read();
    const [compacted] = await bench.records(['compact', table, '--full']);
    expect(compacted).toMatchObject({ files_after: 1, rows_after: 4 });
    expect(await read()).toEqual(before);
    expect((await bench.records(['snapshots', table])).at(-1)).toMatchObject({ commit_kind: 'COMPACT' });
    expect(await bench.run(['compact', table])).toMatchObject({ code: 0 });
    expect(await bench.run(['flush', table])).toEqual({ code: 0, signal: null, out: '', err: '' });
    await bench.lines(['alter', table, 'set', 'snapshot.num-retained.min=1', 'snapshot.num-retained.max=2']);
    const [expired] = await bench.records(['expire', table]);
    expect(Number(expired?.expired_snapshots)).toBeGreaterThan(0);
    // two are kept, two more because the consumer has seen no more than 4, and the state that the next one it sees may change
    expect((await bench.records(['snapshots', table])).map((each) => each.snapshot_id)).toEqual([4, 5, 6, 7, 8]);
    expect((await bench.run(['read', table, '--snapshot', '1'])).err).toMatch(/^weir: POSITION_EXPIRED: [^\n]+\n$/);
    expect(await read()).toEqual(before);
  });

  it('deletes orphans, when they are old enough', async () => {
    const name = `data-00000000-0000-4000-8000-000000000000-0.parquet`;
    const [database, directory] = table.split('.');
    const orphan = `${bench.warehouse}/${database}.db/${directory}/bucket-0/${name}`;
    await writeFile(orphan, 'x');
    expect(await bench.records(['orphans', table])).toEqual([]);
    const past = new Date(Date.now() - 3_600_000);
    await utimes(orphan, past, past);
    const flags = ['--older-than', new Date(Date.now() - 60_000).toISOString()];
    const found = { file_path: orphan, file_size_in_bytes: 1 };
    expect(await bench.records(['orphans', table, ...flags, '--dry-run'])).toMatchObject([{ ...found, deleted: false }]);
    expect(await bench.records(['orphans', table, ...flags])).toMatchObject([{ ...found, deleted: true }]);
    expect(await bench.records(['orphans', table, ...flags])).toEqual([]);
    expect((await bench.run(['orphans', table, '--older-than', 'yore'])).code).toBe(2);
  });

  it('names a corrupt file', async () => {
    const snapshots = await bench.records(['snapshots', table]);
    const id = snapshots.at(-1)?.snapshot_id;
    const file = `${bench.warehouse}/ods.db/flights/snapshot/snapshot-${id}`;
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.slice(0, text.length / 2));
    const outcome = await bench.run(['read', table]);
    expect(outcome).toMatchObject({ code: 1, out: '' });
    expect(outcome.err).toMatch(/^weir: CORRUPTION: [^\n]+\n$/);
    expect(outcome.err).toContain(`snapshot-${id}`);
    await writeFile(file, text);
  });
});
