/** Indexes as Java writes them: what they rule out, and what they must not. Damaged bytes are told, whatever they are. */
import { describe, expect, it } from 'vitest';
import { readIndexHead } from '../../../src/format/file-index/container.js';
import { type IndexSource, mayMatchIndexes } from '../../../src/format/file-index/file-index.js';
import { indexHashes } from '../../../src/format/file-index/index-value.js';
import { WeirError } from '../../../src/index.js';
import type { Datum } from '../../../src/types/datum.js';
import type { BoundPredicate } from '../../../src/types/predicate.js';
import { parseType } from '../../../src/types/type-text.js';
import { javaIndexes } from './java-indexes.js';

const PATH = '/table/bucket-0/data-1.parquet.index';
const text = (value: string) => new TextEncoder().encode(value);

function sourceOf(bytes: Uint8Array): IndexSource {
  return {
    path: PATH,
    size_bytes: bytes.length,
    read: async (offset, length) => {
      expect(offset >= 0 && length >= 0 && offset + length <= bytes.length, `${length} bytes at ${offset}`).toBe(true);
      return bytes.subarray(offset, offset + length);
    },
  };
}

type Test =
  | { op: 'compare'; test: 'eq' | 'ne' | 'lt' | 'ge'; value: Datum }
  | { op: 'in' | 'notIn'; values: Datum[] }
  | { op: 'isNull' | 'isNotNull' }
  | { op: 'startsWith'; prefix: Uint8Array };
const eq = (value: Datum): Test => ({ op: 'compare', test: 'eq', value });
const ne = (value: Datum): Test => ({ op: 'compare', test: 'ne', value });

/** Does the index of Java's column say that a row may pass? */
function ask(column: string, typeText: string, test: Test, bytes = javaIndexes()): Promise<boolean> {
  const type = parseType(typeText);
  const bound = { column, type, ...test } as BoundPredicate;
  return mayMatchIndexes(bound, sourceOf(bytes), (name) => ({ id: 1, name, type }));
}

const LONG = 'käse ☃ 𝒳 and quite a few more bytes than thirty-two';

describe('the hashes of a Bloom filter are those of Java', () => {
  it.each<[string, Datum, bigint]>([
    ['TINYINT', -7, -9040340845809335386n],
    ['SMALLINT', -300, -7211610610749512103n],
    ['INT', 123456789, -1864789099685094664n],
    ['BIGINT', -1234567890123n, 2535997016407399035n],
    ['FLOAT', 1.5, -5964487987920989368n],
    ['FLOAT', -3.25, -5489017861596903153n],
    ['DOUBLE', -2.75, 5342125757333176061n],
    ['DATE', -5, -3822160321977914683n],
    ['TIME(3)', 86399999, 475089381304265909n],
    ['TIMESTAMP(3)', -1001n, -1507552707216925606n],
    ['TIMESTAMP(6)', -1001001n, 496980941755400453n],
    ['TIMESTAMP(9)', -1001001n, 5109798576697063474n],
    ['TIMESTAMP(3) WITH LOCAL TIME ZONE', 1700000000123n, -780439430849039776n],
    ['TIMESTAMP(6) WITH LOCAL TIME ZONE', 1700000000123456n, 6804527640801269588n],
    ['CHAR(5)', text('abc'), 4952883123889572249n],
    ['STRING', text(''), -1205034819632174695n],
    ['STRING', text(LONG), 5712712204209427387n],
    ['BYTES', Uint8Array.of(0, 255, 3), -1117951332556745099n],
  ])('%s %s', (type, value, hash) => {
    expect(indexHashes(parseType(type), value)).toEqual([hash]);
  });

  it('of zero are both, of NaN none: it has many bit patterns', () => {
    expect(indexHashes(parseType('FLOAT'), 0)).toEqual([0n, 1233635542594773612n]);
    expect(indexHashes(parseType('DOUBLE'), -0)).toHaveLength(2);
    expect(indexHashes(parseType('DOUBLE'), Number.NaN)).toBeUndefined();
  });
});

/** what Java put into each column, and a value that it did not */
const COLUMNS: [name: string, type: string, values: Datum[], absent: Datum][] = [
  ['tiny', 'TINYINT', [-7, 3, 127], 4],
  ['small', 'SMALLINT', [-300, 4], 300],
  ['int', 'INT', [1, 5, 9, -77, 123456789, 2147483647, -2147483648, 31, 32, 33, 34, 35], 36],
  ['bigint', 'BIGINT', [-1234567890123n, 0n, 7n], 8n],
  ['float', 'FLOAT', [1.5, 0, -3.25], 2.5],
  ['double', 'DOUBLE', [-2.75, 0], 3.5],
  ['date', 'DATE', [-5, 19000], 1],
  ['time', 'TIME(3)', [86399999, 0], 1],
  ['ts3', 'TIMESTAMP(3)', [-1001n, 5n], 6n],
  ['ts6', 'TIMESTAMP(6)', [-1001001n], 1n],
  ['ts9', 'TIMESTAMP(9)', [-1001001n], 1n],
  ['ltz6', 'TIMESTAMP(6) WITH LOCAL TIME ZONE', [1700000000123456n], 1700000000123457n],
  ['char', 'CHAR(5)', [text('abc'), text('abcde')], text('abcd')],
  ['text', 'STRING', ['', 'a', LONG, 'zebra', 'yak', 'xylophone', 'walrus'].map(text), text('b')],
];

describe.each(COLUMNS)('%s', (name, type, values, absent) => {
  it.each(['bloom', 'v1', 'v2'])('%s: what is there is found, what is not there is ruled out', async (kind) => {
    const column = `${name}_${kind}`;
    for (const value of values) {
      expect(await ask(column, type, eq(value))).toBe(true);
      expect(await ask(column, type, { op: 'in', values: [absent, value] })).toBe(true);
    }
    expect(await ask(column, type, eq(absent))).toBe(false);
    expect(await ask(column, type, { op: 'in', values: [absent] })).toBe(false);
    expect(await ask(column, type, { op: 'in', values: [] })).toBe(false);
    expect(await ask(column, type, { op: 'compare', test: 'lt', value: absent })).toBe(true);
    expect(await ask(column, type, { op: 'isNotNull' })).toBe(true);
  });

  it.each(['v1', 'v2'])('%s: a bitmap knows all values', async (kind) => {
    const column = `${name}_${kind}`;
    // float holds a NaN besides; nanoseconds are stored as microseconds, which other values have too
    expect(await ask(column, type, { op: 'notIn', values })).toBe(name === 'float' || name === 'ts9');
    expect(await ask(column, type, { op: 'notIn', values: values.slice(0, 1) })).toBe(values.length > 1 || name === 'ts9');
    expect(await ask(column, type, ne(absent))).toBe(true);
    expect(await ask(column, type, { op: 'isNull' })).toBe(['tiny', 'int', 'text'].includes(name));
  });
});

describe('indexes', () => {
  it('of other types', async () => {
    for (const kind of ['v1', 'v2']) {
      expect(await ask(`boolean_${kind}`, 'BOOLEAN', eq(true))).toBe(true);
      expect(await ask(`boolean_${kind}`, 'BOOLEAN', eq(false))).toBe(false);
      expect(await ask(`boolean_${kind}`, 'BOOLEAN', ne(true))).toBe(false);
    }
    expect(await ask('bytes_bloom', 'BYTES', eq(Uint8Array.of(0, 255, 3)))).toBe(true);
    expect(await ask('bytes_bloom', 'BYTES', eq(Uint8Array.of(0, 255)))).toBe(false);
  });

  it('never rule NaN out', async () => {
    for (const kind of ['bloom', 'v1', 'v2']) {
      expect(await ask(`double_${kind}`, 'DOUBLE', eq(Number.NaN))).toBe(true);
      expect(await ask(`double_${kind}`, 'DOUBLE', ne(Number.NaN))).toBe(true);
    }
  });

  it('of columns without a value rule out everything but missing ones', async () => {
    for (const column of ['nulls_v1', 'nulls_v2', 'empty']) {
      expect(await ask(column, 'INT', { op: 'isNull' })).toBe(true);
      for (const test of [eq(1), ne(1), { op: 'isNotNull' }, { op: 'compare', test: 'ge', value: 0 }] as Test[])
        expect(await ask(column, 'INT', test)).toBe(false);
    }
  });

  it('of kinds and columns that are not known say nothing', async () => {
    expect(await ask('other', 'INT', eq(77))).toBe(true);
    expect(await ask('not there', 'INT', eq(77))).toBe(true);
    expect(await ask('käse\0𝒳', 'INT', eq(77))).toBe(true);
    const head = await readIndexHead(sourceOf(javaIndexes()));
    expect(
      head
        .get('other')!
        .map((part) => part.kind)
        .sort(),
    ).toEqual(['bsi', 'range-bitmap']);
    expect(head.get('käse\0𝒳')!.map((part) => part.kind)).toEqual(['made-up']);
    // a column that must not be looked up (another type, then)
    const bound: BoundPredicate = { op: 'compare', test: 'eq', column: 'int_v2', type: parseType('INT'), value: 36 };
    expect(await mayMatchIndexes(bound, sourceOf(javaIndexes()), () => undefined)).toBe(true);
  });

  it('decide AND by any part, OR by all', async () => {
    const part = (value: number): BoundPredicate => ({ op: 'compare', test: 'eq', column: 'int_v2', type: parseType('INT'), value });
    const unknown: BoundPredicate = { op: 'compare', test: 'eq', column: 'other', type: parseType('INT'), value: 1 };
    const may = (bound: BoundPredicate) =>
      mayMatchIndexes(bound, sourceOf(javaIndexes()), (name) => ({ id: 1, name, type: parseType('INT') }));
    expect(await may({ op: 'and', parts: [part(1), part(36)] })).toBe(false);
    expect(await may({ op: 'or', parts: [part(1), part(36)] })).toBe(true);
    expect(await may({ op: 'or', parts: [part(37), part(36)] })).toBe(false);
    expect(await may({ op: 'or', parts: [part(37), unknown] })).toBe(true);
    expect(await may({ op: 'and', parts: [part(1), { op: 'constant', value: null }] })).toBe(false);
  });
});

describe('damage', () => {
  const tests: [string, string, Test][] = [
    ['int_bloom', 'INT', eq(1)],
    ['int_v1', 'INT', eq(1)],
    ['int_v2', 'INT', eq(1)],
    ['text_v1', 'STRING', eq(text('a'))],
    ['text_v2', 'STRING', eq(text('a'))],
  ];

  async function told(bytes: Uint8Array): Promise<number> {
    let damaged = 0;
    for (const [column, type, test] of tests) {
      try {
        await ask(column, type, test, bytes);
      } catch (error) {
        if (!(error instanceof WeirError)) throw error;
        expect(['CORRUPTION', 'UNSUPPORTED']).toContain(error.code);
        expect(error.file).toBe(PATH);
        expect(error.message).toContain(PATH);
        damaged++;
      }
    }
    return damaged;
  }

  it('a cut is told, wherever it is', async () => {
    const bytes = javaIndexes();
    for (let length = 0; length < bytes.length; length += 61) expect(await told(bytes.subarray(0, length)), `${length}`).toBe(tests.length);
  });

  it('any other byte never leads astray: nothing is read beyond the bytes, nothing but a WeirError is thrown', async () => {
    const bytes = javaIndexes();
    for (let at = 0; at < bytes.length; at += 17) {
      const changed = Uint8Array.from(bytes);
      changed[at]! ^= 1 << (at % 8);
      changed[(at * 31) % bytes.length] = 0xff;
      await told(changed);
    }
  });

  it('of the magic, the head length and counts is told', async () => {
    for (const [at, code] of [
      [0, 'CORRUPTION'],
      [11, 'UNSUPPORTED'],
      [12, 'CORRUPTION'],
      [16, 'CORRUPTION'],
    ] as const) {
      const bytes = javaIndexes();
      bytes[at]! ^= 0x40;
      await expect(ask('int_v2', 'INT', eq(1), bytes)).rejects.toMatchObject({ code, file: PATH });
    }
  });
});
