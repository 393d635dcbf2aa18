/** A snapshot: one committed state of a table (format-spec/snapshot). i64 values are bigint. */
export type CommitKind = 'APPEND' | 'COMPACT' | 'OVERWRITE' | 'ANALYZE';

export interface Snapshot {
  readonly version: number;
  readonly uuid?: string;
  readonly id: bigint;
  readonly schemaId: bigint;
  readonly baseManifestList: string;
  readonly baseManifestListSize?: bigint;
  readonly deltaManifestList: string;
  readonly deltaManifestListSize?: bigint;
  readonly changelogManifestList?: string;
  readonly changelogManifestListSize?: bigint;
  readonly indexManifest?: string;
  readonly commitUser: string;
  readonly commitIdentifier: bigint;
  readonly commitKind: CommitKind;
  readonly timeMillis: number;
  readonly totalRecordCount: bigint;
  readonly deltaRecordCount: bigint;
  readonly changelogRecordCount?: bigint;
  readonly watermark?: bigint;
  readonly statistics?: string;
  readonly properties?: Readonly<Record<string, string>>;
  readonly nextRowId?: bigint;
}

/** What batch jobs of Paimon use as commit identifier. */
export const BATCH_IDENTIFIER = 9223372036854775807n;
