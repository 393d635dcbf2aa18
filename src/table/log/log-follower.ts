/**
 * What a stream of changes needs of the log: where to enter it, what each slot says, and what it hides of others' snapshots.
 *
 *   snapshot S ends at position P ─> slot P+1, P+2, … head        while they are there (retention)
 *
 * Invariants
 * - a slot is only read after the one before it is the one that was read before: a log that was made anew under the stream is
 *   noticed.
 * - a slot is told when its name lasts: what a stream has led to elsewhere is not taken back by a power loss.
 */
import { hasCode, WeirError } from '../../base/error.js';
import type { LogState } from '../../log/log-state.js';
import { LOG_USER, positionProperty } from '../../log/tree-position.js';
import { evolveBatch } from '../../lsm/evolving-reader.js';
import { fieldsNamed } from '../../lsm/file-opener.js';
import { serializeRow } from '../../meta/binary-row.js';
import { readUnlessExpired } from '../../meta/expired-snapshot.js';
import type { Snapshot } from '../../meta/snapshot.js';
import type { TableSchema } from '../../meta/table-schema.js';
import type { Batch } from '../../types/column.js';
import { datumAt } from '../../types/datum.js';
import type { LogPlace, SnapshotPlace } from '../position.js';
import type { TableStore } from '../table-store.js';
import type { LogHandle } from './log-handle.js';

/** Rows of one commit, or of one of its bodies, in today's columns. */
export interface SlotRows {
  readonly batch: Batch;
  readonly kinds: Uint8Array;
  /** their numbers are below this one */
  readonly end: bigint;
}

export class LogFollower {
  readonly #store: TableStore;
  readonly handle: LogHandle;
  /** position of the snapshot before the next one to look at, once known */
  #position: { readonly snapshot: bigint; readonly position: bigint } | undefined;

  constructor(store: TableStore, handle: LogHandle) {
    this.#store = store;
    this.handle = handle;
  }

  /** Newest slot; undefined when the log is gone. */
  async head(): Promise<bigint | undefined> {
    return (await this.#state())?.slot;
  }

  /** The place behind everything; undefined when the log has not all that the snapshot holds. */
  async atHead(latest: Snapshot | undefined): Promise<LogPlace | undefined> {
    const state = await this.#state();
    const position = latest === undefined ? 0n : await this.positionOf(latest);
    if (state === undefined || (position !== undefined && position > state.slot)) return undefined;
    const { slot, end, commit } = state;
    const snapshot = (latest?.id ?? 0n) + 1n;
    return { ...this.#placeIn(snapshot, latest?.deltaManifestList), slot: slot + 1n, end, commit };
  }

  /**
   * The place in the log right after all snapshots before this one; undefined when its slots are gone, also those it comes after,
   * or the log is empty.
   */
  async enter({ snapshot, list }: SnapshotPlace): Promise<LogPlace | undefined> {
    const state = await this.#state();
    const position = await this.positionBefore(snapshot);
    if (state === undefined || position === undefined) return undefined;
    if (state.slot === 0n || position > state.slot || position + 1n < state.start) return undefined;
    const last = position === 0n ? undefined : await this.#header(position);
    return { ...this.#placeIn(snapshot, list), slot: position + 1n, end: last?.end ?? 0n, commit: last?.commit ?? '' };
  }

  /** Is the slot of the place still there, or to come? @throws POSITION_EXPIRED when the log is another one than it was */
  async holds(place: LogPlace): Promise<boolean> {
    if (place.log !== undefined && place.log !== this.handle.id) throw this.#isAnother();
    const state = await this.#state();
    if (state === undefined) throw this.#isAnother();
    if (place.slot < state.start) return false;
    const before = place.commit === '' || place.slot - 1n < state.start ? undefined : await this.#header(place.slot - 1n);
    if (place.slot > state.slot + 1n || (before !== undefined && before.commit !== place.commit)) throw this.#isAnother();
    return true;
  }

  /** The slot's rows, and the place after it; undefined when it is gone. */
  async read(place: LogPlace, schema: TableSchema): Promise<{ rows: readonly SlotRows[]; next: LogPlace } | undefined> {
    try {
      const { log } = this.handle;
      const { header, parts } = await log.slot(place.slot);
      // its writer may be about to; of any other the next one tells (LOG-2)
      if (!(await log.store.exists(place.slot + 1n))) await log.store.makeLast(place.slot);
      const rows = (await parts()).map(({ batch, kinds, first }) => ({
        batch: evolveBatch(batch, schema.fields),
        kinds,
        end: first + BigInt(kinds.length),
      }));
      return { rows, next: { ...place, done: 0, aside: false, slot: place.slot + 1n, end: header.end, commit: header.commit } };
    } catch (error) {
      if (hasCode(error, 'POSITION_EXPIRED') || hasCode(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
  }

  /** Does the snapshot hold rows that no slot of this log holds? */
  isForeign(snapshot: Snapshot): boolean {
    const isOwn = snapshot.commitUser === LOG_USER && positionProperty(snapshot, this.handle.id) !== undefined;
    return !isOwn && snapshot.commitKind !== 'COMPACT';
  }

  /** How far the snapshots before `next` hold the log; undefined when that has expired. */
  async positionBefore(next: bigint): Promise<bigint | undefined> {
    if (this.#position?.snapshot === next) return this.#position.position;
    const tree = (await this.#state())?.tree;
    for (let id = next - 1n; id > 0n; id--) {
      if (id === tree?.snapshot) return tree.position;
      const snapshot = await readUnlessExpired(this.#store.snapshots, id);
      // one after the tree record that says another position cannot expire before a record says it, too
      if (snapshot === undefined) return tree !== undefined && id > tree.snapshot ? tree.position : undefined;
      const position = positionProperty(snapshot, this.handle.id);
      if (position !== undefined) return position;
    }
    return 0n;
  }

  /** The position of a snapshot, given that of the one before. Remembers it for the next. */
  async positionOf(snapshot: Snapshot): Promise<bigint | undefined> {
    const position = positionProperty(snapshot, this.handle.id) ?? (await this.positionBefore(snapshot.id));
    if (position !== undefined) this.#position = { snapshot: snapshot.id + 1n, position };
    return position;
  }

  /**
   * Which rows of another's snapshot still count, where slots (position, slot) have been told already: those whose key none of
   * these slots has. Their rows have higher numbers. With `sequence.field` all do: whoever reads the stream goes by that field.
   */
  async shadow(position: bigint, slot: bigint, schema: TableSchema): Promise<(batch: Batch) => Uint32Array | null> {
    const unordered = schema.primaryKeys.length === 0 || this.#store.options.sequenceFields.length > 0;
    if (unordered || position + 1n >= slot) return () => null;
    const keyOf = keyReader(schema);
    const told = new Set<string>();
    for (let at = position + 1n; at < slot; at++) {
      for (const { batch } of await (await this.handle.log.slot(at)).parts()) {
        const rows = evolveBatch(batch, schema.fields);
        for (let row = 0; row < rows.length; row++) told.add(keyOf(rows, row));
      }
    }
    return (batch) => {
      const kept = new Uint32Array(batch.length);
      let count = 0;
      for (let row = 0; row < batch.length; row++) if (!told.has(keyOf(batch, row))) kept[count++] = row;
      return kept.subarray(0, count);
    };
  }

  /** undefined when the log's directory is gone */
  async #state(): Promise<LogState | undefined> {
    try {
      return await this.handle.log.refresh();
    } catch (error) {
      if (hasCode(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
  }

  #placeIn(snapshot: bigint, list: string | undefined) {
    return { phase: 'log', snapshot, done: 0, aside: false, list, log: this.handle.id } as const;
  }

  #isAnother(): WeirError {
    const { table } = this.#store;
    return new WeirError('POSITION_EXPIRED', `the log of ${table} is not the one of this position: start again from 'latest-full'`, {
      table,
    });
  }

  async #header(slot: bigint) {
    try {
      return (await this.handle.log.slot(slot)).header;
    } catch (error) {
      if (hasCode(error, 'POSITION_EXPIRED')) return undefined;
      throw error;
    }
  }
}

/** The primary key of a row as text. The batch holds the key columns, by name. */
function keyReader(schema: TableSchema): (batch: Batch, row: number) => string {
  const fields = fieldsNamed(schema, schema.primaryKeys);
  const types = fields.map((field) => field.type);
  return (batch, row) => {
    const columns = fields.map((field) => batch.columns[batch.fields.findIndex(({ id }) => id === field.id)]!);
    return Buffer.from(
      serializeRow(
        types,
        columns.map((column) => datumAt(column, row)),
      ),
    ).toString('latin1');
  };
}
