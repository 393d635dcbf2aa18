/**
 * Batches as an Arrow IPC stream, written directly: what commits every few milliseconds cannot wait for general machinery.
 *
 *   schema message ─ record batch message, body ─ … ─ end        a message: -1, length, flatbuffer, to a multiple of 8 bytes
 *
 * The schema message is made once, by Arrow's own writer; a text in its metadata is put in place at each stream. Record batch
 * messages have one form, so that their flatbuffers are written at fixed places (format/Message.fbs of Arrow).
 * Invariant: buffers start at multiples of 8; what is read back, by any reader of Arrow, equals `toRecordBatch` of the batch.
 */
import { RecordBatchStreamWriter, Schema } from 'apache-arrow';
import { nanosOf } from './arrow.js';
import { arrowSchema } from './arrow-type.js';
import { bitmapBytes, countBits } from './bitmap.js';
import type { Batch, Column } from './column.js';
import type { DataField } from './data-type.js';
import { layoutOf } from './layout.js';

const PREFIX_BYTES = 8;
const END_BYTES = 8;
const CONTINUATION = 0xffffffff;
/** where the vectors of nodes and buffers begin in the flatbuffer of a record batch message */
const VECTORS_AT = 76;
const NO_BYTES = new Uint8Array(0);

/** A record batch's body: lengths and nulls of its columns, depth first, and their buffers. */
interface Body {
  readonly length: number;
  /** two a column: length, number of nulls */
  readonly nodes: number[];
  readonly buffers: Uint8Array[];
  size_bytes: number;
}

export class ArrowStreamEncoder {
  /** flatbuffer of the schema message */
  readonly #schema: Uint8Array;
  /** place in it of the reference to the metadata's text */
  readonly #textAt: number | undefined;

  /** @param key of the metadata under which each stream carries a text; undefined: it carries none */
  constructor(fields: readonly DataField[], key?: string) {
    const writer = new RecordBatchStreamWriter({ autoDestroy: false });
    writer.reset(undefined, new Schema(arrowSchema(fields).fields, key === undefined ? new Map() : new Map([[key, '']])));
    writer.finish();
    this.#schema = writer.toUint8Array(true).slice(PREFIX_BYTES, -END_BYTES);
    writer.close();
    this.#textAt = key === undefined ? undefined : metadataValueAt(this.#schema);
  }

  /** @param spare_bytes left at the end, zeroed, for the caller */
  encode(batches: readonly Batch[], text = '', spare_bytes = 0): Uint8Array {
    const texts = this.#textAt === undefined ? NO_BYTES : Buffer.from(text);
    const bodies = batches.map(bodyOf);
    const schema_bytes = this.#schema.length + (this.#textAt === undefined ? 0 : padded(4 + texts.length + 1));
    let size_bytes = PREFIX_BYTES + schema_bytes + END_BYTES + spare_bytes;
    for (const body of bodies) size_bytes += PREFIX_BYTES + messageBytes(body) + body.size_bytes;
    const bytes = new Uint8Array(size_bytes);
    const view = new DataView(bytes.buffer);
    writePrefix(view, 0, schema_bytes);
    bytes.set(this.#schema, PREFIX_BYTES);
    if (this.#textAt !== undefined) {
      // the text comes last in the flatbuffer: references are forward distances
      view.setUint32(PREFIX_BYTES + this.#textAt, this.#schema.length - this.#textAt, true);
      view.setUint32(PREFIX_BYTES + this.#schema.length, texts.length, true);
      bytes.set(texts, PREFIX_BYTES + this.#schema.length + 4);
    }
    let at = PREFIX_BYTES + schema_bytes;
    for (const body of bodies) at = writeBatch(bytes, view, at, body);
    writePrefix(view, at, 0);
    return bytes;
  }
}

function bodyOf(batch: Batch): Body {
  const body: Body = { length: batch.length, nodes: [], buffers: [], size_bytes: 0 };
  for (const column of batch.columns) addColumn(body, column);
  for (const buffer of body.buffers) body.size_bytes += padded(buffer.length);
  return body;
}

function addColumn(body: Body, column: Column): void {
  const { type, length, validity, offsets, children } = column;
  body.nodes.push(length, validity === null ? 0 : length - countBits(validity, length));
  body.buffers.push(validity === null ? NO_BYTES : validity.subarray(0, bitmapBytes(length)));
  const layout = layoutOf(type);
  switch (layout) {
    case 'bits':
      body.buffers.push((column.values as Uint8Array).subarray(0, bitmapBytes(length)));
      return;
    case 'bytes':
      body.buffers.push(bytesOf(offsets!, length + 1), (column.values as Uint8Array).subarray(0, offsets![length]!));
      return;
    case 'list':
      body.buffers.push(bytesOf(offsets!, length + 1));
      if (type.kind !== 'ARRAY') {
        // keys and values are columns of an entry
        body.nodes.push(children![0]!.length, 0);
        body.buffers.push(NO_BYTES);
      }
      break;
    case 'row':
      break;
    case 'int128':
      body.buffers.push(type.kind === 'DECIMAL' ? bytesOf(column.values!, 2 * length) : bytesOf(nanosOf(column), length));
      return;
    default:
      body.buffers.push(bytesOf(column.values!, length));
      return;
  }
  for (const child of children!) addColumn(body, child);
}

function messageBytes({ nodes, buffers }: Body): number {
  return VECTORS_AT + 4 + 8 * nodes.length + 8 + 16 * buffers.length;
}

/** Writes the message and the body after it; where they end. */
function writeBatch(bytes: Uint8Array, view: DataView, start: number, body: Body): number {
  const { nodes, buffers } = body;
  const message_bytes = messageBytes(body);
  writePrefix(view, start, message_bytes);
  const at = start + PREFIX_BYTES;
  const shorts = (place: number, ...values: number[]) => {
    for (const [i, value] of values.entries()) view.setUint16(at + place + 2 * i, value, true);
  };
  view.setUint32(at, 16, true);
  // Message: version, header type, header, body length
  shorts(4, 12, 24, 16, 18, 4, 8);
  view.setInt32(at + 16, 12, true);
  view.setUint32(at + 20, 36, true);
  setLong(view, at + 24, body.size_bytes);
  view.setInt16(at + 32, 4, true);
  view.setUint8(at + 34, 3);
  // RecordBatch: length, nodes, buffers
  shorts(40, 10, 20, 8, 4, 16);
  view.setInt32(at + 56, 16, true);
  view.setUint32(at + 60, VECTORS_AT - 60, true);
  setLong(view, at + 64, body.length);
  const buffersAt = VECTORS_AT + 4 + 8 * nodes.length + 4;
  view.setUint32(at + 72, buffersAt - 72, true);
  view.setUint32(at + VECTORS_AT, nodes.length / 2, true);
  for (let i = 0; i < nodes.length; i++) setLong(view, at + VECTORS_AT + 4 + 8 * i, nodes[i]!);
  view.setUint32(at + buffersAt, buffers.length, true);
  const bodyAt = at + message_bytes;
  let offset = 0;
  for (let i = 0; i < buffers.length; i++) {
    const buffer = buffers[i]!;
    setLong(view, at + buffersAt + 4 + 16 * i, offset);
    setLong(view, at + buffersAt + 4 + 16 * i + 8, buffer.length);
    bytes.set(buffer, bodyAt + offset);
    offset += padded(buffer.length);
  }
  return bodyAt + offset;
}

function writePrefix(view: DataView, at: number, length: number): void {
  view.setUint32(at, CONTINUATION, true);
  view.setUint32(at + 4, length, true);
}

function setLong(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}

function bytesOf(view: ArrayBufferView & { readonly BYTES_PER_ELEMENT: number }, count: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, count * view.BYTES_PER_ELEMENT);
}

/**
 * The text that a stream of `ArrowStreamEncoder` carries under `key`; undefined when it stands under another.
 *
 * @throws RangeError for bytes that are no such stream
 */
export function streamText(bytes: Uint8Array, key: string): string | undefined {
  const { view, follow, field } = flatbufferAt(bytes.subarray(PREFIX_BYTES));
  const text = (at: number) => {
    const start = follow(at);
    return Buffer.from(view.buffer, view.byteOffset + start + 4, view.getUint32(start, true)).toString();
  };
  const entry = metadataEntryAt({ follow, field });
  return text(field(entry, 0)) === key ? text(field(entry, 1)) : undefined;
}

/** Where the first entry of a schema message's metadata refers to its value: KeyValue.value. */
function metadataValueAt(flatbuffer: Uint8Array): number {
  const { follow, field } = flatbufferAt(flatbuffer);
  return field(metadataEntryAt({ follow, field }), 1);
}

/** Message.header, Schema.custom_metadata, its first entry */
function metadataEntryAt({ follow, field }: Pick<ReturnType<typeof flatbufferAt>, 'follow' | 'field'>): number {
  const schema = follow(field(follow(0), 2));
  return follow(follow(field(schema, 2)) + 4);
}

/** The ways about in a flatbuffer: along a reference, to a field of a table. */
function flatbufferAt(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const follow = (at: number) => at + view.getUint32(at, true);
  const field = (table: number, id: number) => table + view.getUint16(table - view.getInt32(table, true) + 4 + 2 * id, true);
  return { view, follow, field };
}
