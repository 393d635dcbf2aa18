/**
 * The rows of one bucket that wait to be flushed, in order of arrival.
 *
 * Invariants: the buffer owns its memory (rows are copied in, so a caller may reuse its arrays, and a flush may move the
 * buffers to a worker). Rows of a log carry their numbers; of others row i of the buffer has number `firstSequence + i`.
 */
import type { Batch, Column } from '../types/column.js';
import { INSERT } from '../types/column.js';
import { columnBytes, takeBatch } from '../types/take.js';

export interface BufferedRows {
  readonly batches: readonly Batch[];
  /** row kinds, one array a batch */
  readonly kinds: readonly Uint8Array[];
  /** sequence numbers, one array a batch; undefined when they are consecutive from the flush's first */
  readonly numbers: readonly BigInt64Array[] | undefined;
  readonly rows: number;
  readonly size_bytes: number;
}

export class WriteBuffer {
  #batches: Batch[] = [];
  #kinds: Uint8Array[] = [];
  #numbers: BigInt64Array[] | undefined;
  #rows = 0;
  #size_bytes = 0;

  get rows(): number {
    return this.#rows;
  }

  get size_bytes(): number {
    return this.#size_bytes;
  }

  /**
   * `rows` null = all of the batch; `kinds` null = all INSERT; `first` is the number of the batch's first row, given for all
   * batches of a buffer or for none.
   */
  add(batch: Batch, rows: Uint32Array | null, kinds: Uint8Array | null, first?: bigint): void {
    const own = rows === null ? copyBatch(batch) : takeBatch(batch, rows);
    const ownKinds = new Uint8Array(own.length);
    if (kinds === null) ownKinds.fill(INSERT);
    else if (rows === null) ownKinds.set(kinds);
    else for (let i = 0; i < rows.length; i++) ownKinds[i] = kinds[rows[i]!]!;
    if (first !== undefined) {
      const numbers = new BigInt64Array(own.length);
      for (let i = 0; i < numbers.length; i++) numbers[i] = first + BigInt(rows === null ? i : rows[i]!);
      this.#numbers ??= [];
      this.#numbers.push(numbers);
    }
    this.#batches.push(own);
    this.#kinds.push(ownKinds);
    this.#rows += own.length;
    this.#size_bytes += ownKinds.length * 9;
    for (const column of own.columns) this.#size_bytes += columnBytes(column);
  }

  /** Hands over all rows and starts again. */
  drain(): BufferedRows {
    const drained = {
      batches: this.#batches,
      kinds: this.#kinds,
      numbers: this.#numbers,
      rows: this.#rows,
      size_bytes: this.#size_bytes,
    };
    this.#batches = [];
    this.#kinds = [];
    this.#numbers = undefined;
    this.#rows = 0;
    this.#size_bytes = 0;
    return drained;
  }
}

function copyBatch(batch: Batch): Batch {
  return { fields: batch.fields, columns: batch.columns.map(copyColumn), length: batch.length };
}

function copyColumn(column: Column): Column {
  const { offsets, values } = column;
  // Of strings only the bytes in use are copied: a slice of a large batch may point at a much larger heap.
  const text = offsets !== undefined && values !== undefined;
  const from = text ? offsets[0]! : 0;
  return {
    type: column.type,
    length: column.length,
    validity: column.validity === null ? null : plain(column.validity).slice(),
    values: text
      ? plain(values as Uint8Array).slice(from, offsets[column.length]!)
      : values instanceof Uint8Array
        ? plain(values).slice()
        : values?.slice(),
    offsets: from === 0 ? offsets?.slice() : offsets?.map((offset) => offset - from),
    children: column.children?.map(copyColumn),
  };
}

/** A Buffer's own `slice` would share its memory, which may be the pool of all small Buffers. */
function plain(bytes: Uint8Array): Uint8Array {
  return Buffer.isBuffer(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : bytes;
}
