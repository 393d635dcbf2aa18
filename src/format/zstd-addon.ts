/**
 * zstd's native addon, which works in libuv's pool. The package's own wrapper drops the compression level.
 */
import { createRequire } from 'node:module';

interface ZstdAddon {
  compress(bytes: Buffer, level: number): Promise<Buffer>;
  /** What it allocates is what the bytes claim: check the claim first. */
  decompress(bytes: Buffer): Promise<Buffer>;
}

const addon = createRequire(import.meta.url)('@mongodb-js/zstd/bindings') as ZstdAddon;

/** One frame, without a checksum. */
export async function compressZstd(content: Uint8Array, level: number): Promise<Uint8Array> {
  return view(await addon.compress(buffer(content), level));
}

/** Throws Error when the bytes are no zstd frames or fail their checksum. */
export async function decompressZstd(frames: Uint8Array): Promise<Uint8Array> {
  return view(await addon.decompress(buffer(frames)));
}

function view(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
