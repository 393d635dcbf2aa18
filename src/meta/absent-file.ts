/** Reading files that may not be there. */
import { hasCode, WeirError } from '../base/error.js';
import type { FileIO } from '../io/file-io.js';

/** The file's bytes, or undefined when there is no such file. */
export async function readIfPresent(io: FileIO, path: string): Promise<Uint8Array | undefined> {
  try {
    return await io.readFile(path);
  } catch (error) {
    if (hasCode(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

/** Does the error say that a file is missing that another one names? */
export function isMissingFile(error: unknown): boolean {
  return error instanceof WeirError && hasCode(error.cause, 'NOT_FOUND');
}

/** Ids of the files `<prefix><digits>` in a directory, ascending; other names do not count. */
export async function listIds(io: FileIO, directory: string, prefix: string): Promise<bigint[]> {
  const ids: bigint[] = [];
  for (const name of await io.names(directory)) {
    const digits = name.startsWith(prefix) ? name.slice(prefix.length) : '';
    if (/^\d+$/.test(digits)) ids.push(BigInt(digits));
  }
  return ids.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
