/**
 * How a task names the storage it works on: workers open the local disk themselves, an inline task is given
 * the very FileIO of its caller (in memory, faulty, …).
 */
import type { FileIO } from './file-io.js';
import { localFileIO } from './local-file-io.js';

export type FileIORef = 'local' | FileIO;

export function resolveFileIO(ref: FileIORef): FileIO {
  return ref === 'local' ? localFileIO() : ref;
}
