/** Flink SQL on tables that weir wrote: whole, at a snapshot, and as a stream of changes with their kinds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../../src/index.js';
import { canonicalLines } from '../../golden/lines.js';
import { built } from '../../support/built.js';
import type { ModelledTable } from '../tables/modelled-table.js';
import { changeLinesOf } from '../tables/weir-lines.js';
import { WEIR_TABLES, writeWeirTable } from '../tables/weir-tables.js';
import { type Engine, flinkInstalled, startFlink } from './engines.js';

/** A statement takes Flink one to two seconds; what differs by codec and key type only, Java's own library has read. */
const TABLES = WEIR_TABLES.filter(({ name }) => !/^(pk_key_|append_(zstd|gzip|lz4|none|plain_pages|stats_full)$)/.test(name));

describe.skipIf(!flinkInstalled)('Flink', () => {
  const warehouse = mkdtempSync(join(tmpdir(), 'weir-flink-'));
  const tables = new Map<string, ModelledTable>();
  let flink: Engine;
  let catalog: Catalog;
  beforeAll(async () => {
    const { openCatalog } = await built<typeof import('../../../src/index.js')>('index.js');
    catalog = await openCatalog({ warehouse });
    for (const [seed, recipe] of TABLES.entries()) tables.set(recipe.name, await writeWeirTable(catalog, recipe, seed + 1));
    flink = startFlink(warehouse);
  });
  afterAll(async () => {
    await flink.stop();
    await catalog.close();
    rmSync(warehouse, { recursive: true });
  });

  it.each(TABLES.map(({ name }) => name))('reads %s', async (name) => {
    const { states } = tables.get(name)!;
    const ids = [...states.keys()];
    const today = states.get(ids.at(-1)!)!.fields;
    for (const id of [ids.at(-1)!, ids[Math.floor(ids.length / 2)]!]) {
      const { fields, lines } = states.get(id)!;
      if (fields !== today) continue; // Flink plans the hint with the schema of today
      const read = await flink.sql(`SELECT * FROM weir.${name} /*+ OPTIONS('scan.snapshot-id'='${id}') */`);
      expect(canonicalLines(read, fields).sort(), `snapshot ${id}`).toEqual(canonicalLines(lines, fields).sort());
    }
  });

  it.each(['pk_changelog', 'append_nested', 'append_part_string'])('streams the changes of %s', async (name) => {
    const table = await catalog.table(`weir.${name}`);
    const changes = await changeLinesOf(table, { from: { snapshot: 1n }, until: 'now' });
    const hint = "'scan.mode'='from-snapshot','scan.snapshot-id'='1','continuous.discovery-interval'='200 ms'";
    const read = await flink.sql({ sql: `SELECT * FROM weir.${name} /*+ OPTIONS(${hint}) */`, rows: changes.length });
    const { fields } = table.schema;
    expect(canonicalLines(read, fields).sort()).toEqual(canonicalLines(changes, fields).sort());
    if (table.schema.primaryKeys.length === 0) return;

    // and what they add up to is the table: the model, not weir, says what that is
    const state = new Map<string, string>();
    for (const line of canonicalLines(read, fields)) {
      const { _kind: kind, ...row } = JSON.parse(line) as Record<string, unknown>;
      const key = JSON.stringify(table.schema.primaryKeys.map((column) => row[column]));
      if (kind === '-U' || kind === '-D') state.delete(key);
      else state.set(key, JSON.stringify(row));
    }
    expect([...state.values()].sort()).toEqual(canonicalLines([...tables.get(name)!.states.values()].at(-1)!.lines, fields).sort());
  });

  it.each([
    { log: true, which: 'to a log, which nobody flushes' },
    { log: false, which: 'to snapshots' },
  ])('streams on while weir commits $which', async ({ log }) => {
    const name = log ? 'live' : 'live_no_log';
    const table = await catalog.createTable(`weir.${name}`, {
      schema: { id: 'INT NOT NULL', v: 'STRING' },
      primaryKey: ['id'],
      options: { bucket: 1, 'changelog-producer': 'input', 'log.enabled': log, 'snapshot.interval': '300 ms' },
    });
    const writer = await table.openWriter({ commitUser: 'job' });
    const hint = "'scan.mode'='from-snapshot','scan.snapshot-id'='1','continuous.discovery-interval'='200 ms'";
    const streamed = flink.sql({ sql: `SELECT * FROM weir.${name} /*+ OPTIONS(${hint}) */`, rows: 20 });
    const expected: string[] = [];
    for (let commit = 0; commit < 5; commit++) {
      const kinds = ['+I', '+I', '+I', '-D'] as const;
      const rows = kinds.map((kind, i) => ({ id: kind === '-D' ? 4 * commit : 4 * commit + i, v: `v${commit}` }));
      await writer.write(rows, { kinds: [...kinds] });
      await writer.commit();
      expected.push(...rows.map((row, i) => JSON.stringify({ _kind: kinds[i], ...row })));
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    expect((await streamed).sort()).toEqual(expected.sort());
    await writer.close();
  });
});
