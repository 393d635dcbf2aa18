import { expect, it } from 'vitest';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import { LogPath } from '../../src/log/log-path.js';
import type { SlotHeader } from '../../src/log/slot.js';
import { SlotReader } from '../../src/log/slot-reader.js';
import { SlotStore } from '../../src/log/slot-store.js';

const headerOf = (slot: bigint): SlotHeader => ({
  log: 'L',
  slot,
  commit: `c${slot}`,
  start: 1n,
  tree: { slot: 0n, snapshot: 0n, position: 0n },
  base: 0n,
  end: 0n,
  time_ms: 0,
  schemaId: 0n,
  content: { kind: 'closed' },
});

/** The slots, of these sizes, that a reader still knows after it was given them all: none of them has a file. */
async function known(sizes_bytes: readonly number[]): Promise<number[]> {
  const store = new SlotStore(memoryFileIO(), new LogPath('/t', 'L'), { sync: false });
  const reader = new SlotReader(store, { fieldsOf: async () => [], capacity: 3, capacity_bytes: 100 });
  for (const [i, size_bytes] of sizes_bytes.entries()) reader.keep(headerOf(BigInt(i + 1)), { inline: [] }, size_bytes, new Set());
  const found = await Promise.all(sizes_bytes.map(async (_, i) => ((await reader.header(BigInt(i + 1), 'L')) === undefined ? 0 : i + 1)));
  return found.filter((slot) => slot > 0);
}

it('keeps the newest slots, within a number and within bytes', async () => {
  expect(await known([1, 1, 1])).toEqual([1, 2, 3]);
  expect(await known([1, 1, 1, 1])).toEqual([2, 3, 4]);
  expect(await known([60, 30, 20])).toEqual([2, 3]);
  expect(await known([60, 30, 100])).toEqual([3]);
  expect(await known([60, 101])).toEqual([]);
});
