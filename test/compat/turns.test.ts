/**
 * One table, written in turn by weir and by Java: after every commit both see the rows of the model, whoever created the
 * table, wrote last or compacted. Taking turns needs no lock, only a writer that was opened after the other's commit.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCatalog, type Table } from '../../src/index.js';
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
}

const LAYOUTS: Record<JavaVersion, Layout[]> = {
  '1.4.2': [
    { creator: 'weir', primaryKey: ['id'], options: { bucket: '2' } },
    { creator: 'Java', primaryKey: ['region', 'id'], partitionBy: ['region'], options: { bucket: '2', 'write-only': 'true' } },
  ],
  '2.0.0': [
    { creator: 'Java', primaryKey: ['id'], options: { bucket: '3', 'changelog-producer': 'input' } },
    { creator: 'weir', primaryKey: ['region', 'id'], partitionBy: ['region'], options: { bucket: '1' } },
  ],
};

type Random = ReturnType<typeof testRandom>;
type Row = Record<string, string | null>;

describe.each(JAVA_VERSIONS)('weir and Java %s in turn', (version) => {
  let java: JavaPaimon;
  beforeAll(() => {
    java = new JavaPaimon(version);
  });
  afterAll(() => java.close());

  it.each(LAYOUTS[version])('upserts, deletes and compactions: $primaryKey, created by $creator', async (layout) => {
    const random = testRandom();
    const { weir, javaTable } = await bothSides(java, layout);
    const model = new Map<string, Row>();
    for (let turn = 0; turn < 2 * COMMITS_EACH; turn++) {
      const lines = someChanges(random, model, layout.primaryKey, turn);
      const compacts = random.float() < 0.25;
      if (turn % 2 === 0) await weirWrites(weir, lines, compacts);
      else await javaWrites(javaTable, lines, turn, compacts);
      await expectBoth(weir, javaTable, model.values(), `turn ${turn}`);
    }
  });

  it('appends and compactions', async () => {
    const random = testRandom();
    const { weir, javaTable } = await bothSides(java, {
      creator: version === '1.4.2' ? 'weir' : 'Java',
      primaryKey: [],
      partitionBy: ['region'],
      options: { bucket: '-1' },
    });
    const rows: Row[] = [];
    for (let turn = 0; turn < 2 * COMMITS_EACH; turn++) {
      const added = Array.from({ length: integerBetween(random, 1, 20) }, () => randomRow(random, turn));
      rows.push(...added);
      const lines = added.map((row) => lineOf(row));
      const compacts = random.float() < 0.25;
      if (turn % 2 === 0) await weirWrites(weir, lines, compacts);
      else await javaWrites(javaTable, lines, turn, compacts);
      await expectBoth(weir, javaTable, rows, `turn ${turn}`);
    }
  });
});

async function bothSides(java: JavaPaimon, layout: Layout): Promise<{ weir: Table; javaTable: JavaTable }> {
  const warehouse = tempDir();
  const catalog = await openCatalog({ warehouse, threads: 1 });
  const javaTable = java.table(warehouse, 'db.turns');
  const { creator, primaryKey, partitionBy = [] } = layout;
  // this is about what is seen, not about what lasts
  const options = { ...layout.options, 'commit.fsync': 'false' };
  const definition = { schema: SCHEMA, primaryKey, partitionBy, options };
  if (creator === 'weir') await catalog.createTable('db.turns', definition);
  else await javaTable.create(definition);
  return { weir: await catalog.table('db.turns'), javaTable };
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

async function weirWrites(table: Table, lines: readonly string[], compacts: boolean): Promise<void> {
  await table.refresh();
  const writer = await table.openWriter({ commitUser: 'weir' });
  await writeLines(table, writer, lines);
  await writer.commit();
  await writer.close();
  if (compacts) await table.compact({ full: lines.length % 2 === 0 });
}

async function javaWrites(table: JavaTable, lines: readonly string[], turn: number, compacts: boolean): Promise<void> {
  await table.write(lines, { user: 'java', identifier: 2 * turn });
  if (compacts) await table.compact({ user: 'java', identifier: 2 * turn + 1, full: lines.length % 2 === 0 });
}

async function expectBoth(weir: Table, javaTable: JavaTable, rows: Iterable<Row>, when: string): Promise<void> {
  const expected = [...rows].map((row) => lineOf(row)).sort();
  expect(await scanLines(weir.scan()), `weir, ${when}`).toEqual(expected);
  expect(await javaTable.read(), `Java, ${when}`).toEqual(expected);
}
