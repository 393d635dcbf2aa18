/**
 * Tables that weir wrote, read by Java: the model's rows at every snapshot and tag, the changes that weir streams, and
 * the state that a stream starts with.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Catalog, openCatalog } from '../../src/index.js';
import type { DataField } from '../../src/types/data-type.js';
import { canonicalLines, orderByKey } from '../golden/lines.js';
import { JAVA_VERSIONS, JavaPaimon } from './support/java-paimon.js';
import { changeLines, scanLines } from './support/weir-lines.js';
import type { ModelledTable } from './tables/modelled-table.js';
import { WEIR_TABLES, writeWeirTable } from './tables/weir-tables.js';

const warehouse = mkdtempSync(join(tmpdir(), 'weir-java-reads-'));
const peers = new Map(JAVA_VERSIONS.map((version) => [version, new JavaPaimon(version)]));
let catalog: Catalog;
beforeAll(async () => {
  catalog = await openCatalog({ warehouse, threads: 1 });
});
afterAll(async () => {
  await Promise.all([...peers.values()].map((java) => java.close()));
  await catalog.close();
  rmSync(warehouse, { recursive: true });
});

describe.each(WEIR_TABLES.map((recipe, seed) => [recipe.name, recipe, seed + 1] as const))('%s', (name, recipe, seed) => {
  let written: ModelledTable;
  let first: bigint;
  let last: bigint;
  let changes: Map<bigint, string[]>;
  let fields: readonly DataField[];
  beforeAll(async () => {
    written = await writeWeirTable(catalog, recipe, seed);
    const snapshots = [...written.states.keys()];
    [first, last] = [snapshots[0]!, snapshots.at(-1)!];
    const table = await catalog.table(`weir.${name}`);
    fields = table.schema.fields;
    changes = await changeLines(table.changes({ from: { snapshot: first }, until: { snapshot: last } }));
    expect(changes.size).toBeGreaterThan(0);
    // other engines' streams pass over an overwrite, weir's tell it where the table has a log
    for (const { id, commitKind } of await table.snapshots()) if (commitKind === 'OVERWRITE') changes.delete(id);
  });

  const inOrder = (lines: readonly string[]) => orderByKey(canonicalLines(lines, fields), recipe.definition.primaryKey ?? []);

  describe.each(JAVA_VERSIONS)('Java %s', (version) => {
    const java = peers.get(version)!.table(warehouse, `weir.${name}`);

    it('reads every snapshot', async () => {
      for (const [snapshot, state] of written.states) {
        const lines = await java.read({ 'scan.snapshot-id': String(snapshot) });
        const expected = canonicalLines(state.lines, state.fields).sort();
        expect(canonicalLines(lines, state.fields).sort(), `snapshot ${snapshot}`).toEqual(expected);
      }
      const latest = canonicalLines(written.states.get(last)!.lines, fields).sort();
      expect(canonicalLines(await java.read(), fields).sort()).toEqual(latest);
    });

    it('streams the changes that weir streams', async () => {
      const read = await java.changes(first, last);
      expect([...read.keys()]).toEqual([...changes.keys()]);
      for (const [snapshot, lines] of read) expect(inOrder(lines), `snapshot ${snapshot}`).toEqual(inOrder(changes.get(snapshot)!));
    });

    it('starts a stream with the whole state', async () => {
      const expected = written.states.get(last)!.lines.map((line) => line.replace('{', '{"_kind":"+I",'));
      // Java lets the kind of a row's last change through
      const read = (await java.fullState(last)).map((line) => line.replace('"_kind":"+U"', '"_kind":"+I"'));
      expect(canonicalLines(read, fields).sort()).toEqual(canonicalLines(expected, fields).sort());
    });
  });
});

it.each(JAVA_VERSIONS)('a tag that Java %s makes of a snapshot of weir’s is read by both', async (version) => {
  const table = await catalog.table('weir.pk_types');
  const [snapshot] = await table.snapshots();
  const java = peers.get(version)!.table(warehouse, 'weir.pk_types');
  await java.createTag(`by-${version}`, snapshot!.id);
  const byJava = await java.read({ 'scan.tag-name': `by-${version}` });
  const byWeir = await scanLines(table.scan({ at: { tag: `by-${version}` } }));
  expect(byWeir.length).toBeGreaterThan(0);
  expect(byWeir).toEqual(canonicalLines(byJava, table.schema.fields).sort());
});
