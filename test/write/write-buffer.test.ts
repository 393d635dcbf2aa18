import { expect, it } from 'vitest';
import type { Batch, Column } from '../../src/types/column.js';
import { rowsOf } from '../../src/types/row-reader.js';
import { WriteBuffer } from '../../src/write/write-buffer.js';

/** Two strings in the memory of `bytes`. */
function textBatch(bytes: Uint8Array): Batch {
  const type = { kind: 'VARCHAR', length: 2_147_483_647, nullable: true } as const;
  const column: Column = { type, length: 2, validity: null, values: bytes, offsets: Int32Array.of(0, 1, 3), children: undefined } as Column;
  return { fields: [{ id: 0, name: 'v', type }], columns: [column], length: 2 };
}

const read = (buffer: WriteBuffer) => buffer.drain().batches.flatMap((batch) => rowsOf(batch).map((row) => row.v));

it.each([
  ['an Uint8Array', Uint8Array.from([97, 98, 99])],
  ['a Buffer, whose slice() would share', Buffer.from('abc')],
])('owns its memory: %s may be written over at once', (_, bytes) => {
  const buffer = new WriteBuffer();
  buffer.add(textBatch(bytes), null, null);
  bytes.fill(120);
  expect(read(buffer)).toEqual(['a', 'bc']);
});

it('takes the rows given, each with its kind, and starts again after a drain', () => {
  const buffer = new WriteBuffer();
  buffer.add(textBatch(Uint8Array.from([97, 98, 99])), Uint32Array.of(1), Uint8Array.of(0, 3));
  expect(buffer.rows).toBe(1);
  expect(buffer.size_bytes).toBeGreaterThan(2);
  const drained = buffer.drain();
  expect(drained.kinds.map((kinds) => [...kinds])).toEqual([[3]]);
  expect([drained.rows, buffer.rows, buffer.size_bytes]).toEqual([1, 0, 0]);
});
