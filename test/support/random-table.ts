/** Random schemas and rows for the property tests, in the canonical form in which weir gives values back. */
import type { Random } from '../../src/index.js';

export type Value = unknown;
export type Row = Record<string, Value>;

export interface Dice extends Random {
  int(bound: number): number;
  pick<T>(items: readonly T[]): T;
  chance(share: number): boolean;
}

export function dice(random: Random): Dice {
  const int = (bound: number) => Math.floor(random.float() * bound);
  return { ...random, int, pick: (items) => items[int(items.length)]!, chance: (share) => random.float() < share };
}

const WORDS = ['', 'a', 'Z', 'zebra', 'weir', 'weir-long-enough-to-leave-the-slot', 'é中', '\u{1F600}x', 'a\0b', "it's", 'x'.repeat(200)];

/** A value of a type (flat or nested text), never null. `keys` asks for few distinct values. */
export function randomValue(type: string, d: Dice, keys = false): Value {
  const nested = /^(ARRAY|MAP|ROW)/.exec(type);
  if (nested !== null) {
    if (type === 'ARRAY<INT>') return Array.from({ length: d.int(4) }, () => (d.chance(0.2) ? null : d.int(100)));
    if (type === 'MAP<STRING, BIGINT>')
      return new Map(Array.from({ length: d.int(3) }, (_, i) => [`k${i}`, d.chance(0.2) ? null : BigInt(d.int(1000))]));
    return { x: d.chance(0.2) ? null : d.int(50), y: d.chance(0.2) ? null : d.pick(WORDS) };
  }
  const kind = /^[A-Z_]+/.exec(type)![0];
  switch (kind) {
    case 'BOOLEAN':
      return d.chance(0.5);
    case 'TINYINT':
      return d.int(keys ? 40 : 256) - (keys ? 20 : 128);
    case 'SMALLINT':
      return d.int(keys ? 60 : 65536) - (keys ? 30 : 32768);
    case 'INT':
      return keys ? d.int(80) - 40 : d.int(2 ** 31) - 2 ** 30;
    case 'BIGINT':
      return keys
        ? BigInt(d.int(80) - 40) * (d.chance(0.1) ? 2n ** 55n : 1n)
        : BigInt(d.int(2 ** 31)) * 2n ** 32n + BigInt(d.int(2 ** 31)) - 2n ** 61n;
    case 'FLOAT':
      return Math.fround(d.int(1000) / 8 - 60);
    case 'DOUBLE':
      return keys ? d.int(60) / 4 - 7 : d.pick([d.float() * 1e9 - 5e8, Number.NaN, Number.POSITIVE_INFINITY, -0, 0]);
    case 'DECIMAL': {
      const digits = String(d.int(keys ? 50 : 1_000_000)).padStart(3, '0');
      return `${d.chance(0.3) && Number(digits) !== 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
    }
    case 'STRING':
      return keys ? d.pick(WORDS) + d.int(8) : d.pick(WORDS);
    case 'BYTES':
      return Uint8Array.from({ length: d.int(12) }, () => d.int(256));
    case 'DATE':
      return `${1900 + d.int(200)}-0${1 + d.int(9)}-1${d.int(9)}`;
    case 'TIME':
      return `1${d.int(9)}:0${d.int(9)}:5${d.int(9)}.${String(d.int(1000)).padStart(3, '0')}`;
    case 'TIMESTAMP':
      return `${1900 + d.int(keys ? 20 : 200)}-0${1 + d.int(keys ? 2 : 9)}-11T01:02:03.${String(d.int(keys ? 2 : 1000)).padStart(3, '0')}000000`;
    default:
      throw new Error(`no random value for ${type}`);
  }
}

export const KEY_TYPES = [
  'TINYINT',
  'SMALLINT',
  'INT',
  'BIGINT',
  'STRING',
  'DATE',
  'TIMESTAMP(3)',
  'DECIMAL(10, 2)',
  'BOOLEAN',
  'DOUBLE',
] as const;
export const VALUE_TYPES = [
  'BOOLEAN', 'TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'FLOAT', 'DOUBLE', 'DECIMAL(10, 2)', 'DECIMAL(30, 2)', 'STRING', 'BYTES', 'DATE', 'TIME(3)', 'TIMESTAMP(3)', 'TIMESTAMP(6)',
  'ARRAY<INT>', 'MAP<STRING, BIGINT>', 'ROW<x INT, y STRING>',
] as const; // biome-ignore format: a list of types

/** One text for equal values, whatever their class. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'bigint') return `${item}n`;
    if (item instanceof Uint8Array) return `hex:${Buffer.from(item).toString('hex')}`;
    if (item instanceof Map) return [...item].map((entry) => canonical(entry)).sort();
    if (typeof item === 'number' && (!Number.isFinite(item) || Object.is(item, -0))) return Object.is(item, -0) ? '-0' : String(item);
    return item;
  });
}
