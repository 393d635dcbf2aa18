/**
 * zstd frames with a content checksum.
 *
 *   frame = magic 28b52ffd | descriptor | ... blocks ... [ | low 32 bits of XXH64(content), little-endian ]
 *
 * The compressor at hand writes frames without the checksum, and a flipped bit of such a frame may decode to other
 * bytes. A checksum is a flag (bit 2 of the descriptor) and four bytes at the end, which every decoder checks by
 * itself when they are there: so weir adds them.
 */
import { xxh64Low } from '../base/xxhash.js';
import { compressZstd } from './zstd-addon.js';

const CHECKSUM_FLAG = 0x04;

export async function compressChecked(content: Uint8Array, level: number): Promise<Uint8Array> {
  const frame = await compressZstd(content, level);
  if ((frame[4]! & CHECKSUM_FLAG) !== 0) return frame;
  const bytes = new Uint8Array(frame.length + 4);
  bytes.set(frame);
  bytes[4]! |= CHECKSUM_FLAG;
  new DataView(bytes.buffer).setUint32(frame.length, xxh64Low(content), true);
  return bytes;
}
