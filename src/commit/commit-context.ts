/** What a commit needs of its table, and what it tells while it runs. */
import type { Clock } from '../base/clock.js';
import type { Random } from '../base/random.js';
import type { FileIO } from '../io/file-io.js';
import type { ManifestEntry } from '../meta/manifest-entry.js';
import type { ManifestStore } from '../meta/manifest-store.js';
import type { SchemaStore } from '../meta/schema-store.js';
import type { CommitKind, Snapshot } from '../meta/snapshot.js';
import type { SnapshotStore } from '../meta/snapshot-store.js';
import type { TableOptions } from '../meta/table-options.js';
import type { TablePath } from '../meta/table-path.js';

export interface CommitContext {
  readonly io: FileIO;
  readonly path: TablePath;
  /** also stands for the table: what was learned of a user's commits is kept per store */
  readonly snapshots: SnapshotStore;
  readonly schemas: SchemaStore;
  readonly manifests: ManifestStore;
  readonly options: TableOptions;
  readonly clock: Clock;
  readonly random: Random;
  /** `database.table`, for errors */
  readonly table: string;
  /** of a table with a log: each snapshot says how much of the log it holds */
  readonly log?: LogOfTable | undefined;
  emit?(event: CommitEvent): void;
}

export interface LogOfTable {
  /** the option `log.id` */
  readonly id: string;
  /** all slots up to this one are in the snapshot, or in none that is left */
  positionOf(latest: Snapshot | undefined): Promise<bigint>;
  /** @throws COMMIT_CONFLICT when files of the log's rows are in other buckets than the snapshot has in their partition */
  checkBuckets(latest: Snapshot | undefined, entries: readonly ManifestEntry[]): Promise<void>;
}

export type CommitEvent =
  | {
      readonly type: 'commit';
      readonly snapshot: bigint;
      readonly commitUser: string;
      readonly identifier: bigint;
      readonly kind: CommitKind;
      readonly rows: bigint;
      readonly duration_ms: number;
      readonly attempts: number;
    }
  | { readonly type: 'retry'; readonly attempt: number; readonly wait_ms: number; readonly reason: string }
  | { readonly type: 'conflict'; readonly message: string }
  | {
      readonly type: 'overwritten';
      readonly snapshot: bigint;
      readonly commitUser: string;
      readonly identifier: bigint;
      readonly kind: CommitKind;
      readonly repeats: boolean;
    };
