/** Slots for tests: headers and rows that are as they should be. */
import type { SlotContent, SlotHeader } from '../../src/log/slot.js';
import type { LogRows } from '../../src/log/slot-codec.js';
import type { DataField } from '../../src/types/data-type.js';
import { BatchBuilder } from '../../src/types/row-builder.js';

export const FIELDS: DataField[] = [
  { id: 0, name: 'id', type: { kind: 'BIGINT', nullable: false } },
  { id: 1, name: 'text', type: { kind: 'VARCHAR', nullable: true, length: 2147483647 } },
];

export function rowsOf(rows: Record<string, unknown>[], kinds = new Uint8Array(rows.length)): LogRows {
  const builder = new BatchBuilder(FIELDS);
  for (const row of rows) builder.push(row);
  return { batch: builder.finish(), kinds };
}

export const commitsOf = (rows: number, identifier = 1n, epoch = 1n, user = 'job'): SlotContent => ({
  kind: 'commits',
  commits: [{ user, epoch, identifier, inlineRows: rows, bodies: [] }],
});

/** Slot 7 of log L, five rows numbered from 100, unless told otherwise. */
export function headerOf(more: Partial<SlotHeader> = {}): SlotHeader {
  return {
    log: 'L',
    slot: 7n,
    commit: '00000000-0000-4000-8000-000000000007',
    start: 1n,
    tree: { slot: 0n, snapshot: 0n, position: 0n },
    base: 100n,
    end: 105n,
    time_ms: 1_700_000_000_000,
    schemaId: 0n,
    content: commitsOf(5),
    ...more,
  };
}
