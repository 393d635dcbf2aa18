/**
 * Tables that Java wrote read as Java reads them: every snapshot, every snapshot's changes, ranges of changes, and the
 * full state that a stream starts with.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Catalog, openCatalog, type Table } from '../../src/index.js';
import { formatPosition } from '../../src/table/position.js';
import type { Batch } from '../../src/types/column.js';
import type { DataField } from '../../src/types/data-type.js';
import { encodeJsonLines } from '../../src/types/json-line.js';
import { type GoldenTable, goldenTables, goldenWarehouse } from '../support/golden.js';
import { canonicalLines, orderByKey } from './lines.js';

/** the tables that use only what weir reads so far */
const READABLE = new RegExp(
  [
    'append_(?!orc|rowtrack).*',
    'comp_(?!orc).*',
    'evolve_.*',
    'index_.*',
    'nested_avro',
    'nested_parquet',
    'nested_pk',
    'pk_compkey',
    'pk_dedup.*',
    'pk_dv(?!_partial).*',
    'pk_dynamic',
    'pk_empty',
    'pk_fullcomp.*',
    'pk_ignore',
    'pk_key_.*',
    'pk_lookup.*',
    'pk_manifests',
    'pk_opts',
    'pk_part',
    'pk_postpone',
    'pk_rowkind',
    'pk_seqfield.*',
    'tags_branches',
    'wide_stats',
  ]
    .map((name) => `^${name}$`)
    .join('|'),
);

const tables = goldenTables(READABLE);
let catalog: Catalog;
beforeAll(async () => {
  catalog = await openCatalog({ warehouse: goldenWarehouse() });
});
afterAll(() => catalog.close());

it('covers the tables of this version', () => {
  expect(tables.map(({ name }) => name)).toHaveLength(70);
});

describe.each(tables.map((golden) => [golden.name, golden] as const))('%s', (name, golden) => {
  it('reads the latest state', async () => {
    const table = await catalog.table(`golden.${name}`);
    expectRows(golden, 'latest.jsonl', await readAll(table.scan().batches()), table.schema.fields);
  });

  it.each(golden.meta.snapshots.map((snapshot) => snapshot.id))('reads snapshot %s', async (id) => {
    const table = await catalog.table(`golden.${name}`);
    expectRows(golden, `snapshot-${id}.jsonl`, await readAll(table.scan({ at: { snapshot: BigInt(id) } }).batches()));
  });

  it.each(golden.meta.snapshots.map((snapshot) => snapshot.id))('streams the changes of snapshot %s', async (id) => {
    const table = await catalog.table(`golden.${name}`);
    const changes = await readChanges(table.changes({ from: { snapshot: BigInt(id) }, until: { snapshot: BigInt(id) } }));
    const file = `changes-${id - 1}-${id}.jsonl`;
    const expected = golden.files.includes(file) ? golden.expected(file) : [];
    expectChanges(golden, expected, changes, table.schema.fields);
  });

  const mode = (golden.meta.options['changelog-producer'] ?? 'none') === 'none' ? 'delta' : 'changelog';
  it.each(idsOf(golden, new RegExp(`^incr-${mode}-(\\d+)-(\\d+)\\.jsonl$`)))('reads the changes between %s and %s', async (from, to) => {
    const table = await catalog.table(`golden.${name}`);
    const changes = await readChanges(table.changesBetween({ from: BigInt(from), to: BigInt(to) }));
    const { fields } = table.schema;
    const expected = canonicalLines(golden.expected(`incr-${mode}-${from}-${to}.jsonl`), fields);
    expect(canonicalLines(changes, fields).sort()).toEqual(expected.sort());
  });

  it.each(idsOf(golden, /^streamfull-(\d+)\.jsonl$/).flat())('streams the full state at snapshot %s', async (id) => {
    const table = await catalog.table(`golden.${name}`);
    const at = BigInt(id);
    const from = formatPosition({ phase: 'full', snapshot: at, done: 0 });
    const changes = await readChanges(table.changes({ from, until: { snapshot: at } }));
    expectState(fullState(golden, Number(id)), changes, table.schema.fields);
  });

  const [first] = golden.meta.snapshots;
  if (first === undefined || !golden.files.includes(`streamfull-${first.id}.jsonl`)) return;
  it('streams from the earliest full state', async () => {
    const table = await catalog.table(`golden.${name}`);
    const linesBySnapshot = new Map<bigint, string[]>();
    for await (const { snapshot, batch, kinds } of table.changes({ from: 'earliest', until: 'now' })) {
      linesBySnapshot.set(snapshot, [...(linesBySnapshot.get(snapshot) ?? []), ...linesOf(batch, kinds)]);
    }
    for (const { id } of golden.meta.snapshots) {
      const actual = linesBySnapshot.get(BigInt(id)) ?? [];
      const file = `changes-${id - 1}-${id}.jsonl`;
      const { fields } = table.schema;
      if (id === first.id) expectState(fullState(golden, id), actual, fields);
      else expectChanges(golden, golden.files.includes(file) ? golden.expected(file) : [], actual, fields);
    }
  });
});

/**
 * A full state is +I throughout: Java lets the kind of a row's last change through (pk_rowkind), which is not to be seen in a
 * state. What is postponed is no state, but changes.
 */
function fullState(golden: GoldenTable, snapshot: number): string[] {
  const lines = golden.expected(`streamfull-${snapshot}.jsonl`);
  return golden.meta.options.bucket === '-2' ? lines : lines.map((line) => line.replace('"_kind":"+U"', '"_kind":"+I"'));
}

interface Rows {
  readonly lines: string[];
  readonly fields: readonly DataField[] | undefined;
}

async function readAll(batches: AsyncIterable<Batch>): Promise<Rows> {
  const lines: string[] = [];
  let fields: readonly DataField[] | undefined;
  for await (const batch of batches) {
    lines.push(...linesOf(batch));
    fields = batch.fields;
  }
  return { lines, fields };
}

async function readChanges(changes: ReturnType<Table['changesBetween']>): Promise<string[]> {
  const lines: string[] = [];
  for await (const { batch, kinds } of changes) lines.push(...linesOf(batch, kinds));
  return lines;
}

function linesOf(batch: Batch, kinds?: Uint8Array): string[] {
  return encodeJsonLines(batch, kinds && { kinds })
    .split('\n')
    .slice(0, -1);
}

function expectRows(golden: GoldenTable, file: string, rows: Rows, fields = rows.fields ?? []): void {
  const expected = canonicalLines(golden.expected(file), fields);
  expect(canonicalLines(rows.lines, fields).sort()).toEqual(expected.sort());
}

/** Files of full states are sorted: whatever order they had is gone. */
function expectState(expected: readonly string[], actual: readonly string[], fields: readonly DataField[]): void {
  expect(canonicalLines(actual, fields).sort()).toEqual(canonicalLines(expected, fields).sort());
}

function expectChanges(golden: GoldenTable, expected: readonly string[], actual: readonly string[], fields: readonly DataField[]): void {
  const order = (lines: readonly string[]) => orderByKey(canonicalLines(lines, fields), golden.meta.primaryKeys);
  expect(order(actual)).toEqual(order(expected));
}

/** The numbers in the names of the expected files that `pattern` passes, file by file. */
function idsOf(golden: GoldenTable, pattern: RegExp): string[][] {
  const matches = golden.files.map((file) => pattern.exec(file)).filter((match) => match !== null);
  return matches.map((match) => match.slice(1)).sort((a, b) => Number(a[0]) - Number(b[0]));
}
