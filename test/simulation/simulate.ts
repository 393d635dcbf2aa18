/** One seed: a small world, its life, and what must hold at its end. */
import { seededRandom } from '../../src/base/random.js';
import type { Table } from '../../src/index.js';
import { LOOK_MS } from '../../src/log/table-log.js';
import type { Build } from './build-under-test.js';
import { FOREIGN_KEYS, type Fold, Violation } from './ledger.js';
import { AlterRole, FollowerRole, ForeignRole, KeeperRole, persist, ReaderRole, rowOf, WriterRole } from './roles.js';
import { type Nature, type Role, type SimProcess, World } from './world.js';

/** one world is played again, to be looked at */
const REPLAYED = process.env.WEIR_SEED !== undefined;

export interface Outcome {
  readonly turns: number;
  readonly slots: number;
  readonly snapshots: number;
  readonly expiredFollowers: number;
}

/** @throws what went wrong; its message names the seed and tells the last events */
export async function simulate(build: Build, seed: number): Promise<Outcome> {
  const random = seededRandom(seed);
  const world = new World(build, random, natureOf(random.float));
  const { stackTraceLimit } = Error;
  // faults are plenty, and their stacks cost a tenth of the time
  if (!REPLAYED) Error.stackTraceLimit = 0;
  try {
    return await live(world);
  } catch (error) {
    const events = world.trace.slice(REPLAYED ? 0 : -40).join('\n');
    throw new Error(`seed ${seed}, after ${world.scheduler.steps} turns: ${String((error as Error).stack)}\n${events}`, { cause: error });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Worlds differ: gentle and rough ones, hasty ones and such in which minutes go by between two turns. */
function natureOf(float: () => number): Nature {
  const one = <T>(...items: T[]): T => items[Math.floor(float() * items.length)]!;
  const pace = one(1, 30, 1_000);
  const duration = (ms: number) => `${ms * pace} ms`;
  const keyed = float() < 0.6;
  return {
    keyed,
    shared: keyed && float() < 0.2,
    partitioned: float() < 0.3,
    pace,
    skew_ms: one(0, 0, LOOK_MS / 2),
    faults: { before: one(0, 0.004, 0.03), after: one(0, 0.004, 0.03) },
    crash: one(0, 0.001, 0.004),
    freeze: one(0, 0.002, 0.01),
    powerLoss: one(0, 0, 0.001),
    frozen_ms: one(50 * pace, 300_000, 1_000_000),
    eager: one(0, 0.5, 0.9),
    stickiness: one(0, 0.5, 0.9),
    turn_ms: one(0.5, 2, 10) * pace,
    options: {
      ...(keyed && { bucket: one(1, 1, 2), 'changelog-producer': one('none', 'none', 'input') }),
      'log.retention': one('1 ms', '5 min', '1 h'),
      'log.retained-slots': one(1, 5, 100_000),
      'snapshot.interval': duration(one(60, 250, 100_000)),
      'log.inline-max': one('1 mb', '1 b'),
      'log.compaction': one('true', 'false'),
      'snapshot.num-retained.min': one(1, 3),
      'snapshot.num-retained.max': one(3, 100),
      'snapshot.time-retained': duration(one(100, 1_000, 3_600_000)),
    },
  };
}

async function live(world: World): Promise<Outcome> {
  const { scheduler } = world;
  const { chance, integer } = { chance: scheduler.chance.bind(scheduler), integer: scheduler.integer.bind(scheduler) };
  await world.create();
  const pause_ms = [5, 60, 200][integer(0, 2)]!;
  const workers: Role[] = Array.from({ length: integer(1, 3) }, (_, i) => {
    const style = (['commit', 'append', 'committer'] as const)[chance(0.5) ? 0 : integer(1, 2)]!;
    return new WriterRole(world, `w${i}`, { count: integer(2, 7), style, pause_ms });
  });
  workers.push(new ReaderRole(world, 'reader', integer(2, 6)));
  for (let i = integer(0, 2); i > 0; i--) workers.push(new KeeperRole(world, `keeper${i}`, integer(2, 8)));
  if (world.nature.shared || chance(0.5)) workers.push(new ForeignRole(world, 'java', integer(2, 6)));
  // a schema that somebody used before its name lasted may be lost with the power (format-spec/log, what does not hold)
  if (world.nature.powerLoss === 0 && chance(0.2)) workers.push(new AlterRole(world, 'alter'));
  // on shared keys a stream of changes does not fold to what a read merges (LOG-9)
  const followers = Array.from(
    { length: world.nature.shared ? 0 : integer(0, 2) },
    (_, i) => new FollowerRole(world, `follower${i}`, { live: chance(0.5), consumer: chance(0.3) }),
  );
  scheduler.incident = () => world.incident();
  const following = world.play(followers);
  const working = world.play(workers).then(() => {
    world.quieten();
    for (const follower of followers) follower.finishing = true;
    return following;
  });
  await scheduler.run(working.then(() => checkEnd(world, followers)));
  const { head, snapshots } = world.ledger;
  return {
    turns: scheduler.steps,
    slots: head,
    snapshots: snapshots.size,
    expiredFollowers: followers.reduce((sum, { expired }) => sum + expired, 0),
  };
}

/** Everybody who comes fresh sees the same, before and after everything is in one snapshot. */
export async function checkEnd(world: World, followers: readonly FollowerRole[]): Promise<void> {
  const { ledger } = world;
  // nobody else is left
  const self = world.processOf(world.scheduler.process('end'), 1);
  const table = await self.open();
  const all = { slot: ledger.head, foreign: ledger.foreignHead };
  ledger.checkRead((await table.scan().toArray()).map(rowOf), all);
  for (const { marks } of followers) for (const mark of marks) await checkDuality(world, table, mark);
  await persist(self, () => table.flush());
  ledger.checkRead((await table.scan().toArray()).map(rowOf), all);
  if (ledger.lateSnapshots.size > 0) throw new Violation(`snapshots ${[...ledger.lateSnapshots]} came too late and stayed`);
  await checkAll(world, self, all);
}

async function checkAll(world: World, self: SimProcess, all: { slot: number; foreign: number }): Promise<void> {
  const { ledger, nature } = world;
  const table = await self.open();
  const snapshot = await table.snapshot();
  if (snapshot !== undefined) ledger.checkRead((await table.scan({ at: { snapshot: snapshot.id } }).toArray()).map(rowOf), all);
  if (!nature.shared) await checkFiles(table);
  if (nature.keyed) await table.compact({ full: true });
  ledger.checkRead((await table.scan().toArray()).map(rowOf), all);
  // what crashes left goes, and nothing else
  await self.process.clock.sleep(2 * 24 * 3_600_000);
  await table.removeOrphanFiles();
  if (!nature.shared) await checkFiles(table);
  ledger.checkRead((await table.scan().toArray()).map(rowOf), all);
}

async function checkFiles(table: Table): Promise<void> {
  const { problems } = await table.verify();
  if (problems.length > 0)
    throw new Violation(`verify finds ${problems.map(({ check, message, row }) => `${check}: ${message} ${row ?? ''}`).join('\n')}`);
}

/** The changes after a mark, folded onto the state there, are the state now. */
async function checkDuality(world: World, table: Table, mark: FollowerRole['marks'][number]): Promise<void> {
  const { ledger } = world;
  const folds = { own: mark.own.copy(), others: mark.others.copy() };
  try {
    for await (const change of table.changes({ from: mark.position, until: 'now' })) {
      for (const { kind, row } of change.rows()) {
        const { id, token } = rowOf(row);
        (id < FOREIGN_KEYS ? folds.own : folds.others).add({ id, token, kind: ['+I', '-U', '+U', '-D'].indexOf(kind) });
      }
    }
  } catch (error) {
    if ((error as { code?: string }).code === 'POSITION_EXPIRED') return;
    throw error;
  }
  same(`changes from ${mark.position}`, folds.own, ledger.text(ledger.head));
  same(`changes of others from ${mark.position}`, folds.others, ledger.foreignText(ledger.foreignHead));
}

function same(what: string, found: Fold, wanted: string): void {
  if (found.text() !== wanted) throw new Violation(`${what} fold to\n  ${found.text()}\nand not to\n  ${wanted}`);
}
