import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { rowEquality } from '../../src/types/equal.js';
import { atomicTypes, nestedTypes, plain, randomColumn } from '../support/random-columns.js';

const text = (value: unknown) =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'bigint'
      ? `${part}n`
      : typeof part === 'number' && (Object.is(part, -0) || !Number.isFinite(part))
        ? `${part} ${1 / part}`
        : part,
  );

describe('rows are the same', () => {
  it.each([...atomicTypes, ...nestedTypes].map((type) => [type.kind, type] as const))('%s: when their values are', (_, type) => {
    const random = seededRandom(9);
    for (const nulls of [0, 0.3]) {
      const [a, b] = [randomColumn(random, type, 40, nulls), randomColumn(random, type, 40, nulls)];
      const [left, right] = [plain(a).map(text), plain(b).map(text)];
      const isSame = rowEquality([a], [b]);
      const isSelf = rowEquality([a], [a]);
      for (let i = 0; i < 40; i++) {
        expect(isSelf(i, i)).toBe(true);
        for (let j = 0; j < 40; j++) if (isSame(i, j) !== (left[i] === right[j])) expect.fail(`${left[i]} and ${right[j]}`);
      }
    }
  });

  it('in every column', () => {
    const random = seededRandom(10);
    const [x, y] = [randomColumn(random, atomicTypes[0]!, 30), randomColumn(random, nestedTypes[0]!, 30)];
    const isSame = rowEquality([x, y], [x, y]);
    const [xs, ys] = [plain(x).map(text), plain(y).map(text)];
    for (let i = 0; i < 30; i++) for (let j = 0; j < 30; j++) expect(isSame(i, j)).toBe(xs[i] === xs[j] && ys[i] === ys[j]);
  });
});
