/** One-row commits of many writer processes into one table. */
import { openCatalog } from '../src/index.js';
import { inTempDirectory, percentile, seconds, type Workload } from './support/bench.js';
import { Child, childArguments, heard, say } from './support/child.js';

interface Done {
  readonly times_ms: readonly number[];
}

export const workload: Workload = {
  name: 'log-writers',
  async run(context) {
    const duration_ms = context.small ? 500 : 10_000;
    for (const writers of context.small ? [1, 2] : [1, 4, 16]) {
      await inTempDirectory(async (directory) => {
        const catalog = await openCatalog({ warehouse: directory, threads: 1 });
        await catalog.createTable('bench.writers', {
          schema: { id: 'BIGINT NOT NULL', text: 'STRING' },
          primaryKey: ['id'],
          options: { bucket: 1, 'log.enabled': true },
        });
        await catalog.close();
        const children = Array.from({ length: writers }, (_, i) => new Child(import.meta.url, directory, String(i), String(duration_ms)));
        for (const each of children) await each.next();
        for (const each of children) each.tell('go');
        const times_ms = (await Promise.all(children.map((each) => each.next<Done>()))).flatMap((done) => done.times_ms);
        await Promise.all(children.map((each) => each.stop()));
        context.report({
          name: `log: one-row commits of ${writers} writer process${writers === 1 ? '' : 'es'}`,
          unit: 'ops/s',
          weir: times_ms.length / (duration_ms / 1000),
          note: `p50 ${percentile(times_ms, 0.5).toFixed(2)} ms, p99 ${percentile(times_ms, 0.99).toFixed(1)} ms`,
        });
      });
    }
  },
};

/** A writer: one commit after the other. */
async function child(directory: string, number: number, duration_ms: number): Promise<void> {
  const catalog = await openCatalog({ warehouse: directory, threads: 1 });
  const table = await catalog.table('bench.writers');
  const writer = await table.openWriter({ commitUser: `writer-${number}` });
  const go = heard();
  say('ready');
  await go;
  const times_ms: number[] = [];
  const end = performance.now() + duration_ms;
  for (let i = 0; performance.now() < end; i++) {
    times_ms.push(1000 * (await seconds(() => writer.append({ id: BigInt(number) * 1_000_000n + BigInt(i), text: `writer ${number}` }))));
  }
  const stopped = heard();
  say({ times_ms } satisfies Done);
  await stopped;
  await writer.close();
  await catalog.close();
  say('closed');
}

const args = childArguments(import.meta.url);
if (args !== undefined) await child(args[0]!, Number(args[1]), Number(args[2]));
