/**
 * The snapshots of a table: `snapshot/snapshot-<id>`, ids contiguous from the earliest to the latest.
 *
 *   LATEST, EARLIEST   hints: they may lag behind, be missing or be wrong, and are checked against the files
 *
 * Invariants
 * - a snapshot is published by creating its file if absent, whole or not at all: of two committers with one id one wins;
 * - a published snapshot is never changed. `latest` reads its file all the same, so that a table that was rolled back and
 *   went on is seen as it is.
 */
import { WeirError } from '../base/error.js';
import type { FileIO, WriteOptions } from '../io/file-io.js';
import { listIds, readIfPresent } from './absent-file.js';
import { formatSnapshot, parseSnapshot, type Snapshot } from './snapshot.js';
import type { TablePath } from './table-path.js';

const CACHED_SNAPSHOTS = 256;

export class SnapshotStore {
  readonly #io: FileIO;
  readonly #path: TablePath;
  readonly #cache = new Map<bigint, Snapshot>();
  /** the latest snapshot seen, and the file it was read from */
  #newest: { snapshot: Snapshot; modified_ms: number; size_bytes: number } | undefined;

  constructor(io: FileIO, path: TablePath) {
    this.#io = io;
    this.#path = path;
  }

  /** undefined while the table has no snapshot */
  async latestId(): Promise<bigint | undefined> {
    const hint = await this.#readHint(this.#path.latestHint);
    if (hint !== undefined) {
      const [next, self] = await Promise.all([this.exists(hint + 1n), this.exists(hint)]);
      if (self && !next) return hint;
    }
    return (await this.list()).at(-1);
  }

  async earliestId(): Promise<bigint | undefined> {
    const hint = await this.#readHint(this.#path.earliestHint);
    if (hint !== undefined) {
      const [before, self] = await Promise.all([this.exists(hint - 1n), this.exists(hint)]);
      if (self && !before) return hint;
    }
    return (await this.list())[0];
  }

  /**
   * @throws POSITION_EXPIRED for an id below the earliest, NOT_FOUND for any other that is not there,
   *   CORRUPTION when its file cannot be understood
   */
  async read(id: bigint): Promise<Snapshot> {
    const cached = this.#cache.get(id);
    if (cached !== undefined) return cached;
    const snapshot = await this.#load(id);
    if (snapshot !== undefined) return snapshot;
    const ids = await this.list();
    const earliest = ids[0];
    if (earliest === undefined) throw new WeirError('NOT_FOUND', `there is no snapshot ${id}: the table has none`);
    if (id < earliest) throw new WeirError('POSITION_EXPIRED', `snapshot ${id} has expired; the earliest one is ${earliest}`);
    const latest = ids.at(-1)!;
    if (id > latest) throw new WeirError('NOT_FOUND', `there is no snapshot ${id}; the latest one is ${latest}`);
    throw new WeirError('CORRUPTION', `snapshot ${id} is missing between ${earliest} and ${latest}`, { file: this.#path.snapshot(id) });
  }

  /** Read from its file, unless that is the very file that was read last. */
  async latest(): Promise<Snapshot | undefined> {
    const known = this.#newest;
    if (known !== undefined) {
      const [stat, next] = await Promise.all([this.#io.stat(this.#path.snapshot(known.snapshot.id)), this.exists(known.snapshot.id + 1n)]);
      if (!next && stat?.modified_ms === known.modified_ms && stat.size_bytes === known.size_bytes) return known.snapshot;
    }
    for (let attempt = 0; ; attempt++) {
      const id = await this.latestId();
      if (id === undefined) return undefined;
      const stat = await this.#io.stat(this.#path.snapshot(id));
      const snapshot = await this.#load(id);
      if (snapshot !== undefined) {
        this.#newest = stat === undefined ? undefined : { snapshot, modified_ms: stat.modified_ms, size_bytes: stat.size_bytes };
        return snapshot;
      }
      // gone since: a rollback or an expiry ran; the second look cannot miss it again but for the next
      if (attempt >= 3) throw new WeirError('NOT_FOUND', `snapshot ${id} vanished while it was read`, { file: this.#path.snapshot(id) });
    }
  }

  exists(id: bigint): Promise<boolean> {
    return this.#io.exists(this.#path.snapshot(id));
  }

  /** Ids of all snapshots, ascending. */
  list(): Promise<bigint[]> {
    return listIds(this.#io, this.#path.snapshotDirectory, 'snapshot-');
  }

  /** Publishes a snapshot under its id; false when there is one already. */
  publish(snapshot: Snapshot, options: WriteOptions = {}): Promise<boolean> {
    return this.#io.createExclusive(this.#path.snapshot(snapshot.id), formatSnapshot(snapshot), options);
  }

  async writeLatestHint(id: bigint): Promise<void> {
    await this.#io.replace(this.#path.latestHint, Buffer.from(String(id)));
  }

  /** Is the snapshot there, and no expiry about to take it away? An expiry moves the hint to the first that stays before all else. */
  async isHeld(id: bigint): Promise<boolean> {
    if (!(await this.exists(id))) return false;
    const earliest = await this.#readHint(this.#path.earliestHint);
    return earliest === undefined || earliest <= id || !(await this.exists(earliest));
  }

  /** Moves the hint up, never down: another expiry may be further on. */
  async raiseEarliestHint(id: bigint, options: WriteOptions = {}): Promise<void> {
    const hint = await this.#readHint(this.#path.earliestHint);
    if (hint !== undefined && hint >= id && (await this.exists(hint))) return;
    await this.#io.replace(this.#path.earliestHint, Buffer.from(String(id)), options);
  }

  /** The last snapshot made at or before a time (epoch ms); undefined when all that are left are younger. */
  async atOrBefore(time_ms: number): Promise<Snapshot | undefined> {
    const ids = await this.list();
    let low = 0;
    let high = ids.length - 1;
    let found: Snapshot | undefined;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const snapshot = await this.#load(ids[middle]!);
      // expired since the listing, and with it everything before
      if (snapshot === undefined) low = middle + 1;
      else if (snapshot.timeMillis <= time_ms) {
        found = snapshot;
        low = middle + 1;
      } else high = middle - 1;
    }
    return found;
  }

  /** The snapshot a tag is a copy of. @throws NOT_FOUND, CORRUPTION */
  async tag(name: string): Promise<Snapshot> {
    const file = this.#path.tag(name);
    const bytes = await readIfPresent(this.#io, file);
    if (bytes === undefined) throw new WeirError('NOT_FOUND', `there is no tag ${name}`, { file });
    return parseSnapshot(bytes, file);
  }

  /** Names of all tags, sorted. */
  async tags(): Promise<string[]> {
    const names = await this.#io.names(this.#path.tagDirectory);
    return names.filter((name) => name.startsWith('tag-')).map((name) => name.slice('tag-'.length));
  }

  /** After a snapshot was found changed: nothing remembered holds. */
  forget(): void {
    this.#cache.clear();
    this.#newest = undefined;
  }

  /** Has another taken the place of a snapshot that was published? By its bytes, which is all a commit can afford. */
  async isReplaced(published: Snapshot): Promise<boolean> {
    const bytes = await readIfPresent(this.#io, this.#path.snapshot(published.id));
    return bytes !== undefined && !Buffer.from(formatSnapshot(published)).equals(bytes);
  }

  /** From its file, whatever is remembered; undefined when there is none. */
  readAnew(id: bigint): Promise<Snapshot | undefined> {
    return this.#load(id);
  }

  async #load(id: bigint): Promise<Snapshot | undefined> {
    const file = this.#path.snapshot(id);
    const bytes = await readIfPresent(this.#io, file);
    if (bytes === undefined) {
      this.#cache.delete(id);
      return undefined;
    }
    const snapshot = parseSnapshot(bytes, file);
    if (snapshot.id !== id) throw new WeirError('CORRUPTION', `${file} holds snapshot ${snapshot.id}`, { file });
    this.#remember(snapshot);
    return snapshot;
  }

  #remember(snapshot: Snapshot): void {
    const known = this.#cache.get(snapshot.id);
    // another snapshot under a known id: the table was rolled back, whatever is remembered may be of its former life
    if (known !== undefined && (known.commitUser !== snapshot.commitUser || known.deltaManifestList !== snapshot.deltaManifestList))
      this.#cache.clear();
    if (this.#cache.size >= CACHED_SNAPSHOTS) this.#cache.clear();
    this.#cache.set(snapshot.id, snapshot);
  }

  async #readHint(path: string): Promise<bigint | undefined> {
    const bytes = await readIfPresent(this.#io, path);
    const text = bytes === undefined ? '' : Buffer.from(bytes).toString('latin1');
    return /^[1-9]\d{0,18}$/.test(text) ? BigInt(text) : undefined;
  }
}
