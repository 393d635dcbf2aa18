/** What a manifest says of one data or changelog file (`_FILE` of a manifest entry, format-spec/manifest). */

/** min and max: serialized BinaryRow (4-byte big-endian arity + row); null counts in the same order. */
export interface SimpleStats {
  readonly min: Uint8Array;
  readonly max: Uint8Array;
  readonly nullCounts: readonly (bigint | null)[] | null;
}

export interface DataFileMeta {
  readonly fileName: string;
  readonly fileSize_bytes: number;
  readonly rowCount: number;
  /** serialized BinaryRow of the trimmed primary key; the empty row for append tables */
  readonly minKey: Uint8Array;
  readonly maxKey: Uint8Array;
  readonly keyStats: SimpleStats;
  readonly valueStats: SimpleStats;
  readonly minSequenceNumber: bigint;
  readonly maxSequenceNumber: bigint;
  readonly schemaId: bigint;
  readonly level: number;
  readonly extraFiles: readonly string[];
  /** writer-local wall clock as if it were UTC, epoch ms */
  readonly creationTime_ms: bigint | null;
  readonly deleteRowCount: bigint | null;
  readonly embeddedFileIndex: Uint8Array | null;
  /** 0 append, 1 compact */
  readonly fileSource: number | null;
  /** columns in valueStats, null = all of the file's schema */
  readonly valueStatsCols: readonly string[] | null;
  readonly externalPath: string | null;
  readonly firstRowId: bigint | null;
  readonly writeCols: readonly string[] | null;
}
