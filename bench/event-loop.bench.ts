/** How long the caller's event loop is held up while a table is written and scanned at full speed. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openCatalog } from '../src/index.js';
import { inTempDirectory, SNAPSHOTS_ONLY, type Workload } from './support/bench.js';
import { RandomData, randomKeys, UPSERT_SCHEMA, upsertBatch } from './support/random-data.js';

const RESOLUTION_MS = 5;

export const workload: Workload = {
  name: 'event-loop',
  async run(context) {
    const commits = context.small ? 2 : 15;
    const batchRows = context.small ? 5_000 : 200_000;
    await inTempDirectory(async (directory) => {
      const catalog = await openCatalog({ warehouse: directory, threads: 1, tableDefaults: SNAPSHOTS_ONLY });
      const table = await catalog.createTable('bench.loop', {
        schema: UPSERT_SCHEMA,
        primaryKey: ['id'],
        options: { bucket: 2 },
      });
      const random = new RandomData(9);
      const batches = Array.from({ length: 4 }, () => upsertBatch(random, randomKeys(random, batchRows, 1_000_000)));
      const measure = async (name: string, work: () => Promise<void>) => {
        const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
        await new Promise((resolve) => setTimeout(resolve, 50));
        delay.enable();
        await work();
        delay.disable();
        const ms = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
        context.report({
          name: `event-loop delay p99, ${name}`,
          unit: 'ms',
          weir: ms(delay.percentile(99)),
          must: '50 ms',
          note: `maximum ${ms(delay.max).toFixed(1)} ms`,
        });
      };
      await measure('writing', async () => {
        const writer = await table.openWriter();
        for (let i = 0; i < commits; i++) {
          await writer.write(batches[i % batches.length]!);
          await writer.commit();
        }
        await writer.close();
      });
      await measure('scanning', async () => {
        for await (const _ of table.scan().batches());
      });
      await catalog.close();
    });
  },
};
