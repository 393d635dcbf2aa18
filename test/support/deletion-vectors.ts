/** Deletion vectors as other writers make them: bitmaps by the Roaring project's own library, framed as the format says. */
import { crc32 } from 'node:zlib';
import { RoaringBitmap32, roaringLibraryInitialize } from 'roaring-wasm';

await roaringLibraryInitialize();

/** The portable format of a set. `runs`: run containers where they are smaller. */
export function roaringOf(values: Iterable<number>, { runs = false }: { runs?: boolean } = {}): Uint8Array {
  const bitmap = new RoaringBitmap32(values);
  try {
    if (runs) bitmap.runOptimize();
    // a copy: the library's memory is freed
    return new Uint8Array(bitmap.serialize('portable'));
  } finally {
    bitmap.dispose();
  }
}

/** A 32-bit vector, as it stands in an index file. */
export function vector32(bitmap: Uint8Array): Uint8Array {
  return framed(Uint8Array.of(0x5e, 0x43, 0xf2, 0xd0), bitmap);
}

/** A 64-bit vector: bitmaps by the upper half of their values. */
export function vector64(bitmaps: readonly (readonly [upper: number, bitmap: Uint8Array])[]): Uint8Array {
  const parts = bitmaps.flatMap(([upper, bitmap]) => [littleEndian(upper, 4), bitmap]);
  return framed(Uint8Array.of(0xd1, 0xd3, 0x39, 0x64), Buffer.concat([littleEndian(bitmaps.length, 8), ...parts]));
}

function framed(magic: Uint8Array, bitmap: Uint8Array): Uint8Array {
  const body = Buffer.concat([magic, bitmap]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(body.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

function littleEndian(value: number, size_bytes: number): Uint8Array {
  const bytes = new Uint8Array(size_bytes);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
