import avro from 'avsc';
import { describe, expect, it } from 'vitest';
import { hasCode } from '../../src/base/error.js';
import { seededRandom } from '../../src/base/random.js';
import { AvroWriter, readAvro, writeAvro } from '../../src/format/avro-container.js';
import type { AvroSchema } from '../../src/format/avro-schema.js';

const SCHEMA: AvroSchema = {
  type: 'record',
  name: 'row',
  namespace: 'test',
  fields: [
    { name: 'flag', type: 'boolean' },
    { name: 'int', type: 'int' },
    { name: 'long', type: 'long' },
    { name: 'float', type: 'float' },
    { name: 'double', type: 'double' },
    { name: 'text', type: 'string' },
    { name: 'bytes', type: 'bytes' },
    { name: 'maybe', type: ['null', { type: 'long', logicalType: 'timestamp-millis' }], default: null },
    { name: 'list', type: { type: 'array', items: ['null', 'long'] } },
    { name: 'map', type: { type: 'map', values: 'int' } },
    { name: 'inner', type: { type: 'record', name: 'inner', fields: [{ name: 'a', type: 'string' }] } },
    { name: 'again', type: ['null', 'test.inner'], default: null },
  ],
};

const LONGS = [
  0,
  1,
  -1,
  63,
  64,
  -65,
  2 ** 27 - 1,
  2 ** 31,
  -(2 ** 31) - 1,
  Number.MAX_SAFE_INTEGER,
  9007199254740993n,
  9223372036854775807n,
  -9223372036854775808n,
];

const record = (i: number) => ({
  flag: i % 2 === 0,
  int: [0, -1, 2147483647, -2147483648, i][i % 5]!,
  long: LONGS[i % LONGS.length]!,
  float: Math.fround(i / 3),
  double: i / 3,
  text: `é中 ${i}`,
  bytes: Uint8Array.from({ length: i % 40 }, (_, b) => (b * i) & 0xff),
  maybe: i % 3 === 0 ? null : i,
  list: Array.from({ length: i % 4 }, (_, j) => (j === 1 ? null : j)),
  map: new Map([[`k${i}`, i]]),
  inner: { a: `x${i}` },
  again: i % 2 === 0 ? null : { a: 'y' },
});
const records = Array.from({ length: 500 }, (_, i) => record(i));
const CODECS = ['zstd', 'snappy', 'deflate', 'null'];

/** A read that may fail, and only with CORRUPTION naming the file. */
async function readDamaged(bytes: Uint8Array): Promise<unknown[] | undefined> {
  try {
    return (await readAvro(bytes, '/t/manifest/m')).records;
  } catch (error) {
    if (hasCode(error, 'UNSUPPORTED')) return undefined;
    expect(hasCode(error, 'CORRUPTION') && error.file, String(error)).toBe('/t/manifest/m');
    return undefined;
  }
}

describe('Avro container files', () => {
  it.each(CODECS)('%s: what is written is read, of one block and of many', async (codec) => {
    for (const block_bytes of [256 * 1024, 100]) {
      const { schema, records: read } = await readAvro(await writeAvro(SCHEMA, records, codec, { block_bytes }), 'file');
      expect(schema).toEqual(SCHEMA);
      expect(read).toEqual(records);
    }
    expect((await readAvro(await writeAvro(SCHEMA, [], codec), 'file')).records).toEqual([]);
  });

  it.each(['null', 'deflate'])('%s: an independent library reads and writes the same', async (codec) => {
    const long = avro.types.LongType.__with({
      fromBuffer: (buffer: Buffer) => {
        const value = buffer.readBigInt64LE();
        return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
      },
      toBuffer: (value: number | bigint) => {
        const buffer = Buffer.alloc(8);
        buffer.writeBigInt64LE(BigInt(value));
        return buffer;
      },
      fromJSON: Number,
      toJSON: String,
      isValid: (value: unknown) => typeof value === 'bigint' || Number.isInteger(value),
      compare: (a: number, b: number) => a - b,
    });
    const parse = (schema: avro.Schema) => avro.Type.forSchema(schema, { registry: { long } });
    const plain = (value: ReturnType<typeof record>) => ({ ...value, bytes: Buffer.from(value.bytes), map: Object.fromEntries(value.map) });

    const decoder = new avro.streams.BlockDecoder({ parseHook: (schema) => parse(schema) });
    const decoded: unknown[] = [];
    decoder.on('data', (value) => decoded.push(value));
    const done = new Promise((resolve, reject) => decoder.on('end', resolve).on('error', reject));
    decoder.end(Buffer.from(await writeAvro(SCHEMA, records, codec, { block_bytes: 4000 })));
    await done;
    expect(decoded.length).toBe(records.length);
    expect(JSON.stringify(decoded, bigints)).toBe(JSON.stringify(records.map(plain), bigints));

    const encoder = new avro.streams.BlockEncoder(parse(SCHEMA as avro.Schema), { codec, blockSize: 3000 });
    const chunks: Buffer[] = [];
    encoder.on('data', (chunk) => chunks.push(chunk));
    const encoded = new Promise((resolve) => encoder.on('end', resolve));
    for (const each of records) encoder.write(plain(each));
    encoder.end();
    await encoded;
    expect((await readAvro(Buffer.concat(chunks), 'file')).records).toEqual(records);
  });

  it.each(CODECS)('%s: no flipped bit passes for other records', async (codec) => {
    const seed = 7;
    const random = seededRandom(seed);
    const bytes = await writeAvro(SCHEMA, records.slice(0, 60), codec, { block_bytes: 2000 });
    const headerBits = 8 * 1500;
    const flips = Array.from({ length: 700 }, (_, i) =>
      Math.floor(random.float() * (i % 2 === 0 ? Math.min(headerBits, bytes.length * 8) : bytes.length * 8)),
    );
    for (const bit of flips) {
      const damaged = new Uint8Array(bytes);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const read = await readDamaged(damaged);
      // without compression there is nothing that tells a changed value: format-spec/manifest says so
      if (read !== undefined && codec !== 'null' && codec !== 'deflate')
        expect(read, `seed ${seed}, bit ${bit}`).toEqual(records.slice(0, 60));
    }
  });

  it('never takes a truncated block for a file, nor hangs on garbage', async () => {
    const seed = 8;
    const random = seededRandom(seed);
    const bytes = await writeAvro(SCHEMA, records, 'null');
    for (let i = 0; i < 200; i++) {
      const length = Math.floor(random.float() * bytes.length);
      const read = await readDamaged(bytes.subarray(0, length));
      if (read !== undefined) expect(read, `seed ${seed}, ${length} bytes`).toEqual([]);
    }
    for (let i = 0; i < 300; i++) {
      const damaged = new Uint8Array(bytes);
      for (let j = 0; j < 20; j++) damaged[Math.floor(random.float() * damaged.length)] = Math.floor(random.float() * 256);
      await readDamaged(damaged);
    }
  });

  it('names what it does not read or write', async () => {
    await expect(writeAvro(SCHEMA, [], 'lz4')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    const header = Buffer.from(await writeAvro(SCHEMA, records.slice(0, 1), 'deflate'));
    const foreign = Buffer.concat([
      header.subarray(0, header.indexOf('avro.codec')),
      Buffer.from('avro.codec'),
      Buffer.from([2 * 'bzip2'.length]),
      Buffer.from('bzip2'),
      Buffer.from([0]),
      Buffer.alloc(16, 7),
      Buffer.from([2, 2, 0]),
      Buffer.alloc(16, 7),
    ]);
    await expect(readAvro(foreign, 'file')).rejects.toMatchObject({ code: 'UNSUPPORTED', file: 'file' });
  });

  it('tells its size as it grows', async () => {
    const writer = new AvroWriter(SCHEMA, 'null', { block_bytes: 1000 });
    const before = writer.size_bytes;
    for (const each of records) await writer.append(each);
    expect(writer.size_bytes).toBeGreaterThan(before + 1000);
    expect((await writer.finish()).length).toBeGreaterThanOrEqual(writer.size_bytes);
  });
});

function bigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
