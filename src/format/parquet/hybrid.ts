/**
 * Parquet's RLE / bit-packed hybrid: levels, dictionary indices and BOOLEAN values of pages v2.
 *
 *   run          varint(count << 1)      | value in ceil(width / 8) bytes, little-endian
 *   bit-packed   varint(groups << 1 | 1) | groups x 8 values of `width` bits, least significant first
 *
 * Invariants: decoders give exactly `count` values and read nothing from `end` on; the padding of the last bit-packed
 * group may be cut off by the writer.
 */
import type { BitSink } from './bit-sink.js';
import { malformed } from './malformed.js';

/** Reads the varint at `cursor.at`. */
interface Cursor {
  at: number;
}

function readHead(src: Uint8Array, cursor: Cursor, end: number): number {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < 5; i++) {
    if (cursor.at >= end) break;
    const byte = src[cursor.at++]!;
    value += (byte & 127) * scale;
    if (byte < 128) return value;
    scale *= 128;
  }
  return malformed('encoded levels or indices end too early');
}

function readRunValue(src: Uint8Array, cursor: Cursor, end: number, width: number): number {
  const bytes = (width + 7) >> 3;
  if (bytes > end - cursor.at) malformed('encoded levels or indices end within a run');
  let value = 0;
  for (let i = 0; i < bytes; i++) value |= src[cursor.at++]! << (i * 8);
  return value;
}

/** `count` unsigned values of `width` <= 32 bits into `out` from `to` on. */
export function decodeHybrid(src: Uint8Array, start: number, end: number, width: number, count: number, out: Int32Array, to: number): void {
  if (width > 32) malformed(`values of ${width} bits`);
  if (width === 0) {
    out.fill(0, to, to + count);
    return;
  }
  const view = new DataView(src.buffer, src.byteOffset, end);
  const cursor: Cursor = { at: start };
  let made = 0;
  while (made < count) {
    const head = readHead(src, cursor, end);
    if (head % 2 === 0) {
      const run = Math.min(head / 2, count - made);
      if (run === 0) malformed('an empty run');
      out.fill(readRunValue(src, cursor, end, width), to + made, to + made + run);
      made += run;
      continue;
    }
    const groups = (head - 1) / 2;
    const run = Math.min(groups * 8, count - made);
    if (run === 0 || Math.ceil((run * width) / 8) > end - cursor.at) malformed('encoded levels or indices end within a group');
    unpack(src, view, cursor.at, width, run, out, to + made);
    cursor.at += groups * width;
    made += run;
  }
}

/** `run` values of `width` bits from byte `at`. `view` covers `src` up to its limit. */
function unpack(src: Uint8Array, view: DataView, at: number, width: number, run: number, out: Int32Array, to: number): void {
  let i = 0;
  if (width === 8) {
    for (; i < run; i++) out[to + i] = src[at + i]!;
    return;
  }
  if (width <= 25) {
    // One unaligned 32-bit load holds any value of up to 25 bits, while there are four bytes left.
    const mask = (1 << width) - 1;
    const fast = Math.min(run, Math.floor(((view.byteLength - at - 4) * 8) / width));
    for (let bit = 0; i < fast; i++, bit += width) out[to + i] = (view.getInt32(at + (bit >>> 3), true) >>> (bit & 7)) & mask;
  }
  for (; i < run; i++) {
    let value = 0;
    for (let bit = 0; bit < width; bit++) {
      const position = i * width + bit;
      value |= ((src[at + (position >>> 3)]! >> (position & 7)) & 1) << bit;
    }
    out[to + i] = value;
  }
}

/** `count` levels into bytes. */
export function decodeLevels(src: Uint8Array, start: number, end: number, width: number, count: number, out: Uint8Array, to: number): void {
  const cursor: Cursor = { at: start };
  const mask = (1 << width) - 1;
  let made = 0;
  while (made < count) {
    const head = readHead(src, cursor, end);
    if (head % 2 === 0) {
      const run = Math.min(head / 2, count - made);
      if (run === 0) malformed('an empty run');
      out.fill(readRunValue(src, cursor, end, width), to + made, to + made + run);
      made += run;
      continue;
    }
    const groups = (head - 1) / 2;
    const run = Math.min(groups * 8, count - made);
    if (run === 0 || Math.ceil((run * width) / 8) > end - cursor.at) malformed('encoded levels end within a group');
    let held = 0;
    let bits = 0;
    let at = cursor.at;
    for (let i = to + made, stop = i + run; i < stop; i++) {
      if (bits < width) {
        held |= src[at++]! << bits;
        bits += 8;
      }
      out[i] = held & mask;
      held >>>= width;
      bits -= width;
    }
    cursor.at += groups * width;
    made += run;
  }
}

/** `count` values of one bit, appended to `sink`: bit-packed groups are copied as they are. */
export function decodeBits(src: Uint8Array, start: number, end: number, count: number, sink: BitSink): void {
  const cursor: Cursor = { at: start };
  let made = 0;
  while (made < count) {
    const head = readHead(src, cursor, end);
    if (head % 2 === 0) {
      const run = Math.min(head / 2, count - made);
      if (run === 0) malformed('an empty run');
      sink.appendRun(readRunValue(src, cursor, end, 1) !== 0, run);
      made += run;
      continue;
    }
    const groups = (head - 1) / 2;
    const run = Math.min(groups * 8, count - made);
    if (run === 0 || (run + 7) >> 3 > end - cursor.at) malformed('encoded levels end within a group');
    sink.append(src, cursor.at * 8, run);
    cursor.at += groups;
    made += run;
  }
}

/** Is the stream one run of ones over all `count` values: nothing is missing? */
export function isAllOnes(src: Uint8Array, start: number, end: number, count: number): boolean {
  const cursor: Cursor = { at: start };
  const head = readHead(src, cursor, end);
  return head % 2 === 0 && head / 2 >= count && cursor.at < end && src[cursor.at] === 1;
}

/** The deprecated BIT_PACKED levels: most significant bit first, no runs. */
export function decodeBitPackedLevels(
  src: Uint8Array,
  start: number,
  end: number,
  width: number,
  count: number,
  out: Uint8Array,
  to: number,
): number {
  const bytes = Math.ceil((count * width) / 8);
  if (bytes > end - start) malformed('encoded levels end too early');
  for (let i = 0; i < count; i++) {
    let value = 0;
    for (let bit = i * width; bit < (i + 1) * width; bit++) value = (value << 1) | ((src[start + (bit >> 3)]! >> (7 - (bit & 7))) & 1);
    out[to + i] = value;
  }
  return start + bytes;
}

/** Upper bound of the bytes that `encodeHybrid` makes of `count` values. */
export function hybridBound(count: number, width: number): number {
  return 16 + Math.ceil(count / 8) * (width + 6);
}

const MIN_RUN = 8;

/** Encodes values start … end-1 of `width` <= 24 bits into `out` at `to`; returns where they end. */
export function encodeHybrid(
  values: Int32Array | Uint8Array,
  start: number,
  end: number,
  width: number,
  out: Uint8Array,
  to: number,
): number {
  let at = to;
  let i = start;
  while (i < end) {
    const run = runLength(values, i, end);
    if (run >= MIN_RUN || i + run === end) {
      at = putVarint(out, at, run * 2);
      for (let byte = 0; byte < (width + 7) >> 3; byte++) out[at++] = (values[i]! >>> (byte * 8)) & 255;
      i += run;
      continue;
    }
    let stop = i + 8;
    while (stop < end && runLength(values, stop, Math.min(end, stop + MIN_RUN)) < MIN_RUN) stop += 8;
    stop = Math.min(stop, end);
    at = putVarint(out, at, (((stop - i + 7) >> 3) << 1) | 1);
    at = pack(values, i, stop, width, out, at);
    i = stop;
  }
  return at;
}

function runLength(values: Int32Array | Uint8Array, start: number, end: number): number {
  const value = values[start];
  let at = start + 1;
  while (at < end && values[at] === value) at++;
  return at - start;
}

function pack(values: Int32Array | Uint8Array, start: number, end: number, width: number, out: Uint8Array, to: number): number {
  let at = to;
  let held = 0;
  let bits = 0;
  for (let i = start; i < end; i++) {
    held |= values[i]! << bits;
    bits += width;
    while (bits >= 8) {
      out[at++] = held & 255;
      held >>>= 8;
      bits -= 8;
    }
  }
  if (bits > 0) out[at++] = held & 255;
  const whole = to + ((end - start + 7) >> 3) * width;
  while (at < whole) out[at++] = 0;
  return whole;
}

/** One bit-packed group sequence of a bitmap's first `count` bits; returns where it ends. */
export function encodeBits(bits: Uint8Array, count: number, out: Uint8Array, to: number): number {
  const bytes = (count + 7) >> 3;
  const at = putVarint(out, to, (bytes << 1) | 1);
  out.set(bits.subarray(0, bytes), at);
  return at + bytes;
}

/** One run of `count` times the bit; returns where it ends. */
export function encodeBitRun(bit: 0 | 1, count: number, out: Uint8Array, to: number): number {
  const at = putVarint(out, to, count * 2);
  out[at] = bit;
  return at + 1;
}

function putVarint(out: Uint8Array, to: number, value: number): number {
  let at = to;
  let rest = value;
  for (; rest >= 128; rest >>>= 7) out[at++] = (rest & 127) | 128;
  out[at++] = rest;
  return at;
}

/** Bits that hold 0 … max. */
export function bitWidth(max: number): number {
  return 32 - Math.clz32(max);
}
