/** File metadata for tests: what is not given is empty. */
import { serializeRow } from '../../src/meta/binary-row.js';
import { type DataFileMeta, EMPTY_STATS } from '../../src/meta/data-file-meta.js';
import type { DataType } from '../../src/types/data-type.js';

export const INT_KEY: readonly DataType[] = [{ kind: 'INT', nullable: false }];

export function intKey(value: number): Uint8Array {
  return serializeRow(INT_KEY, [value]);
}

/** A file with keys first … last (INT) at a level. */
export function fileMeta(fileName: string, level: number, first: number, last: number, given: Partial<DataFileMeta> = {}): DataFileMeta {
  return {
    fileName,
    fileSize_bytes: 100,
    rowCount: 1,
    minKey: intKey(first),
    maxKey: intKey(last),
    keyStats: EMPTY_STATS,
    valueStats: EMPTY_STATS,
    minSequenceNumber: 0n,
    maxSequenceNumber: 0n,
    schemaId: 0n,
    level,
    extraFiles: [],
    creationTime_ms: 0n,
    deleteRowCount: 0n,
    embeddedFileIndex: null,
    fileSource: 0,
    valueStatsCols: null,
    externalPath: null,
    firstRowId: null,
    writeCols: null,
    ...given,
  };
}
