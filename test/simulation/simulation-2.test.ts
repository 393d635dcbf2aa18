/** The second half of the worlds (worlds.ts). */
import { describe, it } from 'vitest';
import { playAll, seedsOf } from './worlds.js';

describe('the log under fire', () => {
  const seeds = seedsOf(1, 2);
  it(`holds in ${seeds.length} worlds from seed ${seeds[0]}`, { timeout: 3_600_000 }, () => playAll(seeds));
});
