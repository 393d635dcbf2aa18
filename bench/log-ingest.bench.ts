/** Sustained ingest from Arrow batches with the log on, and off, to the last row in a snapshot. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openCatalog } from '../src/index.js';
import { inTempDirectory, seconds, type Workload } from './support/bench.js';
import { RandomData, randomKeys, UPSERT_SCHEMA, upsertBatch } from './support/random-data.js';

const RESOLUTION_MS = 5;
const BATCH_ROWS = 20_000;
const BATCHES_A_COMMIT = 10;

export const workload: Workload = {
  name: 'log-ingest',
  async run(context) {
    const commits = context.small ? 1 : 25;
    const random = new RandomData(13);
    const batches = Array.from({ length: 10 }, () => upsertBatch(random, randomKeys(random, BATCH_ROWS, 1_000_000)));
    /** of each repetition with the log, by a monitor of its own: one that rests counts the pause as a delay */
    const delays: { p99_ms: number; max_ms: number }[] = [];
    /** rows/s */
    const ingest = (logged: boolean) =>
      inTempDirectory(async (directory) => {
        const catalog = await openCatalog({ warehouse: directory, threads: 1 });
        const table = await catalog.createTable('bench.ingest', {
          schema: UPSERT_SCHEMA,
          primaryKey: ['id'],
          // neither compacts: what is compared is the way of a row to a snapshot
          options: { bucket: 1, 'log.enabled': logged, 'log.compaction': false, 'write-only': true },
        });
        const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
        const took = await seconds(async () => {
          delay.enable();
          const writer = await table.openWriter();
          for (let i = 0; i < commits * BATCHES_A_COMMIT; i++) {
            await writer.write(batches[i % batches.length]!);
            if ((i + 1) % BATCHES_A_COMMIT === 0) await writer.commit();
          }
          await writer.close();
          delay.disable();
        });
        if (logged) delays.push({ p99_ms: over(delay.percentile(99)), max_ms: over(delay.max) });
        await catalog.close();
        return (commits * BATCHES_A_COMMIT * BATCH_ROWS) / took;
      });
    let [on, off] = [0, 0];
    for (let rep = 0; rep < context.reps; rep++) {
      off = Math.max(off, await ingest(false));
      on = Math.max(on, await ingest(true));
    }
    context.report({
      name: `log: sustained ingest, commits of ${BATCHES_A_COMMIT * BATCH_ROWS} rows`,
      unit: 'rows/s',
      weir: on,
      must: '200 K rows/s',
      note: `${Math.round((1 - on / off) * 100)}% less than without a log (${Math.round(off / 1000)} K rows/s); at most 30%`,
    });
    context.report({
      name: 'log: event-loop delay p99 while ingesting, in the worst repetition',
      unit: 'ms',
      weir: Math.max(...delays.map(({ p99_ms }) => p99_ms)),
      must: '50 ms',
      note: `maximum ${Math.max(...delays.map(({ max_ms }) => max_ms)).toFixed(1)} ms`,
    });
  },
};

/** Of what the monitor measured: what is more than its own tick, in ms. */
function over(measured_ns: number): number {
  return Math.max(0, measured_ns / 1e6 - RESOLUTION_MS);
}
