/**
 * Committing to a table: files that writers and compactors made become part of it, all at once or not at all.
 *
 *   messages ─ committed before? ─> APPEND or OVERWRITE snapshot ─> COMPACT snapshot
 *
 * Invariants
 * - exactly once: an identifier at or below the last one of its user is acknowledged and changes nothing.
 * - what a user wrote never fails because of a compaction that came with it: a compaction that meets a conflicting commit
 *   (or loses every race) is dropped, its files are deleted, and the outcome says so.
 * - a commit that fails deletes none of the files in its messages: it may be tried again, or aborted.
 */
import { hasCode } from '../base/error.js';
import { LOG_USER } from '../log/tree-position.js';
import type { CommitMessage } from '../meta/commit-message.js';
import { BATCH_IDENTIFIER, type Snapshot } from '../meta/snapshot.js';
import { removeUncommitted } from './abort-messages.js';
import { appendChanges, compactChanges, compactionFiles, isEmpty, ownFiles } from './commit-changes.js';
import type { CommitContext } from './commit-context.js';
import { lastIdentifierUpTo } from './committed-identifier.js';
import { latestSnapshot } from './latest-snapshot.js';
import { type OverwriteScope, overwritesNothing } from './overwrite.js';
import { hasUnconfirmed, repeatOverwritten } from './overwritten-commits.js';
import { PartCommit, republish, UnknownOutcome } from './part-commit.js';
import type { LogAdvance, PartOfCommit } from './part-of-commit.js';
import { rememberUncertain } from './uncertain-files.js';

export { abortMessages } from './abort-messages.js';
export type { CommitContext, CommitEvent, LogOfTable } from './commit-context.js';
export type { OverwriteScope } from './overwrite.js';

export interface Committable {
  /** names the job; identifiers grow per user */
  readonly commitUser: string;
  /** BATCH_IDENTIFIER for batch jobs, whose users are fresh and commit once: it is never taken for committed before */
  readonly identifier: bigint;
  readonly watermark?: bigint;
  readonly properties?: Readonly<Record<string, string>>;
  /** their files last already (fsynced with their directories) */
  readonly messages: readonly CommitMessage[];
  readonly overwrite?: { readonly partitions: OverwriteScope };
  /** publish a snapshot even if there is nothing in it */
  readonly allowEmpty?: boolean;
  /** the snapshot holds slots of the log, or comes after them: a conflict when the tree does not end at `from` */
  readonly advances?: LogAdvance;
}

export interface CommitOutcome {
  /** ids published by this call: APPEND or OVERWRITE, then COMPACT */
  readonly snapshots: bigint[];
  readonly alreadyCommitted: boolean;
  readonly newFiles: number;
  /** rows in the new files */
  readonly rows: bigint;
  /** the rows are committed, but not the compaction that came with them: whoever planned it starts from the latest snapshot again */
  readonly compactionDropped: boolean;
}

/**
 * Publishes the messages. Durable when it resolves, unless `commit.fsync` is off.
 *
 * @throws COMMIT_CONFLICT when a commit of nothing but compaction, or an overwrite, does not fit the table any more;
 *   UNAVAILABLE when the storage failed, when other writers were faster at every attempt, or when the outcome is unknown (the
 *   message says so; committing again is right in each case); the signal's reason when aborted
 */
export async function commitTable(context: CommitContext, committable: Committable, signal?: AbortSignal): Promise<CommitOutcome> {
  const { messages, overwrite, commitUser, identifier, watermark, properties } = committable;
  const appended = appendChanges(messages);
  const compacted = compactChanges(messages);
  const append: PartOfCommit = {
    kind: overwrite === undefined ? 'APPEND' : 'OVERWRITE',
    commitUser,
    identifier,
    watermark,
    properties,
    messages,
    // readers of the changelog skip overwrites
    changes: overwrite === undefined ? appended : { ...appended, changelog: [] },
    overwrites: overwrite?.partitions,
    // whether slots are in the tree already is told by the position
    checkIdentifier: commitUser !== LOG_USER,
    advances: committable.advances,
  };
  const outcome = {
    snapshots: [] as bigint[],
    alreadyCommitted: false,
    newFiles: appended.entries.length,
    rows: BigInt(appended.entries.reduce((sum, { file }) => sum + file.rowCount, 0)),
    compactionDropped: false,
  };
  const appends = await hasAppendPart(context, committable);
  const compacts = !isEmpty(compacted);
  if (!appends && !compacts) return { ...outcome, alreadyCommitted: await isCommitted(context, commitUser, identifier) };
  if (appends) {
    const snapshot = await runPart(context, append, signal);
    if (snapshot === undefined) return { ...outcome, alreadyCommitted: true };
    outcome.snapshots.push(snapshot.id);
    if (overwrite !== undefined) await removeUncommitted(context, messages, (message) => message.changelogFiles).catch(() => undefined);
  }
  if (compacts) {
    const compact: PartOfCommit = {
      ...append,
      kind: 'COMPACT',
      changes: compacted,
      overwrites: undefined,
      advances: undefined,
      checkIdentifier: !appends,
    };
    try {
      // once the append part is published the commit has happened: the signal comes too late for it
      const snapshot = await runPart(context, compact, appends ? undefined : signal);
      if (snapshot === undefined) return { ...outcome, alreadyCommitted: true };
      outcome.snapshots.push(snapshot.id);
    } catch (error) {
      // the user's rows are in the table: whatever became of the compaction, going on from the latest snapshot is right
      if (!appends || !(hasCode(error, 'COMMIT_CONFLICT') || hasCode(error, 'UNAVAILABLE'))) throw error;
      outcome.compactionDropped = true;
      await removeUncommitted(context, messages, compactionFiles).catch(() => undefined);
    }
  }
  return outcome;
}

/**
 * Looks whether this handle's last commits are still in the table, and commits them again if another committer's snapshot has taken
 * their place (format-spec/commit, taking turns without a lock).
 *
 * @throws UNAVAILABLE when that failed: calling again is right
 */
export async function confirmCommits(context: CommitContext): Promise<void> {
  while (hasUnconfirmed(context)) {
    if (!(await repeatOverwritten(context, await latestSnapshot(context), republish(context)))) return;
  }
}

/**
 * The newest identifier of a user that is in the table, BATCH_IDENTIFIER not counted; undefined when no snapshot of the user is
 * left: then nothing is known of it, and any identifier is taken for new.
 */
export async function lastCommittedIdentifier(context: CommitContext, commitUser: string): Promise<bigint | undefined> {
  const latest = await context.snapshots.latestId();
  return latest === undefined ? undefined : lastIdentifierUpTo(context.snapshots, commitUser, latest);
}

/** Deletes all rows, as one OVERWRITE snapshot. */
export function truncateTable(
  context: CommitContext,
  options: { commitUser: string; identifier?: bigint },
  signal?: AbortSignal,
): Promise<CommitOutcome> {
  return overwriteByNothing(context, 'all', options, signal);
}

/** Deletes all rows of these partitions (serialized BinaryRow each, or a condition), as one OVERWRITE snapshot. */
export function dropPartitions(
  context: CommitContext,
  partitions: readonly Uint8Array[] | ((partition: Uint8Array) => boolean),
  options: { commitUser: string; identifier?: bigint },
  signal?: AbortSignal,
): Promise<CommitOutcome> {
  return overwriteByNothing(context, partitions, options, signal);
}

function overwriteByNothing(
  context: CommitContext,
  partitions: OverwriteScope,
  { commitUser, identifier = BATCH_IDENTIFIER }: { commitUser: string; identifier?: bigint },
  signal: AbortSignal | undefined,
): Promise<CommitOutcome> {
  return commitTable(context, { commitUser, identifier, messages: [], overwrite: { partitions } }, signal);
}

async function hasAppendPart(context: CommitContext, committable: Committable): Promise<boolean> {
  const { messages, overwrite, allowEmpty } = committable;
  if (allowEmpty === true || !isEmpty(appendChanges(messages))) return true;
  if (overwrite === undefined) return false;
  const schema = await context.schemas.latest();
  return schema !== undefined && !overwritesNothing(overwrite.partitions, schema);
}

async function isCommitted(context: CommitContext, commitUser: string, identifier: bigint): Promise<boolean> {
  if (identifier === BATCH_IDENTIFIER) return false;
  const last = await lastCommittedIdentifier(context, commitUser);
  return last !== undefined && identifier <= last;
}

async function runPart(context: CommitContext, part: PartOfCommit, signal: AbortSignal | undefined): Promise<Snapshot | undefined> {
  try {
    return await new PartCommit(context, part).run(signal);
  } catch (error) {
    if (error instanceof UnknownOutcome)
      rememberUncertain(
        context.snapshots,
        part.messages.flatMap(ownFiles).map((file) => file.fileName),
      );
    throw error;
  }
}
