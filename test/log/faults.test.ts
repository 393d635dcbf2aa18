/** A storage whose answers get lost: a commit is whole or absent, once, and who made it is told which. */
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import { type Random, seededRandom } from '../../src/base/random.js';
import { type FaultyFileIO, faultyFileIO } from '../../src/io/faulty-file-io.js';
import type { FileIO } from '../../src/io/file-io.js';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import { LogPath } from '../../src/log/log-path.js';
import { SlotStore } from '../../src/log/slot-store.js';
import { type Incarnation, TableLog } from '../../src/log/table-log.js';
import { rowsOf as objectsOf } from '../../src/types/row-reader.js';
import { testRandom } from '../support/seeds.js';
import { FIELDS, rowsOf } from './samples.js';

async function logOn(io: FileIO, random: Random, onWait: () => void | Promise<void> = () => {}): Promise<TableLog> {
  const store = new SlotStore(io, new LogPath('/t', 'L'), { sync: true });
  if (!(await io.exists('/t/log/L'))) await store.create();
  return new TableLog({
    table: 'db.t',
    id: 'L',
    store,
    // waits pass at once
    clock: { ...systemClock, sleep: async () => onWait() },
    random,
    nextNumber: async () => 0n,
    inlineMax_bytes: 1 << 20,
    linger_ms: 0,
    fieldsOf: async () => FIELDS,
  });
}

const request = ({ user, epoch }: Incarnation, identifier: bigint) => ({
  user,
  epoch,
  identifier,
  schemaId: 0n,
  rows: [rowsOf([{ id: identifier, text: `c${identifier}` }])],
  size_bytes: 100,
  bodies: [],
});

/** ids of all rows in the log, as a process without a past reads it */
async function idsIn(io: FileIO): Promise<bigint[]> {
  const log = await logOn(io, seededRandom(99));
  const { slot: head } = await log.refresh();
  const ids: bigint[] = [];
  for (let slot = 1n; slot <= head; slot++)
    for (const part of await (await log.slot(slot)).parts()) ids.push(...objectsOf(part.batch).map(({ id }) => id as bigint));
  return ids;
}

/** @param onWait what happens while the writer waits to try again */
async function newWriter(plan: Partial<FaultyFileIO['plan']>, onWait: (io: FaultyFileIO) => void | Promise<void> = () => {}) {
  const inner = memoryFileIO();
  await logOn(inner, seededRandom(1));
  const io = faultyFileIO(inner, seededRandom(2));
  const log = await logOn(io, seededRandom(3), () => onWait(io));
  const job = await log.open('job');
  Object.assign(io.plan, plan);
  return { inner, io, log, job };
}

describe('a slot whose answer was lost', () => {
  it('is one’s own, once, when it is there', async () => {
    const { inner, io, log, job } = await newWriter({ after: 1, operations: new Set(['createExclusive'] as const) }, (faulty) =>
      faulty.heal(),
    );
    expect(await log.commit(request(job, 1n))).toMatchObject({ slot: 2n, alreadyCommitted: false });
    expect(io.faults).toBe(1);
    expect(await log.commit(request(job, 1n))).toMatchObject({ alreadyCommitted: true });
    expect(await log.commit(request(job, 2n))).toMatchObject({ slot: 3n });
    expect(await idsIn(inner)).toEqual([1n, 2n]);
  });

  for (const when of ['before', 'after'] as const) {
    it(`${when} its effect is UNAVAILABLE where the storage does not come back; the same identifier again settles it`, async () => {
      const { inner, io, log, job } = await newWriter({ [when]: 1, operations: new Set(['createExclusive'] as const) });
      const unknown = { code: 'UNAVAILABLE', message: expect.stringContaining('not known') };
      await expect(log.commit(request(job, 1n))).rejects.toMatchObject(unknown);
      io.heal();
      expect(await idsIn(inner)).toEqual(when === 'before' ? [] : [1n]);
      expect(await log.commit(request(job, 1n))).toMatchObject({ alreadyCommitted: when === 'after' });
      expect(await log.commit(request(job, 1n))).toMatchObject({ alreadyCommitted: true });
      expect(await idsIn(inner)).toEqual([1n]);
    });
  }

  it('does not keep who commits again at once waiting', async () => {
    const { inner, io, log, job } = await newWriter({ before: 1, operations: new Set(['exists'] as const) });
    const again = log.commit(request(job, 1n)).catch(() => {
      io.heal();
      return log.commit(request(job, 1n));
    });
    expect(await again).toMatchObject({ slot: 2n });
    expect(await idsIn(inner)).toEqual([1n]);
  });

  it('may be another’s: then the commit goes into the next', async () => {
    const rival = { log: undefined as TableLog | undefined };
    const { inner, log, job } = await newWriter({ before: 1, operations: new Set(['createExclusive'] as const) }, async (faulty) => {
      if (faulty.faults > 1) return;
      rival.log = await logOn(inner, seededRandom(4));
      await rival.log.commit(request(await rival.log.open('other'), 10n));
      faulty.heal();
    });
    expect(await log.commit(request(job, 1n))).toMatchObject({ slot: 4n, alreadyCommitted: false });
    expect(await idsIn(inner)).toEqual([10n, 1n]);
  });
});

it('whatever fails, every acknowledged commit is there once, and every other one once or not at all', async () => {
  const random = testRandom();
  for (let round = 0; round < 20; round++) {
    const { inner, io, log, job } = await newWriter({ before: random.float() * 0.3, after: random.float() * 0.3 });
    const acknowledged: bigint[] = [];
    for (let identifier = 1n; identifier <= 12n; identifier++) {
      for (let attempt = 0; attempt < 50; attempt++) {
        try {
          await log.commit(request(job, identifier));
          acknowledged.push(identifier);
          break;
        } catch (error) {
          expect(error).toMatchObject({ code: 'UNAVAILABLE' });
        }
      }
    }
    io.heal();
    const ids = await idsIn(inner);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(acknowledged);
    expect(acknowledged.length).toBe(12);
  }
});
