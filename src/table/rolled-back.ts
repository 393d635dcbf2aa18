/** Was the table rolled back behind a place? It may have gone on since. */
import { WeirError } from '../base/error.js';
import { listedSnapshot, type Place } from './position.js';
import type { TableStore } from './table-store.js';

/**
 * Looks at the snapshot that the place names, in its file: ids are given again after a rollback, names of lists are not.
 *
 * @throws POSITION_EXPIRED when it is another one now, or above the latest; one that has expired is not looked at
 */
export async function checkNotRolledBack({ snapshots, table }: TableStore, place: Place): Promise<void> {
  if (place.list === undefined) return;
  const id = listedSnapshot(place);
  const found = await snapshots.readAnew(id);
  if (found === undefined ? ((await snapshots.latestId()) ?? 0n) >= id : found.deltaManifestList === place.list) return;
  const why = `${table} was rolled back: its snapshot ${id} is not the one that the stream has told of`;
  throw new WeirError('POSITION_EXPIRED', `${why}; start again from 'latest-full'`, { table });
}
