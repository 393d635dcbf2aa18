/**
 * Avro object container files: Paimon's manifests and manifest lists, as records.
 *
 * Avro has no checksum of its own. Files weir writes can tell damage all the same: the sync marker is a hash of the
 * header (avro-header), zstd blocks carry a content checksum (zstd-frame), snappy blocks a CRC. In every file counts and
 * sizes are held against the bytes there are, a block must be used up by its records, and markers must repeat.
 */
import { WeirError } from '../base/error.js';
import { AvroCursor, AvroSink } from './avro-binary.js';
import { compressBlock, decompressBlock, writtenCodec } from './avro-codec.js';
import { checkSync, readBlockHead, readHeader, writeHeader } from './avro-header.js';
import { type AvroRead, type AvroSchema, type AvroWrite, compileReader, compileWriter } from './avro-schema.js';

const BLOCK_BYTES = 256 * 1024;
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
  const { schemaText, codec, sync } = readHeader(cursor, bytes);
  const compiled = compiledReader(schemaText);
  const records: unknown[] = [];
  while (cursor.left > 0) {
    const { count, size } = readBlockHead(cursor);
    const data = await decompressBlock(codec, cursor.readView(size), file);
    checkSync(cursor, sync);
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
    this.#codec = writtenCodec(codec);
    this.#level = options.level ?? 1;
    this.#block_bytes = options.block_bytes ?? BLOCK_BYTES;
    this.#write = compiledWriter(schema);
    this.#sync = writeHeader(this.#file, JSON.stringify(schema), this.#codec);
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
    const data = await compressBlock(this.#codec, this.#block.take(), this.#level);
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
