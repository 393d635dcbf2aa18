/**
 * Page codecs of data files, by the names that `file.compression` takes.
 *
 * Snappy, gzip, LZ4 and Brotli run in the calling thread; zstd runs in libuv's pool, so its functions answer with a
 * promise and a caller should start many. Native outputs are copied into JavaScript's heap: an external buffer a page
 * costs several times the copy, in garbage collection.
 *
 * Invariant: `decompress` gives exactly `length` bytes or throws; what it allocates is bounded by `length`.
 */
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { compressSync, uncompressSync } from 'snappy';
import { WeirError } from '../base/error.js';
import { compressLz4Hadoop, decompressLz4Block, decompressLz4Hadoop } from './lz4.js';
import { compressZstd, decompressZstd } from './zstd-addon.js';

export interface Codec {
  readonly name: string;
  /** bytes as they are: nothing to do */
  readonly plain?: true;
  compress?(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
  decompress(bytes: Uint8Array, length: number): Uint8Array | Promise<Uint8Array>;
}

export const UNCOMPRESSED: Codec = { name: 'uncompressed', plain: true, compress: (bytes) => bytes, decompress: (bytes) => bytes };

export const SNAPPY: Codec = {
  name: 'snappy',
  compress: (bytes) => view(compressSync(bytes, { copyOutputData: true })),
  decompress(bytes, length) {
    // the decoder allocates what the bytes claim: check the claim first
    if (snappyLength(bytes) !== length) throw new Error('a snappy block has another length than its page');
    if (length === 0) return new Uint8Array(0);
    return view(uncompressSync(bytes, { asBuffer: true, copyOutputData: true }) as Buffer);
  },
};

export const GZIP: Codec = {
  name: 'gzip',
  compress: (bytes) => view(gzipSync(bytes)),
  decompress: (bytes, length) => exactly(view(gunzipSync(bytes, { maxOutputLength: Math.max(1, length) })), length),
};

export const BROTLI: Codec = {
  name: 'brotli',
  decompress: (bytes, length) => exactly(view(brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, length) })), length),
};

/** Hadoop's framing, Parquet's deprecated LZ4: what `file.compression=lz4` means to Paimon. */
export const LZ4: Codec = { name: 'lz4', compress: compressLz4Hadoop, decompress: decompressLz4Hadoop };

export const LZ4_RAW: Codec = { name: 'lz4_raw', decompress: decompressLz4Block };

export function zstdCodec(level: number): Codec {
  return {
    name: 'zstd',
    compress: (bytes) => compressZstd(bytes, level),
    async decompress(bytes, length) {
      const claimed = zstdLength(bytes);
      if (claimed !== undefined && claimed > length) throw new Error('a zstd frame has another length than its page');
      return exactly(await decompressZstd(bytes), length);
    },
  };
}

/** @throws UNSUPPORTED for a name that weir cannot write */
export function codecByName(name: string, zstdLevel: number): Codec {
  switch (name.toLowerCase()) {
    case 'none':
    case 'uncompressed':
      return UNCOMPRESSED;
    case 'snappy':
      return SNAPPY;
    case 'gzip':
      return GZIP;
    case 'lz4':
      return LZ4;
    case 'zstd':
    case 'zstandard':
      return zstdCodec(zstdLevel);
    default:
      throw new WeirError('UNSUPPORTED', `file.compression=${name}: weir writes none, snappy, gzip, lz4 and zstd`);
  }
}

function exactly(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw new Error(`a page has ${bytes.length} bytes, its header says ${length}`);
  return bytes;
}

function view(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function snappyLength(bytes: Uint8Array): number {
  let length = 0;
  for (let i = 0, scale = 1; i < 5 && i < bytes.length; i++, scale *= 128) {
    length += (bytes[i]! & 127) * scale;
    if (bytes[i]! < 128) return length;
  }
  return -1;
}

/** Frame_Content_Size of the first frame (RFC 8878 §3.1.1.1), where it is given and is the only frame's. */
function zstdLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < 6 || bytes[0] !== 0x28 || bytes[1] !== 0xb5 || bytes[2] !== 0x2f || bytes[3] !== 0xfd)
    throw new Error('no zstd frame');
  const descriptor = bytes[4]!;
  const single = (descriptor & 32) !== 0;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  if (sizeBytes === 0) return undefined;
  let at = 5 + (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!;
  if (at + sizeBytes > bytes.length) throw new Error('a zstd frame ends within its header');
  let length = sizeBytes === 2 ? 256 : 0;
  for (let i = 0, scale = 1; i < sizeBytes; i++, scale *= 256) length += bytes[at++]! * scale;
  return length;
}
