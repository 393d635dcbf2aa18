/**
 * The files of a log.
 *
 * Invariants
 * - a slot is published whole or not at all, under a number that none has (create if absent), and never changes.
 * - publishing never makes the log's own directory: of a table that was dropped it says NOT_FOUND.
 * - before a slot gets its name, the name of the slot before it lasts, whoever made that: no power loss leaves a gap.
 */
import { hasCode, WeirError } from '../base/error.js';
import type { FileIO } from '../io/file-io.js';
import { readIfPresent } from '../meta/absent-file.js';
import { LogPath } from './log-path.js';

export class SlotStore {
  readonly path: LogPath;
  readonly io: FileIO;
  readonly #sync: boolean;
  /** up to this slot names are known to last */
  #lasting = 0n;

  constructor(io: FileIO, path: LogPath, options: { sync: boolean }) {
    this.io = io;
    this.path = path;
    this.#sync = options.sync;
  }

  /** Makes the log's directory. The table's own has to be there. */
  async create(): Promise<void> {
    await this.io.makeDirectory(this.path.directory);
    if (this.#sync) await this.io.syncDirectories([this.path.directory]);
  }

  async isThere(): Promise<boolean> {
    return this.io.exists(this.path.directory);
  }

  /**
   * false when the slot is taken.
   *
   * @param onNamed called when it is there, which may not last yet
   * @throws NOT_FOUND when the log is gone; UNAVAILABLE when the storage failed: the slot may be there or not
   */
  async publish(slot: bigint, bytes: Uint8Array, onNamed?: () => void): Promise<boolean> {
    // beside the slot's own way to the disk: whoever published the one before may be about to do the same
    const after = slot - 1n > this.#lasting ? this.makeLast(slot - 1n) : undefined;
    after?.catch(() => undefined);
    const create = () => this.io.createExclusive(this.path.slot(slot), bytes, { sync: this.#sync, parents: false, after, onNamed });
    const made = await create().catch(async (error: unknown) => {
      if (!hasCode(error, 'NOT_FOUND')) throw error;
      if (!(await this.isThere())) throw this.gone(error);
      await this.io.makeDirectory(this.path.slotDirectory(slot), { parents: false });
      return create();
    });
    if (made) this.#lasts(slot);
    return made;
  }

  /** undefined when there is no such slot (yet, or any more) */
  async read(slot: bigint): Promise<Uint8Array | undefined> {
    // most looks at what is to come find nothing, and an error would be the dearer answer
    return (await this.exists(slot)) ? readIfPresent(this.io, this.path.slot(slot)) : undefined;
  }

  exists(slot: bigint): Promise<boolean> {
    return this.io.exists(this.path.slot(slot));
  }

  /** Calls back when the slot may have come, by whichever process; undefined when the storage does not tell. */
  watch(slot: bigint, onChange: () => void): (() => void) | undefined {
    const path = this.path.slot(slot);
    const inDirectory = this.io.watch?.(this.path.slotDirectory(slot), (name) => path.endsWith(`/${name}`) && onChange());
    // the slot opens a directory that is still to come
    return inDirectory ?? this.io.watch?.(this.path.directory, onChange);
  }

  /** The highest slot there is; undefined for a log without any. */
  async newest(): Promise<bigint | undefined> {
    const directories = (await this.io.list(this.path.directory)).map(({ path }) => path).filter(LogPath.isSlotDirectory);
    for (const directory of directories.sort(byNumber).reverse()) {
      const slots = (await this.#slots(directory)).sort(ascending);
      if (slots.length > 0) return slots.at(-1);
    }
    return undefined;
  }

  /** Slots below `end` that are still there, ascending. */
  async below(end: bigint): Promise<bigint[]> {
    const found: bigint[] = [];
    for (const { path } of await this.io.list(this.path.directory)) {
      if (LogPath.isSlotDirectory(path)) found.push(...(await this.#slots(path)).filter((slot) => slot < end));
    }
    return found.sort(ascending);
  }

  async remove(slot: bigint): Promise<void> {
    await this.io.remove(this.path.slot(slot));
  }

  /** Makes the slot's name last, for whoever acts upon it, unless it is known to. */
  async makeLast(slot: bigint): Promise<void> {
    if (slot > this.#lasting) await this.sync(slot, slot);
  }

  /** Makes the names of these slots last, whoever created them. What was trimmed with its directory need not. */
  async sync(from: bigint, to: bigint): Promise<void> {
    if (!this.#sync) return;
    const directories = new Set([this.path.slotDirectory(to)]);
    for (let slot = from; slot < to; slot++) directories.add(this.path.slotDirectory(slot));
    for (const directory of directories) {
      await this.io.syncDirectories([directory]).catch(async (error: unknown) => {
        if (!hasCode(error, 'NOT_FOUND')) throw error;
        if (!(await this.isThere())) throw this.gone(error);
      });
    }
    this.#lasts(to);
  }

  /**
   * Removes the directories of slots that are all below `start` and gone. None is needed again: who makes one of their slots, after
   * a stall, makes the directory anew, finds that the slot does not count, and removes it.
   */
  async removeDirectoriesBelow(start: bigint): Promise<void> {
    for (const { path } of await this.io.list(this.path.directory)) {
      if (!LogPath.isSlotDirectory(path) || LogPath.endOf(path) > start) continue;
      if ((await this.#slots(path)).length === 0) await this.io.removeDirectory(path);
    }
  }

  /** Its name lasts after `syncBodies`. */
  async writeBody(name: string, bytes: Uint8Array): Promise<void> {
    if (!(await this.isThere())) throw this.gone();
    await this.io.writeFile(this.path.body(name), bytes, { sync: this.#sync && 'file' });
  }

  /** Makes the names of all bodies written so far last, before a slot refers to them. */
  async syncBodies(): Promise<void> {
    if (this.#sync) await this.io.syncDirectories([this.path.bodyDirectory]);
  }

  hasBody(name: string): Promise<boolean> {
    return this.io.exists(this.path.body(name));
  }

  readBody(name: string): Promise<Uint8Array> {
    return this.io.readFile(this.path.body(name));
  }

  async removeBody(name: string): Promise<void> {
    await this.io.remove(this.path.body(name));
  }

  async #slots(directory: string): Promise<bigint[]> {
    return (await this.io.list(directory)).map(({ path }) => LogPath.slotOf(path)).filter((slot) => slot !== undefined);
  }

  #lasts(slot: bigint): void {
    if (slot > this.#lasting) this.#lasting = slot;
  }

  /** What it is when `isThere` says no. */
  gone(cause?: unknown): WeirError {
    return new WeirError('NOT_FOUND', `the log ${this.path.directory} is gone: the table was dropped`, {
      file: this.path.directory,
      cause,
    });
  }
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function byNumber(a: string, b: string): number {
  return Number(a.slice(a.lastIndexOf('/') + 1)) - Number(b.slice(b.lastIndexOf('/') + 1));
}
