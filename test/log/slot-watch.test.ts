import { expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import { seededRandom } from '../../src/base/random.js';
import type { FileIO } from '../../src/io/file-io.js';
import { localFileIO } from '../../src/io/local-file-io.js';
import { LogPath } from '../../src/log/log-path.js';
import { SlotStore } from '../../src/log/slot-store.js';
import { TableLog } from '../../src/log/table-log.js';
import { tempDir } from '../support/temp-dir.js';

const LONG_MS = 600_000;

/** A log as one process sees it. */
function logOn(io: FileIO, root: string, seed: number): TableLog {
  return new TableLog({
    table: 'db.t',
    id: 'L',
    store: new SlotStore(io, new LogPath(root, 'L'), { sync: false }),
    clock: systemClock,
    random: seededRandom(seed),
    nextNumber: async () => 0n,
    inlineMax_bytes: 1 << 20,
    linger_ms: 0,
    fieldsOf: async () => [],
  });
}

it('a slot of another process wakes who waits for it, the first of a directory too', async () => {
  const root = tempDir();
  const [writer, follower] = [logOn(localFileIO(), root, 1), logOn(localFileIO(), root, 2)];
  await writer.store.create();
  for (const [slot, user] of [
    [1n, 'a'],
    [2n, 'b'],
  ] as const) {
    const woken = follower.awaitSlot(slot, LONG_MS);
    await writer.open(user);
    await woken;
    // the first is told by its directory, which comes before it: who waits looks again and waits on
    while ((await follower.refresh()).slot < slot) await follower.awaitSlot(slot, LONG_MS);
  }
});

it('does not wait for a slot that came before anybody watched', async () => {
  const root = tempDir();
  const [writer, follower] = [logOn(localFileIO(), root, 1), logOn(localFileIO(), root, 2)];
  await writer.store.create();
  await writer.open('a');
  await follower.awaitSlot(1n, LONG_MS);
  expect((await follower.refresh()).slot).toBe(1n);
});

it('ends at once when it is told to, and polls where nobody can watch', async () => {
  const root = tempDir();
  const blind: FileIO = Object.assign(Object.create(localFileIO()) as FileIO, { watch: () => undefined });
  const follower = logOn(blind, root, 1);
  await follower.store.create();
  const stop = new AbortController();
  const waiting = follower.awaitSlot(1n, LONG_MS, stop.signal);
  stop.abort();
  await waiting;
  await follower.awaitSlot(1n, LONG_MS, stop.signal);
  await follower.awaitSlot(1n, 1);
  expect((await follower.refresh()).slot).toBe(0n);
});

it('a watch tells names until it is ended, and is none for a directory that is not there', async () => {
  const root = tempDir();
  const io = localFileIO();
  expect(io.watch?.(`${root}/absent`, () => undefined)).toBeUndefined();
  const told: string[] = [];
  let wake = () => {};
  const first = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const end = io.watch?.(root, (name) => {
    told.push(name);
    wake();
  });
  await io.createExclusive(`${root}/a`, new Uint8Array(1));
  await first;
  end?.();
  expect(told.length).toBeGreaterThan(0);
});

it('sixteen that follow wake once a slot or so, and leave no watch behind', async () => {
  const root = tempDir();
  const [followers, slots] = [16, 12n];
  let [watches, wakes] = [0, 0];
  const io = localFileIO();
  const watch = io.watch!.bind(io);
  io.watch = (directory, onName) => {
    const end = watch(directory, onName);
    if (end === undefined) return undefined;
    watches++;
    return () => {
      watches--;
      end();
    };
  };
  const writer = logOn(localFileIO(), root, 1);
  await writer.store.create();
  await writer.open('first');
  const following = Array.from({ length: followers }, async (_, i) => {
    const follower = logOn(io, root, 2 + i);
    for (let { slot } = await follower.refresh(); slot < slots; { slot } = await follower.refresh()) {
      await follower.awaitSlot(slot + 1n, LONG_MS);
      wakes++;
    }
  });
  while ((await writer.open('again')).epoch < slots);
  await Promise.all(following);
  expect(watches).toBe(0);
  expect(wakes).toBeLessThanOrEqual(2 * followers * Number(slots));
});
