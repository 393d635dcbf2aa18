/**
 * Column statistics of every mode, as Java wrote them (table wide_stats): a file is left out only when no row of it can pass, and
 * is left out where the statistics tell. One of them is wrong: Java counts the last code point of a cut maximum up, and from
 * U+D7FF that gives a lone surrogate, stored as `?`, below the real maximum.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Catalog, openCatalog, type Predicate, type Table } from '../../src/index.js';
import type { DataFileMeta } from '../../src/meta/data-file-meta.js';
import { decodeStats } from '../../src/meta/stats.js';
import { Pruning } from '../../src/read/pruning.js';
import type { Batch } from '../../src/types/column.js';
import { bindPredicate, evaluate } from '../../src/types/predicate.js';
import { rowsOf } from '../../src/types/row-reader.js';
import { goldenWarehouse } from '../support/golden.js';

interface StoredFile {
  readonly file: DataFileMeta;
  readonly rows: Batch;
}

let catalog: Catalog;
let table: Table;
const files: StoredFile[] = [];
beforeAll(async () => {
  catalog = await openCatalog({ warehouse: goldenWarehouse(), threads: 0 });
  table = await catalog.table('golden.wide_stats');
  const seen = new Set<string>();
  for (const { id } of await table.snapshots()) {
    const added = (await table.files({ at: { snapshot: id } })).filter(({ file }) => !seen.has(file.fileName));
    for (const { file } of added) seen.add(file.fileName);
    for await (const { batch } of table.changes({ from: { snapshot: id }, until: { snapshot: id } })) {
      expect(added).toHaveLength(1);
      files.push({ file: added[0]!.file, rows: batch });
    }
  }
});
afterAll(() => catalog.close());

/** How many files the condition leaves out. Fails when one of them has a row that passes. */
function leftOut(where: Predicate): number {
  const bound = bindPredicate(where, table.schema.fields);
  const pruning = new Pruning(table.schema, bound, 'default');
  let count = 0;
  for (const { file, rows } of files) {
    if (pruning.fileByValue(file, table.schema)) continue;
    expect(evaluate(bound, rows)?.length, JSON.stringify(where)).toBe(0);
    count++;
  }
  return count;
}

function valuesOf(column: string): unknown[] {
  const all = files.flatMap(({ rows }) => rowsOf(rows).map((row) => (row as Record<string, unknown>)[column]));
  return all.filter((value) => value !== null);
}

/** left out by = over all values of the column */
function leftOutByEquality(column: string): number {
  return valuesOf(column).reduce<number>((sum, value) => sum + leftOut({ op: 'eq', column, value }), 0);
}

it('has a file of each snapshot', () => {
  expect(files).toHaveLength(7);
  expect(new Set(files.map(({ file }) => file.fileName)).size).toBe(7);
});

describe('statistics', () => {
  it.each(['id', 's_none', 's_counts', 's_t16', 's_full', 'b_t16', 'i_none', 'd_full'])('of %s never leave out what passes', (column) => {
    for (const value of valuesOf(column)) {
      for (const op of ['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const) leftOut({ op, column, value });
      leftOut({ op: 'in', column, values: [value] });
      leftOut({ op: 'not', child: { op: 'in', column, values: [value] } });
      if (typeof value === 'string' && column.startsWith('s_')) {
        for (const length of [1, 15, 16, 17]) leftOut({ op: 'startsWith', column, prefix: [...value].slice(0, length).join('') });
      }
    }
    leftOut({ op: 'isNull', column });
    leftOut({ op: 'isNotNull', column });
  });

  it('leave out where they tell, and nowhere else', () => {
    for (const column of ['id', 's_t16', 's_full']) expect(leftOutByEquality(column), column).toBeGreaterThan(0);
    // metadata.stats-keep-first-n-columns=3: b_t16 and d_full have none
    for (const column of ['s_none', 'i_none', 'b_t16', 'd_full']) expect(leftOutByEquality(column), column).toBe(0);
    // counts: a file of nulls alone has no value
    const ofNulls = files.filter(({ rows }) => rowsOf(rows).every((row) => (row as Record<string, unknown>).s_counts === null));
    expect(leftOutByEquality('s_counts')).toBe(ofNulls.length * valuesOf('s_counts').length);
    // none: not even the nulls are counted; the other modes count them
    const withNull = (column: string) =>
      files.filter(({ rows }) => rowsOf(rows).some((row) => (row as Record<string, unknown>)[column] === null));
    expect(leftOut({ op: 'isNull', column: 's_none' })).toBe(0);
    for (const column of ['s_counts', 's_t16', 's_full'])
      expect(leftOut({ op: 'isNull', column }), column).toBe(files.length - withNull(column).length);
  });

  it('that are wrong are not believed: a maximum from U+D7FF', () => {
    let wrong = 0;
    const bytes = (text: string) => Buffer.from(text);
    for (const { file, rows } of files) {
      const stats = decodeStats(table.schema, file)('s_t16')!;
      if (!(stats.max instanceof Uint8Array) || stats.max.at(-1) !== 0x3f) continue;
      const above = rowsOf(rows)
        .map((row) => (row as { s_t16: string | null }).s_t16)
        .filter((text) => text !== null && Buffer.compare(bytes(text), stats.max as Uint8Array) > 0);
      if (above.length === 0) continue;
      wrong++;
      expect(stats.hasMinMax).toBe(false);
    }
    expect(wrong).toBeGreaterThan(0);
  });
});
