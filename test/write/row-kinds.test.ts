import { expect, it } from 'vitest';
import type { DataType } from '../../src/types/data-type.js';
import { BatchBuilder } from '../../src/types/row-builder.js';
import { kindsOfColumn, withoutRetracts } from '../../src/write/row-kinds.js';

const TEXT: DataType = { kind: 'VARCHAR', length: 2_147_483_647, nullable: true };

function batchOf(...texts: (string | null)[]) {
  const builder = new BatchBuilder([{ id: 0, name: 'op', type: TEXT }]);
  for (const op of texts) builder.push({ op });
  return builder.finish();
}

it('reads kinds from a column', () => {
  expect([...kindsOfColumn(batchOf('+I', '-U', '+U', '-D'), 'op', null)]).toEqual([0, 1, 2, 3]);
});

it.each([['I'], ['+i'], ['']])("refuses '%s' as a kind", (text) => {
  expect(() => kindsOfColumn(batchOf('+I', text), 'op', null)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
});

it('refuses null, and kinds beside the column', () => {
  expect(() => kindsOfColumn(batchOf(null), 'op', null)).toThrow(/null/);
  expect(() => kindsOfColumn(batchOf('+I'), 'op', new Uint8Array(1))).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
});

it('drops what the options ignore, and says when that is nothing', () => {
  const kinds = Uint8Array.of(0, 1, 2, 3, 0);
  const kept = (ignoreDelete: boolean, ignoreUpdateBefore: boolean) => withoutRetracts(kinds, { ignoreDelete, ignoreUpdateBefore });
  expect([...kept(true, false)!]).toEqual([0, 2, 4]);
  expect([...kept(false, true)!]).toEqual([0, 2, 3, 4]);
  expect(kept(false, false)).toBeNull();
  expect(withoutRetracts(Uint8Array.of(0, 2), { ignoreDelete: true, ignoreUpdateBefore: true })).toBeNull();
});
