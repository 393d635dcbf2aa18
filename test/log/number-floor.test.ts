/** Row numbers go on above every sequence number that a snapshot holds. */
import { expect, it } from 'vitest';
import { bigint, int, memoryFileIO } from '../../src/index.js';
import { NumberFloor } from '../../src/log/number-floor.js';
import { ManifestStore } from '../../src/meta/manifest-store.js';
import { SnapshotStore } from '../../src/meta/snapshot-store.js';
import { TablePath } from '../../src/meta/table-path.js';
import { FAST, memoryCatalog, put } from '../support/memory-catalog.js';

const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => ({ id: BigInt(from + i), n: i }));

it('is one above what the newest snapshot holds, and follows others', async () => {
  const io = memoryFileIO();
  const { catalog } = await memoryCatalog(io);
  const table = await catalog.createTable('db.t', {
    schema: { id: bigint().notNull(), n: int() },
    primaryKey: ['id'],
    options: { ...FAST, bucket: 1 },
  });
  const path = new TablePath(table.path);
  const floor = () => new NumberFloor(new SnapshotStore(io, path), () => new ManifestStore(io, path, { codec: 'zstd', sync: false }));
  const kept = floor();
  expect(await kept.next()).toBe(0n);
  await put(table, rows(0, 10));
  expect(await kept.next()).toBe(10n);
  // a compaction keeps the numbers of the rows, an overwrite takes the rows away: numbers do not come back
  await put(table, rows(5, 25));
  await table.compact({ full: true });
  expect(await kept.next()).toBe(30n);
  expect(await floor().next()).toBe(30n);
  await table.truncate();
  expect(await kept.next()).toBe(30n);
});
