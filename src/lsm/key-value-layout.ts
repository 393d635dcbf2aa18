/**
 * Rows in the columns of a key-value file: `_KEY_*`, `_SEQUENCE_NUMBER`, `_VALUE_KIND`, the table's columns.
 *
 * Buffers are shared with the rows, not copied.
 */
import { type TableSchema, trimmedPrimaryKey } from '../meta/table-schema.js';
import type { Batch, Column } from '../types/column.js';
import type { DataField } from '../types/data-type.js';
import { keyValueFields } from './file-fields.js';
import type { MergeSpec } from './merge.js';
import type { SortSequence } from './sort.js';

export class KeyValueLayout {
  readonly #fields: readonly DataField[];
  readonly #keyColumns: readonly number[];
  readonly #sequenceFields: readonly number[];
  readonly #ascending: boolean;

  /** @param sequenceFields positions of the `sequence.field` columns in the table's fields */
  constructor(schema: TableSchema, sequenceFields: readonly number[], ascending: boolean) {
    this.#sequenceFields = sequenceFields;
    this.#ascending = ascending;
    this.#fields = keyValueFields(schema);
    this.#keyColumns = trimmedPrimaryKey(schema).map((name) => schema.fields.findIndex((field) => field.name === name));
  }

  /** @param numbers sequence numbers, one a row, or the first of consecutive ones */
  batch(rows: Batch, kinds: Uint8Array, numbers: bigint | BigInt64Array): Batch {
    const { length } = rows;
    const sequence = typeof numbers === 'bigint' ? consecutive(numbers, length) : numbers;
    const k = this.#keyColumns.length;
    const system = (index: number, values: BigInt64Array | Int8Array): Column => {
      return { type: this.#fields[k + index]!.type, length, validity: null, values, offsets: undefined, children: undefined };
    };
    const keys = this.#keyColumns.map((position, index) => ({ ...rows.columns[position]!, type: this.#fields[index]!.type }));
    const kind = new Int8Array(kinds.buffer, kinds.byteOffset, length);
    return { fields: this.#fields, columns: [...keys, system(0, sequence), system(1, kind), ...rows.columns], length };
  }

  keys(batch: Batch): readonly Column[] {
    return batch.columns.slice(0, this.#keyColumns.length);
  }

  sequence(batch: Batch): SortSequence {
    return { userFields: this.#userSequence().map((index) => batch.columns[index]!), ascending: this.#ascending };
  }

  mergeSpec(batchRows: number): MergeSpec {
    const k = this.#keyColumns.length;
    return {
      keyColumns: this.#keyColumns.map((_, index) => index),
      sequenceColumn: k,
      kindColumn: k + 1,
      userSequence: { columns: this.#userSequence(), ascending: this.#ascending },
      ignoreDelete: false,
      dropDelete: false,
      outputColumns: this.#fields.map((_, index) => index),
      batchRows,
    };
  }

  #userSequence(): number[] {
    return this.#sequenceFields.map((position) => this.#keyColumns.length + 2 + position);
  }
}

function consecutive(first: bigint, length: number): BigInt64Array {
  const numbers = new BigInt64Array(length);
  for (let row = 0; row < length; row++) numbers[row] = first + BigInt(row);
  return numbers;
}
