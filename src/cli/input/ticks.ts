/** An iteration that is interrupted by ticks: what waits on a slow pipe must be committed in time all the same. */
import type { Clock } from '../../base/clock.js';

export const TICK = Symbol('tick');

/**
 * The items of `source`, and a TICK whenever `every_ms` have passed since the last one (or the start), also while no item comes.
 * The source is not asked for the next item before the consumer has come back for it.
 */
export async function* withTicks<T>(
  source: AsyncIterable<T>,
  every_ms: number | undefined,
  clock: Clock,
): AsyncGenerator<T | typeof TICK, void, undefined> {
  if (every_ms === undefined) {
    yield* source;
    return;
  }
  const iterator = source[Symbol.asyncIterator]();
  let deadline_ms = clock.monotonic_ms() + every_ms;
  let next: Promise<IteratorResult<T>> | undefined;
  try {
    for (;;) {
      next ??= iterator.next();
      const item = await firstOf(next, deadline_ms - clock.monotonic_ms(), clock);
      if (item === TICK) {
        deadline_ms = clock.monotonic_ms() + every_ms;
        yield TICK;
        continue;
      }
      next = undefined;
      if (item.done) return;
      yield item.value;
    }
  } finally {
    // a source that waits for input cannot be closed before some comes: its end is not awaited
    next?.catch(() => undefined);
    iterator.return?.()?.catch(() => undefined);
  }
}

async function firstOf<T>(next: Promise<T>, wait_ms: number, clock: Clock): Promise<T | typeof TICK> {
  if (wait_ms <= 0) return TICK;
  const timer = new AbortController();
  const tick = clock.sleep(wait_ms, timer.signal).then(
    (): typeof TICK => TICK,
    (): typeof TICK => TICK,
  );
  try {
    return await Promise.race([next, tick]);
  } finally {
    timer.abort();
  }
}
