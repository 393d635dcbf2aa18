/**
 * The storage as one process reaches it: each call waits for a turn, and publishing takes two.
 *
 *   createExclusive with `sync`:  turn ─ the file is there, visible ─ turn ─ its name lasts ─> true
 *
 * as on a disk, where others see a name before its directory was fsynced. Reads of files that never change need no turn of
 * their own: nothing can come between that matters.
 */
import { dirname } from 'node:path';
import type { FileIO } from '../../src/index.js';
import type { Process } from './scheduler.js';

/** @param eager likelihood that a look at the storage does not wait for a turn */
export function processIO(process: Process, inner: FileIO, eager: number): FileIO {
  const { scheduler } = process;
  const around = async <T>(call: () => Promise<T>, look = false): Promise<T> => {
    if (process.dead) return process.never();
    if (!look || !scheduler.chance(eager)) await process.turn();
    return call();
  };
  return {
    kind: 'faulty',
    readFile: (path) => around(() => inner.readFile(path), true),
    open: (path) => around(() => inner.open(path), true),
    create: (path) => around(() => inner.create(path)),
    writeFile: (path, bytes, options) => around(() => inner.writeFile(path, bytes, options)),
    createExclusive: async (path, bytes, options) => {
      if (options?.sync !== true) return around(() => inner.createExclusive(path, bytes, options));
      const made = await around(() => inner.createExclusive(path, bytes, { ...options, sync: 'file' }));
      if (made) await around(() => inner.syncDirectories([dirname(path)]));
      return made;
    },
    replace: (path, bytes, options) => around(() => inner.replace(path, bytes, options)),
    exists: (path) => around(() => inner.exists(path), true),
    stat: (path) => around(() => inner.stat(path), true),
    list: (path) => around(() => inner.list(path), true),
    names: (path) => around(() => inner.names(path), true),
    remove: (path) => around(() => inner.remove(path)),
    removeDirectory: (path) => around(() => inner.removeDirectory(path)),
    makeDirectory: (path, options) => around(() => inner.makeDirectory(path, options)),
    syncDirectories: (paths) => {
      const directories = [...paths];
      return around(() => inner.syncDirectories(directories));
    },
  };
}
