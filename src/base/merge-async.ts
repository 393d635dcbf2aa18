/**
 * Several async iterables as one, `concurrency` of them open at a time, items as they come.
 *
 * Each open source is one item ahead at most. Whatever ends the loop (an error, `break`) closes every open source.
 */
export async function* mergeAsync<T>(sources: readonly (() => AsyncIterable<T>)[], concurrency: number): AsyncGenerator<T> {
  interface Open {
    iterator: AsyncIterator<T>;
    next: Promise<{ open: Open; result: IteratorResult<T> }>;
  }
  const active = new Set<Open>();
  let started = 0;
  const pull = (open: Open) => {
    open.next = open.iterator.next().then((result) => ({ open, result }));
    // seen through the race below, or of no interest any more
    open.next.catch(() => {});
  };
  try {
    for (;;) {
      while (active.size < concurrency && started < sources.length) {
        const iterator = sources[started++]!()[Symbol.asyncIterator]();
        const open = { iterator } as Open;
        pull(open);
        active.add(open);
      }
      if (active.size === 0) return;
      const { open, result } = await Promise.race([...active].map((candidate) => candidate.next));
      if (result.done === true) {
        active.delete(open);
        continue;
      }
      pull(open);
      yield result.value;
    }
  } finally {
    await Promise.allSettled([...active].map((open) => open.iterator.return?.()));
  }
}
