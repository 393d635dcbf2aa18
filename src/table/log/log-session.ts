/**
 * A writer's side of the log: rows gathered since the last commit, and their way into slots.
 *
 *   rows ─> buffer ─ commit ─> inline in the slot            up to `log.inline-max`
 *              └ full ─> bodies, fsynced beside the slot      above
 *                           └ `log.bulk-min` ─> bulk load       straight into a snapshot (bulk-load.ts)
 *
 * Invariants
 * - rows are copied in: the caller may reuse its arrays at once.
 * - a commit that failed is settled, under its own identifier, before the next one.
 * - bodies that no slot names are deleted when the session ends.
 * - prepared bodies are committed long before orphan removal may take them, and only while all of them are there.
 */
import { crc32 } from 'node:zlib';
import { hasCode, WeirError } from '../../base/error.js';
import { inParallel } from '../../base/in-parallel.js';
import { lastCommittedIdentifier } from '../../commit/table-commit.js';
import { decodeBody, encodeBody, type LogRows } from '../../log/slot-codec.js';
import type { CommitRequest, Incarnation, LogReceipt } from '../../log/table-log.js';
import { ORPHAN_AGE_MS } from '../../maintain/orphan-removal.js';
import { EMPTY_ROW } from '../../meta/binary-row.js';
import type { CommitMessage, LogBody, LogRowsMessage } from '../../meta/commit-message.js';
import type { TableSchema } from '../../meta/table-schema.js';
import type { Batch } from '../../types/column.js';
import { WriteBuffer } from '../../write/write-buffer.js';
import type { TableStore } from '../table-store.js';
import { BulkLoad, type BulkReceipt } from './bulk-load.js';
import type { LogHandle } from './log-handle.js';
import type { LogKeeper } from './log-keeper.js';
import { materialise } from './materialise.js';

/** A body is encoded in this thread: no larger than what a job does not notice. */
const BODY_BYTES = 8 * 1024 * 1024;
/** bodies on their way to the disk while rows are gathered for the next */
const BODIES_UNDER_WAY = 2;
/** So old a message is not committed any more: orphan removal may be about to take its bodies. */
const PREPARED_MAX_MS = ORPHAN_AGE_MS / 2;

type Receipt = LogReceipt & Partial<Pick<BulkReceipt, 'snapshot'>>;

export class LogSession {
  readonly #store: TableStore;
  readonly #handle: LogHandle;
  readonly #keeper: LogKeeper;
  readonly #incarnation: Incarnation;
  readonly #schema: TableSchema;
  #buffer = new WriteBuffer();
  /** written, or on their way; one that failed stays until `abort`, so that no commit goes without its rows */
  #bodies: Promise<LogBody>[] = [];
  /** when the first of them was begun */
  #spilledAt_ms = 0;
  #spilled_bytes = 0;
  /** takes the rows instead, once there are many */
  #load: BulkLoad | undefined;
  #last: bigint | undefined;
  /** the last commit, while its outcome is open */
  #unsettled: (() => Promise<Receipt>) | undefined;
  #settling: Promise<Receipt> | undefined;
  readonly #appending = new Set<Promise<unknown>>();

  private constructor(store: TableStore, handle: LogHandle, keeper: LogKeeper, incarnation: Incarnation, last: bigint | undefined) {
    this.#store = store;
    this.#handle = handle;
    this.#keeper = keeper;
    this.#incarnation = incarnation;
    this.#schema = store.schema;
    this.#last = last;
  }

  /** A new incarnation of the job: earlier ones of its name are fenced from here on. */
  static async open(store: TableStore, handle: LogHandle, keeper: LogKeeper, commitUser: string): Promise<LogSession> {
    const incarnation = await handle.log.open(commitUser);
    // from here on none of them publishes a bulk load: what is committed can be told
    if (incarnation.loadsBefore) await materialise(store, handle, undefined, incarnation.epoch);
    // bulk loads, overwrites, and commits from before the table had a log stand in snapshots only
    const inTree = await lastCommittedIdentifier(store, commitUser);
    const inLog = (await handle.log.refresh()).user(commitUser)?.identifier;
    const last = inTree !== undefined && (inLog === undefined || inTree > inLog) ? inTree : inLog;
    return new LogSession(store, handle, keeper, incarnation, last);
  }

  get user(): string {
    return this.#incarnation.user;
  }

  /** of the last commit; undefined before the first */
  get lastIdentifier(): bigint | undefined {
    return this.#last;
  }

  async add(batch: Batch, kinds: Uint8Array | null): Promise<void> {
    if (this.#load !== undefined) return this.#load.add(batch, kinds);
    this.#buffer.add(batch, null, kinds);
    const { size_bytes } = this.#buffer;
    if (this.#spilled_bytes + size_bytes > this.#store.options.logBulkMin_bytes) await this.#startLoad();
    else if (size_bytes >= BODY_BYTES) await this.#spill();
  }

  /** Commits what was added; undefined `identifier`: the next. */
  async commit(given: bigint | undefined, watermark: bigint | undefined): Promise<Receipt & { identifier: bigint }> {
    await this.#settle();
    if (given !== undefined && this.#last !== undefined && given <= this.#last) {
      await this.abort();
      return { slot: undefined, alreadyCommitted: true, identifier: given };
    }
    const committing = this.#load === undefined ? await this.#slotCommit(watermark) : await this.#bulkCommit(this.#load, watermark);
    // no pause between these: `append` beside it counts on
    const identifier = given ?? this.#next();
    this.#last = identifier;
    // also when it fails for certain: the rows are kept, and nobody is told that the identifier is committed
    this.#unsettled = () => committing(identifier);
    return { ...(await this.#settle())!, identifier };
  }

  /** Commits exactly these rows, whatever else was added. Any number of calls at once. */
  async append(batch: Batch, kinds: Uint8Array | null): Promise<LogReceipt & { identifier: bigint }> {
    const buffer = new WriteBuffer();
    buffer.add(batch, null, kinds);
    const bodies: LogBody[] = [];
    if (buffer.size_bytes > this.#store.options.logInlineMax_bytes) {
      bodies.push(await this.#writeBody(buffer));
      await this.#handle.log.store.syncBodies();
    }
    // whose identifier is lower has to be committed first
    while (this.#unsettled !== undefined) await this.#settle();
    const identifier = this.#next();
    this.#last = identifier;
    const committing = this.#handle.log.commit(this.#request(identifier, undefined, buffer, bodies));
    this.#appending.add(committing);
    try {
      return { ...(await committing), identifier };
    } finally {
      this.#appending.delete(committing);
    }
  }

  /** Hands over what was added, as bodies for another's commit. */
  async prepare(): Promise<CommitMessage[]> {
    const load = this.#load;
    if (load !== undefined) {
      this.#spilledAt_ms = this.#store.clock.now_ms();
      this.#bodies = (await this.#bodiesOf(load)).map((body) => Promise.resolve(body));
      this.#load = undefined;
      await load.abort();
    }
    await this.#spill();
    const bodies = await this.#takeBodies();
    return bodies.length === 0 ? [] : [logMessage({ schemaId: this.#schema.id, bodies, written_ms: this.#spilledAt_ms })];
  }

  /**
   * Commits what writers handed over.
   *
   * @throws COMMIT_CONFLICT when they did so too long ago, when a body is gone, or when they did so under different schemas: nothing is
   *   committed, and the rows have to be written again
   */
  async commitMessages(identifier: bigint, messages: readonly CommitMessage[], watermark: bigint | undefined): Promise<LogReceipt> {
    if (this.#last !== undefined && identifier <= this.#last) return { slot: undefined, alreadyCommitted: true };
    const { user, epoch } = this.#incarnation;
    const { schemaId, bodies, written_ms } = joinLogMessages(messages, this.#schema.id, this.#store.table);
    try {
      await this.#checkPrepared(bodies, written_ms);
    } catch (error) {
      // what came of an attempt before that did not learn its outcome
      const last = (await this.#handle.log.refresh()).user(user)?.identifier;
      if (last === undefined || identifier > last) throw error;
    }
    const receipt = await this.#handle.log.commit({ user, epoch, identifier, watermark, schemaId, rows: [], size_bytes: 0, bodies });
    this.#last = identifier;
    return receipt;
  }

  /** Forgets what was added since the last commit. */
  async abort(): Promise<void> {
    this.#buffer = new WriteBuffer();
    this.#spilled_bytes = 0;
    const load = this.#load;
    this.#load = undefined;
    await load?.abort();
    for (const written of await Promise.allSettled(this.#bodies.splice(0)))
      if (written.status === 'fulfilled') await this.#handle.log.store.removeBody(written.value.name);
  }

  async #checkPrepared(bodies: readonly LogBody[], written_ms: number): Promise<void> {
    const { clock, table } = this.#store;
    const { store } = this.#handle.log;
    if (bodies.length > 0 && clock.now_ms() - written_ms > PREPARED_MAX_MS) {
      const message = `messages for ${table} were prepared at ${new Date(written_ms).toISOString()}, more than ${PREPARED_MAX_MS / 3_600_000} hours ago: write the rows again`;
      throw new WeirError('COMMIT_CONFLICT', message, { table });
    }
    await inParallel(bodies, undefined, async ({ name }) => {
      if (await store.hasBody(name)) return;
      const file = store.path.body(name);
      throw new WeirError('COMMIT_CONFLICT', `${file} of a message for ${table} is gone: write the rows again`, { table, file });
    });
  }

  #next(): bigint {
    return (this.#last ?? 0n) + 1n;
  }

  /** Commits what is not settled yet. Calls at one time share the work. */
  async #settle(): Promise<Receipt | undefined> {
    if (this.#unsettled === undefined) return undefined;
    this.#settling ??= this.#unsettled().finally(() => {
      this.#settling = undefined;
    });
    const receipt = await this.#settling;
    this.#unsettled = undefined;
    return receipt;
  }

  async #slotCommit(watermark: bigint | undefined): Promise<(identifier: bigint) => Promise<Receipt>> {
    if (this.#bodies.length > 0 || this.#buffer.size_bytes > this.#store.options.logInlineMax_bytes) await this.#spill();
    const bodies = await this.#takeBodies();
    const buffer = this.#buffer;
    this.#buffer = new WriteBuffer();
    let request: CommitRequest | undefined;
    return (identifier) => {
      request ??= this.#request(identifier, watermark, buffer, bodies);
      return this.#handle.log.commit(request);
    };
  }

  async #bulkCommit(load: BulkLoad, watermark: bigint | undefined): Promise<(identifier: bigint) => Promise<Receipt>> {
    await load.finish();
    this.#load = undefined;
    let request: CommitRequest | undefined;
    return async (identifier) => {
      if (request === undefined) {
        // a slot of this user's after the snapshot would have to have the higher identifier
        await Promise.allSettled(this.#appending);
        const receipt = await this.#publish(load, identifier, watermark);
        if (receipt !== 'overtaken') return receipt;
        const bodies = await this.#bodiesOf(load);
        await this.#handle.log.store.syncBodies();
        request = this.#request(identifier, watermark, new WriteBuffer(), bodies);
      }
      const receipt = await this.#handle.log.commit(request);
      // what cannot be deleted is left to orphan removal
      await load.abort().catch(() => undefined);
      return receipt;
    };
  }

  async #publish(load: BulkLoad, identifier: bigint, watermark: bigint | undefined): Promise<BulkReceipt | 'overtaken'> {
    try {
      return await load.publish({ identifier, watermark }, (messages) => this.#keeper.tidyLater(messages));
    } catch (error) {
      if (hasCode(error, 'FENCED')) {
        load.fail(error);
        await load.abort().catch(() => undefined);
      }
      throw error;
    }
  }

  /** From here on the rows go into level-0 files, first those gathered so far. */
  async #startLoad(): Promise<void> {
    const load = new BulkLoad(this.#store, this.#handle, this.#incarnation, this.#schema);
    this.#load = load;
    const { store } = this.#handle.log;
    try {
      const bodies = await Promise.all(this.#bodies);
      for (const body of bodies) {
        const rows = decodeBody(await store.readBody(body.name), body, this.#schema.fields, store.path.body(body.name));
        for (const { batch, kinds } of rows) await load.add(batch, kinds);
      }
      for (const { batch, kinds } of rowsOf(this.#buffer)) await load.add(batch, kinds);
      this.#bodies = [];
      this.#spilled_bytes = 0;
      for (const { name } of bodies) await store.removeBody(name);
    } catch (error) {
      load.fail(error);
      throw error;
    }
  }

  async #bodiesOf(load: BulkLoad): Promise<LogBody[]> {
    const bodies: LogBody[] = [];
    let buffer = new WriteBuffer();
    for await (const { batch, kinds } of load.rows()) {
      buffer.add(batch, null, kinds);
      if (buffer.size_bytes < BODY_BYTES) continue;
      bodies.push(await this.#writeBody(buffer));
      buffer = new WriteBuffer();
    }
    if (buffer.rows > 0) bodies.push(await this.#writeBody(buffer));
    return bodies;
  }

  #request(identifier: bigint, watermark: bigint | undefined, buffer: WriteBuffer, bodies: readonly LogBody[]): CommitRequest {
    const { user, epoch } = this.#incarnation;
    const { size_bytes } = buffer;
    return { user, epoch, identifier, watermark, schemaId: this.#schema.id, rows: rowsOf(buffer), size_bytes, bodies };
  }

  /** Sends the rows gathered so far on their way to a body. */
  async #spill(): Promise<void> {
    if (this.#buffer.rows === 0) return;
    if (this.#bodies.length === 0) this.#spilledAt_ms = this.#store.clock.now_ms();
    this.#spilled_bytes += this.#buffer.size_bytes;
    const writing = this.#writeBody(this.#buffer);
    // it is told by whoever waits for the bodies
    writing.catch(() => undefined);
    this.#bodies.push(writing);
    await this.#bodies.at(-1 - BODIES_UNDER_WAY);
  }

  /** The bodies, all of them lasting. */
  async #takeBodies(): Promise<LogBody[]> {
    const bodies = await Promise.all(this.#bodies);
    if (bodies.length > 0) await this.#handle.log.store.syncBodies();
    this.#bodies = [];
    this.#spilled_bytes = 0;
    return bodies;
  }

  async #writeBody(buffer: WriteBuffer): Promise<LogBody> {
    const rows = rowsOf(buffer);
    const bytes = encodeBody(rows);
    const name = this.#store.random.uuid();
    await this.#handle.log.store.writeBody(name, bytes);
    return { name, rows: rows.reduce((sum, { kinds }) => sum + kinds.length, 0), size_bytes: bytes.length, crc32: crc32(bytes) };
  }
}

function rowsOf(buffer: WriteBuffer): LogRows[] {
  const { batches, kinds } = buffer.drain();
  return batches.map((batch, i) => ({ batch, kinds: kinds[i]! }));
}

function logMessage(log: LogRowsMessage): CommitMessage {
  const none = { newFiles: [], changelogFiles: [], compactBefore: [], compactAfter: [], compactChangelog: [] };
  return { partition: EMPTY_ROW, bucket: 0, totalBuckets: 0, ...none, log };
}

/** One slot has one schema: messages that were prepared before and after a change of it cannot go together. */
function joinLogMessages(messages: readonly CommitMessage[], schemaId: bigint, table: string): LogRowsMessage {
  const parts = messages.map(({ log }) => {
    if (log !== undefined) return log;
    throw new WeirError('INVALID_ARGUMENT', `messages with files, prepared while ${table} had no log, cannot go through its log`, {
      table,
    });
  });
  const schemas = new Set(parts.map((part) => part.schemaId));
  if (schemas.size > 1) {
    const found = [...schemas].join(' and ');
    throw new WeirError('COMMIT_CONFLICT', `messages for ${table} were prepared under its schemas ${found}: prepare all under the newest`, {
      table,
    });
  }
  return {
    schemaId: parts[0]?.schemaId ?? schemaId,
    bodies: parts.flatMap(({ bodies }) => bodies),
    written_ms: Math.min(...parts.map(({ written_ms }) => written_ms)),
  };
}
