/**
 * Field ids by the format's rule (format-spec/schema): one counter for all, a column first and then what is in its type;
 * within a type a ROW's field comes after what is in its own type. ARRAY, MAP and MULTISET have no id.
 *
 *   a INT, r ROW<x INT, y ROW<z INT>, m MAP<STRING, INT>>   ->   a 0, r 1, x 2, z 3, y 4, m 5
 */
import type { DataField, DataType } from './data-type.js';

/** Numbers fields in the order the rule gives; ids are never used again, so there is one counter a table. */
export class FieldIds {
  private next: number;

  constructor(next: number) {
    this.next = next;
  }

  /** the highest id given out, or the one before the first */
  get highest(): number {
    return this.next - 1;
  }

  /** The column with ids for itself and for what is in its type. */
  column(field: DataField): DataField {
    const id = this.next++;
    return { ...field, id, type: this.type(field.type) };
  }

  type(type: DataType): DataType {
    switch (type.kind) {
      case 'ARRAY':
      case 'MULTISET':
        return { ...type, element: this.type(type.element) };
      case 'MAP': {
        const key = this.type(type.key);
        return { ...type, key, value: this.type(type.value) };
      }
      case 'ROW':
        return {
          ...type,
          fields: type.fields.map((field) => {
            const inner = this.type(field.type);
            return { ...field, type: inner, id: this.next++ };
          }),
        };
      default:
        return type;
    }
  }
}

/** The columns of a new table with their ids, from 0 on; ids they had are ignored. */
export function assignFieldIds(columns: readonly DataField[]): DataField[] {
  const ids = new FieldIds(0);
  return columns.map((column) => ids.column(column));
}
