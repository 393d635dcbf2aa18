/** `weir demo` on a small file of the same shape. */
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Bench } from './support.js';

const ROWS = 20_000;
let bench: Bench;
let data: string;
beforeAll(async () => {
  bench = await Bench.open();
  data = bench.path('flights.parquet');
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(`copy (
    select timestamp '2001-01-01' + to_minutes(i) as date, (i * 37 % 200 - 20)::bigint as delay, (i * 11 % 3000)::bigint as distance,
      ['ORD', 'ATL', 'SEA', 'PDX'][1 + i % 4] as origin, ['LAX', 'DEN'][1 + i % 2] as destination
    from range(${ROWS}) t(i)) to '${data}' (format parquet, row_group_size 8192)`);
  connection.closeSync();
});
afterAll(() => bench.close());

it('tells what it did, and it is so', async () => {
  const outcome = await bench.run(['demo', '--data', data, '--keep', bench.warehouse]);
  expect(outcome).toMatchObject({ code: 0, err: '' });
  for (const step of ['1 ingest', '2 correct', '3 follow', '4 query', '5 travel', '6 compact']) expect(outcome.out).toContain(step);
  expect(outcome.out).toContain(`${ROWS.toLocaleString('en-US')} flights in 1 commit:`);
  const made =
    /in (\d+) commits: .*\n.*\n +a commit is durable after [\d.]+ ms, at the follower after [\d.]+ ms \(medians\); (\d+) snapshots? made/.exec(
      outcome.out,
    );
  expect(Number(made?.[1])).toBeGreaterThan(100);
  expect(Number(made?.[2])).toBeLessThan(Number(made?.[1]) / 10);
  expect(outcome.out).toContain('✓ its 4 airports equal a batch read');
  const cancelled = Number(/([\d,]+) cancellations \(-D\)/.exec(outcome.out)?.[1]?.replaceAll(',', ''));
  expect(cancelled).toBeGreaterThan(20);
  expect(await bench.lines(['read', 'demo.flights', '--columns', 'flight'])).toHaveLength(ROWS - cancelled);
  expect(await bench.records(['show', 'demo.flights'])).toMatchObject([{ log: { enabled: true } }]);
  const summary = await bench.records(['read', 'demo.by_origin', '--numbers', 'plain']);
  const sum = (name: string) => summary.reduce((total, row) => total + Number(row[name]), 0);
  expect(sum('flights')).toBe(ROWS - cancelled);
  expect(sum('cancelled')).toBe(cancelled);
  const delays = (await bench.records(['read', 'demo.flights', '--columns', 'delay'])).reduce((total, row) => total + Number(row.delay), 0);
  expect(sum('total_delay')).toBe(delays);
});

it('says how to get the data', async () => {
  const outcome = await bench.run(['demo', '--data', bench.path('none.parquet')]);
  expect(outcome).toMatchObject({ code: 1, out: '' });
  expect(outcome.err).toMatch(/^weir: NOT_FOUND: [^\n]+\n$/);
});
