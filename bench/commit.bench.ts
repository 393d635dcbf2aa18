/** A commit of 100 rows, fsync on: its latency, and what it costs when the table has had 1,000 commits. */
import { openCatalog } from '../src/index.js';
import { inTempDirectory, java, numberAt, percentile, SNAPSHOTS_ONLY, type Workload } from './support/bench.js';
import { RandomData, randomKeys, UPSERT_SCHEMA, upsertBatch } from './support/random-data.js';

const ROWS = 100;

export const workload: Workload = {
  name: 'commit',
  async run(context) {
    const commits = context.small ? 40 : 1_020;
    await inTempDirectory(async (directory) => {
      const random = new RandomData(7);
      const catalog = await openCatalog({ warehouse: directory, threads: 1, tableDefaults: SNAPSHOTS_ONLY });
      const table = await catalog.createTable('bench.commits', {
        schema: UPSERT_SCHEMA,
        primaryKey: ['id'],
        options: { bucket: 1, 'write-only': true },
      });
      const writer = await table.openWriter({ commitUser: 'bench' });
      const batches = Array.from({ length: 50 }, () => upsertBatch(random, randomKeys(random, ROWS, 1_000_000)));
      const times_ms: number[] = [];
      for (let i = 0; i < commits; i++) {
        const started = performance.now();
        await writer.write(batches[i % batches.length]!);
        await writer.commit({ identifier: BigInt(i + 1) });
        times_ms.push(performance.now() - started);
      }
      await writer.close();
      await catalog.close();
      const result = java(context, 'BenchLatency', `${directory}/java`, {
        seconds: context.small ? 3 : 15,
        ratePerSec: 1000,
        commitEveryMs: 100,
        warmup: context.small ? 1 : 5,
        compaction: 'off',
      });
      const javaCommit_ms = numberAt(result, 'results', 0, 'commitMsAvg');
      const early = times_ms.slice(5, 25);
      const late = times_ms.slice(-20);
      context.report({
        name: 'commit of 100 rows, p50',
        unit: 'ms',
        weir: percentile(times_ms, 0.5),
        java: javaCommit_ms,
        must: '3x',
        aim: '5x',
        note: `p99 ${percentile(times_ms, 0.99).toFixed(1)} ms; Java elsewhere: 29-52 ms`,
      });
      context.report({
        name: `cost of a commit at snapshot ${commits} against snapshot 10`,
        unit: 'x',
        weir: percentile(late, 0.5) / percentile(early, 0.5),
        must: '1.5x',
        note: `p50 ${percentile(early, 0.5).toFixed(1)} and ${percentile(late, 0.5).toFixed(1)} ms`,
      });
    });
  },
};
