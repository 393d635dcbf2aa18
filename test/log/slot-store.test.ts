/** The files of a log: created once, whole, in order; never in a directory that was dropped. */
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { faultyFileIO } from '../../src/io/faulty-file-io.js';
import type { FileIO } from '../../src/io/file-io.js';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import { LogPath } from '../../src/log/log-path.js';
import { SlotStore } from '../../src/log/slot-store.js';

const path = new LogPath('/t', 'L');
const bytes = (text: string) => new TextEncoder().encode(text);

async function newStore(io: FileIO = memoryFileIO()) {
  const store = new SlotStore(io, path, { sync: true });
  await store.create();
  return store;
}

describe('the slots of a log', () => {
  it('are where their numbers say, ten thousand a directory', () => {
    expect(path.slot(42n)).toBe('/t/log/L/0000/00000000000000000042.arrow');
    expect(path.slot(123_456_789n)).toBe('/t/log/L/12345/00000000000123456789.arrow');
    expect(path.body('x')).toBe('/t/log/L/bodies/x.arrow');
    expect(LogPath.slotOf(path.slot(42n))).toBe(42n);
    expect(LogPath.slotOf('/t/log/L/0000/00000000000000000042.arrow.tmp')).toBeUndefined();
  });

  it('are taken once', async () => {
    const store = await newStore();
    expect(await store.publish(1n, bytes('a'))).toBe(true);
    expect(await store.publish(1n, bytes('b'))).toBe(false);
    expect(await store.read(1n)).toEqual(bytes('a'));
    expect(await store.read(2n)).toBeUndefined();
  });

  it('go on in the next directory', async () => {
    const store = await newStore();
    for (const slot of [9_998n, 9_999n]) await store.publish(slot, bytes(String(slot)));
    expect(await store.publish(10_000n, bytes('next'))).toBe(true);
    expect(await store.newest()).toBe(10_000n);
    expect(await store.below(10_000n)).toEqual([9_998n, 9_999n]);
    expect(await store.publish(10_000n, bytes('again'))).toBe(false);
  });

  it.each([
    ['in a directory', 41n],
    ['at the end of a directory', 9_999n],
  ])('get their names after the one before them lasts, when another process made that: %s', async (_, slot) => {
    const io = memoryFileIO();
    const synced: string[] = [];
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const sync = io.syncDirectories.bind(io);
    io.syncDirectories = async (paths) => {
      const all = [...paths];
      synced.push(...all);
      await released;
      return sync(all);
    };
    const store = new SlotStore(io, path, { sync: true });
    await io.makeDirectory(path.directory);
    await io.createExclusive(path.slot(slot), bytes('another’s'), { sync: 'file' });
    const publishing = store.publish(slot + 1n, bytes('own'));
    for (let i = 0; i < 20; i++) await Promise.resolve();
    expect(await store.exists(slot + 1n)).toBe(false);
    expect(synced).toEqual([path.slotDirectory(slot)]);
    release();
    expect(await publishing).toBe(true);
    synced.length = 0;
    // one's own lasts already, and so does what was made to
    await store.publish(slot + 2n, bytes('own'));
    await io.createExclusive(path.slot(slot + 3n), bytes('another’s'), { sync: 'file' });
    await store.sync(slot + 3n, slot + 3n);
    synced.length = 0;
    await store.publish(slot + 4n, bytes('own'));
    expect(synced).toEqual([]);
  });

  it('get no name where the one before them cannot be made to last', async () => {
    const io = faultyFileIO(memoryFileIO(), seededRandom(1));
    const store = await newStore(io);
    await io.createExclusive(path.slot(1n), bytes('another’s'), { sync: 'file' });
    io.plan.before = 1;
    io.plan.operations = new Set(['syncDirectories']);
    await expect(store.publish(2n, bytes('own'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    io.heal();
    expect(await store.exists(2n)).toBe(false);
    expect(await store.publish(2n, bytes('own'))).toBe(true);
  });

  it('come in the order of their numbers, a directory of five digits after one of four', async () => {
    const store = await newStore();
    for (const slot of [99_990_001n, 100_000_001n, 100_000_002n]) await store.publish(slot, bytes('x'));
    expect(await store.newest()).toBe(100_000_002n);
    expect(await store.below(1_000_000_000n)).toEqual([99_990_001n, 100_000_001n, 100_000_002n]);
  });

  it('are none in the log of a table that was dropped, and publishing does not bring it back', async () => {
    const io = memoryFileIO();
    const store = await newStore(io);
    await store.publish(1n, bytes('a'));
    await io.removeDirectory('/t');
    await expect(store.publish(2n, bytes('b'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(store.writeBody('x', bytes('b'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await io.exists('/t/log')).toBe(false);
  });

  it('may be there after an error: who asks again is told that the slot is taken', async () => {
    const inner = memoryFileIO();
    const io = faultyFileIO(inner, seededRandom(1));
    const store = await newStore(io);
    await store.publish(1n, bytes('a'));
    io.plan.after = 1;
    io.plan.operations = new Set(['createExclusive']);
    await expect(store.publish(2n, bytes('b'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    io.heal();
    expect(await store.read(2n)).toEqual(bytes('b'));
    expect(await store.publish(2n, bytes('c'))).toBe(false);
  });
});
