import { describe, expect, it } from 'vitest';
import { type DeletionFile, liveRows, readDeletedRows } from '../../src/format/deletion-vector.js';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import { bitmapBytes, countBits, getBit, setBit } from '../../src/types/bitmap.js';
import { roaringOf, vector32, vector64 } from '../support/deletion-vectors.js';
import { integerBetween, testRandom } from '../support/seeds.js';

const path = '/t/index/index-1-0';
const ROWS = 100_000;
const DELETED = [0, 7, 8, 4096, 65_535, 65_536, 99_999];

/** An index file with one vector, after another one's bytes. */
function stored(vector: Uint8Array): { bytes: Uint8Array; place: DeletionFile } {
  const before = vector32(roaringOf([1, 2, 3]));
  const bytes = Buffer.concat([Uint8Array.of(1), before, vector]);
  const is32 = vector[4] === 0x5e;
  const place = { path, offset: 1 + before.length, length: is32 ? vector.length - 8 : vector.length, cardinality: DELETED.length };
  return { bytes, place };
}

async function read(bytes: Uint8Array, place: DeletionFile, rowCount = ROWS): Promise<number[]> {
  const io = memoryFileIO();
  await io.writeFile(path, bytes);
  const deleted = await readDeletedRows(io, place, rowCount);
  expect(deleted.length).toBe(bitmapBytes(rowCount));
  const rows: number[] = [];
  for (let row = 0; row < rowCount; row++) if (getBit(deleted, row)) rows.push(row);
  return rows;
}

const vectors: [string, Uint8Array][] = [
  ['32-bit', vector32(roaringOf(DELETED))],
  ['64-bit', vector64([[0, roaringOf(DELETED)]])],
];

describe.each(vectors)('a %s deletion vector', (_, vector) => {
  it('is read, whatever stands before and after it', async () => {
    const { bytes, place } = stored(vector);
    expect(await read(bytes, place)).toEqual(DELETED);
    expect(await read(Buffer.concat([bytes, vector]), place)).toEqual(DELETED);
    expect(await read(bytes, { ...place, cardinality: null })).toEqual(DELETED);
  });

  it('with any bit flipped is CORRUPTION naming the file', async () => {
    const random = testRandom();
    const { bytes, place } = stored(vector);
    for (let at = 0; at < vector.length; at++) {
      const damaged = Uint8Array.from(bytes);
      damaged[place.offset + at]! ^= 1 << integerBetween(random, 0, 7);
      await expect(read(damaged, place), `byte ${at}`).rejects.toMatchObject({ code: 'CORRUPTION', file: path });
    }
    const version = Uint8Array.from(bytes);
    version[0] = 2;
    await expect(read(version, place)).rejects.toMatchObject({
      code: 'CORRUPTION',
      file: path,
      message: expect.stringContaining('version 2'),
    });
  });

  it('cut off is CORRUPTION naming the file', async () => {
    const { bytes, place } = stored(vector);
    for (let length = 0; length < bytes.length; length++) {
      await expect(read(bytes.subarray(0, length), place), `${length} bytes`).rejects.toMatchObject({ code: 'CORRUPTION', file: path });
    }
  });

  it.each([
    ['another place', { offset: 0 }],
    ['a place inside it', { offset: 9 }],
    ['a place beyond the end', { offset: 1e9 }],
    ['another length', { length: 3 }],
    ['a length beyond the end', { length: 1e9 }],
    ['another cardinality', { cardinality: 6 }],
  ])('told of with %s is CORRUPTION naming the file', async (_what, told) => {
    const { bytes, place } = stored(vector);
    await expect(read(bytes, { ...place, ...told })).rejects.toMatchObject({ code: 'CORRUPTION', file: path });
  });

  it('of rows the data file does not have is CORRUPTION', async () => {
    const { bytes, place } = stored(vector);
    await expect(read(bytes, place, ROWS - 1)).rejects.toMatchObject({ code: 'CORRUPTION', file: path });
  });

  it('whose file is missing is NOT_FOUND', async () => {
    await expect(readDeletedRows(memoryFileIO(), stored(vector).place, ROWS)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a 64-bit deletion vector of several bitmaps', () => {
  const empty = roaringOf([]);

  it('is read when those above 2^32 are empty', async () => {
    const { bytes, place } = stored(
      vector64([
        [0, roaringOf(DELETED)],
        [1, empty],
        [9, empty],
      ]),
    );
    expect(await read(bytes, place)).toEqual(DELETED);
    expect(await read(stored(vector64([])).bytes, { ...stored(vector64([])).place, cardinality: 0 })).toEqual([]);
  });

  it('is CORRUPTION when one above has a value, or they are out of order', async () => {
    const high = stored(
      vector64([
        [0, roaringOf(DELETED.slice(1))],
        [1, roaringOf([0])],
      ]),
    );
    await expect(read(high.bytes, high.place)).rejects.toMatchObject({ code: 'CORRUPTION' });
    const twice = stored(
      vector64([
        [0, roaringOf(DELETED)],
        [0, empty],
      ]),
    );
    await expect(read(twice.bytes, twice.place)).rejects.toThrow('out of order');
  });
});

describe('live rows', () => {
  it('are those without a bit, counted from the start', () => {
    const random = testRandom();
    const rows = 1000;
    const deleted = new Uint8Array(bitmapBytes(rows));
    for (let row = 0; row < rows; row++) if (random.float() < 0.3) setBit(deleted, row);
    const all = liveRows(deleted, 0, rows)!;
    expect(all.length).toBe(rows - countBits(deleted, rows));
    expect(all.every((row) => !getBit(deleted, row))).toBe(true);
    expect([...liveRows(deleted, 333, 200)!]).toEqual([...all].filter((row) => row >= 333 && row < 533).map((row) => row - 333));
  });

  it('are told apart: all of them, or none', () => {
    const deleted = new Uint8Array(4);
    deleted[1] = 0xff;
    expect(liveRows(deleted, 0, 8)).toBeNull();
    expect(liveRows(deleted, 8, 8)).toHaveLength(0);
    expect(liveRows(deleted, 16, 16)).toBeNull();
  });
});
