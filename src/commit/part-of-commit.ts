/** One snapshot's share of a commit, and one attempt to publish it. */
import type { CommitMessage } from '../meta/commit-message.js';
import type { ManifestEntry } from '../meta/manifest-entry.js';
import type { CommitKind, Snapshot } from '../meta/snapshot.js';
import type { AttemptLists } from './attempt-manifests.js';
import type { Changes } from './commit-changes.js';
import type { Overtaking } from './overtaking.js';
import type { OverwriteScope } from './overwrite.js';

export interface PartOfCommit {
  readonly kind: CommitKind;
  readonly commitUser: string;
  readonly identifier: bigint;
  readonly watermark: bigint | undefined;
  readonly properties: Readonly<Record<string, string>> | undefined;
  readonly messages: readonly CommitMessage[];
  readonly changes: Changes;
  /** which partitions an OVERWRITE empties */
  readonly overwrites: OverwriteScope | undefined;
  /** look whether the identifier was committed before (not for the second part of one commit) */
  readonly checkIdentifier: boolean;
  /** of rows out of the log, or beside it: the slots (from, to] are in the tree with it */
  readonly advances?: LogAdvance | undefined;
}

/** A commit after which the tree holds the slots after `from`, up to `to`: their rows, or others when those slots have none. */
export interface LogAdvance {
  readonly from: bigint;
  readonly to: bigint;
  /** of rows that stand in no slot and have their numbers from before */
  readonly overtaking?: Overtaking | undefined;
}

export interface Attempt {
  readonly snapshot: Snapshot;
  readonly lists: AttemptLists;
  /** those of the delta list */
  readonly entries: readonly ManifestEntry[];
  /** just before the latest snapshot was looked up, which this one follows */
  readonly looked: Moment;
}

export interface Moment {
  readonly now_ms: number;
  readonly monotonic_ms: number;
}
