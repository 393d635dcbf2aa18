/**
 * One table, two writers in turn, ten rounds: a foreign client commits, weir reads; weir commits (to the table's log, if it has
 * one) and reads, flushes and compacts, the client reads. The model's rows every time, on both sides and at every snapshot in
 * the end.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/base/random.js';
import type { Catalog, RowKind, TableDefinition } from '../../../src/index.js';
import { canonicalLines } from '../../golden/lines.js';
import { built } from '../../support/built.js';
import { type Dice, dice } from '../../support/random-table.js';
import { type GoldenRow, goldenRow, type Json } from '../tables/golden-values.js';
import { ModelledTable } from '../tables/modelled-table.js';
import { linesOf } from '../tables/weir-lines.js';
import { CLIENTS, type ClientName, Foreign, installed } from './foreign.js';

const ROUNDS = 10;
const VALUES = {
  flag: 'BOOLEAN', small: 'SMALLINT', n: 'INT', big: 'BIGINT', f: 'FLOAT', d: 'DOUBLE', amount: 'DECIMAL(12, 2)', wide: 'DECIMAL(30, 5)', name: 'STRING',
  day: 'DATE', at: 'TIMESTAMP(3)', at6: 'TIMESTAMP(6)',
}; // biome-ignore format: a list of types

interface Shape {
  readonly name: string;
  readonly definition: TableDefinition;
  readonly clients: readonly ClientName[];
  /** once more, on a table that has no log */
  readonly alsoWithoutLog?: boolean;
  /** columns with few values: partitions */
  readonly few?: Readonly<Record<string, readonly Json[]>>;
}

const SHAPES: readonly Shape[] = [
  {
    name: 'upserts and deletes',
    definition: {
      schema: { id: 'BIGINT NOT NULL', ...VALUES, op: 'STRING' },
      primaryKey: ['id'],
      options: { bucket: 2, 'rowkind.field': 'op' },
    },
    clients: ['pypaimon'],
  },
  {
    name: 'upserts',
    definition: {
      schema: { id: 'BIGINT NOT NULL', ...VALUES },
      primaryKey: ['id'],
      options: { bucket: 2, 'num-sorted-run.compaction-trigger': 3 },
    },
    clients: CLIENTS,
    alsoWithoutLog: true,
  },
  {
    name: 'upserts in partitions',
    definition: {
      schema: { id: 'INT NOT NULL', p: 'STRING NOT NULL', day: 'DATE NOT NULL', n: 'INT', name: 'STRING' },
      primaryKey: ['p', 'day', 'id'],
      partitionBy: ['p', 'day'],
      options: { bucket: 2 },
    },
    clients: CLIENTS,
    few: { p: ['a', 'b c/é'], day: ['1969-12-31', '2024-02-29'] },
  },
  {
    name: 'inserts',
    definition: { schema: { id: 'BIGINT NOT NULL', ...VALUES } },
    clients: CLIENTS,
    alsoWithoutLog: true,
  },
  {
    name: 'inserts into buckets',
    definition: { schema: { id: 'BIGINT NOT NULL', ...VALUES }, options: { bucket: 3, 'bucket-key': 'id,name' } },
    clients: CLIENTS,
  },
];

describe.skipIf(!installed)('in turn', () => {
  const warehouse = mkdtempSync(join(tmpdir(), 'weir-turns-'));
  let foreign: Foreign;
  let catalog: Catalog;
  beforeAll(async () => {
    const { openCatalog } = await built<typeof import('../../../src/index.js')>('index.js');
    catalog = await openCatalog({ warehouse });
    foreign = new Foreign();
  });
  afterAll(async () => {
    await foreign.stop();
    await catalog.close();
    rmSync(warehouse, { recursive: true });
  });

  const cases = SHAPES.flatMap((shape) =>
    shape.clients.flatMap((client) =>
      (shape.alsoWithoutLog ? [true, false] : [true]).map(
        (log) => [client, shape.name, log ? 'with a log' : 'without', shape, log] as const,
      ),
    ),
  );
  it.each(cases)('%s and weir: %s, %s', async (client, name, _, { definition, few = {} }, log) => {
    const d = dice(seededRandom(name.length));
    const table = `turns.${client}_${name}${log ? '' : '_no_log'}`.replaceAll(/\W+/g, (text) => (text === '.' ? '.' : '_'));
    const retained = { 'snapshot.num-retained.min': 1000, 'snapshot.num-retained.max': 1000 };
    const options = { ...retained, 'commit.fsync': false, 'log.enabled': log, 'snapshot.interval': '1 h', ...definition.options };
    const model = await ModelledTable.create(catalog, table, { ...definition, options });

    for (let round = 0; round < ROUNDS; round++) {
      const theirs = changes(model, d, few);
      await foreign.write(
        client,
        warehouse,
        table,
        theirs.map(({ row }) => JSON.stringify(row)),
      );
      await model.applied(theirs);
      await expectWeir(model, `round ${round}: weir reads what ${client} wrote`);

      await model.writeChanges(changes(model, d, few));
      await model.commit({ flush: false });
      await expectWeir(model, `round ${round}: weir reads what it wrote`);
      await model.flush();
      await expectForeign(model, client, `round ${round}: ${client} reads what weir wrote`);

      await model.compact(round % 3 === 2);
      await expectForeign(model, client, `round ${round}: ${client} reads what weir compacted`);
      await expectWeir(model, `round ${round}: weir reads what it compacted`);
    }
    for (const [snapshot, { fields, lines }] of model.states) {
      if (snapshot % 4n !== 0n) continue; // a read of many small files takes pypaimon long
      const read = await foreign.read(client, warehouse, table, { snapshot });
      expect(sorted(read.lines, fields), `snapshot ${snapshot}`).toEqual(sorted(lines, fields));
      expect(sorted(await linesOf(model.table, { snapshot }), fields), `snapshot ${snapshot}`).toEqual(sorted(lines, fields));
    }
    // pypaimon's statistics do not count deletes
    const { problems } = await model.table.verify();
    expect(problems.filter(({ message }) => !/deletes, its manifest says 0$/.test(message))).toEqual([]);
    await model.close();
  });

  async function expectWeir(model: ModelledTable, when: string): Promise<void> {
    expect(sorted(await linesOf(model.table), model.fields), when).toEqual(sorted(model.lines, model.fields));
  }

  async function expectForeign(model: ModelledTable, client: ClientName, when: string): Promise<void> {
    const read = await foreign.read(client, warehouse, model.table.name);
    expect(sorted(read.lines, model.fields), when).toEqual(sorted(model.lines, model.fields));
  }
});

const sorted = (lines: readonly string[], fields: ModelledTable['fields']) => canonicalLines(lines, fields).sort();

/** New rows, new values of rows that are there and, where a column holds the kind, deletes of some. */
function changes(model: ModelledTable, d: Dice, few: NonNullable<Shape['few']>): { row: GoldenRow; kind: RowKind }[] {
  const { primaryKeys, options } = model.table.schema;
  const kindField = options['rowkind.field'];
  const kindOf = (kind: RowKind, row: GoldenRow) => ({ kind, row: kindField === undefined ? row : { ...row, [kindField]: kind } });
  const fresh = Array.from({ length: 20 }, () => {
    const row = goldenRow(model.fields, d, new Set(primaryKeys));
    for (const [name, values] of Object.entries(few)) row[name] = d.pick(values);
    return kindOf('+I', row);
  });
  if (primaryKeys.length === 0) return fresh;
  // each key once: the order of rows within one batch is the writer's own affair
  const byKey = new Map(fresh.map((change) => [JSON.stringify(primaryKeys.map((name) => change.row[name]!)), change]));
  if (kindField !== undefined)
    for (const row of model.rows) if (d.chance(0.2)) byKey.set(JSON.stringify(primaryKeys.map((name) => row[name]!)), kindOf('-D', row));
  return [...byKey.values()];
}
