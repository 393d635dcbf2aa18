/**
 * A writer's side of the log: rows gathered since the last commit, and their way into slots.
 *
 *   rows ─> buffer ─ commit ─> inline in the slot            up to `log.inline-max`
 *              └ full ─> bodies, fsynced beside the slot      above
 *
 * Invariants
 * - rows are copied in: the caller may reuse its arrays at once.
 * - a commit that failed is settled, under its own identifier, before the next one.
 * - bodies that no slot names are deleted when the session ends.
 * - prepared bodies are committed long before orphan removal may take them, and only while all of them are there.
 */
import { crc32 } from 'node:zlib';
import { WeirError } from '../../base/error.js';
import { inParallel } from '../../base/in-parallel.js';
import { lastCommittedIdentifier } from '../../commit/table-commit.js';
import { encodeBody, type LogRows } from '../../log/slot-codec.js';
import type { CommitRequest, Incarnation, LogReceipt } from '../../log/table-log.js';
import { ORPHAN_AGE_MS } from '../../maintain/orphan-removal.js';
import { EMPTY_ROW } from '../../meta/binary-row.js';
import type { CommitMessage, LogBody, LogRowsMessage } from '../../meta/commit-message.js';
import type { Batch } from '../../types/column.js';
import { WriteBuffer } from '../../write/write-buffer.js';
import type { TableStore } from '../table-store.js';
import type { LogHandle } from './log-handle.js';

/** A body is encoded in this thread: no larger than what a job does not notice. */
const BODY_BYTES = 8 * 1024 * 1024;
/** bodies on their way to the disk while rows are gathered for the next */
const BODIES_UNDER_WAY = 2;
/** So old a message is not committed any more: orphan removal may be about to take its bodies. */
const PREPARED_MAX_MS = ORPHAN_AGE_MS / 2;

export class LogSession {
  readonly #store: TableStore;
  readonly #handle: LogHandle;
  readonly #incarnation: Incarnation;
  readonly #schemaId: bigint;
  #buffer = new WriteBuffer();
  /** written, or on their way; one that failed stays until `abort`, so that no commit goes without its rows */
  #bodies: Promise<LogBody>[] = [];
  /** when the first of them was begun */
  #spilledAt_ms = 0;
  #last: bigint | undefined;
  #unsettled: CommitRequest | undefined;

  private constructor(store: TableStore, handle: LogHandle, incarnation: Incarnation, last: bigint | undefined) {
    this.#store = store;
    this.#handle = handle;
    this.#incarnation = incarnation;
    this.#schemaId = store.schema.id;
    this.#last = last;
  }

  /** A new incarnation of the job: earlier ones of its name are fenced from here on. */
  static async open(store: TableStore, handle: LogHandle, commitUser: string): Promise<LogSession> {
    const incarnation = await handle.log.open(commitUser);
    // commits from before the table had a log, and overwrites, stand in snapshots only
    const inTree = await lastCommittedIdentifier(store, commitUser);
    const last = incarnation.identifier;
    return new LogSession(store, handle, incarnation, inTree !== undefined && (last === undefined || inTree > last) ? inTree : last);
  }

  get user(): string {
    return this.#incarnation.user;
  }

  /** of the last commit; undefined before the first */
  get lastIdentifier(): bigint | undefined {
    return this.#last;
  }

  async add(batch: Batch, kinds: Uint8Array | null): Promise<void> {
    this.#buffer.add(batch, null, kinds);
    if (this.#buffer.size_bytes >= BODY_BYTES) await this.#spill();
  }

  /** Commits what was added; undefined `identifier`: the next. */
  async commit(given: bigint | undefined, watermark: bigint | undefined): Promise<LogReceipt & { identifier: bigint }> {
    await this.#settle();
    const identifier = given ?? this.#next();
    if (this.#last !== undefined && given !== undefined && given <= this.#last) {
      await this.abort();
      return { slot: undefined, alreadyCommitted: true, identifier };
    }
    if (this.#bodies.length > 0 || this.#buffer.size_bytes > this.#store.options.logInlineMax_bytes) await this.#spill();
    const request = this.#request(identifier, watermark, this.#buffer, await this.#takeBodies());
    this.#buffer = new WriteBuffer();
    this.#last = identifier;
    try {
      return { ...(await this.#handle.log.commit(request)), identifier };
    } catch (error) {
      // also when it failed for certain: the rows are kept, and nobody is told that the identifier is committed
      this.#unsettled = request;
      throw error;
    }
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
    const identifier = this.#next();
    this.#last = identifier;
    return { ...(await this.#handle.log.commit(this.#request(identifier, undefined, buffer, bodies))), identifier };
  }

  /** Hands over what was added, as bodies for another's commit. */
  async prepare(): Promise<CommitMessage[]> {
    await this.#spill();
    const bodies = await this.#takeBodies();
    return bodies.length === 0 ? [] : [logMessage({ schemaId: this.#schemaId, bodies, written_ms: this.#spilledAt_ms })];
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
    const { schemaId, bodies, written_ms } = joinLogMessages(messages, this.#schemaId, this.#store.table);
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

  async #settle(): Promise<void> {
    if (this.#unsettled === undefined) return;
    await this.#handle.log.commit(this.#unsettled);
    this.#unsettled = undefined;
  }

  #request(identifier: bigint, watermark: bigint | undefined, buffer: WriteBuffer, bodies: readonly LogBody[]): CommitRequest {
    const { user, epoch } = this.#incarnation;
    const { size_bytes } = buffer;
    return { user, epoch, identifier, watermark, schemaId: this.#schemaId, rows: rowsOf(buffer), size_bytes, bodies };
  }

  /** Sends the rows gathered so far on their way to a body. */
  async #spill(): Promise<void> {
    if (this.#buffer.rows === 0) return;
    if (this.#bodies.length === 0) this.#spilledAt_ms = this.#store.clock.now_ms();
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
