import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import type { SortedRun } from '../../src/lsm/sorted-run.js';
import { type CompactionSettings, pickFull, pickUniversal } from '../../src/lsm/universal-compaction.js';
import { fileMeta } from '../support/data-files.js';

const settings: CompactionSettings = { trigger: 5, sizeRatio: 1, maxSizeAmplificationPercent: 200, numLevels: 6 };
const run = (level: number, size_bytes: number): SortedRun => ({
  level,
  files: [fileMeta(`${level}-${size_bytes}`, level, 0, 9, { fileSize_bytes: size_bytes })],
});
const runs = (...of: [level: number, size_bytes: number][]) => of.map(([level, size_bytes]) => run(level, size_bytes));
const picked = (of: SortedRun[], given: Partial<CompactionSettings> = {}) => {
  const unit = pickUniversal(of, { ...settings, ...given });
  return unit === undefined ? undefined : [unit.runs.length, unit.outputLevel];
};

describe('universal compaction', () => {
  it('waits until there are as many runs as the trigger', () => {
    expect(picked(runs([0, 1], [0, 1], [0, 1], [5, 100]))).toBeUndefined();
    expect(picked([])).toBeUndefined();
  });

  it('merges everything when the newer runs are large beside the last', () => {
    expect(picked(runs([0, 60], [0, 60], [0, 60], [0, 60], [5, 100]))).toEqual([5, 5]);
    expect(picked(runs([0, 1], [0, 1], [0, 1], [0, 1], [5, 100]))).not.toEqual([5, 5]);
  });

  it('merges the newest runs of like size below the first that is larger', () => {
    expect(picked(runs([0, 1], [0, 1], [0, 2], [3, 50], [5, 1000]))).toEqual([3, 2]);
    expect(picked(runs([0, 1], [0, 1], [0, 1], [0, 1], [5, 1000]))).toEqual([4, 4]);
  });

  it('needs a run of like size to begin with, unless there are more than the trigger', () => {
    expect(picked(runs([0, 1], [0, 10], [2, 100], [3, 1000], [5, 10000]))).toBeUndefined();
    expect(picked(runs([0, 1], [0, 10], [2, 100], [3, 1000], [4, 10000], [5, 100000]))).toEqual([2, 1]);
  });

  it('goes on over level 1 once it has begun, whatever its size', () => {
    expect(picked(runs([0, 1], [0, 1], [1, 500], [3, 5000], [5, 50000]))).toEqual([3, 2]);
  });

  it('never puts out to level 0', () => {
    expect(picked(runs([0, 1], [0, 1], [0, 900], [0, 1], [2, 9000], [5, 90000]))).toEqual([4, 1]);
    for (let seed = 1; seed <= 300; seed++) {
      const random = seededRandom(seed);
      const any = (n: number) => Math.floor(random.float() * n);
      const levels = Array.from({ length: any(9) }, () => 0);
      for (let level = 1; level < 6; level++) if (any(2) === 0) levels.push(level);
      const of = levels.map((level) => run(level, 1 + Math.floor(10 ** (random.float() * (level + 2)))));
      const unit = pickUniversal(of, settings);
      if (unit === undefined) continue;
      expect(unit.outputLevel, `seed ${seed}`).toBeGreaterThan(0);
      expect(unit.runs).toEqual(of.slice(0, unit.runs.length));
      const older = of[unit.runs.length];
      if (older !== undefined) expect(older.level, `seed ${seed}`).toBeGreaterThan(unit.outputLevel);
    }
  });

  it('merges everything early where options ask for it', () => {
    const two = runs([0, 1], [5, 1000]);
    expect(picked(two)).toBeUndefined();
    expect(picked(two, { optimizationDue: true })).toEqual([2, 5]);
    expect(picked(two, { totalSizeThreshold_bytes: 1002 })).toEqual([2, 5]);
    expect(picked(two, { totalSizeThreshold_bytes: 1001 })).toBeUndefined();
    expect(picked(two, { incrementalSizeThreshold_bytes: 0 })).toEqual([2, 5]);
    expect(picked(two, { incrementalSizeThreshold_bytes: 1 })).toBeUndefined();
    expect(picked(runs([5, 1000]), { optimizationDue: true })).toBeUndefined();
  });

  it('lifts level 0 where it would stay invisible', () => {
    expect(picked(runs([0, 1], [0, 1], [4, 50]), { forceUpLevel0: true })).toEqual([2, 3]);
    expect(picked(runs([0, 1]), { forceUpLevel0: true })).toEqual([1, 5]);
    expect(picked(runs([4, 1]), { forceUpLevel0: true })).toBeUndefined();
  });

  it('rewrites all into the last level on request, unless it is there', () => {
    expect(pickFull(runs([0, 1], [3, 5]), settings)).toMatchObject({ outputLevel: 5, files: [{ level: 0 }, { level: 3 }] });
    expect(pickFull(runs([0, 1]), settings)).toMatchObject({ outputLevel: 5 });
    expect(pickFull(runs([5, 1]), settings)).toBeUndefined();
    expect(pickFull([], settings)).toBeUndefined();
  });
});
