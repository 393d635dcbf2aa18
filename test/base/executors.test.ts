/** Both executors keep one contract; the pool has promises of its own. */
import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import type { Executor, Task } from '../../src/base/executor.js';
import { built, builtPath } from '../support/built.js';
import * as fixture from './fixtures/tasks.mjs';

// The built files: a worker thread cannot load TypeScript, and both sides must agree on what a WeirError is.
const { hasCode, WeirError } = await built<typeof import('../../src/base/error.js')>('base/error.js');
const { inlineExecutor } = await built<typeof import('../../src/base/inline-executor.js')>('base/inline-executor.js');
const { workerExecutor } = await built<typeof import('../../src/base/worker-executor.js')>('base/worker-executor.js');
const tasks = fixture.tasks as unknown as Record<string, Task<unknown, Promise<unknown>>>;
const streams = fixture.tasks as unknown as Record<string, Task<unknown, AsyncIterable<unknown>>>;

const open: Executor[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((executor) => executor.close()));
});

function opened(executor: Executor): Executor {
  open.push(executor);
  return executor;
}

function task(name: string): Task<unknown, Promise<unknown>> {
  const found = tasks[name];
  if (!found) throw new Error(`no task ${name}`);
  return found;
}

function streamTask(name: string): Task<unknown, AsyncIterable<unknown>> {
  const found = streams[name];
  if (!found) throw new Error(`no task ${name}`);
  return found;
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => expect.fail(`expected a failure, got ${String(value)}`),
    (error: unknown) => error,
  );
}

async function collect(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe.each([
  ['inline', () => opened(inlineExecutor())],
  ['workers', () => opened(workerExecutor({ threads: 2 }))],
])('%s', (_name, make) => {
  it('runs a task and returns its result', async () => {
    const executor = make();
    expect(await executor.run(task('add'), { a: 2n ** 62n, b: 1n })).toBe(2n ** 62n + 1n);
    expect(await Promise.all(Array.from({ length: 50 }, (_, i) => executor.run(task('add'), { a: i, b: 1 })))).toEqual(
      Array.from({ length: 50 }, (_, i) => i + 1),
    );
  });

  it('moves buffers', async () => {
    const executor = make();
    const bytes = new Uint8Array(100_000);
    const filled = (await executor.run(task('fill'), { bytes, value: 7 }, { transfer: [bytes.buffer] })) as Uint8Array;
    expect(filled).toHaveLength(100_000);
    expect(filled[99_999]).toBe(7);
    if (!executor.inline) expect(bytes).toHaveLength(0);
    const items = (await collect(executor.stream(streamTask('buffers'), { to: 5 }))) as Uint8Array[];
    expect(items.map((item) => item[999])).toEqual([0, 1, 2, 3, 4]);
  });

  it('carries a WeirError with all it knows', async () => {
    const executor = make();
    const error = await failureOf(executor.run(task('failing'), { code: 'CORRUPTION' }));
    if (!hasCode(error, 'CORRUPTION')) expect.fail(String(error));
    expect(error).toBeInstanceOf(WeirError);
    expect(error.message).toBe('it broke: do something');
    expect(error.file).toBe('/t/file');
    expect(error.table).toBe('db.t');
    const outer = error.cause as Error;
    expect(outer.message).toBe('outer');
    expect(outer.cause).toMatchObject({ message: 'no space left on device', code: 'ENOSPC' });
    expect(error.stack).toContain('tasks.mjs');
  });

  it('carries other errors', async () => {
    expect(await failureOf(make().run(task('failing'), {}))).toMatchObject({ name: 'RangeError', message: 'out of range' });
  });

  it('streams in order, to the end', async () => {
    const executor = make();
    expect(await collect(executor.stream(streamTask('count'), { to: 1000 }))).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(await collect(executor.stream(streamTask('count'), { to: 0 }))).toEqual([]);
  });

  it('delivers the items before an error, then the error, then the end', async () => {
    const iterator = make().stream(streamTask('count'), { to: 10, failAt: 5 })[Symbol.asyncIterator]();
    for (let i = 0; i < 5; i++) expect(await iterator.next()).toEqual({ done: false, value: i });
    const error = await failureOf(iterator.next());
    expect(hasCode(error, 'CORRUPTION')).toBe(true);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('holds a stream back when its consumer lags, and cleans up when it leaves', async () => {
    const executor = make();
    const shared = new SharedArrayBuffer(8);
    const cells = new Int32Array(shared);
    let taken = 0;
    for await (const item of executor.stream(streamTask('observed'), { shared, to: 1_000_000 })) {
      expect(item).toBe(taken++);
      await new Promise((resolve) => setTimeout(resolve, 2));
      expect(Atomics.load(cells, 0)).toBeLessThanOrEqual(taken + 3);
      if (taken === 10) break;
    }
    expect(Atomics.load(cells, 1)).toBe(1);
    expect(Atomics.load(cells, 0)).toBeLessThan(15);
  });

  it('rejects with the signal’s reason, and does not start what was aborted before', async () => {
    const executor = make();
    const reason = new Error('enough');
    expect(await failureOf(executor.run(task('echo'), 1, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(await failureOf(collect(executor.stream(streamTask('count'), { to: 3 }, { signal: AbortSignal.abort(reason) })))).toBe(reason);
    const controller = new AbortController();
    const running = failureOf(executor.run(task('waitForAbort'), { cleanup_ms: 20 }, { signal: controller.signal }));
    setTimeout(() => controller.abort(reason), 20);
    expect(await running).toBe(reason);
    expect(await executor.run(task('echo'), 'alive')).toBe('alive');
  });

  it('ends a stream that is aborted between items', async () => {
    const executor = make();
    const shared = new SharedArrayBuffer(8);
    const controller = new AbortController();
    const reason = new Error('enough');
    const seen: unknown[] = [];
    const error = await failureOf(
      (async () => {
        for await (const item of executor.stream(streamTask('observed'), { shared, to: 1000 }, { signal: controller.signal })) {
          seen.push(item);
          if (seen.length === 3) controller.abort(reason);
        }
      })(),
    );
    expect(error).toBe(reason);
    expect(seen).toEqual([0, 1, 2]);
    expect(Atomics.load(new Int32Array(shared), 1)).toBe(1);
  });

  it('rejects everything once closed', async () => {
    const executor = make();
    const running = failureOf(executor.run(task('waitForAbort'), {}));
    if (!executor.inline) await executor.run(task('echo'), 1);
    await executor.close();
    await executor.close();
    if (!executor.inline) expect(hasCode(await running, 'CLOSED')).toBe(true);
    expect(hasCode(await failureOf(executor.run(task('echo'), 1)), 'CLOSED')).toBe(true);
    expect(hasCode(await failureOf(collect(executor.stream(streamTask('count'), { to: 1 }))), 'CLOSED')).toBe(true);
  });
});

describe('the pool', () => {
  it('spreads work over its threads and no more', async () => {
    const executor = opened(workerExecutor({ threads: 2 }));
    const threads = await Promise.all(Array.from({ length: 8 }, () => executor.run(task('spin'), { duration_ms: 20 })));
    expect(new Set(threads).size).toBe(2);
    expect(threads).not.toContain(0);
  });

  it('replaces a worker that crashes or exits', async () => {
    const executor = opened(workerExecutor({ threads: 1 }));
    for (const name of ['crash', 'exit']) {
      const before = await executor.run(task('thread'), {});
      const lost = failureOf(executor.run(task(name), {}));
      const queued = executor.run(task('thread'), {});
      const error = await lost;
      expect(hasCode(error, 'UNAVAILABLE'), String(error)).toBe(true);
      expect((error as Error).message).toContain(name);
      expect(await queued).not.toBe(before);
    }
  });

  it('survives a worker without memory', async () => {
    const executor = opened(workerExecutor({ threads: 1, resourceLimits: { maxOldGenerationSizeMb: 16 } }));
    const hungry = Array.from({ length: 3_000_000 }, (_, i) => `item ${i}`);
    expect(hasCode(await failureOf(executor.run(task('echo'), hungry)), 'UNAVAILABLE')).toBe(true);
    expect(await executor.run(task('echo'), 'fine')).toBe('fine');
  });

  it('reports what cannot be cloned or found, and goes on', async () => {
    const executor = opened(workerExecutor({ threads: 1 }));
    expect(await failureOf(executor.run(task('echo'), () => 1))).toMatchObject({ name: 'DataCloneError' });
    expect(await failureOf(executor.run(task('uncloneable'), {}))).toMatchObject({ name: 'DataCloneError' });
    expect(String(await failureOf(executor.run(task('missing'), {})))).toContain('exports no function missing');
    expect(String(await failureOf(executor.run(task('noModule'), {})))).toContain('none.mjs');
    expect(await executor.run(task('echo'), 'fine')).toBe('fine');
  });

  it('lets one thread serve many streams pulled in turn', async () => {
    const executor = opened(workerExecutor({ threads: 1 }));
    const iterators = Array.from({ length: 5 }, () => executor.stream(streamTask('count'), { to: 20 })[Symbol.asyncIterator]());
    for (let i = 0; i < 20; i++) {
      for (const iterator of iterators) expect(await iterator.next()).toEqual({ done: false, value: i });
      expect(await executor.run(task('add'), { a: i, b: i })).toBe(2 * i);
    }
    for (const iterator of iterators) expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('drops what is queued when it is aborted there', async () => {
    const executor = opened(workerExecutor({ threads: 1 }));
    const busy = executor.run(task('spin'), { duration_ms: 50 });
    const controller = new AbortController();
    const reason = new Error('never mind');
    const queued = failureOf(executor.run(task('echo'), 1, { signal: controller.signal }));
    controller.abort(reason);
    expect(await queued).toBe(reason);
    expect(await busy).toBeGreaterThan(0);
  });

  it('refuses fewer than one thread', () => {
    expect(() => workerExecutor({ threads: 0 })).toThrow('threads must be an integer of at least 1');
  });

  it('does not keep a process alive when it is idle, also with a stream left half-read', () => {
    const script = `
      import { workerExecutor } from ${JSON.stringify(builtPath('base/worker-executor.js'))};
      import { tasks } from ${JSON.stringify(new URL('./fixtures/tasks.mjs', import.meta.url).href)};
      const executor = workerExecutor({ threads: 2 });
      console.log(await executor.run(tasks.add, { a: 1, b: 2 }));
      const iterator = executor.stream(tasks.count, { to: 100 })[Symbol.asyncIterator]();
      console.log((await iterator.next()).value);
    `;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect(stderr).toBe('');
    expect(stdout).toBe('3\n0\n');
    expect(status).toBe(0);
  });
});
