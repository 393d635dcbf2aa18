/** A table's rows and changes as weir reads them, in golden JSON. */
import type { At, ChangesOptions, Table } from '../../../src/index.js';
import { built } from '../../support/built.js';

export async function linesOf(table: Table, at?: At): Promise<string[]> {
  const { encodeJsonLines } = await built<typeof import('../../../src/types/json-line.js')>('types/json-line.js');
  const lines: string[] = [];
  for await (const batch of table.scan(at === undefined ? {} : { at }).batches())
    lines.push(...encodeJsonLines(batch).split('\n').slice(0, -1));
  return lines;
}

/** Each with its `_kind` first. */
export async function changeLinesOf(table: Table, options: ChangesOptions): Promise<string[]> {
  const { encodeJsonLines } = await built<typeof import('../../../src/types/json-line.js')>('types/json-line.js');
  const lines: string[] = [];
  for await (const { batch, kinds } of table.changes(options)) lines.push(...encodeJsonLines(batch, { kinds }).split('\n').slice(0, -1));
  return lines;
}
