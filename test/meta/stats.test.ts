import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.js';
import { deserializeRow, EMPTY_ROW, serializeRow } from '../../src/meta/binary-row.js';
import { decodeStats, StatsCollector } from '../../src/meta/stats.js';
import type { Batch } from '../../src/types/column.js';
import type { DataField } from '../../src/types/data-type.js';
import { columnFromData, compareDatum, type Datum } from '../../src/types/datum.js';
import { atomicTypes, nestedTypes, randomColumn, randomDatum } from '../support/random-columns.js';
import { dataFile, fields, schemaOf } from './samples.js';

const utf8 = (text: string) => new TextEncoder().encode(text);
const batchOf = (own: readonly DataField[], data: Datum[][]): Batch => ({
  fields: own,
  columns: own.map((field, i) => columnFromData(field.type, data[i]!)),
  length: data[0]!.length,
});

function collect(type: string, values: Datum[], mode = 'full') {
  const own = fields({ c: type });
  const collector = new StatsCollector(own, [mode]);
  collector.add(batchOf(own, [values]));
  const { stats, valueStatsCols } = collector.finish();
  if (valueStatsCols !== null) return { cols: valueStatsCols };
  const types = own.map((field) => field.type);
  return { min: deserializeRow(types, stats.min)[0], max: deserializeRow(types, stats.max)[0], nulls: stats.nullCounts![0] };
}

const text = (values: string[], mode: string, type = 'STRING') => {
  const { min, max } = collect(type, values.map(utf8), mode) as { min: Uint8Array | null; max: Uint8Array | null };
  return [min, max].map((bound) => (bound === null ? null : new TextDecoder().decode(bound)));
};
const bytes = (values: number[][], mode: string) => {
  const { min, max } = collect(
    'BYTES',
    values.map((each) => Uint8Array.from(each)),
    mode,
  ) as { min: Uint8Array | null; max: Uint8Array | null };
  return [min, max].map((bound) => (bound === null ? null : [...bound]));
};

describe('statistics', () => {
  it('are bounds and null counts', () => {
    expect(collect('INT', [3, null, -7, 12])).toEqual({ min: -7, max: 12, nulls: 1n });
    expect(collect('BIGINT', [-1n, 4294967296n, 4294967295n])).toEqual({ min: -1n, max: 4294967296n, nulls: 0n });
    expect(collect('BOOLEAN', [true, null, true])).toEqual({ min: true, max: true, nulls: 1n });
    expect(collect('STRING', [null, null])).toEqual({ min: null, max: null, nulls: 2n });
    expect(collect('DECIMAL(38, 0)', [-(10n ** 37n), 5n, 10n ** 36n])).toEqual({ min: -(10n ** 37n), max: 10n ** 36n, nulls: 0n });
  });

  it('depend on the mode', () => {
    expect(collect('INT', [1, null], 'counts')).toEqual({ min: null, max: null, nulls: 1n });
    expect(collect('INT', [1, null], 'none')).toEqual({ cols: [] });
    expect(() => collect('INT', [1], 'most')).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => collect('INT', [1], 'truncate(0)')).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('have no bounds with a NaN, and zeros of both signs', () => {
    expect(collect('DOUBLE', [1, Number.NaN, 2])).toEqual({ min: null, max: null, nulls: 0n });
    expect(collect('FLOAT', [Number.NaN])).toEqual({ min: null, max: null, nulls: 0n });
    const zeros = collect('DOUBLE', [0]);
    expect([Object.is(zeros.min, -0), Object.is(zeros.max, 0)]).toEqual([true, true]);
    expect(collect('DOUBLE', [-Infinity, Infinity])).toMatchObject({ min: -Infinity, max: Infinity });
  });

  it('are cut by code points and rounded up, as Java does', () => {
    expect(text(['abcde'], 'truncate(4)')).toEqual(['abcd', 'abce']);
    expect(text(['abcd'], 'truncate(4)')).toEqual(['abcd', 'abcd']);
    expect(text(['zz\u{10ffff}\u{10ffff}x'], 'truncate(4)')).toEqual(['zz\u{10ffff}\u{10ffff}', 'z{']);
    expect(text(['\u{10ffff}'.repeat(5)], 'truncate(4)')).toEqual([null, null]);
    expect(text(['é中\u{1f600}ab'], 'truncate(3)')).toEqual(['é中\u{1f600}', 'é中\u{1f601}']);
    expect(text(['a\ud7ffbc'], 'truncate(2)')).toEqual(['a\ud7ff', 'a\ue000']);
    expect(text(['abcde'], 'full')).toEqual(['abcde', 'abcde']);
    expect(bytes([[1, 2, 3]], 'truncate(2)')).toEqual([
      [1, 2],
      [1, 3],
    ]);
    expect(bytes([[1, 255, 3]], 'truncate(2)')).toEqual([[1, 255], [2]]);
    expect(bytes([[255, 255, 3]], 'truncate(2)')).toEqual([null, null]);
  });

  it('leave out what is not known, or say so', () => {
    const own = fields({ a: 'INT', b: 'ARRAY<INT>', c: 'STRING' });
    const none = { ...columnFromData(own[0]!.type, [1, 2]), type: own[1]!.type };
    const batch: Batch = {
      fields: own,
      columns: [columnFromData(own[0]!.type, [1, 2]), none, columnFromData(own[2]!.type, [null, null])],
      length: 2,
    };
    const dense = new StatsCollector(own, ['full', 'full', 'none']);
    dense.add(batch);
    expect(dense.finish()).toMatchObject({ valueStatsCols: ['a'], stats: { nullCounts: [0n] } });
    const sparse = new StatsCollector(own, ['full', 'full', 'none'], { dense: false });
    sparse.add(batch);
    const { stats, valueStatsCols } = sparse.finish();
    expect(valueStatsCols).toBeNull();
    expect(stats.nullCounts).toEqual([0n, null, null]);
    expect(
      deserializeRow(
        own.map((field) => field.type),
        stats.min,
      ),
    ).toEqual([1, null, null]);
  });

  it('bound every value of random columns, however the file came in batches', () => {
    const seed = 99;
    const random = seededRandom(seed);
    for (const type of atomicTypes) {
      for (const mode of ['full', 'truncate(2)']) {
        const own: DataField[] = [{ id: 0, name: 'c', type }];
        const collector = new StatsCollector(own, [mode]);
        const values: Datum[] = [];
        for (let batch = 0; batch < 4; batch++) {
          const data = Array.from({ length: 30 }, () => randomDatum(random, type));
          values.push(...data);
          collector.add(batchOf(own, [data]));
        }
        const file = dataFile({ valueStats: collector.finish().stats, valueStatsCols: null });
        const stats = decodeStats({ ...schemaOf({}), fields: own }, file)('c')!;
        expect(stats.nullCount).toBe(BigInt(values.filter((value) => value === null).length));
        const known = values.filter((value) => value !== null);
        if (!stats.hasMinMax) continue;
        for (const value of known) {
          const message = `seed ${seed}, ${type.kind}, ${mode}`;
          // -0 and 0 are one value to a reader that compares with <
          expect(compareDatum(type, stats.min, value === 0 ? 0 : value), message).toBeLessThanOrEqual(0);
          expect(compareDatum(type, stats.max, value), message).toBeGreaterThanOrEqual(0);
        }
        if (mode === 'full' && !['FLOAT', 'DOUBLE'].includes(type.kind)) {
          expect(known.some((value) => compareDatum(type, value, stats.min) === 0)).toBe(true);
          expect(known.some((value) => compareDatum(type, value, stats.max) === 0)).toBe(true);
        }
      }
    }
  });

  it('say nothing of nested columns', () => {
    const random = seededRandom(5);
    for (const type of nestedTypes) {
      const own: DataField[] = [{ id: 0, name: 'c', type }];
      const collector = new StatsCollector(own, ['full']);
      collector.add({ fields: own, columns: [randomColumn(random, type, 10)], length: 10 });
      expect(collector.finish()).toEqual({ stats: { min: EMPTY_ROW, max: EMPTY_ROW, nullCounts: [] }, valueStatsCols: [] });
    }
  });
});

describe('statistics of others', () => {
  const schema = schemaOf({ a: 'INT', s: 'STRING', d: 'DOUBLE' });
  const types = schema.fields.map((field) => field.type);
  const statsOf = (min: Datum[], max: Datum[], change = {}) =>
    decodeStats(
      schema,
      dataFile({
        valueStats: { min: serializeRow(types, min), max: serializeRow(types, max), nullCounts: [0n, null, 1n] },
        valueStatsCols: null,
        ...change,
      }),
    );

  it('are found by name', () => {
    const stats = statsOf([1, utf8('a'), 0.5], [9, utf8('z'), 1.5]);
    expect(stats('a')).toEqual({ min: 1, max: 9, hasMinMax: true, nullCount: 0n });
    expect(stats('s')).toEqual({ min: utf8('a'), max: utf8('z'), hasMinMax: true, nullCount: null });
    expect(stats('nope')).toBeUndefined();
    const some = decodeStats(
      schema,
      dataFile({
        valueStats: { min: serializeRow([types[2]!], [0.5]), max: serializeRow([types[2]!], [1]), nullCounts: null },
        valueStatsCols: ['d'],
      }),
    );
    expect(some('a')).toBeUndefined();
    expect(some('d')).toEqual({ min: 0.5, max: 1, hasMinMax: true, nullCount: null });
  });

  it('are no bounds where they cannot be', () => {
    expect(statsOf([null, null, Number.NaN], [null, utf8('z'), 1])('d')?.hasMinMax).toBe(false);
    expect(statsOf([null, null, 0], [null, utf8('z'), Number.NaN])('d')?.hasMinMax).toBe(false);
    expect(statsOf([9, utf8('z'), 0], [1, utf8('a'), 1])('a')?.hasMinMax).toBe(false);
    expect(statsOf([9, utf8('z'), 0], [1, utf8('a'), 1])('s')?.hasMinMax).toBe(false);
    // Java's rounding up past U+D7FF ends in a question mark
    expect(statsOf([1, utf8('a'), 0], [2, utf8('b?'), 1])('s')?.hasMinMax).toBe(false);
    expect(statsOf([null, null, null], [null, null, null])('a')).toMatchObject({ hasMinMax: false, nullCount: 0n });
  });

  it('over other columns than the schema has tell nothing', () => {
    expect(statsOf([1, utf8('a'), 0.5], [9, utf8('z'), 1.5], { valueStatsCols: ['a'] })('a')).toBeUndefined();
  });
});
