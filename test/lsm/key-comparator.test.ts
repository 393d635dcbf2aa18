import { expect, it } from 'vitest';
import { keyComparator } from '../../src/lsm/key-comparator.js';
import { serializeRow } from '../../src/meta/binary-row.js';
import type { DataType } from '../../src/types/data-type.js';

it('compares serialized keys by their values', () => {
  const types: DataType[] = [
    { kind: 'VARCHAR', length: 20, nullable: false },
    { kind: 'BIGINT', nullable: true },
  ];
  const key = (text: string, number: bigint | null) => serializeRow(types, [new TextEncoder().encode(text), number]);
  const compare = keyComparator(types);
  const ascending = [key('a', null), key('a', -5n), key('a', 2n ** 60n), key('a somewhat longer text', -1n), key('é', 0n)];
  for (let i = 0; i < ascending.length; i++) {
    for (let j = 0; j < ascending.length; j++) expect(compare(ascending[i]!, ascending[j]!)).toBe(Math.sign(i - j));
  }
  expect(compare(key('a', 1n), key('a', 1n))).toBe(0);
});
