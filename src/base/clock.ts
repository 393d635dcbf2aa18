/** The one source of time. Nothing outside src/base reads a clock or sets a timer of its own. */
export interface Clock {
  /** wall clock, epoch milliseconds */
  now_ms(): number;
  /** monotonic clock, milliseconds since some fixed point */
  monotonic_ms(): number;
  /** resolves after `duration_ms`; rejects with the signal's reason when aborted before */
  sleep(duration_ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now_ms: () => Date.now(),
  monotonic_ms: () => performance.now(),
  sleep: (duration_ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, duration_ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};
