/**
 * What the indexes of a data file rule out: bloom filters and bitmaps; kinds weir does not know say nothing.
 *
 * Invariant: an index is a help, never an answer: false only when no row of the file can pass.
 */
import type { DataField } from '../../types/data-type.js';
import { type BoundPredicate, columnsOf } from '../../types/predicate.js';
import { readBitmapIndex } from './bitmap-index.js';
import { readBloomFilter } from './bloom-filter.js';
import { type ColumnIndex, NO_VALUES } from './column-index.js';
import { type IndexPart, type IndexSource, readIndexHead } from './container.js';

export type { IndexSource };

/**
 * May a row of the file pass?
 *
 * @param fieldOf the file's own field of a column of the condition; undefined when its index is not to be used
 * @throws WeirError CORRUPTION naming the source when what is read of it is damaged
 */
export async function mayMatchIndexes(
  bound: BoundPredicate,
  source: IndexSource,
  fieldOf: (column: string) => DataField | undefined,
): Promise<boolean> {
  const head = await readIndexHead(source);
  const indexes = new Map<string, ColumnIndex[]>();
  for (const column of columnsOf(bound)) {
    const field = fieldOf(column);
    const parts = field === undefined ? undefined : head.get(field.name);
    if (field === undefined || parts === undefined) continue;
    const read = await Promise.all(parts.map((part) => readPart(source, part, field)));
    indexes.set(
      column,
      read.filter((index) => index !== undefined),
    );
  }
  return mayPass(bound, indexes);
}

async function readPart(source: IndexSource, part: IndexPart, field: DataField): Promise<ColumnIndex | undefined> {
  if (part.kind !== 'bloom-filter' && part.kind !== 'bitmap') return undefined;
  if (part.range === undefined) return NO_VALUES;
  const bytes = await source.read(part.range.start, part.range.length);
  return part.kind === 'bitmap' ? readBitmapIndex(bytes, field.type, source.path) : readBloomFilter(bytes, source.path);
}

function mayPass(bound: BoundPredicate, indexes: ReadonlyMap<string, readonly ColumnIndex[]>): boolean {
  switch (bound.op) {
    case 'constant':
      return bound.value === true;
    case 'and':
      return bound.parts.every((part) => mayPass(part, indexes));
    case 'or':
      return bound.parts.some((part) => mayPass(part, indexes));
    default:
      return (indexes.get(bound.column) ?? []).every((index) => index.mayPass(bound));
  }
}
