/**
 * Ids of columns, by Paimon's rule: a column takes the next id and then its nested members theirs; inside a nested ROW a
 * member's own members come before it. ARRAY, MAP and MULTISET have no id; a MAP's key comes before its value.
 *
 *   a INT, b STRING, r ROW<x INT, y ROW<z INT>, m MAP<STRING, INT>>     a0 b1 r2 x3 z4 y5 m6
 *
 * Invariant: an id is unique in a table and is never given again, not after its column was dropped either.
 */
import type { DataField, DataType } from '../types/data-type.js';

/** ids from here on belong to system columns */
const SYSTEM_IDS = 1073741823;

/** Gives ids from a counter that only goes up. */
export class FieldIds {
  #highest: number;

  /** @param highest the highest id given so far, -1 for none */
  constructor(highest: number) {
    this.#highest = highest;
  }

  get highest(): number {
    return this.#highest;
  }

  /** A column with a new id, its members with the next. */
  column(field: DataField): DataField {
    const id = ++this.#highest;
    return { ...field, id, type: this.#type(field.type) };
  }

  #type(type: DataType): DataType {
    switch (type.kind) {
      case 'ARRAY':
      case 'MULTISET':
        return { ...type, element: this.#type(type.element) };
      case 'MAP': {
        const key = this.#type(type.key);
        return { ...type, key, value: this.#type(type.value) };
      }
      case 'ROW':
        return {
          ...type,
          fields: type.fields.map((field) => {
            const inner = this.#type(field.type);
            return { ...field, id: ++this.#highest, type: inner };
          }),
        };
      default:
        return type;
    }
  }
}

/** The highest id among columns and their members; -1 without any. */
export function highestFieldId(fields: readonly DataField[]): number {
  let highest = -1;
  const visit = (type: DataType): void => {
    switch (type.kind) {
      case 'ARRAY':
      case 'MULTISET':
        visit(type.element);
        return;
      case 'MAP':
        visit(type.key);
        visit(type.value);
        return;
      case 'ROW':
        for (const field of type.fields) visitField(field);
        return;
      default:
    }
  };
  const visitField = (field: DataField): void => {
    if (field.id < SYSTEM_IDS) highest = Math.max(highest, field.id);
    visit(field.type);
  };
  for (const field of fields) visitField(field);
  return highest;
}
