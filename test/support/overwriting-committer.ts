/**
 * A committer that looks whether a snapshot's name is free, and then renames: what Paimon's Java library does on a local disk.
 * It looked before `snapshot-<id>` was there, and publishes after it.
 */
import type { FileIO, FileStat } from '../../src/io/file-io.js';

export const isSnapshotFile = (path: string) => /\/snapshot-\d+$/.test(path);

/** `io` as it was before snapshot `id`: it and all later ones are not seen until a snapshot is published through this. */
export function beforeSnapshot(io: FileIO, id: bigint): FileIO {
  let published = false;
  const hidden = (path: string) => !published && isSnapshotFile(path) && BigInt(path.slice(path.lastIndexOf('-') + 1)) >= id;
  return new Proxy(io, {
    get(target, key) {
      const value = Reflect.get(target, key) as unknown;
      if (typeof value !== 'function') return value;
      switch (key) {
        case 'exists':
          return async (path: string) => !hidden(path) && target.exists(path);
        case 'stat':
          return async (path: string): Promise<FileStat | undefined> => (hidden(path) ? undefined : target.stat(path));
        case 'list':
          return async (path: string) => (await target.list(path)).filter((stat) => !hidden(stat.path));
        case 'names':
          return async (path: string) => (await target.names(path)).filter((name) => !hidden(`${path}/${name}`));
        case 'createExclusive':
          return async (path: string, bytes: Uint8Array) => {
            if (!isSnapshotFile(path)) return target.createExclusive(path, bytes);
            published = true;
            await target.replace(path, bytes);
            return true;
          };
        default:
          return value.bind(target);
      }
    },
  });
}

/** `io` after whose publishing of a snapshot `then` happens, before the publisher is told. */
export function afterPublishing(io: FileIO, then: (id: bigint) => Promise<void>): FileIO {
  return new Proxy(io, {
    get(target, key) {
      const value = Reflect.get(target, key) as unknown;
      if (typeof value !== 'function') return value;
      if (key !== 'createExclusive') return value.bind(target);
      return async (path: string, bytes: Uint8Array, options?: object) => {
        const created = await target.createExclusive(path, bytes, options);
        if (created && isSnapshotFile(path)) await then(BigInt(path.slice(path.lastIndexOf('-') + 1)));
        return created;
      };
    },
  });
}
