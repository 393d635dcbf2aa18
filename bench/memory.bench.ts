/** Peak memory of an upsert of 10M rows and of a scan of it, each in a process of its own. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { openCatalog } from '../src/index.js';
import { inTempDirectory, SNAPSHOTS_ONLY, type Workload } from './support/bench.js';
import { RandomData, randomKeys, UPSERT_SCHEMA, upsertBatch } from './support/random-data.js';

const BATCH_ROWS = 50_000;

export const workload: Workload = {
  name: 'memory',
  async run(context) {
    const rows = context.small ? 100_000 : 10_000_000;
    await inTempDirectory(async (directory) => {
      for (const phase of ['upsert', 'scan']) {
        const ran = spawnSync(process.execPath, [fileURLToPath(import.meta.url), phase, directory, String(rows)], { encoding: 'utf8' });
        if (ran.status !== 0) throw new Error(`memory bench failed: ${ran.stderr}`);
        const { peak_mb, rate } = JSON.parse(ran.stdout) as { peak_mb: number; rate: number };
        context.report({
          name: `peak memory, ${phase} of ${rows / 1e6}M rows`,
          unit: 'MB',
          weir: peak_mb,
          must: 'bounded',
          note: `whole process; ${Math.round(rate / 1000)} K rows/s`,
        });
      }
    });
  },
};

async function child(phase: string, directory: string, rows: number): Promise<void> {
  const catalog = await openCatalog({ warehouse: directory, threads: 2, tableDefaults: SNAPSHOTS_ONLY });
  const started = performance.now();
  if (phase === 'upsert') {
    const table = await catalog.createTable('bench.memory', {
      schema: UPSERT_SCHEMA,
      primaryKey: ['id'],
      options: { bucket: 1 },
    });
    const random = new RandomData(5);
    const writer = await table.openWriter();
    for (let done = 0; done < rows; done += BATCH_ROWS)
      await writer.write(upsertBatch(random, randomKeys(random, BATCH_ROWS, 100_000_000)));
    await writer.commit();
    await writer.close();
  } else {
    const table = await catalog.table('bench.memory');
    let seen = 0;
    for await (const batch of table.scan().batches()) seen += batch.length;
    if (seen === 0) throw new Error('no rows');
  }
  const rate = rows / ((performance.now() - started) / 1000);
  await catalog.close();
  process.stdout.write(JSON.stringify({ peak_mb: process.resourceUsage().maxRSS / 1024, rate }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await child(process.argv[2]!, process.argv[3]!, Number(process.argv[4]));
