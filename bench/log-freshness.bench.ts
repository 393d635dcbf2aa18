/** How long a row takes from `append` to a follower in another process, beside how long the commit takes. */
import { openCatalog, type Table } from '../src/index.js';
import { type BenchContext, inTempDirectory, java, numberAt, percentile, type Workload } from './support/bench.js';
import { Child, childArguments, heard, say, stopSignal } from './support/child.js';
import { int64Data, RandomData, randomKeys, recordBatch } from './support/random-data.js';

const TICK_MS = 1;
const JAVA_COMMIT_MS = 1000;

interface Seen {
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly rows: number;
}

export const workload: Workload = {
  name: 'log-freshness',
  async run(context) {
    const p50_ms: number[] = [];
    let perMinute = 0;
    for (const rate of [1_000, 100_000]) {
      const measured = await freshness(context, rate);
      p50_ms.push(measured.p50_ms);
      perMinute = Math.max(perMinute, measured.snapshotsPerMinute);
    }
    await inTempDirectory(async (directory) => {
      const result = java(context, 'BenchLatency', directory, {
        seconds: context.small ? 3 : 15,
        ratePerSec: 1_000,
        commitEveryMs: JAVA_COMMIT_MS,
        warmup: context.small ? 1 : 5,
      });
      if (result === undefined) return;
      context.report({
        name: 'log: freshness at 1,000 rows/s, p50, beside commits every second',
        unit: 'ms',
        weir: p50_ms[0]!,
        java: numberAt(result, 'results', 0, 'fromWriteMs', 'p50'),
        must: '10x',
        note: `${perMinute.toFixed(0)} snapshots a minute; there ${60_000 / JAVA_COMMIT_MS}`,
      });
    });
  },
};

async function freshness(context: BenchContext, rate: number): Promise<{ p50_ms: number; snapshotsPerMinute: number }> {
  const warm_ms = context.small ? 500 : 5_000;
  const measured_ms = context.small ? 1_000 : 20_000;
  return inTempDirectory(async (directory) => {
    const catalog = await openCatalog({ warehouse: directory, threads: 1 });
    const table = await catalog.createTable('bench.fresh', {
      schema: { id: 'BIGINT NOT NULL', sent: 'BIGINT', l1: 'BIGINT', s1: 'STRING' },
      primaryKey: ['id'],
      options: { bucket: 1, 'log.enabled': true },
    });
    const writer = await table.openWriter();
    const follower = new Child(import.meta.url, directory);
    await follower.next();
    const commit_ms: number[] = [];
    const random = new RandomData(3);
    const rows = (rate * TICK_MS) / 1000;
    const running = new Set<Promise<void>>();
    const started = performance.now();
    let first: number | undefined;
    const measureFrom = started + warm_ms;
    for (let tick = 0; tick * TICK_MS < warm_ms + measured_ms; tick++) {
      const due = started + tick * TICK_MS;
      if (performance.now() < due) await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
      const measured = performance.now() >= measureFrom;
      if (measured && first === undefined) {
        follower.tell('measure');
        first = await newest(table);
      }
      const at = performance.now();
      const done = writer.append(freshBatch(random, rows)).then(() => {
        running.delete(done);
        if (measured) commit_ms.push(performance.now() - at);
      });
      running.add(done);
    }
    await Promise.all(running);
    const snapshots = (await newest(table)) - (first ?? 0);
    const took_ms = performance.now() - measureFrom;
    const seen = await follower.stop<Seen>();
    await writer.close();
    await catalog.close();
    const [p50_ms, p99_ms] = [percentile(commit_ms, 0.5), percentile(commit_ms, 0.99)];
    const note = `${(seen.rows / (took_ms / 1000)).toFixed(0)} rows/s seen; commit`;
    context.report({
      name: `log: freshness at ${rate} rows/s above the commit, p50`,
      unit: 'ms',
      weir: Math.max(0, seen.p50_ms - p50_ms),
      must: '10 ms',
      note: `${note} ${p50_ms.toFixed(2)} ms, append to follower ${seen.p50_ms.toFixed(2)} ms`,
    });
    context.report({
      name: `log: freshness at ${rate} rows/s above the commit, p99`,
      unit: 'ms',
      weir: Math.max(0, seen.p99_ms - p99_ms),
      must: '50 ms',
      note: `${note} ${p99_ms.toFixed(2)} ms, append to follower ${seen.p99_ms.toFixed(2)} ms`,
    });
    return { p50_ms: seen.p50_ms, snapshotsPerMinute: (snapshots * 60_000) / took_ms };
  });
}

/** Number of snapshots so far. */
async function newest(table: Table): Promise<number> {
  return Number((await table.snapshot())?.id ?? 0n);
}

function freshBatch(random: RandomData, rows: number) {
  const sent = new BigInt64Array(rows).fill(process.hrtime.bigint());
  const columns = {
    id: int64Data(randomKeys(random, rows, 10_000)),
    sent: int64Data(sent),
    l1: random.int64(rows),
    s1: random.strings(rows, 12),
  };
  return recordBatch(columns, ['id']);
}

/** The follower. The clock that `sent` is from is one for all processes of a machine. */
async function child(directory: string): Promise<void> {
  const catalog = await openCatalog({ warehouse: directory, threads: 1 });
  const table = await catalog.table('bench.fresh');
  let measuring = false;
  let signal = new AbortController().signal;
  const stop = new AbortController();
  void heard().then(() => {
    measuring = true;
    signal = stopSignal();
    signal.addEventListener('abort', () => stop.abort());
  });
  const times_ms: number[] = [];
  say('ready');
  for await (const { batch } of table.changes({ from: 'latest', columns: ['sent'], signal: stop.signal })) {
    const now = process.hrtime.bigint();
    if (!measuring) continue;
    for (const sent of batch.columns[0]!.values as BigInt64Array) times_ms.push(Number(now - sent) / 1e6);
  }
  await catalog.close();
  say({ p50_ms: percentile(times_ms, 0.5), p99_ms: percentile(times_ms, 0.99), rows: times_ms.length } satisfies Seen);
}

const args = childArguments(import.meta.url);
if (args !== undefined) await child(args[0]!);
