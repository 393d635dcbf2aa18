/**
 * Reads slots, and keeps the newest ones: what was committed here need not be decoded again.
 *
 * Invariant: slots never change, so whatever is kept is right as long as the log's id is the same.
 */
import { hasCode, WeirError } from '../base/error.js';
import type { DataField } from '../types/data-type.js';
import { sliceBatch } from '../types/take.js';
import type { LogPart, LogSlot } from './log-slot.js';
import type { LogCommit, SlotHeader } from './slot.js';
import { decodeBody, decodeHeader, decodeSlotRows, type LogRows } from './slot-codec.js';
import type { SlotStore } from './slot-store.js';

export interface SlotReaderOptions {
  /** the columns under a schema id */
  readonly fieldsOf: (schemaId: bigint) => Promise<readonly DataField[]>;
  /** slots kept in memory, the newest ones: at most so many, of so many bytes */
  readonly capacity: number;
  readonly capacity_bytes: number;
}

interface Kept {
  readonly header: SlotHeader;
  /** commits that do not count */
  readonly voids: ReadonlySet<LogCommit>;
  /** of its file */
  readonly size_bytes: number;
  bytes: Uint8Array | undefined;
  inline: readonly LogRows[] | undefined;
}

export class SlotReader {
  readonly #store: SlotStore;
  readonly #options: SlotReaderOptions;
  readonly #kept = new Map<bigint, Kept>();
  #kept_bytes = 0;

  constructor(store: SlotStore, options: SlotReaderOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** The header of a slot, undefined when there is none. @throws CORRUPTION */
  async header(slot: bigint, log: string): Promise<{ header: SlotHeader; bytes: Uint8Array | undefined } | undefined> {
    const kept = this.#kept.get(slot);
    if (kept !== undefined) return { header: kept.header, bytes: kept.bytes };
    const bytes = await this.#store.read(slot);
    if (bytes === undefined) return undefined;
    const file = this.#store.path.slot(slot);
    const header = decodeHeader(bytes, file);
    if (header.slot !== slot || header.log !== log)
      throw new WeirError('CORRUPTION', `${file} holds slot ${header.slot} of log ${header.log}`, { file });
    return { header, bytes };
  }

  keep(
    header: SlotHeader,
    source: { bytes?: Uint8Array | undefined; inline?: readonly LogRows[] },
    size_bytes: number,
    voids: ReadonlySet<LogCommit>,
  ): void {
    const { capacity, capacity_bytes } = this.#options;
    this.#drop(header.slot);
    this.#kept.set(header.slot, { header, voids, size_bytes, bytes: source.bytes, inline: source.inline });
    this.#kept_bytes += size_bytes;
    for (const slot of this.#kept.keys()) {
      if (this.#kept.size <= capacity && this.#kept_bytes <= capacity_bytes) return;
      this.#drop(slot);
    }
  }

  /** Lets go of the slots up to one. */
  forget(upTo: bigint): void {
    for (const slot of this.#kept.keys()) if (slot <= upTo) this.#drop(slot);
  }

  clear(): void {
    this.#kept.clear();
    this.#kept_bytes = 0;
  }

  #drop(slot: bigint): void {
    this.#kept_bytes -= this.#kept.get(slot)?.size_bytes ?? 0;
    this.#kept.delete(slot);
  }

  /** @throws POSITION_EXPIRED when the slot is gone, CORRUPTION */
  async slot(slot: bigint, log: string): Promise<LogSlot> {
    const found = await this.header(slot, log);
    if (found === undefined)
      throw new WeirError('POSITION_EXPIRED', `slot ${slot} of the log is gone`, { file: this.#store.path.slot(slot) });
    return { header: found.header, parts: () => this.#parts(found.header, found.bytes) };
  }

  async #parts(header: SlotHeader, bytes: Uint8Array | undefined): Promise<readonly LogPart[]> {
    const { content } = header;
    if (content.kind !== 'commits') return [];
    const kept = this.#kept.get(header.slot);
    const inline = await this.#inline(header, kept, bytes);
    const parts: LogPart[] = [];
    let at = 0;
    for (const commit of content.commits) {
      if (commit.inlineRows > 0 && kept?.voids.has(commit) !== true)
        parts.push(...partsOf(commit, inline, at, commit.inlineRows, header.base));
      at += commit.inlineRows;
    }
    let first = header.base + BigInt(at);
    for (const commit of content.commits) {
      for (const body of commit.bodies) {
        if (kept?.voids.has(commit) !== true) {
          const fields = await this.#options.fieldsOf(header.schemaId);
          const rows = decodeBody(await this.#body(header.slot, body.name), body, fields, this.#store.path.body(body.name));
          parts.push(...partsOf(commit, rows, 0, body.rows, first));
        }
        first += BigInt(body.rows);
      }
    }
    return parts;
  }

  /** A slot goes before its bodies: without one it is damaged, unless it went meanwhile. */
  async #body(slot: bigint, name: string): Promise<Uint8Array> {
    try {
      return await this.#store.readBody(name);
    } catch (cause) {
      if (!hasCode(cause, 'NOT_FOUND')) throw cause;
      const file = this.#store.path.body(name);
      if (!(await this.#store.exists(slot))) throw new WeirError('POSITION_EXPIRED', `slot ${slot} of the log is gone`, { file, cause });
      throw new WeirError('CORRUPTION', `log file ${file} is missing: slot ${slot} names it`, { file, cause });
    }
  }

  async #inline(header: SlotHeader, kept: Kept | undefined, bytes: Uint8Array | undefined): Promise<readonly LogRows[]> {
    if (kept?.inline !== undefined) return kept.inline;
    const { content, slot } = header;
    if (content.kind !== 'commits' || content.commits.every(({ inlineRows }) => inlineRows === 0)) return [];
    const source = bytes ?? kept?.bytes ?? (await this.#store.read(slot));
    const file = this.#store.path.slot(slot);
    if (source === undefined) throw new WeirError('POSITION_EXPIRED', `slot ${slot} of the log is gone`, { file });
    const rows = decodeSlotRows(source, await this.#options.fieldsOf(header.schemaId), file);
    const wanted = content.commits.reduce((sum, { inlineRows }) => sum + inlineRows, 0);
    if (rows.reduce((sum, { kinds }) => sum + kinds.length, 0) !== wanted)
      throw new WeirError('CORRUPTION', `log slot ${file} is damaged: its header names ${wanted} rows`, { file });
    if (kept !== undefined) {
      kept.inline = rows;
      kept.bytes = undefined;
    }
    return rows;
  }
}

/** Rows [at, at + count) of the batches one after the other, cut where batches end. */
function partsOf(commit: LogCommit, rows: readonly LogRows[], at: number, count: number, base: bigint): LogPart[] {
  const parts: LogPart[] = [];
  let start = 0;
  for (const { batch, kinds } of rows) {
    const from = Math.max(at, start);
    const to = Math.min(at + count, start + batch.length);
    if (from < to) {
      const whole = from === start && to === start + batch.length;
      parts.push({
        user: commit.user,
        identifier: commit.identifier,
        batch: whole ? batch : sliceBatch(batch, from - start, to - start),
        kinds: kinds.subarray(from - start, to - start),
        first: base + BigInt(from),
      });
    }
    start += batch.length;
  }
  return parts;
}
