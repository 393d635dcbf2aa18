/** Avro data files as Paimon writes them, value by value from columns: for tests of the reader. */
import type { Random } from '../../src/base/random.js';
import { AvroSink } from '../../src/format/avro-binary.js';
import { compressBlock } from '../../src/format/avro-codec.js';
import { writeHeader } from '../../src/format/avro-header.js';
import type { AvroSchema } from '../../src/format/avro-schema.js';
import { type Batch, type Column, isValid } from '../../src/types/column.js';
import type { DataField, DataType } from '../../src/types/data-type.js';
import { datumAt } from '../../src/types/datum.js';
import { childTypes } from '../../src/types/layout.js';

export interface AvroFileOptions {
  /** Avro's name of it; default `null` */
  readonly codec?: string;
  /** default: all in one block */
  readonly blockRows?: number;
  /** cuts arrays and maps into blocks, some with their sizes */
  readonly random?: Random;
  /** instead of Paimon's for the fields */
  readonly schema?: AvroSchema;
}

export async function avroFile(batch: Batch, options: AvroFileOptions = {}): Promise<Uint8Array> {
  const { codec = 'null', blockRows = Math.max(1, batch.length), schema = recordSchema(batch.fields, 'record') } = options;
  const file = new AvroSink();
  const sync = writeHeader(file, JSON.stringify(schema), codec);
  for (let start = 0; start < batch.length; start += blockRows) {
    const end = Math.min(batch.length, start + blockRows);
    const block = new AvroSink();
    for (let row = start; row < end; row++) for (const column of batch.columns) writeValue(block, column, row, options.random);
    await writeBlock(file, end - start, block.take(), codec, sync);
  }
  return file.take();
}

export async function writeBlock(file: AvroSink, records: number, content: Uint8Array, codec: string, sync: Uint8Array): Promise<void> {
  const data = await compressBlock(codec, content, 1);
  file.writeLong(records);
  file.writeLong(data.length);
  file.writeRaw(data);
  file.writeRaw(sync);
}

/** Paimon's Avro schema of these columns. */
export function recordSchema(fields: readonly DataField[], name: string): AvroSchema {
  return {
    type: 'record',
    name,
    fields: fields.map((field) => ({ name: field.name, type: avroType(field.type, `${name}_${field.name}`) })),
  };
}

function avroType(type: DataType, name: string): AvroSchema {
  const plain = bareType(type, name);
  return type.nullable ? ['null', plain] : plain;
}

function bareType(type: DataType, name: string): AvroSchema {
  switch (type.kind) {
    case 'BOOLEAN':
      return 'boolean';
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
      return 'int';
    case 'BIGINT':
      return 'long';
    case 'FLOAT':
      return 'float';
    case 'DOUBLE':
      return 'double';
    case 'DATE':
      return { type: 'int', logicalType: 'date' };
    case 'TIME':
      return { type: 'int', logicalType: 'time-millis' };
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return {
        type: 'long',
        logicalType: `${type.kind === 'TIMESTAMP' ? '' : 'local-'}timestamp-${type.precision <= 3 ? 'millis' : 'micros'}`,
      };
    case 'DECIMAL':
      return { type: 'bytes', logicalType: 'decimal', precision: type.precision, scale: type.scale };
    case 'CHAR':
    case 'VARCHAR':
      return 'string';
    case 'BINARY':
    case 'VARBINARY':
      return 'bytes';
    case 'ARRAY':
      return { type: 'array', items: avroType(type.element, name) };
    case 'MAP':
    case 'MULTISET': {
      const [key, value] = childTypes(type);
      if (isText(key!)) return { type: 'map', values: avroType(value!, name) };
      const fields = [
        { name: 'key', type: avroType(key!, `${name}_key`) },
        { name: 'value', type: avroType(value!, `${name}_value`) },
      ];
      return { type: 'array', items: { type: 'record', name, fields }, logicalType: 'map' };
    }
    case 'ROW':
      return recordSchema(type.fields, name);
    case 'OTHER':
      throw new Error(`${type.text} has no Avro type`);
  }
}

function isText(type: DataType): boolean {
  return type.kind === 'CHAR' || type.kind === 'VARCHAR';
}

function writeValue(sink: AvroSink, column: Column, row: number, random: Random | undefined): void {
  const { type, children } = column;
  if (type.nullable) {
    const present = isValid(column, row);
    sink.writeInt(present ? 1 : 0);
    if (!present) return;
  }
  if (type.kind === 'ROW') {
    for (const child of children!) writeValue(sink, child, row, random);
    return;
  }
  if (children !== undefined) {
    // the keys of Avro's own maps are never missing
    const bareKeys = children.length === 2 && isText(children[0]!.type);
    const parts = bareKeys ? [{ ...children[0]!, type: { ...children[0]!.type, nullable: false } }, children[1]!] : children;
    let at = column.offsets![row]!;
    const end = column.offsets![row + 1]!;
    while (at < end) {
      const count = random === undefined ? end - at : 1 + Math.floor(random.float() * (end - at));
      const items = new AvroSink();
      for (const limit = at + count; at < limit; at++) for (const part of parts) writeValue(items, part, at, random);
      const bytes = items.take();
      const sized = random !== undefined && random.float() < 0.5;
      sink.writeLong(sized ? -count : count);
      if (sized) sink.writeLong(bytes.length);
      sink.writeRaw(bytes);
    }
    sink.writeLong(0);
    return;
  }
  const datum = datumAt(column, row)!;
  switch (type.kind) {
    case 'BOOLEAN':
      sink.writeByte(datum ? 1 : 0);
      break;
    case 'FLOAT':
      sink.writeFloat(datum as number);
      break;
    case 'DOUBLE':
      sink.writeDouble(datum as number);
      break;
    case 'DECIMAL':
      sink.writeBytes(bigEndian(datum as bigint));
      break;
    default:
      if (datum instanceof Uint8Array) sink.writeBytes(datum);
      else sink.writeLong(datum as number | bigint);
  }
}

/** As few bytes as hold the number and its sign, as Java's BigInteger.toByteArray. */
export function bigEndian(value: bigint): Uint8Array {
  let size = 1;
  while (BigInt.asIntN(size * 8, value) !== value) size++;
  return Uint8Array.from({ length: size }, (_, i) => Number(BigInt.asUintN(8, value >> BigInt((size - 1 - i) * 8))));
}
