/**
 * Who of several processes writes the next slot: a hint, never a lock. A slot is its maker's, whatever stands here; but those who
 * wait do not write and fsync in vain what another is about to take, and nobody starves.
 *
 *   queue/0000000007-<uuid>   writes its slot, and leaves when the slot has its name
 *   queue/0000000008-<uuid>   has read what there is, and goes when 7 leaves
 *   queue/0000000009-<uuid>   sleeps until 8 is next
 *
 * Invariants
 * - a place is an empty file, made at the end of the queue. A writer that is alone among its slots makes none.
 * - a queue in which nothing moves is passed over: its head died, or is slow. Waiting is measured by one's own clock, and whoever
 *   is nearer to the head loses patience first.
 * - whatever fails here is let be: then writers race, as they would without a queue.
 */
import type { Clock } from '../base/clock.js';
import type { Random } from '../base/random.js';
import type { FileIO } from '../io/file-io.js';
import type { LogPath } from './log-path.js';

/**
 * so long nothing may move, and PATIENCE_SLOTS times what one's own last slot took, and more for each place; who was stopped amid a
 * slot has learned nothing of the disk from it
 */
const PATIENCE_MS = 100;
const PATIENCE_SLOTS = 4;
const SLOT_MAX_MS = 250;
const PATIENCE_PLACE_MS = 10;
/** between two looks at the queue, at most: beside a watch, which may miss a change, and without one */
const WATCHED_LOOK_MS = 50;
const LOOK_MS = 2;

const EMPTY = new Uint8Array(0);

export class WriterQueue {
  readonly #io: FileIO;
  readonly #path: LogPath;
  readonly #clock: Clock;
  readonly #random: Random;
  #place: string | undefined;
  #began_ms = 0;
  /** from one's turn to the slot's name, last time */
  #took_ms = 0;

  constructor(io: FileIO, path: LogPath, clock: Clock, random: Random) {
    this.#io = io;
    this.#path = path;
    this.#clock = clock;
    this.#random = random;
  }

  async isEmpty(): Promise<boolean> {
    return (await this.#places()).length === 0;
  }

  /**
   * Waits for one's turn, at the end of the queue. At once for who has it.
   *
   * @param readOn what can be done while others are before one
   */
  async enter(readOn: () => Promise<unknown>): Promise<void> {
    if (this.#place !== undefined) return;
    this.#place = await this.#join();
    if (this.#place !== undefined) await this.#awaitTurn(this.#place, readOn);
    this.#began_ms = this.#clock.monotonic_ms();
  }

  /** Lets the next one go. */
  async leave(): Promise<void> {
    const place = this.#place;
    if (place === undefined) return;
    this.#place = undefined;
    this.#took_ms = Math.min(this.#clock.monotonic_ms() - this.#began_ms, SLOT_MAX_MS);
    await this.#remove(place);
  }

  async #join(): Promise<string | undefined> {
    const last = (await this.#places()).at(-1);
    const number = last === undefined ? 1 : Number.parseInt(last, 10) + 1;
    const place = `${String(number).padStart(10, '0')}-${this.#random.uuid()}`;
    const make = () => this.#io.writeFile(this.#path.place(place), EMPTY, { parents: false });
    try {
      await make().catch(async () => {
        await this.#io.makeDirectory(this.#path.queueDirectory, { parents: false });
        await make();
      });
      return place;
    } catch {
      return undefined;
    }
  }

  async #awaitTurn(place: string, readOn: () => Promise<unknown>): Promise<void> {
    let fewest = Number.POSITIVE_INFINITY;
    let since_ms = 0;
    for (;;) {
      const all = await this.#places();
      const before = all.filter((other) => other < place);
      // somebody has lost patience with us, or we are next
      if (before.length === 0 || !all.includes(place)) return;
      const now_ms = this.#clock.monotonic_ms();
      if (before.length < fewest) {
        fewest = before.length;
        since_ms = now_ms;
      } else if (now_ms - since_ms >= PATIENCE_MS + PATIENCE_SLOTS * this.#took_ms + PATIENCE_PLACE_MS * fewest) {
        await Promise.all(before.map((other) => this.#remove(other)));
        return;
      }
      await readOn().catch(() => undefined);
      // who is second is woken once more, to read on before it is its turn
      await this.#awaitLeave(before.at(-2) ?? before[0]!);
    }
  }

  async #awaitLeave(other: string): Promise<void> {
    const file = this.#path.place(other);
    const sleep = new AbortController();
    const unwatch = this.#io.watch?.(file, () => sleep.abort());
    const look_ms = (unwatch === undefined ? LOOK_MS : WATCHED_LOOK_MS) * (0.5 + this.#random.float() / 2);
    try {
      // it may have left before anybody watched
      if (await this.#io.exists(file)) await this.#clock.sleep(look_ms, sleep.signal);
    } catch {
      // woken
    } finally {
      unwatch?.();
    }
  }

  #places(): Promise<string[]> {
    return this.#io.names(this.#path.queueDirectory).catch(() => []);
  }

  async #remove(place: string): Promise<void> {
    await this.#io.remove(this.#path.place(place)).catch(() => undefined);
  }
}
