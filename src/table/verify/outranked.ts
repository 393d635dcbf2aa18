/**
 * Rows of the log that lose, though they are later, to rows of another engine with higher numbers (LOG-9).
 *
 *   snapshot 7 of another engine: key a, number 90 ─┐
 *   snapshot 8 of the log:        key a, number 41 ─┴> a of snapshot 7 stays: by Paimon's rules, but not what its writer meant
 *
 * The bounds of files tell where that cannot be; elsewhere two files are walked side by side, both in key order.
 */
import { hasCode } from '../../base/error.js';
import { LOG_USER } from '../../log/tree-position.js';
import { type KeyComparator, keyComparator } from '../../lsm/key-comparator.js';
import type { MemoryBucket } from '../../lsm/memory-file.js';
import { deltaEntries } from '../../meta/live-files.js';
import { ADD, type ManifestEntry } from '../../meta/manifest-entry.js';
import { partitionPath } from '../../meta/partition-path.js';
import { trimmedPrimaryKey, typesOf } from '../../meta/table-schema.js';
import { bucketKey, memoryEntries, schemasOf } from '../../read/plan.js';
import { splitOf } from '../../read/split.js';
import type { Batch } from '../../types/column.js';
import { rowComparator } from '../../types/compare.js';
import { encodeJsonLines } from '../../types/json-line.js';
import { sliceBatch } from '../../types/take.js';
import type { LogHandle } from '../log/log-handle.js';
import { streamSplit } from '../split-stream.js';
import type { TableStore } from '../table-store.js';
import { ofHeld } from './held.js';
import { Report } from './report.js';

interface Others {
  readonly snapshot: bigint;
  readonly entry: ManifestEntry;
}

/** Adds a note to the check of the log when there are such rows: it is no damage. What is damaged others tell. */
export async function noteOutranked(store: TableStore, handle: LogHandle, report: Report, signal?: AbortSignal): Promise<void> {
  try {
    const note = await new Report().attempt('log', () => outranked(store, handle, signal));
    if (note !== undefined) report.note('log', note);
  } catch (error) {
    if (!hasCode(error, 'POSITION_EXPIRED')) throw error;
  }
}

async function outranked(store: TableStore, handle: LogHandle, signal: AbortSignal | undefined): Promise<string | undefined> {
  const { schema, options, snapshots } = store;
  if (schema.primaryKeys.length === 0 || options.sequenceFields.length > 0) return undefined;
  const search = new Search(store, signal);
  const aside = new Report();
  for (const id of await snapshots.list()) {
    signal?.throwIfAborted();
    const snapshot = await ofHeld(store, aside, 'log', id, (found) => deltaEntries(store.manifests, found));
    if (snapshot === undefined) continue;
    const [{ commitUser, commitKind }, delta] = snapshot;
    const added = delta.filter(({ kind, bucket }) => kind === ADD && bucket >= 0);
    if (commitUser === LOG_USER) for (const entry of added) await search.find(entry, []);
    else if (commitKind !== 'COMPACT') search.add(id, added);
  }
  const { snapshot: latest, position, head } = await handle.latest();
  const tail = search.isEmpty ? [] : await handle.tail.readOnce(position, head, latest);
  for (const bucket of tail) for (const entry of memoryEntries(bucket)) await search.find(entry, [bucket]);
  const { rows, first } = search;
  if (first === undefined) return undefined;
  const which = `the first is ${first.key}, of snapshot ${first.snapshot}`;
  return `${rows} rows lose to rows that others committed before them, with higher numbers: ${which}`;
}

class Search {
  rows = 0;
  first: { readonly key: string; readonly snapshot: bigint } | undefined;
  readonly #store: TableStore;
  readonly #signal: AbortSignal | undefined;
  readonly #compareKey: KeyComparator;
  /** files of others so far, by bucket */
  readonly #others = new Map<string, Others[]>();

  constructor(store: TableStore, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#signal = signal;
    this.#compareKey = keyComparator(typesOf(store.schema, trimmedPrimaryKey(store.schema)));
  }

  get isEmpty(): boolean {
    return this.#others.size === 0;
  }

  add(snapshot: bigint, entries: readonly ManifestEntry[]): void {
    for (const entry of entries) {
      const key = bucketKey(entry);
      const known = this.#others.get(key) ?? [];
      this.#others.set(key, known);
      known.push({ snapshot, entry });
    }
  }

  /** Counts the rows of a file of the log that lose to earlier ones. */
  async find(entry: ManifestEntry, tail: readonly MemoryBucket[]): Promise<void> {
    const { file } = entry;
    for (const { snapshot, entry: other } of this.#others.get(bucketKey(entry)) ?? []) {
      const apart = this.#compareKey(other.file.maxKey, file.minKey) < 0 || this.#compareKey(file.maxKey, other.file.minKey) < 0;
      if (apart || other.file.maxSequenceNumber <= file.minSequenceNumber) continue;
      const sources = [this.#read(entry, tail), this.#read(other, [])] as const;
      try {
        await this.#walk(snapshot, ...sources);
      } finally {
        for (const source of sources) await source.return(undefined);
      }
    }
  }

  /** Both in key order, each key once. */
  async #walk(snapshot: bigint, own: AsyncGenerator<Batch>, others: AsyncGenerator<Batch>): Promise<void> {
    let [a, b] = await Promise.all([next(own), next(others)]);
    let [i, j] = [0, 0];
    while (a !== undefined && b !== undefined) {
      const width = a.columns.length - 2;
      const compare = rowComparator(a.columns.slice(0, width), b.columns.slice(0, width));
      const [numbers, higher] = [numbersOf(a), numbersOf(b)];
      while (i < a.length && j < b.length) {
        const order = compare(i, j);
        if (order === 0 && higher[j]! > numbers[i]!) this.#count(snapshot, a, i);
        if (order <= 0) i++;
        if (order >= 0) j++;
      }
      if (i === a.length) [a, i] = [await next(own), 0];
      if (b !== undefined && j === b.length) [b, j] = [await next(others), 0];
    }
  }

  #count(snapshot: bigint, { fields, columns, length }: Batch, row: number): void {
    this.rows++;
    const width = columns.length - 2;
    const keys = { fields: fields.slice(0, width), columns: columns.slice(0, width), length };
    this.first ??= { snapshot, key: encodeJsonLines(sliceBatch(keys, row, row + 1)).trim() };
  }

  /** The key columns, then `_SEQUENCE_NUMBER` and `_VALUE_KIND`. */
  async *#read(entry: ManifestEntry, tail: readonly MemoryBucket[]): AsyncGenerator<Batch> {
    const { schema, path } = this.#store;
    const { partition, bucket, file } = entry;
    const directory = path.bucket(partitionPath(schema, partition), bucket);
    const place = { partition, bucket, directory, memory: tail.flatMap(({ files }) => files) };
    const plan = { splits: [splitOf(place, true, [[[file]]])], fileSchemas: await schemasOf(this.#store, [entry]) };
    const wanted = { schema, columns: trimmedPrimaryKey(schema), where: undefined, kinds: true };
    yield* streamSplit(this.#store, plan, plan.splits[0]!, wanted, this.#signal);
  }
}

async function next(source: AsyncGenerator<Batch>): Promise<Batch | undefined> {
  const { value, done } = await source.next();
  return done === true ? undefined : value;
}

function numbersOf({ columns }: Batch): BigInt64Array {
  return columns.at(-2)!.values as BigInt64Array;
}
