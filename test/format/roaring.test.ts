import { describe, expect, it } from 'vitest';
import { type Random, seededRandom } from '../../src/base/random.js';
import { readRoaring } from '../../src/format/roaring.js';
import { bitmapBytes, getBit } from '../../src/types/bitmap.js';
import { roaringOf } from '../support/deletion-vectors.js';
import { drawSeeds, integerBetween, testRandom } from '../support/seeds.js';

const CONTAINER = 65_536;

function decode(bytes: Uint8Array, length: number, offset = 0) {
  const bits = new Uint8Array(bitmapBytes(length));
  const end = readRoaring(bytes, offset, bits, length);
  const values: number[] = [];
  for (let value = 0; value < length; value++) if (getBit(bits, value)) values.push(value);
  return { values, ...end };
}

/** Values that make all kinds of containers: few (array), many (bitmap), dense (run), none. */
function randomValues(random: Random, containers: number): number[] {
  const values: number[] = [];
  for (let container = 0; container < containers; container++) {
    const share = [0, 0.001, 0.03, 0.0625, 0.3, 0.999, 1][integerBetween(random, 0, 6)]!;
    for (let i = 0; i < CONTAINER; i++) if (random.float() < share) values.push(container * CONTAINER + i);
  }
  return values;
}

const everySecond = Array.from({ length: CONTAINER / 2 }, (_, i) => i * 2);
const fourRuns = [0, 1, 2, 3].flatMap((container) => Array.from({ length: 100 }, (_, i) => container * CONTAINER + 7 + i));

describe('portable roaring bitmaps', () => {
  it.each([
    ['of nothing', [], false, 0],
    ['of arrays', [0, 1, 5, 65_535, 65_536, 200_000], false, 12346],
    ['of the largest array', everySecond.slice(0, 4096), false, 12346],
    ['of the smallest bitmap', everySecond.slice(0, 4097), false, 12346],
    ['of a bitmap', everySecond, false, 12346],
    ['of one run', Array.from({ length: CONTAINER }, (_, i) => i), true, 12347],
    ['of runs, without offsets', fourRuns.slice(0, 300), true, 12347],
    ['of runs, with offsets', fourRuns, true, 12347],
    ['of runs, arrays and bitmaps', [...fourRuns, 4 * CONTAINER + 9, ...everySecond.map((value) => 5 * CONTAINER + value)], true, 12347],
  ])('%s are read', (_, values, runs, cookie) => {
    const bytes = roaringOf(values, { runs });
    if (cookie !== 0) expect(bytes[0]! | (bytes[1]! << 8)).toBe(cookie);
    const decoded = decode(bytes, 6 * CONTAINER);
    expect(decoded.values).toEqual(values);
    expect(decoded).toMatchObject({ offset: bytes.length, cardinality: values.length });
  });

  it.each(drawSeeds(4))('read as the Roaring library means them (seed %i)', (seed) => {
    const random = seededRandom(seed);
    const values = randomValues(random, 5);
    const last = values.at(-1) ?? 0;
    for (const runs of [false, true]) {
      const bytes = roaringOf(values, { runs });
      const padded = Uint8Array.from([1, 2, 3, ...bytes, 4]);
      const decoded = decode(padded, last + 1, 3);
      expect(decoded.values.length).toBe(values.length);
      expect(decoded.values.every((value, i) => value === values[i])).toBe(true);
      expect(decoded).toMatchObject({ offset: bytes.length + 3, cardinality: values.length });
      if (values.length > 0) expect(() => decode(bytes, last)).toThrow('values below');
    }
  });

  it('cut off anywhere are malformed', () => {
    for (const runs of [false, true]) {
      const bytes = roaringOf([...fourRuns, 300_000, 300_002], { runs });
      const bits = new Uint8Array(bitmapBytes(6 * CONTAINER));
      for (let length = 0; length < bytes.length; length++)
        expect(() => readRoaring(bytes.subarray(0, length), 0, bits, 6 * CONTAINER)).toThrow('cut off');
    }
  });

  it('with any byte changed never touch anything beyond their bytes and bits', () => {
    const random = testRandom();
    const length = 5 * CONTAINER + 11;
    const originals = [false, true].map((runs) => roaringOf([...fourRuns, 300_000, 300_002], { runs }));
    for (const bytes of originals) {
      for (let at = 0; at < bytes.length; at++) {
        const changed = bytes.slice();
        changed[at]! ^= integerBetween(random, 1, 255);
        const bits = new Uint8Array(bitmapBytes(length));
        try {
          const end = readRoaring(changed, 0, bits, length);
          expect(end.offset).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect((error as Error).name).toBe('Malformed');
        }
        expect(bits.at(-1)! >> (length & 7)).toBe(0);
      }
    }
  });

  it.each([
    ['another cookie', [0x39, 0x30, 0, 0, 0, 0, 0, 0], 'no cookie'],
    ['too many containers', [0x3a, 0x30, 0, 0, 1, 0, 1, 0], '65537 containers'],
    ['values out of order', [0x3a, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 16, 0, 0, 0, 7, 0, 7, 0], 'values of a roaring bitmap out of order'],
    [
      'containers out of order',
      [0x3a, 0x30, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 24, 0, 0, 0, 26, 0, 0, 0, 1, 0, 1, 0],
      'containers out of order',
    ],
    ['runs out of order', [0x3b, 0x30, 0, 0, 1, 0, 0, 3, 0, 2, 0, 4, 0, 1, 0, 5, 0, 1, 0], 'runs of a roaring bitmap out of order'],
    ['a run beyond its container', [0x3b, 0x30, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0xff, 0xff, 1, 0], 'runs of a roaring bitmap out of order'],
    ['a cardinality that is wrong', [0x3b, 0x30, 0, 0, 1, 0, 0, 5, 0, 1, 0, 4, 0, 1, 0], 'another cardinality'],
  ])('with %s are malformed', (_, bytes, message) => {
    expect(() => decode(Uint8Array.from(bytes), 2 * CONTAINER)).toThrow(message);
  });

  it('whose bitmap container has another cardinality are malformed', () => {
    const bytes = roaringOf(everySecond);
    bytes[bytes.length - 1]! ^= 2;
    expect(() => decode(bytes, CONTAINER)).toThrow('another cardinality');
  });
});
