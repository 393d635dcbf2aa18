/**
 * The tables that weir writes for others to read: every type, kind of table and operation. Seeded: the same each time.
 *
 * All have a log, put into a snapshot after every commit; some are there a second time without one (`…_no_log`).
 * A table's rows are few (hundreds), its snapshots many: what differs between readers is cases, not volume.
 */

import { seededRandom } from '../../../src/base/random.js';
import type { Catalog, RowKind, SchemaSpec, TableDefinition } from '../../../src/index.js';
import { type Dice, dice } from '../../support/random-table.js';
import { type GoldenRow, goldenRow, type Json } from './golden-values.js';
import { ModelledTable } from './modelled-table.js';

export interface WeirTable {
  readonly name: string;
  readonly definition: TableDefinition;
  /** What happens to the table after it was made. Default: batches of upserts and deletes, compactions between. */
  readonly fill?: (table: ModelledTable, d: Dice) => Promise<void>;
}

const FLAT: SchemaSpec = {
  c_bool: 'BOOLEAN', c_tiny: 'TINYINT', c_small: 'SMALLINT', c_int: 'INT', c_big: 'BIGINT', c_float: 'FLOAT', c_double: 'DOUBLE',
  d_1_0: 'DECIMAL(1, 0)', d_9_4: 'DECIMAL(9, 4)', d_10_2: 'DECIMAL(10, 2)', d_18_6: 'DECIMAL(18, 6)', d_20_4: 'DECIMAL(20, 4)', d_38_10: 'DECIMAL(38, 10)',
  c_char: 'CHAR(5)', c_varchar: 'VARCHAR(9)', c_string: 'STRING', c_bin: 'BINARY(4)', c_varbin: 'VARBINARY(8)', c_bytes: 'BYTES',
  c_date: 'DATE', c_time: 'TIME(3)', c_time0: 'TIME(0)', ts0: 'TIMESTAMP(0)', ts3: 'TIMESTAMP(3)', ts6: 'TIMESTAMP(6)',
  ltz0: 'TIMESTAMP(0) WITH LOCAL TIME ZONE', ltz3: 'TIMESTAMP(3) WITH LOCAL TIME ZONE', ltz6: 'TIMESTAMP(6) WITH LOCAL TIME ZONE',
}; // biome-ignore format: a list of types

const NESTED: SchemaSpec = {
  arr: 'ARRAY<INT>', arrs: 'ARRAY<STRING NOT NULL>', m: 'MAP<STRING, BIGINT>', mi: 'MAP<INT, DECIMAL(20, 2)>',
  rw: 'ROW<x INT, y STRING, z ROW<d DOUBLE, ts TIMESTAMP(6), f BOOLEAN>>', aor: 'ARRAY<ROW<k STRING, v BIGINT>>', moa: 'MAP<STRING, ARRAY<INT>>',
  aoa: 'ARRAY<ARRAY<STRING>>', rom: 'ROW<m MAP<STRING, DATE>, a ARRAY<DECIMAL(20, 5)>, bs ARRAY<BYTES>>', mom: 'MAP<STRING, MAP<STRING, DOUBLE>>',
  abool: 'ARRAY<BOOLEAN>', ats: 'ARRAY<TIMESTAMP(3)>', at: 'ARRAY<TIME(3)>', aob: 'ARRAY<FLOAT>',
}; // biome-ignore format: a list of types

const ID = { id: 'INT NOT NULL' };
const SMALL: SchemaSpec = { ...ID, name: 'STRING', amount: 'DECIMAL(12, 2)', at: 'TIMESTAMP(3)', score: 'DOUBLE' };
const KEEP_ALL = { 'snapshot.num-retained.min': 10000, 'snapshot.num-retained.max': 10000, 'commit.fsync': false };

const KEY_TYPES = [
  'BOOLEAN', 'TINYINT', 'SMALLINT', 'BIGINT', 'FLOAT', 'DOUBLE', 'DECIMAL(10, 2)', 'DECIMAL(30, 5)', 'CHAR(6)', 'STRING', 'BINARY(4)', 'BYTES', 'DATE', 'TIME(3)',
  'TIMESTAMP(0)', 'TIMESTAMP(3)', 'TIMESTAMP(6)', 'TIMESTAMP(3) WITH LOCAL TIME ZONE', 'TIMESTAMP(6) WITH LOCAL TIME ZONE',
]; // biome-ignore format: a list of types

const PARTITION_VALUES: Record<string, Json[]> = {
  STRING: ['a', 'b c', 'x=y/z', 'é中%', '', null, ' '],
  INT: [0, -7, 2147483647, null],
  BIGINT: ['1', '-9223372036854775808', null],
  BOOLEAN: [true, false, null],
  DATE: ['1969-12-31', '2024-02-29', null],
  'DECIMAL(10, 2)': ['1.50', '-3.00', null],
  'TIMESTAMP(3)': ['2024-02-29T12:00:00.123000000', '1969-12-31T23:59:59.000000000', null],
};

const pk = (
  name: string,
  schema: SchemaSpec,
  options: TableDefinition['options'] = {},
  rest: Partial<TableDefinition> = {},
): WeirTable => ({
  name,
  definition: { schema, primaryKey: ['id'], ...rest, options: { bucket: 2, ...KEEP_ALL, ...options } },
});

const append = (
  name: string,
  schema: SchemaSpec,
  options: TableDefinition['options'] = {},
  rest: Partial<TableDefinition> = {},
): WeirTable => ({
  name,
  definition: { schema, ...rest, options: { ...KEEP_ALL, ...options } },
});

const RECIPES: readonly WeirTable[] = [
  append('append_types', { ...ID, ...FLAT }),
  append('append_nested', { ...ID, ...NESTED }),
  append('append_multiset', { ...ID, ms: 'MULTISET<STRING>', rm: 'ROW<m MULTISET<INT>>' }),
  ...['snappy', 'zstd', 'gzip', 'lz4', 'none'].map((codec) =>
    append(
      `append_${codec}`,
      { ...ID, ...FLAT },
      { 'file.compression': codec, 'manifest.compression': codec === 'none' ? 'null' : 'snappy' },
    ),
  ),
  {
    ...append('append_many_rows', SMALL, { 'target-file-size': '200 kb' }),
    fill: (table, d) => batches(table, d, { commits: 1, rows: 15_000 }),
  },
  append('append_bucketed', SMALL, { bucket: 3, 'bucket-key': 'id,name' }),
  append('append_plain_pages', { ...ID, ...FLAT }, { 'parquet.enable.dictionary': false, 'metadata.stats-mode': 'none' }),
  append('append_stats_full', { ...ID, ...FLAT }, { 'metadata.stats-mode': 'full', 'metadata.stats-dense-store': false }),
  append('append_names', { 'a column': 'INT', Ünï_中: 'STRING', 'quo"ted': 'BIGINT', UPPER: 'INT', 'dotted.name': 'INT' }),
  { ...append('append_defaults', { ...ID, n: 'INT', s: 'STRING' }), fill: defaults },
  ...Object.keys(PARTITION_VALUES).map((type) => partitioned(`append_part_${plain(type)}`, type, false)),
  { ...append('append_overwritten', { ...ID, dt: 'STRING', v: 'BIGINT' }, {}, { partitionBy: ['dt'] }), fill: overwrites },

  pk('pk_types', { ...ID, ...FLAT }),
  pk('pk_nested', { ...ID, ...NESTED }),
  pk('pk_multiset', { ...ID, ms: 'MULTISET<STRING>' }),
  pk('pk_changelog', { ...ID, ...FLAT }, { 'changelog-producer': 'input' }),
  pk('pk_levels', SMALL, { bucket: 1, 'num-sorted-run.compaction-trigger': 3, 'target-file-size': '8 kb' }),
  pk('pk_write_only', SMALL, { 'write-only': true }),
  pk('pk_one_by_one', SMALL, { 'write-buffer-size': '16 kb', 'manifest.merge-min-count': 3, 'manifest.target-file-size': '4 kb' }),
  {
    ...pk('pk_sequence', { ...SMALL, seq: 'INT NOT NULL' }, { 'sequence.field': 'seq' }),
    fill: (table, d) => batches(table, d, { deletes: false }),
  },
  // past the log: each commit is a snapshot of its own
  pk('pk_bulk', SMALL, { 'log.bulk-min': '1 kb', 'changelog-producer': 'input' }),
  append('append_bulk', SMALL, { 'log.bulk-min': '1 kb' }),
  pk('pk_ignore_delete', SMALL, { 'ignore-delete': true }),
  {
    ...pk('pk_composite', { a: 'STRING NOT NULL', b: 'BIGINT NOT NULL', c: 'DATE NOT NULL', v: 'STRING' }),
    definition: {
      schema: { v: 'STRING', a: 'STRING NOT NULL', b: 'BIGINT NOT NULL', c: 'DATE NOT NULL' },
      primaryKey: ['c', 'a', 'b'],
      options: { bucket: 3, ...KEEP_ALL },
    },
  },
  ...KEY_TYPES.map((type) => pk(`pk_key_${plain(type)}`, { id: `${type} NOT NULL`, v: 'INT' }, { bucket: 3 })),
  ...['STRING', 'INT', 'DATE'].map((type) => partitioned(`pk_part_${plain(type)}`, type, true)),
  { ...append('append_evolved', EVOLVING()), fill: evolve },
  { ...pk('pk_evolved', EVOLVING()), fill: evolve },
];

/** Where the way of the rows differs most. */
const ALSO_WITHOUT_LOG = new Set([
  'append_types', 'append_many_rows', 'append_bucketed', 'append_evolved', 'append_overwritten', 'pk_types', 'pk_changelog', 'pk_levels',
  'pk_one_by_one', 'pk_sequence', 'pk_part_string', 'pk_evolved',
]); // biome-ignore format: a list of names

export const WEIR_TABLES: readonly WeirTable[] = [
  ...RECIPES.map((recipe) => withLog(recipe, true)),
  ...RECIPES.filter(({ name }) => ALSO_WITHOUT_LOG.has(name)).map((recipe) => ({
    ...withLog(recipe, false),
    name: `${recipe.name}_no_log`,
  })),
];

function withLog(recipe: WeirTable, enabled: boolean): WeirTable {
  return { ...recipe, definition: { ...recipe.definition, options: { ...recipe.definition.options, 'log.enabled': enabled } } };
}

/** Makes the table and does to it what its recipe says. */
export async function writeWeirTable(catalog: Catalog, recipe: WeirTable, seed: number): Promise<ModelledTable> {
  const table = await ModelledTable.create(catalog, `weir.${recipe.name}`, recipe.definition);
  const d = dice(seededRandom(seed));
  await (recipe.fill ?? batches)(table, d);
  await table.close();
  return table;
}

interface BatchOptions {
  readonly commits?: number;
  readonly rows?: number;
  readonly deletes?: boolean;
}

/** Upserts (or inserts), deletes of what is there and of what is not, compactions. */
async function batches(table: ModelledTable, d: Dice, options: BatchOptions = {}): Promise<void> {
  const { commits = 5, rows = 60, deletes = true } = options;
  const keys = new Set(table.table.schema.primaryKeys);
  const ignoresDeletes = table.table.schema.options['ignore-delete'] === 'true';
  for (let commit = 0; commit < commits; commit++) {
    await table.write(
      Array.from({ length: rows }, () => goldenRow(table.fields, d, keys)),
      '+I',
    );
    if (keys.size > 0) {
      await table.writeChanges(await updates(table, d));
      if (deletes && !ignoresDeletes)
        await table.write([...table.rows.filter(() => d.chance(0.2)), goldenRow(table.fields, d, keys)], '-D');
    }
    await table.commit();
    if (commit % 2 === 1) await table.compact(commit % 4 === 3);
  }
}

/** Changes as a changelog gives them: the row before, the row after. */
async function updates(table: ModelledTable, d: Dice): Promise<{ row: GoldenRow; kind: RowKind }[]> {
  const { primaryKeys, options } = table.table.schema;
  if (options['ignore-delete'] === 'true' || options['sequence.field'] !== undefined) return [];
  return table.rows
    .filter(() => d.chance(0.1))
    .flatMap((before) => {
      const key = Object.fromEntries(primaryKeys.map((name) => [name, before[name]!]));
      const after = { ...goldenRow(table.fields, d, new Set(primaryKeys)), ...key };
      return [
        { row: before, kind: '-U' as const },
        { row: after, kind: '+U' as const },
      ];
    });
}

function partitioned(name: string, type: string, keyed: boolean): WeirTable {
  const values = PARTITION_VALUES[type]!.filter((value) => !keyed || value !== null);
  const schema = { ...ID, p: keyed ? `${type} NOT NULL` : type, v: 'STRING', q: 'INT NOT NULL' };
  const rest = { partitionBy: ['p', 'q'], ...(keyed && { primaryKey: ['p', 'q', 'id'] }) };
  return {
    ...(keyed ? pk(name, schema, {}, rest) : append(name, schema, {}, rest)),
    fill: async (table, d) => {
      for (let commit = 0; commit < 3; commit++) {
        await table.write(values.map((p) => ({ ...goldenRow(table.fields, d), id: d.int(5), p, q: d.int(2) })));
        await table.write(values.map((p) => ({ ...goldenRow(table.fields, d), id: d.int(5), p, q: d.int(2) })));
        await table.commit();
      }
      if (keyed) await table.compact();
    },
  };
}

async function defaults(table: ModelledTable): Promise<void> {
  await table.write([
    { id: 1, n: 1, s: 'one' },
    { id: 2, n: null, s: null },
  ]);
  await table.commit();
  await table.alter(
    [
      { action: 'addColumn', name: 'late', type: 'STRING' },
      { action: 'addColumn', name: 'n2', type: 'INT' },
    ],
    (row) => ({ ...row, late: null, n2: null }),
  );
  await table.write([{ id: 3, n: 3, s: null, late: 'x', n2: 4 }, { id: 4 }]);
  await table.commit();
}

async function overwrites(table: ModelledTable, d: Dice): Promise<void> {
  const row = (dt: string): GoldenRow => ({ ...goldenRow(table.fields, d), dt });
  await table.write(['a', 'a', 'b', 'b', 'c', 'd'].map(row));
  await table.commit();
  await table.overwrite(['b', 'b', 'b'].map(row), { dt: 'b' });
  await table.change(
    (t) => t.dropPartitions([{ dt: 'c' }]),
    (held) => held.dt !== 'c',
  );
  await table.overwrite([row('a')], { dt: 'a' });
  await table.change(
    (t) => t.truncate(),
    () => false,
  );
  await table.write([row('e')]);
  await table.commit();
}

function EVOLVING(): SchemaSpec {
  return { ...ID, a: 'INT', b: 'FLOAT', c: 'VARCHAR(30)', d: 'DECIMAL(8, 2)', e: 'DATE', r: 'ROW<x INT, y STRING>', s: 'SMALLINT' };
}

/** Columns come, go, move, change name and type, at the top and inside a ROW; files of every schema stay. */
async function evolve(table: ModelledTable, d: Dice): Promise<void> {
  const fill = () => batches(table, d, { commits: 2, rows: 25 });
  await fill();
  await table.alter(
    [
      { action: 'addColumn', name: 'f', type: 'STRING' },
      { action: 'addColumn', name: 'g', type: 'TIMESTAMP(6)', first: true },
    ],
    (row) => ({ ...row, f: null, g: null }),
  );
  await fill();
  await table.alter(
    [
      { action: 'renameColumn', name: 'a', to: 'a2' },
      { action: 'dropColumn', name: 'c' },
    ],
    ({ a, c: _, ...row }) => ({ ...row, a2: a! }),
  );
  await fill();
  await table.alter(
    [
      { action: 'updateType', name: 'a2', type: 'BIGINT' },
      { action: 'updateType', name: 'b', type: 'DOUBLE' },
      { action: 'updateType', name: 'd', type: 'DECIMAL(14, 2)' },
      { action: 'updateType', name: 's', type: 'INT' },
    ],
    (row) => ({ ...row, a2: row.a2 === null ? null : String(row.a2), b: row.b === null ? null : doubleOfFloat(String(row.b)) }),
  );
  await fill();
  await table.alter(
    [
      { action: 'addColumn', name: ['r', 'z'], type: 'DOUBLE' },
      { action: 'moveColumn', name: 'e', first: true },
      // dropped and added again: the old files' values must not come back
      { action: 'dropColumn', name: 'f' },
    ],
    ({ f: _, ...row }) => ({ ...row, r: row.r === null ? null : { ...(row.r as GoldenRow), z: null } }),
  );
  await table.alter(
    [
      { action: 'addColumn', name: 'f', type: 'STRING' },
      { action: 'addColumn', name: 'c', type: 'INT' },
    ],
    (row) => ({ ...row, f: null, c: null }),
  );
  await fill();
}

function doubleOfFloat(text: string): string {
  const value = Math.fround(Number(text));
  return Object.is(value, -0) ? '-0.0' : String(value);
}

function plain(type: string): string {
  return type.toLowerCase().replaceAll(' with local time zone', '_ltz').replaceAll(/\W+/g, '_').replaceAll(/_+$/g, '');
}
