/** A piece of an input, in the table's columns, that knows where each of its rows stood. */
import type { Batch } from '../../types/column.js';
import type { DataField } from '../../types/data-type.js';
import type { SourceOptions } from './text-source.js';

export type InputFormat = 'jsonl' | 'csv' | 'parquet' | 'arrow';
export const INPUT_FORMATS: readonly InputFormat[] = ['jsonl', 'csv', 'parquet', 'arrow'];

export interface InputBatch {
  readonly batch: Batch;
  /** `_VALUE_KIND` a row; null = every row is an insert */
  readonly kinds: Uint8Array | null;
  /** what messages call the input */
  readonly source: string;
  /** the line on which each row begins (text), counted from 1 */
  readonly lines: Uint32Array | undefined;
  /** ordinal of the first row in its file (binary formats), from 0 */
  readonly firstRow: number;
}

export interface InputOptions extends SourceOptions {
  /** the table's fields */
  readonly fields: readonly DataField[];
  /** column or key that holds `+I -U +U -D` */
  readonly kindColumn: string | undefined;
}

/** `flights.csv line 17`, `flights.parquet row 17`: where row `row` of this piece stood. */
export function placeOf(input: Pick<InputBatch, 'source' | 'lines' | 'firstRow'>, row: number): string {
  return input.lines ? `${input.source} line ${input.lines[row] ?? 0}` : `${input.source} row ${input.firstRow + row + 1}`;
}

/** By `--format`, otherwise by the file's name. */
export function formatOf(file: string, format: InputFormat | undefined): InputFormat | undefined {
  if (format) return format;
  const name = file.toLowerCase();
  if (/\.(jsonl|ndjson|json)$/.test(name)) return 'jsonl';
  if (/\.csv$/.test(name)) return 'csv';
  if (/\.(parquet|parq|pq)$/.test(name)) return 'parquet';
  if (/\.(arrow|arrows|ipc|feather)$/.test(name)) return 'arrow';
  return file === '-' ? 'jsonl' : undefined;
}
