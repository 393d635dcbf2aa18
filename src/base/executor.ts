/**
 * Where heavy work runs: worker threads in production, inline and in order in tests and simulation.
 *
 * A task is a named export of a module: `(input, signal) => Promise<output>` or an async generator.
 * Workers import the module by its URL, so a task and its input must be plain data (structured clone);
 * `transfer` lists the ArrayBuffers whose ownership moves with the message.
 *
 * Invariants: a task that throws a WeirError rejects with a WeirError of the same code; aborting ends the
 * task and frees its worker; a stream is pulled (at most `window` items ahead), so memory stays bounded.
 */
export interface Task<I, O> {
  /** URL of the built module that exports it (`import.meta.url`) */
  readonly module: string;
  /** name of the export */
  readonly name: string;
  /** the function itself, for the inline executor */
  readonly call: (input: I, signal?: AbortSignal) => O;
}

export function defineTask<I, O>(module: string, name: string, call: (input: I, signal?: AbortSignal) => O): Task<I, O> {
  return { module, name, call };
}

/** What a task yields or returns may carry the buffers to move instead of copy. */
export class Transfer<T> {
  constructor(
    readonly value: T,
    readonly buffers: ArrayBuffer[],
  ) {}
}

export interface RunOptions {
  transfer?: ArrayBuffer[];
  signal?: AbortSignal | undefined;
}

/**
 * Runs tasks. A catalog makes its own and closes it; one that is passed in may serve several catalogs, and is closed by its owner.
 *
 * @example
 * const shared = (executor: Executor) => Promise.all(['/a', '/b'].map((warehouse) => openCatalog({ warehouse, executor })));
 */
export interface Executor {
  /** tasks run in this very thread and are given references, not copies */
  readonly inline: boolean;
  /** how many tasks run at once */
  readonly threads: number;
  run<I, O>(task: Task<I, Promise<O | Transfer<O>>>, input: I, options?: RunOptions): Promise<O>;
  stream<I, O>(task: Task<I, AsyncIterable<O | Transfer<O>>>, input: I, options?: RunOptions): AsyncIterable<O>;
  close(): Promise<void>;
}
