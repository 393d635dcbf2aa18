/**
 * The interleavings that the log's rules were made for, each played by script: processes stand still where the schedule says and
 * go on when it says. At the end all that was acknowledged is there, once, however it is read.
 */
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import type { Table } from '../../src/index.js';
import { trueBuild } from './build-under-test.js';
import { type Change, tokensOf } from './ledger.js';
import { ForeignRole, rowOf } from './roles.js';
import { checkEnd } from './simulate.js';
import { type Nature, ROOT, type SimProcess, World } from './world.js';

type Writer = Awaited<ReturnType<Table['openWriter']>>;

/** longer than any slot stays */
const LONG_MS = 600_000;

class Stage {
  readonly world: World;

  constructor(options: Nature['options'] = {}) {
    const gentle = { crash: 0, freeze: 0, powerLoss: 0, frozen_ms: 0, eager: 0, stickiness: 0, turn_ms: 1, pace: 1, skew_ms: 0 };
    const faults = { before: 0, after: 0 };
    const all = { 'snapshot.interval': '30 d', 'log.compaction': 'false', 'log.retained-slots': 1, ...options };
    this.world = new World(trueBuild, seededRandom(1), { keyed: true, shared: false, partitioned: false, faults, options: all, ...gentle });
  }

  async play(script: () => Promise<void>): Promise<void> {
    await this.world.create();
    await this.world.scheduler.run(script().then(() => checkEnd(this.world, [])));
  }

  actor(name: string): SimProcess {
    return this.world.processOf(this.world.scheduler.process(name));
  }

  /** Commits one row (a delete of it), and is told so. */
  async commit(writer: Writer, identifier: number, id: number, kind = 0): Promise<bigint | undefined> {
    const row: Change = { id, token: `${writer.commitUser}:${identifier}`, kind };
    await writer.write([{ id: BigInt(id), token: row.token }], { kinds: Uint8Array.of(kind) });
    const { slot } = await writer.commit({ identifier: BigInt(identifier) });
    this.world.ledger.acknowledge(writer.commitUser, BigInt(identifier), tokensOf([row]), slot);
    return slot;
  }

  /** The same with rows of many keys, which go past the log where the table has `LARGE`. */
  async commitLarge(writer: Writer, identifier: number): Promise<bigint | undefined> {
    const rows = Array.from({ length: 100 }, (_, id): Change => ({ id, token: `${writer.commitUser}:${identifier}`, kind: 0 }));
    await writer.write(rows.map(({ id, token }) => ({ id: BigInt(id), token })));
    const { slot } = await writer.commit({ identifier: BigInt(identifier) });
    this.world.ledger.acknowledge(writer.commitUser, BigInt(identifier), tokensOf(rows), slot);
    return slot;
  }

  /** Stands still in front of its next call that `matches`, until told to go on. */
  holdAt(self: SimProcess, matches: (path: string) => boolean): { reached: Promise<void>; release: () => void } {
    let reach = () => {};
    const reached = new Promise<void>((resolve) => {
      reach = resolve;
    });
    const { io } = self.services;
    const create = io.createExclusive;
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    io.createExclusive = async (path, bytes, options) => {
      if (matches(path)) {
        io.createExclusive = create;
        reach();
        await released;
      }
      return create(path, bytes, options);
    };
    return { reached, release: () => release() };
  }

  async read(self: SimProcess): Promise<void> {
    const { ledger } = this.world;
    const from = { slot: ledger.acknowledged, foreign: ledger.foreignAcknowledged };
    ledger.checkRead((await (await self.open()).scan().toArray()).map(rowOf), from);
  }

  /** Enough commits, snapshots and time for slots to be trimmed up to here. */
  async trim(self: SimProcess, writer: Writer, identifier: number): Promise<void> {
    const table = await self.open();
    for (let i = 0; i < 4; i++) {
      await this.commit(writer, identifier + i, i);
      await table.flush();
      await self.process.clock.sleep(LONG_MS);
    }
  }
}

/** options of tables where a commit of a hundred rows goes past the log, and one of a row does not */
const LARGE = { 'log.bulk-min': '1 kb' };
const isSlot = (path: string) => path.startsWith(`${ROOT}/log/`);
const isSnapshot = (path: string) => path.includes('/snapshot/snapshot-');

describe('schedules of the log', () => {
  it('(a) a deletion goes into the tree with what came before it, and a compaction revives nothing', async () => {
    const stage = new Stage();
    await stage.play(async () => {
      const [one, two, keeper] = ['one', 'two', 'keeper'].map((name) => stage.actor(name)) as [SimProcess, SimProcess, SimProcess];
      const a = await (await one.open()).openWriter({ commitUser: 'a' });
      const b = await (await two.open()).openWriter({ commitUser: 'b' });
      await stage.commit(a, 1, 7);
      await stage.commit(b, 1, 7, 3);
      await (await two.open()).flush();
      await (await keeper.open()).compact({ full: true });
      await (await one.open()).flush();
      await stage.read(keeper);
      await stage.commit(a, 2, 7);
      await (await keeper.open()).compact({ full: true });
      await stage.read(keeper);
    });
  });

  it('(b) after a rest past the retention a new writer goes on where the log ended', async () => {
    const stage = new Stage();
    await stage.play(async () => {
      const self = stage.actor('self');
      const writer = await (await self.open()).openWriter({ commitUser: 'a' });
      await stage.trim(self, writer, 1);
      await writer.close();
      await self.process.clock.sleep(10 * LONG_MS);
      const next = stage.actor('next');
      const again = await (await next.open()).openWriter({ commitUser: 'a' });
      expect((await again.commit({ identifier: 4n })).alreadyCommitted).toBe(true);
      await stage.commit(again, 5, 1);
      await stage.read(next);
    });
  });

  for (const successors of [false, true]) {
    it(`(c) a writer wakes at a slot that was trimmed${successors ? ', with its successors' : ''}`, async () => {
      const stage = new Stage();
      await stage.play(async () => {
        const [slow, quick] = [stage.actor('slow'), stage.actor('quick')];
        const late = await (await slow.open()).openWriter({ commitUser: 'late' });
        const writer = await (await quick.open()).openWriter({ commitUser: 'quick' });
        await stage.commit(late, 1, 5);
        const { reached, release } = stage.holdAt(slow, isSlot);
        const waking = stage.commit(late, 2, 5);
        await reached;
        await stage.trim(quick, writer, 1);
        if (successors) await stage.trim(quick, writer, 5);
        release();
        expect(await waking).toBeGreaterThan(BigInt(successors ? 12 : 6));
        expect(stage.world.ledger.late.size).toBe(0);
        expect(stage.world.trace.some((line) => line.includes('too late'))).toBe(true);
        await stage.read(quick);
      });
    });
  }

  it('(d) a materialiser wakes and publishes under an id that has expired', async () => {
    const stage = new Stage({ 'snapshot.num-retained.min': 1, 'snapshot.num-retained.max': 1 });
    await stage.play(async () => {
      const [slow, quick] = [stage.actor('slow'), stage.actor('quick')];
      const writer = await (await quick.open()).openWriter({ commitUser: 'a' });
      await stage.commit(writer, 1, 1);
      const table = await slow.open();
      const { reached, release } = stage.holdAt(slow, isSnapshot);
      const flushing = table.flush();
      await reached;
      await stage.trim(quick, writer, 2);
      await (await quick.open()).expire();
      release();
      await flushing;
      await stage.read(quick);
    });
  });

  it('(e) a crash between snapshot and record, then commits and expiry of another engine', async () => {
    const stage = new Stage({ 'snapshot.num-retained.min': 1, 'snapshot.num-retained.max': 1 });
    await stage.play(async () => {
      const [slow, quick, other] = [stage.actor('slow'), stage.actor('quick'), stage.actor('java')];
      const writer = await (await quick.open()).openWriter({ commitUser: 'a' });
      await stage.commit(writer, 1, 1);
      await stage.commit(writer, 2, 1, 3);
      const { reached } = stage.holdAt(slow, isSlot);
      (await slow.open()).flush().catch(() => {});
      await reached;
      stage.world.kill(slow.process);
      const java = new ForeignRole(stage.world, 'java', 0);
      const store = java.storeOf(other);
      for (let i = 0; i < 4; i++) await java.commit(other, store);
      await trueBuild.expireSnapshots(store);
      await stage.read(quick);
      await stage.commit(writer, 3, 2);
      await (await quick.open()).flush();
      await stage.read(quick);
    });
  });

  it('a crash before the snapshot lasts, somebody else’s record of it, then a power loss', async () => {
    const stage = new Stage();
    await stage.play(async () => {
      const { world } = stage;
      const [slow, quick] = [stage.actor('slow'), stage.actor('quick')];
      const writer = await (await quick.open()).openWriter({ commitUser: 'a' });
      await stage.commit(writer, 1, 1);
      const created = world.ledger.snapshotCreated.bind(world.ledger);
      world.ledger.snapshotCreated = (...snapshot) => {
        created(...snapshot);
        world.kill(slow.process);
      };
      (await slow.open()).flush().catch(() => {});
      await slow.process.death();
      await (await quick.open()).flush();
      expect(world.ledger.header(world.ledger.head).content.kind).toBe('tree');
      world.losePower(() => false);
      await stage.read(stage.actor('next'));
    });
  });

  it('(f) another engine counts its numbers on from an old restore', async () => {
    const stage = new Stage();
    await stage.play(async () => {
      const [self, other] = [stage.actor('self'), stage.actor('java')];
      const java = new ForeignRole(stage.world, 'java', 0);
      const store = java.storeOf(other);
      await java.commit(other, store);
      const writer = await (await self.open()).openWriter({ commitUser: 'a' });
      for (let i = 1; i <= 5; i++) await stage.commit(writer, i, i);
      await (await self.open()).flush();
      // its numbers begin far below the log's
      await java.commit(other, store);
      await stage.commit(writer, 6, 1);
      await (await self.open()).compact({ full: true });
      await stage.read(self);
    });
  });

  it('(g) a large commit against a deletion, with a compaction between', async () => {
    const stage = new Stage({ 'log.inline-max': '1 b' });
    await stage.play(async () => {
      const [one, two] = [stage.actor('one'), stage.actor('two')];
      const a = await (await one.open()).openWriter({ commitUser: 'a' });
      const b = await (await two.open()).openWriter({ commitUser: 'b' });
      await stage.commit(b, 1, 3);
      const { reached, release } = stage.holdAt(one, isSlot);
      const large = stage.commit(a, 1, 3);
      await reached;
      await stage.commit(b, 2, 3, 3);
      await (await two.open()).compact({ full: true });
      release();
      await large;
      await stage.read(two);
    });
  });

  it('(h) a large commit prepared, fenced, and woken', async () => {
    const stage = new Stage({ 'log.inline-max': '1 b' });
    await stage.play(async () => {
      const [old, fresh] = [stage.actor('old'), stage.actor('fresh')];
      const first = await (await old.open()).openWriter({ commitUser: 'a' });
      const { reached, release } = stage.holdAt(old, isSlot);
      const late = stage.commit(first, 1, 3).then(
        () => 'committed',
        (error: { code: string }) => error.code,
      );
      await reached;
      const second = await (await fresh.open()).openWriter({ commitUser: 'a' });
      await stage.commit(second, 1, 3);
      release();
      expect(await late).toBe('FENCED');
      await stage.read(fresh);
    });
  });

  it('(g) the same past the log: what was deleted meanwhile sends it through the log', async () => {
    const stage = new Stage(LARGE);
    await stage.play(async () => {
      const [one, two] = [stage.actor('one'), stage.actor('two')];
      const a = await (await one.open()).openWriter({ commitUser: 'a' });
      const b = await (await two.open()).openWriter({ commitUser: 'b' });
      await stage.commit(b, 1, 3);
      await (await two.open()).flush();
      const { reached, release } = stage.holdAt(one, isSnapshot);
      const large = stage.commitLarge(a, 1);
      await reached;
      await stage.commit(b, 2, 3, 3);
      await (await two.open()).compact({ full: true });
      release();
      expect(await large).toBeDefined();
      await stage.read(two);
    });
  });

  it('(h) the same past the log: nothing is published by who was fenced', async () => {
    const stage = new Stage(LARGE);
    await stage.play(async () => {
      const [old, fresh] = [stage.actor('old'), stage.actor('fresh')];
      const first = await (await old.open()).openWriter({ commitUser: 'a' });
      const { reached, release } = stage.holdAt(old, isSnapshot);
      const late = stage.commitLarge(first, 1).then(
        () => 'committed',
        (error: { code: string }) => error.code,
      );
      await reached;
      const second = await (await fresh.open()).openWriter({ commitUser: 'a' });
      await stage.commit(second, 1, 3);
      release();
      expect(await late).toBe('FENCED');
      await stage.read(fresh);
    });
  });

  it('(i) a reader plans on a snapshot while the next one and its record appear, again and again', async () => {
    const stage = new Stage();
    await stage.play(async () => {
      const [self, reader] = [stage.actor('self'), stage.actor('reader')];
      const writer = await (await self.open()).openWriter({ commitUser: 'a' });
      await stage.commit(writer, 1, 1);
      await (await self.open()).flush();
      const busy = (async () => {
        for (let i = 2; i < 12; i++) {
          await stage.commit(writer, i, i % 4);
          await (await self.open()).flush();
        }
      })();
      for (let i = 0; i < 12; i++) await stage.read(reader);
      await busy;
    });
  });

  it('(j) of two incarnations that open at once one goes on', async () => {
    const stage = new Stage();
    await stage.play(async () => {
      const both = [stage.actor('one'), stage.actor('two')];
      const outcomes = await Promise.all(
        both.map(async (self) => {
          const writer = await (await self.open()).openWriter({ commitUser: 'a' });
          await self.process.clock.sleep(1_000);
          return stage.commit(writer, 1, 1).then(
            () => 'committed',
            (error: { code: string }) => error.code,
          );
        }),
      );
      expect(outcomes.sort()).toEqual(['FENCED', 'committed']);
    });
  });
});
