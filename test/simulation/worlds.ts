/**
 * Many worlds, in parts that test files share: the fixed slice is the same each time, a long run plays fresh ones.
 *
 *   WEIR_SEED=4711 npx vitest run test/simulation/simulation.test.ts               one world again, exactly, with all its events
 *   WEIR_SEEDS=500 WEIR_FIRST=20000 npx vitest run test/simulation/simulation.test.ts    so many from there on
 */
import { expect } from 'vitest';
import { trueBuild } from './build-under-test.js';
import { simulate } from './simulate.js';

/** seeds of the fixed slice, and of a long run */
const SLICE = 200;
const LONG = 10_000;

/** The seeds of one of several parts. */
export function seedsOf(part: number, parts: number): number[] {
  const { WEIR_SEED, WEIR_SEEDS, WEIR_FIRST, WEIR_LONG } = process.env;
  if (WEIR_SEED !== undefined) return part === 0 ? [Number(WEIR_SEED)] : [];
  const count = Math.ceil(Number(WEIR_SEEDS ?? (WEIR_LONG === undefined ? SLICE : LONG)) / parts);
  const fresh = WEIR_LONG !== undefined && WEIR_FIRST === undefined;
  const first = fresh ? 1 + Math.floor(Math.random() * 0x7fff_0000) : Number(WEIR_FIRST ?? 1) + part * count;
  return Array.from({ length: count }, (_, i) => first + i);
}

/** Plays them one after the other; the first that fails tells its seed. */
export async function playAll(seeds: readonly number[]): Promise<void> {
  for (const seed of seeds) {
    expect((await simulate(trueBuild, seed)).turns).toBeGreaterThan(0);
    // a world takes no turn of the event loop, the test's runner wants some
    await new Promise((resolve) => setImmediate(resolve));
  }
}
