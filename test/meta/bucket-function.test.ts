import { describe, expect, it } from 'vitest';
import { bucketOf, hashRow, serializeRow } from '../../src/meta/binary-row.js';
import { bucketsOf } from '../../src/meta/bucket-function.js';
import { columnFromData, type Datum } from '../../src/types/datum.js';
import { parseType } from '../../src/types/type-text.js';

const utf8 = (text: string) => new TextEncoder().encode(text);
const buckets = (functionType: string, columns: [string, Datum[]][], count: number) => {
  const types = columns.map(([type]) => parseType(type));
  return [
    ...bucketsOf(
      functionType,
      columns.map(([, data], i) => columnFromData(types[i]!, data)),
      types,
      columns[0]![1].length,
      count,
    ),
  ];
};

describe('buckets', () => {
  it('by default are hashes of rows', () => {
    expect(buckets('default', [['INT', [1]]], 100)).toEqual([98]);
    const names = ['', 'a', 'a longer name', 'é中'];
    const types = [parseType('STRING'), parseType('INT')];
    const expected = names.map((name, i) => bucketOf(hashRow(serializeRow(types, [utf8(name), i])), 7));
    expect(
      buckets(
        'default',
        [
          ['STRING', names.map(utf8)],
          ['INT', names.map((_, i) => i)],
        ],
        7,
      ),
    ).toEqual(expected);
    expect(buckets('default', [['STRING', names.map(utf8)]], 1)).toEqual([0, 0, 0, 0]);
  });

  it('by mod are never negative', () => {
    expect(buckets('mod', [['INT', [7, -7, 0, -2147483648]]], 5)).toEqual([2, 3, 0, 2]);
    expect(buckets('mod', [['BIGINT', [9223372036854775807n, -1n]]], 10)).toEqual([7, 9]);
    for (const columns of [
      [['STRING', [utf8('a')]]],
      [
        ['INT', [1]],
        ['INT', [1]],
      ],
      [['INT', [null]]],
    ] as [string, Datum[]][][]) {
      expect(() => buckets('mod', columns, 5)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    }
  });

  it('by hive are polynomials of hash codes', () => {
    const hash = (type: string, value: Datum) => buckets('hive', [[type, [value]]], 2147483647)[0];
    expect(hash('INT', 42)).toBe(42);
    expect(hash('BOOLEAN', true)).toBe(1);
    expect(hash('BIGINT', (5n << 32n) | 3n)).toBe(6);
    expect(hash('STRING', utf8('abc'))).toBe(96354);
    expect(hash('INT', null)).toBe(0);
    expect(hash('DOUBLE', -0)).toBe(0);
    expect(hash('FLOAT', 1)).toBe(0x3f800000);
    // new BigDecimal("1.25").hashCode() == 31 * 125 + 2, and 1.250 is the same after stripping zeros
    expect(hash('DECIMAL(10, 2)', 125n)).toBe(3877);
    expect(hash('DECIMAL(10, 3)', 1250n)).toBe(3877);
    expect(hash('DECIMAL(10, 2)', 0n)).toBe(0);
    expect(
      buckets(
        'hive',
        [
          ['INT', [1]],
          ['STRING', [utf8('a')]],
        ],
        1000,
      ),
    ).toEqual([31 + 97]);
    expect(buckets('hive', [['INT', [-1]]], 1000)).toEqual([2147483647 % 1000]);
    expect(() => hash('TIMESTAMP(3)', 1n)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
    expect(() => buckets('other', [['INT', [1]]], 2)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  });
});
