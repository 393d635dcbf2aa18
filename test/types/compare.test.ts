import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { compareRows, rowComparator } from '../../src/types/compare.js';
import { compareBytes, compareDatum, compareDoubles, datumAt } from '../../src/types/datum.js';
import { atomicTypes, nestedTypes, randomColumn } from '../support/random-columns.js';

describe('comparing rows', () => {
  it.each(atomicTypes.map((type) => [type.kind, type] as const))('%s agrees with comparing data', (_, type) => {
    const seed = 5;
    const random = seededRandom(seed);
    for (const nulls of [0, 0.2]) {
      const a = randomColumn(random, type, 24, nulls);
      const b = randomColumn(random, type, 24, nulls);
      const compare = rowComparator([a], [b]);
      for (let i = 0; i < 24; i++) {
        for (let j = 0; j < 24; j++) {
          const expected = compareDatum(type, datumAt(a, i), datumAt(b, j));
          if (Math.sign(compare(i, j)) !== expected) expect.fail(`seed ${seed}: rows ${i} and ${j}`);
          if (Math.sign(compareRows([a], i, [b], j)) !== expected) expect.fail(`seed ${seed}: rows ${i} and ${j}, compared once`);
        }
      }
    }
  });

  it('decides by the first column that differs', () => {
    const random = seededRandom(6);
    const [x, y, z] = [atomicTypes[0]!, atomicTypes[1]!, atomicTypes[14]!].map((type) => randomColumn(random, type, 80, 0.1));
    const columns = [x!, x!, y!, z!];
    const compare = rowComparator(columns, columns);
    for (let i = 0; i < 80; i++) {
      for (let j = 0; j < 80; j++) {
        const orders = columns.map((column) => compareDatum(column.type, datumAt(column, i), datumAt(column, j)));
        const expected = orders.find((order) => order !== 0) ?? 0;
        if (Math.sign(compare(i, j)) !== expected) expect.fail(`rows ${i} and ${j}`);
      }
    }
  });

  it('has no order for nested values', () => {
    const column = randomColumn(seededRandom(1), nestedTypes[0]!, 2);
    expect(() => rowComparator([column], [column])).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('single values', () => {
  it('orders floating point as Double.compare', () => {
    const order = [-Infinity, -1, -0, 0, 1, Infinity, Number.NaN];
    for (let i = 0; i < order.length; i++) {
      for (let j = 0; j < order.length; j++) expect(compareDoubles(order[i]!, order[j]!)).toBe(Math.sign(i - j));
    }
  });

  it('orders bytes unsigned, a prefix first', () => {
    const bytes = (...of: number[]) => Uint8Array.from(of);
    expect(compareBytes(bytes(0x7f), bytes(0x80))).toBe(-1);
    expect(compareBytes(bytes(1), bytes(1, 0))).toBe(-1);
    expect(compareBytes(bytes(1, 2), bytes(1, 2))).toBe(0);
    expect(compareBytes(bytes(), bytes())).toBe(0);
  });
});
