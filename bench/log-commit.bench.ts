/** The log on, fsync on: latency of a commit against the disk's own, commits of many callers, and what the table's size costs. */
import { readdirSync, readFileSync } from 'node:fs';
import { openCatalog, type Table } from '../src/index.js';
import { type BenchContext, inTempDirectory, percentile, seconds, type Workload } from './support/bench.js';
import { Floor } from './support/floor.js';
import { RandomData, randomKeys, UPSERT_SCHEMA, upsertBatch } from './support/random-data.js';

const ROWS = 100;
const CALLERS = 64;
/** commits and floors take turns of this many, so that both meet the same disk */
const TURN = 25;

export const workload: Workload = {
  name: 'log-commit',
  async run(context) {
    await latency(context);
    await callers(context);
    await tableSizes(context);
  },
};

async function latency(context: BenchContext): Promise<void> {
  const turns = context.small ? 2 : 40;
  await inTempDirectory(async (directory) => {
    const catalog = await openCatalog({ warehouse: `${directory}/warehouse`, threads: 1 });
    const table = await newTable(catalog.createTable.bind(catalog), 'bench.latency');
    await loadRow(table);
    const writer = await table.openWriter({ commitUser: 'bench' });
    const random = new RandomData(7);
    const batches = Array.from({ length: TURN }, () => upsertBatch(random, randomKeys(random, ROWS, 1_000_000)));
    const floor = new Floor(`${directory}/floor`);
    const [floor_ms, append_ms, commit_ms]: number[][] = [[], [], []];
    for (let turn = -1; turn < turns; turn++) {
      const slot = lastSlot(table);
      for (const batch of batches) {
        const took_ms = [
          slot === undefined ? 0 : await floor.commit(slot),
          1000 * (await seconds(() => writer.append(batch))),
          1000 *
            (await seconds(async () => {
              await writer.write(batch);
              await writer.commit();
            })),
        ];
        if (turn >= 0) for (const [i, times] of [floor_ms, append_ms, commit_ms].entries()) times!.push(took_ms[i]!);
      }
    }
    await writer.close();
    await catalog.close();
    for (const [share, must] of [
      [0.5, '1.5x'],
      [0.99, '2x'],
    ] as const) {
      const [least, append, commit] = [floor_ms, append_ms, commit_ms].map((times) => percentile(times!, share));
      context.report({
        name: `log: append of ${ROWS} rows against the disk's floor, p${share * 100}`,
        unit: 'x',
        weir: append! / least!,
        must,
        note: `${append!.toFixed(2)} ms, write and commit ${commit!.toFixed(2)} ms; floor ${least!.toFixed(2)} ms`,
      });
    }
  });
}

/** Callers that each wait for one commit of one row before the next. */
async function callers(context: BenchContext): Promise<void> {
  const duration_ms = context.small ? 500 : 10_000;
  await inTempDirectory(async (directory) => {
    const catalog = await openCatalog({ warehouse: directory, threads: 1 });
    const table = await catalog.createTable('bench.callers', {
      schema: { id: 'BIGINT NOT NULL', text: 'STRING' },
      primaryKey: ['id'],
      options: { bucket: 1, 'log.enabled': true },
    });
    const writer = await table.openWriter();
    const times_ms: number[] = [];
    const end = performance.now() + duration_ms;
    const took = await seconds(() =>
      Promise.all(
        Array.from({ length: CALLERS }, async (_, caller) => {
          for (let i = 0; performance.now() < end; i++) {
            const row = { id: BigInt(i * CALLERS + caller), text: `caller ${caller}` };
            times_ms.push(1000 * (await seconds(() => writer.append(row))));
          }
        }),
      ),
    );
    await writer.close();
    await catalog.close();
    context.report({
      name: `log: one-row commits of ${CALLERS} callers at once`,
      unit: 'ops/s',
      weir: times_ms.length / took,
      must: '1,000 /s',
      note: `p50 ${percentile(times_ms, 0.5).toFixed(2)} ms, p99 ${percentile(times_ms, 0.99).toFixed(2)} ms`,
    });
  });
}

/** Commits in turn into tables of several sizes. */
async function tableSizes(context: BenchContext): Promise<void> {
  const sizes = context.small ? [1_000, 10_000] : [10_000, 1_000_000, 10_000_000];
  const turns = context.small ? 20 : 400;
  await inTempDirectory(async (directory) => {
    const catalog = await openCatalog({ warehouse: directory, threads: 2 });
    const random = new RandomData(11);
    const jobs = [];
    for (const size of sizes) {
      const table = await newTable(catalog.createTable.bind(catalog), `bench.rows${size}`, { 'log.enabled': false, 'write-only': true });
      const loader = await table.openWriter();
      for (let from = 0; from < size; from += 50_000) {
        const ids = BigInt64Array.from({ length: Math.min(50_000, size - from) }, (_, i) => BigInt(from + i));
        await loader.write(upsertBatch(random, ids));
      }
      await loader.commit();
      await loader.close();
      await table.compact({ full: true });
      await table.alter([{ action: 'setOption', key: 'log.enabled', value: 'true' }]);
      jobs.push({ size, times_ms: [] as number[], writer: await table.openWriter() });
    }
    for (let turn = 0; turn < turns; turn++) {
      for (const { size, times_ms, writer } of jobs) {
        const batch = upsertBatch(random, randomKeys(random, ROWS, size));
        times_ms.push(
          1000 *
            (await seconds(async () => {
              await writer.write(batch);
              await writer.commit();
            })),
        );
      }
    }
    for (const { writer } of jobs) await writer.close();
    await catalog.close();
    const p50_ms = jobs.map(({ times_ms }) => percentile(times_ms, 0.5));
    context.report({
      name: `log: a commit into ${sizes.at(-1)! / 1e6} M rows against one into ${sizes[0]}, p50`,
      unit: 'x',
      weir: p50_ms.at(-1)! / p50_ms[0]!,
      must: '1.2x',
      note: `p50 ${p50_ms.map((ms) => ms.toFixed(2)).join(' / ')} ms at ${sizes.join(' / ')} rows`,
    });
  });
}

type CreateTable = Awaited<ReturnType<typeof openCatalog>>['createTable'];

function newTable(createTable: CreateTable, name: string, options: Record<string, string | number | boolean> = {}): Promise<Table> {
  return createTable(name, { schema: UPSERT_SCHEMA, primaryKey: ['id'], options: { bucket: 1, 'log.enabled': true, ...options } });
}

/** A first row, so that the table has a snapshot, as it has all its life but for the first seconds. */
async function loadRow(table: Table): Promise<void> {
  const writer = await table.openWriter();
  await writer.append({ id: 0n });
  await writer.close();
}

/** The bytes of the newest slot of the table's log. */
function lastSlot(table: Table): Uint8Array | undefined {
  const names = readdirSync(`${table.path}/log`, { recursive: true, encoding: 'utf8' }).filter((name) => /\/\d{20}\.arrow$/.test(name));
  const last = names.sort().at(-1);
  return last === undefined ? undefined : readFileSync(`${table.path}/log/${last}`);
}
