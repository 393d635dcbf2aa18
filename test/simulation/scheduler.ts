/**
 * One thread plays many processes: whoever wants to touch the storage or to sleep waits for a turn, and chance says who goes on.
 *
 *   process ─ call ─> turn ─┐                      ┌─ the process goes on until its next turn
 *   process ─ sleep ─> due ─┼─> one of them, by ───┤
 *   process ─ call ─> turn ─┘   the seed           └─ everybody else stands still
 *
 * Invariants
 * - between two turns all that can run has run, so a seed decides everything: time and chance come from here alone.
 * - a dead process gets no turn any more: its next call never happens, and never returns.
 * - a frozen process gets none until it thaws, however much time goes by.
 */
import type { Clock, Random } from '../../src/index.js';

interface Turn {
  readonly process: Process;
  /** simulated time from which it may be given */
  readonly due_ms: number;
  give(): void;
}

/** What may happen between two turns. */
export type Incident = () => void;

export class Scheduler {
  readonly random: Random;
  time_ms = 1_700_000_000_000;
  steps = 0;
  /** likelihood that the process that ran last goes on */
  stickiness = 0;
  /** simulated time a turn takes, at most */
  turn_ms = 2;
  /** turns after which a run counts as endless */
  limit = 25_000;
  incident: Incident | undefined;
  /** what went wrong: ends the run */
  failure: unknown;
  #turns: Turn[] = [];
  #last: Process | undefined;

  constructor(random: Random) {
    this.random = random;
  }

  process(name: string): Process {
    return new Process(this, name);
  }

  /** Plays until `goal` is reached. @throws what it throws; the failure; an error when nobody can go on */
  async run(goal: Promise<void>): Promise<void> {
    let ended = false;
    goal.then(
      () => {
        ended = true;
      },
      (error: unknown) => {
        this.failure ??= error;
      },
    );
    for (;;) {
      await quiet();
      if (this.failure !== undefined) throw this.failure;
      if (ended) return;
      if (++this.steps > this.limit) throw new Error(`no end after ${this.limit} turns; waiting: ${this.#names()}`);
      this.incident?.();
      await quiet();
      this.#giveOne();
    }
  }

  /** Queues a turn. */
  ask(turn: Turn): void {
    this.#turns.push(turn);
  }

  /** Takes a turn back. */
  drop(turn: Turn): void {
    const at = this.#turns.indexOf(turn);
    if (at >= 0) this.#turns.splice(at, 1);
  }

  integer(low: number, high: number): number {
    return low + Math.floor(this.random.float() * (high - low + 1));
  }

  chance(likelihood: number): boolean {
    return this.random.float() < likelihood;
  }

  #giveOne(): void {
    this.#turns = this.#turns.filter(({ process }) => !process.dead);
    this.time_ms += this.random.float() * this.turn_ms;
    let ready = this.#turns.filter((turn) => readyAt(turn) <= this.time_ms);
    if (ready.length === 0) {
      if (this.#turns.length === 0) throw new Error('nobody can go on');
      this.time_ms = Math.min(...this.#turns.map(readyAt));
      ready = this.#turns.filter((turn) => readyAt(turn) <= this.time_ms);
    }
    const own = this.chance(this.stickiness) ? ready.filter(({ process }) => process === this.#last) : [];
    const among = own.length > 0 ? own : ready;
    const turn = among[this.integer(0, among.length - 1)]!;
    this.drop(turn);
    this.#last = turn.process;
    turn.give();
  }

  #names(): string {
    return this.#turns.map(({ process }) => process.name).join(', ');
  }
}

function readyAt({ process, due_ms }: Turn): number {
  return Math.max(due_ms, process.frozenUntil_ms);
}

/** All that can run without a turn has run: a tick comes after the last of the microtasks, and nothing here waits for more. */
function quiet(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

export class Process {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  dead = false;
  frozenUntil_ms = 0;
  /** how far its wall clock is ahead */
  skew_ms = 0;
  readonly #deaths: (() => void)[] = [];

  constructor(scheduler: Scheduler, name: string) {
    this.scheduler = scheduler;
    this.name = name;
    this.clock = {
      now_ms: () => Math.floor(scheduler.time_ms + this.skew_ms),
      monotonic_ms: () => scheduler.time_ms,
      sleep: (duration_ms, signal) => this.#sleep(duration_ms, signal),
    };
  }

  /** Resolves when it is this process's turn. */
  turn(): Promise<void> {
    return new Promise((give) => this.scheduler.ask({ process: this, due_ms: 0, give }));
  }

  kill(): void {
    this.dead = true;
    for (const tell of this.#deaths) tell();
  }

  /** Resolves when the process is killed. */
  death(): Promise<void> {
    return new Promise((tell) => (this.dead ? tell() : this.#deaths.push(tell)));
  }

  /** The calls of a dead process never return. */
  async never(): Promise<never> {
    return new Promise(() => {});
  }

  #sleep(duration_ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const turn: Turn = {
        process: this,
        due_ms: this.scheduler.time_ms + duration_ms,
        give: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      const onAbort = () => {
        this.scheduler.drop(turn);
        reject(signal!.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.scheduler.ask(turn);
    });
  }
}
