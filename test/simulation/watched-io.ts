/** A FileIO that tells of what becomes visible and of what goes, at the moment it does. */
import type { FileIO } from '../../src/index.js';

export interface Watcher {
  /** a file was created where none was */
  created(path: string, bytes: Uint8Array): Promise<void>;
  removed(path: string): void;
}

export function watchedIO(inner: FileIO, watcher: Watcher): FileIO {
  return {
    kind: 'faulty',
    readFile: (path) => inner.readFile(path),
    open: (path) => inner.open(path),
    create: (path) => inner.create(path),
    writeFile: (path, bytes, options) => inner.writeFile(path, bytes, options),
    createExclusive: async (path, bytes, options) => {
      const made = await inner.createExclusive(path, bytes, options);
      if (made) await watcher.created(path, bytes);
      return made;
    },
    replace: (path, bytes, options) => inner.replace(path, bytes, options),
    exists: (path) => inner.exists(path),
    stat: (path) => inner.stat(path),
    list: (path) => inner.list(path),
    names: (path) => inner.names(path),
    remove: async (path) => {
      const there = await inner.exists(path);
      await inner.remove(path);
      if (there) watcher.removed(path);
    },
    removeDirectory: (path) => inner.removeDirectory(path),
    makeDirectory: (path, options) => inner.makeDirectory(path, options),
    syncDirectories: (paths) => inner.syncDirectories(paths),
  };
}
