/**
 * Avro object container files: Paimon's manifests and manifest lists.
 *
 *   file  = "Obj" 01 | map of metadata (avro.schema, avro.codec) | sync marker (16 bytes) | block ...
 *   block = record count | size in bytes | data (compressed) | sync marker
 *
 * Avro has no checksum of its own. Files weir writes can tell damage all the same: the sync marker is not random
 * but `WEIR` and 12 bytes of the header's SHA-256, zstd blocks carry a content checksum (zstd-frame), snappy blocks a
 * CRC. In every file counts and sizes are held against the bytes there are, a block must be used up by its records,
 * and markers must repeat.
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { crc32, deflateRaw, inflateRaw } from 'node:zlib';
import { compress as compressSnappy, uncompress as uncompressSnappy } from 'snappy';
import { WeirError } from '../base/error.js';
import { AvroCursor, AvroSink } from './avro-binary.js';
import { type AvroRead, type AvroSchema, type AvroWrite, compileReader, compileWriter } from './avro-schema.js';
import { compressZstd, decompressZstd } from './zstd-frame.js';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

const MAGIC = Uint8Array.of(0x4f, 0x62, 0x6a, 1);
const SYNC_BYTES = 16;
/** the first bytes of a sync marker that is a hash of the header */
const SYNC_MARK = Uint8Array.of(0x57, 0x45, 0x49, 0x52);
const BLOCK_BYTES = 256 * 1024;
/** no codec of ours makes a block this much smaller: a larger claim is damage */
const MAX_SNAPPY_RATIO = 32;
const MAX_BLOCK_BYTES = 1 << 30;
const COMPILED_SCHEMAS = 64;

export interface AvroFile {
  readonly schema: AvroSchema;
  readonly records: unknown[];
}

export interface WriteAvroOptions {
  /** of zstd; default 1 */
  level?: number;
  /** a block is closed when its records take this much before compression */
  block_bytes?: number;
}

interface Compiled {
  readonly schema: AvroSchema;
  readonly read: AvroRead;
}

const readers = new Map<string, Compiled>();
const writers = new WeakMap<object, AvroWrite>();

/**
 * Every record of a container file, in order.
 *
 * @throws CORRUPTION for anything that is not such a file; UNSUPPORTED for the codecs bzip2 and xz
 */
export async function readAvro(bytes: Uint8Array, file: string): Promise<AvroFile> {
  try {
    return await read(bytes, file);
  } catch (cause) {
    if (cause instanceof WeirError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WeirError('CORRUPTION', `${file} is no readable Avro file: ${reason}`, { cause, file });
  }
}

async function read(bytes: Uint8Array, file: string): Promise<AvroFile> {
  const cursor = new AvroCursor(bytes);
  if (!equal(cursor.readView(MAGIC.length), MAGIC)) throw new Error("it does not begin with Avro's magic");
  const metadata = new Map<string, Uint8Array>();
  for (let count = cursor.readCount(); count > 0; count = cursor.readCount()) {
    for (let i = 0; i < count; i++) metadata.set(cursor.readString(), cursor.readBytes());
  }
  const headerEnd = cursor.position;
  const sync = cursor.readView(SYNC_BYTES);
  if (equal(sync.subarray(0, SYNC_MARK.length), SYNC_MARK) && !equal(sync, syncMarker(bytes.subarray(0, headerEnd)))) {
    throw new Error('its header does not match its checksum');
  }
  const schemaText = metadata.get('avro.schema');
  if (schemaText === undefined) throw new Error('it has no schema');
  const codec = metadata.get('avro.codec');
  const compiled = compiledReader(new TextDecoder('utf-8', { fatal: true }).decode(schemaText));
  const codecName = codec === undefined ? 'null' : new TextDecoder().decode(codec);

  const records: unknown[] = [];
  while (cursor.left > 0) {
    const count = nonNegative(cursor.readLong());
    const size = nonNegative(cursor.readLong());
    const data = await decompress(codecName, cursor.readView(size), file);
    if (!equal(cursor.readView(SYNC_BYTES), sync)) throw new Error('a block does not end with the sync marker');
    if (count > data.length) throw new Error(`a block of ${data.length} bytes claims ${count} records`);
    const block = new AvroCursor(data);
    for (let i = 0; i < count; i++) records.push(compiled.read(block));
    if (block.left > 0) throw new Error(`${block.left} bytes are left after the records of a block`);
  }
  return { schema: compiled.schema, records };
}

/** Writes one container file, record by record. */
export class AvroWriter {
  readonly #codec: string;
  readonly #level: number;
  readonly #block_bytes: number;
  readonly #write: AvroWrite;
  readonly #sync: Uint8Array;
  readonly #file = new AvroSink();
  readonly #block = new AvroSink();
  #count = 0;

  /**
   * @param codec as in table options: `zstd`, `snappy`, `deflate`, `null` or `none`
   * @throws UNSUPPORTED for another codec
   */
  constructor(schema: AvroSchema, codec: string, options: WriteAvroOptions = {}) {
    const name = AVRO_CODECS[codec];
    if (name === undefined)
      throw new WeirError('UNSUPPORTED', `the Avro codec ${codec} is not written; choose zstd, snappy, deflate or null`);
    this.#codec = name;
    this.#level = options.level ?? 1;
    this.#block_bytes = options.block_bytes ?? BLOCK_BYTES;
    this.#write = compiledWriter(schema);
    const header = new AvroSink();
    header.writeRaw(MAGIC);
    header.writeInt(2);
    header.writeString('avro.schema');
    header.writeBytes(Buffer.from(JSON.stringify(schema)));
    header.writeString('avro.codec');
    header.writeBytes(Buffer.from(name));
    header.writeInt(0);
    const bytes = header.take();
    this.#sync = syncMarker(bytes);
    this.#file.writeRaw(bytes);
    this.#file.writeRaw(this.#sync);
  }

  /** bytes of the blocks closed so far, header included */
  get size_bytes(): number {
    return this.#file.length;
  }

  async append(record: unknown): Promise<void> {
    this.#write(this.#block, record);
    this.#count++;
    if (this.#block.length >= this.#block_bytes) await this.#closeBlock();
  }

  /** The whole file. */
  async finish(): Promise<Uint8Array> {
    await this.#closeBlock();
    return this.#file.take();
  }

  async #closeBlock(): Promise<void> {
    if (this.#count === 0) return;
    const data = await compress(this.#codec, this.#block.take(), this.#level);
    this.#file.writeLong(this.#count);
    this.#file.writeLong(data.length);
    this.#file.writeRaw(data);
    this.#file.writeRaw(this.#sync);
    this.#count = 0;
  }
}

/** A container file of these records; see AvroWriter. */
export async function writeAvro(
  schema: AvroSchema,
  records: Iterable<unknown>,
  codec: string,
  options: WriteAvroOptions = {},
): Promise<Uint8Array> {
  const writer = new AvroWriter(schema, codec, options);
  for (const record of records) await writer.append(record);
  return writer.finish();
}

const AVRO_CODECS: { [name: string]: string | undefined } = {
  zstd: 'zstandard',
  zstandard: 'zstandard',
  snappy: 'snappy',
  deflate: 'deflate',
  null: 'null',
  none: 'null',
};

async function compress(codec: string, data: Uint8Array, level: number): Promise<Uint8Array> {
  switch (codec) {
    case 'zstandard':
      return compressZstd(data, level);
    case 'deflate':
      return deflate(data);
    case 'snappy': {
      const packed = await compressSnappy(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
      const bytes = new Uint8Array(packed.length + 4);
      bytes.set(packed);
      new DataView(bytes.buffer).setUint32(packed.length, crc32(data));
      return bytes;
    }
    default:
      return data;
  }
}

async function decompress(codec: string, data: Uint8Array, file: string): Promise<Uint8Array> {
  switch (codec) {
    case 'null':
      return data;
    case 'zstandard':
      return decompressZstd(data);
    case 'deflate':
      return inflate(data, { maxOutputLength: MAX_BLOCK_BYTES });
    case 'snappy': {
      const packed = data.subarray(0, data.length - 4);
      const claimed = new AvroCursor(packed);
      if (plainVarint(claimed) > MAX_SNAPPY_RATIO * packed.length) throw new Error('a snappy block claims an impossible size');
      const content = (await uncompressSnappy(Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength), {
        asBuffer: true,
      })) as Buffer;
      const expected = new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(data.length - 4);
      if (crc32(content) !== expected) throw new Error('a snappy block does not match its CRC');
      return content;
    }
    case 'bzip2':
    case 'xz':
      throw new WeirError('UNSUPPORTED', `${file} uses the Avro codec ${codec}, which weir does not read`, { file });
    default:
      throw new Error(`the codec ${JSON.stringify(codec)} is not known`);
  }
}

/** A varint without zigzag: snappy's preamble. */
function plainVarint(cursor: AvroCursor): number {
  let value = 0;
  for (let scale = 1; scale < 2 ** 35; scale *= 128) {
    const byte = cursor.readView(1)[0]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
  }
  throw new Error('a snappy block begins with no length');
}

function syncMarker(header: Uint8Array): Uint8Array {
  const marker = new Uint8Array(SYNC_BYTES);
  marker.set(SYNC_MARK);
  marker.set(
    createHash('sha256')
      .update(header)
      .digest()
      .subarray(0, SYNC_BYTES - SYNC_MARK.length),
    SYNC_MARK.length,
  );
  return marker;
}

function compiledReader(text: string): Compiled {
  let compiled = readers.get(text);
  if (compiled === undefined) {
    const schema = JSON.parse(text) as AvroSchema;
    compiled = { schema, read: compileReader(schema) };
    // one schema a writer's version: a handful at most, but a damaged or hostile table must not fill the memory
    if (readers.size >= COMPILED_SCHEMAS) readers.clear();
    readers.set(text, compiled);
  }
  return compiled;
}

function compiledWriter(schema: AvroSchema): AvroWrite {
  if (typeof schema === 'string') return compileWriter(schema);
  let write = writers.get(schema);
  if (write === undefined) {
    write = compileWriter(schema);
    writers.set(schema, write);
  }
  return write;
}

function nonNegative(value: number | bigint): number {
  if (typeof value !== 'number' || value < 0) throw new Error(`a size of ${value}`);
  return value;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
