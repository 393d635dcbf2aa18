/**
 * Commits that were acknowledged and may still be overwritten, and their repetition.
 *
 *   published ─> unconfirmed ─┬─ a later snapshot was built on it ─> safe, whatever becomes of its file
 *                             └─ another snapshot has its id      ─> published again, on top
 *
 * A commit is looked at before the next one of the same table handle is built, and when its writer is closed.
 *
 * Invariants: what is repeated is repeated before anything new is built, so that the identifiers of a user keep their order; it is
 * repeated once, however many committers of this process notice; nothing is repeated whose files are gone (the table was rolled back).
 */
import { hasCode, WeirError } from '../base/error.js';
import { ADD } from '../meta/manifest-entry.js';
import { partitionPath } from '../meta/partition-path.js';
import type { Snapshot } from '../meta/snapshot.js';
import type { SnapshotStore } from '../meta/snapshot-store.js';
import type { CommitContext } from './commit-context.js';
import { forgetIdentifiers } from './committed-identifier.js';
import { fateOf } from './fate.js';
import type { Attempt, PartOfCommit } from './part-of-commit.js';

interface Published {
  readonly part: PartOfCommit;
  readonly attempt: Attempt;
  repetition?: Promise<void>;
}

/** Publishes a part once more: the attempt that was overwritten may turn out to be part of the table all the same. */
export type Republish = (part: PartOfCommit, overwritten: Attempt) => Promise<unknown>;

const unconfirmed = new WeakMap<SnapshotStore, Set<Published>>();

export function rememberPublished({ snapshots }: CommitContext, part: PartOfCommit, attempt: Attempt): void {
  const commits = unconfirmed.get(snapshots) ?? new Set();
  unconfirmed.set(snapshots, commits.add({ part, attempt }));
}

export function hasUnconfirmed({ snapshots }: CommitContext): boolean {
  return (unconfirmed.get(snapshots)?.size ?? 0) > 0;
}

/**
 * Repeats what `latest` does not contain.
 *
 * @returns whether something was repeated: then there is a newer snapshot to build on
 * @throws UNAVAILABLE when that failed, and it is tried again next time; whatever makes it impossible, once
 */
export async function repeatOverwritten(context: CommitContext, latest: Snapshot | undefined, republish: Republish): Promise<boolean> {
  const commits = unconfirmed.get(context.snapshots) ?? new Set();
  let repeated = false;
  for (const commit of [...commits]) {
    const fate = await fateOf(context, commit.attempt, latest);
    if (fate === 'overwritten') {
      commit.repetition ??= repeat(context, commits, commit, republish);
      await commit.repetition;
      repeated = true;
    } else if (fate === 'gone' || latest!.id > commit.attempt.snapshot.id) {
      commits.delete(commit);
    }
  }
  return repeated;
}

/** Tells that a snapshot was overwritten, and forgets what was learned from it. */
export function noteOverwritten(context: CommitContext, part: PartOfCommit, { snapshot }: Attempt, repeats: boolean): void {
  context.snapshots.forget();
  forgetIdentifiers(context.snapshots);
  const { commitUser, identifier, kind } = part;
  context.emit?.({ type: 'overwritten', snapshot: snapshot.id, commitUser, identifier, kind, repeats });
}

async function repeat(context: CommitContext, commits: Set<Published>, commit: Published, republish: Republish): Promise<void> {
  const { part, attempt } = commit;
  const repeats = await hasItsFiles(context, part);
  noteOverwritten(context, part, attempt, repeats);
  try {
    if (repeats) await republish(part, attempt);
    commits.delete(commit);
  } catch (error) {
    if (hasCode(error, 'UNAVAILABLE')) {
      // the next committer tries again
      delete commit.repetition;
      throw error;
    }
    commits.delete(commit);
    // a compaction that does not fit any more holds no rows of its own; its files are left to orphan removal, for its writer may read them
    if (part.kind === 'COMPACT' && hasCode(error, 'COMMIT_CONFLICT')) return;
    const { table, path } = context;
    const message = `snapshot ${attempt.snapshot.id} of ${table} (${part.commitUser}, ${part.identifier}) was overwritten by another committer and cannot be committed again: ${(error as Error).message}`;
    throw new WeirError('COMMIT_CONFLICT', message, { cause: error, table, file: path.snapshot(attempt.snapshot.id) });
  }
}

async function hasItsFiles({ io, path, schemas }: CommitContext, { changes }: PartOfCommit): Promise<boolean> {
  const schema = await schemas.latest();
  if (schema === undefined) return false;
  const added = changes.entries.filter((entry) => entry.kind === ADD);
  const present = added.map(({ partition, bucket, file }) => io.exists(path.dataFile(partitionPath(schema, partition), bucket, file)));
  return (await Promise.all(present)).every(Boolean);
}
