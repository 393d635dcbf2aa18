/** Work on many items, a few at a time. */

/** items worked on at once */
const PARALLEL = 16;

/** In order of the items, none begun after the signal or after a failure of another is known. @throws the signal's reason; what `work` throws */
export async function inParallel<T>(items: Iterable<T>, signal: AbortSignal | undefined, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]();
  let failed = false;
  const worker = async () => {
    for (let next = rest.next(); next.done !== true && !failed; next = rest.next()) {
      signal?.throwIfAborted();
      await work(next.value);
    }
  };
  const workers = Array.from({ length: PARALLEL }, () =>
    worker().catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  await Promise.allSettled(workers);
  await Promise.all(workers);
}
