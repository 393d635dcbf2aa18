/**
 * Random tables from a fixed seed, of the same shape and entropy as the Java programs': strings are slices of a pool of
 * random hex characters, so that making one costs next to nothing.
 */
import { type Data, type DataType, Field, Float64, Int32, Int64, makeData, RecordBatch, Schema, Struct, Utf8 } from 'apache-arrow';

const POOL_BYTES = 1 << 24;

export class RandomData {
  #state: number;
  readonly #pool = new Uint8Array(POOL_BYTES + 64);

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
    for (let i = 0; i < this.#pool.length; i++) this.#pool[i] = '0123456789abcdef'.charCodeAt(this.next() >>> 28);
  }

  /** 32 random bits, unsigned (splitmix32) */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }

  below(bound: number): number {
    return this.next() % bound;
  }

  int32(length: number): Data<Int32> {
    const data = new Int32Array(length);
    for (let i = 0; i < length; i++) data[i] = this.next() >>> 1;
    return makeData({ type: new Int32(), length, data });
  }

  /** random longs shifted right by `shift` bits (sign kept out), or below `bound` */
  int64(length: number, options: { shift?: number; bound?: number } = {}): Data<Int64> {
    const data = new BigInt64Array(length);
    const words = new Uint32Array(data.buffer);
    for (let i = 0; i < length; i++) {
      if (options.bound !== undefined) words[2 * i] = this.below(options.bound);
      else if (options.shift !== undefined && options.shift >= 32) words[2 * i] = this.next() >>> (options.shift - 32);
      else {
        words[2 * i] = this.next();
        words[2 * i + 1] = this.next();
      }
    }
    return int64Data(data);
  }

  float64(length: number, of: () => number): Data<Float64> {
    const data = new Float64Array(length);
    for (let i = 0; i < length; i++) data[i] = of();
    return makeData({ type: new Float64(), length, data });
  }

  strings(length: number, width: number): Data<Utf8> {
    const data = new Uint8Array(length * width);
    const valueOffsets = new Int32Array(length + 1);
    for (let i = 0; i < length; i++) {
      const from = this.next() % POOL_BYTES;
      for (let k = 0; k < width; k++) data[i * width + k] = this.#pool[from + k]!;
      valueOffsets[i + 1] = (i + 1) * width;
    }
    return makeData({ type: new Utf8(), length, data, valueOffsets });
  }
}

export function int64Data(data: BigInt64Array): Data<Int64> {
  return makeData({ type: new Int64(), length: data.length, data });
}

export function recordBatch(columns: Readonly<Record<string, Data>>, required: readonly string[]): RecordBatch {
  const fields = Object.entries(columns).map(([name, data]) => new Field(name, data.type as DataType, !required.includes(name)));
  const children = Object.values(columns);
  const length = children[0]!.length;
  return new RecordBatch(new Schema(fields), makeData({ type: new Struct(fields), length, children }));
}

/** BenchWrite's row: an INT key and 20 strings of 10. */
export function wideBatch(random: RandomData, rows: number): RecordBatch {
  const columns: Record<string, Data> = { k: random.int32(rows) };
  for (let i = 1; i <= 20; i++) columns[`f${i}`] = random.strings(rows, 10);
  return recordBatch(columns, ['k']);
}

/** BenchUpsert's columns. */
export const UPSERT_SCHEMA = {
  id: 'BIGINT NOT NULL',
  l1: 'BIGINT',
  l2: 'BIGINT',
  l3: 'BIGINT',
  d1: 'DOUBLE',
  d2: 'DOUBLE',
  d3: 'DOUBLE',
  s1: 'STRING',
  s2: 'STRING',
  s3: 'STRING',
} as const;

/** BenchUpsert's row for these keys. */
export function upsertBatch(random: RandomData, ids: BigInt64Array): RecordBatch {
  const rows = ids.length;
  return recordBatch(
    {
      id: int64Data(ids),
      l1: random.int64(rows),
      l2: random.int64(rows, { shift: 40 }),
      l3: random.int64(rows, { bound: 1000 }),
      d1: random.float64(rows, () => random.below(1_000_000) / 100),
      d2: random.float64(rows, () => (random.next() * 4294967296 + random.next()) * 1e-3),
      d3: random.float64(rows, () => random.below(100)),
      s1: random.strings(rows, 12),
      s2: random.strings(rows, 12),
      s3: random.strings(rows, 12),
    },
    ['id'],
  );
}

/** Keys 0..keys-1, each once, in a scattered order without a permutation in memory. */
export function scatteredKeys(keys: number): BigInt64Array {
  const bits = Math.max(1, 32 - Math.clz32(keys - 1));
  const mask = 2 ** bits - 1;
  const out = new BigInt64Array(keys);
  let filled = 0;
  for (let i = 0; i <= mask; i++) {
    const id = (Math.imul(i, 0x9e3779b1) >>> 0) & mask;
    if (id < keys) out[filled++] = BigInt(id);
  }
  return out;
}

export function randomKeys(random: RandomData, rows: number, keys: number): BigInt64Array {
  const out = new BigInt64Array(rows);
  for (let i = 0; i < rows; i++) out[i] = BigInt(random.below(keys));
  return out;
}
