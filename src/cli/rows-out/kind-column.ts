/** Row kinds as a column of text, for the formats that have nothing but columns. */
import { type Batch, type Column, ROW_KINDS } from '../../types/column.js';
import type { DataField } from '../../types/data-type.js';
import { MAX_LENGTH } from '../../types/data-type.js';

/** System field ids are taken by the format; this one is weir's own and never reaches a table. */
const KIND_FIELD_ID = 2147483643;
export const KIND_FIELD: DataField = { id: KIND_FIELD_ID, name: '_kind', type: { kind: 'VARCHAR', length: MAX_LENGTH, nullable: false } };
/** every kind is two bytes of text */
const KIND_BYTES = 2;
const KIND_TEXT = ROW_KINDS.map((kind) => new TextEncoder().encode(kind));

export function withKindColumn(batch: Batch, kinds: Uint8Array): Batch {
  const values = new Uint8Array(batch.length * KIND_BYTES);
  const offsets = new Int32Array(batch.length + 1);
  for (let row = 0; row < batch.length; row += 1) {
    const text = KIND_TEXT[kinds[row] ?? 0];
    if (text) values.set(text, row * KIND_BYTES);
    offsets[row + 1] = (row + 1) * KIND_BYTES;
  }
  const column: Column = { type: KIND_FIELD.type, length: batch.length, validity: null, values, offsets, children: undefined };
  return { fields: [KIND_FIELD, ...batch.fields], columns: [column, ...batch.columns], length: batch.length };
}
