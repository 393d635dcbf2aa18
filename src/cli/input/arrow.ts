/** Arrow IPC, stream or file. A file is read batch by batch where it lies; stdin as it comes. */
import { type FileHandle, open } from 'node:fs/promises';
import { type RecordBatch, RecordBatchReader, type Schema } from 'apache-arrow';
import { WeirError } from '../../base/error.js';
import { fromRecordBatch } from '../../types/arrow.js';
import type { InputBatch, InputOptions } from './input-batch.js';
import { valueKinds } from './row-kinds.js';
import { byteChunks, sourceName } from './text-source.js';

export async function* readArrow(file: string, options: InputOptions): AsyncGenerator<InputBatch, void, undefined> {
  const source = sourceName(file);
  let firstRow = 0;
  for await (const recordBatch of recordBatches(file, options)) {
    options.signal?.throwIfAborted();
    const names = recordBatch.schema.fields.map((field) => field.name);
    const known = new Set(options.fields.map((field) => field.name));
    const unknown = names.find((name) => !known.has(name) && name !== options.kindColumn);
    if (unknown !== undefined) throw new WeirError('INVALID_ARGUMENT', `${source}: the table has no column '${unknown}'`, { file: source });
    const { kindColumn } = options;
    const vector = kindColumn === undefined ? null : recordBatch.getChild(kindColumn);
    const place = { source, lines: undefined, firstRow };
    const kinds = vector && kindColumn !== undefined ? valueKinds(recordBatch.numRows, (row) => vector.get(row), kindColumn, place) : null;
    const columns = recordBatch.select(names.filter((name) => known.has(name)));
    const batch = inFile(source, () => fromRecordBatch(columns, options.fields));
    yield { batch, kinds, source, lines: undefined, firstRow };
    firstRow += recordBatch.numRows;
  }
}

/** The schema alone, for `create --like`. */
export async function arrowSchemaOf(file: string): Promise<Schema> {
  const handle = await open(file);
  try {
    const reader = await inFileAsync(file, async () => (await RecordBatchReader.from(handle)).open());
    return reader.schema;
  } finally {
    await handle.close();
  }
}

async function* recordBatches(file: string, options: InputOptions): AsyncGenerator<RecordBatch, void, undefined> {
  const source = sourceName(file);
  let handle: FileHandle | undefined;
  try {
    if (file !== '-') handle = await open(file);
    const reader = await inFileAsync(source, async () => (await (handle ? RecordBatchReader.from(handle) : RecordBatchReader.from(byteChunks(file, options)))).open());
    for (;;) {
      const next = await inFileAsync(source, async () => reader.next());
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await handle?.close().catch(() => undefined);
  }
}

function inFile<T>(source: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof WeirError)) throw error;
    throw new WeirError(error.code, `${source}: ${error.message}`, { cause: error, file: source });
  }
}

async function inFileAsync<T>(source: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof WeirError) throw cause;
    throw new WeirError('CORRUPTION', `${source} is not an Arrow stream or file: ${cause instanceof Error ? cause.message : String(cause)}`, { cause, file: source });
  }
}
