/**
 * Names of files on their way to be published: `.name.<uuid>.tmp`, next to their final name, because link and rename
 * stay within one file system. The leading dot hides them from every reader; a crash may leave one, and it is litter.
 */
import { basename, dirname, join } from 'node:path';
import type { Random } from '../base/random.js';

export function temporaryPath(path: string, random: Random): string {
  return join(dirname(path), `.${basename(path)}.${random.uuid()}.tmp`);
}

export function isTemporaryPath(path: string): boolean {
  return /^\..+\.[0-9a-f-]{36}\.tmp$/.test(basename(path));
}
