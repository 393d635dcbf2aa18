/**
 * Bad bytes, as the decoders report them.
 *
 * Decoders know offsets and counts but not which file they are in: they throw `Malformed`, and the reader turns
 * whatever escapes from decoding (also a native codec's or a typed array's own error) into CORRUPTION with the file.
 */
import { WeirError } from '../../base/error.js';

export class Malformed extends Error {
  override readonly name = 'Malformed';
}

export function malformed(what: string): never {
  throw new Malformed(what);
}

/** The error to throw for `error` while decoding bytes of `file`. WeirErrors (I/O, UNSUPPORTED) keep their code. */
export function corruption(error: unknown, file: string): WeirError {
  if (error instanceof WeirError) {
    return error.file === undefined ? new WeirError(error.code, `${file}: ${error.message}`, { cause: error, file }) : error;
  }
  const what = error instanceof Error ? error.message : String(error);
  return new WeirError('CORRUPTION', `${file} is damaged: ${what}`, { cause: error, file });
}

/** Runs a decoding step of `file`. */
export function decoding<T>(file: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw corruption(error, file);
  }
}
