/** Memory of a writer and of a follower while snapshots are made and expire and slots come and go. Ten minutes in full size. */
import { openCatalog } from '../src/index.js';
import { inTempDirectory, type Workload } from './support/bench.js';
import { Child, childArguments, say, stopSignal } from './support/child.js';
import { RandomData, randomKeys, UPSERT_SCHEMA, upsertBatch } from './support/random-data.js';

const KEYS = 50_000;
const BATCH_ROWS = 100;
const APPEND_EVERY_MS = 10;

interface Memory {
  /** samples of the resident set, after a collection of garbage, in order */
  readonly rss_mb: readonly number[];
}

export const workload: Workload = {
  name: 'log-memory',
  async run(context) {
    const duration_ms = context.small ? 4_000 : 600_000;
    await inTempDirectory(async (directory) => {
      const catalog = await openCatalog({ warehouse: directory, threads: 1 });
      await catalog.createTable('bench.memory', {
        schema: UPSERT_SCHEMA,
        primaryKey: ['id'],
        options: {
          bucket: 1,
          'log.enabled': true,
          'snapshot.interval': context.small ? '500 ms' : '5 s',
          'log.retention': context.small ? '1 s' : '10 s',
          'snapshot.time-retained': context.small ? '1 s' : '30 s',
          'snapshot.num-retained.min': 1,
        },
      });
      await catalog.close();
      const sample_ms = duration_ms / 40;
      const children = ['follower', 'writer'].map((role) => ({
        role,
        process: new Child(import.meta.url, role, directory, String(sample_ms)),
      }));
      for (const each of children) await each.process.next();
      await new Promise((resolve) => setTimeout(resolve, duration_ms));
      for (const { role, process } of children.reverse()) {
        const { rss_mb } = await process.stop<Memory>();
        const early = middle(rss_mb.slice(rss_mb.length >> 2, rss_mb.length >> 1));
        const late = middle(rss_mb.slice(-(rss_mb.length >> 2)));
        context.report({
          name: `log: memory of the ${role}, last quarter of ${duration_ms / 1000} s against the second`,
          unit: 'x',
          weir: late / early,
          must: 'flat',
          note: `${early.toFixed(0)} and ${late.toFixed(0)} MB, highest ${Math.max(...rss_mb).toFixed(0)} MB`,
        });
      }
    });
  },
};

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

async function child(role: string, directory: string, sample_ms: number): Promise<void> {
  const catalog = await openCatalog({ warehouse: directory, threads: 1 });
  const table = await catalog.table('bench.memory');
  const signal = stopSignal();
  const rss_mb: number[] = [];
  const sampler = setInterval(() => {
    globalThis.gc?.();
    rss_mb.push(process.memoryUsage().rss / 2 ** 20);
  }, sample_ms);
  say('ready');
  if (role === 'follower') for await (const _ of table.changes({ from: 'latest', signal }));
  else {
    const random = new RandomData(17);
    const writer = await table.openWriter();
    while (!signal.aborted) {
      await writer.append(upsertBatch(random, randomKeys(random, BATCH_ROWS, KEYS)));
      await new Promise((resolve) => setTimeout(resolve, APPEND_EVERY_MS));
    }
    await writer.close();
  }
  clearInterval(sampler);
  await catalog.close();
  say({ rss_mb } satisfies Memory);
}

const args = childArguments(import.meta.url);
if (args !== undefined) await child(args[0]!, args[1]!, Number(args[2]));
