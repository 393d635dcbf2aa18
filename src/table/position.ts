/**
 * Where a stream stands, as an opaque text that survives restarts.
 *
 *   full-<snapshot>-<n>     n batches of the full state at that snapshot are done
 *   change-<snapshot>-<n>   all changes before that snapshot are done, and n batches of its own
 *   log-<snapshot>-<n>-<slot>-<number>-<commit>
 *                           in the log: all slots before that one, the last of which is <commit>, and n parts of its own, all with
 *                           row numbers below <number>; of other engines' snapshots all before <snapshot>
 *   aside-<snapshot>-<n>-<slot>-<number>-<commit>
 *                           the same before the slot, and n batches of that snapshot
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
export type Place = SnapshotPlace | LogPlace;

/** A place among the batches of a snapshot's state or changes. */
export interface SnapshotPlace {
  readonly phase: 'full' | 'change';
  readonly snapshot: bigint;
  readonly done: number;
}

/** A place in the table's log. */
export interface LogPlace {
  readonly phase: 'log';
  /** first snapshot whose changes by others are not done */
  readonly snapshot: bigint;
  readonly done: number;
  /** next slot */
  readonly slot: bigint;
  /** false: `done` counts parts of the slot; true: batches of the snapshot, which is told before the slot or in its place */
  readonly aside: boolean;
  /** rows up to here have lower numbers */
  readonly end: bigint;
  /** of the slot before; empty when that is not known */
  readonly commit: string;
}

/**
 * The position at a place.
 *
 * @example
 * const from = formatPosition({ phase: 'change', snapshot: 7n, done: 0 }); // from the changes of snapshot 7 on
 * const changes = flights.changes({ from });
 */
export function formatPosition(place: Place): StreamPosition {
  if (place.phase !== 'log') return `${place.phase}-${place.snapshot}-${place.done}` as StreamPosition;
  const { aside, snapshot, done, slot, end, commit } = place;
  return `${aside ? 'aside' : 'log'}-${snapshot}-${done}-${slot}-${end}-${commit}` as StreamPosition;
}

/**
 * The place of a position. INVALID_ARGUMENT for a text that is none.
 *
 * @example
 * const { snapshot } = parsePosition('change-7-0'); // 7n
 */
export function parsePosition(text: string): Place {
  const match = /^(?:(full|change)-(\d{1,19})-(\d{1,15})|(log|aside)-(\d{1,19})-(\d{1,15})-(\d{1,19})-(\d{1,19})-([0-9a-f-]*))$/.exec(text);
  if (match === null) throw new WeirError('INVALID_ARGUMENT', `'${text}' is no stream position`);
  const [, phase, snapshot, done, inLog, next, part, slot, end, commit] = match;
  if (phase === undefined) {
    const aside = inLog === 'aside';
    return { phase: 'log', snapshot: BigInt(next!), done: Number(part), aside, slot: BigInt(slot!), end: BigInt(end!), commit: commit! };
  }
  return { phase: phase as SnapshotPlace['phase'], snapshot: BigInt(snapshot!), done: Number(done) };
}
