import { describe, expect, it } from 'vitest';
import { WeirError } from '../../src/base/error.js';
import { AvroSink } from '../../src/format/avro-binary.js';
import { writeHeader } from '../../src/format/avro-header.js';
import type { AvroSchema } from '../../src/format/avro-schema.js';
import { type DataFileReader, openDataFile } from '../../src/format/data-file.js';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import type { Batch } from '../../src/types/column.js';
import type { DataField, DataType } from '../../src/types/data-type.js';
import { columnFromData } from '../../src/types/datum.js';
import { concatBatch } from '../../src/types/take.js';
import { avroFile, bigEndian, recordSchema, writeBlock } from '../support/avro-file.js';
import { batchOf, fieldsOf, plainRows } from '../support/parquet.js';
import { atomicTypes, nestedTypes, randomColumn } from '../support/random-columns.js';
import { integerBetween, testRandom } from '../support/seeds.js';

const PATH = '/t/bucket-0/data-1-0.avro';
const nullable = { nullable: true } as const;
const INT: DataType = { kind: 'INT', nullable: true };
const STRING: DataType = { kind: 'VARCHAR', length: 2147483647, nullable: true };

/** all that Paimon writes to Avro */
const types: DataType[] = [
  ...atomicTypes.filter((type) => !('precision' in type) || type.kind === 'DECIMAL' || type.precision <= 6),
  ...nestedTypes,
  { kind: 'BIGINT', nullable: false },
  { kind: 'MAP', key: INT, value: { kind: 'DECIMAL', precision: 20, scale: 5, ...nullable }, ...nullable },
  { kind: 'MULTISET', element: { kind: 'DATE', ...nullable }, ...nullable },
  {
    kind: 'ARRAY',
    element: { kind: 'MAP', key: { ...STRING, nullable: false }, value: { kind: 'ARRAY', element: INT, ...nullable }, ...nullable },
    ...nullable,
  },
];

async function open(bytes: Uint8Array): Promise<DataFileReader> {
  const io = memoryFileIO();
  await io.writeFile(PATH, bytes);
  return openDataFile(io, PATH);
}

async function readAll(bytes: Uint8Array, fields: readonly DataField[]): Promise<Batch> {
  const reader = await open(bytes);
  try {
    const groups: Batch[] = [];
    for (let i = 0; i < reader.rowGroups.length; i++) groups.push(await reader.readRowGroup(i, fields));
    return groups.length === 0 ? await reader.readRows(new Uint32Array(0), fields) : concatBatch(groups);
  } finally {
    await reader.close();
  }
}

/** One record of one column `c`, whose bytes `write` makes. */
async function single(type: AvroSchema, write: (sink: AvroSink) => void, extra: object[] = []): Promise<Uint8Array> {
  const schema = { type: 'record', name: 'r', fields: [{ name: 'c', type }, ...extra] };
  const file = new AvroSink();
  const sync = writeHeader(file, JSON.stringify(schema), 'null');
  const block = new AvroSink();
  write(block);
  await writeBlock(file, 1, block.take(), 'null', sync);
  return file.take();
}

async function singleValue(type: DataType, avro: AvroSchema, write: (sink: AvroSink) => void): Promise<unknown> {
  return plainRows(await readAll(await single(avro, write), [{ id: 0, name: 'c', type }]))[0]![0];
}

describe('Avro data files', () => {
  it.each(['null', 'zstandard', 'snappy', 'deflate'])('%s: every type is read as it was written, in blocks of any size', async (codec) => {
    const random = testRandom();
    for (const blockRows of [1, 7, 300]) {
      const batch = batchOf(types.map((type) => randomColumn(random, type, 150)));
      const read = await readAll(await avroFile(batch, { codec, blockRows, random }), batch.fields);
      expect(read.columns.map((column) => column.type)).toEqual(types);
      expect(plainRows(read)).toEqual(plainRows(batch));
    }
  });

  it('columns without nulls have no validity, values have their exact size', async () => {
    const batch = batchOf([randomColumn(testRandom(), { kind: 'INT', nullable: true }, 9, 0)]);
    const [column] = (await readAll(await avroFile(batch), batch.fields)).columns;
    expect(column).toMatchObject({ validity: null, length: 9, offsets: undefined, children: undefined });
    expect((column!.values as Int32Array).length).toBe(9);
  });

  it('only wanted columns are read, in the order wanted; those the file lacks are null', async () => {
    const random = testRandom();
    const batch = batchOf(types.map((type) => randomColumn(random, type, 40)));
    const bytes = await avroFile(batch, { blockRows: 11, random });
    const rows = plainRows(batch);
    for (let round = 0; round < 20; round++) {
      const picked = [...types.keys()].filter(() => random.float() < 0.4).sort(() => random.float() - 0.5);
      const absent = { id: 1, name: 'absent', type: types[integerBetween(random, 0, types.length - 1)]! };
      const read = await readAll(bytes, [...picked.map((i) => batch.fields[i]!), absent]);
      expect(plainRows(read)).toEqual(rows.map((row) => [...picked.map((i) => row[i]), null]));
    }
  });

  it('members of rows are found by name, and are null where the file lacks them', async () => {
    const stored: DataType = {
      kind: 'ROW',
      nullable: true,
      fields: [
        { id: 1, name: 'gone', type: { kind: 'ARRAY', element: STRING, nullable: true } },
        { id: 2, name: 'kept', type: INT },
      ],
    };
    const wanted: DataType = {
      ...stored,
      fields: [
        { id: 2, name: 'kept', type: INT },
        { id: 3, name: 'new', type: STRING },
      ],
    };
    const batch = batchOf([randomColumn(testRandom(), stored, 50)]);
    const read = await readAll(await avroFile(batch), [{ ...batch.fields[0]!, type: wanted }]);
    expect(plainRows(read)).toEqual(plainRows(batch).map(([row]) => [row === null ? null : [(row as unknown[])[1], null]]));
  });

  it('rows are at their place in the file, over blocks and row groups', async () => {
    const random = testRandom();
    const length = 6000;
    const ids = columnFromData(
      INT,
      Array.from({ length }, (_, i) => i),
    );
    const payload = columnFromData(
      { kind: 'VARBINARY', length: 2147483647, nullable: true },
      Array.from({ length }, (_, i) => new Uint8Array(1000).fill(i)),
    );
    const batch = batchOf([ids, payload]);
    const reader = await open(await avroFile(batch, { blockRows: 100 }));
    expect(reader.rowCount).toBe(length);
    expect(reader.rowGroups.length).toBeGreaterThan(1);
    expect(reader.columnNames()).toEqual(['c0', 'c1']);
    let next = 0;
    for (const [index, group] of reader.rowGroups.entries()) {
      expect(group.firstRow).toBe(next);
      next += group.rowCount;
      const read = await reader.readRowGroup(index, [batch.fields[0]!]);
      expect(plainRows(read)).toEqual(Array.from({ length: group.rowCount }, (_, i) => [group.firstRow + i]));
    }
    expect(next).toBe(length);
    for (const share of [0.001, 0.05, 0.9]) {
      const rows = Uint32Array.from(Array.from({ length }, (_, i) => i).filter(() => random.float() < share));
      const read = await reader.readRows(rows, batch.fields);
      expect(plainRows(read)).toEqual(Array.from(rows, (row) => [row, String.fromCharCode(row & 0xff).repeat(1000)]));
    }
    await expect(reader.readRows(Uint32Array.of(length), batch.fields)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(reader.readRows(Uint32Array.of(5, 4), batch.fields)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(reader.readRowGroup(99, batch.fields)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('a file without blocks has no rows', async () => {
    const batch = batchOf([randomColumn(testRandom(), INT, 0)]);
    const reader = await open(await avroFile(batch));
    expect([reader.rowCount, reader.rowGroups]).toEqual([0, []]);
  });

  it('units, spellings and widths of other writers', async () => {
    const ts = (precision: number): DataType => ({ kind: 'TIMESTAMP', precision, nullable: true });
    const long = (value: bigint) => (sink: AvroSink) => sink.writeLong(value);
    const micros = { type: 'long', logicalType: 'timestamp-micros' };
    expect(await singleValue(ts(3), micros, long(-1n))).toBe(-1n);
    expect(await singleValue(ts(3), micros, long(-1000n))).toBe(-1n);
    expect(await singleValue(ts(3), micros, long(-1001n))).toBe(-2n);
    expect(await singleValue(ts(3), micros, long(1999n))).toBe(1n);
    expect(await singleValue(ts(6), { type: 'long', logicalType: 'local-timestamp-millis' }, long(-7n))).toBe(-7000n);
    expect(
      await singleValue({ kind: 'TIME', precision: 3, nullable: true }, { type: 'long', logicalType: 'time-micros' }, long(5999n)),
    ).toBe(5);
    const decimal: DataType = { kind: 'DECIMAL', precision: 30, scale: 2, nullable: true };
    const fixed = { type: 'fixed', name: 'f', size: 13, logicalType: 'decimal', precision: 30, scale: 2 };
    const value = -(10n ** 29n);
    expect(await singleValue(decimal, fixed, (sink) => sink.writeRaw(bigEndian(value).slice()))).toBe(value);
    expect(
      await singleValue(STRING, ['string', 'null'], (sink) => {
        sink.writeInt(0);
        sink.writeString('x');
      }),
    ).toBe('x');
    expect(await singleValue(STRING, { type: 'string' }, (sink) => sink.writeString('y'))).toBe('y');
  });

  it('skips what no column needs: enums, fixed, unions of many, types that hold themselves', async () => {
    const tree = {
      type: 'record',
      name: 'ns.tree',
      fields: [
        { name: 'left', type: ['null', 'tree'] },
        { name: 'size', type: 'long' },
      ],
    };
    const bytes = await single(
      'int',
      (sink) => {
        sink.writeInt(42);
        sink.writeInt(1);
        sink.writeRaw(Uint8Array.of(1, 2, 3));
        sink.writeInt(2);
        sink.writeDouble(1);
        // a tree of two
        for (const branch of [1, 0]) sink.writeInt(branch);
        for (const size of [1, 2n ** 62n]) sink.writeLong(size);
        sink.writeInt(7);
      },
      [
        { name: 'e', type: { type: 'enum', name: 'e', symbols: ['a', 'b'] } },
        { name: 'f', type: { type: 'fixed', name: 'three', size: 3 } },
        { name: 'u', type: ['null', 'string', 'double'] },
        { name: 't', type: tree },
        { name: 'last', type: 'int' },
      ],
    );
    const wanted = [
      { id: 0, name: 'last', type: INT },
      { id: 1, name: 'c', type: INT },
    ];
    expect(plainRows(await readAll(bytes, wanted))).toEqual([[7, 42]]);
  });

  it.each<[string, DataType, AvroSchema]>([
    ['a long as INT', INT, 'long'],
    ['text as BIGINT', { kind: 'BIGINT', nullable: true }, ['null', 'string']],
    [
      'a decimal of another scale',
      { kind: 'DECIMAL', precision: 5, scale: 2, ...nullable },
      { type: 'bytes', logicalType: 'decimal', precision: 5, scale: 3 },
    ],
    ['a long without a unit as TIMESTAMP', { kind: 'TIMESTAMP', precision: 3, ...nullable }, 'long'],
    ['nanoseconds', { kind: 'TIMESTAMP', precision: 9, ...nullable }, { type: 'long', logicalType: 'timestamp-micros' }],
    ['an array as MAP', { kind: 'MAP', key: INT, value: INT, ...nullable }, { type: 'array', items: 'int' }],
    ['a union of many', INT, ['null', 'int', 'long']],
    ['VARIANT', { kind: 'OTHER', text: 'VARIANT', ...nullable }, 'bytes'],
  ])('UNSUPPORTED, naming file and column: %s', async (_, type, avro) => {
    const bytes = await single(avro, (sink) => sink.writeInt(0));
    await expect(readAll(bytes, [{ id: 0, name: 'c', type }])).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      file: PATH,
      message: expect.stringMatching(/column c/),
    });
  });

  it('names a codec that it does not read', async () => {
    const file = new AvroSink();
    const sync = writeHeader(file, JSON.stringify(recordSchema([], 'record')), 'xz');
    await writeBlock(file, 1, Uint8Array.of(0), 'null', sync);
    await expect(readAll(file.take(), [])).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      file: PATH,
      message: expect.stringContaining('xz'),
    });
  });

  it('values beyond their type are CORRUPTION', async () => {
    const refused = { code: 'CORRUPTION', file: PATH };
    await expect(singleValue({ kind: 'TINYINT', nullable: true }, 'int', (sink) => sink.writeInt(128))).rejects.toMatchObject(refused);
    await expect(singleValue(INT, 'int', (sink) => sink.writeLong(2n ** 31n))).rejects.toMatchObject(refused);
    const decimal = { type: 'bytes', logicalType: 'decimal', precision: 30 };
    const wide: DataType = { kind: 'DECIMAL', precision: 30, scale: 0, nullable: true };
    await expect(singleValue(wide, decimal, (sink) => sink.writeBytes(new Uint8Array(17)))).rejects.toMatchObject(refused);
    await expect(singleValue(wide, decimal, (sink) => sink.writeBytes(new Uint8Array(0)))).rejects.toMatchObject(refused);
    // ten million items that take no bytes
    const empty = { type: 'array', items: { type: 'record', name: 'nothing', fields: [] } };
    const list: DataType = { kind: 'ARRAY', element: { kind: 'ROW', fields: [], nullable: false }, nullable: false };
    const claim = (sink: AvroSink) => {
      sink.writeLong(5);
      for (let i = 0; i < 10; i++) sink.writeByte(0);
    };
    await expect(singleValue(list, empty, claim)).rejects.toMatchObject(refused);
  });

  it.each(['null', 'zstandard', 'snappy', 'deflate'])('%s: damaged bytes give an answer or CORRUPTION naming the file', async (codec) => {
    const random = testRandom();
    const batch = batchOf(types.map((type) => randomColumn(random, type, 60)));
    const bytes = await avroFile(batch, { codec, blockRows: 13, random });
    const rows = Uint32Array.of(0, 12, 13, 59);
    const outcome = async (damaged: Uint8Array): Promise<'read' | string> => {
      try {
        const reader = await open(damaged);
        for (let i = 0; i < reader.rowGroups.length; i++) await reader.readRowGroup(i, batch.fields);
        if (reader.rowCount >= 60) await reader.readRows(rows, batch.fields);
        return 'read';
      } catch (error) {
        if (!(error instanceof WeirError)) throw error;
        expect(error.file).toBe(PATH);
        expect(error.message).toContain(PATH);
        return error.code;
      }
    };
    expect(await outcome(bytes)).toBe('read');
    for (let i = 0; i < 150; i++) {
      const damaged = bytes.slice();
      for (let j = 0; j < (i % 4 === 0 ? 20 : 1); j++) {
        const bit = Math.floor(random.float() * bytes.length * 8);
        damaged[bit >> 3]! ^= 1 << (bit & 7);
      }
      expect(['read', 'CORRUPTION', 'UNSUPPORTED']).toContain(await outcome(damaged));
    }
    for (let i = 0; i < 40; i++) {
      const length = Math.floor(random.float() * bytes.length);
      // a file may only end after a block
      const result = await outcome(bytes.subarray(0, length));
      if (result !== 'CORRUPTION') expect((await readAll(bytes.subarray(0, length), batch.fields)).length % 13).toBe(0);
    }
  });

  it('fields of a file are columns: no two of a name, none wanted twice', async () => {
    const fields = fieldsOf([INT]);
    const twice = await single('int', (sink) => sink.writeRaw(Uint8Array.of(2, 4)), [{ name: 'c', type: 'int' }]);
    await expect(readAll(twice, [{ ...fields[0]!, name: 'c' }])).rejects.toMatchObject({ code: 'CORRUPTION', file: PATH });
    const batch = batchOf([randomColumn(testRandom(), INT, 3)]);
    await expect(readAll(await avroFile(batch), [batch.fields[0]!, batch.fields[0]!])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
