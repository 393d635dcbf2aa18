/** Typed arrays one after the other. A single one is passed on uncopied. */
export function concatArrays<T extends Uint8Array | BigInt64Array>(parts: readonly T[]): T {
  const first = parts[0]!;
  if (parts.length === 1) return first;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const out = (first instanceof BigInt64Array ? new BigInt64Array(length) : new Uint8Array(length)) as T;
  let at = 0;
  for (const part of parts) {
    (out as Uint8Array).set(part as Uint8Array, at);
    at += part.length;
  }
  return out;
}
