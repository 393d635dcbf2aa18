/**
 * Which identifier a commit user committed last: what makes a repeated commit harmless.
 *
 *   snapshots  …  40   41   42   43   44        the newest one of the user tells; only those after the last look are read
 *   user a              7         8
 *
 * Invariants: BATCH_IDENTIFIER never counts (all batch commits share it). When every snapshot of a user has expired
 * nothing is known of it, and any identifier is new.
 */
import { readUnlessExpired } from '../meta/expired-snapshot.js';
import { BATCH_IDENTIFIER } from '../meta/snapshot.js';
import type { SnapshotStore } from '../meta/snapshot-store.js';

/** snapshots read at once when walking back */
const STRIDE = 16n;
/** users remembered per table */
const MAX_USERS = 1_000;

interface Knowledge {
  /** all snapshots up to this one have been looked at */
  readonly upTo: bigint;
  readonly identifier: bigint | undefined;
}

const knowledge = new WeakMap<SnapshotStore, Map<string, Knowledge>>();

/** Looks at the snapshots up to `latest` that it has not seen yet, newest first, until one is the user's. */
export async function lastIdentifierUpTo(snapshots: SnapshotStore, commitUser: string, latest: bigint): Promise<bigint | undefined> {
  const users = knowledge.get(snapshots) ?? new Map<string, Knowledge>();
  knowledge.set(snapshots, users);
  const known = users.get(commitUser);
  // ids that went back mean that the table was rolled back: nothing remembered holds
  const seen = known !== undefined && known.upTo <= latest ? known : undefined;
  const identifier = (await walkBack(snapshots, commitUser, latest, seen?.upTo ?? 0n)) ?? seen?.identifier;
  if (!users.has(commitUser) && users.size >= MAX_USERS) users.delete(users.keys().next().value!);
  users.set(commitUser, { upTo: latest, identifier });
  return identifier;
}

/** After a snapshot changed: what was read before may not hold. */
export function forgetIdentifiers(snapshots: SnapshotStore): void {
  knowledge.delete(snapshots);
}

async function walkBack(snapshots: SnapshotStore, commitUser: string, latest: bigint, seen: bigint): Promise<bigint | undefined> {
  for (let newest = latest; newest > seen; newest -= STRIDE) {
    const ids: bigint[] = [];
    for (let id = newest; id > seen && id > newest - STRIDE && id > 0n; id--) ids.push(id);
    for (const snapshot of await Promise.all(ids.map((id) => readUnlessExpired(snapshots, id)))) {
      if (snapshot === undefined) return undefined;
      if (snapshot.commitUser === commitUser && snapshot.commitIdentifier !== BATCH_IDENTIFIER) return snapshot.commitIdentifier;
    }
  }
  return undefined;
}
