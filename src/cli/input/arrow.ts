/** Arrow IPC, stream or file. A file is read batch by batch where it lies; stdin as it comes. */
import { type FileHandle, open } from 'node:fs/promises';
import { type RecordBatch, RecordBatchReader } from 'apache-arrow';
import { WeirError } from '../../base/error.js';
import { fromArrowSchema, fromRecordBatch } from '../../types/arrow.js';
import type { DataField } from '../../types/data-type.js';
import type { InputBatch, InputOptions } from './input-batch.js';
import { valueKinds } from './row-kinds.js';
import { byteChunks, sourceName } from './text-source.js';

export async function* readArrow(file: string, options: InputOptions): AsyncGenerator<InputBatch, void, undefined> {
  const source = sourceName(file);
  let firstRow = 0;
  for await (const recordBatch of recordBatches(file, options)) {
    options.signal?.throwIfAborted();
    const { kindColumn } = options;
    const vector = kindColumn === undefined ? null : recordBatch.getChild(kindColumn);
    const place = { source, lines: undefined, firstRow };
    const kinds = vector && kindColumn !== undefined ? valueKinds(recordBatch.numRows, (row) => vector.get(row), kindColumn, place) : null;
    const isColumn = options.fields.some((field) => field.name === kindColumn);
    const names = recordBatch.schema.fields.map((field) => String(field.name));
    const columns = vector && !isColumn ? recordBatch.select(names.filter((name) => name !== kindColumn)) : recordBatch;
    const batch = inFile(`${source} from row ${firstRow + 1}`, () => fromRecordBatch(columns, options.fields));
    yield { batch, kinds, source, lines: undefined, firstRow };
    firstRow += recordBatch.numRows;
  }
}

/** The columns of a table like this file, for `create --like`. */
export async function arrowFieldsOf(file: string): Promise<DataField[]> {
  const handle = await open(file);
  try {
    const reader = await inFileAsync(file, async () => (await RecordBatchReader.from(handle)).open());
    return fromArrowSchema(reader.schema);
  } finally {
    await handle.close();
  }
}

async function* recordBatches(file: string, options: InputOptions): AsyncGenerator<RecordBatch, void, undefined> {
  const source = sourceName(file);
  let handle: FileHandle | undefined;
  try {
    if (file !== '-') handle = await open(file);
    const reader = await inFileAsync(source, async () =>
      (await (handle ? RecordBatchReader.from(handle) : RecordBatchReader.from(byteChunks(file, options)))).open(),
    );
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
    throw new WeirError(error.code, `${source}: ${error.message}`, { cause: error });
  }
}

async function inFileAsync<T>(source: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof WeirError) throw cause;
    throw new WeirError(
      'CORRUPTION',
      `${source} is not an Arrow stream or file: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause, file: source },
    );
  }
}
