/** Decompressed pages for point gets: least recently used ones go when they no longer fit. */
import type { CachedPage, PageCache } from '../format/data-file.js';

export class PageLru implements PageCache {
  readonly #capacity_bytes: number;
  /** least recently used first */
  readonly #pages = new Map<string, { page: CachedPage; size_bytes: number }>();
  #size_bytes = 0;

  constructor(capacity_bytes: number) {
    this.#capacity_bytes = capacity_bytes;
  }

  get(key: string): CachedPage | undefined {
    const found = this.#pages.get(key);
    if (found === undefined) return undefined;
    this.#pages.delete(key);
    this.#pages.set(key, found);
    return found.page;
  }

  set(key: string, page: CachedPage, size_bytes: number): void {
    if (size_bytes > this.#capacity_bytes || this.#pages.has(key)) return;
    this.#pages.set(key, { page, size_bytes });
    this.#size_bytes += size_bytes;
    for (const [oldest, { size_bytes: freed }] of this.#pages) {
      if (this.#size_bytes <= this.#capacity_bytes) return;
      this.#pages.delete(oldest);
      this.#size_bytes -= freed;
    }
  }

  clear(): void {
    this.#pages.clear();
    this.#size_bytes = 0;
  }
}
