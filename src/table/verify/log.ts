/**
 * Is the log whole?
 *
 *   start ─ slot ─ slot ─ … ─ newest      none missing, each with its checksum, following the one before, its rows and bodies readable
 *                    └ tree record: the snapshot it names says the same position; the latest snapshot none beyond the log's end
 *
 * Slots that are trimmed meanwhile are passed over.
 */
import { WeirError } from '../../base/error.js';
import type { SlotHeader } from '../../log/slot.js';
import { decodeBody, decodeHeader, decodeSlotRows } from '../../log/slot-codec.js';
import { LOG_USER, positionProperty } from '../../log/tree-position.js';
import { deltaEntries } from '../../meta/live-files.js';
import { ADD } from '../../meta/manifest-entry.js';
import type { LogHandle } from '../log/log-handle.js';
import type { TableStore } from '../table-store.js';
import { ofHeld } from './held.js';
import { noteOutranked } from './outranked.js';
import type { Report } from './report.js';

/** rows [first, end) of the slots before one */
interface Numbers {
  readonly slot: bigint;
  readonly end: bigint;
}

export async function verifyLog(store: TableStore, handle: LogHandle, report: Report, signal: AbortSignal | undefined): Promise<void> {
  const slots = handle.log.store;
  const newest = await slots.newest();
  report.count('log', 0);
  if (newest === undefined) return;
  const last = await report.attempt('log', () => headerOf(handle, newest));
  if (last === undefined) return;
  let before: SlotHeader | undefined;
  const numbers: Numbers[] = [];
  for (let slot = last.start; slot <= newest; slot++) {
    signal?.throwIfAborted();
    const header = await report.attempt('log', () => verifySlot(store, handle, slot));
    if (header === undefined) {
      const trimmed = (await startOf(handle)) > slot;
      if (!trimmed && !(await slots.exists(slot))) report.problem('log', `slot ${slot} is missing`, { file: slots.path.slot(slot) });
      before = undefined;
      continue;
    }
    report.count('log');
    if (before !== undefined) verifyOrder(handle, report, before, header);
    if (header.content.kind === 'tree') await verifyTree(store, handle, report, header);
    before = header;
    numbers.push({ slot, end: header.end });
  }
  await verifySnapshotsOfLog(store, handle, report, last, numbers);
  await noteOutranked(store, handle, report, signal);
}

async function startOf(handle: LogHandle): Promise<bigint> {
  return (await handle.log.refresh()).start;
}

async function headerOf({ log, id }: LogHandle, slot: bigint): Promise<SlotHeader | undefined> {
  const bytes = await log.store.read(slot);
  if (bytes === undefined) return undefined;
  const header = decodeHeader(bytes, log.store.path.slot(slot));
  return header.log === id ? header : undefined;
}

/** The header of a slot all of whose rows can be read; undefined when there is none. @throws CORRUPTION, NOT_FOUND for a body */
async function verifySlot(store: TableStore, { log, id }: LogHandle, slot: bigint): Promise<SlotHeader | undefined> {
  const bytes = await log.store.read(slot);
  if (bytes === undefined) return undefined;
  const { path } = log.store;
  const file = path.slot(slot);
  const header = decodeHeader(bytes, file);
  if (header.slot !== slot || header.log !== id) throw corrupt(file, `it holds slot ${header.slot} of log ${header.log}`);
  const { content } = header;
  if (content.kind !== 'commits') return header;
  const { fields } = await store.schemas.read(header.schemaId);
  const inline = content.commits.reduce((sum, { inlineRows }) => sum + inlineRows, 0);
  const found = inline === 0 ? [] : decodeSlotRows(bytes, fields, file);
  if (rowsOf(found) !== inline) throw corrupt(file, `it has ${rowsOf(found)} rows, its header says ${inline}`);
  for (const body of content.commits.flatMap(({ bodies }) => bodies)) {
    const bodyFile = path.body(body.name);
    const rows = rowsOf(decodeBody(await log.store.readBody(body.name), body, fields, bodyFile));
    if (rows !== body.rows) throw corrupt(bodyFile, `it has ${rows} rows, slot ${slot} says ${body.rows}`);
  }
  return header;
}

function verifyOrder({ log }: LogHandle, report: Report, before: SlotHeader, header: SlotHeader): void {
  const file = log.store.path.slot(header.slot);
  const falls = (what: string) => report.problem('log', `${what} of slot ${header.slot} falls below that of slot ${before.slot}`, { file });
  if (header.base < before.end) falls('the row numbers');
  if (header.time_ms < before.time_ms) falls('the time');
  if (header.start < before.start) falls('the start');
  if (header.tree.slot < before.tree.slot || header.tree.position < before.tree.position) falls('the tree');
}

/** A rollback takes snapshots away and gives their ids to others, which go on from the record's position. */
async function verifyTree(store: TableStore, handle: LogHandle, report: Report, header: SlotHeader): Promise<void> {
  const { snapshot: id, position, slot } = header.tree;
  const snapshot = id === 0n ? undefined : await store.snapshots.readAnew(id).catch(() => undefined);
  const said = snapshot === undefined ? undefined : positionProperty(snapshot, handle.id);
  if (slot === header.slot && said !== undefined && said < position)
    report.problem('log', `slot ${slot} says that snapshot ${id} holds the log up to slot ${position}, the snapshot says ${said}`, {
      file: store.path.snapshot(id),
    });
}

/** What came out of the log has the numbers that its slots gave it, and no snapshot is ahead of the log. */
async function verifySnapshotsOfLog(
  store: TableStore,
  handle: LogHandle,
  report: Report,
  last: SlotHeader,
  numbers: readonly Numbers[],
): Promise<void> {
  const endOf = new Map(numbers.map(({ slot, end }) => [slot, end]));
  let before = 0n;
  for (const id of await store.snapshots.list()) {
    const snapshot = await store.snapshots.readAnew(id).catch(() => undefined);
    const position = snapshot === undefined ? undefined : positionProperty(snapshot, handle.id);
    if (snapshot === undefined || position === undefined) continue;
    const file = store.path.snapshot(id);
    if (position > last.slot && position > (await handle.log.refresh()).slot)
      report.problem('log', `snapshot ${id} holds the log up to slot ${position}, which ends at ${last.slot}`, { file });
    const [first, end] = [endOf.get(before), endOf.get(position)];
    if (snapshot.commitUser === LOG_USER && first !== undefined && end !== undefined) {
      const held = await ofHeld(store, report, 'log', id, (found) => deltaEntries(store.manifests, found));
      for (const { kind, file: data } of held?.[1] ?? []) {
        if (kind === ADD && (data.minSequenceNumber < first || data.maxSequenceNumber >= end))
          report.problem(
            'log',
            `snapshot ${id}: the rows of ${data.fileName} are numbered ${data.minSequenceNumber} to ${data.maxSequenceNumber}, its slots ${first} to ${end - 1n}`,
            { file },
          );
      }
    }
    before = position;
  }
}

function rowsOf(parts: readonly { readonly kinds: Uint8Array }[]): number {
  return parts.reduce((sum, { kinds }) => sum + kinds.length, 0);
}

function corrupt(file: string, why: string): WeirError {
  return new WeirError('CORRUPTION', `log file ${file} is damaged: ${why}`, { file });
}
