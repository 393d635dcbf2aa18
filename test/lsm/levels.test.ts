import { describe, expect, it } from 'vitest';
import { Levels } from '../../src/lsm/levels.js';
import { fileMeta } from '../support/data-files.js';

const sequence = (minSequenceNumber: bigint, maxSequenceNumber: bigint) => ({ minSequenceNumber, maxSequenceNumber });
const shape = (levels: Levels) => levels.runs().map((run) => [run.level, ...run.files.map((file) => file.fileName)]);

describe('levels', () => {
  it('orders level 0 newest first, then the other levels', () => {
    const levels = new Levels(
      [
        fileMeta('l5', 5, 0, 9),
        fileMeta('old', 0, 0, 9, sequence(0n, 5n)),
        fileMeta('l2b', 2, 5, 9),
        fileMeta('new', 0, 0, 9, sequence(6n, 9n)),
        fileMeta('wide', 0, 0, 9, sequence(2n, 9n)),
        fileMeta('l2a', 2, 0, 4),
        fileMeta('later', 0, 0, 9, { ...sequence(6n, 9n), creationTime_ms: 7n }),
      ],
      6,
    );
    expect(shape(levels)).toEqual([
      [0, 'wide'],
      [0, 'new'],
      [0, 'later'],
      [0, 'old'],
      [2, 'l2b', 'l2a'],
      [5, 'l5'],
    ]);
    expect(levels.highestNonEmptyLevel()).toBe(5);
    expect(levels.maxSequenceNumber()).toBe(9n);
  });

  it('has a level for every file', () => {
    expect(new Levels([fileMeta('a', 7, 0, 1)], 6).numLevels).toBe(8);
    expect(new Levels([], 6).numLevels).toBe(6);
    expect(new Levels([], 6).highestNonEmptyLevel()).toBe(-1);
    expect(new Levels([], 6).maxSequenceNumber()).toBe(-1n);
    expect(new Levels([], 6).runs()).toEqual([]);
  });

  it('takes over the result of a compaction, an upgrade of a file among it', () => {
    const [a, b, c] = [fileMeta('a', 0, 0, 1), fileMeta('b', 0, 2, 3), fileMeta('c', 5, 0, 3)];
    const levels = new Levels([a!, b!, c!], 6);
    levels.update([a!, c!], [{ ...a!, level: 5 }]);
    expect(shape(levels)).toEqual([
      [0, 'b'],
      [5, 'a'],
    ]);
  });

  it('refuses to replace files that are not there', () => {
    const a = fileMeta('a', 0, 0, 1);
    const levels = new Levels([a], 6);
    expect(() => levels.update([{ ...a, level: 3 }], [])).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => levels.update([fileMeta('x', 0, 0, 1)], [])).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => levels.update([], [{ ...a, level: 6 }])).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(shape(levels)).toEqual([[0, 'a']]);
  });
});
