/** Bytes as a failing disk gives them back. */
export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const damaged = new Uint8Array(bytes);
  damaged[bit >> 3]! ^= 1 << (bit & 7);
  return damaged;
}
