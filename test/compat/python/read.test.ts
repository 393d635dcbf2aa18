/** Tables that weir wrote, read by pypaimon and pypaimon-rust: the model's rows at every snapshot. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../../src/index.js';
import { canonicalLines } from '../../golden/lines.js';
import { built } from '../../support/built.js';
import type { ModelledTable } from '../tables/modelled-table.js';
import { WEIR_TABLES, writeWeirTable } from '../tables/weir-tables.js';
import { defectOf } from './defects.js';
import { CLIENTS, Foreign, installed } from './foreign.js';

describe.skipIf(!installed)('pypaimon and pypaimon-rust', () => {
  const warehouse = mkdtempSync(join(tmpdir(), 'weir-python-'));
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

  describe.each(WEIR_TABLES.map((recipe, seed) => [recipe.name, recipe, seed + 1] as const))('%s', (name, recipe, seed) => {
    let written: ModelledTable;
    beforeAll(async () => {
      written = await writeWeirTable(catalog, recipe, seed);
    });

    it.each(CLIENTS)('%s reads every snapshot', async (reader) => {
      const defect = defectOf(reader, name);
      if (defect !== undefined) {
        await expect(foreign.read(reader, warehouse, `weir.${name}`)).rejects.toThrow(defect.says);
        return;
      }
      for (const [snapshot, { fields, lines }] of written.states) {
        const read = await foreign.read(reader, warehouse, `weir.${name}`, { snapshot });
        expect(canonicalLines(read.lines, fields).sort(), `snapshot ${snapshot}`).toEqual(canonicalLines(lines, fields).sort());
      }
      const latest = [...written.states.values()].at(-1)!;
      const read = await foreign.read(reader, warehouse, `weir.${name}`);
      expect(canonicalLines(read.lines, latest.fields).sort()).toEqual(canonicalLines(latest.lines, latest.fields).sort());
    });
  });
});
