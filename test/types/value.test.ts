import { describe, expect, it } from 'vitest';
import { daysFromCivil, formatDays } from '../../src/types/civil.js';
import type { DataType } from '../../src/types/data-type.js';
import { formatDouble, formatFloat } from '../../src/types/float-text.js';
import { parseType } from '../../src/types/type-text.js';
import { fromDatum, toDatum } from '../../src/types/value.js';
import { datumFromText } from '../../src/types/value-text.js';
import { integerBetween, testRandom } from '../support/seeds.js';

const nullable = (text: string): DataType => parseType(text);

/** in, and what comes out again */
const GOOD: [type: string, value: unknown, datum: unknown, out?: unknown][] = [
  ['BOOLEAN', true, true],
  ['TINYINT', -128, -128],
  ['SMALLINT', 32767, 32767],
  ['INT', -2147483648, -2147483648],
  ['INT', 7n, 7, 7],
  ['INT', -0, 0, 0],
  ['BIGINT', 9223372036854775807n, 9223372036854775807n],
  ['BIGINT', -9007199254740991, -9007199254740991n, -9007199254740991n],
  ['BIGINT', '-9223372036854775808', -9223372036854775808n, -9223372036854775808n],
  ['BIGINT', '12.000', 12n, 12n],
  ['FLOAT', 0.1, Math.fround(0.1), Math.fround(0.1)],
  ['FLOAT', Number.NaN, Number.NaN],
  ['DOUBLE', -0, -0],
  ['DOUBLE', Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ['DECIMAL(10, 2)', '12.5', 1250n, '12.50'],
  ['DECIMAL(10, 2)', '-0.050000', -5n, '-0.05'],
  ['DECIMAL(10, 2)', 0.1, 10n, '0.10'],
  ['DECIMAL(10, 2)', -7, -700n, '-7.00'],
  ['DECIMAL(10, 2)', 3n, 300n, '3.00'],
  ['DECIMAL(10, 2)', '99999999.99', 9999999999n],
  ['DECIMAL(10, 2)', '1.5e3', 150000n, '1500.00'],
  ['DECIMAL(38, 10)', '-9999999999999999999999999999.9999999999', -(10n ** 38n - 1n)],
  ['DECIMAL(38, 38)', '0.00000000000000000000000000000000000001', 1n],
  ['DECIMAL(20, 0)', '00012345678901234567890', 12345678901234567890n, '12345678901234567890'],
  ['DATE', '1970-01-01', 0],
  ['DATE', '2024-02-29', 19782],
  ['DATE', new Date('2024-02-29T00:00:00Z'), 19782, '2024-02-29'],
  ['DATE', '0001-01-01', -719162],
  ['DATE', '0000-12-31', -719163],
  ['DATE', '-0044-03-15', -735525],
  ['DATE', '+12345-06-07', 3789548],
  ['TIME(3)', '23:59:59.999', 86399999],
  ['TIME(3)', '12:30', 45000000, '12:30:00.000'],
  ['TIME(3)', '12:30:15.1230000', 45015123, '12:30:15.123'],
  ['TIMESTAMP(6)', '2024-02-29T12:00:00.123456000', 1709208000123456n],
  ['TIMESTAMP(6)', '2024-02-29 12:00:00.12', 1709208000120000n, '2024-02-29T12:00:00.120000000'],
  ['TIMESTAMP(6)', '2024-02-29T12:00:00Z', 1709208000000000n, '2024-02-29T12:00:00.000000000'],
  ['TIMESTAMP(6)', '2024-02-29', 1709164800000000n, '2024-02-29T00:00:00.000000000'],
  ['TIMESTAMP(3)', new Date(-1), -1n, '1969-12-31T23:59:59.999000000'],
  ['TIMESTAMP(3)', '-292275055-05-16T16:47:04.192', -(2n ** 63n), '-292275055-05-16T16:47:04.192000000'],
  ['TIMESTAMP(3)', '+292278994-08-17T07:12:55.807', 2n ** 63n - 1n, '+292278994-08-17T07:12:55.807000000'],
  ['TIMESTAMP(6)', '+294247-01-10T04:00:54.775807000', 2n ** 63n - 1n],
  ['TIMESTAMP(0)', '2024-02-29T12:00:00.000', 1709208000000n, '2024-02-29T12:00:00.000000000'],
  ['TIMESTAMP(9)', '0001-01-01T00:00:00.000000001', -62135596799999999999n],
  ['TIMESTAMP(3) WITH LOCAL TIME ZONE', '2024-02-29T12:00:00.5+02:00', 1709200800500n, '2024-02-29T10:00:00.500000000Z'],
  ['TIMESTAMP(6) WITH LOCAL TIME ZONE', new Date(1500), 1500000n, '1970-01-01T00:00:01.500000000Z'],
  ['VARCHAR(2)', '😀é', new TextEncoder().encode('😀é')],
  ['CHAR(3)', '', new Uint8Array(0)],
  ['VARBINARY(3)', Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3)],
  ['STRING', null, null],
];

const BAD: [type: string, value: unknown][] = [
  ['BOOLEAN', 1],
  ['BOOLEAN', 'true'],
  ['TINYINT', 128],
  ['TINYINT', -129n],
  ['SMALLINT', 1.5],
  ['INT', 2147483648],
  ['INT', '7'],
  ['INT', Number.NaN],
  ['BIGINT', 2 ** 53],
  ['BIGINT', 1.5],
  ['BIGINT', 2n ** 63n],
  ['BIGINT', '9223372036854775808'],
  ['BIGINT', '1.5'],
  ['BIGINT', ''],
  ['BIGINT', '-'],
  ['BIGINT', '0x10'],
  ['BIGINT', true],
  ['FLOAT', 1e39],
  ['FLOAT', '1.5'],
  ['DOUBLE', '1.5'],
  ['DOUBLE', 2n ** 53n + 1n],
  ['DECIMAL(10, 2)', '1.005'],
  ['DECIMAL(10, 2)', '100000000.00'],
  ['DECIMAL(10, 2)', 0.1 + 0.2],
  ['DECIMAL(10, 2)', 1e23],
  ['DECIMAL(10, 2)', '.'],
  ['DECIMAL(10, 2)', '1.2.3'],
  ['DECIMAL(10, 2)', ' 1'],
  ['DECIMAL(10, 2)', Number.NaN],
  ['DECIMAL(38, 0)', '1e400000'],
  ['DECIMAL(38, 0)', '100000000000000000000000000000000000000'],
  ['DATE', '2023-02-29'],
  ['DATE', '2024-13-01'],
  ['DATE', '2024-1-1'],
  ['DATE', '20x4-01-01'],
  ['DATE', new Date(1)],
  ['DATE', new Date(Number.NaN)],
  ['DATE', 0],
  ['DATE', '+9999999-01-01'],
  ['TIME(3)', '24:00:00'],
  ['TIME(3)', '12:30:15.1234'],
  ['TIME(0)', '12:30:15.5'],
  ['TIMESTAMP(6)', '2024-02-29T12:00:00.1234567'],
  ['TIMESTAMP(6)', '2024-02-29T12:00:60'],
  ['TIMESTAMP(6)', '2024-02-30T12:00:00'],
  ['TIMESTAMP(6)', '2024-02-29T12:00:00.'],
  ['TIMESTAMP(6)', '2024-02-29T12:00:00,5'],
  ['TIMESTAMP(6)', '2024-02-29T12:00:00+02:00'],
  ['TIMESTAMP(6)', '+294248-01-10T04:00:54.775808'],
  ['TIMESTAMP(6)', 1709208000000],
  ['TIMESTAMP(0)', new Date(1)],
  ['TIMESTAMP(3)', '+292278994-08-17T07:12:55.808'],
  ['CHAR(3)', 'abcd'],
  ['VARCHAR(2)', '😀😀x'],
  ['STRING', 7],
  ['STRING', 'a\ud800'],
  ['BINARY(2)', Uint8Array.of(1, 2, 3)],
  ['BYTES', '00ff'],
  ['ARRAY<INT>', [1]],
];

describe('values at the door', () => {
  it.each(GOOD)('%s takes %o', (text, value, datum, out = value) => {
    const type = nullable(text);
    expect(toDatum(type, value)).toStrictEqual(datum);
    expect(fromDatum(type, toDatum(type, value))).toStrictEqual(out);
  });

  it.each(BAD)('%s refuses %o', (text, value) => {
    expect(() => toDatum(nullable(text), value)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('names value and type', () => {
    expect(() => toDatum(nullable('DECIMAL(10, 2)'), '1.005')).toThrow(/"1.005" is no DECIMAL\(10, 2\)/);
    expect(() => toDatum(nullable('TINYINT NOT NULL'), 200)).toThrow(/^200 is no TINYINT: out of range$/);
  });

  it('reads and writes random timestamps of every precision as the same text', () => {
    const random = testRandom();
    for (let i = 0; i < 500; i++) {
      const precision = integerBetween(random, 0, 9);
      const type: DataType = { kind: i % 2 === 0 ? 'TIMESTAMP' : 'TIMESTAMP_LTZ', nullable: true, precision };
      const digits = precision <= 3 ? 3 : precision <= 6 ? 6 : 9;
      const granule = 10n ** BigInt(digits - precision);
      const wide = (BigInt(integerBetween(random, 0, 2 ** 32 - 1)) << 32n) | BigInt(integerBetween(random, 0, 2 ** 32 - 1));
      const ticks = (BigInt.asIntN(64, wide) >> BigInt(integerBetween(random, 0, 40))) * granule;
      if (digits < 9 && BigInt.asIntN(64, ticks) !== ticks) continue;
      const text = fromDatum(type, ticks) as string;
      expect(toDatum(type, text), text).toBe(ticks);
      if (text.length === 29 && digits === 3) expect(text).toBe(`${new Date(Number(ticks)).toISOString().slice(0, -1)}000000`);
    }
  });

  it('agrees with Date on every day of 800 years', () => {
    const start = Date.UTC(1600, 0, 1) / 86400000;
    for (let days = start; days < start + 292194; days++) {
      const text = new Date(days * 86400000).toISOString().slice(0, 10);
      if (formatDays(days) !== text) expect(formatDays(days)).toBe(text);
      const back = daysFromCivil(Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8)));
      if (back !== days) expect(back, text).toBe(days);
    }
  });
});

describe('floating point text', () => {
  it.each([
    [10, '10.0'],
    [0.001, '0.001'],
    [0.0009, '9.0E-4'],
    [9999999, '9999999.0'],
    [1e7, '1.0E7'],
    [1.5e-10, '1.5E-10'],
    [-1.25e300, '-1.25E300'],
    [-0, '-0.0'],
    [0, '0.0'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ])('%d is %s', (value, text) => {
    expect(formatDouble(value)).toBe(text);
  });

  it.each([
    [0.1, '0.1'],
    [3.4028235e38, '3.4028235E38'],
    [1.17549435e-38, '1.1754944E-38'],
    [1e-45, '1.0E-45'],
    [16777216, '1.6777216E7'],
    [123456.79, '123456.79'],
  ])('float %d is %s', (value, text) => {
    expect(formatFloat(Math.fround(value))).toBe(text);
  });

  it('survives reading back', () => {
    const random = testRandom();
    const floats = new Float32Array(1);
    const bits = new Uint32Array(floats.buffer);
    for (let i = 0; i < 5000; i++) {
      bits[0] = integerBetween(random, 0, 2 ** 32 - 1);
      const value = floats[0]!;
      expect(Math.fround(Number(formatFloat(value)))).toBe(value);
    }
  });
});

describe('values as bare text', () => {
  it.each([
    ['BOOLEAN', 'TRUE', true],
    ['INT', '-12', -12],
    ['INT', '12.0', 12],
    ['BIGINT', '9007199254740993', 9007199254740993n],
    ['DOUBLE', '1.0E10', 1e10],
    ['DOUBLE', 'NaN', Number.NaN],
    ['DOUBLE', '-Infinity', Number.NEGATIVE_INFINITY],
    ['DOUBLE', '0.5', 0.5],
    ['DOUBLE', '0e0', 0],
    ['FLOAT', '.5', 0.5],
    ['BYTES', '00fF', Uint8Array.of(0, 255)],
    ['STRING', '', new Uint8Array(0)],
    ['DATE', '1970-01-02', 1],
  ])('%s from %o', (type, text, datum) => {
    expect(datumFromText(nullable(type), text)).toEqual(datum);
  });

  it.each([
    ['BOOLEAN', 'yes'],
    ['INT', ''],
    ['INT', '0x10'],
    ['INT', '1.5'],
    ['DOUBLE', ''],
    ['DOUBLE', ' 1'],
    ['DOUBLE', '0x10'],
    ['DOUBLE', '0b1'],
    ['DOUBLE', '1e400'],
    ['DOUBLE', 'infinity'],
    ['BYTES', '0'],
    ['BYTES', 'zz'],
  ])('%s not from %o', (type, text) => {
    expect(() => datumFromText(nullable(type), text)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
