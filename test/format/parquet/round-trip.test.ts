import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Random, seededRandom } from '../../../src/base/random.js';
import { openDataFile } from '../../../src/format/data-file.js';
import type { DataField, DataType } from '../../../src/types/data-type.js';
import { columnFromData } from '../../../src/types/datum.js';
import { takeBatch } from '../../../src/types/take.js';
import { batchOf, io, plainRows, readParquet, scratch, writeParquet } from '../../support/parquet.js';
import { atomicTypes, nestedTypes, randomColumn } from '../../support/random-columns.js';

const seed = Number(process.env.SEED ?? 1);
let files: Awaited<ReturnType<typeof scratch>>;
beforeAll(async () => {
  files = await scratch();
});
afterAll(() => files.remove());

const writable = atomicTypes.filter((type) => !('precision' in type && type.kind === 'TIMESTAMP' && type.precision > 6));

/** A random type, nested up to `depth`. */
function randomType(random: Random, depth: number, key = false): DataType {
  const nullable = !key && random.float() < 0.7;
  const choice = key ? 0 : Math.floor(random.float() * (depth > 0 ? 8 : 4));
  if (choice < 4) return { ...writable[Math.floor(random.float() * writable.length)]!, nullable };
  if (choice === 4) return { kind: 'ARRAY', nullable, element: randomType(random, depth - 1) };
  if (choice === 5) return { kind: 'MAP', nullable, key: randomType(random, 0, true), value: randomType(random, depth - 1) };
  if (choice === 6) return { kind: 'MULTISET', nullable, element: randomType(random, 0, true) };
  const fields: DataField[] = [];
  for (let i = 0; i < 1 + random.float() * 3; i++) fields.push({ id: i, name: `m${i}`, type: randomType(random, depth - 1) });
  return { kind: 'ROW', nullable, fields };
}

function somewhere(random: Random, length: number, count: number): Uint32Array {
  const rows = new Set<number>();
  while (rows.size < Math.min(count, length)) rows.add(Math.floor(random.float() * length));
  return Uint32Array.from([...rows].sort((a, b) => a - b));
}

describe(`round trip (seed ${seed})`, () => {
  for (const compression of ['none', 'snappy', 'gzip', 'lz4', 'zstd']) {
    it(`keeps every type through ${compression}`, async () => {
      const random = seededRandom(seed);
      const columns = [...writable, ...nestedTypes].flatMap((type) => [
        randomColumn(random, type, 400),
        randomColumn(random, { ...type, nullable: false }, 400, 0),
      ]);
      const batch = batchOf(columns);
      const path = files.path(`types-${compression}.parquet`);
      await writeParquet(path, batch, { compression, rowGroupRows: 250, pageRows: 48 }, 130);
      const back = await readParquet(path, batch.fields);
      expect(plainRows(back)).toEqual(plainRows(batch));
      expect(back.columns.map((column) => column.validity === null)).toEqual(batch.columns.map((column) => column.validity === null));
    });
  }

  it('keeps random shapes, whole and by row', async () => {
    for (let round = 0; round < 25; round++) {
      const random = seededRandom(seed * 1000 + round);
      const length = Math.floor(random.float() * 400);
      const nulls = [0, 0.1, 0.5, 1][round % 4]!;
      const columns = Array.from({ length: 3 }, () => randomColumn(random, randomType(random, 3), length, nulls));
      const batch = batchOf(columns);
      const path = files.path(`shape-${round}.parquet`);
      const options = { rowGroupRows: 150, pageRows: 1 + Math.floor(random.float() * 60), dictionary: round % 3 > 0 };
      await writeParquet(path, batch, options, 1 + Math.floor(random.float() * 200));
      expect(plainRows(await readParquet(path, batch.fields)), `round ${round}`).toEqual(plainRows(batch));
      const reader = await openDataFile(io, path);
      const rows = somewhere(random, length, 20);
      const some = await reader.readRows(rows, batch.fields);
      expect(plainRows(some), `rows of round ${round}`).toEqual(plainRows(takeBatch(batch, rows)));
      await reader.close();
    }
  });

  it('reads no rows, no columns, absent columns and absent members', async () => {
    const random = seededRandom(seed);
    const row: DataType = { kind: 'ROW', nullable: true, fields: [{ id: 1, name: 'a', type: { kind: 'INT', nullable: true } }] };
    const batch = batchOf([randomColumn(random, row, 50), randomColumn(random, { kind: 'INT', nullable: true }, 50)]);
    const path = files.path('absent.parquet');
    await writeParquet(path, batch);
    const more: DataType = {
      ...row,
      fields: [{ id: 2, name: 'b', type: { kind: 'ARRAY', nullable: true, element: row } }, row.fields[0]!],
    };
    const only: DataType = { ...row, fields: [more.fields[0]!] };
    const missing: DataField = { id: 9, name: 'C1', type: { kind: 'DECIMAL', precision: 10, scale: 2, nullable: true } };
    const back = await readParquet(path, [{ id: 1, name: 'c0', type: more }, missing]);
    expect(plainRows(back)).toEqual(plainRows(batch).map(([value]) => [value === null ? null : [null, (value as unknown[])[0]], null]));
    const none = await readParquet(path, [{ id: 1, name: 'c0', type: only }]);
    expect(plainRows(none)).toEqual(plainRows(batch).map(([value]) => [value === null ? null : [null]]));
    expect((await readParquet(path, [])).length).toBe(50);
    const reader = await openDataFile(io, path);
    expect((await reader.readRows(new Uint32Array(0), batch.fields)).length).toBe(0);
    expect(plainRows(await reader.readRows(Uint32Array.of(3, 7), [missing]))).toEqual([[null], [null]]);
    for (const rows of [[50], [3, 50], [4, 3]]) {
      await expect(reader.readRows(Uint32Array.from(rows), batch.fields)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    await reader.close();
  });

  it('writes a file without rows', async () => {
    const batch = batchOf([randomColumn(seededRandom(seed), { kind: 'INT', nullable: true }, 0)]);
    const path = files.path('empty.parquet');
    await writeParquet(path, batch);
    const reader = await openDataFile(io, path);
    expect([reader.rowCount, reader.rowGroups.length, reader.columnNames()]).toEqual([0, 0, ['c0']]);
    await reader.close();
  });

  it('refuses a missing value where the type allows none', async () => {
    const column = columnFromData({ kind: 'INT', nullable: true }, [1, null]);
    const batch = { ...batchOf([column]), fields: [{ id: 0, name: 'c0', type: { kind: 'INT' as const, nullable: false } }] };
    await expect(writeParquet(files.path('null.parquet'), batch)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const late = randomColumn(seededRandom(seed), { kind: 'TIMESTAMP', precision: 9, nullable: true }, 1);
    await expect(writeParquet(files.path('nanos.parquet'), batchOf([late]))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  it('ends dictionaries that grow too large within a chunk, and keeps long values', async () => {
    const random = seededRandom(seed);
    const type: DataType = { kind: 'VARCHAR', length: 2147483647, nullable: false };
    const few = Array.from({ length: 3000 }, (_, i) => Buffer.from(`value ${i % 7}`));
    const many = Array.from({ length: 9000 }, () => Buffer.from(`${'x'.repeat(200)}${random.float()}`));
    const long = Array.from({ length: 40 }, (_, i) => Buffer.alloc(100_000, 65 + (i % 26)));
    const batch = batchOf([columnFromData(type, [...few, ...many, ...few, ...long])]);
    const path = files.path('dictionary.parquet');
    const size = await writeParquet(path, batch, { pageRows: 1000, compression: 'none' });
    expect(size).toBeLessThan(9000 * 230 + 40 * 100_100 + 1_200_000);
    expect(plainRows(await readParquet(path, batch.fields))).toEqual(plainRows(batch));
    const reader = await openDataFile(io, path);
    const rows = Uint32Array.of(0, 2999, 3000, 3001, 11999, 12000, 15000, 15039);
    expect(plainRows(await reader.readRows(rows, batch.fields))).toEqual(plainRows(takeBatch(batch, rows)));
    await reader.close();
  });

  it('serves repeated point reads from the caches', async () => {
    const random = seededRandom(seed);
    const batch = batchOf([...writable, ...nestedTypes].map((type) => randomColumn(random, type, 2000)));
    const path = files.path('cached.parquet');
    await writeParquet(path, batch, { pageRows: 300, rowGroupRows: 900 });
    const footerCache = new Map();
    const pages = new Map();
    let reads = 0;
    const counting = {
      ...io,
      open: async (name: string) => {
        const file = await io.open(name);
        return {
          path: file.path,
          size_bytes: file.size_bytes,
          read: (at: number, n: number) => {
            reads++;
            return file.read(at, n);
          },
          close: () => file.close(),
        };
      },
    };
    const flat = batch.fields.slice(0, writable.length);
    const rows = Uint32Array.of(1, 2, 899, 900, 1500);
    const expected = plainRows(takeBatch({ ...batch, fields: flat, columns: batch.columns.slice(0, flat.length) }, rows));
    for (let round = 0; round < 3; round++) {
      reads = 0;
      const reader = await openDataFile(counting, path, { footerCache, pageCache: pages });
      expect(plainRows(await reader.readRows(rows, flat))).toEqual(expected);
      expect(reads > 0).toBe(round === 0);
      await reader.close();
    }
  });

  it('gives bounds that hold and null counts', async () => {
    const random = seededRandom(seed);
    const batch = batchOf(writable.map((type) => randomColumn(random, type, 300)));
    const path = files.path('stats.parquet');
    await writeParquet(path, batch);
    const reader = await openDataFile(io, path);
    for (const [i, field] of batch.fields.entries()) {
      const stats = reader.rowGroupStats(0, field.name, field.type)!;
      const values = plainRows(batch).map((row) => row[i]);
      expect(stats.nullCount).toBe(BigInt(values.filter((value) => value === null).length));
      expect(stats.hasMinMax).toBe(true);
      const text = (value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value) as number;
      const present = values.filter((value) => value !== null && !Number.isNaN(value)) as number[];
      expect(
        present.every((value) => value >= text(stats.min) && value <= text(stats.max)),
        field.type.kind,
      ).toBe(true);
      if (typeof stats.min !== 'object') expect(present.some((value) => value === text(stats.min))).toBe(true);
    }
    expect(reader.rowGroupStats(0, 'nowhere', { kind: 'INT', nullable: true })).toBeUndefined();
    await reader.close();
  });

  it('cuts long bounds so that they stay bounds', async () => {
    const type: DataType = { kind: 'VARCHAR', length: 2147483647, nullable: true };
    const long = (character: string) => Buffer.from(character.repeat(100));
    const cases: [Buffer, number, number][] = [
      [long('a'), 64, 64],
      [long('é'), 64, 64],
      [long('\u{10ffff}'), 64, 400],
      [long('\ud7ff'), 63, 63],
    ];
    for (const [value, minLength, maxLength] of cases) {
      const path = files.path(`bounds-${minLength}-${value[0]}.parquet`);
      await writeParquet(path, batchOf([columnFromData(type, [value])]));
      const reader = await openDataFile(io, path);
      const { min, max } = reader.rowGroupStats(0, 'c0', type)!;
      expect(Buffer.compare(min as Uint8Array, value)).toBeLessThanOrEqual(0);
      expect(Buffer.compare(max as Uint8Array, value)).toBeGreaterThanOrEqual(0);
      expect([(min as Uint8Array).length, (max as Uint8Array).length]).toEqual([minLength, maxLength]);
      await reader.close();
    }
  });
});
