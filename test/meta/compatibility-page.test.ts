/** format-spec/compatibility.md names every table option that weir refuses. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { TABLE_OPTIONS } from '../../src/meta/option-table.js';

it('names every refused option', () => {
  const page = readFileSync(new URL('../../format-spec/compatibility.md', import.meta.url), 'utf8');
  const refused = TABLE_OPTIONS.filter((option) => option.handling === 'refused').map((option) => option.key);
  expect(refused.length).toBeGreaterThan(40);
  expect(refused.filter((key) => !page.includes(`\`${key}\``))).toEqual([]);
});
