/**
 * Values as Java puts them into indexes: numbers and times as 64-bit integers, texts and bytes as they are.
 *
 * Invariant: every form that an equal value can have in an index is given; where that cannot be told (NaN has many bit
 * patterns), nothing is.
 */
import { xxh64 } from '../../base/xxhash.js';
import type { DataType } from '../../types/data-type.js';
import type { Datum } from '../../types/datum.js';

/** Integers equal to the value in an index, or its bytes; undefined when an index cannot say. */
export function indexForms(type: DataType, value: Datum): readonly bigint[] | Uint8Array | undefined {
  switch (type.kind) {
    case 'BOOLEAN':
      return [value === true ? 1n : 0n];
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'DATE':
    case 'TIME':
      return [BigInt(value as number)];
    case 'BIGINT':
      return [value as bigint];
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      // milliseconds up to precision 3, else microseconds, for nanoseconds too
      return [type.precision > 6 ? floorThousandth(value as bigint) : (value as bigint)];
    case 'FLOAT':
      return floatForms(value as number, (view, each) => {
        view.setFloat32(0, each);
        return BigInt(view.getInt32(0));
      });
    case 'DOUBLE':
      return floatForms(value as number, (view, each) => {
        view.setFloat64(0, each);
        return view.getBigInt64(0);
      });
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY':
      return value as Uint8Array;
    default:
      return undefined;
  }
}

/** 64-bit hashes of the value's forms: XXH64 (seed 0) of bytes, Thomas Wang's mix of integers. */
export function indexHashes(type: DataType, value: Datum): readonly bigint[] | undefined {
  const forms = indexForms(type, value);
  return forms instanceof Uint8Array ? [xxh64(forms)] : forms?.map(mix);
}

function floatForms(value: number, bitsOf: (view: DataView, value: number) => bigint): bigint[] | undefined {
  if (Number.isNaN(value)) return undefined;
  const view = new DataView(new ArrayBuffer(8));
  return (value === 0 ? [0, -0] : [value]).map((each) => bitsOf(view, each));
}

function floorThousandth(value: bigint): bigint {
  return (value - (((value % 1000n) + 1000n) % 1000n)) / 1000n;
}

/** Thomas Wang's 64-bit mix as Java does it: its shifts to the right keep the sign. */
function mix(value: bigint): bigint {
  const wrap = (each: bigint) => BigInt.asIntN(64, each);
  let k = wrap(~value + (value << 21n));
  k ^= k >> 24n;
  k = wrap(k + (k << 3n) + (k << 8n));
  k ^= k >> 14n;
  k = wrap(k + (k << 2n) + (k << 4n));
  k ^= k >> 28n;
  return wrap(k + (k << 31n));
}
