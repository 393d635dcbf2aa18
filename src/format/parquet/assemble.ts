/**
 * Columns from decoded leaves: Dremel's levels back to validity and offsets.
 *
 * An entry of a leaf begins a slot of a node when its repetition level is at most the number of lists above the node
 * (else it continues a list within) and its definition level reaches the innermost list's entry (else that list is
 * missing or empty and has no slot). In a slot, a node is present when the definition level reaches its own.
 *
 *   rows of ARRAY<INT>   [1, null]    null    []     [7]
 *   repetition, def.     0 3, 1 2     0 0     0 1    0 3       list at 1, entry at 2, value at 3
 *
 * Source: "Dremel made simple with Parquet", J. Le Dem 2013; Melnik et al. 2010.
 */
import { bitmapBytes, setBit } from '../../types/bitmap.js';
import type { Column } from '../../types/column.js';
import { nullColumn } from '../../types/take.js';
import { leafColumn } from './conversion.js';
import type { LeafDecoder } from './leaf-decoder.js';
import { malformed } from './malformed.js';
import type { ReadPlan } from './read-plan.js';
import { isFlat } from './schema.js';

/** The column of a plan from its decoded leaves; `length` rows. Takes the leaves' buffers. */
export function assemble(plan: ReadPlan, leaves: ReadonlyMap<number, LeafDecoder>, length: number): Column {
  if (plan.kind === 'absent') return nullColumn(plan.type, length);
  const column =
    plan.kind === 'leaf' && isFlat(plan.node)
      ? flat(plan, leaves.get(plan.leaf)!, length)
      : nested(plan, leaves, { repetition: 0, definition: 0 });
  if (column.length !== length) malformed(`a column has ${column.length} rows instead of ${length}`);
  return column;
}

function flat(plan: ReadPlan & { kind: 'leaf' }, leaf: LeafDecoder, length: number): Column {
  if (leaf.slots !== length) malformed(`a column has ${leaf.slots} rows instead of ${length}`);
  return leafColumn(plan.type, plan.conversion, leaf.values, leaf.validity, length);
}

/** The innermost list around a node: its entries' levels. */
interface Enclosing {
  readonly repetition: number;
  readonly definition: number;
}

function nested(plan: Exclude<ReadPlan, { kind: 'absent' }>, leaves: ReadonlyMap<number, LeafDecoder>, enclosing: Enclosing): Column {
  const leaf = leaves.get(plan.leaf)!;
  const { type } = plan;
  const present = presence(leaf, enclosing, plan.kind === 'leaf' ? plan.node.maxDefinition : plan.definition);
  const { length, validity } = present;
  if (plan.kind === 'leaf') return leafColumn(type, plan.conversion, leaf.values, validity, length);
  if (plan.kind === 'row') {
    const children = plan.children.map((child) => member(child, leaves, enclosing, length));
    return { type, length, validity, values: undefined, offsets: undefined, children };
  }
  const offsets = listOffsets(leaf, enclosing, plan.entry, plan.repetition, length);
  const inner: Enclosing = { repetition: plan.repetition, definition: plan.entry };
  const children = plan.children.map((child) => member(child, leaves, inner, offsets[length]!));
  return { type, length, validity, values: undefined, offsets, children };
}

function member(plan: ReadPlan, leaves: ReadonlyMap<number, LeafDecoder>, enclosing: Enclosing, length: number): Column {
  if (plan.kind === 'absent') return nullColumn(plan.type, length);
  const column = nested(plan, leaves, enclosing);
  if (column.length !== length) malformed('the members of a nested column disagree on its length');
  return column;
}

function presence(leaf: LeafDecoder, enclosing: Enclosing, definition: number): { length: number; validity: Uint8Array | null } {
  const definitions = leaf.definitions!;
  const repetitions = leaf.repetitions!;
  const bits = new Uint8Array(bitmapBytes(leaf.slots));
  let length = 0;
  let missing = 0;
  for (let i = 0; i < leaf.slots; i++) {
    const level = definitions[i]!;
    if (level < enclosing.definition || repetitions[i]! > enclosing.repetition) continue;
    if (level >= definition) setBit(bits, length);
    else missing++;
    length++;
  }
  return { length, validity: missing === 0 ? null : bits.slice(0, bitmapBytes(length)) };
}

function listOffsets(leaf: LeafDecoder, enclosing: Enclosing, entry: number, repetition: number, length: number): Int32Array {
  const definitions = leaf.definitions!;
  const repetitions = leaf.repetitions!;
  const offsets = new Int32Array(length + 1);
  let slot = 0;
  let entries = 0;
  for (let i = 0; i < leaf.slots; i++) {
    const level = definitions[i]!;
    if (level >= enclosing.definition && repetitions[i]! <= enclosing.repetition) offsets[slot++] = entries;
    else if (slot === 0 && repetitions[i]! > enclosing.repetition) malformed('a list begins with an entry that continues one');
    if (level >= entry && repetitions[i]! <= repetition) entries++;
  }
  offsets[length] = entries;
  return offsets;
}
