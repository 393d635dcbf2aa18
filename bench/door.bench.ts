/** Rows as JavaScript objects against Arrow batches, in and out. */
import { openCatalog } from '../src/index.js';
import { best, inTempDirectory, SNAPSHOTS_ONLY, seconds, type Workload } from './support/bench.js';
import { RandomData, scatteredKeys, UPSERT_SCHEMA, upsertBatch } from './support/random-data.js';

export const workload: Workload = {
  name: 'door',
  async run(context) {
    const rows = context.small ? 10_000 : 500_000;
    const random = new RandomData(11);
    const arrow = upsertBatch(random, scatteredKeys(rows));
    const objects = arrow.toArray().map((row) => ({ ...(row as { toJSON(): Record<string, unknown> }).toJSON() }));
    await inTempDirectory(async (directory) => {
      const catalog = await openCatalog({ warehouse: directory, threads: 1, tableDefaults: SNAPSHOTS_ONLY });
      const write = async (name: string, input: typeof arrow | typeof objects) => {
        const table = await catalog.createTable(`bench.${name}`, {
          schema: UPSERT_SCHEMA,
          primaryKey: ['id'],
        });
        const writer = await table.openWriter();
        const taken_s = await seconds(async () => {
          await writer.write(input as typeof arrow);
          await writer.commit();
        });
        await writer.close();
        return rows / taken_s;
      };
      context.report({ name: 'write, Arrow batches at the door', unit: 'rows/s', weir: await write('arrow', arrow) });
      context.report({ name: 'write, objects at the door', unit: 'rows/s', weir: await write('objects', objects) });
      const table = await catalog.table('bench.arrow');
      const asBatches = await best(context.reps, async () => {
        for await (const _ of table.scan().batches());
      });
      const asObjects = await best(context.reps, async () => {
        for await (const _ of table.scan().rows());
      });
      context.report({ name: 'scan, batches at the door', unit: 'rows/s', weir: rows / asBatches });
      context.report({ name: 'scan, objects at the door', unit: 'rows/s', weir: rows / asObjects });
      await catalog.close();
    });
  },
};
