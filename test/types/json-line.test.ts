import { describe, expect, it } from 'vitest';
import { UPDATE_AFTER } from '../../src/types/column.js';
import { encodeJsonLines, JsonLineDecoder } from '../../src/types/json-line.js';
import { BatchBuilder } from '../../src/types/row-builder.js';
import { rowsOf } from '../../src/types/row-reader.js';
import { fieldsOf, type SchemaSpec } from '../../src/types/schema-spec.js';
import { fieldFromJson } from '../../src/types/type-json.js';
import { goldenTables } from '../support/golden.js';
import { ALL_TYPES, randomRow } from '../support/random-rows.js';
import { testRandom } from '../support/seeds.js';

function decode(spec: SchemaSpec, ...lines: string[]): Record<string, unknown>[] {
  const decoder = new JsonLineDecoder(fieldsOf(spec));
  for (const line of lines) decoder.push(line);
  return rowsOf(decoder.finish().batch);
}

const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) as string });

/** A line with Java's spelling of a number replaced by the number: Java 17 does not always write the shortest text. */
function comparable(line: string, floats: ReadonlySet<string>): string {
  return JSON.stringify(JSON.parse(line), (key, value: unknown) =>
    floats.has(key) && typeof value === 'string' ? `~${Number(Math.fround(Number(value)))}` : value,
  );
}

describe('golden rows', () => {
  const tables = goldenTables();
  it.each(tables.map((table) => [table.name, table] as const))('%s: decoded and encoded again are the same lines', (_name, table) => {
    const fields = table.meta.fields.map(fieldFromJson);
    const floats = new Set(fields.filter((field) => /FLOAT|DOUBLE/.test(JSON.stringify(field.type))).map((field) => field.name));
    for (const file of table.files.filter((name) => /^(latest|changes-.*|streamfull-.*|incr-.*)\.jsonl$/.test(name))) {
      const lines = table.expected(file);
      const decoder = new JsonLineDecoder(fields);
      for (const line of lines) decoder.push(line);
      const { batch, kinds } = decoder.finish();
      expect(kinds !== undefined, file).toBe(lines.some((line) => line.startsWith('{"_kind"')));
      const encoded = encodeJsonLines(batch, kinds === undefined ? {} : { kinds })
        .split('\n')
        .slice(0, -1);
      expect(
        encoded.map((line) => comparable(line, floats)),
        file,
      ).toEqual(lines.map((line) => comparable(line, floats)));
    }
  });
});

describe('encodeJsonLines', () => {
  it('writes every type as the encoding says', () => {
    const fields = fieldsOf({
      b: 'BOOLEAN',
      i: 'INT',
      l: 'BIGINT',
      f: 'FLOAT',
      d: 'DOUBLE',
      n: 'DECIMAL(10, 3)',
      s: 'STRING',
      x: 'BYTES',
      dt: 'DATE',
      t: 'TIME(3)',
      ts: 'TIMESTAMP(3)',
      z: 'TIMESTAMP(6) WITH LOCAL TIME ZONE',
      a: 'ARRAY<INT>',
      m: 'MAP<STRING, DOUBLE>',
      ms: 'MULTISET<INT>',
      r: 'ROW<p INT, q STRING>',
    });
    const builder = new BatchBuilder(fields);
    builder.push({
      b: true,
      i: -1,
      l: 2n ** 63n - 1n,
      f: Math.fround(0.1),
      d: 1e10,
      n: '-1.5',
      s: 'a"\n\u2028',
      x: Uint8Array.of(0, 171),
      dt: '-0001-01-01',
      t: '01:02:03',
      ts: '2024-01-01T00:00:00.5',
      z: '2024-01-01T00:00:00Z',
      a: [1, null],
      m: new Map([
        ['b', 1],
        ['a', null],
        ['B', Number.NaN],
      ]),
      ms: new Map([
        [10, 2],
        [9, 1],
      ]),
      r: { p: null, q: '' },
    });
    builder.push({});
    const batch = builder.finish();
    const nulls = `{${fields.map((field) => `"${field.name}":null`).join(',')}}\n`;
    expect(encodeJsonLines(batch)).toBe(
      '{"b":true,"i":-1,"l":"9223372036854775807","f":"0.1","d":"1.0E10","n":"-1.500","s":"a\\"\\n\u2028","x":"00ab","dt":"-0001-01-01","t":"01:02:03.000",' +
        '"ts":"2024-01-01T00:00:00.500000000","z":"2024-01-01T00:00:00.000000000Z","a":[1,null],"m":[["B","NaN"],["a",null],["b","1.0"]],"ms":[[10,2],[9,1]],"r":{"p":null,"q":""}}\n' +
        nulls,
    );
    const plain = encodeJsonLines(batch, { numbers: 'plain', kinds: Uint8Array.of(3, 0) }).split('\n');
    expect(plain[0]).toContain('{"_kind":"-D","b":true,"i":-1,"l":9223372036854775807,"f":0.1,"d":10000000000,"n":-1.500,');
    expect(plain[0]).toContain('[["B","NaN"],["a",null],["b",1]]');
    expect(plain[1]).toMatch(/^\{"_kind":"\+I","b":null,/);
  });

  it('is empty for no rows', () => {
    expect(encodeJsonLines(new BatchBuilder(fieldsOf({ a: 'INT' })).finish())).toBe('');
  });

  it('reads back whatever it writes, either way of writing numbers', () => {
    const random = testRandom();
    const fields = fieldsOf(ALL_TYPES);
    const builder = new BatchBuilder(fields);
    const rows = Array.from({ length: 1200 }, () => randomRow(random, fields));
    for (const row of rows) builder.push(row);
    const batch = builder.finish();
    for (const numbers of ['exact', 'plain'] as const) {
      const decoder = new JsonLineDecoder(fields);
      for (const line of encodeJsonLines(batch, { numbers }).split('\n').slice(0, -1)) decoder.push(line);
      const { batch: again, kinds } = decoder.finish();
      expect(kinds).toBeUndefined();
      const readBack = rowsOf(again);
      expect(readBack.map(comparableRow)).toEqual(rows.map(comparableRow));
    }
  });
});

/** Maps are written in the order of their keys. */
function comparableRow(value: unknown): unknown {
  if (value instanceof Map)
    return new Map(
      [...value]
        .map(([k, v]) => [comparableRow(k), comparableRow(v)] as const)
        .sort((a, b) => (JSON.stringify(a[0]) < JSON.stringify(b[0]) ? -1 : 1)),
    );
  if (Array.isArray(value)) return value.map(comparableRow);
  if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array))
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, comparableRow(v)]));
  return value;
}

describe('JsonLineDecoder', () => {
  it('loses no digit of a JSON number', () => {
    expect(
      decode(
        { l: 'BIGINT', d: 'DECIMAL(38, 10)', f: 'DOUBLE' },
        '{"l":9223372036854775807,"d":1234567890123456789012345678.0123456789,"f":0.1234567890123456789}',
      ),
    ).toEqual([{ l: 9223372036854775807n, d: '1234567890123456789012345678.0123456789', f: 0.12345678901234568 }]);
    expect(decode({ l: 'BIGINT', d: 'DECIMAL(10, 2)' }, '{"l":1e3,"d":1.5E2}', '{"l": 5.000,"d" : -7.2000000000000000000}')).toEqual([
      { l: 1000n, d: '150.00' },
      { l: 5n, d: '-7.20' },
    ]);
    expect(
      decode(
        { a: 'ARRAY<BIGINT>', r: 'ROW<d DECIMAL(30, 0), l BIGINT>' },
        '{"a":[9007199254740993,"9007199254740993"],"r":{"l":1,"d":123456789012345678901}}',
      ),
    ).toEqual([{ a: [9007199254740993n, 9007199254740993n], r: { d: '123456789012345678901', l: 1n } }]);
  });

  it('accepts no number that is not exact', () => {
    const lines = [
      '{"l":1.00000000000000000001}',
      '{"l":9007199254740992.5}',
      '{"l":9223372036854775808}',
      '{"d":0.1000000000000000055}',
      '{"d":1e-400}',
      '{"l":1e400}',
    ];
    for (const line of lines) expect(() => decode({ l: 'BIGINT', d: 'DECIMAL(10, 2)' }, line), line).toThrow(invalid(/^column '[ld]': /));
    expect(() => decode({ a: 'ARRAY<BIGINT>' }, '{"a":[9007199254740992.5]}')).toThrow(
      invalid(/^column 'a': 9007199254740992\.5 is no BIGINT/),
    );
    expect(() => decode({ f: 'DOUBLE' }, '{"f":1e400}')).toThrow(invalid(/^column 'f'/));
    expect(() => decode({ 'a.b"c': 'BIGINT' }, '{"a.b\\"c":9007199254740992.5}')).toThrow(invalid(/^column 'a.b"c'/));
    expect(() => decode({ l: 'BIGINT' }, '{"\\u006c":9007199254740992.5}')).toThrow(invalid(/^column 'l'/));
  });

  it('takes FLOAT and DOUBLE as numbers and strings', () => {
    expect(decode({ f: 'FLOAT', d: 'DOUBLE' }, '{"f":"1.4E-45","d":"-0.0"}', '{"f":"NaN","d":"-Infinity"}', '{"f":1e3,"d":5}')).toEqual([
      { f: Math.fround(1.4e-45), d: -0 },
      { f: Number.NaN, d: Number.NEGATIVE_INFINITY },
      { f: 1000, d: 5 },
    ]);
  });

  it('names what is wrong', () => {
    const spec = { id: 'INT NOT NULL', s: 'STRING' };
    expect(() => decode(spec, '{"id":1')).toThrow(invalid(/^no JSON: /));
    expect(() => decode(spec, '[1]')).toThrow(invalid(/^a row is a JSON object, not an array of 1$/));
    expect(() => decode(spec, 'null')).toThrow(invalid(/^a row is a JSON object, not null$/));
    expect(() => decode(spec, '{"id":"1"}')).toThrow(invalid(/^column 'id': "1" is no INT$/));
    expect(() => decode(spec, '{"id":1,"s":12345678901234567890}')).toThrow(invalid(/^column 's': 1234567890123456\d+ is no STRING$/));
    expect(() => decode(spec, '{"id":1,"x":2}')).toThrow(invalid(/^unknown column 'x'/));
    expect(() => decode(spec, '{"s":"a"}')).toThrow(invalid(/^column 'id': null is no INT: NOT NULL$/));
  });

  describe('row kinds', () => {
    const fields = fieldsOf({ id: 'INT', op: 'STRING' });

    it('come from _kind when no column has that name', () => {
      const decoder = new JsonLineDecoder(fields);
      decoder.push('{"_kind":"-D","id":1}');
      decoder.push('{"id":2,"_kind":"+U"}');
      decoder.push('{"id":3}');
      const { batch, kinds } = decoder.finish();
      expect(kinds).toEqual(Uint8Array.of(3, UPDATE_AFTER, 0));
      expect(rowsOf(batch).map((row) => row.id)).toEqual([1, 2, 3]);
      decoder.push('{"id":4}');
      expect(decoder.finish().kinds).toBeUndefined();
    });

    it('are a plain column when a column has that name', () => {
      const decoder = new JsonLineDecoder(fieldsOf({ _kind: 'STRING' }));
      decoder.push('{"_kind":"anything"}');
      const { batch, kinds } = decoder.finish();
      expect(kinds).toBeUndefined();
      expect(rowsOf(batch)).toEqual([{ _kind: 'anything' }]);
    });

    it('come from the key that is asked for, a column or not', () => {
      const extra = new JsonLineDecoder(fields, { kindColumn: 'change' });
      extra.push('{"id":1,"change":"-U"}');
      expect(extra.finish().kinds).toEqual(Uint8Array.of(1));
      expect(() => extra.push('{"id":1,"_kind":"-U"}')).toThrow(invalid(/^unknown column '_kind'/));
      const column = new JsonLineDecoder(fields, { kindColumn: 'op' });
      column.push('{"id":1,"op":"-D"}');
      const { batch, kinds } = column.finish();
      expect(kinds).toEqual(Uint8Array.of(3));
      expect(rowsOf(batch)).toEqual([{ id: 1, op: '-D' }]);
    });

    it('are refused when they are none', () => {
      const decoder = new JsonLineDecoder(fields);
      expect(() => decoder.push('{"_kind":"insert"}')).toThrow(invalid(/^column '_kind': "insert" is no row kind: one of \+I -U \+U -D$/));
      expect(decoder.length).toBe(0);
    });
  });
});
