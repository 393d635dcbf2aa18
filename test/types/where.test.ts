import { describe, expect, it } from 'vitest';
import type { DataField } from '../../src/types/data-type.js';
import {
  and,
  between,
  bindPredicate,
  eq,
  ge,
  gt,
  isIn,
  isNotNull,
  isNull,
  le,
  lt,
  ne,
  not,
  or,
  type Predicate,
  startsWith,
} from '../../src/types/predicate.js';
import { parseType } from '../../src/types/type-text.js';
import { parseWhere } from '../../src/types/where.js';

const TYPES: Record<string, string> = {
  a: 'INT',
  l: 'BIGINT',
  d: 'DOUBLE',
  n: 'DECIMAL(10, 2)',
  s: 'STRING',
  flag: 'BOOLEAN',
  date: 'DATE',
  ts: 'TIMESTAMP(3)',
  x: 'BYTES',
  'a b': 'INT',
  'say "hi"': 'INT',
  r: 'ROW<p INT>',
  Größe: 'INT',
};
const FIELDS: DataField[] = Object.entries(TYPES).map(([name, type], id) => ({ id, name, type: parseType(type) }));

describe('parseWhere', () => {
  it.each<[string, Predicate]>([
    ['a = 1', eq('a', 1n)],
    ['a == 1', eq('a', 1n)],
    ['a<>1', ne('a', 1n)],
    ['a != -1', ne('a', -1n)],
    ['a <= 1', le('a', 1n)],
    ['a >= +1', ge('a', 1n)],
    ['3 < a', gt('a', 3n)],
    ['3 >= a', le('a', 3n)],
    ["'x' = s", eq('s', 'x')],
    ['A > 3.5', gt('a', 3.5)],
    ["a = '12'", eq('a', 12n)],
    ['l > 9223372036854775807', gt('l', '9223372036854775807')],
    ['n < .5', lt('n', '.5')],
    ['d > 1e3', gt('d', 1000)],
    ["d = 'NaN'", eq('d', Number.NaN)],
    ["s = 'it''s'", eq('s', "it's")],
    ["s IN ('x', 'y')", isIn('s', ['x', 'y'])],
    ["s not in ('x', NULL)", not(isIn('s', ['x', null]))],
    ['a BETWEEN 1 AND 3 AND a <> 2', and(between('a', 1n, 3n), ne('a', 2n))],
    ['a NOT BETWEEN 1 AND 3', not(between('a', 1n, 3n))],
    ['s IS NULL', isNull('s')],
    ['s Is Not Null', isNotNull('s')],
    ['r IS NULL', isNull('r')],
    ["s LIKE 'x%'", startsWith('s', 'x')],
    ["s LIKE '%'", startsWith('s', '')],
    ["s LIKE 'x'", eq('s', 'x')],
    ["s NOT LIKE 'x%%'", not(startsWith('s', 'x'))],
    ['a = 1 OR a = 2 AND NOT a = 3', or(eq('a', 1n), and(eq('a', 2n), not(eq('a', 3n))))],
    ['(a = 1 OR a = 2) AND ((a) > 3)', and(or(eq('a', 1n), eq('a', 2n)), gt('a', 3n))],
    ['NOT NOT (a = 1)', not(not(eq('a', 1n)))],
    ['"a b" = 1 AND "say ""hi""" = 2', and(eq('a b', 1n), eq('say "hi"', 2n))],
    ['größe = 1', eq('Größe', 1n)],
    ['flag', eq('flag', true)],
    ['NOT flag AND TRUE', and(not(eq('flag', true)), and())],
    ['flag = false', eq('flag', false)],
    ["date >= DATE '2024-02-29'", ge('date', '2024-02-29')],
    ["date = '2024-02-29'", eq('date', '2024-02-29')],
    ["ts < TIMESTAMP '2024-02-29 10:00:00'", lt('ts', '2024-02-29 10:00:00')],
    ["x = 'a\\xFF'", eq('x', Uint8Array.of(0x61, 0xff))],
    ['a = NULL', eq('a', null)],
    ['\n a\t=\n1 ', eq('a', 1n)],
  ])('%s', (text, expected) => {
    const predicate = parseWhere(text, FIELDS);
    expect(predicate).toEqual(expected);
    bindPredicate(predicate, FIELDS);
  });

  it.each<[string, number]>([
    ['', 1],
    ['a', 1],
    ['a = ', 5],
    ['a = 1 b', 7],
    ['a = 1 AND', 10],
    ['a + 1 = 2', 3],
    ['a = 1 + 1', 7],
    ['a * 2 = 2', 3],
    ['a = l', 3],
    ['1 = 1', 3],
    ['lower(s) = 1', 1],
    ['r.p = 1', 2],
    ["r['p'] = 1", 2],
    ['a::BIGINT = 1', 2],
    ["s LIKE '%x'", 8],
    ["s LIKE 'x_'", 8],
    ["s ILIKE 'x%'", 3],
    ["s = 'x", 5],
    ['(a = 1', 7],
    ['a = 1)', 6],
    ['a IN (l)', 7],
    ['a IN ()', 7],
    ['a IS DISTINCT FROM 1', 6],
    ['1 IS NULL', 3],
    ['a = 5x', 5],
    ['a = 1; b', 6],
    ['CASE a', 1],
    ['a NOT 1', 3],
  ])('refuses %j as UNSUPPORTED at %i', (text, position) => {
    const error: unknown = expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining(`position ${position} `) });
    expect(() => parseWhere(text, FIELDS)).toThrow(error as Error);
  });

  it.each(['z = 1', '"z" = 1', "a = 'one'", 'a = TRUE', 's = 5', 'flag = 3', "a = DATE '2024-01-01'", 'r = 1'])(
    'refuses %s as INVALID_ARGUMENT',
    (text) => {
      expect(() => parseWhere(text, FIELDS)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    },
  );

  it('tells columns apart that differ by case only', () => {
    const fields = ['v', 'V'].map((name, id) => ({ id, name, type: parseType('INT') }));
    expect(parseWhere('V = 1', fields)).toEqual(eq('V', 1n));
    expect(parseWhere('v = 1', fields)).toEqual(eq('v', 1n));
    expect(() => parseWhere('w = 1', fields)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('bounds the depth, not the length', () => {
    expect(() => parseWhere(`${'('.repeat(5000)}a = 1${')'.repeat(5000)}`, FIELDS)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
    const long = Array.from({ length: 20000 }, (_, i) => `a = ${i}`).join(' OR ');
    expect(bindPredicate(parseWhere(long, FIELDS), FIELDS)).toMatchObject({ op: 'in' });
  });
});
