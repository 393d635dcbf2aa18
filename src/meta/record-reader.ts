/**
 * Typed access to the members of an Avro record of unknown writer: by name, unknown members skipped, missing optional
 * ones null. Whatever is missing, of another type or out of range is CORRUPTION naming the file and the member.
 */
import { WeirError } from '../base/error.js';
import { checkRow, EMPTY_ROW, sameBytes } from './binary-row.js';
import type { SimpleStats } from './data-file-meta.js';

export class RecordReader {
  readonly #members: { readonly [name: string]: unknown };
  readonly #file: string;

  constructor(record: unknown, file: string) {
    if (typeof record !== 'object' || record === null || Array.isArray(record)) {
      throw new WeirError('CORRUPTION', `${file} holds something that is no record`, { file });
    }
    this.#members = record as { readonly [name: string]: unknown };
    this.#file = file;
  }

  has(name: string): boolean {
    return this.#members[name] !== undefined && this.#members[name] !== null;
  }

  int(name: string, least: number, most = 2147483647): number {
    const value = this.#members[name];
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    throw this.wrong(name);
  }

  /** a count or size, never negative */
  count(name: string): number {
    return this.int(name, 0, Number.MAX_SAFE_INTEGER);
  }

  long(name: string): bigint {
    const value = this.#members[name];
    if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
    if (typeof value === 'bigint') return value;
    throw this.wrong(name);
  }

  string(name: string): string {
    const value = this.#members[name];
    if (typeof value === 'string') return value;
    throw this.wrong(name);
  }

  strings(name: string): string[] {
    const value = this.#members[name];
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    throw this.wrong(name);
  }

  bytes(name: string): Uint8Array {
    const value = this.#members[name];
    if (value instanceof Uint8Array) return value;
    throw this.wrong(name);
  }

  /** a serialized BinaryRow; empty ones are all the same object */
  row(name: string): Uint8Array {
    const bytes = this.bytes(name);
    if (sameBytes(bytes, EMPTY_ROW)) return EMPTY_ROW;
    checkRow(bytes, this.#file);
    return bytes;
  }

  nested(name: string): RecordReader {
    return new RecordReader(this.#members[name], this.#file);
  }

  list(name: string): unknown[] {
    const value = this.#members[name];
    if (Array.isArray(value)) return value;
    throw this.wrong(name);
  }

  stats(name: string): SimpleStats {
    const stats = this.nested(name);
    const min = stats.row('_MIN_VALUES');
    const max = stats.row('_MAX_VALUES');
    if (!stats.has('_NULL_COUNTS')) return { min, max, nullCounts: null };
    const nullCounts = stats.list('_NULL_COUNTS').map((count) => {
      if (count === null) return null;
      if (typeof count !== 'number' && typeof count !== 'bigint') throw stats.wrong('_NULL_COUNTS');
      return BigInt(count);
    });
    return { min, max, nullCounts };
  }

  wrong(name: string): WeirError {
    const found = this.#members[name] === undefined ? 'missing' : 'not what it should be';
    return new WeirError('CORRUPTION', `${this.#file}: ${name} is ${found}`, { file: this.#file });
  }
}

/** How the stats record is written. */
export function statsToRecord(stats: SimpleStats): { [name: string]: unknown } {
  return { _MIN_VALUES: stats.min, _MAX_VALUES: stats.max, _NULL_COUNTS: stats.nullCounts };
}
