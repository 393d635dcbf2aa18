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
 *   …@<list>                the delta manifest list of the newest snapshot that something was told of: <snapshot> itself in the
 *                           middle of it, else the one before. One of another name was made after a rollback
 *   …@<list>@<log>          in the log: its id
 *
 * A text without what follows an @, from an earlier weir, is a position too: it is not checked then.
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
  /** delta manifest list of the newest snapshot told of; undefined when that is not known */
  readonly list?: string | undefined;
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
  /** delta manifest list of the newest snapshot told of or passed over; undefined when that is not known */
  readonly list?: string | undefined;
  /** the table's `log.id`; undefined when that is not known */
  readonly log?: string | undefined;
}

/**
 * The position at a place.
 *
 * @example
 * const from = formatPosition({ phase: 'change', snapshot: 7n, done: 0 }); // from the changes of snapshot 7 on
 * const changes = flights.changes({ from });
 */
export function formatPosition(place: Place): StreamPosition {
  const { snapshot, done, list } = place;
  const listed = list === undefined ? '' : `@${list}`;
  if (place.phase !== 'log') return `${place.phase}-${snapshot}-${done}${listed}` as StreamPosition;
  const { aside, slot, end, commit, log } = place;
  const marks = log === undefined ? listed : `@${list ?? ''}@${log}`;
  return `${aside ? 'aside' : 'log'}-${snapshot}-${done}-${slot}-${end}-${commit}${marks}` as StreamPosition;
}

const SHAPE =
  /^(?:(full|change)-(\d{1,19})-(\d{1,15})|(log|aside)-(\d{1,19})-(\d{1,15})-(\d{1,19})-(\d{1,19})-([0-9a-f-]*))(?:@([^@\s]*)(?:@([^@\s]+))?)?$/;

/**
 * The place of a position. INVALID_ARGUMENT for a text that is none.
 *
 * @example
 * const { snapshot } = parsePosition('change-7-0'); // 7n
 */
export function parsePosition(text: string): Place {
  const match = SHAPE.exec(text);
  if (match === null) throw new WeirError('INVALID_ARGUMENT', `'${text}' is no stream position`);
  const [, phase, snapshot, done, inLog, next, part, slot, end, commit, list, log] = match;
  const listed = list !== undefined && list !== '' && { list };
  if (phase !== undefined) return { phase: phase as SnapshotPlace['phase'], snapshot: BigInt(snapshot!), done: Number(done), ...listed };
  return {
    phase: 'log',
    snapshot: BigInt(next!),
    done: Number(part),
    aside: inLog === 'aside',
    slot: BigInt(slot!),
    end: BigInt(end!),
    commit: commit!,
    ...listed,
    ...(log !== undefined && { log }),
  };
}

/** The snapshot whose delta manifest list a place names. */
export function listedSnapshot(place: Place): bigint {
  const inside = place.phase === 'full' || (place.done > 0 && (place.phase !== 'log' || place.aside));
  return inside ? place.snapshot : place.snapshot - 1n;
}
