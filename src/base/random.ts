/** The one source of chance: file names, commit users and back-off jitter come from here. */
import { randomUUID } from 'node:crypto';

/**
 * Where file names and waiting times get their chance from: a simulation passes its own.
 *
 * @example
 * const unlucky: Random = { uuid: systemRandom.uuid, float: () => 0 };
 * await openCatalog({ warehouse, random: unlucky });
 */
export interface Random {
  /** a lower-case UUID v4 */
  uuid(): string;
  /** uniform in [0, 1) */
  float(): number;
}

/**
 * The chance of this machine, the default of a catalog.
 *
 * @example
 * const name = `job-${systemRandom.uuid()}`;
 */
export const systemRandom: Random = {
  uuid: () => randomUUID(),
  float: () => Math.random(),
};

/**
 * A reproducible source (mulberry32), for simulation and property tests.
 *
 * @example
 * const { float } = seededRandom(42);
 * const same = seededRandom(42).float() === float(); // true
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const float = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const hex = (digits: number) => {
    let text = '';
    while (text.length < digits) text += Math.floor(float() * 16).toString(16);
    return text;
  };
  const uuid = () => `${hex(8)}-${hex(4)}-4${hex(3)}-${'89ab'[Math.floor(float() * 4)]}${hex(3)}-${hex(12)}`;
  return { uuid, float };
}
