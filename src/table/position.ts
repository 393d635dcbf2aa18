/**
 * Where a stream stands, as an opaque text that survives restarts.
 *
 *   full-<snapshot>-<n>     n batches of the full state at that snapshot are done
 *   change-<snapshot>-<n>   all changes before that snapshot are done, and n batches of its own
 *
 * Counting batches is exact because files never change and a plan lists them in a fixed order.
 */
import { WeirError } from '../base/error.js';

/**
 * A saved place in a table's changes; only weir makes and reads its text.
 *
 * @example
 * let saved: StreamPosition | undefined;
 * for await (const change of flights.changes({ until: 'now', ...(saved && { from: saved }) })) saved = change.position;
 */
export type StreamPosition = string & { readonly __position: unique symbol };

/**
 * What a position says, for whoever wants to show it.
 *
 * @example
 * const place: Place = { phase: 'change', snapshot: 7n, done: 0 };
 */
export interface Place {
  readonly phase: 'full' | 'change';
  readonly snapshot: bigint;
  readonly done: number;
}

/**
 * The position at a place.
 *
 * @example
 * const from = formatPosition({ phase: 'change', snapshot: 7n, done: 0 }); // from the changes of snapshot 7 on
 * const changes = flights.changes({ from });
 */
export function formatPosition(place: Place): StreamPosition {
  return `${place.phase}-${place.snapshot}-${place.done}` as StreamPosition;
}

/**
 * The place of a position. INVALID_ARGUMENT for a text that is none.
 *
 * @example
 * const { snapshot } = parsePosition('change-7-0'); // 7n
 */
export function parsePosition(text: string): Place {
  const match = /^(full|change)-(\d{1,19})-(\d{1,15})$/.exec(text);
  if (match === null) throw new WeirError('INVALID_ARGUMENT', `'${text}' is no stream position`);
  return { phase: match[1] as Place['phase'], snapshot: BigInt(match[2]!), done: Number(match[3]) };
}
