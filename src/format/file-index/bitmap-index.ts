/**
 * A bitmap index: all distinct values of a column, each with the bitmap of its rows. The values alone tell whether a file
 * can be left out; the bitmaps are not read.
 *
 *   version 1   u8 1 · rows i32 · values i32 · has null u8 · [null bitmap i32] · values × { value, bitmap i32 } ┆ bitmaps
 *   version 2   u8 2 · rows i32 · values i32 · has null u8 · [null bitmap i32, length i32]
 *               · blocks i32 · blocks × { first value, offset i32 } · size of the blocks i32
 *               ┆ blocks × { values i32, values × { value, bitmap i32, length i32 } } ┆ bitmaps
 */
import type { DataType } from '../../types/data-type.js';
import type { Datum } from '../../types/datum.js';
import { BigEndianReader } from './big-endian-reader.js';
import type { ColumnIndex } from './column-index.js';
import { indexForms } from './index-value.js';

/** Width of a value in bytes; 'text': i32 length and bytes. undefined: Java has no such index. */
function widthOf(type: DataType): number | 'text' | undefined {
  switch (type.kind) {
    case 'BOOLEAN':
    case 'TINYINT':
      return 1;
    case 'SMALLINT':
      return 2;
    case 'INT':
    case 'DATE':
    case 'TIME':
    case 'FLOAT':
      return 4;
    case 'BIGINT':
    case 'DOUBLE':
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return 8;
    case 'CHAR':
    case 'VARCHAR':
      return 'text';
    default:
      return undefined;
  }
}

/**
 * @param type of the column
 * @returns undefined for versions and types that are not known
 * @throws WeirError CORRUPTION naming `file`
 */
export function readBitmapIndex(bytes: Uint8Array, type: DataType, file: string): ColumnIndex | undefined {
  const reader = new BigEndianReader(bytes, file);
  const width = widthOf(type);
  const version = reader.uint8();
  if (width === undefined || (version !== 1 && version !== 2)) return undefined;
  reader.int32(); // rows
  const total = reader.count(1);
  const hasNull = reader.boolean();
  if (hasNull) reader.take(version === 1 ? 4 : 8);
  const found = version === 1 ? readEntries(reader, width, total, 4) : readBlocks(reader, width);
  if (found.size !== total) throw reader.damaged(`${found.size} values, not ${total}`);
  const held = (values: readonly Datum[]) => {
    let count = 0;
    for (const value of values) {
      const names = namesOf(type, value, width);
      if (names === undefined) return undefined;
      for (const name of names) if (found.has(name)) count++;
    }
    return count;
  };
  const mayBe = (values: readonly Datum[]) => held(values) !== 0;
  // one value of the index may be several of the column's
  const rounded = (type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ') && type.precision > 6;
  const mayBeOther = (values: readonly Datum[]) => {
    const count = rounded ? undefined : held(values);
    return count === undefined || count < total;
  };
  return {
    mayPass(leaf) {
      switch (leaf.op) {
        case 'isNull':
          return hasNull;
        case 'isNotNull':
          return total > 0;
        case 'in':
          return mayBe(leaf.values);
        case 'notIn':
          return mayBeOther(leaf.values);
        case 'compare':
          return leaf.test === 'eq' ? mayBe([leaf.value]) : leaf.test === 'ne' ? mayBeOther([leaf.value]) : total > 0;
        default:
          return total > 0;
      }
    },
  };
}

function readBlocks(reader: BigEndianReader, width: number | 'text'): Set<string> {
  const offsets: number[] = [];
  for (let count = reader.count(5); count > 0; count--) {
    readValue(reader, width);
    offsets.push(reader.int32());
  }
  const size = reader.int32();
  const start = reader.position;
  const found = new Set<string>();
  for (const offset of offsets) {
    if (offset < 0 || offset >= size) throw reader.damaged(`a block at ${offset} of ${size}`);
    reader.seek(start + offset);
    for (const name of readEntries(reader, width, reader.count(9), 8)) found.add(name);
  }
  return found;
}

/** @param rest_bytes what follows each value: where its bitmap is */
function readEntries(reader: BigEndianReader, width: number | 'text', count: number, rest_bytes: number): Set<string> {
  const found = new Set<string>();
  for (let i = 0; i < count; i++) {
    found.add(readValue(reader, width));
    reader.take(rest_bytes);
  }
  return found;
}

/** The bytes of a value, as a text of as many characters. */
function readValue(reader: BigEndianReader, width: number | 'text'): string {
  return latin1(reader.take(width === 'text' ? reader.count(1) : width));
}

function namesOf(type: DataType, value: Datum, width: number | 'text'): string[] | undefined {
  const forms = indexForms(type, value);
  if (forms === undefined || width === 'text') return forms === undefined ? undefined : [latin1(forms as Uint8Array)];
  return (forms as readonly bigint[]).map((form) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(form);
    return latin1(bytes.subarray(8 - width));
  });
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
