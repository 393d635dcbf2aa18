/** The snapshot that follows another: what it takes over, and what it adds. */
import type { CommitKind, Snapshot } from '../meta/snapshot.js';
import type { AttemptLists } from './attempt-manifests.js';

/** `version` of the documents weir writes */
const SNAPSHOT_VERSION = 3;

export interface SnapshotOrigin {
  readonly uuid: string;
  readonly kind: CommitKind;
  readonly commitUser: string;
  readonly identifier: bigint;
  readonly watermark: bigint | undefined;
  readonly properties: Readonly<Record<string, string>> | undefined;
  /** the table's latest, whatever the files were written with */
  readonly schemaId: bigint;
  readonly time_ms: number;
}

/** @param previous undefined for the first snapshot of a table */
export function nextSnapshot(previous: Snapshot | undefined, lists: AttemptLists, origin: SnapshotOrigin): Snapshot {
  const { base, delta, changelog } = lists;
  const watermark = greater(previous?.watermark, origin.watermark);
  return {
    version: SNAPSHOT_VERSION,
    uuid: origin.uuid,
    id: (previous?.id ?? 0n) + 1n,
    schemaId: origin.schemaId,
    baseManifestList: base.name,
    baseManifestListSize: BigInt(base.size_bytes),
    deltaManifestList: delta.list.name,
    deltaManifestListSize: BigInt(delta.list.size_bytes),
    ...(changelog !== undefined && {
      changelogManifestList: changelog.list.name,
      changelogManifestListSize: BigInt(changelog.list.size_bytes),
      changelogRecordCount: changelog.rows,
    }),
    ...(previous?.indexManifest !== undefined && { indexManifest: previous.indexManifest }),
    commitUser: origin.commitUser,
    commitIdentifier: origin.identifier,
    commitKind: origin.kind,
    timeMillis: origin.time_ms,
    totalRecordCount: (previous?.totalRecordCount ?? 0n) + delta.rows,
    deltaRecordCount: delta.rows,
    ...(watermark !== undefined && { watermark }),
    // column statistics are of one schema: handed on until it changes
    ...(previous?.statistics !== undefined && previous.schemaId === origin.schemaId && { statistics: previous.statistics }),
    ...(origin.properties !== undefined && { properties: origin.properties }),
    nextRowId: previous?.nextRowId ?? 0n,
  };
}

function greater(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a > b ? a : b;
}
