import { describe, expect, it } from 'vitest';
import { hasCode } from '../../src/base/error.js';
import { seededRandom } from '../../src/base/random.js';
import { bucketOf, deserializeRow, EMPTY_ROW, hashRow, RowHasher, serializeRow } from '../../src/meta/binary-row.js';
import type { Column } from '../../src/types/column.js';
import type { DataType } from '../../src/types/data-type.js';
import type { Datum } from '../../src/types/datum.js';
import { columnFromData } from '../../src/types/datum.js';
import { parseType } from '../../src/types/type-text.js';

const text = (value: string) => new TextEncoder().encode(value);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const Z = '0000000000000000';

/** Vectors made by running Paimon's Java classes: type, value, row bytes after the arity, hash. */
const VECTORS: [string, Datum, string, number][] = [
  ['INT', 1, `${Z}0100000000000000`, 1465514398],
  ['BIGINT', 1n, `${Z}0100000000000000`, 1465514398],
  ['BOOLEAN', true, `${Z}0100000000000000`, 1465514398],
  ['INT', 42, `${Z}2a00000000000000`, 907821237],
  ['INT', -1, `${Z}ffffffff00000000`, 1133687267],
  ['INT', null, `0001000000000000${Z}`, -1748325344],
  ['BIGINT', 1234567890123n, `${Z}cb04fb711f010000`, -1873221036],
  ['BIGINT', -5n, `${Z}fbffffffffffffff`, -716660054],
  ['TINYINT', -2, `${Z}fe00000000000000`, 1831745471],
  ['SMALLINT', -2, `${Z}feff000000000000`, 557672611],
  ['FLOAT', 1.5, `${Z}0000c03f00000000`, -173842779],
  ['DOUBLE', 1.5, `${Z}000000000000f83f`, 1860889473],
  ['DATE', 19737, `${Z}194d000000000000`, -942671814],
  ['STRING', text(''), `${Z}0000000000000080`, 302122119],
  ['STRING', text('a'), `${Z}6100000000000081`, 943281246],
  ['STRING', text('abcdefg'), `${Z}6162636465666787`, -1431907323],
  ['STRING', text('abcdefgh'), `${Z}08000000100000006162636465666768`, -843760178],
  ['STRING', text('hello world!'), `${Z}0c0000001000000068656c6c6f20776f726c642100000000`, 609810467],
  ['STRING', text('é中'), `${Z}c3a9e4b8ad000085`, -1523287501],
  ['BYTES', Uint8Array.of(1, 2), `${Z}0102000000000082`, -308248439],
  ['TIMESTAMP(3)', 1700000000123n, `${Z}7b68e5cf8b010000`, -1285420957],
  ['TIMESTAMP(6)', 1700000000123456n, `${Z}40f50600100000007b68e5cf8b010000`, 1196670069],
  ['TIMESTAMP(6)', null, `00010000000000000000000010000000${Z}`, -340882661],
  ['DECIMAL(10, 2)', 12345n, `${Z}3930000000000000`, 767607022],
  ['DECIMAL(20, 2)', 12345n, `${Z}020000001000000030390000000000000000000000000000`, -118192725],
  ['DECIMAL(20, 2)', -12345n, `${Z}0200000010000000cfc70000000000000000000000000000`, -605613085],
  ['DECIMAL(20, 2)', null, `00010000000000000000000010000000${Z}${Z}`, -1380280760],
];

describe('BinaryRow', () => {
  it.each(VECTORS)('%s %s has the bytes and the hash Java gives', (typeText, value, expected, hash) => {
    const types = [parseType(typeText)];
    const row = serializeRow(types, [value]);
    expect(hex(row)).toBe(`00000001${expected}`);
    expect(hashRow(row)).toBe(hash);
    expect(deserializeRow(types, row)).toEqual([value]);
    expect([...new RowHasher(types).hashColumns([columnFromData(types[0]!, [value])], 1)]).toEqual([hash]);
  });

  it('has the empty row of twelve zero bytes', () => {
    expect(serializeRow([], [])).toEqual(EMPTY_ROW);
    expect(hashRow(EMPTY_ROW)).toBe(-1670924195);
  });

  it('puts several fields one after the other', () => {
    const types = [parseType('INT'), parseType('STRING'), parseType('BIGINT')];
    const first = serializeRow(types, [7, text('abc'), 9n]);
    expect(hex(first)).toBe(`00000003${Z}070000000000000061626300000000830900000000000000`);
    expect(hashRow(first)).toBe(-232396290);
    const second = serializeRow(types, [7, text('longstring'), null]);
    expect(hex(second)).toBe(`00000003000400000000000007000000000000000a00000020000000${Z}6c6f6e67737472696e67000000000000`);
    expect(hashRow(second)).toBe(-1074641444);
    expect(hex(serializeRow([parseType('INT'), parseType('STRING')], [1, null]))).toBe(
      `000000020002000000000000${'01'.padEnd(16, '0')}${Z}`,
    );
  });

  it('takes the bucket as the magnitude of the remainder', () => {
    expect([4, 5, 10, 100].map((n) => bucketOf(1465514398, n))).toEqual([2, 3, 8, 98]);
    expect(bucketOf(-2147483648, 3)).toBe(2);
  });

  it('hashes columns as it hashes rows, for every type, with nulls and wide rows', () => {
    const seed = 20240607;
    const random = seededRandom(seed);
    const int = (bits: number) => Math.floor((random.float() - 0.5) * 2 ** bits);
    const wide = () => BigInt.asIntN(64, (BigInt(int(32)) << 32n) ^ BigInt(int(32)));
    const bytes = () => Uint8Array.from({ length: Math.floor(random.float() * 20) }, () => Math.floor(random.float() * 256));
    const makers: [string, () => Datum][] = [
      ['BOOLEAN', () => random.float() < 0.5],
      ['TINYINT', () => int(8)],
      ['SMALLINT', () => int(16)],
      ['INT', () => int(32)],
      ['BIGINT', wide],
      ['FLOAT', () => Math.fround(random.float())],
      ['DOUBLE', () => random.float() * 1e100],
      ['DECIMAL(9, 2)', () => BigInt(int(29))],
      ['DECIMAL(38, 2)', () => wide() * 1000000007n],
      ['DATE', () => int(20)],
      ['TIME(3)', () => Math.abs(int(26))],
      ['TIMESTAMP(3)', wide],
      ['TIMESTAMP(6)', wide],
      ['TIMESTAMP(9)', () => wide() * 5n],
      ['TIMESTAMP(6) WITH LOCAL TIME ZONE', wide],
      ['STRING', bytes],
      ['BYTES', bytes],
    ];
    const rows = 40;
    for (const width of [1, 2, 5, 17, 60]) {
      const chosen = Array.from({ length: width }, (_, i) => makers[width === 17 ? i : Math.floor(random.float() * makers.length)]!);
      const types = chosen.map(([name]) => parseType(name));
      const data = chosen.map(([, make]) => Array.from({ length: rows }, () => (random.float() < 0.2 ? null : make())));
      const columns: Column[] = types.map((type, i) => columnFromData(type, data[i]!));
      const expected = Array.from({ length: rows }, (_, row) =>
        hashRow(
          serializeRow(
            types,
            data.map((each) => each[row]!),
          ),
        ),
      );
      expect([...new RowHasher(types).hashColumns(columns, rows)], `seed ${seed}, ${types.map((t) => t.kind)}`).toEqual(expected);
      for (let row = 0; row < rows; row++) {
        const values = data.map((each) => each[row]!);
        expect(deserializeRow(types, serializeRow(types, values))).toEqual(values);
      }
    }
  });

  it('refuses bytes that are no row of the types, naming the file', () => {
    const types: DataType[] = [parseType('STRING')];
    const row = serializeRow(types, [text('a longer string')]);
    const broken = [
      row.subarray(0, 9),
      row.subarray(0, row.length - 8),
      Uint8Array.from(row, (b, i) => (i === 3 ? 2 : b)),
      Uint8Array.from(row, (b, i) => (i === 4 ? 3 : b)),
    ];
    for (const bytes of broken) {
      try {
        deserializeRow(types, bytes, '/t/manifest/m');
        expect.unreachable();
      } catch (error) {
        expect(hasCode(error, 'CORRUPTION') && error.file).toBe('/t/manifest/m');
      }
    }
  });
});
