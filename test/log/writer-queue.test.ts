/** Writers of several processes take turns; one that died, or a storage that fails, keeps nobody. */
import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.js';
import { seededRandom } from '../../src/base/random.js';
import { faultyFileIO } from '../../src/io/faulty-file-io.js';
import type { FileIO } from '../../src/io/file-io.js';
import { localFileIO } from '../../src/io/local-file-io.js';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import { LogPath } from '../../src/log/log-path.js';
import { SlotStore } from '../../src/log/slot-store.js';
import { TableLog } from '../../src/log/table-log.js';
import { WriterQueue } from '../../src/log/writer-queue.js';
import { tempDir } from '../support/temp-dir.js';
import { FIELDS, rowsOf } from './samples.js';

const nothing = async () => {};

async function newQueues(io: FileIO, count: number, root = '/t', clock: Clock = systemClock) {
  const path = new LogPath(root, 'L');
  await io.makeDirectory(path.directory);
  return { path, queues: Array.from({ length: count }, (_, i) => new WriterQueue(io, path, clock, seededRandom(i + 1))) };
}

/** A clock that jumps to the end of every sleep. */
function jumpingClock() {
  let time_ms = 0;
  const slept: number[] = [];
  const clock: Clock = {
    now_ms: () => time_ms,
    monotonic_ms: () => time_ms,
    sleep: async (duration_ms) => {
      slept.push(duration_ms);
      time_ms += duration_ms;
    },
  };
  return { clock, slept };
}

const STORAGES: [string, () => FileIO, () => string][] = [
  ['memory, which cannot be watched', () => memoryFileIO(), () => '/t'],
  ['a disk', () => localFileIO(), tempDir],
];

describe.each(STORAGES)('the queue of writers on %s', (_, newIO, root) => {
  it('lets them go in the order in which they came', async () => {
    const io = newIO();
    const { path, queues } = await newQueues(io, 4, root());
    const went: number[] = [];
    const entering: Promise<void>[] = [];
    expect(await queues[0]!.isEmpty()).toBe(true);
    for (const [i, queue] of queues.entries()) {
      const entered = queue.enter(nothing).then(() => void went.push(i));
      entering.push(entered);
      while ((await io.names(path.queueDirectory)).length <= i) await systemClock.sleep(1);
    }
    expect(await queues[0]!.isEmpty()).toBe(false);
    for (const [i, queue] of queues.entries()) {
      await entering[i];
      expect(went).toEqual([0, 1, 2, 3].slice(0, i + 1));
      // who has the turn keeps it
      await queue.enter(nothing);
      await queue.leave();
      await queue.leave();
    }
    expect(await queues[0]!.isEmpty()).toBe(true);
  });
});

describe('the queue of writers', () => {
  it('passes over those that died, at once all that stand before one, by one’s own clock', async () => {
    const io = memoryFileIO();
    const { clock, slept } = jumpingClock();
    const { path, queues } = await newQueues(io, 1, '/t', clock);
    for (const name of ['0000000001-a', '0000000002-b', '0000000007-c']) await io.writeFile(path.place(name), new Uint8Array(0));
    let looks = 0;
    await queues[0]!.enter(async () => {
      looks++;
      throw new Error('what fails here is told by who needs it');
    });
    expect(looks).toBe(slept.length);
    const waited_ms = slept.reduce((sum, ms) => sum + ms, 0);
    expect(waited_ms).toBeGreaterThanOrEqual(100);
    expect(waited_ms).toBeLessThan(200);
    expect(await io.names(path.queueDirectory)).toEqual([expect.stringMatching(/^0000000008-/)]);
  });

  it('waits no longer for the dead because it was stopped itself amid a slot', async () => {
    const io = memoryFileIO();
    const { clock, slept } = jumpingClock();
    const { path, queues } = await newQueues(io, 1, '/t', clock);
    await queues[0]!.enter(nothing);
    await clock.sleep(3_600_000);
    await queues[0]!.leave();
    await io.writeFile(path.place('0000000001-a'), new Uint8Array(0));
    await queues[0]!.enter(nothing);
    expect(slept.slice(1).reduce((sum, ms) => sum + ms, 0)).toBeLessThan(2_000);
  });

  it('lets go whom another has passed over', async () => {
    const io = memoryFileIO();
    const { path, queues } = await newQueues(io, 2);
    await queues[0]!.enter(nothing);
    const second = queues[1]!.enter(async () => {
      for (const name of await io.names(path.queueDirectory)) if (name.startsWith('0000000002')) await io.remove(path.place(name));
    });
    await second;
    expect(await io.names(path.queueDirectory)).toEqual([expect.stringMatching(/^0000000001-/)]);
  });

  it('is none where the storage fails, or the log was dropped: nobody waits, nothing is made', async () => {
    const inner = memoryFileIO();
    const io = faultyFileIO(inner, seededRandom(1), { before: 1 });
    const path = new LogPath('/t', 'L');
    const queue = new WriterQueue(io, path, systemClock, seededRandom(2));
    expect(await queue.isEmpty()).toBe(true);
    await queue.enter(nothing);
    await queue.leave();
    io.heal();
    await queue.enter(nothing);
    await queue.leave();
    expect(inner.paths()).toEqual([]);
    expect(await inner.exists('/t')).toBe(false);
  });
});

describe('logs of several processes', () => {
  it('take turns: slots are seldom written in vain, and nobody waits for long', async () => {
    const [writers, commits] = [4, 12];
    const io = memoryFileIO();
    let lost = 0;
    const create = io.createExclusive.bind(io);
    io.createExclusive = async (...args) => {
      // the disk takes its time
      await systemClock.sleep(1);
      const made = await create(...args);
      if (!made) lost++;
      return made;
    };
    const logs = Array.from({ length: writers }, (_, i) => logOn(io, i));
    await logs[0]!.store.create();
    const jobs = await Promise.all(logs.map((log, i) => log.open(`job${i}`)));
    const order: number[] = [];
    lost = 0;
    await Promise.all(
      logs.map(async (log, i) => {
        for (let identifier = 1n; identifier <= commits; identifier++) {
          const { user, epoch } = jobs[i]!;
          const rows = [rowsOf([{ id: identifier, text: user }])];
          await log.commit({ user, epoch, identifier, schemaId: 0n, rows, size_bytes: 100, bodies: [] });
          order.push(i);
        }
      }),
    );
    expect(order.length).toBe(writers * commits);
    expect(lost).toBeLessThan(commits);
    // half way all have got about half of what they want
    const half = order.slice(0, order.length / 2);
    for (const i of logs.keys()) expect(half.filter((who) => who === i).length).toBeGreaterThanOrEqual(commits / 4);
  });

  it('make no queue when one writes alone', async () => {
    const io = memoryFileIO();
    const log = logOn(io, 1);
    await log.store.create();
    const { user, epoch } = await log.open('job');
    await log.commit({ user, epoch, identifier: 1n, schemaId: 0n, rows: [rowsOf([{ id: 1n, text: 'a' }])], size_bytes: 100, bodies: [] });
    expect(await io.exists(log.store.path.queueDirectory)).toBe(false);
  });
});

function logOn(io: FileIO, seed: number): TableLog {
  return new TableLog({
    table: 'db.t',
    id: 'L',
    store: new SlotStore(io, new LogPath('/t', 'L'), { sync: true }),
    clock: systemClock,
    random: seededRandom(seed),
    nextNumber: async () => 0n,
    inlineMax_bytes: 1 << 20,
    linger_ms: 0,
    fieldsOf: async () => FIELDS,
  });
}
