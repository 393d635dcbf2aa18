/** An Arrow IPC stream: schema, one record batch a batch, end. */
import { AsyncByteQueue, type RecordBatch, RecordBatchStreamWriter, type Schema } from 'apache-arrow';
import { arrowSchema, toRecordBatch } from '../../types/arrow.js';
import { KIND_FIELD } from './kind-column.js';
import { type ByteSink, kindFirst, type RowWriter, type RowWriterOptions } from './row-writer.js';

/** Arrow's writer pushes into a queue without waiting; this one is emptied after each batch, so nothing piles up. */
class ChunkQueue extends AsyncByteQueue {
  #chunks: Uint8Array[] = [];

  override write(chunk: ArrayBufferView | ArrayBufferLike): void {
    const view = ArrayBuffer.isView(chunk) ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength) : new Uint8Array(chunk);
    if (view.byteLength > 0) this.#chunks.push(view);
  }

  async drainTo(sink: ByteSink): Promise<void> {
    const chunks = this.#chunks;
    this.#chunks = [];
    for (const chunk of chunks) await sink.write(chunk);
  }
}

export function arrowWriter({ sink, fields, kinds: withKinds }: RowWriterOptions): RowWriter {
  const queue = new ChunkQueue();
  const schema: Schema = arrowSchema(withKinds ? [KIND_FIELD, ...fields] : fields);
  const writer = new RecordBatchStreamWriter();
  writer.reset(queue, schema);
  return {
    async write(batch, kinds) {
      const recordBatch: RecordBatch = toRecordBatch(kindFirst(batch, kinds));
      writer.write(recordBatch);
      await queue.drainTo(sink);
    },
    async finish() {
      writer.finish();
      await queue.drainTo(sink);
    },
  };
}
