/** The machine's clock, put forward when a test says so. */
import { type Clock, systemClock } from '../../src/index.js';

export function movableClock(): Clock & { forward(duration_ms: number): void } {
  let ahead_ms = 0;
  return {
    ...systemClock,
    now_ms: () => systemClock.now_ms() + ahead_ms,
    monotonic_ms: () => systemClock.monotonic_ms() + ahead_ms,
    forward: (duration_ms) => {
      ahead_ms += duration_ms;
    },
  };
}

/** After it a slot that was covered may be trimmed, whatever the options say. */
export const TRIMMABLE_MS = 180_000;
