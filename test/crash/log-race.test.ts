/**
 * Four processes write the same keys of one table with a log, others compact it and follow it. The log is one order for all:
 * every acknowledged commit has its slot, and the table is what the commits make in the order of their slots. A follower that is
 * killed again and again sees each change once, and ends with the same state.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { formatPosition, openCatalog, type StreamPosition, seededRandom, systemClock, type Table } from '../../src/index.js';
import { fastClock } from './clock.mjs';
import { partsOf, rowsOf } from './rows.mjs';
import { type Script, script } from './script.js';

const WRITERS = 4;
const COMMITS = process.env.WEIR_LONG === undefined ? 12 : 80;
const KEYS = 200;
const SPEED = 100;

/** kind, key, text */
type Told = readonly [string, string, string | null];

interface Commit {
  readonly slot: bigint;
  /** orders the commits of a writer that share a slot */
  readonly identifier: bigint;
  readonly rows: readonly Told[];
}

/** The commits that a writer's lines acknowledge. */
function commitsOf(writer: number, lines: readonly string[]): Commit[] {
  return lines.flatMap((line) => {
    const [word, identifier, slots] = line.split(' ');
    if (word !== 'ack') return [];
    const { upserts, deletes } = rowsOf(seededRandom, writer + 1, Number(identifier), 0, KEYS);
    const parts: Told[][] = partsOf(upserts).map((part) => part.map((row) => ['+I', String(row.id), row.text]));
    parts.push(deletes.map((row) => ['-D', String(row.id), null]));
    const found = slots!.split(',');
    expect(found.length).toBe(parts.length);
    return parts.map((rows, i) => {
      const [slot, number] = found[i]!.split('-').map(BigInt);
      return { slot: slot!, identifier: number!, rows };
    });
  });
}

function fold(rows: Iterable<Told>): Map<string, string | null> {
  const state = new Map<string, string | null>();
  for (const [kind, id, text] of rows) {
    if (kind === '-D') state.delete(id);
    else state.set(id, text);
  }
  return state;
}

/** A follower that is killed every now and then, and goes on from the last batch that arrived whole. */
class KilledFollower {
  readonly told: Told[] = [];
  position: StreamPosition = formatPosition({ phase: 'change', snapshot: 1n, done: 0 });
  kills = 0;
  readonly #start: (position: StreamPosition) => Script;

  constructor(start: (position: StreamPosition) => Script) {
    this.#start = start;
  }

  async run(signal: AbortSignal, delay_ms: () => number): Promise<void> {
    while (!signal.aborted) {
      const program = this.#start(this.position);
      await systemClock.sleep(250 + delay_ms(), signal).catch(() => undefined);
      program.child.kill('SIGKILL');
      await program.ended;
      this.kills++;
      for (const line of program.lines().slice(1)) {
        const { position, rows } = JSON.parse(line) as { position: StreamPosition; rows: Told[] };
        this.told.push(...rows);
        this.position = position;
      }
    }
  }

  /** What is left, seen by this process. */
  async finish(table: Table): Promise<void> {
    for await (const change of table.changes({ from: this.position, until: 'now' })) {
      for (const { kind, row } of change.rows()) this.told.push([kind, String(row.id), row.text as string | null]);
    }
  }
}

it.each([
  ['a log that is kept', 1, { 'snapshot.interval': '50 ms' }],
  ['a log that is trimmed as soon as may be', SPEED, { 'snapshot.interval': '5 s', 'log.retained-slots': 1, 'log.retention': '1 ms' }],
])('shared keys, %s: the later slot wins, for readers and followers', { timeout: 600_000 }, async (_, speed, options) => {
  const warehouse = await mkdtemp(join(tmpdir(), 'weir-log-race-'));
  const began_ms = systemClock.now_ms();
  const env = { WEIR_CLOCK: `${began_ms},${speed}` };
  const catalog = await openCatalog({ warehouse, clock: fastClock(systemClock, began_ms, speed) });
  try {
    const table = await catalog.createTable('db.t', {
      schema: { id: 'BIGINT NOT NULL', version: 'BIGINT', text: 'STRING' },
      primaryKey: ['id'],
      options: {
        bucket: 2,
        'log.enabled': true,
        'log.inline-max': '1 kb',
        'changelog-producer': 'input',
        'num-sorted-run.compaction-trigger': 4,
        'snapshot.num-retained.min': 100_000,
        'snapshot.num-retained.max': 100_000,
        'commit.max-retries': 200,
        ...options,
      },
    });
    const compactor = script('compactor.mjs', [warehouse, 'db.t'], env);
    const follower = new KilledFollower((position) => script('follower.mjs', [warehouse, 'db.t', position], env));
    const over = new AbortController();
    const random = seededRandom(began_ms);
    const following = follower.run(over.signal, () => random.float() * 1_000);
    const jobs = Array.from({ length: WRITERS }, (_, writer) =>
      script('writer.mjs', [warehouse, 'db.t', `job-${writer}`, 0, KEYS, COMMITS, writer + 1, 'true', 'true'], env),
    );
    await Promise.all(jobs.map((job) => job.ended));
    over.abort();
    await following;
    compactor.child.stdin.end();
    await compactor.ended;
    await follower.finish(table as Table);

    const commits = jobs.flatMap((job, writer) => commitsOf(writer, job.lines()));
    expect(commits.length).toBeGreaterThanOrEqual(WRITERS * COMMITS * 2);
    // commits that share a slot are one writer's, and in its order
    commits.sort((a, b) => Number(a.slot - b.slot) || Number(a.identifier - b.identifier));
    const ordered = commits.flatMap(({ rows }) => rows);
    const model = fold(ordered);
    const rows = await table.scan().toArray();
    expect(rows.length).toBe(model.size);
    expect(new Map(rows.map((row) => [String(row.id), row.text as string]))).toEqual(model);
    expect(follower.kills).toBeGreaterThan(1);
    expect(fold(follower.told)).toEqual(model);
    if (speed === 1) expect(follower.told).toEqual(ordered);
  } finally {
    await catalog.close();
    await rm(warehouse, { recursive: true, force: true });
  }
});
