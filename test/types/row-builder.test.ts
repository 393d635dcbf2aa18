import { describe, expect, it } from 'vitest';
import { datumAt } from '../../src/types/datum.js';
import { BatchBuilder } from '../../src/types/row-builder.js';
import { rowReader, rowsOf } from '../../src/types/row-reader.js';
import { fieldsOf, type SchemaSpec } from '../../src/types/schema-spec.js';
import { ALL_TYPES, randomRow } from '../support/random-rows.js';
import { testRandom } from '../support/seeds.js';

function builder(spec: SchemaSpec): BatchBuilder {
  return new BatchBuilder(fieldsOf(spec));
}

const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) as string });

describe('BatchBuilder', () => {
  it('gives rows of every type back as they were', () => {
    const random = testRandom();
    const fields = fieldsOf(ALL_TYPES);
    const build = new BatchBuilder(fields);
    // twice: the second batch is built in the first one's buffers
    for (const count of [1500, 700]) {
      const rows = Array.from({ length: count }, () => randomRow(random, fields));
      for (const row of rows) build.push(row);
      expect(build.length).toBe(count);
      expect(build.approximateBytes).toBeGreaterThan(count * 50);
      const batch = build.finish();
      expect(batch.length).toBe(count);
      expect(rowsOf(batch)).toEqual(rows);
      const read = rowReader(batch);
      for (const row of [0, 7, count - 1]) expect(read(row)).toEqual(rows[row]);
      expect(() => read(count)).toThrow(RangeError);
      for (const column of batch.columns) {
        expect(column.length).toBe(count);
        // whole buffers: they can move to a worker
        for (const view of [column.values, column.offsets, column.validity]) if (view) expect(view.byteLength).toBe(view.buffer.byteLength);
      }
    }
    expect(build.finish().length).toBe(0);
  });

  it('takes null, undefined and a missing key for null, and writes zeros there', () => {
    const build = builder({ a: 'INT', b: 'STRING', c: 'BIGINT' });
    build.push({ a: 1, b: 'x', c: 5n });
    build.push({ a: null, b: undefined });
    build.push({});
    const batch = build.finish();
    expect(rowsOf(batch)).toEqual([
      { a: 1, b: 'x', c: 5n },
      { a: null, b: null, c: null },
      { a: null, b: null, c: null },
    ]);
    expect([...batch.columns[2]!.values!]).toEqual([5n, 0n, 0n]);
  });

  it('has no validity bits where nothing is missing', () => {
    const build = builder({ a: 'INT', b: 'STRING' });
    for (let i = 0; i < 1000; i++) build.push({ a: i, b: String(i) });
    expect(build.finish().columns.map((column) => column.validity)).toEqual([null, null]);
  });

  it('names column and value of what it refuses', () => {
    const build = builder({ id: 'INT NOT NULL', name: 'VARCHAR(3)', r: 'ROW<x INT, y ARRAY<TINYINT NOT NULL>>', m: 'MAP<STRING, INT>' });
    expect(() => build.push({ id: 'x' })).toThrow(invalid(/^column 'id': "x" is no INT$/));
    expect(() => build.push({ name: 'a' })).toThrow(invalid(/^column 'id': null is no INT: NOT NULL$/));
    expect(() => build.push({ id: 1, name: 'abcd' })).toThrow(invalid(/^column 'name': "abcd" is no VARCHAR\(3\): too long$/));
    expect(() => build.push({ id: 1, nam: 'a' })).toThrow(invalid(/^unknown column 'nam': the columns are id, name, r, m$/));
    expect(() => build.push({ id: 1, r: { x: 1.5 } })).toThrow(invalid(/^column 'r': 'x': 1.5 is no INT$/));
    expect(() => build.push({ id: 1, r: { z: 1 } })).toThrow(invalid(/^column 'r': unknown column 'z'/));
    expect(() => build.push({ id: 1, r: { y: [1, null] } })).toThrow(invalid(/^column 'r': 'y': null is no TINYINT: NOT NULL$/));
    expect(() => build.push({ id: 1, r: [1] })).toThrow(invalid(/^column 'r': an array of 1 is no ROW/));
    expect(() => build.push({ id: 1, m: [['a', 1, 2]] })).toThrow(invalid(/^column 'm': an array of 3 is no MAP/));
    expect(() => build.push({ id: 1, m: { a: 1 } })).toThrow(invalid(/^column 'm': an object with a is no MAP/));
    expect(() => build.push([1] as unknown as Record<string, unknown>)).toThrow(invalid(/a row is an object/));
    expect(build.length).toBe(0);
    expect(build.finish().length).toBe(0);
  });

  it('keeps nothing of a bad row', () => {
    const build = builder({ s: 'STRING', a: 'ARRAY<ROW<k STRING, v INT>>', m: 'MAP<STRING, INT>', n: 'INT' });
    const good = { s: 'one', a: [{ k: 'x', v: 1 }], m: new Map([['k', 1]]), n: 1 };
    build.push(good);
    expect(() => build.push({ s: 'two', a: [{ k: 'y', v: 2 }], m: new Map([['l', 2]]), n: 'bad' })).toThrow();
    expect(() =>
      build.push({
        s: 'two',
        a: [
          { k: 'y', v: 2 },
          { k: 'z', v: 'bad' },
        ],
      }),
    ).toThrow();
    expect(() => build.push({ ...good, zz: 1 })).toThrow();
    build.push({ s: null, a: null, m: null, n: null });
    build.push(good);
    expect(rowsOf(build.finish())).toEqual([good, { s: null, a: null, m: null, n: null }, good]);
  });

  it('puts the default where a value is missing', () => {
    const build = builder({ id: 'INT', d: "DECIMAL(10, 2) NOT NULL DEFAULT '1.5'", s: "STRING DEFAULT 'none'", b: "BYTES DEFAULT '00ff'" });
    build.push({ id: 1 });
    build.push({ id: 2, d: '3', s: null, b: Uint8Array.of(1) });
    expect(rowsOf(build.finish())).toEqual([
      { id: 1, d: '1.50', s: 'none', b: Uint8Array.of(0, 255) },
      { id: 2, d: '3.00', s: 'none', b: Uint8Array.of(1) },
    ]);
    expect(() => builder({ n: "INT DEFAULT 'x'" })).toThrow(invalid(/^column 'n': "x" is no INT/));
  });

  it('is not misled by names that every object has', () => {
    const build = new BatchBuilder([
      { id: 0, name: 'constructor', type: { kind: 'INT', nullable: true } },
      { id: 1, name: '__proto__', type: { kind: 'INT', nullable: true } },
    ]);
    build.push({});
    build.push(JSON.parse('{"constructor":1,"__proto__":2}') as Record<string, unknown>);
    const [first, second] = rowsOf(build.finish());
    expect(JSON.stringify(first)).toBe('{"constructor":null,"__proto__":null}');
    expect(JSON.stringify(second)).toBe('{"constructor":1,"__proto__":2}');
  });

  it('takes texts in field order', () => {
    const build = builder({ id: 'BIGINT', b: 'BYTES', a: 'ARRAY<DECIMAL(38, 0)>', f: 'DOUBLE', s: 'STRING' });
    build.pushTexts(['9007199254740993', '00ff', '[12345678901234567890123, "7"]', '1.0E10', '']);
    build.pushTexts([null, undefined]);
    expect(() => build.pushTexts(['1', 'f'])).toThrow(invalid(/^column 'b': "f" is no BYTES/));
    expect(rowsOf(build.finish())).toEqual([
      { id: 9007199254740993n, b: Uint8Array.of(0, 255), a: ['12345678901234567890123', '7'], f: 1e10, s: '' },
      { id: null, b: null, a: null, f: null, s: null },
    ]);
  });

  it('encodes text of every shape', () => {
    const texts = ['', 'a', 'é', 'zz퟿', '😀'.repeat(30), 'x'.repeat(10_000), `${'x'.repeat(20)}é`, '\u0000"\\\n'];
    const build = builder({ s: 'STRING' });
    for (const s of texts) build.push({ s });
    const batch = build.finish();
    texts.forEach((text, i) => {
      expect(Buffer.from(datumAt(batch.columns[0]!, i) as Uint8Array).toString()).toBe(text);
    });
    expect(rowsOf(batch).map((row) => row.s)).toEqual(texts);
  });
});
