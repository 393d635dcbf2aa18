/**
 * Where a stream stands, as an opaque text that survives restarts.
 *
 *   full-<snapshot>-<n>     n batches of the full state at that snapshot are done
 *   change-<snapshot>-<n>   all changes before that snapshot are done, and n batches of its own
 *
 * Counting batches is exact because files never change and a plan lists them in a fixed order.
 */
import { WeirError } from '../base/error.js';

/** A saved place in a table's changes; only weir makes and reads its text. */
export type StreamPosition = string & { readonly __position: unique symbol };

export interface Place {
  readonly phase: 'full' | 'change';
  readonly snapshot: bigint;
  readonly done: number;
}

export function formatPosition(place: Place): StreamPosition {
  return `${place.phase}-${place.snapshot}-${place.done}` as StreamPosition;
}

export function parsePosition(text: string): Place {
  const match = /^(full|change)-(\d{1,19})-(\d{1,15})$/.exec(text);
  if (match === null) throw new WeirError('INVALID_ARGUMENT', `'${text}' is no stream position`);
  return { phase: match[1] as Place['phase'], snapshot: BigInt(match[2]!), done: Number(match[3]) };
}
