/**
 * Codecs of Avro's blocks: null, deflate, snappy (with a CRC-32 behind it) and zstandard.
 *
 * A block of zstd or snappy that decodes to other bytes is told by its checksum (zstd: where the writer made one).
 */
import { promisify } from 'node:util';
import { crc32, deflateRaw, inflateRaw } from 'node:zlib';
import { compress as compressSnappy, uncompress as uncompressSnappy } from 'snappy';
import { WeirError } from '../base/error.js';
import { AvroCursor } from './avro-binary.js';
import { decompressZstd } from './zstd-addon.js';
import { compressChecked } from './zstd-frame.js';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** no codec of ours makes a block this much smaller: a larger claim is damage */
const MAX_SNAPPY_RATIO = 32;
const MAX_BLOCK_BYTES = 1 << 30;

const AVRO_CODECS: { [name: string]: string | undefined } = {
  zstd: 'zstandard',
  zstandard: 'zstandard',
  snappy: 'snappy',
  deflate: 'deflate',
  null: 'null',
  none: 'null',
};

/** Avro's name of a codec as table options name it. @throws UNSUPPORTED for one that is not written */
export function writtenCodec(codec: string): string {
  const name = AVRO_CODECS[codec];
  if (name === undefined)
    throw new WeirError('UNSUPPORTED', `the Avro codec ${codec} is not written; choose zstd, snappy, deflate or null`);
  return name;
}

export async function compressBlock(codec: string, data: Uint8Array, level: number): Promise<Uint8Array> {
  switch (codec) {
    case 'zstandard':
      return compressChecked(data, level);
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

/** Throws Error for bytes that are no such block. @throws UNSUPPORTED for bzip2 and xz */
export async function decompressBlock(codec: string, data: Uint8Array, file: string): Promise<Uint8Array> {
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
