import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import type { Batch, Column } from '../../src/types/column.js';
import type { DataType } from '../../src/types/data-type.js';
import { columnFromData } from '../../src/types/datum.js';
import {
  columnBytes,
  concat,
  concatBatch,
  constantColumn,
  gather,
  gatherBatch,
  nullColumn,
  slice,
  sliceBatch,
  take,
  takeBatch,
  transferables,
} from '../../src/types/take.js';
import { atomicTypes, nestedTypes, plain, randomColumn } from '../support/random-columns.js';

const types = [...atomicTypes, ...nestedTypes];
const name = (type: DataType) => `${type.kind}${'precision' in type ? type.precision : ''}`;

describe.each(types.map((type) => [name(type), type] as const))('%s', (_, type) => {
  const seed = 41;
  const random = seededRandom(seed);
  const any = (n: number) => Math.floor(random.float() * n);

  it(`takes rows in any order, repeated or missing (seed ${seed})`, () => {
    for (const nulls of [0, 0.3]) {
      const column = randomColumn(random, type, 150, nulls);
      const rows = Uint32Array.from({ length: 400 }, () => any(150));
      const expected = plain(column);
      expect(plain(take(column, rows))).toEqual(Array.from(rows, (row) => expected[row]));
      expect(plain(take(column, new Uint32Array(0)))).toEqual([]);
    }
  });

  it('slices and concatenates', () => {
    const parts = [
      randomColumn(random, type, 37),
      randomColumn(random, type, 0),
      randomColumn(random, type, 90, 0),
      randomColumn(random, type, 11),
    ];
    const all = parts.flatMap(plain);
    const joined = concat(parts);
    expect(plain(joined)).toEqual(all);
    for (const [start, end] of [
      [0, 138],
      [1, 5],
      [8, 64],
      [13, 137],
      [50, 50],
    ] as const) {
      expect(plain(slice(joined, start, end))).toEqual(all.slice(start, end));
    }
  });

  it('gathers scattered rows and long stretches from several columns', () => {
    const columns = [randomColumn(random, type, 300), randomColumn(random, type, 300, 0), randomColumn(random, type, 300)];
    const data = columns.map(plain);
    for (const stretch of [1, 2, 40]) {
      const source: number[] = [];
      const row: number[] = [];
      for (let i = 0; i < 60; i++) {
        const c = any(3);
        const start = any(300 - stretch);
        const size = 1 + any(stretch);
        for (let k = 0; k < size; k++) {
          source.push(c);
          row.push(start + k);
        }
      }
      const expected = source.map((c, i) => data[c]![row[i]!]);
      // a longer array than asked for: only the first `length` rows count
      const rows = Uint32Array.from([...row, 7, 7, 7]);
      expect(plain(gather(columns, Uint8Array.from([...source, 0, 0, 0]), rows, row.length))).toEqual(expected);
      expect(plain(gather(columns, Uint16Array.from([...source, 0, 0, 0]), rows, row.length))).toEqual(expected);
    }
  });

  it('makes columns of missing values', () => {
    const column = nullColumn(type, 9);
    expect(plain(column)).toEqual(Array(9).fill(null));
    expect(plain(concat([column, randomColumn(random, type, 3, 0)])).slice(0, 9)).toEqual(Array(9).fill(null));
  });
});

describe('columns', () => {
  const STRING: DataType = { kind: 'VARCHAR', length: 10, nullable: true };
  const INT: DataType = { kind: 'INT', nullable: true };
  const text = (value: string) => new TextEncoder().encode(value);
  const batch = (...columns: Column[]): Batch => ({
    fields: columns.map((column, id) => ({ id, name: `c${id}`, type: column.type })),
    columns,
    length: columns[0]!.length,
  });

  it('repeats a constant', () => {
    expect(plain(constantColumn(STRING, text('ab'), 3))).toEqual(['ab', 'ab', 'ab']);
    expect(plain(constantColumn(INT, null, 2))).toEqual([null, null]);
    expect(plain(constantColumn({ kind: 'DECIMAL', precision: 38, scale: 0, nullable: false }, -(10n ** 30n), 2))).toEqual([
      -(10n ** 30n),
      -(10n ** 30n),
    ]);
  });

  it('has no validity when no taken value is missing', () => {
    expect(take(columnFromData(INT, [1, null, 3]), Uint32Array.of(2, 0, 2)).validity).toBeNull();
  });

  it('counts bytes of what is referred to, not of the heap behind', () => {
    const column = columnFromData(STRING, [text('ab'), null, text('cdefg')]);
    expect(columnBytes(column)).toBe(1 + 16 + 7);
    expect(columnBytes({ ...column, length: 1, offsets: column.offsets!.subarray(0, 2), validity: null })).toBe(8 + 2);
  });

  it('moves whole buffers, each once, and leaves windows of larger ones', () => {
    const whole = columnFromData(INT, [1, 2, 3]);
    const shared = new Int32Array(8);
    const window: Column = { ...columnFromData(INT, [0, 0]), values: shared.subarray(2, 4) };
    expect(transferables(batch(whole, whole, window, window, window, window))).toEqual([whole.values!.buffer]);
    const halves = [shared.subarray(0, 4), shared.subarray(4, 8)].map(
      (values): Column => ({ ...columnFromData(INT, [0, 0, 0, 0]), values }),
    );
    expect(transferables(batch(...halves))).toEqual([shared.buffer]);
  });

  it('treats all columns of a batch alike', () => {
    const one = batch(columnFromData(INT, [1, 2, 3]), columnFromData(STRING, [text('a'), text('b'), null]));
    const two = batch(columnFromData(INT, [4, null]), columnFromData(STRING, [text('d'), text('e')]));
    const values = (of: Batch) => [of.length, ...of.columns.map(plain)];
    expect(values(takeBatch(one, Uint32Array.of(2, 0)))).toEqual([2, [3, 1], [null, 'a']]);
    expect(values(sliceBatch(one, 1, 3))).toEqual([2, [2, 3], ['b', null]]);
    expect(values(concatBatch([one, two]))).toEqual([5, [1, 2, 3, 4, null], ['a', 'b', null, 'd', 'e']]);
    expect(values(gatherBatch([one, two], Uint8Array.of(1, 0, 1), Uint32Array.of(1, 0, 0), 3))).toEqual([3, [null, 1, 4], ['e', 'a', 'd']]);
  });

  it('refuses more than 2 GiB of text in one column', () => {
    const long = columnFromData(STRING, [new Uint8Array(2 ** 20)]);
    expect(() => take(long, new Uint32Array(2048))).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
