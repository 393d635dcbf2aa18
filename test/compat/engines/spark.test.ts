/** Spark SQL and weir on the same tables: Spark reads what weir wrote; then both write and compact one table in turn. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog, DataField } from '../../../src/index.js';
import { parseType } from '../../../src/types/type-text.js';
import { canonicalLines } from '../../golden/lines.js';
import { built } from '../../support/built.js';
import { goldenTable } from '../../support/golden.js';
import type { GoldenRow } from '../tables/golden-values.js';
import { ModelledTable } from '../tables/modelled-table.js';
import { linesOf } from '../tables/weir-lines.js';
import { WEIR_TABLES, writeWeirTable } from '../tables/weir-tables.js';
import { type Engine, sparkInstalled, startSpark } from './engines.js';

/** Types that neither Spark nor its connector has. */
const NOT_FOR_SPARK = /_multiset$|_nested$/;

describe.skipIf(!sparkInstalled)('Spark', () => {
  const warehouse = mkdtempSync(join(tmpdir(), 'weir-spark-'));
  let spark: Engine;
  let catalog: Catalog;
  beforeAll(async () => {
    const { openCatalog } = await built<typeof import('../../../src/index.js')>('index.js');
    catalog = await openCatalog({ warehouse });
    spark = startSpark(warehouse);
  });
  afterAll(async () => {
    await spark.stop();
    await catalog.close();
    rmSync(warehouse, { recursive: true });
  });

  it.each(WEIR_TABLES.map((recipe, seed) => [recipe.name, recipe, seed + 1] as const).filter(([name]) => !NOT_FOR_SPARK.test(name)))(
    'reads %s',
    async (name, recipe, seed) => {
      const { states } = await writeWeirTable(catalog, recipe, seed);
      const ids = [...states.keys()];
      for (const id of [ids.at(-1)!, ids[Math.floor(ids.length / 2)]!]) {
        const { fields, lines } = states.get(id)!;
        const read = await spark.sql(`SELECT * FROM p.weir.${name} VERSION AS OF ${id}`);
        expect(canonicalLines(read, fields).sort(), `snapshot ${id}`).toEqual(asSparkHasIt(canonicalLines(lines, fields), fields).sort());
      }
    },
  );

  it('takes a ROW of nulls for null in tables that Java wrote, too', async () => {
    const golden = goldenTable('evolve_nested');
    cpSync(golden.path, join(warehouse, 'golden.db', golden.name), { recursive: true });
    const fields = golden.meta.fields.map((field) => ({ ...field, type: parseType(field.type) }));
    const lines = canonicalLines(golden.expected('latest.jsonl'), fields).map((line) => {
      const { id, r } = JSON.parse(line) as GoldenRow;
      return JSON.stringify({ id, r });
    });
    const read = canonicalLines(await spark.sql('SELECT id, r FROM p.golden.evolve_nested'), fields).sort();
    expect(read).toEqual(asSparkHasIt(lines, fields).sort());
    expect(read).not.toEqual(lines.sort());
  });

  it('inserts, updates, deletes, merges, compacts and travels in a table that weir writes through its log', async () => {
    const model = await ModelledTable.create(catalog, 'turns.orders', {
      schema: { id: 'INT NOT NULL', day: 'STRING NOT NULL', name: 'STRING', amount: 'DECIMAL(10, 2)', n: 'BIGINT' },
      primaryKey: ['day', 'id'],
      partitionBy: ['day'],
      options: {
        bucket: 2,
        'log.enabled': true,
        'snapshot.interval': '1 h',
        'snapshot.num-retained.min': 1000,
        'snapshot.num-retained.max': 1000,
      },
    });
    const row = (id: number, day: string, name: string | null, amount: string, n: string): GoldenRow => ({ id, day, name, amount, n });
    const both = async (when: string) => {
      const weir = canonicalLines(await linesOf(model.table), model.fields).sort();
      expect(weir, `weir, ${when}`).toEqual([...model.lines].sort());
      expect((await spark.sql('SELECT * FROM p.turns.orders')).sort(), `Spark, ${when}`).toEqual([...model.lines].sort());
    };

    await model.write([row(1, 'a', 'one', '1.00', '1'), row(2, 'a', 'two', '2.00', '2'), row(3, 'b', "it's", '3.00', '3')]);
    await model.commit();
    await both('after weir inserted');

    for (let round = 0; round < 4; round++) {
      const id = 10 * (round + 1);
      await spark.sql(
        `INSERT INTO p.turns.orders VALUES (${id}, 'a', 'é中', 10.50, ${id}), (${id + 1}, 'c', NULL, -0.01, NULL), (1, 'a', 'again', 7.00, ${round})`,
      );
      await model.applied(
        [
          row(id, 'a', 'é中', '10.50', String(id)),
          { id: id + 1, day: 'c', name: null, amount: '-0.01', n: null },
          row(1, 'a', 'again', '7.00', String(round)),
        ].map((inserted) => ({ row: inserted, kind: '+I' as const })),
      );
      await both('after Spark inserted');

      await spark.sql(`UPDATE p.turns.orders SET amount = amount + 1, name = 'updated' WHERE id >= ${id}`);
      await model.applied(
        model.rows
          .filter((held) => Number(held.id) >= id)
          .map((held) => ({ row: { ...held, name: 'updated', amount: (Number(held.amount) + 1).toFixed(2) }, kind: '+U' as const })),
      );
      await both('after Spark updated');

      await model.write([row(id + 2, 'b', `weir ${round}`, '5.00', '5'), row(2, 'a', `weir ${round}`, '2.00', '2')]);
      await model.write([row(id, 'a', null, '0.00', '0')], '-D');
      const before = [...model.linesInSnapshots];
      await model.commit({ flush: false });
      expect((await spark.sql('SELECT * FROM p.turns.orders')).sort(), 'Spark, before the flush').toEqual(before.sort());
      expect(canonicalLines(await linesOf(model.table), model.fields).sort(), 'weir, before the flush').toEqual([...model.lines].sort());
      await model.flush();
      await both('after weir upserted and deleted');

      await spark.sql(`DELETE FROM p.turns.orders WHERE id = ${id + 1} OR (day = 'b' AND id = 3)`);
      await model.applied(
        model.rows
          .filter((held) => held.id === id + 1 || (held.day === 'b' && held.id === 3))
          .map((held) => ({ row: held, kind: '-D' as const })),
      );
      await both('after Spark deleted');

      const zero = 'CAST(0 AS DECIMAL(10, 2))';
      const source = `VALUES (2, 'a', 'merged', ${zero}, ${round}L), (3, 'b', 'merged', ${zero}, ${round}L) AS s(id, day, name, amount, n)`;
      await spark.sql(
        `MERGE INTO p.turns.orders t USING (SELECT * FROM ${source}) s ON t.id = s.id AND t.day = s.day
           WHEN MATCHED THEN UPDATE SET n = s.n WHEN NOT MATCHED THEN INSERT *`,
      );
      await model.applied([
        ...model.rows
          .filter((held) => held.id === 2 && held.day === 'a')
          .map((held) => ({ row: { ...held, n: String(round) }, kind: '+U' as const })),
        { row: row(3, 'b', 'merged', '0.00', String(round)), kind: '+I' as const },
      ]);
      await both('after Spark merged');

      if (round % 2 === 0) {
        await spark.sql("CALL p.sys.compact(table => 'turns.orders')");
        await model.applied([]);
      } else await model.compact();
      await both(`after ${round % 2 === 0 ? 'Spark' : 'weir'} compacted`);
    }

    for (const [snapshot, { lines }] of model.states) {
      if (snapshot % 3n !== 0n) continue;
      const read = await spark.sql(`SELECT * FROM p.turns.orders VERSION AS OF ${snapshot}`);
      expect(read.sort(), `Spark, snapshot ${snapshot}`).toEqual([...lines].sort());
      expect((await linesOf(model.table, { snapshot })).sort(), `weir, snapshot ${snapshot}`).toEqual([...lines].sort());
    }
    expect((await model.table.verify()).problems).toEqual([]);
    const [counted] = await spark.sql('SELECT count(*) AS n FROM p.turns.`orders$snapshots`');
    expect(JSON.parse(counted!)).toEqual({ n: String(model.states.size) });
    await model.close();
  });
});

/** Spark has no TIME: its connector gives milliseconds. It pads CHAR, as SQL says. A ROW of nulls only is null to this connector. */
function asSparkHasIt(lines: readonly string[], fields: readonly DataField[]): string[] {
  return lines.map((line) => {
    const row = JSON.parse(line) as GoldenRow;
    for (const { name, type } of fields) {
      const value = row[name]!;
      if (type.kind === 'ROW' && value !== null && Object.values(value).every((member) => member === null)) row[name] = null;
      if (typeof value !== 'string') continue;
      if (type.kind === 'TIME') row[name] = Date.parse(`1970-01-01T${value}Z`);
      if (type.kind === 'CHAR') row[name] = value.padEnd(type.length);
    }
    return JSON.stringify(row);
  });
}
