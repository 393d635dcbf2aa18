/**
 * The frame of an Avro object container file:
 *
 *   file  = "Obj" 01 | map of metadata (avro.schema, avro.codec) | sync marker (16 bytes) | block ...
 *   block = record count | size in bytes | data (compressed) | sync marker
 *
 * Invariant: a file of weir's own is known by its sync marker, `WEIR` and 12 bytes of the header's SHA-256, so that a
 * damaged header is told.
 */
import { createHash } from 'node:crypto';
import { type AvroCursor, AvroSink } from './avro-binary.js';

const MAGIC = Uint8Array.of(0x4f, 0x62, 0x6a, 1);
export const SYNC_BYTES = 16;
/** the first bytes of a sync marker that is a hash of the header */
const SYNC_MARK = Uint8Array.of(0x57, 0x45, 0x49, 0x52);

export interface AvroHeader {
  readonly schemaText: string;
  /** Avro's name of it */
  readonly codec: string;
  readonly sync: Uint8Array;
}

/** The header of the file that begins with `bytes`; `cursor` is at their start and stands at the first block afterwards. Throws Error. */
export function readHeader(cursor: AvroCursor, bytes: Uint8Array): AvroHeader {
  if (!equal(cursor.readView(MAGIC.length), MAGIC)) throw new Error("it does not begin with Avro's magic");
  const metadata = new Map<string, Uint8Array>();
  for (let count = cursor.readCount(); count > 0; count = cursor.readCount()) {
    for (let i = 0; i < count; i++) metadata.set(cursor.readString(), cursor.readBytes());
  }
  const headerEnd = cursor.position;
  const sync = cursor.readRaw(SYNC_BYTES);
  if (equal(sync.subarray(0, SYNC_MARK.length), SYNC_MARK) && !equal(sync, syncMarker(bytes.subarray(0, headerEnd)))) {
    throw new Error('its header does not match its checksum');
  }
  const schema = metadata.get('avro.schema');
  if (schema === undefined) throw new Error('it has no schema');
  const codec = metadata.get('avro.codec');
  return {
    schemaText: new TextDecoder('utf-8', { fatal: true }).decode(schema),
    codec: codec === undefined ? 'null' : new TextDecoder().decode(codec),
    sync,
  };
}

/** Returns the sync marker of the file. */
export function writeHeader(file: AvroSink, schemaText: string, codec: string): Uint8Array {
  const header = new AvroSink();
  header.writeRaw(MAGIC);
  header.writeInt(2);
  header.writeString('avro.schema');
  header.writeBytes(Buffer.from(schemaText));
  header.writeString('avro.codec');
  header.writeBytes(Buffer.from(codec));
  header.writeInt(0);
  const bytes = header.take();
  const sync = syncMarker(bytes);
  file.writeRaw(bytes);
  file.writeRaw(sync);
  return sync;
}

/** Records of the block that begins here, and bytes of its data. Throws Error. */
export function readBlockHead(cursor: AvroCursor): { count: number; size: number } {
  return { count: nonNegative(cursor.readLong()), size: nonNegative(cursor.readLong()) };
}

export function checkSync(cursor: AvroCursor, sync: Uint8Array): void {
  if (!equal(cursor.readView(SYNC_BYTES), sync)) throw new Error('a block does not end with the sync marker');
}

function syncMarker(header: Uint8Array): Uint8Array {
  const marker = new Uint8Array(SYNC_BYTES);
  marker.set(SYNC_MARK);
  marker.set(
    createHash('sha256')
      .update(header)
      .digest()
      .subarray(0, SYNC_BYTES - SYNC_MARK.length),
    SYNC_MARK.length,
  );
  return marker;
}

function nonNegative(value: number | bigint): number {
  if (typeof value !== 'number' || value < 0) throw new Error(`a size of ${value}`);
  return value;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
