/**
 * CRC-32 (IEEE 802.3, reflected 0xEDB88320), as gzip and Parquet's page checksums use it.
 *
 * Node has a native one from 22.2 on. For older lines this file assembles a small WebAssembly function, slicing-by-16
 * (Kounavis, Berry 2005): twice as fast as the same loop in JavaScript, because the engine drops the bounds checks.
 *
 *   memory   0 .. 16 KiB: sixteen tables of 256 words    16 KiB .. : a window the bytes are copied to
 */
import * as zlib from 'node:zlib';

const TABLES_BYTES = 16 * 1024;
const WINDOW_BYTES = 112 * 1024;
const PAGES = (TABLES_BYTES + WINDOW_BYTES) / 65536;

export const crc32: (bytes: Uint8Array) => number =
  'crc32' in zlib ? (zlib as unknown as { crc32: (bytes: Uint8Array) => number }).crc32 : assembled();

function assembled(): (bytes: Uint8Array) => number {
  const { memory, update } = new WebAssembly.Instance(new WebAssembly.Module(module16())).exports as {
    memory: WebAssembly.Memory;
    update: (crc: number, start: number, end: number) => number;
  };
  const window = new Uint8Array(memory.buffer);
  const tables = new Int32Array(memory.buffer, 0, TABLES_BYTES / 4);
  for (let i = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    tables[i] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    const shorter = tables[i - 256]!;
    tables[i] = tables[shorter & 255]! ^ (shorter >>> 8);
  }
  return (bytes) => {
    let crc = -1;
    const whole = bytes.length & ~15;
    for (let start = 0; start < whole; start += WINDOW_BYTES) {
      const end = Math.min(whole, start + WINDOW_BYTES);
      window.set(bytes.subarray(start, end), TABLES_BYTES);
      crc = update(crc, TABLES_BYTES, TABLES_BYTES + end - start);
    }
    for (let i = whole; i < bytes.length; i++) crc = tables[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
    return ~crc >>> 0;
  };
}

/**
 * (func (param $crc i32) (param $at i32) (param $end i32) (result i32) (local $x i64) (local $y i64)
 *   loop: x = load64(at) ^ crc, y = load64(at + 8); crc = T15[x & 255] ^ T14[x >> 8 & 255] ^ … ^ T0[y >> 56];
 *         at += 16; while at < end)
 */
function module16(): Uint8Array<ArrayBuffer> {
  const [CRC, AT, END, X, Y] = [0, 1, 2, 3, 4];
  const get = (local: number) => [0x20, local];
  const set = (local: number) => [0x21, local];
  const lookup = (word: number, byte: number, table: number) => [
    ...get(word),
    ...(byte === 0 ? [] : [0x42, ...signedLeb(byte * 8), 0x88]), // i64.const, i64.shr_u
    ...[0xa7, 0x41, ...signedLeb(255), 0x71], // i32.wrap, i32.const 255, and
    ...[0x41, 2, 0x74, 0x28, 2, ...leb(table * 1024)], // shl 2, i32.load offset=table
  ];
  const code = [0x03, 0x40, ...get(AT), 0x29, 0, 0, ...get(CRC), 0xad, 0x85, ...set(X), ...get(AT), 0x29, 0, 8, ...set(Y)];
  for (let byte = 0; byte < 8; byte++) code.push(...lookup(X, byte, 15 - byte), ...(byte === 0 ? [] : [0x73]));
  for (let byte = 0; byte < 8; byte++) code.push(...lookup(Y, byte, 7 - byte), 0x73);
  code.push(...set(CRC), ...get(AT), 0x41, 16, 0x6a, 0x22, AT, ...get(END), 0x49, 0x0d, 0, 0x0b, ...get(CRC), 0x0b);
  const body = [1, 2, 0x7e, ...code];
  const name = (text: string) => [text.length, ...Buffer.from(text)];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 3, 0x7f, 0x7f, 0x7f, 1, 0x7f]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, PAGES]),
    ...section(7, [2, ...name('memory'), 2, 0, ...name('update'), 0, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
}

function section(id: number, body: number[]): number[] {
  return [id, ...leb(body.length), ...body];
}

function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
}

function signedLeb(value: number): number[] {
  return value < 64 ? [value] : [(value & 127) | 128, ...signedLeb(value >>> 7)];
}
