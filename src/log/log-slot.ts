/** A slot as readers see it: its header, and the rows that count, loaded when asked for. */
import type { Batch } from '../types/column.js';
import type { SlotHeader } from './slot.js';

/** Rows of one commit, or of one of its bodies. */
export interface LogPart {
  readonly user: string;
  readonly identifier: bigint;
  readonly batch: Batch;
  /** one a row: 0 +I, 1 -U, 2 +U, 3 -D */
  readonly kinds: Uint8Array;
  /** number of the first row, in the order of the whole log */
  readonly first: bigint;
}

export interface LogSlot {
  readonly header: SlotHeader;
  /** in order of their numbers */
  parts(): Promise<readonly LogPart[]>;
}
