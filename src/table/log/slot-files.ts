/**
 * The rows of some slots as level-0 files: the same bytes whoever makes them, but for names.
 *
 *   slots ─ neighbours together ─> bucket filer ─> files
 *
 * Each slot goes under the schema it was committed with, into the buckets its partition has. Rows keep their numbers.
 */
import type { LogPart } from '../../log/log-slot.js';
import type { TableLog } from '../../log/table-log.js';
import type { CommitMessage } from '../../meta/commit-message.js';
import type { TableSchema } from '../../meta/table-schema.js';
import { concatArrays } from '../../types/concat-arrays.js';
import { concatBatch } from '../../types/take.js';
import type { TableStore } from '../table-store.js';
import { BucketFiler } from './bucket-filer.js';

/** Slots are small and many: so many rows are routed at once, and then others get their turn in this thread. */
const GATHERED_ROWS = 8_192;

export async function slotFiles(
  store: TableStore,
  log: TableLog,
  after: bigint,
  to: bigint,
  signal: AbortSignal | undefined,
): Promise<CommitMessage[]> {
  const filer = new SlotFiler(store, signal);
  try {
    for (let slot = after + 1n; slot <= to; slot++) {
      signal?.throwIfAborted();
      const { header, parts } = await log.slot(slot);
      if (header.content.kind !== 'commits') continue;
      const schema = await store.schemas.read(header.schemaId);
      for (const part of await parts()) await filer.add(schema, part);
    }
    return await filer.finish();
  } catch (error) {
    await filer.abort();
    throw error;
  }
}

class SlotFiler {
  readonly #store: TableStore;
  readonly #signal: AbortSignal | undefined;
  readonly #filer: BucketFiler;
  /** parts under one schema whose numbers follow one another */
  #gathered: LogPart[] = [];
  #gatheredRows = 0;
  #schema: TableSchema | undefined;

  constructor(store: TableStore, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#signal = signal;
    this.#filer = new BucketFiler(store, { signal });
  }

  async add(schema: TableSchema, part: LogPart): Promise<void> {
    const last = this.#gathered.at(-1);
    if (last !== undefined && (schema !== this.#schema || last.first + BigInt(last.batch.length) !== part.first)) await this.#pass();
    this.#schema = schema;
    this.#gathered.push(part);
    this.#gatheredRows += part.batch.length;
    if (this.#gatheredRows >= GATHERED_ROWS) await this.#pass();
  }

  async finish(): Promise<CommitMessage[]> {
    await this.#pass();
    return this.#filer.finish();
  }

  /** Deletes the files made so far. */
  abort(): Promise<void> {
    return this.#filer.abort();
  }

  async #pass(): Promise<void> {
    const parts = this.#gathered;
    const schema = this.#schema;
    if (schema === undefined || parts.length === 0) return;
    this.#gathered = [];
    this.#gatheredRows = 0;
    const batch = concatBatch(parts.map((part) => part.batch));
    await this.#filer.add(schema, batch, concatArrays(parts.map((part) => part.kinds)), parts[0]!.first);
    await this.#store.clock.sleep(0, this.#signal);
  }
}
