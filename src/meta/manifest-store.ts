/**
 * The manifests of a table: written under new names, read through a cache, never changed.
 *
 * Invariants
 * - every file has a name nobody else uses: a UUID of this store and a counter;
 * - what a snapshot or a list names exists and has the size named there; anything else is CORRUPTION. (An expiry may take
 *   it away while a reader holds an older snapshot: whoever needs to know looks whether the snapshot is still there.)
 */
import { hasCode, WeirError } from '../base/error.js';
import { type Random, systemRandom } from '../base/random.js';
import { AvroWriter } from '../format/avro-container.js';
import type { FileIO } from '../io/file-io.js';
import { type IndexManifestEntry, readIndexManifest } from './index-manifest.js';
import type { ManifestEntry } from './manifest-entry.js';
import { entryToRecord, readManifest } from './manifest-file.js';
import { describeManifest, type ManifestFileMeta, readManifestList, writeManifestList } from './manifest-list.js';
import { MANIFEST_SCHEMA } from './manifest-schema.js';
import type { TablePath } from './table-path.js';
import type { TableSchema } from './table-schema.js';

export interface ManifestStoreOptions {
  /** `manifest.compression` */
  codec: string;
  /** fsync what is written */
  sync: boolean;
  /** `manifest.target-file-size`, default 8 MB */
  targetFileSize_bytes?: number;
  /** `file.compression.zstd-level`, default 1 */
  level?: number;
  /** what decoded manifests may take of the memory, default 64 MB */
  cache_bytes?: number;
  random?: Random;
}

/** what a decoded entry takes of the memory, roughly */
const ENTRY_BYTES = 1200;
const MAX_BLOCK_BYTES = 256 * 1024;

export class ManifestStore {
  readonly #io: FileIO;
  readonly #path: TablePath;
  readonly #options: Required<Omit<ManifestStoreOptions, 'random'>>;
  readonly #uuid: string;
  #files = 0;
  /** least recently used first */
  readonly #cache = new Map<string, { entries: Promise<ManifestEntry[]>; size_bytes: number }>();
  #cached_bytes = 0;
  /** the index manifest last asked for: most snapshots share theirs with their neighbours */
  #index: { readonly name: string; readonly entries: Promise<IndexManifestEntry[]> } | undefined;
  /** sizes that lists told of their manifests */
  readonly #sizes = new Map<string, number>();

  constructor(io: FileIO, path: TablePath, options: ManifestStoreOptions) {
    this.#io = io;
    this.#path = path;
    this.#options = { targetFileSize_bytes: 8 << 20, level: 1, cache_bytes: 64 << 20, ...options };
    this.#uuid = (options.random ?? systemRandom).uuid();
  }

  /** @param size_bytes what the snapshot says of the list's size, where it says so */
  async readList(name: string, size_bytes?: bigint | number): Promise<ManifestFileMeta[]> {
    const list = await readManifestList(
      await this.#read(name, size_bytes === undefined ? undefined : Number(size_bytes)),
      this.#path.manifest(name),
    );
    if (this.#sizes.size > 100_000) this.#sizes.clear();
    for (const manifest of list) this.#sizes.set(manifest.fileName, manifest.fileSize_bytes);
    return list;
  }

  /** The entries of a manifest. They are shared with other callers: not to be changed. */
  readEntries(name: string): Promise<ManifestEntry[]> {
    const cached = this.#cache.get(name);
    if (cached !== undefined) {
      this.#cache.delete(name);
      this.#cache.set(name, cached);
      return cached.entries;
    }
    const entries = this.#read(name, this.#sizes.get(name)).then((bytes) => readManifest(bytes, this.#path.manifest(name)));
    this.#remember(name, entries);
    return entries;
  }

  /** The index files of a snapshot. They are shared with other callers: not to be changed. */
  readIndex(name: string): Promise<IndexManifestEntry[]> {
    if (this.#index?.name === name) return this.#index.entries;
    const entries = this.#read(name, undefined).then((bytes) => readIndexManifest(bytes, this.#path.manifest(name)));
    const index = { name, entries };
    this.#index = index;
    entries.catch(() => {
      if (this.#index === index) this.#index = undefined;
    });
    return entries;
  }

  /**
   * New manifests of these entries, in order; none when there are no entries.
   *
   * @param writes when given, the files are still being written: the promises are added here, and the caller waits for them
   */
  async writeEntries(entries: readonly ManifestEntry[], schema: TableSchema, writes?: Promise<void>[]): Promise<ManifestFileMeta[]> {
    const { codec, level, targetFileSize_bytes } = this.#options;
    const block_bytes = Math.min(MAX_BLOCK_BYTES, targetFileSize_bytes);
    const written: ManifestFileMeta[] = [];
    let from = 0;
    while (from < entries.length) {
      const writer = new AvroWriter(MANIFEST_SCHEMA, codec, { level, block_bytes });
      let to = from;
      while (to < entries.length && writer.size_bytes < targetFileSize_bytes) await writer.append(entryToRecord(entries[to++]!));
      const bytes = await writer.finish();
      const name = `manifest-${this.#uuid}-${this.#files++}`;
      const part = from === 0 && to === entries.length ? entries : entries.slice(from, to);
      const write = this.#io.writeFile(this.#path.manifest(name), bytes, { sync: this.#options.sync });
      if (writes === undefined) await write;
      else writes.push(write);
      // whoever waits later is told then
      write.catch(() => undefined);
      this.#sizes.set(name, bytes.length);
      this.#remember(name, Promise.resolve([...part]));
      written.push(describeManifest(name, bytes.length, part, schema));
      from = to;
    }
    return written;
  }

  /** A new manifest list; of no manifest, too. */
  async writeList(manifests: readonly ManifestFileMeta[]): Promise<{ name: string; size_bytes: number }> {
    const bytes = await writeManifestList(manifests, this.#options.codec);
    const name = `manifest-list-${this.#uuid}-${this.#files++}`;
    await this.#io.writeFile(this.#path.manifest(name), bytes, { sync: this.#options.sync });
    return { name, size_bytes: bytes.length };
  }

  /** Deletes manifests, lists or index manifests. Absent ones are fine. */
  async remove(names: Iterable<string>): Promise<void> {
    for (const name of names) {
      this.#forget(name);
      this.#sizes.delete(name);
      await this.#io.remove(this.#path.manifest(name));
    }
  }

  async #read(name: string, size_bytes: number | undefined): Promise<Uint8Array> {
    const file = this.#path.manifest(name);
    let bytes: Uint8Array;
    try {
      bytes = await this.#io.readFile(file);
    } catch (cause) {
      if (hasCode(cause, 'NOT_FOUND')) throw new WeirError('CORRUPTION', `${file} is missing, and a snapshot needs it`, { cause, file });
      throw cause;
    }
    if (size_bytes !== undefined && bytes.length !== size_bytes) {
      throw new WeirError('CORRUPTION', `${file} has ${bytes.length} bytes where ${size_bytes} were written`, { file });
    }
    return bytes;
  }

  #remember(name: string, entries: Promise<ManifestEntry[]>): void {
    const cached = { entries, size_bytes: 0 };
    this.#cache.set(name, cached);
    entries.then(
      (list) => {
        if (this.#cache.get(name) !== cached) return;
        cached.size_bytes = list.length * ENTRY_BYTES;
        this.#cached_bytes += cached.size_bytes;
        for (const oldest of this.#cache.keys()) {
          if (this.#cached_bytes <= this.#options.cache_bytes) break;
          this.#forget(oldest);
        }
      },
      () => {
        if (this.#cache.get(name) === cached) this.#cache.delete(name);
      },
    );
  }

  #forget(name: string): void {
    const cached = this.#cache.get(name);
    if (cached === undefined) return;
    this.#cached_bytes -= cached.size_bytes;
    this.#cache.delete(name);
  }
}
