import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { canCast, castColumn } from '../../src/types/cast.js';
import type { Batch, Column } from '../../src/types/column.js';
import type { DataField, DataType } from '../../src/types/data-type.js';
import { columnFromData, type Datum, datumAt } from '../../src/types/datum.js';
import { encodeJsonLines, JsonLineDecoder } from '../../src/types/json-line.js';
import { BatchBuilder } from '../../src/types/row-builder.js';
import { rowsOf } from '../../src/types/row-reader.js';
import { fieldFromJson } from '../../src/types/type-json.js';
import { parseType } from '../../src/types/type-text.js';
import { canonicalLines } from '../golden/lines.js';
import { goldenTables } from '../support/golden.js';
import { drawSeeds } from '../support/seeds.js';

function columnOf(type: string, values: readonly unknown[]): Column {
  const builder = new BatchBuilder([{ id: 0, name: 'v', type: parseType(type) }]);
  for (const value of values) builder.push({ v: value });
  return builder.finish().columns[0]!;
}

function valuesOf(column: Column): unknown[] {
  const fields: DataField[] = [{ id: 0, name: 'v', type: column.type }];
  return rowsOf({ fields, columns: [column], length: column.length }).map((row) => row.v);
}

function cast(from: string, values: readonly unknown[], to: string): unknown[] {
  const column = castColumn(columnOf(from, values), parseType(to));
  expect(column.type).toEqual(parseType(to));
  expect(column.length).toBe(values.length);
  return valuesOf(column);
}

const MAX = 9223372036854775807n;
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('castColumn', () => {
  it.each<[string, string, [unknown, unknown][]]>([
    [
      'INT',
      'TINYINT',
      [
        [383, 127],
        [-129, 127],
        [5, 5],
      ],
    ],
    [
      'INT',
      'BIGINT',
      [
        [-7, -7n],
        [2147483647, 2147483647n],
      ],
    ],
    [
      'BIGINT',
      'INT',
      [
        [2n ** 32n + 5n, 5],
        [-1n, -1],
        [2n ** 31n, -2147483648],
      ],
    ],
    ['BIGINT', 'SMALLINT', [[65537n, 1]]],
    [
      'BIGINT',
      'DOUBLE',
      [
        [MAX, 2 ** 63],
        [-3n, -3],
        [2n ** 53n + 1n, 2 ** 53],
      ],
    ],
    [
      'BIGINT',
      'FLOAT',
      [
        [MAX, 2 ** 63],
        [9007199791611905n, 9007200328482816],
        [-9007199791611905n, -9007200328482816],
        [9007199791611904n, 9007199254740992],
      ],
    ],
    ['SMALLINT', 'FLOAT', [[-3, -3]]],
    [
      'FLOAT',
      'DOUBLE',
      [
        [0.1, Math.fround(0.1)],
        [Number.NaN, Number.NaN],
      ],
    ],
    [
      'DOUBLE',
      'FLOAT',
      [
        [0.1, Math.fround(0.1)],
        [1e300, Number.POSITIVE_INFINITY],
      ],
    ],
    [
      'DOUBLE',
      'INT',
      [
        [1e20, 2147483647],
        [-1e20, -2147483648],
        [Number.NaN, 0],
        [-3.9, -3],
        [-0, 0],
      ],
    ],
    [
      'DOUBLE',
      'TINYINT',
      [
        [1e20, -1],
        [300.5, 44],
      ],
    ],
    [
      'DOUBLE',
      'BIGINT',
      [
        [1e20, MAX],
        [-1e20, -MAX - 1n],
        [Number.NaN, 0n],
        [-3.9, -3n],
        [2 ** 62, 2n ** 62n],
        [-(2 ** 40) - 0.5, -(2n ** 40n)],
      ],
    ],
    [
      'BOOLEAN',
      'INT',
      [
        [true, 1],
        [false, 0],
      ],
    ],
    ['BOOLEAN', 'BIGINT', [[true, 1n]]],
    ['BOOLEAN', 'DOUBLE', [[true, 1]]],
    ['BOOLEAN', 'DECIMAL(3, 2)', [[true, '1.00']]],
    [
      'BOOLEAN',
      'DECIMAL(2, 2)',
      [
        [true, null],
        [false, '0.00'],
      ],
    ],
    [
      'INT',
      'BOOLEAN',
      [
        [0, false],
        [-3, true],
      ],
    ],
    [
      'BIGINT',
      'BOOLEAN',
      [
        [0n, false],
        [2n ** 40n, true],
      ],
    ],
    [
      'INT',
      'DECIMAL(8, 2)',
      [
        [999999, '999999.00'],
        [1000000, null],
        [-1000000, null],
        [-5, '-5.00'],
      ],
    ],
    [
      'BIGINT',
      'DECIMAL(38, 10)',
      [
        [MAX, '9223372036854775807.0000000000'],
        [-1n, '-1.0000000000'],
      ],
    ],
    [
      'DOUBLE',
      'DECIMAL(8, 2)',
      [
        [1.005, '1.01'],
        [-1.005, '-1.01'],
        [0.125, '0.13'],
        [1e9, null],
        [1e-300, '0.00'],
        [999999.994, '999999.99'],
        [999999.995, null],
      ],
    ],
    ['FLOAT', 'DECIMAL(20, 10)', [[0.1, '0.1000000015']]],
    ['DECIMAL(10, 2)', 'DECIMAL(14, 4)', [['-12.34', '-12.3400']]],
    [
      'DECIMAL(10, 4)',
      'DECIMAL(10, 2)',
      [
        ['1.2350', '1.24'],
        ['-1.2350', '-1.24'],
        ['1.2349', '1.23'],
      ],
    ],
    [
      'DECIMAL(38, 0)',
      'DECIMAL(38, 2)',
      [
        ['99999999999999999999999999999999999999', null],
        ['-123456789012345678901234567890123456', '-123456789012345678901234567890123456.00'],
      ],
    ],
    [
      'DECIMAL(10, 2)',
      'DECIMAL(3, 2)',
      [
        ['9.99', '9.99'],
        ['10.00', null],
      ],
    ],
    [
      'DECIMAL(10, 2)',
      'BIGINT',
      [
        ['-7.99', -7n],
        ['99999999.99', 99999999n],
      ],
    ],
    [
      'DECIMAL(38, 2)',
      'BIGINT',
      [
        ['100000000000000000000.00', 7766279631452241920n],
        ['-9223372036854775808.99', -MAX - 1n],
      ],
    ],
    [
      'DECIMAL(12, 2)',
      'TINYINT',
      [
        ['383.50', 127],
        ['4294967297.00', 1],
      ],
    ],
    ['DECIMAL(10, 2)', 'DOUBLE', [['-0.10', -0.1]]],
    ['DECIMAL(38, 10)', 'DOUBLE', [['1234567890123456789.0123456789', Number('1234567890123456789.0123456789')]]],
    ['DECIMAL(10, 4)', 'FLOAT', [['1.2346', Math.fround(1.2346)]]],
    ['INT', 'STRING', [[-12, '-12']]],
    [
      'BIGINT',
      'STRING',
      [
        [-MAX - 1n, '-9223372036854775808'],
        [7n, '7'],
      ],
    ],
    ['BIGINT', 'VARCHAR(3)', [[12345n, '123']]],
    ['INT', 'CHAR(4)', [[12, '12  ']]],
    [
      'FLOAT',
      'STRING',
      [
        [1e10, '1.0E10'],
        [0.1, '0.1'],
        [-0, '-0.0'],
        [1.23e-5, '1.23E-5'],
        [Number.NaN, 'NaN'],
      ],
    ],
    [
      'DOUBLE',
      'STRING',
      [
        [1e7, '1.0E7'],
        [9999999, '9999999.0'],
        [1e-3, '0.001'],
        [Number.NEGATIVE_INFINITY, '-Infinity'],
        [1e21, '1.0E21'],
      ],
    ],
    [
      'DECIMAL(20, 3)',
      'STRING',
      [
        ['-0.005', '-0.005'],
        ['12345678901234567.000', '12345678901234567.000'],
      ],
    ],
    ['BOOLEAN', 'CHAR(5)', [[true, 'true ']]],
    ['DATE', 'STRING', [['2024-02-29', '2024-02-29']]],
    [
      'TIME(3)',
      'STRING',
      [
        ['10:47:02.873', '10:47:02.873'],
        ['17:05:40.050', '17:05:40.05'],
        ['01:02:03.000', '01:02:03.0'],
      ],
    ],
    ['TIME(0)', 'STRING', [['01:02:03.000', '01:02:03']]],
    [
      'TIMESTAMP(3)',
      'STRING',
      [
        ['2024-02-29T10:00:00.020', '2024-02-29 10:00:00.020'],
        ['1969-12-31T23:59:59.999', '1969-12-31 23:59:59.999'],
      ],
    ],
    ['TIMESTAMP(0)', 'STRING', [['2024-02-29T10:00:00', '2024-02-29 10:00:00']]],
    ['TIMESTAMP(6)', 'STRING', [['1960-01-01T00:00:00.000001', '1960-01-01 00:00:00.000001']]],
    [
      'VARCHAR(20)',
      'VARCHAR(3)',
      [
        ['a😀ßx', 'a😀ß'],
        ['ab', 'ab'],
        ['', ''],
      ],
    ],
    [
      'VARCHAR(20)',
      'CHAR(3)',
      [
        ['a😀ßx', 'a😀ß'],
        ['a', 'a  '],
      ],
    ],
    [
      'STRING',
      'BINARY(2)',
      [
        ['abc', bytes(97, 98)],
        ['a', bytes(97, 0)],
      ],
    ],
    [
      'BYTES',
      'BINARY(2)',
      [
        [bytes(1, 2, 3), bytes(1, 2)],
        [bytes(), bytes(0, 0)],
      ],
    ],
    [
      'BYTES',
      'VARBINARY(2)',
      [
        [bytes(1, 2, 3), bytes(1, 2)],
        [bytes(9), bytes(9)],
      ],
    ],
    ['BYTES', 'STRING', [[bytes(0x62, 0x75), 'bu']]],
    [
      'STRING',
      'BOOLEAN',
      [
        ['T', true],
        ['yes', true],
        ['0', false],
        ['No', false],
      ],
    ],
    [
      'STRING',
      'TINYINT',
      [
        ['-128', -128],
        ['+7.9', 7],
        ['.', 0],
      ],
    ],
    [
      'STRING',
      'INT',
      [
        ['-73', -73],
        ['250.99', 250],
        ['-0.5', 0],
        ['007', 7],
      ],
    ],
    ['STRING', 'BIGINT', [['-9223372036854775808', -MAX - 1n]]],
    [
      'STRING',
      'DOUBLE',
      [
        [' 1.5e3 ', 1500],
        ['NaN', Number.NaN],
        ['-Infinity', Number.NEGATIVE_INFINITY],
        ['.5d', 0.5],
        ['-0', -0],
      ],
    ],
    [
      'STRING',
      'FLOAT',
      [
        ['0.1', Math.fround(0.1)],
        ['1.00000017881393432617187499', 1.0000001192092896],
        ['1.00000017881393432617187500', 1.000000238418579],
      ],
    ],
    [
      'STRING',
      'DECIMAL(5, 2)',
      [
        ['1.235', '1.24'],
        ['1e2', '100.00'],
        ['1000', null],
        ['-.5', '-0.50'],
        ['1E-99999', '0.00'],
      ],
    ],
    [
      'STRING',
      'DATE',
      [
        ['2024-2-9', '2024-02-09'],
        ['2024-02-29 10:00', '2024-02-29'],
        ['2024', '1975-07-18'],
        [' 2024', '2024-01-01'],
        ['2024-3', '2024-03-01'],
        ['1', '1970-01-02'],
        ['-1', '1969-12-31'],
      ],
    ],
    [
      'STRING',
      'TIME(3)',
      [
        ['9:5', '09:05:00.000'],
        ['09:30:00.1239', '09:30:00.124'],
        ['1000', '00:00:01.000'],
        ['10:00:00+02:30', '12:30:00.000'],
        ['10:00-1', '09:00:00.000'],
      ],
    ],
    [
      'STRING',
      'TIMESTAMP(3)',
      [
        ['2017-12-12 09:30:00.0', '2017-12-12T09:30:00.000000000'],
        ['2017-2-3', '2017-02-03T00:00:00.000000000'],
        ['2017-02-31 1:2:3', '2017-02-28T01:02:03.000000000'],
        ['2017-12-31 24:00:00', '2018-01-01T00:00:00.000000000'],
        ['2017-12-12T09:30', '2017-12-12T09:30:00.000000000'],
        ['1960-01-01 00:00:00.123999', '1960-01-01T00:00:00.123000000'],
        ['1234', '1970-01-01T00:00:01.234000000'],
      ],
    ],
    ['STRING', 'TIMESTAMP(6)', [['1234', '1970-01-01T00:00:00.001234000']]],
    ['STRING', 'TIMESTAMP(0)', [['12', '1970-01-01T00:00:12.000000000']]],
    [
      'TIMESTAMP(3)',
      'TIMESTAMP(6)',
      [
        ['1969-12-31T23:59:59.999', '1969-12-31T23:59:59.999000000'],
        ['9999-12-31T23:59:59.999', '9999-12-31T23:59:59.999000000'],
      ],
    ],
    [
      'TIMESTAMP(6)',
      'TIMESTAMP(3)',
      [
        ['2024-01-01T00:00:00.123999', '2024-01-01T00:00:00.123000000'],
        ['1969-12-31T23:59:59.999999', '1969-12-31T23:59:59.999000000'],
      ],
    ],
    ['TIMESTAMP(6)', 'TIMESTAMP(4)', [['1969-12-31T23:59:59.999999', '1969-12-31T23:59:59.999900000']]],
    [
      'TIMESTAMP(3)',
      'TIMESTAMP(0)',
      [
        ['2024-01-01T00:00:01.999', '2024-01-01T00:00:01.000000000'],
        ['1969-12-31T23:59:58.500', '1969-12-31T23:59:59.000000000'],
      ],
    ],
    ['TIMESTAMP(3)', 'TIMESTAMP(9)', [['1969-12-31T23:59:59.999', '1969-12-31T23:59:59.999000000']]],
    [
      'TIMESTAMP(6)',
      'DATE',
      [
        ['1969-12-31T23:59:59.999999', '1969-12-31'],
        ['2024-02-29T00:00:00', '2024-02-29'],
      ],
    ],
    ['TIMESTAMP(6)', 'TIME(3)', [['1969-12-31T23:59:59.999999', '23:59:59.999']]],
    [
      'TIMESTAMP(3)',
      'BIGINT',
      [
        ['2024-07-25T09:12:28.999', 1721898748n],
        ['1969-12-31T23:59:58.500', -1n],
      ],
    ],
    ['TIMESTAMP(3)', 'INT', [['2106-02-07T06:28:17', 1]]],
    ['DATE', 'TIMESTAMP(3)', [['1969-12-31', '1969-12-31T00:00:00.000000000']]],
    ['DATE', 'TIMESTAMP(9)', [['2024-02-29', '2024-02-29T00:00:00.000000000']]],
    ['TIME(3)', 'TIMESTAMP(3)', [['10:00:00.5', '1970-01-01T10:00:00.500000000']]],
    ['BIGINT', 'TIMESTAMP(3)', [[1721898748n, '2024-07-25T09:12:28.000000000']]],
    ['INT', 'TIMESTAMP(6)', [[-1, '1969-12-31T23:59:59.000000000']]],
    [
      'ARRAY<INT>',
      'ARRAY<BIGINT>',
      [
        [
          [1, null, 3],
          [1n, null, 3n],
        ],
        [[], []],
      ],
    ],
    [
      'ARRAY<STRING>',
      'STRING',
      [
        [['a', null, 'b'], '[a, null, b]'],
        [[], '[]'],
      ],
    ],
    [
      'MAP<STRING, INT>',
      'MAP<STRING, STRING>',
      [
        [
          new Map([
            ['k', 1],
            ['l', null],
          ]),
          new Map([
            ['k', '1'],
            ['l', null],
          ]),
        ],
      ],
    ],
    [
      'MAP<STRING, INT>',
      'STRING',
      [
        [
          new Map([
            ['k', 1],
            ['l', null],
          ]),
          '{k -> 1, l -> null}',
        ],
        [new Map(), '{}'],
      ],
    ],
    [
      'ROW<a INT, b ARRAY<DATE>>',
      'STRING',
      [
        [{ a: 1, b: ['2024-01-01', null] }, '{1, [2024-01-01, null]}'],
        [{ a: null, b: null }, '{null, null}'],
      ],
    ],
    [
      'ROW<a INT, b STRING>',
      'ROW<b STRING, c DOUBLE, a BIGINT>',
      [
        [
          { a: 1, b: 'x' },
          { b: 'x', c: null, a: 1n },
        ],
      ],
    ],
    [
      'ARRAY<ROW<a INT>>',
      'ARRAY<ROW<a STRING>>',
      [
        [
          [{ a: 5 }, null],
          [{ a: '5' }, null],
        ],
      ],
    ],
  ])('%s to %s', (from, to, pairs) => {
    // a missing value on either side of every pair, so that validity is never left out
    const values = pairs.flatMap(([value]) => [value, null]);
    expect(cast(from, values, to)).toEqual(pairs.flatMap(([, expected]) => [expected, null]));
    expect(
      cast(
        from,
        pairs.map(([value]) => value),
        to,
      ),
    ).toEqual(pairs.map(([, expected]) => expected));
  });

  it.each([
    ['STRING', ' 1', 'INT'],
    ['STRING', '', 'INT'],
    ['STRING', '-', 'BIGINT'],
    ['STRING', '128', 'TINYINT'],
    ['STRING', '2147483648', 'INT'],
    ['STRING', '1e3', 'INT'],
    ['STRING', '0x10', 'DOUBLE'],
    ['STRING', 'tru', 'BOOLEAN'],
    ['STRING', '1 ', 'DECIMAL(5, 2)'],
    ['STRING', '2023-02-29', 'DATE'],
    ['STRING', 'now', 'TIMESTAMP(3)'],
    ['STRING', '12', 'TIMESTAMP(2)'],
    ['STRING', '2024-01-01 25:00:00', 'TIMESTAMP(3)'],
    ['STRING', 'noon', 'TIME(0)'],
    ['DOUBLE', Number.NaN, 'DECIMAL(5, 2)'],
  ])('fails the read of %s %j as %s', (from, value, to) => {
    expect(() => cast(from, [null, value], to)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('does not look at what stands under a missing value', () => {
    const child = columnOf('STRING', ['', '7', 'x']);
    const row = columnOf('ROW<a STRING>', [null, { a: '7' }, null]);
    const hidden: Column = { ...row, children: [{ ...child, validity: null }] };
    expect(valuesOf(castColumn(hidden, parseType('ROW<a INT>')))).toEqual([null, { a: 7 }, null]);
  });

  it.each([
    ['VARCHAR(5)', 'STRING'],
    ['STRING', 'VARCHAR(5)'],
    ['DECIMAL(10, 2)', 'DECIMAL(38, 2)'],
    ['TIMESTAMP(1)', 'TIMESTAMP(3)'],
    ['VARBINARY(3)', 'BYTES'],
    ['INT', 'INT NOT NULL'],
  ])('shares the elements from %s to %s', (from, to) => {
    const value = from.startsWith('DEC')
      ? '1.5'
      : from.startsWith('TIM')
        ? '2024-01-01'
        : from.startsWith('VARB')
          ? bytes(1)
          : from === 'INT'
            ? 1
            : 'abc';
    const column = columnOf(from, [value]);
    expect(castColumn(column, parseType(to)).values).toBe(column.values);
  });

  it('finds fields of a row by id', () => {
    const int: DataType = { kind: 'INT', nullable: true };
    const row = columnOf('ROW<a INT, b INT>', [{ a: 1, b: 2 }]);
    const from: DataType = {
      kind: 'ROW',
      nullable: true,
      fields: [
        { id: 3, name: 'a', type: int },
        { id: 4, name: 'b', type: int },
      ],
    };
    const to: DataType = {
      kind: 'ROW',
      nullable: true,
      fields: [
        { id: 4, name: 'a', type: int },
        { id: 9, name: 'b', type: int },
      ],
    };
    expect(valuesOf(castColumn({ ...row, type: from }, to))).toEqual([{ a: 2, b: null }]);
  });
});

describe('the local time zone', () => {
  // the zone is the process's, so the truth is asked of Date
  const instants = ['2024-01-15T12:34:56.789', '2024-07-15T00:00:00.001', '1969-12-31T23:59:59.999', '1900-01-01T00:00:00'];
  const wall = (instant: string): string => {
    const date = new Date(`${instant}Z`);
    const shifted = new Date(
      Date.UTC(
        date.getFullYear(),
        date.getMonth(),
        date.getDate(),
        date.getHours(),
        date.getMinutes(),
        date.getSeconds(),
        date.getMilliseconds(),
      ),
    );
    return shifted.toISOString().slice(0, -1);
  };

  it('is that of local zoned timestamps', () => {
    const zoned = instants.map((instant) => `${instant}Z`);
    const plain = (text: unknown): string => (text as string).slice(0, 23);
    expect(cast('TIMESTAMP_LTZ(3)', zoned, 'TIMESTAMP(3)').map(plain)).toEqual(instants.map(wall));
    expect(cast('TIMESTAMP_LTZ(3)', zoned, 'DATE')).toEqual(instants.map((instant) => wall(instant).slice(0, 10)));
    expect(cast('TIMESTAMP_LTZ(3)', zoned, 'TIME(3)')).toEqual(instants.map((instant) => wall(instant).slice(11)));
    expect(cast('TIMESTAMP_LTZ(3)', zoned, 'STRING')).toEqual(instants.map((instant) => wall(instant).replace('T', ' ')));
    expect(cast('TIMESTAMP_LTZ(3)', zoned, 'BIGINT')).toEqual(
      instants.map((instant) => BigInt(Math.trunc(Date.parse(`${instant}Z`) / 1000))),
    );
  });

  it('comes back from the wall clock', () => {
    const back = castColumn(
      castColumn(columnOf('TIMESTAMP_LTZ(6)', ['2024-01-15T12:34:56.789123Z']), parseType('TIMESTAMP(6)')),
      parseType('TIMESTAMP_LTZ(6)'),
    );
    expect(valuesOf(back)).toEqual(['2024-01-15T12:34:56.789123000Z']);
    const midnight = new Date(2024, 6, 1).getTime();
    const column = castColumn(columnOf('DATE', ['2024-07-01']), parseType('TIMESTAMP_LTZ(3)'));
    expect(datumAt(column, 0)).toBe(BigInt(midnight));
    expect(datumAt(castColumn(columnOf('STRING', ['2024-07-01 00:00:00']), parseType('TIMESTAMP_LTZ(3)')), 0)).toBe(BigInt(midnight));
  });
});

describe('canCast', () => {
  it.each([
    ['INT', 'BIGINT', 'implicit'],
    ['BIGINT', 'INT', 'explicit'],
    ['INT', 'INT NOT NULL', 'explicit'],
    ['INT NOT NULL', 'BIGINT', 'implicit'],
    ['INT', 'DECIMAL(5, 2)', 'implicit'],
    ['DECIMAL(5, 2)', 'INT', 'explicit'],
    ['DECIMAL(5, 2)', 'DOUBLE', 'implicit'],
    ['VARCHAR(20)', 'VARCHAR(5)', 'implicit'],
    ['VARCHAR(20)', 'CHAR(5)', 'explicit'],
    ['CHAR(3)', 'STRING', 'implicit'],
    ['INT', 'VARCHAR(3)', 'explicit'],
    ['DATE', 'STRING', 'explicit'],
    ['DATE', 'VARCHAR(20)', 'none'],
    ['DATE NOT NULL', 'STRING NOT NULL', 'none'],
    ['TIMESTAMP(6)', 'TIMESTAMP(3)', 'implicit'],
    ['TIMESTAMP(6)', 'TIMESTAMP_LTZ(3)', 'implicit'],
    ['TIMESTAMP(6)', 'DATE', 'implicit'],
    ['TIMESTAMP_LTZ(6)', 'DATE', 'explicit'],
    ['TIMESTAMP(6)', 'DOUBLE', 'none'],
    ['TIMESTAMP(6)', 'INT', 'explicit'],
    ['SMALLINT', 'TIMESTAMP(3)', 'none'],
    ['TIME(3)', 'TIME(0)', 'none'],
    ['TIME(3)', 'DATE', 'none'],
    ['DOUBLE', 'BOOLEAN', 'none'],
    ['BOOLEAN', 'DATE', 'none'],
    ['STRING', 'BYTES', 'explicit'],
    ['BYTES', 'INT', 'none'],
    ['BINARY(3)', 'VARBINARY(5)', 'implicit'],
    ['VARBINARY(5)', 'BINARY(3)', 'explicit'],
    ['STRING', 'ARRAY<INT>', 'none'],
    ['ARRAY<INT>', 'STRING', 'explicit'],
    ['MULTISET<INT>', 'STRING', 'none'],
    ['ARRAY<INT>', 'ARRAY<BIGINT>', 'implicit'],
    ['ARRAY<BIGINT>', 'ARRAY<INT>', 'explicit'],
    ['ARRAY<DATE>', 'ARRAY<INT>', 'none'],
    ['MAP<INT, INT>', 'MAP<BIGINT, INT>', 'none'],
    ['ROW<a INT>', 'ROW<b STRING, a BIGINT>', 'implicit'],
    ['ROW<a INT>', 'ROW<a BOOLEAN>', 'explicit'],
    ['VARIANT', 'STRING', 'none'],
    ['VARIANT', 'VARIANT', 'implicit'],
  ] as const)('%s to %s is %s', (from, to, expected) => {
    expect(canCast(parseType(from), parseType(to))).toBe(expected);
  });

  it('says none for what castColumn refuses, and for nothing else', () => {
    const types = [
      'BOOLEAN',
      'TINYINT',
      'SMALLINT',
      'INT',
      'BIGINT',
      'FLOAT',
      'DOUBLE',
      'DECIMAL(20, 2)',
      'CHAR(2)',
      'STRING',
      'BINARY(2)',
      'BYTES',
      'DATE',
      'TIME(3)',
      'TIMESTAMP(3)',
      'TIMESTAMP(9)',
      'TIMESTAMP_LTZ(6)',
      'ARRAY<INT>',
      'MAP<INT, INT>',
      'ROW<a INT>',
      'MULTISET<INT>',
    ];
    for (const from of types) {
      for (const to of types) {
        const attempt = (): unknown => castColumn(columnOf(from, [null, null]), parseType(to));
        if (canCast(parseType(from), parseType(to)) === 'none')
          expect(attempt, `${from} to ${to}`).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
        else expect(valuesOf(attempt() as Column), `${from} to ${to}`).toEqual([null, null]);
      }
    }
  });
});

describe('random values', () => {
  const NARROW: Record<string, number> = { TINYINT: 8, SMALLINT: 16, INT: 32, BIGINT: 64 };

  it.each(drawSeeds(3))('follow the rules computed with big integers (seed %i)', (seed) => {
    const { float } = seededRandom(seed);
    const integer = (bits: number): bigint =>
      BigInt.asIntN(
        Math.min(bits, 1 + Math.floor(float() * bits)),
        BigInt(Math.floor(float() * 2 ** 53)) * BigInt(Math.floor(float() * 2 ** 53)),
      );
    const run = (from: string, to: string, value: bigint | number): Datum => {
      const type = parseType(from);
      const wide = type.kind === 'BIGINT' || type.kind === 'DECIMAL' || type.kind === 'TIMESTAMP';
      return datumAt(castColumn(columnFromData(type, [null, wide ? value : Number(value)]), parseType(to)), 1);
    };
    for (let i = 0; i < 300; i++) {
      for (const from of Object.keys(NARROW)) {
        const value = integer(NARROW[from]!);
        for (const to of Object.keys(NARROW))
          expect(BigInt(run(from, to, value) as number | bigint), `${from} ${value} to ${to}`).toBe(BigInt.asIntN(NARROW[to]!, value));
        expect(run(from, 'DOUBLE', value), `${value}`).toBe(Number(value));
        const [precision, scale] = [1 + Math.floor(float() * 38), Math.floor(float() * 10)];
        if (scale > precision) continue;
        const scaled = value * 10n ** BigInt(scale);
        const fits = String(scaled).replace('-', '').length <= precision;
        expect(run(from, `DECIMAL(${precision}, ${scale})`, value), `${from} ${value} to DECIMAL(${precision}, ${scale})`).toBe(
          fits ? scaled : null,
        );
      }
      const unscaled = integer(120) % 10n ** 30n;
      const up = Math.floor(float() * 8);
      const down = Math.floor(float() * 8);
      expect(run('DECIMAL(30, 8)', `DECIMAL(38, ${8 + up})`, unscaled)).toBe(unscaled * 10n ** BigInt(up));
      const divisor = 10n ** BigInt(down);
      const half = unscaled < 0n ? -(divisor / 2n) : divisor / 2n;
      expect(run('DECIMAL(30, 8)', `DECIMAL(38, ${8 - down})`, unscaled), `${unscaled} by 10^${down}`).toBe((unscaled + half) / divisor);
      expect(run('DECIMAL(30, 8)', 'BIGINT', unscaled)).toBe(BigInt.asIntN(64, unscaled / 10n ** 8n));
      const ms = integer(53);
      expect(run('TIMESTAMP(3)', 'TIMESTAMP(6)', ms)).toBe(ms * 1000n);
      expect(run('TIMESTAMP(6)', 'TIMESTAMP(3)', ms)).toBe((ms - (((ms % 1000n) + 1000n) % 1000n)) / 1000n);
      const double = (float() - 0.5) * 10 ** (float() * 20);
      expect(run('DOUBLE', 'BIGINT', double)).toBe(
        Math.abs(double) >= 2 ** 63 ? (double < 0 ? -MAX - 1n : MAX) : BigInt(Math.trunc(double)),
      );
      const text = castColumn(columnFromData(parseType('DOUBLE'), [double]), parseType('STRING'));
      expect(datumAt(castColumn(text, parseType('DOUBLE')), 0)).toBe(double);
    }
  });
});

describe('tables that Java evolved', () => {
  // rows of the first snapshot, as they were written and as Java reads them through the latest schema
  it.each(goldenTables(/^evolve_/).map((table) => [table.name, table] as const))('%s', (_name, table) => {
    const schemas = readdirSync(join(table.path, 'schema')).sort((a, b) => Number(a.slice(7)) - Number(b.slice(7)));
    const fieldsOf = (file: string): DataField[] => {
      const json = JSON.parse(readFileSync(join(table.path, 'schema', file), 'utf8')) as { fields: unknown[] };
      return json.fields.map(fieldFromJson);
    };
    const oldFields = fieldsOf(schemas[0]!);
    const newFields = fieldsOf(schemas.at(-1)!);
    const decoder = new JsonLineDecoder(oldFields);
    for (const line of table.expected('snapshot-1.jsonl')) decoder.push(line);
    const { batch } = decoder.finish();
    const row: Column = {
      type: { kind: 'ROW', nullable: true, fields: oldFields },
      length: batch.length,
      validity: null,
      values: undefined,
      offsets: undefined,
      children: batch.columns,
    };
    const evolved = castColumn(row, { kind: 'ROW', nullable: true, fields: newFields });
    const result: Batch = { fields: newFields, columns: evolved.children!, length: batch.length };
    const lines = encodeJsonLines(result).split('\n').slice(0, -1);
    const expected = table.expected('changes-0-1.jsonl').map((line) => line.replace('"_kind":"+I",', ''));
    expect(canonicalLines(lines, newFields).sort()).toEqual(canonicalLines(expected, newFields).sort());
  });
});
