/** `+I -U +U -D` as text into `_VALUE_KIND`. */
import { WeirError } from '../../base/error.js';
import { INSERT, ROW_KINDS } from '../../types/column.js';
import { type InputBatch, placeOf } from './input-batch.js';

const VALUE_KINDS = new Map<unknown, number>(ROW_KINDS.map((kind, value) => [kind, value]));

export function valueKind(text: unknown, column: string): number {
  const kind = VALUE_KINDS.get(text);
  if (kind === undefined)
    throw new WeirError('INVALID_ARGUMENT', `column '${column}': ${JSON.stringify(text)} is no row kind (+I, -U, +U or -D)`);
  return kind;
}

/** A whole column of them; a missing one is an insert. */
export function valueKinds(
  length: number,
  textOf: (row: number) => unknown,
  column: string,
  place: Pick<InputBatch, 'source' | 'lines' | 'firstRow'>,
): Uint8Array {
  const kinds = new Uint8Array(length);
  for (let row = 0; row < length; row += 1) {
    const text = textOf(row);
    try {
      kinds[row] = text === null || text === undefined ? INSERT : valueKind(text, column);
    } catch (error) {
      throw new WeirError('INVALID_ARGUMENT', `${placeOf(place, row)}: ${(error as Error).message}`, { file: place.source });
    }
  }
  return kinds;
}
