/** A committer that sleeps between its look at the latest snapshot and its own: the id may have been used and expired meanwhile. */
import { describe, expect, it } from 'vitest';
import { WeirError } from '../../src/base/error.js';
import { commitTable } from '../../src/commit/table-commit.js';
import type { FileIO } from '../../src/io/file-io.js';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import { expireSnapshots } from '../../src/maintain/snapshot-expiry.js';
import { dataFile, message, namesOf, openTestTable, type TestTable, testClock } from '../support/commit-table.js';

const isSnapshot = (path: string) => /\/snapshot-\d+$/.test(path);
const OPTIONS = { options: { 'snapshot.num-retained.min': '1', 'snapshot.num-retained.max': '2' } };

interface Sleep {
  /** before the snapshot is made, or after it */
  readonly when: 'before' | 'after';
  readonly meanwhile: () => Promise<unknown>;
  /** the answer to the call that made it is lost */
  readonly loses?: boolean;
}

/** Sleeps at its first snapshot. */
function sleeping(io: FileIO, { when, meanwhile, loses = false }: Sleep): FileIO {
  let slept = false;
  return new Proxy(io, {
    get(target, key) {
      const value = Reflect.get(target, key) as unknown;
      if (typeof value !== 'function') return value;
      if (key !== 'createExclusive') return value.bind(target);
      return async (path: string, bytes: Uint8Array) => {
        const first = isSnapshot(path) && !slept;
        if (first) slept = true;
        if (first && when === 'before') await meanwhile();
        const made = await target.createExclusive(path, bytes);
        if (first && when === 'after') await meanwhile();
        if (first && loses) throw new WeirError('UNAVAILABLE', 'the answer got lost');
        return made;
      };
    },
  });
}

let committed = 0n;
const commit = (table: TestTable, commitUser: string, fileName = dataFile().fileName) =>
  commitTable(table, { commitUser, identifier: ++committed, messages: [message({ newFiles: [dataFile({ fileName })] })] });

/** Two snapshots; then one committer sleeps while another makes four more, and all but the newest two expire. */
async function play(sleep: Omit<Sleep, 'meanwhile'>, more: (other: TestTable) => Promise<unknown> = async () => undefined) {
  const memory = memoryFileIO();
  const clock = testClock();
  const other = await openTestTable(memory, { ...OPTIONS, clock });
  for (let i = 0; i < 2; i++) await commit(other, 'quick');
  const meanwhile = async () => {
    for (let i = 0; i < 4; i++) await commit(other, 'quick');
    await expireSnapshots(other);
    await more(other);
  };
  const table = await openTestTable(sleeping(memory, { ...sleep, meanwhile }), { ...OPTIONS, clock });
  const outcome = await commit(table, 'slow', 'slow.parquet').catch((error: WeirError) => error);
  return { outcome, other, memory, clock };
}

describe('a snapshot under an id that has expired', () => {
  const cases: [string, Omit<Sleep, 'meanwhile'>, ((other: TestTable) => Promise<unknown>)?][] = [
    ['by the hint to the earliest snapshot', { when: 'before' }],
    ['by the hint, after its answer was lost', { when: 'before', loses: true }],
    [
      'by the clock, where the hint lags behind',
      { when: 'before' },
      async ({ io, path, clock }) => {
        await io.replace(path.earliestHint, Buffer.from('1'));
        (clock as { time_ms: number }).time_ms += 60_000;
      },
    ],
  ];
  for (const [name, sleep, more] of cases) {
    it(`is noticed ${name}: it is removed and made anew`, async () => {
      const { outcome, other } = await play(sleep, more);
      expect(outcome).toMatchObject({ snapshots: [7n] });
      expect(await other.snapshots.list()).toEqual([5n, 6n, 7n]);
      expect((await namesOf(other)).filter((file) => file === 'slow.parquet')).toEqual(['slow.parquet']);
      expect((await namesOf(other)).length).toBe(7);
      await expireSnapshots(other);
      expect((await namesOf(other)).length).toBe(7);
    });
  }

  it('is made anew also when it cannot be removed at once', async () => {
    let failures = 1;
    const { outcome, other } = await play({ when: 'before' }, async ({ io }) => {
      const remove = io.remove.bind(io);
      io.remove = async (path) => {
        if (isSnapshot(path) && failures-- > 0) throw new WeirError('UNAVAILABLE', 'the storage is away');
        await remove(path);
      };
    });
    expect(failures).toBeLessThan(1);
    expect(outcome).toMatchObject({ snapshots: [7n] });
    expect(await other.snapshots.list()).toEqual([5n, 6n, 7n]);
    expect((await namesOf(other)).length).toBe(7);
  });
});

describe('a snapshot that expired after it was made', () => {
  it('counts', async () => {
    const { outcome, other } = await play({ when: 'after' });
    expect(outcome).toMatchObject({ snapshots: [3n] });
    expect(await other.snapshots.list()).toEqual([6n, 7n]);
    expect((await namesOf(other)).filter((file) => file === 'slow.parquet')).toEqual(['slow.parquet']);
  });
});

describe('a snapshot that others have built on', () => {
  it('counts, however long its committer slept', async () => {
    const memory = memoryFileIO();
    const clock = testClock();
    const other = await openTestTable(memory, { clock });
    await commit(other, 'quick');
    const meanwhile = async () => {
      clock.time_ms += 600_000;
      await commit(other, 'quick');
      await commit(other, 'quick');
    };
    const table = await openTestTable(sleeping(memory, { when: 'after', meanwhile }), { clock });
    expect(await commit(table, 'slow')).toMatchObject({ snapshots: [2n] });
    expect(await other.snapshots.list()).toEqual([1n, 2n, 3n, 4n]);
  });

  it('is looked for in no directory while clocks and hint say nothing', async () => {
    const memory = memoryFileIO();
    const table = await openTestTable(memory);
    await commit(table, 'quick');
    const listed: string[] = [];
    const { names } = memory;
    memory.names = (path) => {
      listed.push(path);
      return names.call(memory, path);
    };
    await commit(table, 'quick');
    expect(listed).toEqual([]);
  });
});
