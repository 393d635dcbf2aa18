import { expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.js';
import { TICK, withTicks } from '../../src/cli/input/ticks.js';

/** Time passes only while somebody sleeps. */
class SleepingClock implements Clock {
  time_ms = 0;
  now_ms = () => this.time_ms;
  monotonic_ms = () => this.time_ms;
  async sleep(duration_ms: number, signal?: AbortSignal): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted) throw signal.reason;
    this.time_ms += duration_ms;
  }
}

it('ticks while no item comes', async () => {
  let release: () => void = () => undefined;
  const source = async function* () {
    yield 1;
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    yield 2;
  };
  const seen: unknown[] = [];
  for await (const item of withTicks(source(), 100, new SleepingClock())) {
    seen.push(item === TICK ? 'tick' : item);
    if (seen.length === 3) release();
  }
  expect(seen.slice(0, 3)).toEqual([1, 'tick', 'tick']);
  expect(seen.at(-1)).toBe(2);
});

it('is the source itself without an interval', async () => {
  const source = async function* () {
    yield 1;
    yield 2;
  };
  const seen = [];
  for await (const item of withTicks(source(), undefined, systemClock)) seen.push(item);
  expect(seen).toEqual([1, 2]);
});

it('hands on the error of the source', async () => {
  const source = async function* () {
    yield 1;
    throw new Error('cut off');
  };
  const read = async () => {
    for await (const _ of withTicks(source(), 1000, new SleepingClock()));
  };
  await expect(read()).rejects.toThrow('cut off');
});
