/**
 * The files of one bucket as an LSM tree: level 0, where each file is a run, and levels above with one run each.
 *
 * Invariants: there is a level for every file, whatever `num-levels` says; a file is in it once; runs come newest first
 * (level 0 by sequence numbers, then the levels downwards).
 */
import { WeirError } from '../base/error.js';
import type { DataFileMeta } from '../meta/data-file-meta.js';
import { maxSequenceNumber, type SortedRun } from './sorted-run.js';

export class Levels {
  readonly numLevels: number;
  readonly #files = new Map<string, DataFileMeta>();

  /** `numLevels`: the table's setting, level 0 included; raised when a file lies higher */
  constructor(files: readonly DataFileMeta[], numLevels: number) {
    this.numLevels = files.reduce((max, file) => Math.max(max, file.level + 1), numLevels);
    for (const file of files) this.#files.set(file.fileName, file);
  }

  files(): DataFileMeta[] {
    return [...this.#files.values()];
  }

  /** Level 0 newest to oldest, then the levels with files from 1 up. Files of a level stand in the order they were given. */
  runs(): SortedRun[] {
    const levels: DataFileMeta[][] = Array.from({ length: this.numLevels }, () => []);
    for (const file of this.#files.values()) levels[file.level]!.push(file);
    const newest = levels[0]!.sort(newestFirst).map((file) => ({ level: 0, files: [file] }));
    const above = levels.slice(1).map((files, index) => ({ level: index + 1, files }));
    return [...newest, ...above.filter((run) => run.files.length > 0)];
  }

  /** -1 without files */
  highestNonEmptyLevel(): number {
    return this.files().reduce((max, file) => Math.max(max, file.level), -1);
  }

  /** -1n without files */
  maxSequenceNumber(): bigint {
    return maxSequenceNumber(this.#files.values());
  }

  /** Replaces the files of a compaction. @throws INVALID_ARGUMENT when a file to be replaced is not there */
  update(before: readonly DataFileMeta[], after: readonly DataFileMeta[]): void {
    for (const file of before) {
      const known = this.#files.get(file.fileName);
      if (known?.level !== file.level) {
        throw new WeirError('INVALID_ARGUMENT', `file ${file.fileName} is not in level ${file.level} of its bucket`, {
          file: file.fileName,
        });
      }
    }
    for (const file of before) this.#files.delete(file.fileName);
    for (const file of after) {
      if (file.level >= this.numLevels) throw new WeirError('INVALID_ARGUMENT', `there is no level ${file.level}`, { file: file.fileName });
      this.#files.set(file.fileName, file);
    }
  }
}

/** Paimon's order of level 0: largest sequence number, then smallest, then creation time, then name. */
function newestFirst(a: DataFileMeta, b: DataFileMeta): number {
  if (a.maxSequenceNumber !== b.maxSequenceNumber) return a.maxSequenceNumber > b.maxSequenceNumber ? -1 : 1;
  if (a.minSequenceNumber !== b.minSequenceNumber) return a.minSequenceNumber < b.minSequenceNumber ? -1 : 1;
  const created = Number((a.creationTime_ms ?? 0n) - (b.creationTime_ms ?? 0n));
  return created !== 0 ? created : a.fileName < b.fileName ? -1 : 1;
}
