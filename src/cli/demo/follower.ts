/**
 * A second handle that follows the flights' changelog and keeps `demo.by_origin` up to date from it.
 *
 *   flights ─ changes ─> totals in memory ─ touched origins ─> by_origin   (one commit a batch of changes)
 *
 * It follows live until told to end, then goes on from its position to what is there then.
 */
import { systemClock } from '../../base/clock.js';
import { openCatalog, type SchemaSpec, type StreamPosition, type Table, type TableWriter } from '../../index.js';
import { OriginTotals } from './totals.js';

export const BY_ORIGIN: SchemaSpec = {
  origin: 'STRING NOT NULL',
  flights: 'BIGINT',
  total_delay: 'BIGINT',
  cancelled: 'BIGINT',
};

export class Follower {
  readonly totals = new OriginTotals();
  changes = 0;
  commits = 0;
  readonly #live = new AbortController();
  #position: StreamPosition | 'latest-full' = 'latest-full';
  #awaited: { readonly changes: number; readonly resolve: (at_ms: number) => void }[] = [];
  #work: Promise<void> = Promise.resolve();

  constructor(readonly warehouse: string) {}

  /** Begins to follow, in the background. */
  start(): void {
    this.#work = this.#follow({ signal: this.#live.signal });
    // told by reached() and finish()
    this.#work.catch(() => undefined);
  }

  /** When so many changes have come: the monotonic time, ms. */
  reached(changes: number): Promise<number> {
    if (this.changes >= changes) return Promise.resolve(systemClock.monotonic_ms());
    const reached = new Promise<number>((resolve) => this.#awaited.push({ changes, resolve }));
    return Promise.race([reached, this.#work.then(() => reached)]);
  }

  /** Catches up to what is committed now and ends. */
  async finish(): Promise<void> {
    this.#live.abort();
    await this.#work;
    await this.#follow({ until: 'now' });
  }

  /** Ends where it is. */
  async stop(): Promise<void> {
    this.#live.abort();
    await this.#work.catch(() => undefined);
  }

  async #follow(end: { signal: AbortSignal } | { until: 'now' }): Promise<void> {
    const catalog = await openCatalog({ warehouse: this.warehouse, threads: 1 });
    try {
      const flights: Table = await catalog.table('demo.flights');
      const summary = await catalog.table('demo.by_origin');
      const writer = await summary.openWriter({ commitUser: 'follower' });
      try {
        for await (const change of flights.changes({ from: this.#position, columns: ['origin', 'delay'], ...end })) {
          const touched = this.totals.add(change.batch, change.kinds);
          this.#count(change.length);
          await this.#commit(writer, touched);
          this.#position = change.position;
        }
      } finally {
        await writer.close();
      }
    } finally {
      await catalog.close();
    }
  }

  #count(changes: number): void {
    this.changes += changes;
    const now_ms = systemClock.monotonic_ms();
    const reached = this.#awaited.filter((each) => each.changes <= this.changes);
    this.#awaited = this.#awaited.filter((each) => each.changes > this.changes);
    for (const { resolve } of reached) resolve(now_ms);
  }

  async #commit(writer: TableWriter, touched: ReadonlySet<string>): Promise<void> {
    const rows = [...touched].map((origin) => {
      const totals = this.totals.byOrigin.get(origin) ?? { flights: 0, delay: 0, cancelled: 0 };
      return { origin, flights: BigInt(totals.flights), total_delay: BigInt(totals.delay), cancelled: BigInt(totals.cancelled) };
    });
    await writer.append(rows);
    this.commits += 1;
  }
}
