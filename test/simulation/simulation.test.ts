/**
 * Many small worlds. `WEIR_SEED=<seed> npx vitest run test/simulation/simulation.test.ts` plays one again, exactly, and tells all
 * of its events when it fails.
 */
import { describe, expect, it } from 'vitest';
import { trueBuild } from './build-under-test.js';
import { simulate } from './simulate.js';

/** the fixed slice; the long run adds fresh ones */
const SLICE = 200;
const LONG = 10_000;

describe('the log under fire', () => {
  const { WEIR_SEED, WEIR_LONG, WEIR_SEEDS } = process.env;
  const count = WEIR_SEEDS !== undefined ? Number(WEIR_SEEDS) : WEIR_LONG === undefined ? SLICE : LONG;
  const first = WEIR_LONG === undefined ? 1 : Math.floor(Math.random() * 0x7fff_0000);
  const seeds = WEIR_SEED !== undefined ? [Number(WEIR_SEED)] : Array.from({ length: count }, (_, i) => first + i);

  it(`holds in ${seeds.length} worlds from seed ${seeds[0]}`, { timeout: 3_600_000 }, async () => {
    for (const seed of seeds) expect((await simulate(trueBuild, seed)).turns).toBeGreaterThan(0);
  });
});
