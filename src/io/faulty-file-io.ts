/**
 * A FileIO that fails on purpose: the storage under the tests of everything above.
 *
 *   call --> out of budget? --> error before --> the effect --> error after --> result
 *             (UNAVAILABLE)      (nothing done)                  (done, but the caller is not told)
 *
 * Invariants
 * - the same `random` and the same calls give the same faults.
 * - an error after the effect is what a lost answer looks like: the file is there, the caller sees UNAVAILABLE.
 * - a disk without space writes nothing of the file that did not fit, but of a sink what fitted.
 * - after `stopAfter` calls every call fails: the process is dead to its storage, and what it wrote so far stays.
 */
import { WeirError } from '../base/error.js';
import type { Random } from '../base/random.js';
import type { FileIO, FileSink, FileStat, RandomAccessFile, WriteOptions } from './file-io.js';

export type FileOperation = Exclude<keyof FileIO, 'kind'> | 'read' | 'write' | 'finish';

/** What goes wrong, and how often. It can be changed at any time. */
export interface FaultPlan {
  /** probability of an error before the effect, 0 to 1 */
  before: number;
  /** probability of an error after the effect, 0 to 1 */
  after: number;
  /** bytes that can be written before the disk is full */
  capacity_bytes: number;
  /** calls that are served before the storage is gone for good */
  stopAfter: number;
  /** which operations may fail; all when absent */
  operations?: ReadonlySet<FileOperation> | undefined;
}

export interface FaultyFileIO extends FileIO {
  readonly plan: FaultPlan;
  /** calls so far */
  readonly calls: number;
  /** errors thrown on purpose so far */
  readonly faults: number;
  /** no more faults from here on */
  heal(): void;
}

/** `inner` with the faults of `plan`; absent figures mean no such fault. */
export function faultyFileIO(inner: FileIO, random: Random, plan: Partial<FaultPlan> = {}): FaultyFileIO {
  return new FaultInjector(inner, random, { ...HEALTHY, ...plan });
}

const HEALTHY: FaultPlan = { before: 0, after: 0, capacity_bytes: Infinity, stopAfter: Infinity, operations: undefined };

class FaultInjector implements FaultyFileIO {
  readonly kind = 'faulty';
  readonly plan: FaultPlan;
  readonly #inner: FileIO;
  readonly #random: Random;
  calls = 0;
  faults = 0;

  constructor(inner: FileIO, random: Random, plan: FaultPlan) {
    this.#inner = inner;
    this.#random = random;
    this.plan = plan;
  }

  heal(): void {
    Object.assign(this.plan, HEALTHY);
  }

  readFile(path: string): Promise<Uint8Array> {
    return this.attempt('readFile', path, () => this.#inner.readFile(path));
  }

  async open(path: string): Promise<RandomAccessFile> {
    const file = await this.attempt('open', path, () => this.#inner.open(path));
    return {
      path,
      size_bytes: file.size_bytes,
      read: (offset, length) => this.attempt('read', path, () => file.read(offset, length)),
      close: () => file.close(),
    };
  }

  async create(path: string): Promise<FileSink> {
    return new FaultySink(this, await this.attempt('create', path, () => this.#inner.create(path)));
  }

  writeFile(path: string, bytes: Uint8Array, options?: WriteOptions): Promise<void> {
    return this.attempt('writeFile', path, () => this.#inner.writeFile(path, bytes, options), bytes.length);
  }

  createExclusive(path: string, bytes: Uint8Array, options?: WriteOptions): Promise<boolean> {
    return this.attempt('createExclusive', path, () => this.#inner.createExclusive(path, bytes, options), bytes.length);
  }

  replace(path: string, bytes: Uint8Array, options?: WriteOptions): Promise<void> {
    return this.attempt('replace', path, () => this.#inner.replace(path, bytes, options), bytes.length);
  }

  exists(path: string): Promise<boolean> {
    return this.attempt('exists', path, () => this.#inner.exists(path));
  }

  stat(path: string): Promise<FileStat | undefined> {
    return this.attempt('stat', path, () => this.#inner.stat(path));
  }

  list(path: string): Promise<FileStat[]> {
    return this.attempt('list', path, () => this.#inner.list(path));
  }

  names(path: string): Promise<string[]> {
    return this.attempt('list', path, () => this.#inner.names(path));
  }

  remove(path: string): Promise<void> {
    return this.attempt('remove', path, () => this.#inner.remove(path));
  }

  removeDirectory(path: string): Promise<void> {
    return this.attempt('removeDirectory', path, () => this.#inner.removeDirectory(path));
  }

  makeDirectory(path: string, options?: Pick<WriteOptions, 'parents'>): Promise<void> {
    return this.attempt('makeDirectory', path, () => this.#inner.makeDirectory(path, options));
  }

  syncDirectories(paths: Iterable<string>): Promise<void> {
    const directories = [...paths];
    return this.attempt('syncDirectories', directories[0] ?? '/', () => this.#inner.syncDirectories(directories));
  }

  /** One call with its faults. Also what sinks and open files go through. */
  async attempt<T>(operation: FileOperation, path: string, effect: () => Promise<T>, writes_bytes = 0): Promise<T> {
    this.calls++;
    if (this.calls > this.plan.stopAfter) throw this.#fault('the storage is gone', path);
    this.#toss(operation, path, this.plan.before, 'before its effect');
    if (writes_bytes > this.plan.capacity_bytes) throw this.#fault('the disk is full', path, 'ENOSPC');
    this.plan.capacity_bytes -= writes_bytes;
    const result = await effect();
    try {
      this.#toss(operation, path, this.plan.after, 'after its effect');
    } catch (error) {
      await closeResult(result);
      throw error;
    }
    return result;
  }

  #toss(operation: FileOperation, path: string, probability: number, when: string): void {
    if (probability <= 0 || (this.plan.operations && !this.plan.operations.has(operation))) return;
    if (this.#random.float() < probability) throw this.#fault(`${operation} fails ${when}`, path, 'EIO');
  }

  #fault(what: string, path: string, code = 'EIO'): WeirError {
    this.faults++;
    const cause = Object.assign(new Error(`${code}: ${what}`), { code });
    return new WeirError('UNAVAILABLE', `injected fault: ${what}: ${path}`, { cause, file: path });
  }
}

class FaultySink implements FileSink {
  readonly #faults: FaultInjector;
  readonly #inner: FileSink;

  constructor(faults: FaultInjector, inner: FileSink) {
    this.#faults = faults;
    this.#inner = inner;
  }

  get path(): string {
    return this.#inner.path;
  }

  get written_bytes(): number {
    return this.#inner.written_bytes;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#faults.attempt('write', this.path, () => this.#inner.write(bytes), bytes.length);
  }

  finish(options?: WriteOptions): Promise<void> {
    return this.#faults.attempt('finish', this.path, () => this.#inner.finish(options));
  }

  /** Closing always works; a dead process deletes nothing. */
  async abort(): Promise<void> {
    if (this.#faults.calls < this.#faults.plan.stopAfter) await this.#inner.abort();
    else await this.#inner.finish();
  }
}

/** An answer that got lost takes its open file with it: the caller has no handle to close. */
async function closeResult(result: unknown): Promise<void> {
  const handle = result as { close?: () => Promise<void>; finish?: () => Promise<void> } | undefined;
  if (typeof handle?.close === 'function') await handle.close();
  else if (typeof handle?.finish === 'function') await handle.finish();
}
