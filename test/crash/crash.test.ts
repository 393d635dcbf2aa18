/**
 * A job is killed with SIGKILL at random moments and started again from its last acknowledged commit. In the end the table is
 * what an undisturbed job would have made of it, at every moment it opened, and names no file that is not there.
 */
import { spawn } from 'node:child_process';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openCatalog, seededRandom, type Table } from '../../src/index.js';
import { rowsOf } from './rows.mjs';

const KILLS = process.env.WEIR_LONG === undefined ? 20 : 200;
const SEED = Number(process.env.WEIR_SEED ?? Math.floor(Date.now() / 1000) % 1_000_000);
const KEYS = 300;
const WRITER = fileURLToPath(new URL('./writer.mjs', import.meta.url));

interface Outcome {
  readonly start: bigint | undefined;
  readonly acknowledged: bigint | undefined;
  readonly done: boolean;
}

/** Runs the job; with `kill_ms` it is killed that long after it said that it started. */
function runJob(warehouse: string, commits: number, kill_ms?: number): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [WRITER, warehouse, 'db.t', 'job', '0', String(KEYS), String(commits), String(SEED), 'true'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    let timer: NodeJS.Timeout | undefined;
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
      if (timer === undefined && kill_ms !== undefined) timer = setTimeout(() => child.kill('SIGKILL'), kill_ms);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk;
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (signal !== 'SIGKILL' && code !== 0) return reject(new Error(`the job failed: ${errors}`));
      const numbers = (word: string) => [...output.matchAll(new RegExp(`^${word} (\\d+)$`, 'gm'))].map((match) => BigInt(match[1]!));
      resolve({ start: numbers('start')[0], acknowledged: numbers('ack').at(-1), done: output.includes('done') });
    });
  });
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

it(
  `survives ${KILLS} kills (seed ${SEED})`,
  async () => {
    const random = seededRandom(SEED);
    const warehouse = await mkdtemp(join(tmpdir(), 'weir-crash-'));
    const catalog = await openCatalog({ warehouse });
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
        },
      });
      let acknowledged = 0n;
      for (let kill = 0; kill < KILLS; kill++) {
        const outcome = await runJob(warehouse, 1_000_000, Math.floor(random.float() * 120));
        if (outcome.start !== undefined) expect(outcome.start).toBeGreaterThanOrEqual(acknowledged);
        acknowledged = outcome.acknowledged ?? acknowledged;
        const committer = await table.openCommitter({ commitUser: 'job' });
        const last = (await committer.lastIdentifier()) ?? 0n;
        await committer.close();
        // nothing acknowledged is lost; what was being acknowledged when it was killed is there whole or not at all
        expect(last).toBeGreaterThanOrEqual(acknowledged);
        expect(last - acknowledged).toBeLessThanOrEqual(1n);
        expect(await stateOf(table)).toEqual(modelAfter(last));
        acknowledged = last;
      }
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
