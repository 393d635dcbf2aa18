import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { codecByName, LZ4, LZ4_RAW } from '../../src/format/compression.js';
import { crc32 } from '../../src/format/crc32.js';
import { compressLz4Hadoop, decompressLz4Block } from '../../src/format/lz4.js';

const random = seededRandom(3);
const inputs = [0, 1, 11, 12, 13, 15, 16, 17, 100, 4096, 70_001, 300_000].flatMap((length) => [
  Uint8Array.from({ length }, () => random.float() * 256),
  Uint8Array.from({ length }, () => random.float() * 3),
  new Uint8Array(length).fill(7),
  Uint8Array.from({ length }, (_, i) => (i % 97) + (random.float() < 0.01 ? 1 : 0)),
]);

it('computes CRC-32 as gzip does', () => {
  for (const input of inputs) {
    const gzip = gzipSync(input);
    expect(crc32(input)).toBe(gzip.readUInt32LE(gzip.length - 8));
    expect(crc32(input.subarray(Math.min(3, input.length)))).toBe(crc32(input.slice(3)));
  }
});

describe.each(['none', 'snappy', 'gzip', 'lz4', 'zstd'])('%s', (name) => {
  const codec = codecByName(name, 1);
  it('gives back what it was given', async () => {
    for (const input of inputs) {
      const compressed = await codec.compress!(input.slice());
      expect(Buffer.compare(await codec.decompress(compressed, input.length), input)).toBe(0);
    }
  });

  it.skipIf(name === 'none')('refuses bytes of another length', async () => {
    const compressed = await codec.compress!(inputs[38]!.slice());
    for (const length of [inputs[38]!.length - 1, inputs[38]!.length + 1]) {
      await expect(async () => codec.decompress(compressed, length)).rejects.toThrow();
    }
  });
});

it('zstd takes a level', async () => {
  const text = Buffer.from(
    Array.from({ length: 20_000 }, () => `order ${Math.floor(random.float() * 50)} of day ${Math.floor(random.float() * 9)}`).join(' '),
  );
  const sizes = await Promise.all([1, 19].map(async (level) => (await codecByName('zstd', level).compress!(text)).length));
  expect(sizes[1]).toBeLessThan(sizes[0]!);
});

it('LZ4 reads several blocks in a frame and bare blocks', () => {
  const input = inputs[41]!;
  const half = input.length >> 1;
  const frames = [input.subarray(0, half), input.subarray(half)].map(compressLz4Hadoop);
  const block = (frame: Uint8Array) => frame.subarray(4);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(input.length);
  expect(Buffer.compare(LZ4.decompress(Buffer.concat([head, ...frames.map(block)]), input.length) as Uint8Array, input)).toBe(0);
  expect(Buffer.compare(LZ4.decompress(Buffer.concat(frames), input.length) as Uint8Array, input)).toBe(0);
  const bare = compressLz4Hadoop(input).subarray(8);
  expect(Buffer.compare(LZ4.decompress(bare, input.length) as Uint8Array, input)).toBe(0);
  expect(Buffer.compare(LZ4_RAW.decompress(bare, input.length) as Uint8Array, input)).toBe(0);
});

it('LZ4 fails on damaged blocks and never reads or writes outside', () => {
  const input = inputs[39]!;
  const good = compressLz4Hadoop(input).subarray(8);
  for (let i = 0; i < 500; i++) {
    const bad = good.slice(0, random.float() < 0.5 ? good.length : random.float() * good.length);
    if (bad.length > 0) bad[Math.floor(random.float() * bad.length)]! ^= 1 << (i & 7);
    try {
      expect(decompressLz4Block(bad, input.length).length).toBe(input.length);
    } catch (error) {
      expect((error as Error).message).toContain('LZ4');
    }
  }
});

it('refuses what it cannot write', () => {
  expect(() => codecByName('lzo', 1)).toThrow(/lzo/);
});
