/**
 * The Executor that has no threads: every task runs in the caller's thread, when it is asked for, in that order.
 * Tests and the simulation use it, and storage that lives in this process (memory, faulty).
 */
import { WeirError } from './error.js';
import { type Executor, type RunOptions, type Task, Transfer } from './executor.js';

/** Runs tasks in the calling thread. */
export function inlineExecutor(): Executor {
  return new InlineExecutor();
}

class InlineExecutor implements Executor {
  readonly inline = true;
  readonly threads = 1;
  readonly #closing = new AbortController();

  async run<I, O>(task: Task<I, Promise<O | Transfer<O>>>, input: I, options: RunOptions = {}): Promise<O> {
    this.#assertOpen();
    options.signal?.throwIfAborted();
    return unwrap(await task.call(input, this.#signal(options)));
  }

  async *stream<I, O>(
    task: Task<I, AsyncIterable<O | Transfer<O>>>,
    input: I,
    options: RunOptions = {},
  ): AsyncGenerator<O, void, undefined> {
    this.#assertOpen();
    const signal = this.#signal(options);
    signal.throwIfAborted();
    for await (const item of task.call(input, signal)) {
      signal.throwIfAborted();
      yield unwrap(item);
      signal.throwIfAborted();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(closedError());
  }

  #signal(options: RunOptions): AbortSignal {
    return options.signal ? AbortSignal.any([options.signal, this.#closing.signal]) : this.#closing.signal;
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw closedError();
  }
}

function closedError(): WeirError {
  return new WeirError('CLOSED', 'the executor is closed');
}

function unwrap<O>(item: O | Transfer<O>): O {
  return item instanceof Transfer ? item.value : item;
}
