/**
 * What a writer or compactor hands to a committer: the files it made for one (partition, bucket).
 * Plain data (structured clone), so that parallel writers may live in other processes or threads;
 * `serializeMessage` and `deserializeMessage` turn it into bytes.
 */
import { crc32 } from 'node:zlib';
import { WeirError } from '../base/error.js';
import { AvroCursor, AvroSink } from '../format/avro-binary.js';
import { type AvroSchema, compileReader, compileWriter } from '../format/avro-schema.js';
import { type DataFileMeta, dataFileFromRecord, dataFileToRecord } from './data-file-meta.js';
import { DATA_FILE_SCHEMA } from './manifest-schema.js';
import { RecordReader } from './record-reader.js';

/**
 * The files that a writer or a compaction made for one bucket of one partition, to be committed.
 *
 * @example
 * const messages: CommitMessage[] = await writer.prepareCommit();
 * const rows = messages.flatMap((message) => message.newFiles).reduce((sum, file) => sum + file.rowCount, 0);
 */
export interface CommitMessage {
  /** serialized BinaryRow of the partition values */
  readonly partition: Uint8Array;
  readonly bucket: number;
  readonly totalBuckets: number;
  readonly newFiles: readonly DataFileMeta[];
  readonly changelogFiles: readonly DataFileMeta[];
  /** files a compaction replaced, and what it made of them */
  readonly compactBefore: readonly DataFileMeta[];
  readonly compactAfter: readonly DataFileMeta[];
  readonly compactChangelog: readonly DataFileMeta[];
  /** on a table with a log: rows that stand beside it, and no files */
  readonly log?: LogRowsMessage;
}

/** Rows written beside the log, to be named by a slot. */
export interface LogRowsMessage {
  readonly schemaId: bigint;
  readonly bodies: readonly LogBody[];
  /** epoch ms, when the first of the bodies was begun: too old a message is not committed any more */
  readonly written_ms: number;
}

/** One file of rows beside the log. */
export interface LogBody {
  /** file name without suffix, in `bodies/` */
  readonly name: string;
  readonly rows: number;
  readonly size_bytes: number;
  readonly crc32: number;
}

const MAGIC = Uint8Array.of(0x57, 0x4d, 0x53, 0x47);
/** 2: `logTime`, which a message of version 1 lacks */
const FORMAT_VERSION = 2;
const TRAILER_BYTES = 4;

const fileList = (name: string, files: AvroSchema) => ({ name, type: { type: 'array', items: files } });

const schemaOf = (version: number): AvroSchema => ({
  type: 'record',
  name: 'message',
  fields: [
    { name: 'partition', type: 'bytes' },
    { name: 'bucket', type: 'int' },
    { name: 'totalBuckets', type: 'int' },
    fileList('newFiles', DATA_FILE_SCHEMA),
    fileList('changelogFiles', 'record__FILE'),
    fileList('compactBefore', 'record__FILE'),
    fileList('compactAfter', 'record__FILE'),
    fileList('compactChangelog', 'record__FILE'),
    { name: 'logSchema', type: ['null', 'long'] },
    fileList('logBodies', {
      type: 'record',
      name: 'body',
      fields: [
        { name: 'name', type: 'string' },
        { name: 'rows', type: 'long' },
        { name: 'size', type: 'long' },
        { name: 'crc32', type: 'long' },
      ],
    }),
    ...(version > 1 ? [{ name: 'logTime', type: 'long' as const }] : []),
  ],
});

const write = compileWriter(schemaOf(FORMAT_VERSION));
const readers = new Map([1, FORMAT_VERSION].map((version) => [version, compileReader(schemaOf(version))]));

/**
 * `WMSG`, a version byte, the message in Avro's binary encoding, CRC-32 of all before it (big-endian).
 *
 * @example
 * const toParent = (await writer.prepareCommit()).map(serializeMessage);
 */
export function serializeMessage(message: CommitMessage): Uint8Array {
  const sink = new AvroSink();
  sink.writeRaw(MAGIC);
  sink.writeByte(FORMAT_VERSION);
  write(sink, {
    partition: message.partition,
    bucket: message.bucket,
    totalBuckets: message.totalBuckets,
    newFiles: message.newFiles.map(dataFileToRecord),
    changelogFiles: message.changelogFiles.map(dataFileToRecord),
    compactBefore: message.compactBefore.map(dataFileToRecord),
    compactAfter: message.compactAfter.map(dataFileToRecord),
    compactChangelog: message.compactChangelog.map(dataFileToRecord),
    logSchema: message.log?.schemaId ?? null,
    logBodies: (message.log?.bodies ?? []).map(({ name, rows, size_bytes, crc32: crc }) => ({
      name,
      rows: BigInt(rows),
      size: BigInt(size_bytes),
      crc32: BigInt(crc),
    })),
    logTime: BigInt(message.log?.written_ms ?? 0),
  });
  const body = sink.take();
  const bytes = new Uint8Array(body.length + TRAILER_BYTES);
  bytes.set(body);
  new DataView(bytes.buffer).setUint32(body.length, crc32(body));
  return bytes;
}

/**
 * The message of such bytes.
 *
 * @throws CORRUPTION for bytes that are no message or are damaged, UNSUPPORTED for one of a newer weir
 *
 * @example
 * const fromWorker = async (received: Uint8Array[]) => committer.commit(7n, received.map(deserializeMessage));
 */
export function deserializeMessage(bytes: Uint8Array): CommitMessage {
  const body = bytes.subarray(0, Math.max(0, bytes.length - TRAILER_BYTES));
  if (body.length <= MAGIC.length || Buffer.compare(body.subarray(0, MAGIC.length), MAGIC) !== 0) {
    throw new WeirError('CORRUPTION', 'these bytes are no commit message');
  }
  const stored = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(body.length);
  if (crc32(body) !== stored) throw new WeirError('CORRUPTION', 'a commit message does not match its checksum');
  const read = readers.get(body[MAGIC.length]!);
  if (read === undefined) throw new WeirError('UNSUPPORTED', `a commit message of version ${body[MAGIC.length]}`);
  const source = 'commit message';
  const record = new RecordReader(read(new AvroCursor(body, MAGIC.length + 1)), source);
  const files = (name: string) => record.list(name).map((file) => dataFileFromRecord(new RecordReader(file, source)));
  return {
    ...(record.has('logSchema') && {
      log: {
        schemaId: record.long('logSchema'),
        bodies: record.list('logBodies').map((body) => bodyOf(new RecordReader(body, source))),
        // of version 1 nobody knows: as old as can be
        written_ms: record.has('logTime') ? record.count('logTime') : 0,
      },
    }),
    partition: record.row('partition'),
    bucket: record.int('bucket', -2),
    totalBuckets: record.int('totalBuckets', -2),
    newFiles: files('newFiles'),
    changelogFiles: files('changelogFiles'),
    compactBefore: files('compactBefore'),
    compactAfter: files('compactAfter'),
    compactChangelog: files('compactChangelog'),
  };
}

function bodyOf(record: RecordReader): LogBody {
  return {
    name: record.string('name'),
    rows: record.count('rows'),
    size_bytes: record.count('size'),
    crc32: record.count('crc32'),
  };
}
