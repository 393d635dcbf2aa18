/**
 * Random rows as the golden files write them (JSON, every type exact), so that what is expected of a table never went
 * through weir: the edges of every type first, then anything.
 */
import type { DataField, DataType } from '../../../src/types/data-type.js';
import type { Dice } from '../../support/random-table.js';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type GoldenRow = { [column: string]: Json };

const TEXTS = [
  '',
  ' ',
  'a',
  'Z',
  'weir',
  'é中',
  '\u{1F600}x',
  'a\u0000b',
  'tab\tline\n',
  `"quoted" \\ it's`,
  '\u2028\ud7ff\uffee',
  'x'.repeat(300),
];
const INTEGER_BITS = { TINYINT: 8, SMALLINT: 16, INT: 32, BIGINT: 64 } as const;
const FLOAT_EDGES = ['NaN', 'Infinity', '-Infinity', '-0.0', '0.0', '1.4E-45', '3.4028235E38', '-1.17549435E-38'];
const DOUBLE_EDGES = ['NaN', 'Infinity', '-Infinity', '-0.0', '0.0', '4.9E-324', '1.7976931348623157E308', '-2.2250738585072014E-308'];
const DATE_EDGES = ['1970-01-01', '1969-12-31', '0001-01-01', '1582-10-15', '2000-02-29', '9999-12-31'];
const EDGE_SHARE = 0.15;
const NULL_SHARE = 0.12;
const KEY_VALUES = 40;

/** A row of these columns; a nullable one is null now and then. */
export function goldenRow(fields: readonly DataField[], d: Dice, keys: ReadonlySet<string> = new Set()): GoldenRow {
  return Object.fromEntries(fields.map(({ name, type }) => [name, keys.has(name) ? goldenKey(type, d) : goldenValue(type, d)]));
}

/** A value or null. */
export function goldenValue(type: DataType, d: Dice): Json {
  return type.nullable && d.chance(NULL_SHARE) ? null : present(type, d);
}

/** One of few values, none of which has two spellings (no NaN, no signed zero). */
export function goldenKey(type: DataType, d: Dice): Json {
  const n = d.int(KEY_VALUES);
  switch (type.kind) {
    case 'BOOLEAN':
      return n % 2 === 0;
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
      return n - KEY_VALUES / 2;
    case 'BIGINT':
      return String(BigInt(n - KEY_VALUES / 2) * 3_000_000_019n);
    case 'FLOAT':
    case 'DOUBLE':
      return javaDouble(n / 4 - 3);
    case 'DECIMAL':
      return decimalText(BigInt(n - KEY_VALUES / 2) * 10n ** BigInt(type.precision - 2), type.scale);
    case 'CHAR':
    case 'VARCHAR':
      return (TEXTS[n % 6]! + n).slice(0, type.length);
    case 'BINARY':
    case 'VARBINARY':
      return Buffer.alloc(Math.min(type.length, 12), n * 5).toString('hex');
    case 'DATE':
      return `20${10 + n}-02-1${n % 10}`;
    case 'TIME':
      return `0${n % 10}:${10 + n}:00.${type.precision === 0 ? '000' : String(n * 7).padStart(3, '0')}`;
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return timestampText(`19${50 + n}-03-01T00:00:0${n % 10}`, BigInt(n) * 7_000_000n, type);
    default:
      throw new Error(`no key has the type ${type.kind}`);
  }
}

function present(type: DataType, d: Dice): Json {
  const edge = d.chance(EDGE_SHARE);
  switch (type.kind) {
    case 'BOOLEAN':
      return d.chance(0.5);
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'BIGINT': {
      const bits = INTEGER_BITS[type.kind];
      const low = -(2n ** BigInt(bits - 1));
      const value = edge ? d.pick([low, -low - 1n, 0n, -1n]) : BigInt.asIntN(bits, randomBits(d));
      return type.kind === 'BIGINT' ? String(value) : Number(value);
    }
    case 'FLOAT':
      return edge ? d.pick(FLOAT_EDGES) : javaDouble(Math.fround((d.float() - 0.5) * 10 ** d.int(9)));
    case 'DOUBLE':
      return edge ? d.pick(DOUBLE_EDGES) : javaDouble((d.float() - 0.5) * 10 ** d.int(18));
    case 'DECIMAL': {
      const limit = 10n ** BigInt(type.precision);
      const random = (randomBits(d) * randomBits(d)) % limit;
      return decimalText(edge ? d.pick([limit - 1n, 1n - limit, 0n, 1n, -1n]) : random, type.scale);
    }
    case 'CHAR':
    case 'VARCHAR':
      return type.length > 100 ? d.pick(TEXTS) + (edge ? '' : d.int(1000)) : d.pick(['', 'é中', 'abcde', 'x y z']).slice(0, type.length);
    case 'BINARY':
      return randomHex(type.length, d);
    case 'VARBINARY':
      return randomHex(d.int(Math.min(type.length, 20) + 1), d);
    case 'DATE':
      return edge ? d.pick(DATE_EDGES) : dateText(d);
    case 'TIME':
      return edge ? d.pick(['00:00:00.000', type.precision === 0 ? '23:59:59.000' : '23:59:59.999']) : timeText(d, type.precision);
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ': {
      const date = edge ? d.pick(DATE_EDGES) : dateText(d);
      return timestampText(`${date}T${timeText(d, 0).slice(0, 8)}`, BigInt(d.int(1_000_000_000)), type);
    }
    case 'ARRAY':
      return Array.from({ length: d.int(4) }, () => goldenValue(type.element, d));
    case 'MULTISET':
      return entries(type.element, d, () => 1 + d.int(5));
    case 'MAP':
      return entries(type.key, d, () => goldenValue(type.value, d));
    case 'ROW':
      return goldenRow(type.fields, d);
    default:
      throw new Error(`no value for ${type.text}`);
  }
}

/** Pairs with different keys, in the encoding's order: by the JSON text of the key, in UTF-16 units. */
function entries(keyType: DataType, d: Dice, value: () => Json): Json[] {
  const pairs = new Map(Array.from({ length: d.int(4) }, () => goldenKey(keyType, d)).map((key) => [JSON.stringify(key), key]));
  return [...pairs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => [key, value()]);
}

function randomBits(d: Dice): bigint {
  return (BigInt(d.int(2 ** 32)) << 32n) | BigInt(d.int(2 ** 32));
}

function randomHex(length: number, d: Dice): string {
  return Buffer.from(Array.from({ length }, () => d.int(256))).toString('hex');
}

/** The digits are compared as numbers: only what JavaScript and Java call by other names matters. */
function javaDouble(value: number): string {
  return Object.is(value, -0) ? '-0.0' : String(value);
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return unscaled < 0n ? `-${text}` : text;
}

function dateText(d: Dice): string {
  return `${1900 + d.int(200)}-${two(1 + d.int(12))}-${two(1 + d.int(28))}`;
}

function timeText(d: Dice, precision: number): string {
  return `${two(d.int(24))}:${two(d.int(60))}:${two(d.int(60))}.${precision === 0 ? '000' : String(d.int(1000)).padStart(3, '0')}`;
}

function timestampText(seconds: string, nanos: bigint, type: DataType & { precision: number }): string {
  const unit = 10n ** BigInt(9 - type.precision);
  const fraction = String((nanos / unit) * unit).padStart(9, '0');
  return `${seconds}.${fraction}${type.kind === 'TIMESTAMP_LTZ' ? 'Z' : ''}`;
}

const two = (n: number) => String(n).padStart(2, '0');
