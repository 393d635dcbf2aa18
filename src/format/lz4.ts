/**
 * LZ4 blocks, and the Hadoop framing that Parquet's deprecated codec LZ4 stands for.
 *
 *   Hadoop  = { u32 BE raw length | u32 BE block length | block }+      (the raw length may span several blocks)
 *   block   = { token | literal length.. | literals | u16 LE distance | match length.. }+ , the last one literals only
 *
 * Source: LZ4 block format description (Y. Collet). The compressor is the plain greedy one with a hash of 4 bytes.
 */
const MIN_MATCH = 4;
/** the last match starts at least this far from the end … */
const MATCH_END = 12;
/** … and the last bytes are literals */
const LAST_LITERALS = 5;
const HASH_BITS = 14;

/** Exactly `length` bytes of one block. Throws Error on anything else. */
export function decompressLz4Block(input: Uint8Array, length: number): Uint8Array {
  const output = new Uint8Array(length);
  if (decompressInto(input, 0, input.length, output, 0) !== length) throw new Error('an LZ4 block is shorter than it says');
  return output;
}

/** Exactly `length` bytes of Hadoop frames; old writers left bare blocks, which are accepted as well. */
export function decompressLz4Hadoop(input: Uint8Array, length: number): Uint8Array {
  if (length === 0) return new Uint8Array(0);
  return decompressFrames(input, length) ?? decompressLz4Block(input, length);
}

function decompressFrames(input: Uint8Array, length: number): Uint8Array | undefined {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const output = new Uint8Array(length);
  let at = 0;
  let made = 0;
  try {
    while (made < length) {
      if (at + 4 > input.length) return undefined;
      const frameEnd = made + view.getUint32(at);
      at += 4;
      if (frameEnd > length || frameEnd === made) return undefined;
      while (made < frameEnd) {
        if (at + 4 > input.length) return undefined;
        const blockEnd = at + 4 + view.getUint32(at);
        if (blockEnd > input.length) return undefined;
        const next = decompressInto(input, at + 4, blockEnd, output, made);
        if (next === made || next > frameEnd) return undefined;
        made = next;
        at = blockEnd;
      }
    }
  } catch {
    return undefined;
  }
  return at === input.length ? output : undefined;
}

function decompressInto(input: Uint8Array, from: number, end: number, output: Uint8Array, to: number): number {
  let at = from;
  let made = to;
  while (at < end) {
    const token = input[at++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let more: number;
      do {
        if (at >= end) throw new Error('an LZ4 block ends within a length');
        more = input[at++]!;
        literals += more;
      } while (more === 255);
    }
    if (at + literals > end || made + literals > output.length) throw new Error('an LZ4 literal runs out of its block');
    if (literals > 16) {
      output.set(input.subarray(at, at + literals), made);
      at += literals;
      made += literals;
    } else for (const stop = at + literals; at < stop; ) output[made++] = input[at++]!;
    if (at === end) return made;
    if (at + 2 > end) throw new Error('an LZ4 block ends within a distance');
    const distance = input[at]! | (input[at + 1]! << 8);
    at += 2;
    let match = (token & 15) + MIN_MATCH;
    if (match === 15 + MIN_MATCH) {
      let more: number;
      do {
        if (at >= end) throw new Error('an LZ4 block ends within a length');
        more = input[at++]!;
        match += more;
      } while (more === 255);
    }
    let source = made - distance;
    if (distance === 0 || source < to || made + match > output.length) throw new Error('an LZ4 match runs out of its block');
    if (distance >= match && match > 16) {
      output.copyWithin(made, source, source + match);
      made += match;
    } else for (const stop = made + match; made < stop; ) output[made++] = output[source++]!;
  }
  return made;
}

export function compressLz4Hadoop(input: Uint8Array): Uint8Array {
  const output = new Uint8Array(8 + input.length + Math.ceil(input.length / 255) + 16);
  const size = compressInto(input, output, 8);
  const view = new DataView(output.buffer);
  view.setUint32(0, input.length);
  view.setUint32(4, size - 8);
  return output.subarray(0, size);
}

function compressInto(input: Uint8Array, output: Uint8Array, start: number): number {
  const table = new Int32Array(1 << HASH_BITS).fill(-1);
  const limit = input.length - MATCH_END;
  let anchor = 0;
  let at = 0;
  let to = start;
  let misses = 0;
  while (at < limit) {
    const word = input[at]! | (input[at + 1]! << 8) | (input[at + 2]! << 16) | (input[at + 3]! << 24);
    const slot = Math.imul(word, -1640531535) >>> (32 - HASH_BITS);
    const candidate = table[slot]!;
    table[slot] = at;
    if (
      candidate < 0 ||
      at - candidate > 65535 ||
      input[candidate] !== input[at] ||
      input[candidate + 1] !== input[at + 1] ||
      input[candidate + 2] !== input[at + 2] ||
      input[candidate + 3] !== input[at + 3]
    ) {
      at += 1 + (misses++ >> 6); // incompressible stretches are skipped ever faster
      continue;
    }
    misses = 0;
    let matchEnd = at + MIN_MATCH;
    const matchLimit = input.length - LAST_LITERALS;
    for (let from = candidate + MIN_MATCH; matchEnd < matchLimit && input[matchEnd] === input[from]; from++) matchEnd++;
    to = putSequence(input, anchor, at, output, to, at - candidate, matchEnd - at - MIN_MATCH);
    at = matchEnd;
    anchor = at;
  }
  return putSequence(input, anchor, input.length, output, to, 0, 0);
}

/** Literals anchor … at-1, then (unless distance is 0) a match of `match` + 4 bytes. */
function putSequence(
  input: Uint8Array,
  anchor: number,
  at: number,
  output: Uint8Array,
  start: number,
  distance: number,
  match: number,
): number {
  const literals = at - anchor;
  let to = start;
  output[to++] = (Math.min(literals, 15) << 4) | Math.min(match, 15);
  if (literals >= 15) to = putLength(output, to, literals - 15);
  output.set(input.subarray(anchor, at), to);
  to += literals;
  if (distance === 0) return to;
  output[to++] = distance & 255;
  output[to++] = distance >> 8;
  return match >= 15 ? putLength(output, to, match - 15) : to;
}

function putLength(output: Uint8Array, start: number, length: number): number {
  let to = start;
  let rest = length;
  for (; rest >= 255; rest -= 255) output[to++] = 255;
  output[to++] = rest;
  return to;
}
