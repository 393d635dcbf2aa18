/** The one source of time. Nothing outside src/base reads a clock or sets a timer of its own. */
/**
 * What weir asks for the time: a simulation passes its own.
 *
 * @example
 * const frozen: Clock = { ...systemClock, now_ms: () => 1_700_000_000_000 };
 * await openCatalog({ warehouse, clock: frozen });
 */
export interface Clock {
  /** wall clock, epoch milliseconds */
  now_ms(): number;
  /** monotonic clock, milliseconds since some fixed point */
  monotonic_ms(): number;
  /**
   * resolves after `duration_ms`; rejects with the signal's reason when aborted before. A process need not live on for a sleep
   * in the `background`.
   */
  sleep(duration_ms: number, signal?: AbortSignal, options?: { background?: boolean }): Promise<void>;
}

/**
 * The clock of this machine, the default of a catalog.
 *
 * @example
 * const today = new Date(systemClock.now_ms());
 */
export const systemClock: Clock = {
  now_ms: () => Date.now(),
  monotonic_ms: () => performance.now(),
  sleep: async (duration_ms, signal, { background = false } = {}) => {
    let left_ms = duration_ms;
    for (; left_ms > LONGEST_TIMER_MS; left_ms -= LONGEST_TIMER_MS) await oneTimer(LONGEST_TIMER_MS, signal, background);
    await oneTimer(left_ms, signal, background);
  },
};

/** A timer that is set for longer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function oneTimer(duration_ms: number, signal: AbortSignal | undefined, background: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, duration_ms);
    if (background) timer.unref();
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
