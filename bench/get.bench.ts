/** One row by key: cold (a newly opened table in a warmed process) and hot (random existing keys). */
import { openCatalog, type Table } from '../src/index.js';
import { inTempDirectory, percentile, SNAPSHOTS_ONLY, type Workload } from './support/bench.js';
import { RandomData, randomKeys, scatteredKeys, UPSERT_SCHEMA, upsertBatch } from './support/random-data.js';

export const workload: Workload = {
  name: 'get',
  async run(context) {
    const keys = context.small ? 20_000 : 1_000_000;
    const commits = context.small ? 2 : 10;
    const batchRows = keys / 5;
    await inTempDirectory(async (directory) => {
      const random = new RandomData(3);
      const catalog = await openCatalog({ warehouse: directory, threads: 1, tableDefaults: SNAPSHOTS_ONLY });
      const table = await catalog.createTable('bench.get', {
        schema: UPSERT_SCHEMA,
        primaryKey: ['id'],
        options: { bucket: 1, 'write-only': true },
      });
      const writer = await table.openWriter();
      await writer.write(upsertBatch(random, scatteredKeys(keys)));
      await writer.commit();
      for (let i = 0; i < commits; i++) {
        await writer.write(upsertBatch(random, randomKeys(random, batchRows, keys)));
        await writer.commit();
      }
      await writer.close();
      const measure = async (name: string, must: boolean) => {
        const gets = context.small ? 50 : 2_000;
        const cold: number[] = [];
        // a warmed process: the first gets of all pay for the compiler, not for the storage
        const warmUps = context.small ? 5 : 100;
        for (let i = -warmUps; i < (context.small ? 5 : 100); i++) {
          const started = performance.now();
          const fresh = await catalog.table('bench.get');
          await expectRow(fresh, BigInt(random.below(keys)));
          if (i >= 0) cold.push(performance.now() - started);
          await fresh.close();
        }
        const warm = await catalog.table('bench.get');
        for (let i = 0; i < 200; i++) await expectRow(warm, BigInt(random.below(keys)));
        const hot: number[] = [];
        for (let i = 0; i < gets; i++) {
          const id = BigInt(random.below(keys));
          const started = performance.now();
          await expectRow(warm, id);
          hot.push(performance.now() - started);
        }
        await warm.close();
        context.report({
          name: `point get, cold, ${name}`,
          unit: 'ms',
          weir: percentile(cold, 0.5),
          ...(must && { must: '10 ms', aim: '3 ms' }),
          note: `p50; p99 ${percentile(cold, 0.99).toFixed(2)} ms`,
        });
        context.report({
          name: `point get, hot, ${name}`,
          unit: 'ms',
          weir: percentile(hot, 0.5),
          ...(must && { must: '1 ms', aim: '0.2 ms' }),
          note: `p50; p99 ${percentile(hot, 0.99).toFixed(2)} ms`,
        });
      };
      await measure(`${commits + 1} runs`, true);
      await table.compact({ full: true });
      await measure('compacted', true);
      await catalog.close();
    });
  },
};

async function expectRow(table: Table, id: bigint): Promise<void> {
  const row = await table.get({ id });
  if (row === undefined || row.id !== id) throw new Error(`key ${id} was not found`);
}
