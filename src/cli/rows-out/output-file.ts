/**
 * A file that appears whole or not at all: written beside its place under a hidden name, fsynced, then renamed.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { WeirError } from '../../base/error.js';
import { type Random, systemRandom } from '../../base/random.js';
import type { ByteSink } from './row-writer.js';

/** Where the bytes go until they are all there. */
export function temporaryPath(path: string, random: Random = systemRandom): string {
  const whole = resolve(path);
  return join(dirname(whole), `.${basename(whole)}.${random.uuid()}.tmp`);
}

/** Runs `fill` on the temporary path and moves what it made into place; a failure leaves nothing. */
export async function wholeFile(path: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    await fill(temporary);
    await rename(temporary, resolve(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error instanceof WeirError || !isSystemError(error) ? error : cannotWrite(path, error);
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

function cannotWrite(path: string, cause: NodeJS.ErrnoException): WeirError {
  const code = cause.code === 'ENOENT' || cause.code === 'ENOTDIR' ? 'NOT_FOUND' : 'UNAVAILABLE';
  return new WeirError(code, `cannot write ${path}: ${cause.message}`, { cause, file: path });
}

/** The same for a format that is written from front to back. */
export function wholeStream(path: string, fill: (sink: ByteSink) => Promise<void>): Promise<void> {
  return wholeFile(path, async (temporary) => {
    const handle = await open(temporary, 'wx');
    try {
      await fill({ write: (chunk) => writeAll(handle, chunk) });
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

async function writeAll(handle: FileHandle, chunk: string | Uint8Array): Promise<void> {
  await handle.appendFile(chunk);
}
