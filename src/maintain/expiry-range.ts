/**
 * Which snapshots may go: the oldest ones, down to what the options, the consumers and the clock keep.
 *
 *   earliest ……… begin ……… end ……… latest - num-retained.min + 1 ……… latest
 *   └─ expired ──────────┘    └─ kept: too young, needed by a consumer, or beyond the limit of one run
 *
 * Invariants: the latest `snapshot.num-retained.min` snapshots stay; a snapshot is as old as the *next* one, for until then it
 * was the latest; what exceeds `num-retained.max` goes whatever its age.
 */
import type { Clock } from '../base/clock.js';
import type { ConsumerStore } from '../meta/consumer-store.js';
import { readUnlessExpired } from '../meta/expired-snapshot.js';
import type { SnapshotStore } from '../meta/snapshot-store.js';
import type { TableOptions } from '../meta/table-options.js';

export interface RetentionContext {
  readonly snapshots: SnapshotStore;
  readonly consumers: ConsumerStore;
  readonly options: TableOptions;
  readonly clock: Clock;
}

export interface ExpiryRange {
  /** the earliest snapshot there is */
  readonly begin: bigint;
  /** the first one that stays; `begin` when none may go */
  readonly end: bigint;
}

/** undefined when the table has no snapshot. @param limit snapshots at most */
export async function expiryRange(
  { snapshots, consumers, options, clock }: RetentionContext,
  limit: number,
): Promise<ExpiryRange | undefined> {
  const [begin, latest] = await Promise.all([snapshots.earliestId(), snapshots.latestId()]);
  if (begin === undefined || latest === undefined) return undefined;
  const least = latest - BigInt(options.snapshotNumRetainedMin) + 1n;
  if (least <= begin) return { begin, end: begin };
  const consumed = await consumers.minNextSnapshot({ differences: options.logId !== undefined });
  let exclusive = least;
  if (begin + BigInt(limit) < exclusive) exclusive = begin + BigInt(limit);
  if (consumed !== undefined && consumed < exclusive) exclusive = consumed;
  let end = latest - BigInt(options.snapshotNumRetainedMax) + 1n;
  if (end < begin) end = begin;
  const young_ms = clock.now_ms() - options.snapshotTimeRetained_ms;
  while (end < exclusive) {
    const next = await readUnlessExpired(snapshots, end + 1n);
    if (next !== undefined && next.timeMillis > young_ms) break;
    end++;
  }
  if (end > exclusive) end = exclusive;
  // a consumer may stand before the earliest snapshot
  if (end < begin) end = begin;
  return { begin, end };
}
