/**
 * Deletion vectors: which rows of a data file are deleted, by position. One index file holds those of many data files
 * (format-spec/deletion-vector).
 *
 *   version 1 │ vector │ vector │ …
 *   vector      size │ magic │ bitmap │ CRC-32 of magic and bitmap        size = bytes of magic and bitmap, big-endian
 *   bitmap      magic 5e43f2d0   a portable roaring bitmap
 *               magic d1d33964   u64 n, then n × (u32 upper half of the values, a portable roaring bitmap)
 *
 * Invariants: a vector is used only when version, magic, size, checksum and cardinality are right and every position is a row
 * of its data file; what is not is CORRUPTION naming the index file.
 */
import { WeirError } from '../base/error.js';
import type { FileIO } from '../io/file-io.js';
import { bitmapBytes, getBit } from '../types/bitmap.js';
import { crc32 } from './crc32.js';
import { decoding, malformed } from './parquet/malformed.js';
import { readRoaring } from './roaring.js';

const VERSION = 1;
const MAGIC_32 = 0x5e43f2d0;
const MAGIC_64 = 0xd1d33964;
const SIZE_BYTES = 4;
const MAGIC_BYTES = 4;
const CRC_BYTES = 4;
const MAX_ROWS = 2 ** 31 - 1;

/** Where the deletion vector of a data file is. Plain data. */
export interface DeletionFile {
  /** of the index file */
  readonly path: string;
  /** bytes from the start of the index file */
  readonly offset: number;
  /** bytes of magic and bitmap (32-bit), or of the whole vector (64-bit) */
  readonly length: number;
  /** deleted rows; null when the writer did not tell */
  readonly cardinality: number | null;
}

/** One bit a row of the data file, least significant first: set = deleted. */
export type DeletedRows = Uint8Array;

/**
 * @param rowCount of the data file
 * @throws CORRUPTION naming the index file; NOT_FOUND
 */
export async function readDeletedRows(io: FileIO, place: DeletionFile, rowCount: number): Promise<DeletedRows> {
  const { path, offset, length } = place;
  const file = await io.open(path);
  try {
    // a 32-bit vector takes 8 bytes more than its length says, a 64-bit one is as long as that
    const available = Math.min(length + SIZE_BYTES + CRC_BYTES, file.size_bytes - offset);
    if (offset < 1 || available < SIZE_BYTES + MAGIC_BYTES + CRC_BYTES) {
      throw new WeirError('CORRUPTION', `${path} of ${file.size_bytes} bytes has no deletion vector at ${offset}`, { file: path });
    }
    const [version, bytes] = await Promise.all([file.read(0, 1), file.read(offset, available)]);
    return decoding(path, () => {
      if (version[0] !== VERSION) malformed(`version ${version[0]} of a deletion vector file, not ${VERSION}`);
      return decode(bytes, place, rowCount);
    });
  } finally {
    await file.close();
  }
}

function decode(bytes: Uint8Array, { offset, length, cardinality }: DeletionFile, rowCount: number): DeletedRows {
  if (rowCount > MAX_ROWS) malformed(`a deletion vector for ${rowCount} rows`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size_bytes = view.getUint32(0);
  const magic = view.getUint32(SIZE_BYTES);
  if (magic !== MAGIC_32 && magic !== MAGIC_64) malformed(`the deletion vector at ${offset} begins with ${magic.toString(16)}`);
  const told_bytes = magic === MAGIC_32 ? length : length - SIZE_BYTES - CRC_BYTES;
  if (size_bytes !== told_bytes || SIZE_BYTES + size_bytes + CRC_BYTES > bytes.length) {
    malformed(`the deletion vector at ${offset} has ${size_bytes} bytes, not ${told_bytes}`);
  }
  const body = bytes.subarray(SIZE_BYTES, SIZE_BYTES + size_bytes);
  if (view.getUint32(SIZE_BYTES + size_bytes) !== crc32(body)) malformed(`the checksum of the deletion vector at ${offset} is wrong`);
  const deleted = new Uint8Array(bitmapBytes(rowCount));
  const bitmap = body.subarray(MAGIC_BYTES);
  const end = magic === MAGIC_32 ? readRoaring(bitmap, 0, deleted, rowCount) : readRoaring64(bitmap, deleted, rowCount);
  if (end.offset !== bitmap.length) malformed(`bytes after the bitmap of the deletion vector at ${offset}`);
  if (cardinality !== null && end.cardinality !== cardinality) {
    malformed(`the deletion vector at ${offset} deletes ${end.cardinality} rows, not ${cardinality}`);
  }
  return deleted;
}

/** Files have less than 2^31 rows: bitmaps of an upper half above 0 are empty. */
function readRoaring64(bytes: Uint8Array, deleted: Uint8Array, rowCount: number): ReturnType<typeof readRoaring> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8) malformed('a deletion vector is cut off');
  const count = view.getBigUint64(0, true);
  let offset = 8;
  let cardinality = 0;
  let lastKey = -1;
  for (let i = 0n; i < count; i++) {
    if (bytes.length - offset < 4) malformed('a deletion vector is cut off');
    const key = view.getUint32(offset, true);
    if (key <= lastKey) malformed('bitmaps of a deletion vector out of order');
    lastKey = key;
    const end = readRoaring(bytes, offset + 4, deleted, key === 0 ? rowCount : 0);
    offset = end.offset;
    cardinality += end.cardinality;
  }
  return { offset, cardinality };
}

/** The rows among start … start + count - 1 that are not deleted, counted from `start`; null when all of them. */
export function liveRows(deleted: DeletedRows, start: number, count: number): Uint32Array | null {
  const rows = new Uint32Array(count);
  let live = 0;
  for (let row = 0; row < count; row++) if (!getBit(deleted, start + row)) rows[live++] = row;
  return live === count ? null : rows.subarray(0, live);
}
