/** Tables with a log on the command line: write, flush, read --at, stream positions, show, verify. */
import { readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Bench } from './support.js';

let bench: Bench;
let table: string;
let number = 0;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench.close());
beforeEach(async () => {
  number += 1;
  table = `t.l${number}`;
  const columns = ['--column', 'id BIGINT NOT NULL', '--column', 'n INT'];
  await bench.lines(['create', table, ...columns, '--primary-key', 'id', '--option', 'log.enabled=true', '--option', 'commit.fsync=false']);
});

const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `{"id":${from + i},"n":${i}}\n`).join('');
const sorted = async (args: string[]) => (await bench.lines(args)).sort();

/** Every path below a directory of the table. */
async function below(directory: string): Promise<string[]> {
  const root = join(bench.warehouse, 't.db', table.slice(2), directory);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe('write', () => {
  it('ends with everything in a snapshot, and says which slot holds the commit', async () => {
    const printed = await bench.records(['write', table, '-'], { input: rows(0, 3) });
    expect(printed).toEqual(
      [{ snapshot: 1, slot: 2, identifier: '1', rows: 3 }].map((each) =>
        expect.objectContaining({ ...each, identifier: expect.anything() }),
      ),
    );
    expect(await bench.records(['snapshots', table])).toMatchObject([{ snapshot_id: 1, commit_user: 'weir-log', total_record_count: 3 }]);
    const pieces = await bench.records(['write', table, '-', '--commit-rows', '2'], { input: rows(3, 8) });
    expect(pieces.map(({ snapshot, rows }) => [snapshot, rows])).toEqual([
      [null, 2],
      [null, 2],
      [null, 1],
    ]);
    expect(pieces.every(({ slot }) => Number(slot) > 2)).toBe(true);
    expect(await bench.records(['show', table])).toMatchObject([{ log: { snapshot: 2 }, total_record_count: 8 }]);
  });

  it('--no-flush leaves the rows in the log, where reads see them; flush puts them into a snapshot, once', async () => {
    expect(await bench.records(['write', table, '-', '--no-flush'], { input: rows(0, 3) })).toMatchObject([
      { snapshot: null, slot: 2, rows: 3 },
    ]);
    expect(await bench.records(['snapshots', table])).toEqual([]);
    expect(await sorted(['read', table])).toEqual(['{"id":"0","n":0}', '{"id":"1","n":1}', '{"id":"2","n":2}']);
    expect(await bench.lines(['get', table, '2'])).toEqual(['{"id":"2","n":2}']);
    expect(await bench.records(['show', table])).toMatchObject([
      { snapshot_id: null, log: { enabled: true, start: 1, head: 2, record: 0, snapshot: 0, position: 0 } },
    ]);
    expect(await bench.records(['flush', table])).toEqual([{ snapshot: 1 }]);
    expect(await bench.lines(['flush', table])).toEqual([]);
    expect(await bench.records(['show', table])).toMatchObject([{ snapshot_id: 1, log: { head: 3, record: 3, snapshot: 1, position: 2 } }]);
    expect(await bench.records(['options', table])).toContainEqual(expect.objectContaining({ key: 'log.enabled', value: 'true' }));
  });

  it('a rerun with one user and identifier changes nothing, and no rows make no commit', async () => {
    const args = ['write', table, '-', '--commit-user', 'job', '--identifier', '7'];
    expect(await bench.records(args, { input: rows(0, 2) })).toMatchObject([{ snapshot: 1, identifier: 7, rows: 2 }]);
    expect(await bench.records(args, { input: rows(5, 7) })).toMatchObject([{ identifier: 7, alreadyCommitted: true }]);
    expect(await sorted(['read', table])).toEqual(['{"id":"0","n":0}', '{"id":"1","n":1}']);
    const { log } = (await bench.records(['show', table]))[0] as { log: { position: number } };
    expect(await bench.lines(['write', table, '-'], { input: '' })).toEqual([]);
    expect((await bench.records(['show', table]))[0]).toMatchObject({ log: { position: log.position }, total_record_count: 2 });
  });

  it('--overwrite replaces what the log held, too', async () => {
    await bench.lines(['write', table, '-', '--no-flush'], { input: rows(0, 3) });
    const [printed] = await bench.records(['write', table, '-', '--overwrite'], { input: '{"id":9,"n":9}\n' });
    expect(printed).toMatchObject({ rows: 1 });
    expect(printed).not.toHaveProperty('slot');
    expect(await sorted(['read', table])).toEqual(['{"id":"9","n":9}']);
    await bench.lines(['write', table, '-', '--no-flush'], { input: rows(0, 1) });
    await bench.lines(['truncate', table]);
    expect(await sorted(['read', table])).toEqual([]);
  });
});

describe('stream and read --at', () => {
  const position = (line: string): string => (JSON.parse(line) as { _position: string })._position;

  it('give and take positions in the log: read --at one is what had been told there', async () => {
    await bench.lines(['write', table, '-', '--commit-rows', '2'], { input: rows(0, 4) });
    await bench.lines(['write', table, '-', '--no-flush'], { input: '{"_kind":"-D","id":0}\n{"id":1,"n":100}\n' });
    await bench.lines(['write', table, '-', '--no-flush'], { input: '{"id":7,"n":7}\n' });
    const lines = await bench.lines(['stream', table, '--until', 'now', '--positions']);
    expect(lines.filter((line) => !line.includes('_position'))).toHaveLength(4 + 2 + 1);
    const state = new Map<string, string>();
    let positions = 0;
    for (const [i, line] of lines.entries()) {
      if (!line.includes('_position')) {
        const { _kind, ...row } = JSON.parse(line) as { _kind: string; id: string };
        if (_kind === '-D') state.delete(row.id);
        else state.set(row.id, JSON.stringify(row));
        continue;
      }
      positions++;
      expect(await sorted(['read', table, '--at', position(line)])).toEqual([...state.values()].sort());
      const rest = await bench.lines(['stream', table, '--from', position(line), '--until', 'now']);
      expect(rest).toEqual(lines.slice(i + 1).filter((each) => !each.includes('_position')));
    }
    expect(positions).toBeGreaterThanOrEqual(3);
    const bad = await bench.run(['read', table, '--at', 'nowhere']);
    expect(bad).toMatchObject({ code: 1, out: '' });
    expect(bad.err).toMatch(/^weir: INVALID_ARGUMENT: /);
  });

  it('--from latest says where it begins, behind the log', async () => {
    await bench.lines(['write', table, '-', '--no-flush'], { input: rows(0, 2) });
    const { code, out, err } = await bench.run(['stream', table, '--from', 'latest', '--until', 'now']);
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(JSON.parse(err)).toMatchObject({ _snapshot: 0 });
    await bench.lines(['write', table, '-', '--no-flush'], { input: rows(5, 6) });
    expect(await bench.lines(['stream', table, '--from', position(err), '--until', 'now'])).toEqual(['{"_kind":"+I","id":"5","n":0}']);
  });

  it('a position of another log is POSITION_EXPIRED', async () => {
    await bench.lines(['write', table, '-', '--no-flush'], { input: rows(0, 2) });
    const [last] = (await bench.lines(['stream', table, '--until', 'now', '--positions'])).slice(-1);
    const other = position(last!).replace(/[0-9a-f]{8}-[0-9a-f-]+$/, '00000000-0000-4000-8000-000000000000');
    for (const args of [
      ['read', table, '--at', other],
      ['stream', table, '--from', other, '--until', 'now'],
    ]) {
      const gone = await bench.run(args);
      expect(gone).toMatchObject({ code: 1, out: '' });
      expect(gone.err).toMatch(/^weir: POSITION_EXPIRED: /);
    }
  });
});

describe('verify', () => {
  it('is silent and 0 for a right table, a line per problem and 1 for a damaged one', async () => {
    await bench.lines(['write', table, '-', '--commit-rows', '2'], { input: rows(0, 6) });
    await bench.lines(['write', table, '-', '--no-flush'], { input: rows(4, 9) });
    const fine = await bench.run(['verify', table]);
    expect(fine).toMatchObject({ code: 0, out: '' });
    expect(fine.err).toMatch(/^snapshots: \d+$/m);
    expect(fine.err).toMatch(/^log changes: 9$/m);
    expect(await bench.run(['verify', table, '--from', 'snapshot:1', '--to', 'snapshot:1'])).toMatchObject({ code: 0, out: '' });
    expect(await bench.run(['verify', table, '--from', 'snapshot:x'])).toMatchObject({ code: 2 });
    const slots = (await below('log')).sort();
    await truncate(slots.at(-1)!, 40);
    const [data] = await below('bucket-0');
    await rm(data!);
    const bad = await bench.run(['--quiet', 'verify', table]);
    expect(bad.code).toBe(1);
    expect(bad.err).toMatch(/^weir: CORRUPTION: t\.l\d+ has \d+ problems\n/);
    const problems = bad.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { check: string; file: string });
    expect(problems).toContainEqual(expect.objectContaining({ check: 'log', file: slots.at(-1) }));
    expect(problems).toContainEqual(expect.objectContaining({ check: 'files', file: data }));
  });
});
