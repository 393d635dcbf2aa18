/**
 * Universal compaction: which runs to merge, and to which level.
 *
 *   size amplification   all runs but the last are large beside the last        -> everything
 *   size ratio           the newest runs are about as large as the next one     -> these
 *   number of runs       more than the trigger                                  -> the newest, as many as are too many
 *
 * Invariants: candidates are always the newest runs without a gap; the output level is never 0 and every run left out is
 * at a level above it, so order by age is kept.
 * Source of the algorithm: RocksDB's universal style as Paimon has it.
 */
import type { DataFileMeta } from '../meta/data-file-meta.js';
import { runSize_bytes, type SortedRun } from './sorted-run.js';

export interface CompactionSettings {
  /** `num-sorted-run.compaction-trigger` */
  readonly trigger: number;
  /** `compaction.size-ratio`, percent */
  readonly sizeRatio: number;
  /** `compaction.max-size-amplification-percent` */
  readonly maxSizeAmplificationPercent: number;
  /** levels with level 0 */
  readonly numLevels: number;
  /** `compaction.total-size-threshold`: below it everything is merged at once */
  readonly totalSizeThreshold_bytes?: number;
  /** `compaction.incremental-size-threshold`: above it (levels below the last) everything is merged */
  readonly incrementalSizeThreshold_bytes?: number;
  /** `compaction.optimization-interval` has elapsed */
  readonly optimizationDue?: boolean;
  /** tables whose level 0 is invisible to readers: when nothing else is due, all of level 0 is */
  readonly forceUpLevel0?: boolean;
}

export interface CompactionUnit {
  readonly outputLevel: number;
  readonly runs: readonly SortedRun[];
  readonly files: readonly DataFileMeta[];
}

/** What to do after a flush; undefined: nothing. `runs` as `Levels.runs()` gives them. */
export function pickUniversal(runs: readonly SortedRun[], settings: CompactionSettings): CompactionUnit | undefined {
  const picked = pickDue(runs, settings) ?? (settings.forceUpLevel0 === true ? pickLevel0(runs, settings) : undefined);
  return picked === undefined || isInPlace(picked) ? undefined : picked;
}

/** Everything into the last level; undefined when it is there already. */
export function pickFull(runs: readonly SortedRun[], settings: Pick<CompactionSettings, 'numLevels'>): CompactionUnit | undefined {
  const maxLevel = settings.numLevels - 1;
  if (runs.length === 0 || (runs.length === 1 && runs[0]!.level === maxLevel)) return undefined;
  return unit(runs, maxLevel);
}

function pickDue(runs: readonly SortedRun[], settings: CompactionSettings): CompactionUnit | undefined {
  const maxLevel = settings.numLevels - 1;
  if (runs.length > 1 && isEarlyFullDue(runs, settings)) return unit(runs, maxLevel);
  if (runs.length >= settings.trigger) {
    if (isAmplified(runs, settings)) return unit(runs, maxLevel);
    const similar = extend(runs, 1, false, settings);
    if (similar !== undefined) return similar;
  }
  return runs.length > settings.trigger ? extend(runs, runs.length - settings.trigger + 1, true, settings) : undefined;
}

function isEarlyFullDue(runs: readonly SortedRun[], settings: CompactionSettings): boolean {
  if (settings.optimizationDue === true) return true;
  const sizes = runs.map(runSize_bytes);
  if (sum(sizes) < (settings.totalSizeThreshold_bytes ?? 0)) return true;
  const incremental = sum(sizes.filter((_, r) => runs[r]!.level < settings.numLevels - 1));
  return incremental > (settings.incrementalSizeThreshold_bytes ?? Infinity);
}

function isAmplified(runs: readonly SortedRun[], settings: CompactionSettings): boolean {
  const sizes = runs.map(runSize_bytes);
  const last = sizes.pop()!;
  return sum(sizes) * 100 > settings.maxSizeAmplificationPercent * last;
}

/** Takes `count` runs and further ones while these are not much larger than all before together. */
function extend(runs: readonly SortedRun[], count: number, forced: boolean, settings: CompactionSettings): CompactionUnit | undefined {
  let size_bytes = sum(runs.slice(0, count).map(runSize_bytes));
  let triggered = forced || count > 1;
  for (; count < runs.length; count++) {
    const next = runs[count]!;
    const nextSize_bytes = runSize_bytes(next);
    if ((size_bytes * (100 + settings.sizeRatio)) / 100 < nextSize_bytes && (!triggered || next.level > 1)) break;
    size_bytes += nextSize_bytes;
    triggered = true;
  }
  return triggered ? unitOf(runs, count, settings.numLevels - 1) : undefined;
}

function pickLevel0(runs: readonly SortedRun[], settings: CompactionSettings): CompactionUnit | undefined {
  const count = runs.filter((run) => run.level === 0).length;
  return count === 0 ? undefined : unitOf(runs, count, settings.numLevels - 1);
}

/** The newest `count` runs go just below the first that is left out; where that would be level 0, that one joins. */
function unitOf(runs: readonly SortedRun[], count: number, maxLevel: number): CompactionUnit {
  let outputLevel = count === runs.length ? maxLevel : Math.max(0, runs[count]!.level - 1);
  while (outputLevel === 0 && count < runs.length) outputLevel = runs[count++]!.level;
  return unit(runs.slice(0, count), count === runs.length ? maxLevel : outputLevel);
}

function unit(runs: readonly SortedRun[], outputLevel: number): CompactionUnit {
  return { outputLevel, runs, files: runs.flatMap((run) => run.files) };
}

/** One file that is where it would go. */
function isInPlace(picked: CompactionUnit): boolean {
  return picked.files.length === 1 && picked.files[0]!.level === picked.outputLevel;
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
