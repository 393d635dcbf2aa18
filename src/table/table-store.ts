/**
 * One table's stores and services, wired once and shared by its handles.
 *
 * The schema in here is the latest that was seen; options follow it.
 */
import type { Clock } from '../base/clock.js';
import { WeirError } from '../base/error.js';
import type { Executor } from '../base/executor.js';
import type { Random } from '../base/random.js';
import type { FileIO } from '../io/file-io.js';
import type { FileIORef } from '../io/file-io-ref.js';
import type { FileTarget } from '../lsm/rolling-writer.js';
import { ChangelogStore } from '../meta/changelog-store.js';
import { ConsumerStore } from '../meta/consumer-store.js';
import { ManifestStore } from '../meta/manifest-store.js';
import { SchemaStore } from '../meta/schema-store.js';
import { SnapshotStore } from '../meta/snapshot-store.js';
import { TableOptions } from '../meta/table-options.js';
import { TablePath } from '../meta/table-path.js';
import type { TableSchema } from '../meta/table-schema.js';
import { RowRouter } from '../write/row-router.js';
import { countEvent, type EventListener, emptyMetrics, type Logger, type TableMetrics, type WeirEvent } from './event.js';
import { LogHandle } from './log/log-handle.js';

export interface Services {
  readonly io: FileIO;
  readonly clock: Clock;
  readonly random: Random;
  readonly executor: Executor;
  readonly onEvent: EventListener | undefined;
  readonly logger: Logger | undefined;
}

type TableEvent = WeirEvent extends infer E ? (E extends WeirEvent ? Omit<E, 'table'> : never) : never;

export class TableStore {
  readonly table: string;
  readonly services: Services;
  readonly path: TablePath;
  /** undefined: the main one */
  readonly branch: string | undefined;
  readonly snapshots: SnapshotStore;
  readonly changelogs: ChangelogStore;
  readonly schemas: SchemaStore;
  readonly consumers: ConsumerStore;
  readonly metrics: TableMetrics = emptyMetrics();
  manifests: ManifestStore;
  schema: TableSchema;
  options: TableOptions;
  #log: LogHandle | undefined;

  constructor(table: string, root: string, schema: TableSchema, services: Services, branch?: string) {
    this.table = table;
    this.branch = branch;
    this.services = services;
    this.schema = schema;
    this.options = new TableOptions(schema.options, { append: schema.primaryKeys.length === 0 });
    this.path = new TablePath(root, schema.options, branch);
    this.snapshots = new SnapshotStore(services.io, this.path);
    this.changelogs = new ChangelogStore(services.io, this.path);
    this.schemas = new SchemaStore(services.io, this.path, schema);
    this.consumers = new ConsumerStore(services.io, this.path);
    this.manifests = this.#manifestStore();
  }

  /** undefined for a table that never had a log, and for a branch. A table whose log is switched off still has what is in it. */
  get log(): LogHandle | undefined {
    const logId = this.branch === undefined ? this.options.logId : undefined;
    if (this.#log?.id !== logId) this.#log = logId === undefined ? undefined : new LogHandle(this, logId);
    return this.#log;
  }

  get io(): FileIO {
    return this.services.io;
  }

  get clock(): Clock {
    return this.services.clock;
  }

  get random(): Random {
    return this.services.random;
  }

  /** A commit user for a job that has no name of its own. */
  newCommitUser(): string {
    return `${this.options.commitUserPrefix}${this.random.uuid()}`;
  }

  /** How a task reaches the storage. */
  get ioRef(): FileIORef {
    return this.services.executor.inline ? this.services.io : 'local';
  }

  /** Takes over a newer schema, when there is one. */
  async refresh(): Promise<void> {
    const latest = await this.schemas.latest();
    if (latest === undefined) throw new WeirError('NOT_FOUND', `table ${this.table} does not exist any more`, { table: this.table });
    if (latest.id === this.schema.id) return;
    this.schema = latest;
    this.options = new TableOptions(latest.options, { append: latest.primaryKeys.length === 0 });
    this.manifests = this.#manifestStore();
  }

  emit(event: TableEvent): void {
    const full = { ...event, table: this.table } as WeirEvent;
    countEvent(this.metrics, full);
    this.services.onEvent?.(full);
    const { logger } = this.services;
    if (full.type === 'conflict') logger?.warn(`${this.table}: ${full.message}`);
    else if (full.type === 'compaction-failure')
      logger?.warn(`${this.table}: a compaction failed: ${full.error.code}: ${full.error.message}`);
    else logger?.debug(`${this.table}: ${full.type}`);
  }

  /** Tells the partition and bucket of rows under a schema; tables without buckets have one. */
  router(schema: TableSchema = this.schema, bucketsOf?: (partition: Uint8Array) => number): RowRouter {
    const { bucketFunction, bucket } = this.options;
    return new RowRouter(schema, { bucketFunction, buckets: Math.max(1, bucket), bucketsOf });
  }

  /** Where a writer puts new files of a bucket. `names` is unique to the task that writes. */
  fileTarget(
    directory: string,
    kind: FileTarget['kind'],
    level: number,
    fileSource: number,
    firstSequence: bigint,
    schema: TableSchema = this.schema,
  ): FileTarget {
    const { options } = this;
    const prefix = kind === 'changelog' ? options.changelogFilePrefix : options.dataFilePrefix;
    return {
      kind,
      schema,
      directory,
      namePrefix: `${prefix}${this.random.uuid()}-`,
      level,
      fileSource,
      firstSequence,
      creationTime_ms: this.clock.now_ms(),
      targetFileSize_bytes: options.targetFileSize_bytes,
      targetFileRows: options.targetFileRows,
      compression: kind === 'changelog' ? options.changelogFileCompression : options.fileCompression,
      zstdLevel: options.zstdLevel,
      suffixWithCompression: options.fileSuffixIncludeCompression,
      statsModes: schema.fields.map((field) => options.statsMode(field.name, level)),
      denseStats: options.statsDenseStore,
      dictionary: options.parquetDictionary,
      fsync: options.commitFsync,
    };
  }

  #manifestStore(): ManifestStore {
    return new ManifestStore(this.services.io, this.path, {
      codec: this.options.manifestCompression,
      level: this.options.zstdLevel,
      sync: this.options.commitFsync,
      targetFileSize_bytes: this.options.manifestTargetSize_bytes,
      random: this.services.random,
    });
  }
}
