import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import { seededRandom } from '../../src/base/random.js';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import { LogPath } from '../../src/log/log-path.js';
import { SlotStore } from '../../src/log/slot-store.js';
import { type Incarnation, TableLog } from '../../src/log/table-log.js';
import type { DataField } from '../../src/types/data-type.js';
import { BatchBuilder } from '../../src/types/row-builder.js';
import { rowsOf } from '../../src/types/row-reader.js';

const fields: DataField[] = [
  { id: 0, name: 'id', type: { kind: 'BIGINT', nullable: false } },
  { id: 1, name: 'text', type: { kind: 'VARCHAR', nullable: true, length: 2147483647 } },
];

function batchOf(rows: Record<string, unknown>[]) {
  const builder = new BatchBuilder(fields);
  for (const row of rows) builder.push(row);
  return { batch: builder.finish(), kinds: new Uint8Array(rows.length) };
}

async function newLog(io = memoryFileIO(), seed = 1) {
  const store = new SlotStore(io, new LogPath('/t', 'L'), { sync: true });
  await store.create();
  return new TableLog({
    table: 'db.t',
    id: 'L',
    store,
    clock: systemClock,
    random: seededRandom(seed),
    nextNumber: async () => 0n,
    inlineMax_bytes: 1 << 20,
    linger_ms: 0,
    fieldsOf: async () => fields,
  });
}

const request = (who: Incarnation, identifier: bigint, rows: Record<string, unknown>[]) => ({
  user: who.user,
  epoch: who.epoch,
  identifier,
  schemaId: 0n,
  rows: [batchOf(rows)],
  size_bytes: 100,
  bodies: [],
});

describe('the log of a table', () => {
  it('groups what arrives while a slot is in flight, and keeps the order', async () => {
    const io = memoryFileIO();
    const log = await newLog(io);
    const a = await log.open('a');
    const receipts = await Promise.all(
      Array.from({ length: 50 }, (_, i) => log.commit(request(a, BigInt(i + 1), [{ id: BigInt(i), text: `t${i}` }]))),
    );
    expect(receipts[0]!.slot).toBe(2n);
    expect(new Set(receipts.map(({ slot }) => slot)).size).toBeLessThan(5);
    const other = await newLog(io, 2);
    const state = await other.refresh();
    expect(state.user('a')?.identifier).toBe(50n);
    const seen: unknown[] = [];
    for (let slot = 2n; slot <= state.slot; slot++) {
      for (const part of await (await other.slot(slot)).parts())
        for (const [i, row] of rowsOf(part.batch).entries()) seen.push([part.first + BigInt(i), row.id]);
    }
    expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => [BigInt(i), BigInt(i)]));
  });

  it('fences an older incarnation', async () => {
    const io = memoryFileIO();
    const [one, two] = [await newLog(io, 1), await newLog(io, 2)];
    const first = await one.open('job');
    await one.commit(request(first, 1n, [{ id: 1n, text: null }]));
    const second = await two.open('job');
    expect(second.identifier).toBe(1n);
    await expect(one.commit(request(first, 2n, [{ id: 2n, text: 'x' }]))).rejects.toMatchObject({ code: 'FENCED' });
    expect(await two.commit(request(second, 1n, [{ id: 3n, text: 'y' }]))).toMatchObject({ alreadyCommitted: true });
  });
});
