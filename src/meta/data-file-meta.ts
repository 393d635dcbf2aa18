/** What a manifest says of one data or changelog file (`_FILE` of a manifest entry, format-spec/manifest). */
import { EMPTY_ROW } from './binary-row.js';
import { type RecordReader, statsToRecord } from './record-reader.js';

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

/** Statistics of no column. */
export const EMPTY_STATS: SimpleStats = { min: EMPTY_ROW, max: EMPTY_ROW, nullCounts: [] };

/** The `_FILE` record of a manifest entry. */
export function dataFileToRecord(file: DataFileMeta): { [name: string]: unknown } {
  return {
    _FILE_NAME: file.fileName,
    _FILE_SIZE: file.fileSize_bytes,
    _ROW_COUNT: file.rowCount,
    _MIN_KEY: file.minKey,
    _MAX_KEY: file.maxKey,
    _KEY_STATS: statsToRecord(file.keyStats),
    _VALUE_STATS: statsToRecord(file.valueStats),
    _MIN_SEQUENCE_NUMBER: file.minSequenceNumber,
    _MAX_SEQUENCE_NUMBER: file.maxSequenceNumber,
    _SCHEMA_ID: file.schemaId,
    _LEVEL: file.level,
    _EXTRA_FILES: file.extraFiles,
    _CREATION_TIME: file.creationTime_ms,
    _DELETE_ROW_COUNT: file.deleteRowCount,
    _EMBEDDED_FILE_INDEX: file.embeddedFileIndex,
    _FILE_SOURCE: file.fileSource,
    _VALUE_STATS_COLS: file.valueStatsCols,
    _EXTERNAL_PATH: file.externalPath,
    _FIRST_ROW_ID: file.firstRowId,
    _WRITE_COLS: file.writeCols,
  };
}

/** Of any release of Paimon: columns added over time are null when absent. CORRUPTION for what cannot be. */
export function dataFileFromRecord(record: RecordReader): DataFileMeta {
  const file: DataFileMeta = {
    fileName: record.string('_FILE_NAME'),
    fileSize_bytes: record.count('_FILE_SIZE'),
    rowCount: record.count('_ROW_COUNT'),
    minKey: record.row('_MIN_KEY'),
    maxKey: record.row('_MAX_KEY'),
    keyStats: record.stats('_KEY_STATS'),
    valueStats: record.stats('_VALUE_STATS'),
    minSequenceNumber: record.long('_MIN_SEQUENCE_NUMBER'),
    maxSequenceNumber: record.long('_MAX_SEQUENCE_NUMBER'),
    schemaId: record.long('_SCHEMA_ID'),
    level: record.int('_LEVEL', 0, 1 << 16),
    extraFiles: record.strings('_EXTRA_FILES'),
    creationTime_ms: record.has('_CREATION_TIME') ? record.long('_CREATION_TIME') : null,
    deleteRowCount: record.has('_DELETE_ROW_COUNT') ? record.long('_DELETE_ROW_COUNT') : null,
    embeddedFileIndex: record.has('_EMBEDDED_FILE_INDEX') ? record.bytes('_EMBEDDED_FILE_INDEX') : null,
    fileSource: record.has('_FILE_SOURCE') ? record.int('_FILE_SOURCE', 0, 1) : null,
    valueStatsCols: record.has('_VALUE_STATS_COLS') ? record.strings('_VALUE_STATS_COLS') : null,
    externalPath: record.has('_EXTERNAL_PATH') ? record.string('_EXTERNAL_PATH') : null,
    firstRowId: record.has('_FIRST_ROW_ID') ? record.long('_FIRST_ROW_ID') : null,
    writeCols: record.has('_WRITE_COLS') ? record.strings('_WRITE_COLS') : null,
  };
  if (file.fileName === '') throw record.wrong('_FILE_NAME');
  if (file.schemaId < 0n) throw record.wrong('_SCHEMA_ID');
  if (file.minSequenceNumber > file.maxSequenceNumber) throw record.wrong('_MIN_SEQUENCE_NUMBER');
  if (file.deleteRowCount !== null && (file.deleteRowCount < 0n || file.deleteRowCount > BigInt(file.rowCount))) {
    throw record.wrong('_DELETE_ROW_COUNT');
  }
  return file;
}
