import { describe, expect, it } from 'vitest';
import { type Random, seededRandom } from '../../src/base/random.js';
import { type MergeSpec, mergeRuns, type RunReader } from '../../src/lsm/merge.js';
import { type Batch, type Column, DELETE, INSERT, UPDATE_BEFORE } from '../../src/types/column.js';
import type { DataField, DataType } from '../../src/types/data-type.js';
import { columnFromData, compareDatum, type Datum } from '../../src/types/datum.js';
import { sliceBatch } from '../../src/types/take.js';
import { atomicTypes, plainValue, randomDatum } from '../support/random-columns.js';

const BIGINT: DataType = { kind: 'BIGINT', nullable: false };
const TINYINT: DataType = { kind: 'TINYINT', nullable: false };
const INT: DataType = { kind: 'INT', nullable: true };
const STRING: DataType = { kind: 'VARCHAR', length: 100, nullable: false };

/** Columns: keys …, sequence, kind, user sequence (INT), value (INT). */
function layout(keyTypes: readonly DataType[]) {
  const k = keyTypes.length;
  const types = [...keyTypes, BIGINT, TINYINT, INT, INT];
  const fields: DataField[] = types.map((type, id) => ({ id, name: `c${id}`, type }));
  const spec: MergeSpec = {
    keyColumns: keyTypes.map((_, c) => c),
    sequenceColumn: k,
    kindColumn: k + 1,
    userSequence: { columns: [], ascending: true },
    ignoreDelete: false,
    dropDelete: false,
    outputColumns: types.map((_, c) => c),
    batchRows: 65536,
  };
  return { types, fields, spec, k };
}
type Layout = ReturnType<typeof layout>;

function batchOf(of: Layout, rows: readonly Datum[][]): Batch {
  const columns: Column[] = of.types.map((type, c) =>
    columnFromData(
      type,
      rows.map((row) => row[c]!),
    ),
  );
  return { fields: of.fields, columns, length: rows.length };
}

class MemoryRun implements RunReader {
  closed = 0;
  constructor(private readonly batches: Batch[]) {}
  async next() {
    return this.batches.shift();
  }
  async close() {
    this.closed++;
  }
}

/** Cuts a batch into batches of random sizes, now and then an empty one. */
function runOf(random: Random, batch: Batch, mean: number): MemoryRun {
  const parts: Batch[] = [];
  for (let at = 0; at < batch.length; ) {
    const end = Math.min(batch.length, at + Math.floor(random.float() * 2 * mean));
    parts.push(sliceBatch(batch, at, end));
    at = end;
  }
  return new MemoryRun(parts);
}

function compareKeys(of: Layout, a: readonly Datum[], b: readonly Datum[]): number {
  for (let c = 0; c < of.k; c++) {
    const order = compareDatum(of.types[c]!, a[c]!, b[c]!);
    if (order !== 0) return order;
  }
  return 0;
}

/** The model: sort all records, keep the last of each key. `runs` are sorted and each has a key once. */
function model(of: Layout, spec: MergeSpec, runs: readonly Datum[][][]): Datum[][] {
  const { k } = of;
  const all = runs
    .flatMap((rows, run) => rows.map((row) => ({ row, run })))
    .filter(({ row }) => !(spec.ignoreDelete && (row[k + 1] as number) % 2 === 1));
  all.sort((a, b) => {
    const key = compareKeys(of, a.row, b.row);
    if (key !== 0) return key;
    for (const c of spec.userSequence.columns) {
      const order = compareDatum(of.types[c]!, a.row[c]!, b.row[c]!);
      const reversed = !spec.userSequence.ascending && a.row[c] !== null && b.row[c] !== null;
      if (order !== 0) return reversed ? -order : order;
    }
    const bySequence = compareDatum(BIGINT, a.row[k]!, b.row[k]!);
    const retractFirst = ((b.row[k + 1] as number) & 1) - ((a.row[k + 1] as number) & 1);
    return bySequence || retractFirst || a.run - b.run;
  });
  const last = all
    .filter((entry, i) => i + 1 === all.length || compareKeys(of, entry.row, all[i + 1]!.row) !== 0)
    .map((entry) => entry.row);
  return last.filter((row) => !(spec.dropDelete && (row[k + 1] as number) % 2 === 1));
}

async function merged(runs: readonly RunReader[], spec: MergeSpec): Promise<unknown[][]> {
  const out: unknown[][] = [];
  for await (const batch of mergeRuns(runs, spec)) {
    expect(batch.length).toBeGreaterThan(0);
    expect(batch.fields).toHaveLength(spec.outputColumns.length);
    for (let row = 0; row < batch.length; row++) out.push(batch.columns.map((column) => plainValue(column, row)));
  }
  return out;
}

const shown = (rows: readonly Datum[][], columns: readonly number[]) =>
  rows.map((row) => columns.map((c) => (row[c] instanceof Uint8Array ? Buffer.from(row[c] as Uint8Array).toString('latin1') : row[c])));

function randomRuns(
  random: Random,
  of: Layout,
  count: number,
  rows: number,
  pool: readonly Datum[][],
  sequence: () => bigint,
): Datum[][][] {
  return Array.from({ length: count }, () => {
    const records = Array.from({ length: Math.floor(random.float() * rows * 2) }, () => [
      ...pool[Math.floor(random.float() * pool.length)]!,
      sequence(),
      [INSERT, INSERT, 2, DELETE, UPDATE_BEFORE][Math.floor(random.float() * 5)]!,
      random.float() < 0.2 ? null : Math.floor(random.float() * 3),
      Math.floor(random.float() * 1e6),
    ]);
    records.sort((a, b) => compareKeys(of, a, b));
    return records.filter((row, i) => i === 0 || compareKeys(of, records[i - 1]!, row) !== 0);
  });
}

async function check(
  seed: number,
  keyTypes: readonly DataType[],
  change: Partial<MergeSpec> = {},
  shape: { runs?: number; rows?: number; mean?: number; keys?: number } = {},
) {
  const random = seededRandom(seed);
  const of = layout(keyTypes);
  const spec = { ...of.spec, ...change };
  const pool = Array.from({ length: shape.keys ?? 150 }, () => keyTypes.map((type) => randomDatum(random, type, 0.05)));
  const runs = randomRuns(random, of, shape.runs ?? 4, shape.rows ?? 80, pool, () => BigInt(Math.floor(random.float() * 5)));
  const expected = shown(model(of, spec, runs), spec.outputColumns);
  const readers = runs.map((rows) => runOf(random, batchOf(of, rows), shape.mean ?? 30));
  expect(await merged(readers, spec), `seed ${seed}`).toEqual(expected);
  expect(readers.every((reader) => reader.closed === 1)).toBe(true);
}

describe('merging runs', () => {
  it.each(atomicTypes.map((type) => [`${type.kind}${'precision' in type ? type.precision : ''}`, type] as const))(
    'keyed by %s agrees with the model',
    async (_, type) => {
      for (let seed = 1; seed <= 4; seed++) await check(seed, [type]);
      await check(5, [{ ...type, nullable: false }], { dropDelete: true });
      await check(6, [type, STRING], { dropDelete: true }, { keys: 60 });
      await check(7, [STRING, type], {}, { keys: 60 });
    },
  );

  it('agrees for any number of runs, sizes of batches and outputs', async () => {
    for (const runs of [0, 1, 2, 3, 5, 8, 11, 17]) {
      for (const mean of [1, 4, 1000]) {
        for (const batchRows of [1, 2, 7, 65536])
          await check(runs * 100 + mean, [BIGINT], { batchRows, dropDelete: mean === 4 }, { runs, mean, rows: 25 });
      }
    }
  });

  it('agrees with sequence fields, both orders, and ignored deletes', async () => {
    for (let seed = 20; seed < 26; seed++) {
      const userSequence = { columns: [3], ascending: seed % 2 === 0 };
      await check(seed, [BIGINT], { userSequence, dropDelete: seed > 22 }, { keys: 30 });
      await check(seed, [BIGINT], { userSequence, ignoreDelete: true }, { keys: 30 });
      await check(seed, [BIGINT], { userSequence: { columns: [3, 4], ascending: seed % 2 === 0 } }, { keys: 20 });
      await check(seed, [BIGINT], { ignoreDelete: true, dropDelete: true }, { keys: 30, runs: 1 });
    }
  });

  it('agrees where keys share long beginnings that come and go', async () => {
    const of = layout([STRING]);
    const random = seededRandom(31);
    const text = (value: string) => [new TextEncoder().encode(value)];
    const pool = Array.from({ length: 400 }, (_, i) =>
      text(`${['customer-', 'customer-of-', 'z'][i % 3]}${String(i * 37).padStart(9, '0')}`),
    );
    for (const mean of [3, 40]) {
      const runs = randomRuns(random, of, 6, 200, pool, () => BigInt(Math.floor(random.float() * 9)));
      const readers = runs.map((rows) => runOf(random, batchOf(of, rows), mean));
      expect(await merged(readers, of.spec)).toEqual(shown(model(of, of.spec, runs), of.spec.outputColumns));
    }
  });

  it('puts out only the wanted columns', async () => {
    await check(40, [BIGINT], { outputColumns: [4, 0] });
    await check(40, [BIGINT], { outputColumns: [4, 0] }, { runs: 1 });
  });

  it('tells sequence numbers beyond 2^53 apart', async () => {
    const of = layout([BIGINT]);
    const row = (sequence: bigint, value: number): Datum[] => [1n, sequence, INSERT, null, value];
    const runs = [[row(2n ** 53n + 1n, 1)], [row(2n ** 53n, 2)]].map((rows) => new MemoryRun([batchOf(of, rows)]));
    expect(await merged(runs, of.spec)).toEqual([[1n, 2n ** 53n + 1n, INSERT, null, 1]]);
  });

  it('counts rows when no column is wanted', async () => {
    const of = layout([BIGINT]);
    const rows = [0n, 1n, 2n].map((key): Datum[] => [key, 1n, key === 1n ? DELETE : INSERT, null, 0]);
    for (const copies of [1, 2]) {
      const runs = Array.from({ length: copies }, () => new MemoryRun([batchOf(of, rows)]));
      let count = 0;
      for await (const batch of mergeRuns(runs, { ...of.spec, outputColumns: [], dropDelete: true })) count += batch.length;
      expect(count).toBe(2);
    }
  });

  it('passes the batches of a single run on uncopied when nothing is dropped', async () => {
    const of = layout([BIGINT]);
    const batch = batchOf(of, [[1n, 1n, INSERT, null, 5]]);
    for await (const out of mergeRuns([new MemoryRun([batch])], { ...of.spec, dropDelete: true }))
      expect(out.columns[0]).toBe(batch.columns[0]);
  });

  it('closes its runs when aborted, left early, or when a run fails', async () => {
    const of = layout([BIGINT]);
    const rows = Array.from({ length: 100 }, (_, i): Datum[] => [BigInt(i), 1n, INSERT, null, i]);
    const make = () => [0, 1].map(() => runOf(seededRandom(1), batchOf(of, rows), 5));
    const controller = new AbortController();
    const aborted = make();
    const run = async () => {
      for await (const _ of mergeRuns(aborted, { ...of.spec, batchRows: 10 }, controller.signal)) controller.abort(new Error('enough'));
    };
    await expect(run()).rejects.toThrow('enough');
    const left = make();
    for await (const _ of mergeRuns(left, { ...of.spec, batchRows: 10 })) break;
    const failing = make();
    failing[1]!.next = () => Promise.reject(new Error('disk'));
    await expect(merged(failing, of.spec)).rejects.toThrow('disk');
    for (const reader of [...aborted, ...left, ...failing]) expect(reader.closed).toBe(1);
  });

  it('holds at most two batches a run', async () => {
    const of = layout([BIGINT]);
    let pulled = 0;
    const runs = [0, 1, 2].map((run): RunReader => {
      let next = 0;
      return {
        async next() {
          if (next === 50) return undefined;
          pulled++;
          return batchOf(of, [[BigInt(next++ * 3 + run), 1n, INSERT, null, 0]]);
        },
        async close() {},
      };
    });
    let out = 0;
    for await (const batch of mergeRuns(runs, of.spec)) {
      out += batch.length;
      expect(pulled - out).toBeLessThanOrEqual(7);
    }
    expect(out).toBe(150);
  });
});
