/**
 * The rows by which two states of one bucket differ: a worker's task.
 *
 *   before   1a  2b      4d          both in key order, each key once
 *   after    1a  2x  3c
 *   yields      -U2b +U2x  +I3c  -D4d       the table's columns, then `_VALUE_KIND`
 *
 * Of a side that is not there every row comes (+I), or goes (-D). A batch ends where one of the two sides' does, and may be empty:
 * so their number does not depend on which columns the table has today.
 */
import { defineTask, Transfer } from '../base/executor.js';
import { KIND_FIELD } from '../lsm/file-fields.js';
import { trimmedPrimaryKey } from '../meta/table-schema.js';
import { type Batch, type Column, DELETE, INSERT, UPDATE_AFTER, UPDATE_BEFORE } from '../types/column.js';
import { rowComparator } from '../types/compare.js';
import { rowEquality } from '../types/equal.js';
import { gatherBatch, sliceBatch, transferables } from '../types/take.js';
import { readSplit, type SplitInput } from './split-task.js';

/** Both with all columns of the table. */
export interface DifferenceInput {
  readonly before: SplitInput | undefined;
  readonly after: SplitInput | undefined;
}

export async function* readDifference({ before, after }: DifferenceInput, signal?: AbortSignal): AsyncGenerator<Transfer<Batch>> {
  const sides = [new Side(before, signal), new Side(after, signal)] as const;
  const keys = trimmedPrimaryKey((before ?? after)!.schema);
  try {
    await Promise.all(sides.map((side) => side.fill()));
    for (;;) {
      const [was, is] = sides;
      if (was.batch === undefined && is.batch === undefined) return;
      const batch = was.batch === undefined ? is.rest(INSERT) : is.batch === undefined ? was.rest(DELETE) : step(was, is, keys);
      yield new Transfer(batch, transferables(batch));
      await Promise.all(sides.map((side) => side.fill()));
    }
  } finally {
    await Promise.all(sides.map((side) => side.close()));
  }
}

export const differenceTask = defineTask(import.meta.url, 'readDifference', readDifference);

/** The rows of one side, a batch at a time. */
class Side {
  batch: Batch | undefined;
  /** rows of the batch that are done */
  at = 0;
  readonly #source: AsyncGenerator<Transfer<Batch>> | undefined;

  constructor(input: SplitInput | undefined, signal: AbortSignal | undefined) {
    this.#source = input && readSplit(input, signal);
  }

  /** The next batch, when this one is done. */
  async fill(): Promise<void> {
    if (this.batch !== undefined && this.at < this.batch.length) return;
    const next = await this.#source?.next();
    this.batch = next === undefined || next.done === true ? undefined : next.value.value;
    this.at = 0;
  }

  rest(kind: number): Batch {
    const rows = sliceBatch(this.batch!, this.at, this.batch!.length);
    this.at = this.batch!.length;
    return withKinds(rows, new Int8Array(rows.length).fill(kind));
  }

  async close(): Promise<void> {
    await this.#source?.return(undefined);
  }
}

/** Walks both to the end of one batch. */
function step(was: Side, is: Side, keys: readonly string[]): Batch {
  const [a, b] = [was.batch!, is.batch!];
  const compare = rowComparator(columnsNamed(a, keys), columnsNamed(b, keys));
  const isSame = rowEquality(a.columns, b.columns);
  const most = a.length - was.at + b.length - is.at;
  const source = new Uint8Array(most);
  const row = new Uint32Array(most);
  const kinds = new Int8Array(most);
  let [i, j, count] = [was.at, is.at, 0];
  const put = (side: number, at: number, kind: number) => {
    source[count] = side;
    row[count] = at;
    kinds[count++] = kind;
  };
  while (i < a.length && j < b.length) {
    const order = compare(i, j);
    if (order < 0) put(0, i++, DELETE);
    else if (order > 0) put(1, j++, INSERT);
    else {
      if (!isSame(i, j)) {
        put(0, i, UPDATE_BEFORE);
        put(1, j, UPDATE_AFTER);
      }
      i++;
      j++;
    }
  }
  was.at = i;
  is.at = j;
  return withKinds(gatherBatch([a, b], source.subarray(0, count), row.subarray(0, count), count), kinds.slice(0, count));
}

function columnsNamed({ fields, columns }: Batch, names: readonly string[]): Column[] {
  return names.map((name) => columns[fields.findIndex((field) => field.name === name)]!);
}

function withKinds({ fields, columns, length }: Batch, values: Int8Array): Batch {
  const kinds: Column = { type: KIND_FIELD.type, length, validity: null, values, offsets: undefined, children: undefined };
  return { fields: [...fields, KIND_FIELD], columns: [...columns, kinds], length };
}
