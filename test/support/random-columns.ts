/** Random columns of any type, and columns as plain nested arrays, for tests of the kernels. */
import type { Random } from '../../src/base/random.js';
import { bitmapBytes, setBit } from '../../src/types/bitmap.js';
import { type Column, isValid } from '../../src/types/column.js';
import type { DataType } from '../../src/types/data-type.js';
import { columnFromData, type Datum, datumAt } from '../../src/types/datum.js';

export const atomicTypes: DataType[] = [
  { kind: 'BOOLEAN', nullable: true },
  { kind: 'TINYINT', nullable: true },
  { kind: 'SMALLINT', nullable: true },
  { kind: 'INT', nullable: true },
  { kind: 'BIGINT', nullable: true },
  { kind: 'FLOAT', nullable: true },
  { kind: 'DOUBLE', nullable: true },
  { kind: 'DATE', nullable: true },
  { kind: 'TIME', precision: 3, nullable: true },
  { kind: 'TIMESTAMP', precision: 3, nullable: true },
  { kind: 'TIMESTAMP_LTZ', precision: 6, nullable: true },
  { kind: 'TIMESTAMP', precision: 9, nullable: true },
  { kind: 'DECIMAL', precision: 9, scale: 2, nullable: true },
  { kind: 'DECIMAL', precision: 38, scale: 10, nullable: true },
  { kind: 'CHAR', length: 3, nullable: true },
  { kind: 'VARCHAR', length: 2147483647, nullable: true },
  { kind: 'VARBINARY', length: 2147483647, nullable: true },
];

const INT: DataType = { kind: 'INT', nullable: true };
const STRING: DataType = { kind: 'VARCHAR', length: 2147483647, nullable: true };
export const nestedTypes: DataType[] = [
  { kind: 'ARRAY', element: STRING, nullable: true },
  { kind: 'MAP', key: { ...STRING, nullable: false }, value: { kind: 'DOUBLE', nullable: true }, nullable: true },
  { kind: 'MULTISET', element: { ...STRING, nullable: false }, nullable: true },
  {
    kind: 'ROW',
    nullable: true,
    fields: [
      { id: 1, name: 'a', type: INT },
      {
        id: 2,
        name: 'b',
        type: { kind: 'ARRAY', element: { kind: 'ROW', nullable: true, fields: [{ id: 3, name: 'c', type: STRING }] }, nullable: true },
      },
    ],
  },
];

const int = (random: Random, low: number, high: number) => low + Math.floor(random.float() * (high - low + 1));
const pick = <T>(random: Random, of: readonly T[]): T => of[Math.floor(random.float() * of.length)]!;

/** A few values are likely to come again and the extremes of the type are among them. */
export function randomDatum(random: Random, type: DataType, nulls = 0.2): Datum {
  if (type.nullable && random.float() < nulls) return null;
  switch (type.kind) {
    case 'BOOLEAN':
      return random.float() < 0.5;
    case 'TINYINT':
      return int(random, -128, 127);
    case 'SMALLINT':
      return pick(random, [-32768, 32767, int(random, -9, 9), int(random, -32768, 32767)]);
    case 'INT':
    case 'DATE':
      return pick(random, [-2147483648, 2147483647, int(random, -9, 9), int(random, -2147483648, 2147483647)]);
    case 'TIME':
      return int(random, 0, 86399999);
    case 'FLOAT':
      return pick(random, [
        Number.NaN,
        Infinity,
        -Infinity,
        0,
        -0,
        Math.fround(random.float() * 8 - 4),
        Math.fround(random.float() * 1e30),
      ]);
    case 'DOUBLE':
      return pick(random, [Number.NaN, Infinity, -Infinity, 0, -0, random.float() * 8 - 4, random.float() * 1e300, Number.MIN_VALUE]);
    case 'BIGINT':
      return randomLong(random);
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return type.precision > 6 ? randomLong(random) * 7n : randomLong(random);
    case 'DECIMAL':
      return type.precision > 18
        ? randomLong(random) * BigInt(int(random, -3, 3)) * 1_000_000_007n
        : randomLong(random) % 10n ** BigInt(type.precision);
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY': {
      const length = pick(random, [0, 1, 2, 6, 7, 12, int(random, 0, 60)]);
      const alphabet = [0, 1, 97, 98, 255];
      return Uint8Array.from({ length }, () => (random.float() < 0.8 ? pick(random, alphabet) : int(random, 0, 255)));
    }
    default:
      throw new Error(`no datum of ${type.kind}`);
  }
}

function randomLong(random: Random): bigint {
  return pick(random, [
    -(2n ** 63n),
    2n ** 63n - 1n,
    BigInt(int(random, -9, 9)),
    BigInt(int(random, -1e9, 1e9)),
    2n ** 53n + BigInt(int(random, -3, 3)),
    -(2n ** 53n) + BigInt(int(random, -3, 3)),
    BigInt.asIntN(64, (BigInt(int(random, 0, 2 ** 32 - 1)) << 32n) | BigInt(int(random, 0, 2 ** 32 - 1))),
  ]);
}

export function randomColumn(random: Random, type: DataType, length: number, nulls = 0.2): Column {
  if (type.kind !== 'ARRAY' && type.kind !== 'MAP' && type.kind !== 'MULTISET' && type.kind !== 'ROW') {
    return columnFromData(
      type,
      Array.from({ length }, () => randomDatum(random, type, nulls)),
    );
  }
  let validity: Uint8Array | null = null;
  if (type.nullable && nulls > 0) {
    validity = new Uint8Array(bitmapBytes(length));
    for (let i = 0; i < length; i++) if (random.float() >= nulls) setBit(validity, i);
  }
  if (type.kind === 'ROW') {
    const children = type.fields.map((field) => randomColumn(random, field.type, length, nulls));
    return { type, length, validity, values: undefined, offsets: undefined, children };
  }
  // offsets start above zero: a column may be a window over a longer child
  const offsets = new Int32Array(length + 1);
  offsets[0] = 2;
  for (let i = 0; i < length; i++) offsets[i + 1] = offsets[i]! + int(random, 0, 4);
  const inner = offsets[length]!;
  const types: DataType[] =
    type.kind === 'ARRAY'
      ? [type.element]
      : type.kind === 'MAP'
        ? [type.key, type.value]
        : [type.element, { kind: 'INT', nullable: false }];
  return { type, length, validity, values: undefined, offsets, children: types.map((child) => randomColumn(random, child, inner, nulls)) };
}

/** The column as JavaScript data: bytes as latin1 text, -0 and NaN as such, nested values as arrays. */
export function plain(column: Column): unknown[] {
  return Array.from({ length: column.length }, (_, row) => plainValue(column, row));
}

export function plainValue(column: Column, row: number): unknown {
  if (!isValid(column, row)) return null;
  if (column.children !== undefined) {
    if (column.offsets === undefined) return column.children.map((child) => plainValue(child, row));
    const items: unknown[] = [];
    for (let i = column.offsets[row]!; i < column.offsets[row + 1]!; i++) items.push(column.children.map((child) => plainValue(child, i)));
    return items;
  }
  const datum = datumAt(column, row);
  return datum instanceof Uint8Array ? Buffer.from(datum).toString('latin1') : datum;
}
