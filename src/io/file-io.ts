/**
 * The one door to storage. Paths are absolute, with `/`; there are no URIs below the catalog.
 *
 * Invariants
 * - `createExclusive` publishes whole files or nothing: a reader never sees a part of one, and of two
 *   callers with one path exactly one gets `true`.
 * - a write that resolved with `sync: true` survives a power loss (file and its directory entry).
 * - ENOENT is NOT_FOUND, a full disk (ENOSPC, EDQUOT) or an I/O error is UNAVAILABLE.
 */
export interface FileStat {
  path: string;
  size_bytes: number;
  modified_ms: number;
  directory: boolean;
}

export interface WriteOptions {
  /**
   * true: fsync the file and its directory before resolving; 'file': fsync the file alone, its directory is left to
   * one `syncDirectories` over many files; false (default): neither
   */
  sync?: boolean | 'file';
  /** make missing parent directories; default true. With false a missing one is NOT_FOUND */
  parents?: boolean;
  /** of `createExclusive`: its name is made when this has resolved; it fails when this rejects */
  after?: Promise<unknown> | undefined;
  /** of `createExclusive`: called when the name is there, before it lasts */
  onNamed?: (() => void) | undefined;
}

/** An open file for positional reads. */
export interface RandomAccessFile {
  readonly path: string;
  readonly size_bytes: number;
  /** exactly `length` bytes from `offset`; CORRUPTION when the file is shorter */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A new file written from front to back. It is invisible as committed data until a manifest names it. */
export interface FileSink {
  readonly path: string;
  readonly written_bytes: number;
  write(bytes: Uint8Array): Promise<void>;
  /** flush (fsync with `sync`) and close */
  finish(options?: WriteOptions): Promise<void>;
  /** close and delete */
  abort(): Promise<void>;
}

/**
 * Storage: the local disk, memory, or one around another that counts or fails.
 *
 * @example
 * const storage: FileIO = memoryFileIO();
 * await storage.writeFile('/wh/note', Buffer.from('hello'));
 */
export interface FileIO {
  /** 'faulty' is any storage with injected faults: tasks on it run inline, like those on memory */
  readonly kind: 'local' | 'memory' | 'faulty';
  readFile(path: string): Promise<Uint8Array>;
  open(path: string): Promise<RandomAccessFile>;
  /** a new file (fails with ALREADY_EXISTS when present), parents made as needed */
  create(path: string): Promise<FileSink>;
  /** write a new, uniquely named file in one go, parents made as needed */
  writeFile(path: string, bytes: Uint8Array, options?: WriteOptions): Promise<void>;
  /** atomic create-if-absent (temp file + link): true when this call made it, false when it was there */
  createExclusive(path: string, bytes: Uint8Array, options?: WriteOptions): Promise<boolean>;
  /** atomic overwrite (temp file + rename), for hints, consumers and tags */
  replace(path: string, bytes: Uint8Array, options?: WriteOptions): Promise<void>;
  exists(path: string): Promise<boolean>;
  stat(path: string): Promise<FileStat | undefined>;
  /** direct children; an absent directory is empty */
  list(path: string): Promise<FileStat[]>;
  /** names of the direct children, sorted, without a look at each of them; an absent directory is empty */
  names(path: string): Promise<string[]>;
  /** deletes a file; absent is fine */
  remove(path: string): Promise<void>;
  removeDirectory(path: string): Promise<void>;
  /** with its parents, unless told not to: then a missing one is NOT_FOUND. An existing directory is fine */
  makeDirectory(path: string, options?: Pick<WriteOptions, 'parents'>): Promise<void>;
  /** fsync directories (once each), so that names created in them last */
  syncDirectories(paths: Iterable<string>): Promise<void>;
  /**
   * Says which names in a directory come, go or change, by whichever process, until the function it returns is called. It is a
   * hint: a name may be told twice, or never. undefined when there is no such directory, or the storage cannot tell
   */
  watch?(directory: string, onName: (name: string) => void): (() => void) | undefined;
}
