/**
 * The rows of the log that no snapshot holds yet, as files in memory: a batch read plans them beside the snapshot's.
 *
 *   slots (P, head] ─ route ─> buckets ─ sort, last of each key ─> a memory file a bucket and schema
 *
 * What was built is kept: new slots become a part of their own, and neighbours are built anew as one when they are alike in
 * size, so that there are few parts and each row is sorted a few times only.
 */
import { KeyValueLayout } from '../../lsm/key-value-layout.js';
import { type MemoryBucket, type MemoryFile, memoryFile } from '../../lsm/memory-file.js';
import { dedupSorted, sortRows } from '../../lsm/sort.js';
import type { Snapshot } from '../../meta/snapshot.js';
import type { TableSchema } from '../../meta/table-schema.js';
import { concatArrays } from '../../types/concat-arrays.js';
import { concatBatch, takeBatch } from '../../types/take.js';
import type { RowRouter } from '../../write/row-router.js';
import type { BufferedRows } from '../../write/write-buffer.js';
import { WriteBuffer } from '../../write/write-buffer.js';
import type { TableStore } from '../table-store.js';
import type { LogHandle } from './log-handle.js';
import type { BucketsOf } from './partition-buckets.js';

interface Group {
  readonly schema: TableSchema;
  readonly partition: Uint8Array;
  readonly bucket: number;
  readonly buffer: WriteBuffer;
  readonly first: bigint;
}

interface Part {
  /** slots (after, to] */
  readonly after: bigint;
  readonly to: bigint;
  readonly rows: number;
  readonly buckets: readonly MemoryBucket[];
}

export class LogTail {
  readonly #store: TableStore;
  readonly #handle: LogHandle;
  #parts: Part[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: TableStore, handle: LogHandle) {
    this.#store = store;
    this.#handle = handle;
  }

  /**
   * The rows of slots (position, head], in the buckets that their partitions have in the snapshot.
   *
   * @throws POSITION_EXPIRED when a slot is gone: the tree has moved on, plan again
   */
  read(position: bigint, head: bigint, snapshot: Snapshot | undefined): Promise<MemoryBucket[]> {
    const done = this.#turn.then(() => this.#read(position, head, snapshot));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** The same for a state of the past: nothing is kept. */
  async readOnce(position: bigint, head: bigint, snapshot: Snapshot | undefined): Promise<MemoryBucket[]> {
    return bucketsOf(this.#store, this.#handle, position, head, await this.#handle.buckets.at(snapshot));
  }

  async #read(position: bigint, head: bigint, snapshot: Snapshot | undefined): Promise<MemoryBucket[]> {
    if (position >= head) return [];
    const counts = await this.#handle.buckets.at(snapshot);
    const isRight = ({ buckets }: Part) => buckets.every(({ partition, totalBuckets }) => counts(partition) === totalBuckets);
    if (!this.#parts.every(isRight)) this.#parts = [];
    const kept = this.#parts.filter((part) => part.after >= position && part.to <= head);
    const parts = kept[0]?.after === position ? kept : [];
    const built = parts.at(-1)?.to ?? position;
    if (built < head) parts.push(await this.#build(built, head, counts));
    while (parts.length > 1 && parts.at(-1)!.rows * 2 >= parts.at(-2)!.rows) {
      const [older, newer] = parts.splice(-2);
      parts.push(await this.#build(older!.after, newer!.to, counts));
    }
    this.#parts = parts;
    return parts.flatMap(({ buckets }) => buckets);
  }

  async #build(after: bigint, to: bigint, counts: BucketsOf): Promise<Part> {
    const buckets = await bucketsOf(this.#store, this.#handle, after, to, counts);
    const rows = buckets.reduce((sum, { files }) => files.reduce((part, { meta }) => part + meta.rowCount, sum), 0);
    return { after, to, rows, buckets };
  }
}

async function bucketsOf(store: TableStore, handle: LogHandle, position: bigint, head: bigint, counts: BucketsOf): Promise<MemoryBucket[]> {
  const groups = new Map<string, Group>();
  const routers = new Map<bigint, RowRouter>();
  for (let at = position + 1n; at <= head; at++) {
    const { header, parts } = await handle.log.slot(at);
    if (header.content.kind !== 'commits') continue;
    const schema = await store.schemas.read(header.schemaId);
    const router = routers.get(schema.id) ?? store.router(schema, counts);
    routers.set(schema.id, router);
    for (const part of await parts()) {
      for (const { partition, bucket, rows } of router.route(part.batch)) {
        const key = `${schema.id}/${Buffer.from(partition).toString('latin1')}/${bucket}`;
        const group = groups.get(key) ?? {
          schema,
          partition,
          bucket,
          buffer: new WriteBuffer(),
          first: part.first + BigInt(rows?.[0] ?? 0),
        };
        groups.set(key, group);
        group.buffer.add(part.batch, rows, part.kinds, part.first);
      }
    }
  }
  return [...groups.values()].map((group) => ({
    partition: group.partition,
    bucket: group.bucket,
    totalBuckets: counts(group.partition),
    files: [fileOf(store, group, `${handle.id}/${position}-${head}/${group.schema.id}`)],
  }));
}

function fileOf(store: TableStore, { schema, buffer, first }: Group, name: string): MemoryFile {
  const rows = buffer.drain();
  const keyed = schema.primaryKeys.length > 0;
  const origin = store.fileTarget('', keyed ? 'keyValue' : 'append', 0, 0, first, schema);
  return memoryFile(name, keyed ? sorted(store, schema, rows) : concatBatch(rows.batches), origin, keyed, first);
}

function sorted(store: TableStore, schema: TableSchema, rows: BufferedRows) {
  const { sequenceFields, sequenceAscending } = store.options;
  const positions = sequenceFields.map((name) => schema.fields.findIndex((field) => field.name === name));
  const layout = new KeyValueLayout(schema, positions, sequenceAscending);
  const whole = layout.batch(concatBatch(rows.batches), concatArrays(rows.kinds), concatArrays(rows.numbers!));
  const order = sortRows(layout.keys(whole), layout.sequence(whole), whole.length);
  return takeBatch(whole, dedupSorted(layout.keys(whole), order));
}
