/**
 * Changelogs that outlive their snapshots: `changelog/changelog-<id>`, left behind by an expiry where
 * `changelog.num-retained.*` or `changelog.time-retained` keep changes longer than states.
 *
 * Each is the expired snapshot as it was. Invariant: only what its changes need is still there, its delta or changelog files;
 * a state is never read from it.
 */
import { WeirError } from '../base/error.js';
import type { FileIO } from '../io/file-io.js';
import { listIds, readIfPresent } from './absent-file.js';
import { parseSnapshot, type Snapshot } from './snapshot.js';
import type { TablePath } from './table-path.js';

export class ChangelogStore {
  readonly #io: FileIO;
  readonly #path: TablePath;

  constructor(io: FileIO, path: TablePath) {
    this.#io = io;
    this.#path = path;
  }

  /** The expired snapshot whose changes are still there; undefined when they are gone too. @throws CORRUPTION */
  async read(id: bigint): Promise<Snapshot | undefined> {
    const file = this.#path.changelog(id);
    const bytes = await readIfPresent(this.#io, file);
    if (bytes === undefined) return undefined;
    const snapshot = parseSnapshot(bytes, file);
    if (snapshot.id !== id) throw new WeirError('CORRUPTION', `${file} holds snapshot ${snapshot.id}`, { file });
    return snapshot;
  }

  exists(id: bigint): Promise<boolean> {
    return this.#io.exists(this.#path.changelog(id));
  }

  /** Ascending. */
  list(): Promise<bigint[]> {
    return listIds(this.#io, this.#path.changelogDirectory, 'changelog-');
  }
}
