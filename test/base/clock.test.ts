import { afterEach, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.js';

afterEach(() => void vi.useRealTimers());

const DAY_MS = 86_400_000;

it('sleeps longer than one timer can be set for', async () => {
  vi.useFakeTimers();
  let awake = false;
  void systemClock.sleep(60 * DAY_MS).then(() => {
    awake = true;
  });
  await vi.advanceTimersByTimeAsync(60 * DAY_MS - 1);
  expect(awake).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(awake).toBe(true);
});

it('wakes at once when it is told to, at any time', async () => {
  vi.useFakeTimers();
  const stop = new AbortController();
  const slept = systemClock.sleep(60 * DAY_MS, stop.signal).catch((reason: unknown) => reason);
  await vi.advanceTimersByTimeAsync(30 * DAY_MS);
  stop.abort('enough');
  expect(await slept).toBe('enough');
  expect(vi.getTimerCount()).toBe(0);
  await expect(systemClock.sleep(1, stop.signal)).rejects.toBe('enough');
});
