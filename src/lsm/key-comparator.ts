/** Order of serialized keys (`_MIN_KEY`, `_MAX_KEY`): BinaryRows compare by typed values, not by their bytes. */
import { deserializeRow } from '../meta/binary-row.js';
import type { DataType } from '../types/data-type.js';
import { compareDatum, type Datum } from '../types/datum.js';

export type KeyComparator = (a: Uint8Array, b: Uint8Array) => number;

/** Each array is decoded once, however often it is compared; it must not change. */
export function keyComparator(types: readonly DataType[]): KeyComparator {
  const decoded = new WeakMap<Uint8Array, Datum[]>();
  const decode = (bytes: Uint8Array): Datum[] => {
    let key = decoded.get(bytes);
    if (key === undefined) {
      key = deserializeRow(types, bytes);
      decoded.set(bytes, key);
    }
    return key;
  };
  return (a, b) => {
    const left = decode(a);
    const right = decode(b);
    for (let c = 0; c < types.length; c++) {
      const order = compareDatum(types[c]!, left[c]!, right[c]!);
      if (order !== 0) return order;
    }
    return 0;
  };
}
