/**
 * The Executor of production: a pool of worker threads.
 *
 *   run, stream --> queue --> idle worker, or a new one while there are fewer than `threads`
 *                               |
 *   consumer <-- items (<= 2 ahead) <--+        a stream that is 2 ahead counts as idle: its worker takes other tasks
 *
 * Invariants
 * - a worker computes for one task at a time; streams whose consumers lag do not block it (so consumers may pull
 *   many streams in any order).
 * - workers start with the first task that needs them and keep the process alive only while they compute.
 * - a worker that dies rejects its tasks with UNAVAILABLE and is replaced when there is work.
 * - an aborted task is asked to end and its promise waits for that, so nothing of it goes on afterwards; it then
 *   rejects with the signal's reason. A task that completes in spite of the abort resolves: its effects are real.
 */
import { type ResourceLimits, Worker } from 'node:worker_threads';
import { type Clock, systemClock } from './clock.js';
import { WeirError } from './error.js';
import type { Executor, RunOptions, Task, Transfer } from './executor.js';
import { Inbox } from './inbox.js';
import { type FromWorker, type ToWorker, unpackError, WINDOW } from './worker-protocol.js';

export interface WorkerExecutorOptions {
  /** worker threads, at least 1 */
  threads: number;
  /** heap limits of each worker (a worker beyond them dies, its tasks are UNAVAILABLE) */
  resourceLimits?: ResourceLimits;
  /** the file that workers load; the built `worker-entry.js` next to this one when absent */
  entry?: URL;
  clock?: Clock;
}

/** how long close() waits for running tasks to clean up before it ends their threads */
const CLOSE_GRACE_MS = 5_000;

/** A pool of worker threads. Tasks must live in built modules: a `.ts` URL cannot be loaded by a worker. */
export function workerExecutor(options: WorkerExecutorOptions): Executor {
  return new WorkerPool(options);
}

/** One task on its way: what the pool knows of it. */
interface Job {
  readonly id: number;
  readonly start: Extract<ToWorker, { t: 'start' }>;
  readonly transfer: ArrayBuffer[] | undefined;
  /** the signal's reason once it fired; the pool's own once it closes */
  stopped: { reason: unknown } | undefined;
  worker: PoolWorker | undefined;
  /** items the worker may still send without a pull; Infinity for tasks that are no streams */
  credit: number;
  onItem(value: unknown): void;
  onDone(value: unknown): void;
  onFail(error: unknown): void;
}

interface PoolWorker {
  readonly thread: Worker;
  readonly jobs: Map<number, Job>;
  /** jobs that are computing: with credit left */
  running: number;
}

class WorkerPool implements Executor {
  readonly inline = false;
  readonly threads: number;
  readonly #options: WorkerExecutorOptions;
  readonly #entry: URL;
  readonly #workers = new Set<PoolWorker>();
  readonly #queue: Job[] = [];
  #nextId = 0;
  #closed: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  constructor(options: WorkerExecutorOptions) {
    if (!Number.isInteger(options.threads) || options.threads < 1) {
      throw new WeirError('INVALID_ARGUMENT', `threads must be an integer of at least 1, not ${options.threads}`);
    }
    this.threads = options.threads;
    this.#options = options;
    this.#entry = options.entry ?? new URL('./worker-entry.js', import.meta.url);
  }

  run<I, O>(task: Task<I, Promise<O | Transfer<O>>>, input: I, options: RunOptions = {}): Promise<O> {
    return new Promise<O>((resolve, reject) => {
      const job = this.#job(task, input, false, options, {
        onItem: () => undefined,
        onDone: (value) => resolve(value as O),
        onFail: reject,
      });
      this.#enqueue(job, options.signal);
    });
  }

  stream<I, O>(task: Task<I, AsyncIterable<O | Transfer<O>>>, input: I, options: RunOptions = {}): AsyncIterable<O> {
    return { [Symbol.asyncIterator]: () => this.#iterate<I, O>(task, input, options) };
  }

  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  /** The task starts with the first `next()`; `return()` resolves once it has ended. */
  #iterate<I, O>(task: Task<I, AsyncIterable<O | Transfer<O>>>, input: I, options: RunOptions): AsyncIterator<O, undefined> {
    const inbox = new Inbox<O>();
    const job = this.#job(task, input, true, options, {
      onItem: (value) => {
        if (inbox.put(value as O)) this.#pull(job);
      },
      onDone: () => inbox.end(),
      onFail: (error) => {
        if (job.stopped) inbox.clear();
        inbox.end({ error });
      },
    });
    let started = false;
    return {
      next: () => {
        if (!started) {
          started = true;
          this.#enqueue(job, options.signal);
        }
        return inbox.take(() => this.#pull(job));
      },
      return: async () => {
        inbox.clear();
        if (started && !inbox.ended) {
          this.#stop(job, new WeirError('CLOSED', 'the stream was closed'));
          await inbox.untilEnd();
        }
        started = true;
        inbox.end();
        return { done: true, value: undefined };
      },
    };
  }

  #job<I, O>(task: Task<I, O>, input: I, stream: boolean, options: RunOptions, handlers: Pick<Job, 'onItem' | 'onDone' | 'onFail'>): Job {
    const id = this.#nextId++;
    const start = { t: 'start', id, module: task.module, name: task.name, stream, input } as const;
    return {
      id,
      start,
      transfer: options.transfer,
      stopped: undefined,
      worker: undefined,
      credit: stream ? WINDOW : Infinity,
      ...handlers,
    };
  }

  #enqueue(job: Job, signal: AbortSignal | undefined): void {
    if (this.#closed || signal?.aborted) {
      job.onFail(this.#closed ? new WeirError('CLOSED', 'the executor is closed') : signal?.reason);
      return;
    }
    if (signal) {
      const { onDone, onFail } = job;
      const onAbort = (): void => this.#stop(job, signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      job.onDone = (value) => {
        signal.removeEventListener('abort', onAbort);
        onDone(value);
      };
      job.onFail = (error) => {
        signal.removeEventListener('abort', onAbort);
        onFail(error);
      };
    }
    this.#queue.push(job);
    this.#dispatch();
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const worker = this.#idleWorker();
      if (!worker) return;
      const job = this.#queue.shift() as Job;
      job.worker = worker;
      worker.jobs.set(job.id, job);
      this.#occupy(worker);
      try {
        worker.thread.postMessage(job.start, job.transfer);
      } catch (error) {
        // the input cannot be cloned: the worker never heard of it
        this.#end(worker, job);
        job.onFail(error);
      }
    }
  }

  #idleWorker(): PoolWorker | undefined {
    for (const worker of this.#workers) if (worker.running === 0) return worker;
    return this.#workers.size < this.threads ? this.#spawn() : undefined;
  }

  #spawn(): PoolWorker {
    const { resourceLimits } = this.#options;
    // Flags such as --input-type or --import are meant for the program, not for built files.
    const thread = new Worker(this.#entry, { name: 'weir', execArgv: [], ...(resourceLimits && { resourceLimits }) });
    const worker: PoolWorker = { thread, jobs: new Map(), running: 0 };
    thread.on('message', (message: FromWorker) => this.#receive(worker, message));
    thread.on('messageerror', (error) => this.#lose(worker, error));
    thread.on('error', (error) => this.#lose(worker, error));
    thread.on('exit', () => this.#lose(worker, undefined));
    this.#workers.add(worker);
    return worker;
  }

  #receive(worker: PoolWorker, message: FromWorker): void {
    const job = worker.jobs.get(message.id);
    if (!job) return;
    if (message.t === 'item') {
      if (job.stopped) return;
      job.credit--;
      if (job.credit === 0) this.#release(worker);
      job.onItem(message.value);
      if (job.credit === 0) this.#dispatch();
      return;
    }
    this.#end(worker, job);
    if (message.t === 'done' && !(job.stopped && job.start.stream)) job.onDone(message.value);
    else if (job.stopped) job.onFail(job.stopped.reason);
    else if (message.t === 'fail') job.onFail(unpackError(message.error));
    this.#dispatch();
  }

  /** The consumer took an item: the stream may send one more. */
  #pull(job: Job): void {
    const worker = job.worker;
    if (!worker || job.stopped) return;
    if (job.credit === 0) this.#occupy(worker);
    job.credit++;
    worker.thread.postMessage({ t: 'pull', id: job.id } satisfies ToWorker);
  }

  #stop(job: Job, reason: unknown): void {
    if (job.stopped) return;
    job.stopped = { reason };
    const worker = job.worker;
    if (worker) {
      // what it does to end itself is work
      if (job.credit === 0) this.#occupy(worker);
      job.credit = Infinity;
      worker.thread.postMessage({ t: 'stop', id: job.id } satisfies ToWorker);
      return;
    }
    const place = this.#queue.indexOf(job);
    if (place < 0) return; // it has ended
    this.#queue.splice(place, 1);
    job.onFail(reason);
  }

  #end(worker: PoolWorker, job: Job): void {
    worker.jobs.delete(job.id);
    job.worker = undefined;
    if (job.credit > 0) this.#release(worker);
    if (worker.jobs.size === 0) this.#onIdle?.();
  }

  #occupy(worker: PoolWorker): void {
    if (worker.running++ === 0) worker.thread.ref();
  }

  #release(worker: PoolWorker): void {
    if (--worker.running === 0) worker.thread.unref();
  }

  #lose(worker: PoolWorker, cause: unknown): void {
    if (!this.#workers.delete(worker)) return;
    void worker.thread.terminate();
    const detail = cause instanceof Error ? `: ${cause.message}` : '';
    for (const job of [...worker.jobs.values()]) {
      worker.jobs.delete(job.id);
      job.worker = undefined;
      const lost = new WeirError('UNAVAILABLE', `a worker thread died while it ran ${job.start.name}${detail}`, { cause });
      job.onFail(job.stopped ? job.stopped.reason : lost);
    }
    this.#onIdle?.();
    this.#dispatch();
  }

  async #shutDown(): Promise<void> {
    const closed = new WeirError('CLOSED', 'the executor was closed');
    for (const job of this.#queue.splice(0)) job.onFail(closed);
    for (const worker of this.#workers) for (const job of worker.jobs.values()) this.#stop(job, closed);
    const grace = new AbortController();
    const isBusy = (): boolean => [...this.#workers].some((worker) => worker.jobs.size > 0);
    if (isBusy()) {
      const idle = new Promise<void>((resolve) => {
        this.#onIdle = () => {
          if (!isBusy()) resolve();
        };
      });
      const timeout = (this.#options.clock ?? systemClock).sleep(CLOSE_GRACE_MS, grace.signal).catch(() => undefined);
      await Promise.race([idle, timeout]);
      grace.abort();
    }
    await Promise.all([...this.#workers].map((worker) => worker.thread.terminate()));
  }
}
