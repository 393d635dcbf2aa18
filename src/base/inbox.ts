/**
 * A queue between a producer that pushes and a consumer that awaits: the buffer of an async iterator.
 *
 * Invariants: items come out in the order they went in, before the end; an error comes out once, then the end.
 */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #takers: { resolve(result: IteratorResult<T, undefined>): void; reject(error: unknown): void }[] = [];
  readonly #watchers: (() => void)[] = [];
  #failure: { error: unknown } | undefined;
  #ended = false;

  get ended(): boolean {
    return this.#ended;
  }

  /** True when a consumer was waiting and has taken the item. */
  put(item: T): boolean {
    const taker = this.#takers.shift();
    if (taker) taker.resolve({ done: false, value: item });
    else this.#items.push(item);
    return taker !== undefined;
  }

  /** The next item; `onTaken` is called when it came out of the buffer. */
  take(onTaken: () => void): Promise<IteratorResult<T, undefined>> {
    if (this.#items.length > 0) {
      const value = this.#items.shift() as T;
      onTaken();
      return Promise.resolve({ done: false, value });
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) return Promise.reject(failure.error);
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }));
  }

  /** No more items; what is buffered can still be taken. Only the first call counts, but for dropping a failure. */
  end(failure?: { error: unknown }): void {
    this.#failure = this.#ended ? undefined : failure;
    this.#ended = true;
    const [first, ...others] = this.#takers.splice(0);
    if (first && failure) {
      this.#failure = undefined;
      first.reject(failure.error);
    } else first?.resolve({ done: true, value: undefined });
    for (const taker of others) taker.resolve({ done: true, value: undefined });
    for (const resolve of this.#watchers.splice(0)) resolve();
  }

  untilEnd(): Promise<void> {
    return this.#ended ? Promise.resolve() : new Promise((resolve) => this.#watchers.push(resolve));
  }

  clear(): void {
    this.#items.length = 0;
  }
}
