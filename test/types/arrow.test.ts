import {
  type DataType as ArrowType,
  Binary,
  Bool,
  type Data,
  DateDay,
  DateMillisecond,
  Decimal,
  Dictionary,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  LargeUtf8,
  List,
  makeData,
  makeVector,
  Null,
  RecordBatch,
  RecordBatchReader,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Table,
  TimeMicrosecond,
  TimeSecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  tableFromIPC,
  tableToIPC,
  Uint8,
  Uint32,
  Uint64,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { arrowSchema, fromArrowSchema, fromRecordBatch, toRecordBatch } from '../../src/types/arrow.js';
import type { Batch } from '../../src/types/column.js';
import type { DataField } from '../../src/types/data-type.js';
import { BatchBuilder } from '../../src/types/row-builder.js';
import { rowsOf } from '../../src/types/row-reader.js';
import { fieldsOf, type SchemaSpec } from '../../src/types/schema-spec.js';
import { formatType } from '../../src/types/type-text.js';
import { ALL_TYPES, randomRow } from '../support/random-rows.js';
import { integerBetween, testRandom } from '../support/seeds.js';

const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) as string });

function batchOf(fields: readonly DataField[], rows: readonly Record<string, unknown>[]): Batch {
  const builder = new BatchBuilder(fields);
  for (const row of rows) builder.push(row);
  return builder.finish();
}

/** One column of Arrow data as a record batch with the column `c`. */
function oneColumn(data: Data | Vector, nullable = true): RecordBatch {
  const child = ('data' in data ? data.data[0] : data) as Data;
  const schema = new Schema([new Field('c', child.type as ArrowType, nullable)]);
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: child.length, nullCount: 0, children: [child] }));
}

function read(type: string, data: Data | Vector): unknown[] {
  return rowsOf(fromRecordBatch(oneColumn(data), fieldsOf({ c: type }))).map((row) => row.c);
}

describe('record batches', () => {
  it('hold every type, through IPC and back, whole and sliced', () => {
    const random = testRandom();
    const fields = fieldsOf(ALL_TYPES);
    const rows = Array.from({ length: 300 }, () => randomRow(random, fields));
    const batch = batchOf(fields, rows);
    const out = toRecordBatch(batch);
    expect(out.schema.fields.map((field) => [field.name, field.nullable])).toEqual(
      fields.map((field) => [field.name, field.type.nullable]),
    );
    expect(rowsOf(fromRecordBatch(out, fields))).toEqual(rows);
    const [start, end] = [integerBetween(random, 1, 100), integerBetween(random, 200, 299)];
    expect(rowsOf(fromRecordBatch(out.slice(start, end), fields))).toEqual(rows.slice(start, end));
    expect(rowsOf(fromRecordBatch(out.slice(8, end).slice(3, 60), fields))).toEqual(rows.slice(11, 68));
    const table = tableFromIPC(tableToIPC(new Table([out, out.slice(start, end)]), 'stream'));
    expect(table.batches.flatMap((input) => rowsOf(fromRecordBatch(input, fields)))).toEqual([...rows, ...rows.slice(start, end)]);
  });

  it('are what Arrow reads as the same values', () => {
    const fields = fieldsOf({
      b: 'BOOLEAN',
      l: 'BIGINT',
      s: 'STRING',
      d: 'DECIMAL(10, 2)',
      t: 'TIMESTAMP(3)',
      a: 'ARRAY<INT>',
      m: 'MAP<STRING, INT>',
      r: 'ROW<x INT>',
    });
    const out = toRecordBatch(
      batchOf(fields, [{ b: true, l: 5n, s: 'é', d: '-1.25', t: '2024-01-01', a: [1, null], m: new Map([['k', 7]]), r: { x: 3 } }, {}]),
    );
    const row = out.get(0)!.toJSON() as Record<string, { toJSON(): unknown }>;
    expect([row.b, row.l, row.s, row.t]).toEqual([true, 5n, 'é', Date.UTC(2024, 0, 1)]);
    expect([row.a!.toJSON(), row.m!.toJSON(), row.r!.toJSON()]).toEqual([[1, null], { k: 7 }, { x: 3 }]);
    expect(new BigInt64Array((row.d as unknown as Uint32Array).slice().buffer)).toEqual(BigInt64Array.of(-125n, -1n));
    expect(Object.values(out.get(1)!.toJSON())).toEqual(fields.map(() => null));
    expect(String(out.schema.fields[6]!.type)).toMatch(/key_value|Map/);
  });

  it('share their buffers on the way out and own them on the way in', () => {
    const fields = fieldsOf({ i: 'INT', s: 'STRING' });
    const batch = batchOf(fields, [
      { i: 1, s: 'a' },
      { i: 2, s: 'b' },
    ]);
    const out = toRecordBatch(batch);
    expect(out.data.children[0]!.values).toBe(batch.columns[0]!.values);
    const again = fromRecordBatch(out, fields);
    expect(again.columns[0]!.values!.buffer).not.toBe(batch.columns[0]!.values!.buffer);
    expect(again.columns[1]!.values!.buffer).not.toBe(batch.columns[1]!.values!.buffer);
  });

  it('survive being empty', () => {
    const fields = fieldsOf(ALL_TYPES);
    const out = toRecordBatch(batchOf(fields, []));
    expect(out.numRows).toBe(0);
    expect(fromRecordBatch(out, fields).length).toBe(0);
  });

  it('hold timestamps of nine digits where Arrow can', () => {
    const fields = fieldsOf({ t: 'TIMESTAMP(9)' });
    const rows = [{ t: '2024-02-29T12:00:00.123456789' }, { t: null }, { t: '1677-09-21T00:12:43.145224192' }];
    expect(rowsOf(fromRecordBatch(toRecordBatch(batchOf(fields, rows)), fields))).toEqual(rows);
    expect(() => toRecordBatch(batchOf(fields, [{ t: '1677-09-21T00:12:43.145224191' }]))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED' }),
    );
  });
});

describe('equivalent encodings', () => {
  const bits = Uint8Array.of(0b1011);
  const text = ['x', 'é', null, 'long enough to be no inline view'];

  it('of integers', () => {
    expect(read('BIGINT', vectorFromArray([1, -2, null], new Int8()))).toEqual([1n, -2n, null]);
    expect(read('INT', vectorFromArray([1, -2, null], new Int16()))).toEqual([1, -2, null]);
    expect(read('SMALLINT', vectorFromArray([255, 0], new Uint8()))).toEqual([255, 0]);
    expect(read('INT', vectorFromArray([-5n, null], new Int64()))).toEqual([-5, null]);
    expect(read('DECIMAL(20, 0)', vectorFromArray([2n ** 64n - 1n], new Uint64()))).toEqual(['18446744073709551615']);
    expect(() => read('INT', vectorFromArray([1, 2 ** 31], new Uint32()))).toThrow(
      invalid(/^column 'c': row 1: 2147483648 does not fit INT: out of range$/),
    );
    expect(() => read('TINYINT', vectorFromArray([128], new Int32()))).toThrow(invalid(/^column 'c': row 0/));
    // what lies beneath a missing value is not looked at
    expect(read('TINYINT', makeData({ type: new Int32(), data: Int32Array.of(1, 2, 999, 4), nullBitmap: bits, length: 4 }))).toEqual([
      1,
      2,
      null,
      4,
    ]);
  });

  it('of floating point', () => {
    expect(read('DOUBLE', vectorFromArray([0.5, null], new Float32()))).toEqual([0.5, null]);
    expect(read('FLOAT', vectorFromArray([0.1], new Float64()))).toEqual([Math.fround(0.1)]);
    expect(read('FLOAT', makeData({ type: new Float16(), data: Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7c00, 0x3555) }))).toEqual([
      1,
      -2,
      2 ** -24,
      Number.POSITIVE_INFINITY,
      0.333251953125,
    ]);
    expect(() => read('FLOAT', vectorFromArray([1e300], new Float64()))).toThrow(invalid(/out of range/));
  });

  it('of text and bytes', () => {
    expect(read('STRING', vectorFromArray(text, new Utf8()))).toEqual(text);
    expect(read('STRING', vectorFromArray(text, new LargeUtf8()))).toEqual(text);
    expect(read('STRING', vectorFromArray(text, new Utf8()).slice(1, 3))).toEqual(['é', null]);
    expect(read('STRING', vectorFromArray(['b', 'a', null, 'b'], new Dictionary(new Utf8(), new Int32())))).toEqual(['b', 'a', null, 'b']);
    expect(read('STRING', vectorFromArray(['b', 'a', null, 'b'], new Dictionary(new Utf8(), new Int8())).slice(1, 4))).toEqual([
      'a',
      null,
      'b',
    ]);
    expect(read('BYTES', vectorFromArray([Uint8Array.of(1), null], new Binary()))).toEqual([Uint8Array.of(1), null]);
    expect(read('BINARY(2)', makeData({ type: new FixedSizeBinary(2), data: Uint8Array.of(1, 2, 3, 4) }))).toEqual([
      Uint8Array.of(1, 2),
      Uint8Array.of(3, 4),
    ]);
    expect(() => read('VARCHAR(1)', vectorFromArray(['é', 'ab'], new Utf8()))).toThrow(
      invalid(/^column 'c': row 1: "ab" does not fit VARCHAR: longer than 1$/),
    );
    expect(() => read('BINARY(1)', vectorFromArray([Uint8Array.of(1, 2)], new Binary()))).toThrow(invalid(/longer than 1/));
    expect(() => read('STRING', makeData({ type: new Utf8(), data: Uint8Array.of(0xff), valueOffsets: Int32Array.of(0, 1) }))).toThrow(
      invalid(/not UTF-8/),
    );
  });

  it('of views', () => {
    const views = new Uint8Array(48);
    const view = new DataView(views.buffer);
    views.set([2, 0, 0, 0, 104, 105]);
    view.setInt32(16, 14, true);
    view.setInt32(24, 0, true);
    view.setInt32(28, 3, true);
    const long = new TextEncoder().encode('___fourteen bytes___');
    const type = vectorFromArray(['a'], new Utf8()).type;
    const data = makeData({ type, length: 3, nullBitmap: Uint8Array.of(0b011), valueOffsets: new Int32Array(4), data: new Uint8Array(0) });
    const viewed = Object.create(data, { typeId: { value: 24 }, values: { value: views }, variadicBuffers: { value: [long] } }) as Data;
    expect(read('STRING', viewed)).toEqual(['hi', 'fourteen bytes', null]);
  });

  it('of decimals', () => {
    const data = (type: Decimal, ...words: number[]) => makeData({ type, data: Uint32Array.from(words) });
    expect(read('DECIMAL(10, 2)', data(new Decimal(1, 9), 15, 0, 0, 0, 0xfffffff1, 0xffffffff, 0xffffffff, 0xffffffff))).toEqual([
      '1.50',
      '-1.50',
    ]);
    expect(read('DECIMAL(10, 1)', data(new Decimal(2, 9), 150, 0, 0, 0))).toEqual(['1.5']);
    expect(() => read('DECIMAL(10, 1)', data(new Decimal(2, 9), 155, 0, 0, 0))).toThrow(invalid(/row 0: 155n does not fit DECIMAL/));
    expect(() => read('DECIMAL(2, 0)', data(new Decimal(0, 9), 100, 0, 0, 0))).toThrow(invalid(/row 0/));
  });

  it('of dates and times', () => {
    expect(read('DATE', vectorFromArray([new Date(86400000)], new DateDay()))).toEqual(['1970-01-02']);
    expect(read('DATE', makeData({ type: new DateMillisecond(), data: BigInt64Array.of(86400000n) }))).toEqual(['1970-01-02']);
    expect(() => read('DATE', makeData({ type: new DateMillisecond(), data: BigInt64Array.of(1n) }))).toThrow(invalid(/not exact/));
    expect(read('TIME(3)', makeData({ type: new TimeSecond(), data: Int32Array.of(61) }))).toEqual(['00:01:01.000']);
    expect(read('TIME(3)', makeData({ type: new TimeMicrosecond(), data: BigInt64Array.of(1000n) }))).toEqual(['00:00:00.001']);
    expect(() => read('TIME(3)', makeData({ type: new TimeMicrosecond(), data: BigInt64Array.of(1n) }))).toThrow(invalid(/not exact/));
    expect(() => read('TIME(0)', makeData({ type: new TimeMicrosecond(), data: BigInt64Array.of(1000n) }))).toThrow(invalid(/not exact/));
    expect(read('TIMESTAMP(6)', makeData({ type: new TimestampSecond(null), data: BigInt64Array.of(-1n) }))).toEqual([
      '1969-12-31T23:59:59.000000000',
    ]);
    expect(read('TIMESTAMP(3)', makeData({ type: new TimestampMicrosecond(null), data: BigInt64Array.of(-1000n) }))).toEqual([
      '1969-12-31T23:59:59.999000000',
    ]);
    expect(read('TIMESTAMP(6)', makeData({ type: new TimestampNanosecond(null), data: BigInt64Array.of(1000n) }))).toEqual([
      '1970-01-01T00:00:00.000001000',
    ]);
    expect(
      read('TIMESTAMP(6) WITH LOCAL TIME ZONE', makeData({ type: new TimestampMillisecond('Europe/Paris'), data: BigInt64Array.of(1n) })),
    ).toEqual(['1970-01-01T00:00:00.001000000Z']);
    expect(() => read('TIMESTAMP(6)', makeData({ type: new TimestampNanosecond(null), data: BigInt64Array.of(1n) }))).toThrow(
      invalid(/row 0: 1n does not fit TIMESTAMP: not exact at precision 6/),
    );
    expect(() => read('TIMESTAMP(0)', makeData({ type: new TimestampMillisecond(null), data: BigInt64Array.of(1n) }))).toThrow(
      invalid(/not exact/),
    );
    expect(() => read('TIMESTAMP(6)', makeData({ type: new TimestampSecond(null), data: BigInt64Array.of(2n ** 62n) }))).toThrow(
      invalid(/out of range/),
    );
    expect(() => read('TIMESTAMP(6)', makeData({ type: new TimestampMicrosecond('UTC'), data: BigInt64Array.of(1n) }))).toThrow(
      invalid(/it has a time zone/),
    );
  });

  it('of lists', () => {
    const list = vectorFromArray([[1, 2], null, [3]], new List(new Field('item', new Int32(), true)));
    expect(read('ARRAY<BIGINT>', list)).toEqual([[1n, 2n], null, [3n]]);
    expect(read('ARRAY<BIGINT>', list.slice(1, 3))).toEqual([null, [3n]]);
    const fixed = makeData({
      type: new FixedSizeList(2, new Field('item', new Int32(), true)),
      child: makeData({ type: new Int32(), data: Int32Array.of(1, 2, 3, 4) }),
    });
    expect(read('ARRAY<INT>', fixed)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(read('ARRAY<INT>', fixed.slice(1, 1))).toEqual([[3, 4]]);
  });

  it('of nothing at all', () => {
    expect(read('STRING', makeData({ type: new Null(), length: 2 }))).toEqual([null, null]);
    expect(() => read('STRING NOT NULL', makeData({ type: new Null(), length: 2 }))).toThrow(
      invalid(/^column 'c': row 0: null in a NOT NULL VARCHAR$/),
    );
  });

  it('refuse other types', () => {
    for (const type of [
      'STRING',
      'DATE',
      'DOUBLE',
      'BOOLEAN',
      'ARRAY<INT>',
      'MAP<INT, INT>',
      'ROW<a INT>',
      'BYTES',
      'TIME(3)',
      'TIMESTAMP(3)',
    ])
      expect(() => read(type, vectorFromArray([1], new Int32())), type).toThrow(invalid(/^column 'c': .*the Arrow type does not fit$/));
    expect(() => read('INT', makeVector(Float64Array.of(1)))).toThrow(invalid(/Float64/));
  });
});

describe('columns by name', () => {
  const batch = toRecordBatch(batchOf(fieldsOf({ b: 'STRING', a: 'INT' }), [{ a: 1, b: 'x' }]));

  it('come in any order; a missing one is null', () => {
    expect(rowsOf(fromRecordBatch(batch, fieldsOf({ a: 'INT', n: 'DOUBLE', b: 'STRING' })))).toEqual([{ a: 1, n: null, b: 'x' }]);
    expect(() => fromRecordBatch(batch, fieldsOf({ a: 'INT', b: 'STRING', n: 'INT NOT NULL' }))).toThrow(
      invalid(/^column 'n': row 0: null/),
    );
    expect(() => fromRecordBatch(batch, fieldsOf({ a: 'INT' }))).toThrow(invalid(/^unknown column 'b'/));
  });

  it('are checked for missing values where the type has none, except beneath a missing parent', () => {
    const loose: SchemaSpec = { c: 'ROW<x INT, l ARRAY<INT>>' };
    const strict: SchemaSpec = { c: 'ROW<x INT NOT NULL, l ARRAY<INT NOT NULL>>' };
    const convert = (...rows: unknown[]) =>
      rowsOf(
        fromRecordBatch(
          toRecordBatch(
            batchOf(
              fieldsOf(loose),
              rows.map((c) => ({ c })),
            ),
          ),
          fieldsOf(strict),
        ),
      );
    expect(convert({ x: 1, l: [1] }, null, { x: 2, l: null })).toHaveLength(3);
    expect(() => convert({ x: 1, l: [1] }, { x: null, l: null })).toThrow(invalid(/^column 'c': row 1: null in a NOT NULL INT$/));
    expect(() => convert({ x: 1, l: [1] }, null, { x: 1, l: [2, null] })).toThrow(invalid(/^column 'c': row 2: null in a NOT NULL INT$/));
  });

  it('take defaults where a value is missing', () => {
    const fields = fieldsOf({ a: 'INT', b: 'STRING', d: "INT NOT NULL DEFAULT '7'" });
    expect(rowsOf(fromRecordBatch(batch, fields))).toEqual([{ a: 1, b: 'x', d: 7 }]);
  });
});

describe('schemas', () => {
  it('come back from Arrow', () => {
    const spec = {
      bool: 'BOOLEAN',
      tiny: 'TINYINT NOT NULL',
      small: 'SMALLINT',
      int: 'INT',
      big: 'BIGINT',
      float: 'FLOAT',
      double: 'DOUBLE',
      dec: 'DECIMAL(38, 10)',
      s: 'STRING',
      b: 'BYTES NOT NULL',
      date: 'DATE',
      time: 'TIME(3)',
      t3: 'TIMESTAMP(3)',
      z6: 'TIMESTAMP(6) WITH LOCAL TIME ZONE',
      a: 'ARRAY<INT NOT NULL>',
      m: 'MAP<STRING NOT NULL, DOUBLE>',
      r: 'ROW<x INT, y ROW<z BIGINT NOT NULL>>',
    };
    const fields = fieldsOf(spec);
    expect(fromArrowSchema(arrowSchema(fields))).toEqual(fields);
  });

  it('take the next wider type for what weir has not', () => {
    const fields = [
      new Field('u8', new Uint8(), true),
      new Field('u32', new Uint32(), true),
      new Field('u64', new Uint64(), true),
      new Field('ns', new TimestampNanosecond('UTC'), true),
      new Field('dict', new Dictionary(new Utf8(), new Int32()), true),
      new Field('bool', new Bool(), false),
      new Field('f16', new Float16(), true),
      new Field('us', new TimeMicrosecond(), true),
    ];
    expect(fromArrowSchema(new Schema(fields)).map((field) => formatType(field.type))).toEqual([
      'SMALLINT',
      'BIGINT',
      'DECIMAL(20, 0)',
      'TIMESTAMP(6) WITH LOCAL TIME ZONE',
      'STRING',
      'BOOLEAN NOT NULL',
      'FLOAT',
      'TIME(3)',
    ]);
    expect(() => fromArrowSchema(new Schema([new Field('n', new Null(), true)]))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: "column 'n': no type holds Arrow's Null" }),
    );
  });
});

it('dictionaries that grow from batch to batch are read through IPC', () => {
  const type = new Dictionary(new Utf8(), new Int32(), 1);
  const batches = [
    ['a', 'b', null],
    ['c', 'a'],
  ].map((values) => oneColumn(vectorFromArray(values, type)));
  const writer = new RecordBatchStreamWriter();
  for (const batch of batches) writer.write(batch);
  writer.finish();
  const fields = fieldsOf({ c: 'STRING' });
  const back = [...RecordBatchReader.from(writer.toUint8Array(true))].flatMap((batch) => rowsOf(fromRecordBatch(batch, fields)));
  expect(back.map((row) => row.c)).toEqual(['a', 'b', null, 'c', 'a']);
});
