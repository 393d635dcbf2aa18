/** Where the rows of a read go: one implementation a format. */
import type { Batch } from '../../types/column.js';
import type { DataField } from '../../types/data-type.js';
import { withKindColumn } from './kind-column.js';

export type OutputFormat = 'jsonl' | 'csv' | 'table' | 'parquet' | 'arrow';

/** Bytes on their way to stdout or into a file. */
export interface ByteSink {
  write(chunk: string | Uint8Array): Promise<void>;
}

export interface RowWriter {
  /** `kinds`: `_VALUE_KIND` a row, told as `_kind` before the columns */
  write(batch: Batch, kinds: Uint8Array | undefined): Promise<void>;
  /** what the format puts at its end; also when no row came */
  finish(): Promise<void>;
}

export interface RowWriterOptions {
  readonly sink: ByteSink;
  /** the columns of the result (without `_kind`) */
  readonly fields: readonly DataField[];
  readonly kinds: boolean;
  readonly numbers: 'exact' | 'plain';
  readonly color: boolean;
}

/** A format's writer is loaded when it is needed. */
export async function openRowWriter(format: Exclude<OutputFormat, 'parquet'>, options: RowWriterOptions): Promise<RowWriter> {
  switch (format) {
    case 'jsonl':
      return (await import('./jsonl.js')).jsonLinesWriter(options);
    case 'csv':
      return (await import('./csv.js')).csvWriter(options);
    case 'table':
      return (await import('./table.js')).tableWriter(options);
    case 'arrow':
      return (await import('./arrow.js')).arrowWriter(options);
  }
}

export function kindFirst(batch: Batch, kinds: Uint8Array | undefined): Batch {
  return kinds === undefined ? batch : withKindColumn(batch, kinds);
}
