import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { intervalPartition } from '../../src/lsm/interval-partition.js';
import { keyComparator } from '../../src/lsm/key-comparator.js';
import { fileMeta, INT_KEY } from '../support/data-files.js';

const compare = keyComparator(INT_KEY);
const names = (sections: ReturnType<typeof intervalPartition>) =>
  sections.map((section) => section.map((run) => run.files.map((file) => file.fileName)));

describe('interval partition', () => {
  it('has no sections without files', () => {
    expect(intervalPartition([], compare)).toEqual([]);
  });

  it('cuts at gaps and packs a section into few runs', () => {
    const files = [
      fileMeta('e', 0, 90, 95),
      fileMeta('d', 1, 31, 50),
      fileMeta('a', 1, 1, 10),
      fileMeta('c', 1, 15, 30),
      fileMeta('b', 0, 5, 20),
    ];
    expect(names(intervalPartition(files, compare))).toEqual([[['a', 'c'], ['b']], [['d']], [['e']]]);
  });

  it('treats bounds as inclusive', () => {
    expect(names(intervalPartition([fileMeta('a', 0, 1, 5), fileMeta('b', 0, 5, 9)], compare))).toHaveLength(1);
    expect(names(intervalPartition([fileMeta('a', 0, 1, 5), fileMeta('b', 0, 6, 9)], compare))).toHaveLength(2);
  });

  it('puts older runs first', () => {
    const files = [
      fileMeta('new', 0, 1, 9, { maxSequenceNumber: 9n }),
      fileMeta('old', 0, 1, 9, { maxSequenceNumber: 4n }),
      fileMeta('base', 5, 1, 9, { maxSequenceNumber: 99n }),
    ];
    expect(names(intervalPartition(files, compare))).toEqual([[['base'], ['old'], ['new']]]);
  });

  it('loses no file, keeps runs free of overlap and makes no more runs than files overlap at one point', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = seededRandom(seed);
      const any = (n: number) => Math.floor(random.float() * n);
      const ranges = Array.from({ length: 1 + any(25) }, () => {
        const first = any(60);
        return { first, last: first + any(12) };
      });
      const files = ranges.map(({ first, last }, i) => fileMeta(`f${i}`, any(3), first, last));
      const sections = intervalPartition(files, compare);
      const rangeOf = (name: string) => ranges[Number(name.slice(1))]!;
      expect(names(sections).flat(2).sort(), `seed ${seed}`).toEqual(files.map((file) => file.fileName).sort());
      let end = -1;
      for (const section of names(sections)) {
        const inside = section.flat().map(rangeOf);
        expect(Math.min(...inside.map((range) => range.first))).toBeGreaterThan(end);
        end = Math.max(...inside.map((range) => range.last));
        for (const run of section) {
          for (let i = 1; i < run.length; i++) expect(rangeOf(run[i]!).first).toBeGreaterThan(rangeOf(run[i - 1]!).last);
        }
        const depth = Math.max(...inside.map(({ first }) => inside.filter((range) => range.first <= first && first <= range.last).length));
        expect(section.length, `seed ${seed}`).toBe(depth);
      }
    }
  });
});
