/**
 * Nested columns to leaves: validity and offsets to Dremel's levels (the way back is `assemble`).
 *
 * A leaf's way leads from the top-level column through ROW members and list entries. Walking it, a list of entries
 * (where in the column, how far defined, how far repeated) is narrowed by nulls and widened by lists, step by step.
 */
import { WeirError } from '../../base/error.js';
import type { Column } from '../../types/column.js';
import type { DataField, DataType } from '../../types/data-type.js';
import { childTypes } from '../../types/layout.js';

/** One step of a leaf's way: a column, whether it may be missing, and which child follows. */
interface Step {
  readonly kind: 'leaf' | 'row' | 'list';
  readonly nullable: boolean;
  readonly child: number;
}

export interface WriteLeaf {
  /** number of the top-level field */
  readonly field: number;
  readonly type: DataType;
  readonly path: readonly string[];
  readonly steps: readonly Step[];
  readonly maxDefinition: number;
  readonly maxRepetition: number;
}

/** The leaves of all fields, in the schema's order. */
export function writeLeaves(fields: readonly DataField[]): WriteLeaf[] {
  const out: WriteLeaf[] = [];
  const visit = (
    field: number,
    type: DataType,
    path: readonly string[],
    steps: readonly Step[],
    definition: number,
    repetition: number,
  ) => {
    const { nullable } = type;
    const defined = definition + (nullable ? 1 : 0);
    const children = childTypes(type);
    if (type.kind === 'ROW') {
      type.fields.forEach((member, child) => {
        visit(field, member.type, [...path, member.name], [...steps, { kind: 'row', nullable, child }], defined, repetition);
      });
    } else if (children.length > 0) {
      const names = type.kind === 'ARRAY' ? [['list', 'element']] : ['key', 'value'].map((name) => ['key_value', name]);
      children.forEach((childType, child) => {
        // Parquet's map keys are required.
        const inner = type.kind !== 'ARRAY' && child === 0 ? { ...childType, nullable: false } : childType;
        visit(field, inner, [...path, ...names[child]!], [...steps, { kind: 'list', nullable, child }], defined + 1, repetition + 1);
      });
    } else {
      const leafSteps: readonly Step[] = [...steps, { kind: 'leaf', nullable, child: 0 }];
      out.push({ field, type, path, steps: leafSteps, maxDefinition: defined, maxRepetition: repetition });
    }
  };
  for (const [i, field] of fields.entries()) visit(i, field.type, [field.name], [], 0, 0);
  return out;
}

export interface Shredded {
  /** the leaf's column, and the places of the present values in it */
  readonly column: Column;
  readonly index: Uint32Array;
  readonly present: number;
  /** levels of each entry */
  readonly count: number;
  readonly definitions: Uint8Array;
  readonly repetitions: Uint8Array;
}

const GONE = 0xffffffff;

/** Rows first … end-1 of the top-level column. */
export function shred(leaf: WriteLeaf, top: Column, first: number, end: number): Shredded {
  let count = end - first;
  let places = new Uint32Array(count);
  for (let i = 0; i < count; i++) places[i] = first + i;
  let definitions = new Uint8Array(count);
  let repetitions = new Uint8Array(count);
  let column = top;
  let definition = 0;
  let repetition = 0;
  for (const step of leaf.steps) {
    const bits = column.validity;
    if (step.nullable) definition++;
    for (let i = 0; i < count; i++) {
      const place = places[i]!;
      if (place === GONE) continue;
      if (bits !== null && ((bits[place >> 3]! >> (place & 7)) & 1) === 0) {
        if (!step.nullable)
          throw new WeirError('INVALID_ARGUMENT', `a value of ${leaf.path.join('.')} is missing, which its type does not allow`);
        places[i] = GONE;
      } else definitions[i] = definition;
    }
    if (step.kind === 'list') {
      definition++;
      repetition++;
      const offsets = column.offsets!;
      let total = 0;
      for (let i = 0; i < count; i++) {
        const place = places[i]!;
        total += place === GONE ? 1 : Math.max(1, offsets[place + 1]! - offsets[place]!);
      }
      const inner = new Uint32Array(total);
      const innerDefinitions = new Uint8Array(total);
      const innerRepetitions = new Uint8Array(total);
      let to = 0;
      for (let i = 0; i < count; i++) {
        const place = places[i]!;
        const from = place === GONE ? 0 : offsets[place]!;
        const stop = place === GONE ? 0 : offsets[place + 1]!;
        innerRepetitions[to] = repetitions[i]!;
        if (from >= stop) {
          inner[to] = GONE;
          innerDefinitions[to++] = definitions[i]!;
          continue;
        }
        for (let entry = from; entry < stop; entry++) {
          inner[to] = entry;
          innerDefinitions[to] = definition;
          if (entry > from) innerRepetitions[to] = repetition;
          to++;
        }
      }
      count = total;
      places = inner;
      definitions = innerDefinitions;
      repetitions = innerRepetitions;
    }
    if (step.kind !== 'leaf') column = column.children![step.child]!;
  }
  let present = 0;
  for (let i = 0; i < count; i++) if (places[i] !== GONE) places[present++] = places[i]!;
  return { column, index: places, present, count, definitions, repetitions };
}

/** Bytes of rows first … end-1, roughly: what pages and row groups are measured by. */
export function extent_bytes(column: Column, first: number, end: number): number {
  const { offsets, children, values } = column;
  if (offsets === undefined) {
    if (children !== undefined) return children.reduce((sum, child) => sum + extent_bytes(child, first, end), 0);
    return column.length === 0 ? 0 : (values!.byteLength / column.length) * (end - first);
  }
  const start = offsets[first]!;
  const stop = offsets[end]!;
  if (children === undefined) return stop - start + 4 * (end - first);
  return children.reduce((sum, child) => sum + extent_bytes(child, start, stop), end - first);
}
