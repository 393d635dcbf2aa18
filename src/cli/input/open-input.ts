/** The rows of several inputs, one after the other. */
import { UsageError } from '../exit.js';
import { formatOf, type InputBatch, type InputFormat, type InputOptions } from './input-batch.js';

export interface NamedInput {
  readonly file: string;
  readonly format: InputFormat;
}

export function namedInputs(files: readonly string[], format: InputFormat | undefined): NamedInput[] {
  if (files.filter((file) => file === '-').length > 1) throw new UsageError('stdin (-) can be read once only');
  return files.map((file) => {
    const known = formatOf(file, format);
    if (known === undefined) throw new UsageError(`the name ${file} does not tell its format: give --format jsonl, csv, parquet or arrow`);
    return { file, format: known };
  });
}

export async function* inputBatches(inputs: readonly NamedInput[], options: InputOptions): AsyncGenerator<InputBatch, void, undefined> {
  for (const { file, format } of inputs) yield* await readerOf(format, file, options);
}

/** A format's reader is loaded when it is needed. */
async function readerOf(format: InputFormat, file: string, options: InputOptions): Promise<AsyncIterable<InputBatch>> {
  switch (format) {
    case 'jsonl':
      return (await import('./jsonl.js')).readJsonLines(file, options);
    case 'csv':
      return (await import('./csv.js')).readCsv(file, options);
    case 'parquet':
      return (await import('./parquet.js')).readParquet(file, options);
    case 'arrow':
      return (await import('./arrow.js')).readArrow(file, options);
  }
}
