/**
 * A job is killed with SIGKILL at random moments and started again from its last acknowledged commit. In the end the table is
 * what an undisturbed job would have made of it, at every moment it opened, and names no file that is not there. With a log and
 * without.
 */
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openCatalog, seededRandom, type Table } from '../../src/index.js';
import { SNAPSHOTS_ONLY } from '../support/memory-catalog.js';
import { rowsOf } from './rows.mjs';
import { said, script } from './script.js';

/** of each kind of table */
const KILLS = process.env.WEIR_LONG === undefined ? 10 : 100;
const SEED = Number(process.env.WEIR_SEED ?? Math.floor(Date.now() / 1000) % 1_000_000);
const KEYS = 300;

interface Outcome {
  readonly start: bigint | undefined;
  readonly acknowledged: bigint | undefined;
  readonly done: boolean;
}

interface Kill {
  /** what the job says first */
  readonly after: RegExp;
  readonly delay_ms: number;
}

/** Runs the job to its end, or kills it that long after it said something. */
async function runJob(warehouse: string, commits: number, kill?: Kill): Promise<Outcome> {
  const job = script('writer.mjs', [warehouse, 'db.t', 'job', 0, KEYS, commits, SEED, 'true']);
  if (kill !== undefined) {
    await said(job, kill.after);
    await new Promise((resolve) => setTimeout(resolve, kill.delay_ms));
    job.child.kill('SIGKILL');
  }
  await job.ended;
  const numbers = (word: string) => job.lines().flatMap((line) => (line.startsWith(`${word} `) ? [BigInt(line.split(' ')[1]!)] : []));
  return { start: numbers('start')[0], acknowledged: numbers('ack').at(-1), done: job.lines().includes('done') };
}

function modelAfter(last: bigint): Map<bigint, string> {
  const model = new Map<bigint, string>();
  for (let identifier = 1; identifier <= Number(last); identifier++) {
    const { upserts, deletes } = rowsOf(seededRandom, SEED, identifier, 0, KEYS);
    for (const row of upserts) model.set(row.id, row.text);
    for (const row of deletes) model.delete(row.id);
  }
  return model;
}

async function stateOf(table: Table): Promise<Map<bigint, string>> {
  const rows = await table.scan().toArray();
  const state = new Map(rows.map((row) => [row.id as bigint, row.text as string]));
  expect(state.size).toBe(rows.length);
  return state;
}

/** Every file that a snapshot still held refers to is there. */
async function checkFiles(table: Table): Promise<void> {
  for (const snapshot of await table.snapshots()) {
    for (const entry of await table.files({ at: { snapshot: snapshot.id } })) {
      await access(join(table.path, `bucket-${entry.bucket}`, entry.file.fileName));
    }
  }
}

const LOG = {
  'log.enabled': true,
  // so that a job that lives for some commits puts them into snapshots, too, and part of them stands in bodies
  'snapshot.interval': '30 ms',
  'log.inline-max': '1 kb',
};

it.each([
  ['without a log', {}],
  ['with a log', LOG],
])(
  `survives ${KILLS} kills %s (seed ${SEED})`,
  async (_, options) => {
    const random = seededRandom(SEED);
    const warehouse = await mkdtemp(join(tmpdir(), 'weir-crash-'));
    const catalog = await openCatalog({ warehouse, tableDefaults: SNAPSHOTS_ONLY });
    try {
      const table = await catalog.createTable('db.t', {
        schema: { id: 'BIGINT NOT NULL', version: 'BIGINT', text: 'STRING' },
        primaryKey: ['id'],
        options: {
          bucket: 2,
          'num-sorted-run.compaction-trigger': 3,
          'snapshot.num-retained.min': 5,
          'snapshot.num-retained.max': 8,
          'write-buffer-size': '4 kb',
          ...options,
        },
      });
      let acknowledged = 0n;
      for (let kill = 0; kill < KILLS; kill++) {
        // while it opens, and while it commits
        const after = kill % 2 === 0 ? /^start/ : /^ack/;
        const outcome = await runJob(warehouse, 1_000_000, { after, delay_ms: Math.floor(random.float() * 120) });
        if (outcome.start !== undefined) expect(outcome.start).toBeGreaterThanOrEqual(acknowledged);
        acknowledged = outcome.acknowledged ?? acknowledged;
        const committer = await table.openCommitter({ commitUser: 'job' });
        const last = (await committer.lastIdentifier()) ?? 0n;
        await committer.close({ flush: random.float() < 0.3 });
        // nothing acknowledged is lost; what was being acknowledged when it was killed is there whole or not at all
        expect(last).toBeGreaterThanOrEqual(acknowledged);
        expect(last - acknowledged).toBeLessThanOrEqual(1n);
        expect(await stateOf(table)).toEqual(modelAfter(last));
        acknowledged = last;
      }
      expect(acknowledged).toBeGreaterThan(BigInt(KILLS / 2));
      const final = acknowledged + 5n;
      expect(await runJob(warehouse, Number(final))).toMatchObject({ start: acknowledged, acknowledged: final, done: true });
      expect(await stateOf(table)).toEqual(modelAfter(final));
      await checkFiles(table);
    } finally {
      await catalog.close();
      await rm(warehouse, { recursive: true, force: true });
    }
  },
  KILLS * 5_000 + 60_000,
);
