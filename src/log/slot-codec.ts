/**
 * A slot's bytes, and a body's: an Arrow IPC stream with a checksum after its end.
 *
 *   slot   schema (metadata `weir.slot`: the header as JSON) ─ record batch of the inline rows, if any ─ end ─ WLOG ─ CRC-32
 *   body   schema ─ record batches ─ end                                         (length and CRC-32 stand in the slot)
 *
 * Columns are the table's, then `_VALUE_KIND`. Any Arrow reader reads both: it stops at the end of the stream.
 * Invariant: every column may be null in here, whatever the table says: a delete need not know more than its key.
 */
import { crc32 } from 'node:zlib';
import { type RecordBatch, RecordBatchReader } from 'apache-arrow';
import { WeirError } from '../base/error.js';
import { fromRecordBatch } from '../types/arrow.js';
import { ArrowStreamEncoder, streamText } from '../types/arrow-stream.js';
import type { Batch, Column } from '../types/column.js';
import type { DataField } from '../types/data-type.js';
import { formatHeader, parseHeader, type SlotHeader } from './slot.js';

/** Rows with their kinds. */
export interface LogRows {
  /** the table's columns */
  readonly batch: Batch;
  /** one a row: 0 +I, 1 -U, 2 +U, 3 -D */
  readonly kinds: Uint8Array;
}

/** The columns as they stand in the files of a log, and what writes them. A job writes the same ones again and again. */
interface LooseForm {
  readonly fields: readonly DataField[];
  readonly slots: ArrowStreamEncoder;
  readonly bodies: ArrowStreamEncoder;
}

const LOOSE_FORMS = new WeakMap<readonly DataField[], LooseForm>();
const HEADER_KEY = 'weir.slot';
const MAGIC = Uint8Array.of(0x57, 0x4c, 0x4f, 0x47);
const TRAILER_BYTES = 8;
const KIND_FIELD: DataField = { id: 2147483645, name: '_VALUE_KIND', type: { kind: 'TINYINT', nullable: true } };

/** a slot without rows */
const RECORDS = new ArrowStreamEncoder([], HEADER_KEY);

export function encodeSlot(header: SlotHeader, rows: LogRows | undefined): Uint8Array {
  const text = formatHeader(header);
  const bytes =
    rows === undefined
      ? RECORDS.encode([], text, TRAILER_BYTES)
      : looseForm(rows.batch.fields).slots.encode([withKinds(rows)], text, TRAILER_BYTES);
  const end = bytes.length - TRAILER_BYTES;
  bytes.set(MAGIC, end);
  new DataView(bytes.buffer).setUint32(end + 4, crc32(bytes.subarray(0, end)), true);
  return bytes;
}

/** @throws CORRUPTION naming the file */
export function decodeHeader(bytes: Uint8Array, file: string): SlotHeader {
  return parseHeader(headerText(checked(bytes, file), file), file);
}

/**
 * The inline rows.
 *
 * @param fields of the table under the header's schema
 * @throws CORRUPTION naming the file
 */
export function decodeSlotRows(bytes: Uint8Array, fields: readonly DataField[], file: string): LogRows[] {
  return decodeRows(openStream(checked(bytes, file), file), fields, file);
}

/** At least one batch, all under one schema. */
export function encodeBody(rows: readonly LogRows[]): Uint8Array {
  return looseForm(rows[0]!.batch.fields).bodies.encode(rows.map(withKinds));
}

/** @throws CORRUPTION when size or checksum differ from the slot's */
export function decodeBody(
  bytes: Uint8Array,
  expected: { readonly size_bytes: number; readonly crc32: number },
  fields: readonly DataField[],
  file: string,
): LogRows[] {
  if (bytes.length !== expected.size_bytes || crc32(bytes) !== expected.crc32)
    throw corrupt(file, 'its bytes are not those the slot names');
  return decodeRows(openStream(bytes, file), fields, file);
}

function withKinds({ batch, kinds }: LogRows): Batch {
  const values = new Int8Array(kinds.buffer, kinds.byteOffset, kinds.length);
  const kind: Column = { type: KIND_FIELD.type, length: kinds.length, validity: null, values, offsets: undefined, children: undefined };
  return { fields: looseForm(batch.fields).fields, columns: [...batch.columns, kind], length: batch.length };
}

function looseForm(fields: readonly DataField[]): LooseForm {
  const known = LOOSE_FORMS.get(fields);
  if (known !== undefined) return known;
  const loose = [...looseFields(fields), KIND_FIELD];
  const form = { fields: loose, slots: new ArrowStreamEncoder(loose, HEADER_KEY), bodies: new ArrowStreamEncoder(loose) };
  LOOSE_FORMS.set(fields, form);
  return form;
}

/** The columns as they may stand in a log: nullable, without defaults. */
function looseFields(fields: readonly DataField[]): DataField[] {
  return fields.map(({ id, name, type }) => ({ id, name, type: { ...type, nullable: true } }));
}

function checked(bytes: Uint8Array, file: string): Uint8Array {
  const end = bytes.length - TRAILER_BYTES;
  if (end < 0 || MAGIC.some((byte, i) => bytes[end + i] !== byte)) throw corrupt(file, 'its end is missing');
  const body = bytes.subarray(0, end);
  if (new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(end + 4, true) !== crc32(body))
    throw corrupt(file, 'it does not match its checksum');
  return body;
}

function openStream(bytes: Uint8Array, file: string): RecordBatchReader {
  try {
    return RecordBatchReader.from(bytes).open();
  } catch (cause) {
    throw corrupt(file, 'it is no Arrow stream', cause);
  }
}

/** Without Arrow's reader, which takes three times as long: every process reads the header of every slot. */
function headerText(bytes: Uint8Array, file: string): string {
  let text: string | undefined;
  try {
    text = streamText(bytes, HEADER_KEY);
  } catch (cause) {
    throw corrupt(file, 'it is no Arrow stream', cause);
  }
  if (text === undefined) throw corrupt(file, 'it has no header');
  return text;
}

function decodeRows(reader: RecordBatchReader, fields: readonly DataField[], file: string): LogRows[] {
  const wanted = looseForm(fields).fields;
  try {
    const parts: LogRows[] = [];
    for (const batch of reader as Iterable<RecordBatch>) {
      if (batch.numRows === 0) continue;
      const { columns, length } = fromRecordBatch(batch, wanted);
      const kinds = columns[fields.length]!.values as Int8Array;
      parts.push({
        batch: { fields, columns: columns.slice(0, -1).map((column, c) => ({ ...column, type: fields[c]!.type })), length },
        kinds: new Uint8Array(kinds.buffer, kinds.byteOffset, length),
      });
    }
    return parts;
  } catch (cause) {
    throw corrupt(file, `its rows cannot be read: ${(cause as Error).message}`, cause);
  }
}

function corrupt(file: string, why: string, cause?: unknown): WeirError {
  return new WeirError('CORRUPTION', `log file ${file} is damaged: ${why}`, { file, cause });
}
