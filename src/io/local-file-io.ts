/**
 * FileIO on the local disk, for POSIX file systems with hard links (ext4, xfs, btrfs, APFS, tmpfs).
 *
 *   createExclusive   .name.<uuid>.tmp --write, fsync--> link to name --> unlink temp, fsync directory
 *   replace           .name.<uuid>.tmp --write, fsync--> rename to name --> fsync directory
 *
 * Invariants
 * - link(2) fails when the name is taken, so one of many callers publishes, and what it publishes is whole.
 * - `sync: true` makes the name last, too: the directory is fsynced, and once per directory and process its
 *   ancestors, so a directory made a moment ago (by whichever process) is not lost with its files.
 * - concurrent fsyncs of one directory share one system call that starts after the last of them was asked for.
 * - parents are made when an open fails for want of them: the common case costs no extra call.
 */
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { WeirError } from '../base/error.js';
import { type Random, systemRandom } from '../base/random.js';
import { fileError, shortFile, systemCode } from './file-errors.js';
import type { FileIO, FileSink, FileStat, RandomAccessFile, WriteOptions } from './file-io.js';
import { temporaryPath } from './temporary-path.js';

// Plain descriptors: half the cost of FileHandle objects for the small files a commit is made of.
const open = promisify(fs.open);
const write = promisify(fs.write);
const read = promisify(fs.read);
const fsync = promisify(fs.fsync);
const fdatasync = promisify(fs.fdatasync);

/**
 * Up to here a read is a plain system call in this thread: the page cache of a local disk answers in microseconds, where a
 * hop to the thread pool and back takes ten times that. The same holds for opening, looking
 * at and listing files.
 */
const SYNC_READ_BYTES = 64 * 1024;

/** the same of writes: into the page cache, the disk is waited for elsewhere */
const SYNC_WRITE_BYTES = 64 * 1024;

/** more bytes than this are read in pieces: Linux stops a read at 2 GiB */
const READ_PIECE_BYTES = 1 << 30;

/**
 * The local disk. `random` names the temporary files.
 *
 * @example
 * const hint = await localFileIO().readFile(`${flights.path}/snapshot/LATEST`);
 */
export function localFileIO(random: Random = systemRandom): FileIO {
  return new LocalFileIO(random);
}

class LocalFileIO implements FileIO {
  readonly kind = 'local';
  readonly #random: Random;
  readonly #directories = new DirectorySync();

  constructor(random: Random) {
    this.#random = random;
  }

  async readFile(path: string): Promise<Uint8Array> {
    const file = await this.open(path);
    try {
      return await file.read(0, file.size_bytes);
    } finally {
      await file.close();
    }
  }

  async open(path: string): Promise<RandomAccessFile> {
    return guarded('open', path, async () => {
      const descriptor = fs.openSync(path, 'r');
      try {
        const stat = fs.fstatSync(descriptor);
        if (stat.isDirectory()) throw new WeirError('INVALID_ARGUMENT', `cannot open ${path}: this is a directory`, { file: path });
        return new LocalFile(path, descriptor, stat.size);
      } catch (error) {
        fs.closeSync(descriptor);
        throw error;
      }
    });
  }

  create(path: string): Promise<FileSink> {
    return guarded('create', path, async () => new LocalSink(path, await openNew(path), this.#directories));
  }

  async writeFile(path: string, bytes: Uint8Array, options: WriteOptions = {}): Promise<void> {
    await guarded('write', path, () => writeNew(path, bytes, options));
    if (options.sync === true) await this.syncDirectories([dirname(path)]);
  }

  async createExclusive(path: string, bytes: Uint8Array, options: WriteOptions = {}): Promise<boolean> {
    const temporary = temporaryPath(path, this.#random);
    await guarded('write', path, () => writeNew(temporary, bytes, options));
    let created = true;
    try {
      await options.after;
      await fs.promises.link(temporary, path);
      options.onNamed?.();
    } catch (error) {
      created = false;
      if (systemCode(error) !== 'EEXIST') throw linkError(error, path);
    } finally {
      // A temporary file that cannot be deleted is litter; what was published stands.
      const deleted = fs.promises.unlink(temporary).catch(() => undefined);
      await (created && options.sync === true ? Promise.all([deleted, this.syncDirectories([dirname(path)])]) : deleted);
    }
    return created;
  }

  async replace(path: string, bytes: Uint8Array, options: WriteOptions = {}): Promise<void> {
    const temporary = temporaryPath(path, this.#random);
    await guarded('write', path, async () => {
      await writeNew(temporary, bytes, options);
      try {
        await fs.promises.rename(temporary, path);
      } catch (error) {
        await fs.promises.unlink(temporary).catch(() => undefined);
        throw error;
      }
    });
    if (options.sync === true) await this.syncDirectories([dirname(path)]);
  }

  async exists(path: string): Promise<boolean> {
    return (await this.stat(path)) !== undefined;
  }

  async stat(path: string): Promise<FileStat | undefined> {
    try {
      const stat = fs.statSync(path, { throwIfNoEntry: false });
      return stat === undefined ? undefined : fileStat(path, stat);
    } catch (error) {
      const found = fileError(error, 'inspect', path);
      if (found.code === 'NOT_FOUND') return undefined;
      throw found;
    }
  }

  async list(path: string): Promise<FileStat[]> {
    const names = await this.names(path);
    const stats = await Promise.all(names.map((name) => this.stat(join(path, name))));
    return stats.filter((stat) => stat !== undefined);
  }

  async names(path: string): Promise<string[]> {
    try {
      return fs.readdirSync(path).sort();
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw fileError(error, 'list', path);
    }
  }

  async remove(path: string): Promise<void> {
    await fs.promises.unlink(path).catch((error: unknown) => {
      const found = fileError(error, 'delete', path);
      if (found.code !== 'NOT_FOUND') throw found;
    });
  }

  async removeDirectory(path: string): Promise<void> {
    await guarded('delete', path, () => fs.promises.rm(path, { recursive: true, force: true }));
    this.#directories.forget(path);
  }

  async makeDirectory(path: string, options: Pick<WriteOptions, 'parents'> = {}): Promise<void> {
    await guarded('make', path, async () => {
      try {
        await fs.promises.mkdir(path, { recursive: options.parents !== false });
      } catch (error) {
        if (systemCode(error) !== 'EEXIST' || options.parents !== false) throw error;
      }
    });
  }

  syncDirectories(paths: Iterable<string>): Promise<void> {
    return this.#directories.sync(paths);
  }

  watch(directory: string, onName: (name: string) => void): (() => void) | undefined {
    try {
      const watcher = fs.watch(directory, { persistent: false }, (_, name) => {
        if (name !== null) onName(name);
      });
      // the directory may go, and the system's watches may run out: whoever watches polls besides
      watcher.on('error', () => watcher.close());
      return () => watcher.close();
    } catch {
      return undefined;
    }
  }
}

class LocalFile implements RandomAccessFile {
  readonly path: string;
  readonly size_bytes: number;
  #descriptor: number | undefined;

  constructor(path: string, descriptor: number, size_bytes: number) {
    this.path = path;
    this.size_bytes = size_bytes;
    this.#descriptor = descriptor;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const descriptor = openDescriptor(this.#descriptor, this.path);
    // A damaged footer can ask for any length: ask the file before the allocator.
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size_bytes)) throw shortFile(this.path, offset, length, this.size_bytes);
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const piece = Math.min(length - filled, READ_PIECE_BYTES);
      const { bytesRead } = await guarded('read', this.path, async () =>
        piece <= SYNC_READ_BYTES
          ? { bytesRead: fs.readSync(descriptor, bytes, filled, piece, offset + filled) }
          : read(descriptor, bytes, filled, piece, offset + filled),
      );
      if (bytesRead === 0) throw shortFile(this.path, offset, length, offset + filled);
      filled += bytesRead;
    }
    return bytes;
  }

  async close(): Promise<void> {
    if (this.#descriptor === undefined) return;
    fs.closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

class LocalSink implements FileSink {
  readonly path: string;
  readonly #directories: DirectorySync;
  #descriptor: number | undefined;
  #written_bytes = 0;

  constructor(path: string, descriptor: number, directories: DirectorySync) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#directories = directories;
  }

  get written_bytes(): number {
    return this.#written_bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    const descriptor = openDescriptor(this.#descriptor, this.path);
    await guarded('write', this.path, () => writeAll(descriptor, bytes));
    this.#written_bytes += bytes.length;
  }

  async finish(options: WriteOptions = {}): Promise<void> {
    const descriptor = openDescriptor(this.#descriptor, this.path);
    await guarded('write', this.path, async () => {
      if (options.sync) await fdatasync(descriptor);
      this.#descriptor = undefined;
      fs.closeSync(descriptor);
    });
    if (options.sync === true) await this.#directories.sync([dirname(this.path)]);
  }

  async abort(): Promise<void> {
    if (this.#descriptor === undefined) return;
    fs.closeSync(this.#descriptor);
    this.#descriptor = undefined;
    await fs.promises.unlink(this.path).catch(() => undefined);
  }
}

/** fsync of directories: concurrent ones of one directory are one call, ancestors are taken along once. */
class DirectorySync {
  /** directories whose own entry in their parent is known to last */
  readonly #anchored = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #waiting = new Map<string, Promise<void>>();

  async sync(paths: Iterable<string>): Promise<void> {
    const asked = new Set(paths);
    const ancestors = new Set<string>();
    const anchored: string[] = [];
    for (const path of asked) {
      for (let child = path; !this.#anchored.has(child) && dirname(child) !== child; child = dirname(child)) {
        ancestors.add(dirname(child));
        anchored.push(child);
      }
    }
    const calls = [...asked].map((path) => this.#enqueue(path));
    for (const path of ancestors) if (!asked.has(path)) calls.push(this.#enqueue(path).catch(ignoreForeign));
    await Promise.all(calls);
    for (const path of anchored) this.#anchored.add(path);
  }

  forget(path: string): void {
    for (const directory of this.#anchored) {
      if (directory === path || directory.startsWith(`${path}/`)) this.#anchored.delete(directory);
    }
  }

  /** One call runs, at most one waits per directory: whoever asks while one runs shares the waiting one. */
  #enqueue(path: string): Promise<void> {
    const waiting = this.#waiting.get(path);
    if (waiting) return waiting;
    const running = this.#running.get(path);
    if (running === undefined) return this.#start(path);
    const next = running
      .catch(() => undefined)
      .then(() => {
        this.#waiting.delete(path);
        return this.#start(path);
      });
    this.#waiting.set(path, next);
    return next;
  }

  #start(path: string): Promise<void> {
    const call = syncDirectory(path).finally(() => this.#running.delete(path));
    this.#running.set(path, call);
    return call;
  }
}

async function syncDirectory(path: string): Promise<void> {
  await guarded('fsync directory', path, async () => {
    const descriptor = fs.openSync(path, 'r');
    try {
      await fsync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  });
}

/** An ancestor that we may not even open was not made by us. */
function ignoreForeign(error: unknown): void {
  const code = error instanceof WeirError ? systemCode(error.cause) : undefined;
  if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS' && code !== 'EINVAL') throw error;
}

/** The descriptor of a new file, its parents made if that is what was missing. */
async function openNew(path: string, parents = true): Promise<number> {
  try {
    return await open(path, 'wx');
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || !parents) throw error;
    await fs.promises.mkdir(dirname(path), { recursive: true });
    return await open(path, 'wx');
  }
}

/** A whole new file; nothing is left of it when that fails. */
async function writeNew(path: string, bytes: Uint8Array, { sync, parents }: WriteOptions): Promise<void> {
  const descriptor = await openNew(path, parents);
  let whole = false;
  try {
    await writeAll(descriptor, bytes);
    if (sync) await fdatasync(descriptor);
    whole = true;
  } finally {
    fs.closeSync(descriptor);
    if (!whole) await fs.promises.unlink(path).catch(() => undefined);
  }
}

async function writeAll(descriptor: number, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const left = bytes.length - written;
    written +=
      bytes.length <= SYNC_WRITE_BYTES
        ? fs.writeSync(descriptor, bytes, written, left)
        : (await write(descriptor, bytes, written, left)).bytesWritten;
  }
}

function openDescriptor(descriptor: number | undefined, path: string): number {
  if (descriptor === undefined) throw new WeirError('CLOSED', `${path} is closed`, { file: path });
  return descriptor;
}

function linkError(error: unknown, path: string): WeirError {
  const code = systemCode(error);
  if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') return fileError(error, 'create', path);
  const message = `cannot create ${path}: the file system has no hard links, which atomic commits need; use a local POSIX file system`;
  return new WeirError('UNSUPPORTED', message, { cause: error, file: path });
}

function fileStat(path: string, stat: fs.Stats): FileStat {
  return { path, size_bytes: stat.size, modified_ms: stat.mtimeMs, directory: stat.isDirectory() };
}

async function guarded<T>(verb: string, path: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw fileError(error, verb, path);
  }
}
