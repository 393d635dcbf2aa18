/**
 * One table, written in turn by weir and by Java: after every commit both see the rows of the model, whoever created the
 * table, wrote last or compacted. Taking turns needs no lock; a writer of weir may stay open, one of Java's must be opened anew.
 *
 * On a table with a log weir alone sees its commit, above all of Java's, until it is flushed; then both do.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCatalog, type Table, type TableWriter } from '../../src/index.js';
import { integerBetween, pick, testRandom } from '../support/seeds.js';
import { tempDir } from '../support/temp-dir.js';
import { JAVA_VERSIONS, JavaPaimon, type JavaTable, type JavaVersion } from './support/java-paimon.js';
import { lineOf, scanLines, writeLines } from './support/weir-lines.js';

const COMMITS_EACH = 20;
const KEYS = 60;
const SCHEMA: Record<string, string> = {
  id: 'BIGINT NOT NULL',
  region: 'STRING NOT NULL',
  name: 'STRING',
  amount: 'DECIMAL(12, 2)',
  at: 'TIMESTAMP(6)',
};
const REGIONS = ['north', 'a/b=c%', 'ß∂', ' '];

interface Layout {
  readonly creator: 'weir' | 'Java';
  readonly primaryKey: string[];
  readonly partitionBy?: string[];
  readonly options: Record<string, string>;
  /** one writer of weir's for all turns, or one a turn */
  readonly staysOpen?: boolean;
}

/** the log is put into a snapshot when the test says so */
const LOG = { 'log.enabled': 'true', 'snapshot.interval': '1 h' };
const NO_LOG = { 'log.enabled': 'false' };
const BY_REGION = { primaryKey: ['region', 'id'], partitionBy: ['region'] };
const BY_ID = { primaryKey: ['id'] };

const LAYOUTS: Record<JavaVersion, Layout[]> = {
  '1.4.2': [
    { creator: 'weir', ...BY_ID, options: { ...LOG, bucket: '2' }, staysOpen: true },
    { creator: 'Java', ...BY_REGION, options: { ...LOG, bucket: '2', 'write-only': 'true' } },
    { creator: 'weir', ...BY_REGION, options: { ...NO_LOG, bucket: '2' } },
  ],
  '2.0.0': [
    { creator: 'Java', ...BY_ID, options: { ...LOG, bucket: '3', 'changelog-producer': 'input' }, staysOpen: true },
    { creator: 'weir', ...BY_REGION, options: { ...LOG, bucket: '1' } },
    { creator: 'Java', ...BY_ID, options: { ...NO_LOG, bucket: '2' }, staysOpen: true },
  ],
};
const APPENDS: Record<JavaVersion, Pick<Layout, 'creator' | 'options' | 'staysOpen'>[]> = {
  '1.4.2': [{ creator: 'weir', options: LOG, staysOpen: true }],
  '2.0.0': [
    { creator: 'Java', options: LOG },
    { creator: 'weir', options: NO_LOG },
  ],
};
const named = <T extends { options: Record<string, string> }>(layout: T) => ({
  ...layout,
  log: layout.options['log.enabled'] === 'true' ? 'with a log' : 'without a log',
});

type Random = ReturnType<typeof testRandom>;
type Row = Record<string, string | null>;

describe.each(JAVA_VERSIONS)('weir and Java %s in turn', (version) => {
  let java: JavaPaimon;
  beforeAll(() => {
    java = new JavaPaimon(version);
  });
  afterAll(() => java.close());

  it.each(LAYOUTS[version].map(named))('upserts, deletes and compactions: $primaryKey, created by $creator, $log', async (layout) => {
    const random = testRandom();
    const table = await bothSides(java, layout);
    const model = new Map<string, Row>();
    for (let turn = 0; turn < 2 * COMMITS_EACH; turn++) {
      const before = [...model.values()];
      const lines = someChanges(random, model, layout.primaryKey, turn);
      await takeTurn(table, { turn, lines, compacts: random.float() < 0.25, before, rows: [...model.values()] });
    }
    await atTheEnd(table);
  });

  it.each(APPENDS[version].map(named))('appends and compactions, created by $creator, $log', async (layout) => {
    const random = testRandom();
    const options = { ...layout.options, bucket: '-1' };
    const table = await bothSides(java, { ...layout, primaryKey: [], partitionBy: ['region'], options });
    const rows: Row[] = [];
    for (let turn = 0; turn < 2 * COMMITS_EACH; turn++) {
      const before = [...rows];
      rows.push(...Array.from({ length: integerBetween(random, 1, 20) }, () => randomRow(random, turn)));
      const lines = rows.slice(before.length).map((row) => lineOf(row));
      await takeTurn(table, { turn, lines, compacts: random.float() < 0.25, before, rows });
    }
    await atTheEnd(table);
  });
});

interface BothSides {
  readonly weir: Table;
  readonly javaTable: JavaTable;
  /** weir's, for all turns; undefined: one a turn */
  readonly writer: TableWriter | undefined;
}

interface Turn {
  readonly turn: number;
  readonly lines: readonly string[];
  readonly compacts: boolean;
  /** the model before and after the lines */
  readonly before: readonly Row[];
  readonly rows: readonly Row[];
}

async function bothSides(java: JavaPaimon, layout: Layout): Promise<BothSides> {
  const warehouse = tempDir();
  const catalog = await openCatalog({ warehouse, threads: 1 });
  const javaTable = java.table(warehouse, 'db.turns');
  const { creator, primaryKey, partitionBy = [] } = layout;
  // this is about what is seen, not about what lasts
  const options = { ...layout.options, 'commit.fsync': 'false' };
  const definition = { schema: SCHEMA, primaryKey, partitionBy, options };
  if (creator === 'weir') await catalog.createTable('db.turns', definition);
  else await javaTable.create(definition);
  const weir = await catalog.table('db.turns');
  const writer = layout.staysOpen ? await weir.openWriter({ commitUser: 'weir' }) : undefined;
  return { weir, javaTable, writer };
}

async function takeTurn(table: BothSides, turn: Turn): Promise<void> {
  if (turn.turn % 2 === 0) await weirTakes(table, turn);
  else await javaWrites(table.javaTable, turn.lines, turn.turn, turn.compacts);
  await expectBoth(table, turn.rows, `turn ${turn.turn}`);
}

async function atTheEnd({ weir, writer }: BothSides): Promise<void> {
  await writer?.close();
  expect((await weir.verify()).problems).toEqual([]);
}

/** Changes as lines; the model has taken them in. */
function someChanges(random: Random, model: Map<string, Row>, primaryKey: readonly string[], turn: number): string[] {
  const keyOf = (row: Row) => JSON.stringify(primaryKey.map((name) => row[name]));
  return Array.from({ length: integerBetween(random, 1, 30) }, () => {
    const row = randomRow(random, turn);
    if (random.float() < 0.7) {
      model.set(keyOf(row), row);
      return lineOf(row);
    }
    model.delete(keyOf(row));
    return lineOf(row, '-D');
  });
}

function randomRow(random: Random, turn: number): Row {
  return {
    id: String(BigInt(integerBetween(random, 0, KEYS)) * 10n ** 15n - 3n),
    region: pick(random, REGIONS),
    name: random.float() < 0.2 ? null : `turn ${turn} ${pick(random, ['', '\u{1F600}', 'x'.repeat(40)])}`,
    amount: random.float() < 0.2 ? null : `${integerBetween(random, 0, 99999)}.${integerBetween(random, 10, 99)}`,
    at: `20${integerBetween(random, 10, 29)}-01-0${integerBetween(random, 1, 9)}T00:00:00.${integerBetween(random, 100000, 999999)}000`,
  };
}

async function weirTakes(table: BothSides, { turn, lines, compacts, before, rows }: Turn): Promise<void> {
  const { weir, javaTable } = table;
  const writer = table.writer ?? (await weir.openWriter({ commitUser: 'weir' }));
  await writeLines(weir, writer, lines);
  const { slot } = await writer.commit();
  expect(slot !== undefined).toBe(weir.options['log.enabled'] === 'true');
  if (slot !== undefined) {
    expect(await scanLines(weir.scan()), `weir, turn ${turn}, in the log`).toEqual(linesOf(rows));
    expect(await javaTable.read(), `Java, turn ${turn}, before the flush`).toEqual(linesOf(before));
  }
  if (table.writer === undefined) await writer.close();
  else await weir.flush();
  if (compacts) await weir.compact({ full: lines.length % 2 === 0 });
}

async function javaWrites(table: JavaTable, lines: readonly string[], turn: number, compacts: boolean): Promise<void> {
  await table.write(lines, { user: 'java', identifier: 2 * turn });
  if (compacts) await table.compact({ user: 'java', identifier: 2 * turn + 1, full: lines.length % 2 === 0 });
}

async function expectBoth({ weir, javaTable }: BothSides, rows: readonly Row[], when: string): Promise<void> {
  const expected = linesOf(rows);
  expect(await scanLines(weir.scan()), `weir, ${when}`).toEqual(expected);
  expect(await javaTable.read(), `Java, ${when}`).toEqual(expected);
}

const linesOf = (rows: readonly Row[]) => rows.map((row) => lineOf(row)).sort();
