/**
 * What a worker thread runs: it imports task modules by URL, once each, and answers the pool's messages.
 *
 * A worker is an event loop of its own, so several tasks can be under way in it; the pool starts a further one only
 * when those before wait for their consumers.
 */
import { type MessagePort, parentPort } from 'node:worker_threads';
import { Transfer } from './executor.js';
import { type FromWorker, packError, type ToWorker, WINDOW } from './worker-protocol.js';

type TaskFunction = (input: unknown, signal: AbortSignal) => unknown;

interface ActiveTask {
  readonly abort: AbortController;
  credit: number;
  /** resumes a stream that ran out of credit */
  wake: (() => void) | undefined;
}

if (parentPort) serve(parentPort);

function serve(port: MessagePort): void {
  const modules = new Map<string, Record<string, unknown>>();
  const active = new Map<number, ActiveTask>();

  port.on('message', (message: ToWorker) => {
    if (message.t === 'start') {
      void start(message);
      return;
    }
    const task = active.get(message.id);
    if (!task) return; // it has ended, and the pool will learn so
    if (message.t === 'pull') task.credit++;
    else task.abort.abort();
    task.wake?.();
  });

  async function start(message: Extract<ToWorker, { t: 'start' }>): Promise<void> {
    const { id } = message;
    const task: ActiveTask = { abort: new AbortController(), credit: WINDOW, wake: undefined };
    active.set(id, task);
    try {
      const call = await load(message.module, message.name);
      task.abort.signal.throwIfAborted(); // stopped while its module was loading
      const result = call(message.input, task.abort.signal);
      if (message.stream) {
        await sendItems(id, task, result as AsyncIterable<unknown>);
        send('done', id, undefined);
      } else {
        send('done', id, await result);
      }
    } catch (error) {
      port.postMessage({ t: 'fail', id, error: packError(error) } satisfies FromWorker);
    } finally {
      active.delete(id);
    }
  }

  async function sendItems(id: number, task: ActiveTask, items: AsyncIterable<unknown>): Promise<void> {
    for await (const item of items) {
      if (task.abort.signal.aborted) return;
      send('item', id, item);
      task.credit--;
      while (task.credit === 0 && !task.abort.signal.aborted) {
        await new Promise<void>((resolve) => {
          task.wake = resolve;
        });
        task.wake = undefined;
      }
      if (task.abort.signal.aborted) return;
    }
  }

  async function load(url: string, name: string): Promise<TaskFunction> {
    let module = modules.get(url);
    if (!module) {
      module = (await import(url)) as Record<string, unknown>;
      modules.set(url, module);
    }
    const found = module[name];
    if (typeof found !== 'function') throw new TypeError(`${url} exports no function ${name}`);
    return found as TaskFunction;
  }

  function send(t: 'item' | 'done', id: number, result: unknown): void {
    if (result instanceof Transfer) port.postMessage({ t, id, value: result.value } satisfies FromWorker, result.buffers);
    else port.postMessage({ t, id, value: result } satisfies FromWorker);
  }
}
