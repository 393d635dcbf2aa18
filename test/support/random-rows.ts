/** Random rows of the door (types/value.ts) of any schema. */
import type { Random } from '../../src/base/random.js';
import type { DataField, DataType } from '../../src/types/data-type.js';
import type { SchemaSpec } from '../../src/types/schema-spec.js';
import { fromDatum } from '../../src/types/value.js';
import { randomDatum } from './random-columns.js';
import { integerBetween, pick } from './seeds.js';

/** A column of every type weir knows. */
export const ALL_TYPES: SchemaSpec = {
  bool: 'BOOLEAN',
  tiny: 'TINYINT',
  small: 'SMALLINT',
  int: 'INT NOT NULL',
  big: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  d9: 'DECIMAL(9, 2)',
  d38: 'DECIMAL(38, 10)',
  char: 'CHAR(7)',
  varchar: 'VARCHAR(60) NOT NULL',
  string: 'STRING',
  binary: 'BINARY(60)',
  bytes: 'BYTES',
  date: 'DATE',
  time: 'TIME(3)',
  ts0: 'TIMESTAMP(0)',
  ts3: 'TIMESTAMP(3)',
  ts6: 'TIMESTAMP(6)',
  ltz3: 'TIMESTAMP(3) WITH LOCAL TIME ZONE',
  ltz6: 'TIMESTAMP(6) WITH LOCAL TIME ZONE',
  array: 'ARRAY<BIGINT>',
  strings: 'ARRAY<ARRAY<STRING NOT NULL>>',
  map: 'MAP<STRING NOT NULL, DECIMAL(12, 3)>',
  mapOfRows: 'MAP<INT NOT NULL, ROW<a INT NOT NULL, b STRING>>',
  multiset: 'MULTISET<STRING NOT NULL>',
  row: 'ROW<x INT NOT NULL, y ROW<z BOOLEAN, ts TIMESTAMP(6)>, l ARRAY<DATE>>',
};

const CHARACTERS = ['a', 'B', '7', '"', '\\', '\n', '\u0000', 'é', '中', '😀', '퟿', ' '];

export function randomText(random: Random, codePoints: number): string {
  const length = integerBetween(random, 0, codePoints);
  const of = random.float() < 0.5 ? CHARACTERS.slice(0, 3) : CHARACTERS;
  return Array.from({ length }, () => pick(random, of)).join('');
}

export function randomValue(random: Random, type: DataType, nulls = 0.2): unknown {
  if (type.nullable && random.float() < nulls) return null;
  const length = integerBetween(random, 0, 4);
  switch (type.kind) {
    case 'CHAR':
    case 'VARCHAR':
      return randomText(random, Math.min(type.length, 60));
    case 'BINARY':
    case 'VARBINARY':
      return Uint8Array.from({ length: integerBetween(random, 0, Math.min(type.length, 60)) }, () => integerBetween(random, 0, 255));
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ': {
      const ticks = randomDatum(random, type, 0) as bigint;
      const granule = 10n ** BigInt((type.precision <= 3 ? 3 : type.precision <= 6 ? 6 : 9) - type.precision);
      return fromDatum(type, ticks - (ticks % granule));
    }
    case 'ARRAY':
      return Array.from({ length }, () => randomValue(random, type.element, nulls));
    case 'MULTISET':
      return new Map(Array.from({ length }, () => [randomValue(random, type.element, nulls), integerBetween(random, 1, 9)]));
    case 'MAP':
      return new Map(Array.from({ length }, () => [randomValue(random, type.key, nulls), randomValue(random, type.value, nulls)]));
    case 'ROW':
      return randomRow(random, type.fields, nulls);
    default:
      return fromDatum(type, randomDatum(random, type, 0));
  }
}

export function randomRow(random: Random, fields: readonly DataField[], nulls = 0.2): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field.name, randomValue(random, field.type, nulls)]));
}
