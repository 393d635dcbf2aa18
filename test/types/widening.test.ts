import { expect, it } from 'vitest';
import type { DataType } from '../../src/types/data-type.js';
import { compareDatum, type Datum } from '../../src/types/datum.js';
import { parseType } from '../../src/types/type-text.js';
import { widening } from '../../src/types/widening.js';

const between = (from: string, to: string) => widening(parseType(from), parseType(to));

it.each<[string, string, Datum[], Datum[]]>([
  ['TINYINT', 'INT', [-128, 127, null], [-128, 127, null]],
  ['INT', 'BIGINT', [-(2 ** 31), 2 ** 31 - 1, null], [-(2n ** 31n), 2n ** 31n - 1n, null]],
  ['SMALLINT NOT NULL', 'BIGINT', [-7], [-7n]],
  ['FLOAT', 'DOUBLE', [0.5, Number.NaN], [0.5, Number.NaN]],
  ['DECIMAL(5, 2)', 'DECIMAL(30, 2)', [-150n], [-150n]],
  ['VARCHAR(3)', 'STRING', [Buffer.from('abc')], [Buffer.from('abc')]],
  ['VARBINARY(3)', 'BYTES', [Buffer.from('abc')], [Buffer.from('abc')]],
  ['DATE', 'DATE NOT NULL', [7], [7]],
])('%s widens into %s, and keeps the order', (from, to, values, wanted) => {
  const widen = between(from, to)!;
  expect(values.map(widen)).toEqual(wanted);
  const type: DataType = parseType(to);
  for (let i = 1; i < values.length && values[i] !== null; i++)
    expect(compareDatum(type, widen(values[i - 1]!), widen(values[i]!))).toBe(-1);
});

it.each([
  ['BIGINT', 'INT'],
  ['INT', 'DOUBLE'],
  ['INT', 'STRING'],
  ['DOUBLE', 'FLOAT'],
  ['DECIMAL(5, 2)', 'DECIMAL(6, 3)'],
  ['DECIMAL(5, 2)', 'DECIMAL(4, 2)'],
  ['STRING', 'VARCHAR(3)'],
  ['VARCHAR(3)', 'VARBINARY(3)'],
  ['CHAR(3)', 'VARCHAR(5)'],
  ['TIMESTAMP(3)', 'TIMESTAMP(6)'],
])('%s does not widen into %s', (from, to) => {
  expect(between(from, to)).toBeUndefined();
});
