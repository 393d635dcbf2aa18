/**
 * weir: tables that are streams. The only door: what is exported here is the API.
 *
 * @packageDocumentation
 */

export { type Clock, systemClock } from './base/clock.js';
export { type ErrorCode, WeirError } from './base/error.js';
export type { Executor } from './base/executor.js';
export { type Random, seededRandom, systemRandom } from './base/random.js';
export type { FileIO } from './io/file-io.js';
export { localFileIO } from './io/local-file-io.js';
export { memoryFileIO } from './io/memory-file-io.js';
export type { OrphanFile, OrphanOptions, OrphanResult } from './maintain/orphan-removal.js';
export type { CommitMessage } from './meta/commit-message.js';
export { deserializeMessage, serializeMessage } from './meta/commit-message.js';
export type { Consumer } from './meta/consumer-store.js';
export type { SchemaChange } from './meta/schema-change.js';
export type { Snapshot } from './meta/snapshot.js';
export type { TableSchema } from './meta/table-schema.js';
export { Catalog, type CatalogOptions, openCatalog, type TableDefinition } from './table/catalog.js';
export { Change } from './table/change.js';
export type { ChangesOptions } from './table/changes.js';
export { TableCommitter } from './table/committer.js';
export type { CompactOptions, CompactResult } from './table/compaction.js';
export type { EventListener, Logger, TableMetrics, WeirEvent } from './table/event.js';
export type { IncrementalRange } from './table/incremental.js';
export type { PartitionSpec } from './table/partition-spec.js';
export { formatPosition, type Place, parsePosition, type StreamPosition } from './table/position.js';
export { Scan, type ScanPlan } from './table/scan.js';
export { type At, type ExpireResult, type FileInfo, type LogInfo, type ScanOptions, Table, type Tag } from './table/table.js';
export type { VerifyCheck, VerifyOptions, VerifyProblem, VerifyResult } from './table/verify.js';
export { type CommitOptions, type CommitResult, TableWriter, type WriteOptions, type WriterOptions } from './table/writer.js';
export type { Batch, Column, RowKind } from './types/column.js';
export type { DataField, DataType } from './types/data-type.js';
export { and, between, eq, ge, gt, isIn, isNotNull, isNull, le, lt, ne, not, or, type Predicate, startsWith } from './types/predicate.js';
export {
  array,
  bigint,
  binary,
  boolean,
  bytes,
  char,
  date,
  decimal,
  double,
  float,
  int,
  map,
  multiset,
  type RowOf,
  row,
  type SchemaSpec,
  smallint,
  string,
  time,
  timestamp,
  timestampLtz,
  tinyint,
  varbinary,
  varchar,
} from './types/schema-spec.js';
