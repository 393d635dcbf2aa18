/**
 * FileIO in memory, with the local disk's semantics and its weakness: what was not fsynced can be lost.
 *
 *   live      what every call sees                    directory -> name -> inode
 *   durable   the same, as of the last fsync          crash(): live = durable
 *
 * Invariants
 * - an inode's `durable` bytes change only when the file is written with `sync`; its name lasts only once its
 *   directory was fsynced; deletions and renames, too, last only then.
 * - an open file keeps its inode: it can be read after its name is gone, as on POSIX.
 * - directories have no inode of their own: one lasts when a name in it lasts or it was fsynced.
 */
import { dirname } from 'node:path';
import { type Clock, systemClock } from '../base/clock.js';
import { WeirError } from '../base/error.js';
import type { Random } from '../base/random.js';
import { shortFile } from './file-errors.js';
import type { FileIO, FileSink, FileStat, RandomAccessFile, WriteOptions } from './file-io.js';

export interface MemoryFileIO extends FileIO {
  readonly kind: 'memory';
  /**
   * A power loss: what was not fsynced is gone. With `random` each unsynced file and name is lost or kept by the
   * toss of a coin, as on a real disk.
   */
  crash(random?: Random): void;
  /** paths of all files, sorted */
  paths(): string[];
}

interface Inode {
  bytes: Uint8Array;
  durable: Uint8Array;
  modified_ms: number;
}

type Directory = Map<string, Inode>;

const EMPTY = new Uint8Array(0);

/**
 * An empty file system; `clock` dates the files.
 *
 * @example
 * const scratch = await openCatalog({ warehouse: '/wh', fileIO: memoryFileIO() });
 */
export function memoryFileIO(clock: Clock = systemClock): MemoryFileIO {
  return new InMemoryFileIO(clock);
}

class InMemoryFileIO implements MemoryFileIO {
  readonly kind = 'memory';
  readonly #clock: Clock;
  #live = new Map<string, Directory>();
  readonly #durable = new Map<string, Directory>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async readFile(path: string): Promise<Uint8Array> {
    return new Uint8Array(this.#existing(path, 'open').bytes);
  }

  async open(path: string): Promise<RandomAccessFile> {
    return new MemoryFile(path, this.#existing(path, 'open').bytes);
  }

  async create(path: string): Promise<FileSink> {
    const inode = this.#inode(EMPTY);
    this.#insert(path, inode);
    return new MemorySink(path, inode, this);
  }

  async writeFile(path: string, bytes: Uint8Array, options: WriteOptions = {}): Promise<void> {
    this.#needParent(path, options);
    this.#insert(path, this.#inode(new Uint8Array(bytes), options));
    this.#syncName(path, options);
  }

  async createExclusive(path: string, bytes: Uint8Array, options: WriteOptions = {}): Promise<boolean> {
    await options.after;
    if (this.#find(path) || this.#live.has(path)) return false;
    await this.writeFile(path, bytes, options);
    options.onNamed?.();
    return true;
  }

  async replace(path: string, bytes: Uint8Array, options: WriteOptions = {}): Promise<void> {
    this.#refuseDirectory(path, 'write');
    this.#makeDirectory(dirname(path)).set(baseName(path), this.#inode(new Uint8Array(bytes), options));
    this.#syncName(path, options);
  }

  async exists(path: string): Promise<boolean> {
    return this.#find(path) !== undefined || this.#live.has(path);
  }

  async stat(path: string): Promise<FileStat | undefined> {
    if (this.#live.has(path)) return { path, size_bytes: 0, modified_ms: 0, directory: true };
    const inode = this.#find(path);
    return inode && { path, size_bytes: inode.bytes.length, modified_ms: inode.modified_ms, directory: false };
  }

  async list(path: string): Promise<FileStat[]> {
    const stats = await Promise.all((await this.names(path)).map((name) => this.stat(childPath(path, name))));
    return stats.filter((stat) => stat !== undefined);
  }

  async names(path: string): Promise<string[]> {
    const names = [...(this.#live.get(path)?.keys() ?? [])];
    for (const directory of this.#live.keys()) if (directory !== path && dirname(directory) === path) names.push(baseName(directory));
    return names.sort();
  }

  async remove(path: string): Promise<void> {
    this.#refuseDirectory(path, 'delete');
    this.#live.get(dirname(path))?.delete(baseName(path));
  }

  async removeDirectory(path: string): Promise<void> {
    for (const directory of [...this.#live.keys()]) if (isWithin(directory, path)) this.#live.delete(directory);
  }

  async makeDirectory(path: string, options: Pick<WriteOptions, 'parents'> = {}): Promise<void> {
    this.#needParent(path, options);
    this.#makeDirectory(path);
  }

  async syncDirectories(paths: Iterable<string>): Promise<void> {
    for (const path of paths) {
      const live = this.#live.get(path);
      if (!live) throw new WeirError('NOT_FOUND', `cannot fsync directory ${path}: there is no such file`, { file: path });
      this.#durable.set(path, new Map(live));
      this.#dropDurableChildren(path);
    }
  }

  crash(random?: Random): void {
    const kept = (): boolean => random !== undefined && random.float() < 0.5;
    const after = new Map<string, Directory>();
    for (const path of new Set([...this.#durable.keys(), ...this.#live.keys()])) {
      const durable = this.#durable.get(path);
      const live = this.#live.get(path);
      const names: Directory = new Map();
      for (const name of new Set([...(durable?.keys() ?? []), ...(live?.keys() ?? [])])) {
        const inode = durable?.get(name) === live?.get(name) || !kept() ? durable?.get(name) : live?.get(name);
        if (inode) names.set(name, inode);
      }
      if (durable || names.size > 0) after.set(path, names);
    }
    for (const directory of after.values()) {
      for (const inode of directory.values()) {
        if (inode.bytes !== inode.durable && !kept()) inode.bytes = inode.durable;
        inode.durable = inode.bytes;
      }
    }
    this.#live = new Map();
    this.#durable.clear();
    for (const [path, directory] of after) {
      this.#makeDirectory(path);
      this.#live.set(path, directory);
      this.#durable.set(path, new Map(directory));
    }
  }

  paths(): string[] {
    const paths: string[] = [];
    for (const [directory, names] of this.#live) for (const name of names.keys()) paths.push(childPath(directory, name));
    return paths.sort();
  }

  /** The end of a sink: dates the file and makes last what was asked to. */
  seal(path: string, inode: Inode, options: WriteOptions): void {
    inode.modified_ms = this.#clock.now_ms();
    if (options.sync) inode.durable = inode.bytes;
    this.#syncName(path, options);
  }

  /** The end of an aborted sink. */
  discard(path: string, inode: Inode): void {
    const names = this.#live.get(dirname(path));
    if (names?.get(baseName(path)) === inode) names.delete(baseName(path));
  }

  #inode(bytes: Uint8Array, options: WriteOptions = {}): Inode {
    return { bytes, durable: options.sync ? bytes : EMPTY, modified_ms: this.#clock.now_ms() };
  }

  #find(path: string): Inode | undefined {
    return this.#live.get(dirname(path))?.get(baseName(path));
  }

  #existing(path: string, verb: string): Inode {
    this.#refuseDirectory(path, verb);
    const inode = this.#find(path);
    if (!inode) throw new WeirError('NOT_FOUND', `cannot ${verb} ${path}: there is no such file`, { file: path });
    return inode;
  }

  #refuseDirectory(path: string, verb: string): void {
    if (this.#live.has(path)) throw new WeirError('INVALID_ARGUMENT', `cannot ${verb} ${path}: this is a directory`, { file: path });
  }

  #insert(path: string, inode: Inode): void {
    const names = this.#makeDirectory(dirname(path));
    if (names.has(baseName(path)) || this.#live.has(path)) {
      throw new WeirError('ALREADY_EXISTS', `cannot create ${path}: the file is there already`, { file: path });
    }
    names.set(baseName(path), inode);
  }

  #needParent(path: string, { parents }: WriteOptions): void {
    if (parents === false && !this.#live.has(dirname(path)))
      throw new WeirError('NOT_FOUND', `cannot make ${path}: there is no directory ${dirname(path)}`, { file: path });
  }

  #makeDirectory(path: string): Directory {
    const present = this.#live.get(path);
    if (present) return present;
    if (dirname(path) !== path) {
      const names = this.#makeDirectory(dirname(path));
      if (names.has(baseName(path))) {
        throw new WeirError('ALREADY_EXISTS', `cannot make ${path}: the file is there already`, { file: path });
      }
    }
    const directory: Directory = new Map();
    this.#live.set(path, directory);
    return directory;
  }

  #syncName(path: string, options: WriteOptions): void {
    if (options.sync !== true) return;
    const directory = dirname(path);
    this.#durable.set(directory, new Map(this.#live.get(directory)));
    this.#dropDurableChildren(directory);
  }

  /** Directories deleted from an fsynced parent do not come back. */
  #dropDurableChildren(parent: string): void {
    for (const directory of [...this.#durable.keys()]) {
      const gone = directory !== parent && isWithin(directory, parent) && !this.#live.has(directory);
      if (gone) this.#durable.delete(directory);
    }
  }
}

class MemoryFile implements RandomAccessFile {
  readonly path: string;
  readonly size_bytes: number;
  #bytes: Uint8Array | undefined;

  constructor(path: string, bytes: Uint8Array) {
    this.path = path;
    this.size_bytes = bytes.length;
    this.#bytes = bytes;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (this.#bytes === undefined) throw new WeirError('CLOSED', `${this.path} is closed`, { file: this.path });
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size_bytes)) throw shortFile(this.path, offset, length, this.size_bytes);
    return this.#bytes.slice(offset, offset + length);
  }

  async close(): Promise<void> {
    this.#bytes = undefined;
  }
}

class MemorySink implements FileSink {
  readonly path: string;
  readonly #inode: Inode;
  readonly #io: InMemoryFileIO;
  #chunks: Uint8Array[] = [];
  #written_bytes = 0;
  #open = true;

  constructor(path: string, inode: Inode, io: InMemoryFileIO) {
    this.path = path;
    this.#inode = inode;
    this.#io = io;
  }

  get written_bytes(): number {
    return this.#written_bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#assertOpen();
    this.#chunks.push(new Uint8Array(bytes));
    this.#written_bytes += bytes.length;
  }

  async finish(options: WriteOptions = {}): Promise<void> {
    this.#assertOpen();
    this.#open = false;
    const bytes = new Uint8Array(this.#written_bytes);
    let offset = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, offset);
      offset += chunk.length;
    }
    this.#chunks = [];
    this.#inode.bytes = bytes;
    this.#io.seal(this.path, this.#inode, options);
  }

  async abort(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#chunks = [];
    this.#io.discard(this.path, this.#inode);
  }

  #assertOpen(): void {
    if (!this.#open) throw new WeirError('CLOSED', `${this.path} is closed`, { file: this.path });
  }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function childPath(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}
