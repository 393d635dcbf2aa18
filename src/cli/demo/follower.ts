/**
 * A second handle that follows the flights' changelog and keeps `demo.by_origin` up to date from it.
 *
 *   flights ─ changes ─> totals in memory ─ touched origins ─> by_origin   (one commit a snapshot, identifier = the snapshot's)
 *
 * It follows live until told where the end is, then goes on from its position to there.
 */
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
  #position: StreamPosition | { snapshot: bigint } = { snapshot: 1n };
  #snapshot = 0n;
  #touched = new Set<string>();
  #work: Promise<void> | undefined;

  constructor(readonly warehouse: string) {}

  /** Begins to follow, in the background. */
  start(): void {
    this.#work = this.#follow({ signal: this.#live.signal });
    // told by finish()
    this.#work.catch(() => undefined);
  }

  /** Catches up to this snapshot and ends. */
  async finish(last: bigint): Promise<void> {
    this.#live.abort();
    await this.#work;
    await this.#follow({ until: { snapshot: last } });
  }

  /** Ends where it is. */
  async stop(): Promise<void> {
    this.#live.abort();
    await this.#work?.catch(() => undefined);
  }

  async #follow(end: { signal: AbortSignal } | { until: { snapshot: bigint } }): Promise<void> {
    const catalog = await openCatalog({ warehouse: this.warehouse, threads: 1 });
    try {
      const flights: Table = await catalog.table('demo.flights');
      const summary = await catalog.table('demo.by_origin');
      const writer = await summary.openWriter({ commitUser: 'follower' });
      try {
        for await (const change of flights.changes({ from: this.#position, columns: ['origin', 'delay'], ...end })) {
          if (change.snapshot !== this.#snapshot) await this.#commit(writer);
          this.#snapshot = change.snapshot;
          for (const origin of this.totals.add(change.batch, change.kinds)) this.#touched.add(origin);
          this.changes += change.length;
          this.#position = change.position;
        }
        if ('until' in end) await this.#commit(writer);
      } finally {
        await writer.close();
      }
    } finally {
      await catalog.close();
    }
  }

  async #commit(writer: TableWriter): Promise<void> {
    if (this.#touched.size === 0) return;
    const rows = [...this.#touched].map((origin) => {
      const totals = this.totals.byOrigin.get(origin) ?? { flights: 0, delay: 0, cancelled: 0 };
      return { origin, flights: BigInt(totals.flights), total_delay: BigInt(totals.delay), cancelled: BigInt(totals.cancelled) };
    });
    this.#touched = new Set();
    await writer.write(rows);
    await writer.commit({ identifier: this.#snapshot });
    this.commits += 1;
  }
}
