/**
 * A writing process is stopped (SIGSTOP) until the log has been put into snapshots and trimmed past it by another, and wakes up.
 * What it commits then is either acknowledged and visible, or refused and absent. A clock that runs fast in all processes makes
 * the two minutes for which slots stay at least pass in little more than a second.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openCatalog, seededRandom, systemClock, type Table } from '../../src/index.js';
import { fastClock } from './clock.mjs';
import { rowsOf } from './rows.mjs';
import { type Script, said, script } from './script.js';

const ROUNDS = process.env.WEIR_LONG === undefined ? 1 : 12;
const SPEED = 100;
const STALL_MS = 2_000;
const KEYS = 100;
const FOREVER = 1_000_000;

const acknowledged = (job: Script) => job.lines().filter((line) => line.startsWith('ack')).length;
const saidCommit = (job: Script, count: number) => said(job, new RegExp(`^(ack ${count} |fenced)`));

/** What a job with keys of its own makes of them with its first commits. */
function modelOf(seed: number, commits: number, fromKey: number): Map<bigint, string> {
  const model = new Map<bigint, string>();
  for (let identifier = 1; identifier <= commits; identifier++) {
    const { upserts, deletes } = rowsOf(seededRandom, seed, identifier, fromKey, KEYS);
    for (const row of upserts) model.set(row.id, row.text);
    for (const row of deletes) model.delete(row.id);
  }
  return model;
}

async function withTable(body: (table: Table, start: (user: string, seed: number, fromKey: number) => Script) => Promise<void>) {
  const warehouse = await mkdtemp(join(tmpdir(), 'weir-stall-'));
  const began_ms = systemClock.now_ms();
  const catalog = await openCatalog({ warehouse, clock: fastClock(systemClock, began_ms, SPEED) });
  const jobs: Script[] = [];
  try {
    const table = await catalog.createTable('db.t', {
      schema: { id: 'BIGINT NOT NULL', version: 'BIGINT', text: 'STRING' },
      primaryKey: ['id'],
      options: {
        bucket: 1,
        'log.enabled': true,
        'log.retention': '300 ms',
        'log.retained-slots': 1,
        'snapshot.interval': '10 s',
        'commit.max-retries': 200,
      },
    });
    await body(table as Table, (user, seed, fromKey) => {
      const job = script('writer.mjs', [warehouse, 'db.t', user, fromKey, KEYS, FOREVER, seed, 'true'], {
        WEIR_CLOCK: `${began_ms},${SPEED}`,
      });
      jobs.push(job);
      return job;
    });
  } finally {
    for (const { child } of jobs) child.kill('SIGKILL');
    await Promise.allSettled(jobs.map((job) => job.ended));
    await catalog.close();
    await rm(warehouse, { recursive: true, force: true });
  }
}

/** Kills the job; how many of its commits are in the table. */
async function settle(table: Table, job: Script, user: string): Promise<number> {
  job.child.kill('SIGKILL');
  await job.ended;
  const committer = await table.openCommitter({ commitUser: user });
  const last = Number((await committer.lastIdentifier()) ?? 0n);
  await committer.close();
  return last;
}

async function rowsBetween(table: Table, fromKey: number): Promise<Map<bigint, string>> {
  const rows = await table.scan().toArray();
  expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
  const own = rows.filter((row) => Number(row.id) >= fromKey && Number(row.id) < fromKey + KEYS);
  return new Map(own.map((row) => [row.id as bigint, row.text as string]));
}

it('a writer that slept while the log was trimmed past it commits visibly, or not at all', { timeout: 300_000 }, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const random = seededRandom(round + 1);
    await withTable(async (table, start) => {
      const sleeper = start('sleeper', 1, 0);
      await saidCommit(sleeper, 3);
      await systemClock.sleep(random.float() * 30);
      sleeper.child.kill('SIGSTOP');
      const other = start('other', 2, 1_000);
      await saidCommit(other, 3);
      await systemClock.sleep(STALL_MS);
      while ((await table.log())!.start <= 3n) await systemClock.sleep(50);
      sleeper.child.kill('SIGCONT');
      const before = acknowledged(sleeper);
      await saidCommit(sleeper, before + 3);
      const fenced = sleeper.lines().includes('fenced');
      const last = await settle(table, sleeper, 'sleeper');
      const told = acknowledged(sleeper);
      expect(last).toBeGreaterThanOrEqual(told);
      // what was under way when it was killed is there whole or not at all; what was refused is not there
      expect(last).toBeLessThanOrEqual(fenced ? told : told + 1);
      expect(await rowsBetween(table, 0)).toEqual(modelOf(1, last, 0));
      const lastOfOther = await settle(table, other, 'other');
      expect(lastOfOther).toBeGreaterThanOrEqual(acknowledged(other));
      expect(await rowsBetween(table, 1_000)).toEqual(modelOf(2, lastOfOther, 1_000));
    });
  }
});

it('a writer whose job was taken over while it slept is fenced when it wakes', { timeout: 300_000 }, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    await withTable(async (table, start) => {
      const older = start('job', 1, 0);
      await saidCommit(older, 3);
      older.child.kill('SIGSTOP');
      const newer = start('job', 1, 0);
      await said(newer, /^ack/);
      await systemClock.sleep(round % 2 === 0 ? STALL_MS : 20);
      const before = acknowledged(older);
      older.child.kill('SIGCONT');
      await older.ended;
      expect(older.lines().at(-1)).toBe('fenced');
      // the one that was under way when it was stopped was published before, and is acknowledged now, or it was not
      expect(acknowledged(older)).toBeLessThanOrEqual(before + 1);
      const last = await settle(table, newer, 'job');
      expect(last).toBeGreaterThan(acknowledged(older));
      expect(await rowsBetween(table, 0)).toEqual(modelOf(1, last, 0));
    });
  }
});
