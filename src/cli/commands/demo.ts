/**
 * `weir demo`: the whole of weir on 3,000,000 real flights.
 *
 *   ingest ──> correct (simulated) ──> follow ──> query ──> travel ──> compact
 *     └──────── a second handle follows the changelog ──┘
 *
 * Every number it prints comes from the run.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { systemClock } from '../../base/clock.js';
import { WeirError } from '../../base/error.js';
import { seededRandom } from '../../base/random.js';
import { type Catalog, openCatalog, type Table } from '../../index.js';
import type { Batch } from '../../types/column.js';
import { concatBatch, sliceBatch } from '../../types/take.js';
import { type Context, interruptible, progressOf } from '../context.js';
import { correct, sample } from '../demo/corrections.js';
import { FLIGHTS, findFlights, keyedFlights } from '../demo/flights.js';
import { BY_ORIGIN, Follower } from '../demo/follower.js';
import { count, median, megabytes, milliseconds, plural, Report, rate, seconds, signed } from '../demo/report.js';
import { OriginTotals, type Totals } from '../demo/totals.js';
import type { InputBatch } from '../input/input-batch.js';
import { Loader } from '../loader.js';

const ROWS_PER_COMMIT = 250_000;
const CORRECTION_COMMITS = 200;
const EXPECTED_ROWS = 3_000_000;
const SEED = 2001;
const BIG_AIRPORT_FLIGHTS = 50_000;

export interface DemoFlags {
  data?: string;
  keep?: string;
}

export async function demo(context: Context, flags: DemoFlags): Promise<void> {
  const data = findFlights(flags.data);
  const keep = flags.keep ?? context.options.warehouse;
  const warehouse = keep === undefined ? await mkdtemp(join(tmpdir(), 'weir-demo-')) : resolve(keep);
  try {
    await interruptible((signal) => run(context, { data, warehouse, kept: keep !== undefined, signal }));
  } finally {
    if (keep === undefined) await rm(warehouse, { recursive: true, force: true });
  }
}

interface Stage {
  readonly data: string;
  readonly warehouse: string;
  readonly kept: boolean;
  readonly signal: AbortSignal;
}

async function run(context: Context, stage: Stage): Promise<void> {
  const started_ms = now();
  const report = new Report(context.out);
  await report.title("weir demo: a table that is a stream, on disk in Apache Paimon's format");
  await report.line(`data       ${basename(stage.data)}, real US flights of 2001, ${megabytes((await stat(stage.data)).size)}`);
  await report.line(`warehouse  ${stage.warehouse}${stage.kept ? '' : ' (removed at the end; --keep DIRECTORY leaves it)'}`);
  await report.line();
  const catalog = await openCatalog({ warehouse: stage.warehouse });
  const follower = new Follower(stage.warehouse);
  try {
    const flights: Table = await catalog.createTable('demo.flights', {
      schema: FLIGHTS,
      primaryKey: ['flight'],
      // compaction has a step of its own, at the end
      options: { bucket: 2, 'changelog-producer': 'input', 'log.compaction': false },
    });
    await catalog.createTable('demo.by_origin', { schema: BY_ORIGIN, primaryKey: ['origin'] });
    follower.start();
    const { before, sampled, rows: ingested } = await ingest(context, report, flights, stage);
    await follower.reached(ingested);
    const example = await amend(report, flights, follower, sampled, stage);
    const current = await follow(report, catalog, flights, follower);
    await travel(report, flights, before, current.totals.sum(), example);
    await compact(context, report, flights, current.duration_ms, stage);
    const disk = await usage(stage.warehouse);
    const rows = (await flights.snapshot())?.totalRecordCount ?? 0n;
    await report.line();
    await report.line(
      `${count(rows)} flights, ${count((await flights.snapshots()).length)} snapshots, ${count(disk.files)} files, ${megabytes(disk.bytes)} on disk; ${seconds(now() - started_ms)} in all on ${availableParallelism()} cores`,
    );
    if (stage.kept) await report.line(`look around: weir --warehouse ${stage.warehouse} snapshots demo.flights`);
  } finally {
    await follower.stop();
    await catalog.close();
  }
}

function now(): number {
  return systemClock.monotonic_ms();
}

/** The file as a stream of commits; some of its flights are remembered, to be corrected later. */
async function ingest(
  context: Context,
  report: Report,
  flights: Table,
  stage: Stage,
): Promise<{ before: bigint; rows: number; sampled: Batch }> {
  const started_ms = now();
  const progress = progressOf(context, 'ingest');
  const random = seededRandom(SEED);
  const samples: Batch[] = [];
  let rows = 0;
  let commits = 0;
  const loader = new Loader(
    flights,
    { commitRows: ROWS_PER_COMMIT, commit_ms: undefined, commitUser: 'ingest', identifier: 1n, overwrite: undefined },
    {
      progress: (done) => progress.update(done / EXPECTED_ROWS, `${count(done)} flights`),
      async committed(result) {
        rows += result.rows;
        commits += 1;
      },
    },
  );
  const remembered = async function* (): AsyncGenerator<InputBatch, void, undefined> {
    for await (const input of keyedFlights(stage.data, flights, stage.signal)) {
      samples.push(sample(input.batch, random));
      yield input;
    }
  };
  await loader.load(remembered()).finally(() => progress.clear());
  if (rows === 0) throw new WeirError('INVALID_ARGUMENT', `${stage.data} has no flights`, { file: stage.data });
  const duration_ms = now() - started_ms;
  // what was committed to the log is in a snapshot when its writer has closed
  const before = (await flights.snapshot())?.id ?? 0n;
  const files = await flights.files();
  const bytes = files.reduce((sum, entry) => sum + entry.file.fileSize_bytes, 0);
  await report.step(
    'ingest',
    `${count(rows)} flights in ${plural(commits, 'commit')}: ${seconds(duration_ms)}, ${rate(rows, duration_ms)}, ${files.length} files, ${megabytes(bytes)}`,
  );
  return { before, rows, sampled: concatBatch(samples) };
}

/** The simulated corrections, each commit waited for at the follower; one flight whose delay they change. */
async function amend(report: Report, flights: Table, follower: Follower, sampled: Batch, stage: Stage): Promise<number | undefined> {
  const started_ms = now();
  const random = seededRandom(SEED + 1);
  const perCommit = Math.max(1, Math.ceil(sampled.length / CORRECTION_COMMITS));
  const writer = await flights.openWriter({ commitUser: 'corrections' });
  const durable_ms: number[] = [];
  const followed_ms: number[] = [];
  const snapshots = (await flights.snapshots()).length;
  let delayed = 0;
  let cancelled = 0;
  let example: number | undefined;
  try {
    for (let start = 0; start < sampled.length; start += perCommit) {
      stage.signal.throwIfAborted();
      const correction = correct(sliceBatch(sampled, start, Math.min(sampled.length, start + perCommit)), random);
      await writer.write(correction.batch, { kinds: correction.kinds });
      const followed = follower.reached(follower.changes + correction.batch.length);
      const committing_ms = now();
      await writer.commit({ identifier: BigInt(durable_ms.length + 1) });
      durable_ms.push(now() - committing_ms);
      followed_ms.push((await followed) - committing_ms);
      delayed += correction.delayed;
      cancelled += correction.cancelled;
      const update = correction.kinds.indexOf(2);
      const flight = correction.batch.columns[0]?.values as Int32Array | undefined;
      if (update !== -1) example = flight?.[update];
    }
  } finally {
    await writer.close();
  }
  await report.step(
    'correct',
    `${count(delayed + cancelled)} simulated corrections in ${plural(durable_ms.length, 'commit')}: ${seconds(now() - started_ms)}`,
    `${count(delayed)} later delays (-U/+U), ${count(cancelled)} cancellations (-D)`,
    `a commit is durable after ${milliseconds(median(durable_ms))}, at the follower after ${milliseconds(median(followed_ms))} (medians); ${plural((await flights.snapshots()).length - snapshots, 'snapshot')} made of them`,
  );
  return example;
}

/** The follower's summary table against a batch read, which is the query too. */
async function follow(report: Report, catalog: Catalog, flights: Table, follower: Follower): Promise<TimedTotals> {
  const started_ms = now();
  await follower.finish();
  const lag_ms = now() - started_ms;
  const summary = new OriginTotals();
  for await (const row of (await catalog.table('demo.by_origin')).scan().rows()) {
    summary.byOrigin.set(String(row.origin), {
      flights: Number(row.flights),
      delay: Number(row.total_delay),
      cancelled: Number(row.cancelled),
    });
  }
  const { totals, duration_ms } = await totalsAt(flights);
  if (!summary.sameRows(totals))
    throw new WeirError('CORRUPTION', 'demo.by_origin, made from the changes, is not what a batch read of demo.flights gives');
  await report.step(
    'follow',
    `a second handle kept demo.by_origin from ${count(follower.changes)} changes in ${plural(follower.commits, 'commit')}, ${seconds(lag_ms)} behind at the end`,
    report.check(`its ${summary.byOrigin.size} airports equal a batch read; ${count(summary.sum().cancelled)} cancellations counted`),
  );
  const top = [...totals.byOrigin]
    .filter(([, each]) => each.flights >= BIG_AIRPORT_FLIGHTS)
    .sort(([, a], [, b]) => b.delay / b.flights - a.delay / a.flights)
    .slice(0, 3)
    .map(([origin, each]) => `${origin} ${(each.delay / each.flights).toFixed(1)} min`);
  const { flights: rows } = totals.sum();
  await report.step(
    'query',
    `${count(rows)} flights merged on read, 2 columns: ${seconds(duration_ms)}, ${rate(rows, duration_ms)}`,
    ...(top.length === 0 ? [] : [`highest mean delay of the large airports: ${top.join(', ')}`]),
  );
  return { totals, duration_ms };
}

interface TimedTotals {
  readonly totals: OriginTotals;
  readonly duration_ms: number;
}

/** Of a snapshot, or of all that is committed. */
async function totalsAt(flights: Table, snapshot?: bigint): Promise<TimedTotals> {
  const started_ms = now();
  const totals = new OriginTotals();
  for await (const batch of flights.scan({ columns: ['origin', 'delay'], ...(snapshot !== undefined && { at: { snapshot } }) }).batches())
    totals.add(batch);
  return { totals, duration_ms: now() - started_ms };
}

async function travel(report: Report, flights: Table, before: bigint, current: Totals, example: number | undefined): Promise<void> {
  const then = (await totalsAt(flights, before)).totals.sum();
  const mean = (sum: Totals) => `${count(sum.flights)} flights, ${(sum.delay / Math.max(1, sum.flights)).toFixed(3)} min`;
  const lines = [
    `snapshot ${before}, before the corrections: ${mean(then)}; now: ${mean(current)}`,
    `difference: ${signed(current.flights - then.flights)} flights, ${signed(current.delay - then.delay)} min of delay`,
  ];
  if (example !== undefined) {
    const [old, corrected] = [await flights.get({ flight: example }, { at: { snapshot: before } }), await flights.get({ flight: example })];
    lines.push(`flight ${count(example)}, ${old?.origin} to ${old?.destination}: ${old?.delay} min then, ${corrected?.delay} min now`);
  }
  await report.step('travel', ...lines);
}

async function compact(context: Context, report: Report, flights: Table, read_ms: number, stage: Stage): Promise<void> {
  const started_ms = now();
  const progress = progressOf(context, 'compact');
  const result = await flights
    .compact({
      full: true,
      signal: stage.signal,
      onProgress: ({ bucketsDone, buckets }) => progress.update(bucketsDone / Math.max(1, buckets), `${bucketsDone} of ${buckets} buckets`),
    })
    .finally(() => progress.clear());
  const duration_ms = now() - started_ms;
  const { duration_ms: again_ms } = await totalsAt(flights);
  await report.step(
    'compact',
    `offline, ${count(result.rowsBefore)} rows in: ${seconds(duration_ms)}; ${result.filesBefore} files, ${megabytes(result.bytesBefore)} to ${result.filesAfter} files, ${megabytes(result.bytesAfter)}`,
    `the same query: ${seconds(again_ms)} instead of ${seconds(read_ms)}`,
  );
}

async function usage(directory: string): Promise<{ files: number; bytes: number }> {
  const total = { files: 0, bytes: 0 };
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    total.files += 1;
    total.bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return total;
}
