import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { keyPrefix } from '../../src/lsm/key-order.js';
import { dedupSorted, sortRows } from '../../src/lsm/sort.js';
import type { Column } from '../../src/types/column.js';
import { compareRows } from '../../src/types/compare.js';
import type { DataType } from '../../src/types/data-type.js';
import { columnFromData, compareDatum, datumAt } from '../../src/types/datum.js';
import { atomicTypes, randomColumn } from '../support/random-columns.js';

const BIGINT: DataType = { kind: 'BIGINT', nullable: true };
const STRING: DataType = { kind: 'VARCHAR', length: 100, nullable: true };
const ascending = { userFields: [], ascending: true };
const text = (value: string) => new TextEncoder().encode(value);

/** The model: JavaScript's stable sort with the plain comparison. */
function expectedOrder(keys: readonly Column[], length: number, user: readonly Column[] = [], up = true): number[] {
  return Array.from({ length }, (_, i) => i).sort((i, j) => {
    const key = compareRows(keys, i, keys, j);
    if (key !== 0) return key;
    for (const column of user) {
      const a = datumAt(column, i);
      const b = datumAt(column, j);
      const order = compareDatum(column.type, a, b);
      if (order !== 0) return up || a === null || b === null ? order : -order;
    }
    return 0;
  });
}

const keyTypes = atomicTypes.map((type) => [`${type.kind}${'precision' in type ? type.precision : ''}`, type] as const);

describe.each(keyTypes)('keys of %s', (_, type) => {
  const seed = 77;
  it(`are sorted as compared, stably (seed ${seed})`, () => {
    const random = seededRandom(seed);
    for (const length of [0, 1, 2, 20, 25, 700]) {
      for (const nulls of [0, 0.1]) {
        const keys = [randomColumn(random, type, length, nulls)];
        expect(Array.from(sortRows(keys, ascending, length))).toEqual(expectedOrder(keys, length));
        expect(Array.from(sortRows([...keys, randomColumn(random, BIGINT, length)], ascending, length))).toHaveLength(length);
      }
    }
  });

  it('have prefixes in their order', () => {
    const random = seededRandom(seed + 1);
    for (const nulls of [0, 0.1]) {
      const column = randomColumn(random, type, 120, nulls);
      const { prefix, exact } = keyPrefix([column], 120);
      for (let i = 0; i < 120; i++) {
        for (let j = 0; j < 120; j++) {
          const order = compareRows([column], i, [column], j);
          const wrong =
            (prefix[i]! < prefix[j]! && order >= 0) || (exact && prefix[i] === prefix[j] && order !== 0) || Number.isNaN(prefix[i]);
          if (wrong) expect.fail(`seed ${seed + 1}: ${datumAt(column, i)} against ${datumAt(column, j)}`);
        }
      }
    }
  });

  it('follow other columns in composite keys', () => {
    const random = seededRandom(seed + 2);
    const length = 600;
    const few: Column = columnFromData(
      { kind: 'TINYINT', nullable: true },
      Array.from({ length }, () => [null, -1, 0, 5][Math.floor(random.float() * 4)]!),
    );
    const column = randomColumn(random, type, length, 0.1);
    for (const keys of [
      [few, column],
      [column, few],
      [few, column, few],
    ]) {
      expect(Array.from(sortRows(keys, ascending, length))).toEqual(expectedOrder(keys, length));
    }
  });

  it('let a sequence field of this type decide, missing ones first in both orders', () => {
    const random = seededRandom(seed + 3);
    const length = 500;
    const keys = [
      columnFromData(
        BIGINT,
        Array.from({ length }, () => BigInt(Math.floor(random.float() * 8))),
      ),
    ];
    const user = [randomColumn(random, type, length, 0.1)];
    for (const up of [true, false]) {
      expect(Array.from(sortRows(keys, { userFields: user, ascending: up }, length))).toEqual(expectedOrder(keys, length, user, up));
    }
  });
});

describe('sorting', () => {
  it('goes by sequence number where those do not ascend with the rows', () => {
    const keys = [columnFromData(BIGINT, [1n, 1n, 1n, 0n])];
    expect(Array.from(sortRows(keys, { ...ascending, number: BigInt64Array.of(9n, 7n, 8n, 1n) }, 4))).toEqual([3, 1, 2, 0]);
  });

  it('tells long strings with long common beginnings apart', () => {
    const random = seededRandom(8);
    const data = Array.from({ length: 3000 }, () =>
      text(`https://example.org/${'x'.repeat(Math.floor(random.float() * 3) * 40)}${Math.floor(random.float() * 900)}`),
    );
    const keys = [columnFromData(STRING, data)];
    expect(Array.from(sortRows(keys, ascending, 3000))).toEqual(expectedOrder(keys, 3000));
  });

  it('finds close numbers beside far outliers', () => {
    const data = Array.from({ length: 2000 }, (_, i) => BigInt((i * 7919) % 2000));
    data[5] = 2n ** 63n - 1n;
    data[6] = -(2n ** 63n);
    const keys = [columnFromData(BIGINT, data)];
    expect(Array.from(sortRows(keys, ascending, 2000))).toEqual(expectedOrder(keys, 2000));
  });

  it('knows that a string is no shorter one with zero bytes', () => {
    const keys = [columnFromData(STRING, [text('a\0'), text('a'), text('a\0\0\0\0\0\0'), text(''), text('\0'), text('a\0\0\0\0\0')])];
    expect(Array.from(sortRows(keys, ascending, 6))).toEqual([3, 4, 1, 0, 5, 2]);
    expect(new Set(keyPrefix([columnFromData(STRING, [text('a\0'), text('a'), text(''), text('\0')])], 4).prefix).size).toBe(4);
  });

  it('keeps the last row of each key', () => {
    const keys = [columnFromData(BIGINT, [3n, 1n, 3n, 2n, 1n, 1n])];
    const order = sortRows(keys, ascending, 6);
    expect(Array.from(dedupSorted(keys, order))).toEqual([5, 3, 2]);
    expect(Array.from(dedupSorted(keys, new Uint32Array(0)))).toEqual([]);
  });
});
