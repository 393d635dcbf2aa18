/** Processes of a workload: each runs the `child` function of the workload's own module, and they talk by messages. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A process that runs the module at `url` with these arguments. */
export class Child {
  readonly #process: ChildProcess;
  readonly #inbox: unknown[] = [];
  #waiting: { resolve: (message: unknown) => void; reject: (error: Error) => void } | undefined;
  #ended: Error | undefined;

  constructor(url: string, ...args: string[]) {
    this.#process = fork(fileURLToPath(url), args, { execArgv: ['--expose-gc'] });
    this.#process.on('message', (message) => {
      if (this.#waiting === undefined) this.#inbox.push(message);
      else this.#waiting.resolve(message);
      this.#waiting = undefined;
    });
    this.#process.on('exit', (code) => {
      this.#ended = new Error(`a process of the workload ended with ${code}`);
      this.#waiting?.reject(this.#ended);
    });
  }

  tell(message: string): void {
    this.#process.send(message);
  }

  /** The next message it sends. */
  next<T>(): Promise<T> {
    if (this.#inbox.length > 0) return Promise.resolve(this.#inbox.shift() as T);
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve: (message) => resolve(message as T), reject };
    });
  }

  /** Tells it to stop; what it says at last. */
  async stop<T>(): Promise<T> {
    this.tell('stop');
    const last = await this.next<T>();
    this.#process.disconnect();
    await new Promise((resolve) => this.#process.once('exit', resolve));
    return last;
  }
}

/** Arguments of this process when the module at `url` is its program; undefined in the process that imports it. */
export function childArguments(url: string): string[] | undefined {
  return process.argv[1] === fileURLToPath(url) ? process.argv.slice(2) : undefined;
}

/** In a child: aborted when the parent says stop. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  process.once('message', () => stop.abort());
  return stop.signal;
}

/** In a child. */
export function say(message: unknown): void {
  process.send!(message);
}

/** In a child: until the parent says something. */
export function heard(): Promise<void> {
  return new Promise((resolve) => process.once('message', () => resolve()));
}
