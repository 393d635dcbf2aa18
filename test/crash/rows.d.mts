import type { Random } from '../../src/index.js';
export interface CrashRow {
  id: bigint;
  version: bigint;
  text: string;
}
export function rowsOf(
  seededRandom: (seed: number) => Random,
  seed: number,
  identifier: number,
  fromKey: number,
  keys: number,
): { upserts: CrashRow[]; deletes: (Omit<CrashRow, 'text'> & { text: null })[] };
export function partsOf<T>(rows: readonly T[]): T[][];
