/**
 * Where a stream begins, as a position: so that a stream that is stopped before its first change can say where it is too.
 *
 *   latest-full  full state at the latest snapshot      earliest    full state at the earliest one held
 *   latest       behind all that is committed           snapshot:N  the changes of N on
 */
import { formatPosition, parsePosition, type StreamPosition, type Table } from '../index.js';
import type { StreamStart } from './arguments.js';

export interface StreamPlace {
  readonly position: StreamPosition;
  /** the newest snapshot of which something has been told, or will be told first */
  readonly snapshot: bigint;
}

/** INVALID_ARGUMENT for what is no position. */
export async function startOf(table: Table, from: StreamStart): Promise<StreamPlace> {
  if (typeof from === 'object') return changesOf(from.snapshot);
  if (from !== 'latest-full' && from !== 'latest' && from !== 'earliest') {
    return placeOf(from as StreamPosition);
  }
  if (from === 'latest') return placeOf(await table.position());
  const snapshot = from === 'earliest' ? (await table.snapshots())[0] : await table.snapshot();
  if (snapshot === undefined) return changesOf(1n);
  return {
    position: formatPosition({ phase: 'full', snapshot: snapshot.id, done: 0, list: snapshot.deltaManifestList }),
    snapshot: snapshot.id,
  };
}

function placeOf(position: StreamPosition): StreamPlace {
  const { phase, snapshot, done } = parsePosition(position);
  const begun = phase === 'full' || (phase === 'change' && done > 0);
  return { position, snapshot: begun ? snapshot : snapshot - 1n };
}

function changesOf(snapshot: bigint): StreamPlace {
  return { position: formatPosition({ phase: 'change', snapshot, done: 0 }), snapshot: snapshot - 1n };
}
