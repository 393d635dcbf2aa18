/** The readers against what Java wrote and read: equal on tables like weir's, and each listed defect shows there too. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseType } from '../../../src/types/type-text.js';
import { canonicalLines } from '../../golden/lines.js';
import { goldenTable, goldenWarehouse } from '../../support/golden.js';
import { DEFECTS } from './defects.js';
import { CLIENTS, type ClientName, Foreign, installed } from './foreign.js';

/** that the harness itself tells right from wrong: one table of each sort */
const EQUAL = ['append_plain', 'append_part_types', 'evolve_nested', 'evolve_pk', 'pk_dedup_compacted', 'pk_rowkind'];

describe.skipIf(!installed)('tables that Java wrote', () => {
  let foreign: Foreign;
  beforeAll(() => {
    foreign = new Foreign();
  });
  afterAll(() => foreign.stop());

  it('are read by the released versions', async () => {
    expect(await foreign.versions()).toMatchObject({ pypaimon: '2.1.0', 'pypaimon-rust': '0.4.0' });
  });

  it.each(CLIENTS.flatMap((reader) => EQUAL.map((name) => [reader, name] as const)))('%s reads %s as Java does', async (reader, name) => {
    const { read, expected } = await both(reader, name);
    expect(read).toEqual(expected);
  });

  it.each(DEFECTS.map((defect) => [defect.reader, defect.what, defect] as const))('%s: %s', async (reader, _what, { golden, says }) => {
    if (says !== 'other rows') {
      await expect(both(reader, golden)).rejects.toThrow(says);
      return;
    }
    const { read, expected } = await both(reader, golden);
    expect(read).toHaveLength(expected.length);
    expect(read).not.toEqual(expected);
  });

  async function both(reader: ClientName, name: string): Promise<{ read: string[]; expected: string[] }> {
    const golden = goldenTable(name);
    const fields = golden.meta.fields.map((field) => ({ ...field, type: parseType(field.type) }));
    const { lines } = await foreign.read(reader, goldenWarehouse(), `golden.${name}`);
    return { read: canonicalLines(lines, fields).sort(), expected: canonicalLines(golden.expected('latest.jsonl'), fields).sort() };
  }
});
