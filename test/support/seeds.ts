/**
 * Seeds of randomized tests. Every run draws new ones; a failing test says which, and
 * `WEIR_SEED=<seed> npx vitest run <file>` repeats it.
 */
import { onTestFailed } from 'vitest';
import { type Random, seededRandom } from '../../src/base/random.js';

/** A random source for the current test, whose seed is printed when the test fails. */
export function testRandom(): Random & { readonly seed: number } {
  const seed = drawSeed();
  onTestFailed(() => console.error(`repeat with WEIR_SEED=${seed}`));
  return { ...seededRandom(seed), seed };
}

/** `count` seeds; just the one of WEIR_SEED when that is set. */
export function drawSeeds(count: number): number[] {
  return process.env.WEIR_SEED ? [drawSeed()] : Array.from({ length: count }, drawSeed);
}

function drawSeed(): number {
  const fixed = process.env.WEIR_SEED;
  if (fixed === undefined || fixed === '') return Math.floor(Math.random() * 0x1_0000_0000);
  const seed = Number(fixed);
  if (!Number.isInteger(seed)) throw new Error(`WEIR_SEED is no integer: ${fixed}`);
  return seed;
}

/** An integer in [low, high]. */
export function integerBetween(random: Random, low: number, high: number): number {
  return low + Math.floor(random.float() * (high - low + 1));
}

/** One of `items`. */
export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[Math.floor(random.float() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
