/** Files of weir read by others, files of others read by weir. */

import { readFile, writeFile } from 'node:fs/promises';
import {
  type DuckDBBlobValue,
  type DuckDBConnection,
  type DuckDBDateValue,
  type DuckDBDecimalValue,
  DuckDBInstance,
  type DuckDBListValue,
  type DuckDBMapValue,
  type DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  type DuckDBTimestampTZValue,
  type DuckDBTimeValue,
} from '@duckdb/node-api';
import { tableFromIPC } from 'apache-arrow';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import * as parquetWasm from 'parquet-wasm';
import { ParquetReader } from 'parquetjs-lite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Random, seededRandom } from '../../../src/base/random.js';
import { openDataFile } from '../../../src/format/data-file.js';
import type { Batch } from '../../../src/types/column.js';
import type { DataField, DataType } from '../../../src/types/data-type.js';
import { BatchBuilder } from '../../../src/types/row-builder.js';
import * as t from '../../../src/types/schema-spec.js';
import { takeBatch } from '../../../src/types/take.js';
import { io, plainRows, readParquet, scratch, writeParquet } from '../../support/parquet.js';
import { randomDatum } from '../../support/random-columns.js';

const seed = 7;
let files: Awaited<ReturnType<typeof scratch>>;
let duck: DuckDBConnection;
beforeAll(async () => {
  files = await scratch();
  duck = await (await DuckDBInstance.create(':memory:')).connect();
});
afterAll(async () => {
  duck.closeSync();
  await files.remove();
});

const flat = t.fieldsOf({
  id: t.int().notNull(),
  bool: t.boolean(),
  tiny: t.tinyint(),
  small: t.smallint(),
  low: t.int(),
  big: t.bigint(),
  real: t.float(),
  wide: t.double(),
  day: t.date(),
  at: t.time(),
  ms: t.timestamp(3),
  us: t.timestamp(6),
  zone: t.timestampLtz(6),
  d9: t.decimal(9, 2),
  d18: t.decimal(18, 4),
  d38: t.decimal(38, 10),
  text: t.string(),
  few: t.varchar(20).notNull(),
  blob: t.bytes(),
});
const nested = t.fieldsOf({
  list: t.array(t.int()),
  deep: t.array(t.array(t.string())).notNull(),
  pairs: t.map(t.string(), t.bigint()),
  struct: t.row({ a: t.int(), b: t.array(t.row({ c: t.string(), d: t.date() })), e: t.map(t.int(), t.array(t.double())) }),
});

/** A value as `BatchBuilder` takes it. */
function randomValue(random: Random, type: DataType): unknown {
  if (type.nullable && random.float() < 0.2) return null;
  const size = () => Math.floor(random.float() * 4);
  const many = <T>(make: (i: number) => T) => Array.from({ length: size() }, (_, i) => make(i));
  const digits = (n: number) =>
    `${1 + Math.floor(random.float() * 8)}${String(Math.floor(random.float() * 1e9))
      .padStart(9, '0')
      .repeat(5)}`.slice(0, n);
  const pad = (value: number, n = 2) => String(Math.floor(value)).padStart(n, '0');
  const time = () => `${pad(random.float() * 24)}:${pad(random.float() * 60)}:${pad(random.float() * 60)}.${pad(random.float() * 1000, 3)}`;
  const date = () => `${pad(1900 + random.float() * 200, 4)}-${pad(1 + random.float() * 12)}-${pad(1 + random.float() * 28)}`;
  switch (type.kind) {
    case 'DECIMAL': {
      const text = digits(type.precision);
      return `${random.float() < 0.5 ? '-' : ''}${text.slice(0, type.precision - type.scale)}.${text.slice(type.precision - type.scale)}`;
    }
    case 'DATE':
      return date();
    case 'TIME':
      return time();
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return `${date()}T${time()}${type.precision > 3 ? pad(random.float() * 1000, 3) : ''}${type.kind === 'TIMESTAMP' ? '' : 'Z'}`;
    case 'VARCHAR':
      return type.length < 100
        ? `kind ${size()}`
        : ['', 'a', 'é', 'naïve 日本 🦊'.repeat(size()), 'x'.repeat(size() * 40)][Math.floor(random.float() * 5)];
    case 'ARRAY':
      return many(() => randomValue(random, type.element));
    case 'MAP':
      return new Map(many((i) => [type.key.kind === 'INT' ? i : `k${i}`, randomValue(random, type.value)]));
    case 'ROW':
      return Object.fromEntries(type.fields.map((field) => [field.name, randomValue(random, field.type)]));
    default:
      return randomDatum(random, type, 0);
  }
}

function randomBatch(fields: readonly DataField[], rows: number): Batch {
  const random = seededRandom(seed);
  const builder = new BatchBuilder(fields);
  for (let i = 0; i < rows; i++) builder.push(Object.fromEntries(fields.map((field) => [field.name, randomValue(random, field.type)])));
  return builder.finish();
}

/** DuckDB's value as `plainRows` has it. */
function fromDuck(type: DataType, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case 'DATE':
      return (value as DuckDBDateValue).days;
    case 'TIME':
      return Number((value as DuckDBTimeValue).micros / 1000n);
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ': {
      const micros = value instanceof DuckDBTimestampMillisecondsValue ? value.millis * 1000n : (value as DuckDBTimestampTZValue).micros;
      return type.precision <= 3 ? micros / 1000n : micros;
    }
    case 'DECIMAL':
      return (value as DuckDBDecimalValue).value;
    case 'VARCHAR':
      return Buffer.from(value as string).toString('latin1');
    case 'VARBINARY':
      return Buffer.from((value as DuckDBBlobValue).bytes).toString('latin1');
    case 'ARRAY':
      return (value as DuckDBListValue).items.map((item) => [fromDuck(type.element, item)]);
    case 'MAP':
      return (value as DuckDBMapValue).entries.map((entry) => [fromDuck(type.key, entry.key), fromDuck(type.value, entry.value)]);
    case 'ROW':
      return type.fields.map((field) => fromDuck(field.type, (value as DuckDBStructValue).entries[field.name]));
    default:
      return value;
  }
}

async function duckRows(sql: string, fields: readonly DataField[]): Promise<unknown[][]> {
  const reader = await duck.runAndReadAll(sql);
  return reader.getRows().map((row) => fields.map((field, i) => fromDuck(field.type, row[i])));
}

describe('what weir writes', () => {
  const batch = randomBatch([...flat, ...nested], 500);
  // DuckDB knows LZ4_RAW only
  for (const compression of ['none', 'snappy', 'gzip', 'zstd']) {
    it(`DuckDB reads, ${compression}`, async () => {
      const path = files.path(`duck-${compression}.parquet`);
      await writeParquet(path, batch, { compression, rowGroupRows: 300, pageRows: 70 });
      expect(await duckRows(`SELECT * FROM read_parquet('${path}')`, batch.fields)).toEqual(plainRows(batch));
      // pushed down to statistics and page indexes
      const some = await duckRows(`SELECT * FROM read_parquet('${path}') WHERE few = 'kind 2' AND id > 0`, batch.fields);
      const few = batch.fields.findIndex((field) => field.name === 'few');
      expect(some).toEqual(plainRows(batch).filter((row) => row[few] === 'kind 2' && (row[0] as number) > 0));
    });
  }

  it('has the schema that Paimon gives its files', async () => {
    const path = files.path('schema.parquet');
    await writeParquet(path, batch);
    const bytes = await readFile(path);
    const meta = parquetMetadata(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    expect(meta.created_by).toBe('weir version 0.1.0');
    const shape = meta.schema.map(({ name, field_id, type, type_length, repetition_type, converted_type, logical_type }) => {
      const annotation = logical_type === undefined ? '' : Object.values(logical_type).join(' ');
      return [repetition_type, type, type_length, name, field_id, converted_type, annotation]
        .filter((part) => part !== undefined)
        .join(' ')
        .trim();
    });
    expect(shape).toMatchInlineSnapshot(`
      [
        "paimon_schema",
        "REQUIRED INT32 id 0",
        "OPTIONAL BOOLEAN bool 1",
        "OPTIONAL INT32 tiny 2 INT_8 INTEGER 8 true",
        "OPTIONAL INT32 small 3 INT_16 INTEGER 16 true",
        "OPTIONAL INT32 low 4",
        "OPTIONAL INT64 big 5",
        "OPTIONAL FLOAT real 6",
        "OPTIONAL DOUBLE wide 7",
        "OPTIONAL INT32 day 8 DATE DATE",
        "OPTIONAL INT32 at 9 TIME_MILLIS TIME true MILLIS",
        "OPTIONAL INT64 ms 10 TIMESTAMP_MILLIS TIMESTAMP false MILLIS",
        "OPTIONAL INT64 us 11 TIMESTAMP_MICROS TIMESTAMP false MICROS",
        "OPTIONAL INT64 zone 12 TIMESTAMP_MICROS TIMESTAMP true MICROS",
        "OPTIONAL INT32 d9 13 DECIMAL DECIMAL 2 9",
        "OPTIONAL INT64 d18 14 DECIMAL DECIMAL 4 18",
        "OPTIONAL FIXED_LEN_BYTE_ARRAY 16 d38 15 DECIMAL DECIMAL 10 38",
        "OPTIONAL BYTE_ARRAY text 16 UTF8 STRING",
        "REQUIRED BYTE_ARRAY few 17 UTF8 STRING",
        "OPTIONAL BYTE_ARRAY blob 18",
        "OPTIONAL list 0 LIST LIST",
        "REPEATED list",
        "OPTIONAL INT32 element 536870912",
        "REQUIRED deep 1 LIST LIST",
        "REPEATED list",
        "OPTIONAL element 536871936 LIST LIST",
        "REPEATED list",
        "OPTIONAL BYTE_ARRAY element 536871937 UTF8 STRING",
        "OPTIONAL pairs 2 MAP MAP",
        "REPEATED key_value MAP_KEY_VALUE",
        "REQUIRED BYTE_ARRAY key 536868862 UTF8 STRING",
        "OPTIONAL INT64 value 536872960",
        "OPTIONAL struct 3",
        "OPTIONAL INT32 a 4",
        "OPTIONAL b 7 LIST LIST",
        "REPEATED list",
        "OPTIONAL element 536878080",
        "OPTIONAL BYTE_ARRAY c 5 UTF8 STRING",
        "OPTIONAL INT32 d 6 DATE DATE",
        "OPTIONAL e 8 MAP MAP",
        "REPEATED key_value MAP_KEY_VALUE",
        "REQUIRED INT32 key 536862718",
        "OPTIONAL value 536879104 LIST LIST",
        "REPEATED list",
        "OPTIONAL DOUBLE element 536879105",
      ]
    `);
  });

  it('hyparquet reads', async () => {
    const fields = flat.filter((field) => !/^(at|ms|us|zone|day|d\d+)$/.test(field.name));
    const batchOfFlat = randomBatch(fields, 400);
    for (const compression of ['none', 'snappy', 'lz4', 'zstd']) {
      const path = files.path(`hy-${compression}.parquet`);
      await writeParquet(path, batchOfFlat, { compression, rowGroupRows: 300, pageRows: 70 });
      const bytes = await readFile(path);
      const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
      const rows = await parquetReadObjects({ file, compressors, utf8: false });
      const values = rows.map((row) =>
        fields.map(({ name, type }) => {
          const value: unknown = row[name] ?? null;
          if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
          return type.kind === 'VARCHAR' && value !== null ? Buffer.from(value as string).toString('latin1') : value;
        }),
      );
      expect(values).toEqual(plainRows(batchOfFlat));
    }
  });

  it('parquetjs-lite reads', async () => {
    const fields = flat.filter((field) => /^(id|bool|low|big|wide|text|few)$/.test(field.name));
    const some = randomBatch(fields, 300);
    const path = files.path('js.parquet');
    await writeParquet(path, some, { compression: 'gzip', rowGroupRows: 200, pageRows: 70 });
    const reader = await ParquetReader.openFile(path);
    const cursor = reader.getCursor();
    const rows: unknown[][] = [];
    for (let record = await cursor.next(); record; record = await cursor.next()) {
      rows.push(
        fields.map(({ name, type }) => {
          const value = record[name] ?? null;
          if (value === null) return null;
          if (type.kind === 'BIGINT') return BigInt(value as bigint);
          if (type.kind === 'INT' || type.kind === 'DOUBLE') return Number(value) + 0;
          return type.kind === 'VARCHAR' ? Buffer.from(value as string).toString('latin1') : value;
        }),
      );
    }
    await reader.close();
    // its numbers come as texts, which have one zero
    expect(rows).toEqual(plainRows(some).map((row) => row.map((value) => (value === 0 ? 0 : value))));
  });

  it('parquet-wasm reads', async () => {
    const path = files.path('wasm.parquet');
    await writeParquet(path, batch, { compression: 'zstd', pageRows: 100 });
    const table = tableFromIPC(parquetWasm.readParquet(await readFile(path)).intoIPCStream());
    expect(table.numRows).toBe(batch.length);
    const ids = plainRows(batch).map((row) => row[0]);
    expect(Array.from(table.getChild('id')!)).toEqual(ids);
    const text = batch.fields.findIndex((field) => field.name === 'text');
    const texts = Array.from(table.getChild('text')!, (value) => (value === null ? null : Buffer.from(value as string).toString('latin1')));
    expect(texts).toEqual(plainRows(batch).map((row) => row[text]));
  });
});

describe('what others write', () => {
  const columns = [...flat, ...nested].map((field) => ({ ...field, type: { ...field.type, nullable: true } as DataType }));

  for (const options of [
    'COMPRESSION uncompressed',
    'COMPRESSION snappy, ROW_GROUP_SIZE 2048',
    'COMPRESSION zstd, PARQUET_VERSION V2',
    'COMPRESSION gzip, PARQUET_VERSION V2, ROW_GROUP_SIZE 2048',
    'COMPRESSION brotli',
    'COMPRESSION lz4_raw, PARQUET_VERSION V2',
  ]) {
    it(`weir reads DuckDB's files, ${options}`, async () => {
      const batch = randomBatch(columns, 3000);
      const source = files.path(`source ${options}.parquet`);
      const path = files.path(`duckdb ${options}.parquet`);
      await writeParquet(source, batch);
      await duck.run(`COPY (SELECT * FROM read_parquet('${source}')) TO '${path}' (FORMAT parquet, ${options})`);
      expect(plainRows(await readParquet(path, columns))).toEqual(plainRows(batch));
      const reader = await openDataFile(io, path);
      const rows = Uint32Array.of(0, 17, 2047, 2048, 2999);
      expect(plainRows(await reader.readRows(rows, columns))).toEqual(plainRows(takeBatch(batch, rows)));
      await reader.close();
    });
  }

  it("weir reads parquet-wasm's files in every encoding", async () => {
    const { WriterPropertiesBuilder, Encoding, Compression, WriterVersion, Table, writeParquet: write, readParquet: read } = parquetWasm;
    const fields = columns.filter((field) => !/^(at|ms)$/.test(field.name));
    const batch = randomBatch(fields, 2000);
    const source = files.path('source2.parquet');
    await writeParquet(source, batch);
    const stream = read(await readFile(source)).intoIPCStream();
    const variants: [string, (builder: parquetWasm.WriterPropertiesBuilder) => parquetWasm.WriterPropertiesBuilder][] = [
      ['plain', (b) => b.setDictionaryEnabled(false).setEncoding(Encoding.PLAIN)],
      ['v2', (b) => b.setWriterVersion(WriterVersion.V2).setCompression(Compression.SNAPPY)],
      [
        'delta',
        (b) =>
          b
            .setDictionaryEnabled(false)
            .setColumnEncoding('big', Encoding.DELTA_BINARY_PACKED)
            .setColumnEncoding('low', Encoding.DELTA_BINARY_PACKED),
      ],
      ['delta length', (b) => b.setDictionaryEnabled(false).setColumnEncoding('text', Encoding.DELTA_LENGTH_BYTE_ARRAY)],
      [
        'delta bytes',
        (b) =>
          b
            .setDictionaryEnabled(false)
            .setColumnEncoding('text', Encoding.DELTA_BYTE_ARRAY)
            .setColumnEncoding('d38', Encoding.DELTA_BYTE_ARRAY),
      ],
      [
        'split',
        (b) =>
          b
            .setDictionaryEnabled(false)
            .setColumnEncoding('wide', Encoding.BYTE_STREAM_SPLIT)
            .setColumnEncoding('real', Encoding.BYTE_STREAM_SPLIT),
      ],
      [
        'small pages',
        (b) => b.setWriterVersion(WriterVersion.V2).setDataPageSizeLimit(500).setWriteBatchSize(32).setCompression(Compression.ZSTD),
      ],
      ['LZ4 raw', (b) => b.setCompression(Compression.LZ4_RAW)],
    ];
    for (const [name, variant] of variants) {
      const path = files.path(`wasm-${name}.parquet`);
      await writeFile(path, write(Table.fromIPCStream(stream), variant(new WriterPropertiesBuilder()).build()));
      expect(plainRows(await readParquet(path, fields)), name).toEqual(plainRows(batch));
      const reader = await openDataFile(io, path);
      const rows = Uint32Array.of(0, 1, 700, 1999);
      expect(plainRows(await reader.readRows(rows, fields)), `rows, ${name}`).toEqual(plainRows(takeBatch(batch, rows)));
      await reader.close();
    }
  });

  it('refuses a type that cannot be', async () => {
    const path = files.path('types.parquet');
    await duck.run(`COPY (SELECT 1 AS a, 'x' AS b) TO '${path}' (FORMAT parquet)`);
    const wrong = (name: string, type: DataType) => readParquet(path, [{ id: 1, name, type }]);
    await expect(wrong('a', { kind: 'DOUBLE', nullable: true })).rejects.toMatchObject({ code: 'UNSUPPORTED', file: path });
    await expect(wrong('b', { kind: 'INT', nullable: true })).rejects.toMatchObject({ code: 'UNSUPPORTED', file: path });
    await expect(wrong('b', { kind: 'ARRAY', nullable: true, element: { kind: 'INT', nullable: true } })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    });
  });
});
