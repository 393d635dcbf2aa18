/** Row kinds on their way in: taken from a column (`rowkind.field`), or dropped (`ignore-delete`, `ignore-update-before`). */
import { WeirError } from '../base/error.js';
import { type Batch, DELETE, isValid, ROW_KINDS, UPDATE_BEFORE } from '../types/column.js';

/** The kinds that `rowkind.field` says; `given` kinds are refused beside it. */
export function kindsOfColumn(batch: Batch, name: string, given: Uint8Array | null): Uint8Array {
  if (given !== null)
    throw new WeirError('INVALID_ARGUMENT', `row kinds come from column ${name} (rowkind.field): none can be given beside it`);
  const column = batch.columns[batch.fields.findIndex((field) => field.name === name)]!;
  const kinds = new Uint8Array(batch.length);
  const bytes = column.values as Uint8Array;
  const offsets = column.offsets!;
  for (let row = 0; row < batch.length; row++) {
    const start = offsets[row]!;
    const text = isValid(column, row) ? String.fromCharCode(...bytes.subarray(start, offsets[row + 1]!)) : 'null';
    const kind = (ROW_KINDS as readonly string[]).indexOf(text);
    if (kind < 0)
      throw new WeirError('INVALID_ARGUMENT', `column ${name} (rowkind.field) holds '${text}', which is none of ${ROW_KINDS.join(' ')}`);
    kinds[row] = kind;
  }
  return kinds;
}

/** Rows to keep, or null for all. */
export function withoutRetracts(kinds: Uint8Array, options: { ignoreDelete: boolean; ignoreUpdateBefore: boolean }): Uint32Array | null {
  const dropped = (kind: number) =>
    (options.ignoreDelete && (kind === DELETE || kind === UPDATE_BEFORE)) || (options.ignoreUpdateBefore && kind === UPDATE_BEFORE);
  if (!kinds.some(dropped)) return null;
  const rows: number[] = [];
  for (let row = 0; row < kinds.length; row++) if (!dropped(kinds[row]!)) rows.push(row);
  return Uint32Array.from(rows);
}
