import { expect, it } from 'vitest';
import { parseType } from '../../src/types/type-text.js';
import { canonicalLines, orderByKey } from './lines.js';

const field = (name: string, type: string) => ({ id: 0, name, type: parseType(type) });

it('compares floats by value and everything else by text', () => {
  const fields = [field('f', 'FLOAT'), field('n', 'ROW<d DOUBLE, s STRING>'), field('m', 'MAP<STRING, ARRAY<DOUBLE>>')];
  const line = (f: string, d: string, s: string) => JSON.stringify({ f, n: { d, s }, m: [['k', [d, null]]] });
  const [java, ours, other, negative] = canonicalLines(
    [line('1.0E10', '2.0E-3', 'x'), line('10000000000', '0.002', 'x'), line('1.0E10', '2.0E-3', 'y'), line('-0.0', '-0.0', 'x')],
    fields,
  );
  expect(java).toBe(ours);
  expect(java).not.toBe(other);
  expect(negative).not.toBe(canonicalLines([line('0.0', '0.0', 'x')], fields)[0]);
});

it('keeps the order of the changes of one key', () => {
  const lines = ['{"_kind":"-U","k":2}', '{"_kind":"+I","k":1}', '{"_kind":"+U","k":2}'];
  expect(orderByKey(lines, ['k'])).toEqual(['{"_kind":"+I","k":1}', '{"_kind":"-U","k":2}', '{"_kind":"+U","k":2}']);
});
