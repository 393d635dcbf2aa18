/** 3M rows of an INT key and 20 random strings of 10 into one bucket, random keys, write and commit: BenchWrite of the Java programs. */
import { openCatalog } from '../src/index.js';
import { type BenchContext, inTempDirectory, java, numberAt, SNAPSHOTS_ONLY, seconds, type Workload } from './support/bench.js';
import { RandomData, wideBatch } from './support/random-data.js';

const BATCH_ROWS = 100_000;

export const workload: Workload = {
  name: 'write',
  async run(context) {
    const rows = context.small ? 30_000 : 3_000_000;
    const ours = await writeRows(context, rows, 'snappy');
    const zstd = await writeRows(context, rows, 'zstd');
    const run = (compression: string) =>
      inTempDirectory(async (directory) => {
        const result = java(context, 'BenchWrite', directory, { rows, iters: context.reps, warmup: context.small ? 0 : 1, compression });
        if (result === undefined) return undefined;
        // Java makes its rows inside the measure, weir's input batches are made before: the generator's time is taken off
        return 1 / (1 / numberAt(result, 'rowsPerSec')! - numberAt(result, 'genSeconds')! / rows);
      });
    const javaZstd = await run('zstd');
    const name = `write ${rows / 1e6}M x (INT key + 20 strings of 10), 1 bucket`;
    context.report({
      name: `${name}: weir snappy, Java zstd (defaults)`,
      unit: 'rows/s',
      weir: ours,
      java: javaZstd,
      must: '1.5x',
      aim: '3x',
      note: '1 worker thread, fsync on',
    });
    context.report({ name: `${name}: both snappy`, unit: 'rows/s', weir: ours, java: await run('snappy') });
    context.report({ name: `${name}: both zstd`, unit: 'rows/s', weir: zstd, java: javaZstd });
  },
};

async function writeRows(context: BenchContext, rows: number, compression: string): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let rep = 0; rep < context.reps; rep++) {
    await inTempDirectory(async (directory) => {
      const random = new RandomData(1 + rep);
      const catalog = await openCatalog({ warehouse: directory, threads: 1, tableDefaults: SNAPSHOTS_ONLY });
      try {
        const table = await catalog.createTable('bench.write', {
          schema: { k: 'INT NOT NULL', ...Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i + 1}`, 'STRING'])) },
          primaryKey: ['k'],
          options: { bucket: 1, 'file.compression': compression },
        });
        const writer = await table.openWriter();
        // ten different batches in turn: input is not what is measured, and 30 of them would not fit the machine
        const batches = Array.from({ length: Math.min(10, Math.ceil(rows / BATCH_ROWS)) }, () =>
          wideBatch(random, Math.min(rows, BATCH_ROWS)),
        );
        let left = rows;
        least = Math.min(
          least,
          await seconds(async () => {
            for (let i = 0; left > 0; i++) {
              const batch = batches[i % batches.length]!;
              const keys = batch.data.children[0]!.values as Int32Array;
              if (i >= batches.length) for (let row = 0; row < keys.length; row++) keys[row] = random.next() >>> 1;
              await writer.write(batch);
              left -= batch.numRows;
            }
            await writer.commit();
          }),
        );
        await writer.close();
      } finally {
        await catalog.close();
      }
    });
  }
  return rows / least;
}
