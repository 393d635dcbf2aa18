/**
 * A warehouse: databases (`<name>.db` directories) of tables. The filesystem is the catalog; there is nothing else.
 */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, systemClock } from '../base/clock.js';
import { defaultExecutor } from '../base/default-executor.js';
import { WeirError } from '../base/error.js';
import type { Executor } from '../base/executor.js';
import { type Random, systemRandom } from '../base/random.js';
import type { FileIO } from '../io/file-io.js';
import { localFileIO } from '../io/local-file-io.js';
import { newSchema } from '../meta/schema-change.js';
import { SchemaStore } from '../meta/schema-store.js';
import { validateForCreate } from '../meta/table-options.js';
import { TablePath } from '../meta/table-path.js';
import { type ColumnNameOf, fieldsOf, type RowOf, type SchemaSpec } from '../types/schema-spec.js';
import type { EventListener, Logger } from './event.js';
import { withDefaultLog } from './log/log-service.js';
import { Table } from './table.js';
import { type Services, TableStore } from './table-store.js';

/**
 * Where the tables are, and what else a catalog may be given.
 *
 * @example
 * const options: CatalogOptions = { warehouse: '/data/warehouse', threads: 4, logger: console, tableDefaults: { 'snapshot.interval': '2 s' } };
 * const many = await openCatalog(options);
 */
export interface CatalogOptions {
  /** directory of the warehouse: a path or a `file://` URI */
  warehouse: string;
  onEvent?: EventListener;
  logger?: Logger;
  /** worker threads for encoding, decoding, merging and compaction; default 2. 0: all in the calling thread */
  threads?: number;
  fileIO?: FileIO;
  clock?: Clock;
  random?: Random;
  executor?: Executor;
  /**
   * options that each table created through this catalog gets unless its definition gives them, as Paimon's catalogs take them
   * from `table-default.*`; `{ 'log.enabled': false }`: new tables have no log, a commit is a snapshot
   */
  tableDefaults?: OptionValues;
}

/** Table options by key; numbers and booleans as they are, sizes and durations as texts. */
type OptionValues = Readonly<Record<string, string | number | boolean>>;

/**
 * What `createTable` needs to know.
 *
 * @example
 * const definition: TableDefinition = { schema: { id: 'BIGINT NOT NULL', origin: 'STRING' }, primaryKey: ['id'], options: { bucket: 2 } };
 * await catalog.createTable('ods.flights', definition);
 */
export interface TableDefinition<S extends SchemaSpec = SchemaSpec> {
  /** columns in order: type builders or Paimon's type text; by name, or as pairs of name and type */
  schema: S;
  primaryKey?: readonly ColumnNameOf<S>[];
  partitionBy?: readonly ColumnNameOf<S>[];
  /**
   * Table options (format-spec/options). Unless they, or the catalog's `tableDefaults`, give `log.enabled=false`, the table has a log:
   * `log.enabled=true`, a `log.id` and, unless given, `write-only=true` are added.
   */
  options?: OptionValues;
  comment?: string;
  /** an existing table is opened as it is */
  ifNotExists?: boolean;
}

/**
 * Opens a warehouse; its directory is made with the first table.
 *
 * @example
 * const catalog = await openCatalog({ warehouse: '/data/warehouse' });
 * const flights = await catalog.createTable('ods.flights', { schema: { id: bigint().notNull(), delay: int() }, primaryKey: ['id'] });
 */
export async function openCatalog(options: CatalogOptions): Promise<Catalog> {
  return new Catalog(options);
}

/**
 * An open warehouse. Make it with `openCatalog`, close it to end its worker threads.
 *
 * @example
 * for (const database of await catalog.listDatabases()) console.log(database, await catalog.listTables(database));
 */
export class Catalog {
  readonly warehouse: string;
  readonly #services: Services;
  readonly #ownsExecutor: boolean;
  readonly #tableDefaults: OptionValues;
  readonly #tables = new Set<Table<never>>();
  #closed = false;

  /** @internal */
  constructor(options: CatalogOptions) {
    this.warehouse = warehousePath(options.warehouse);
    this.#ownsExecutor = options.executor === undefined;
    this.#tableDefaults = options.tableDefaults ?? {};
    const io = options.fileIO ?? localFileIO();
    this.#services = {
      io,
      clock: options.clock ?? systemClock,
      random: options.random ?? systemRandom,
      executor: options.executor ?? defaultExecutor(options.fileIO === undefined ? (options.threads ?? 2) : 0),
      onEvent: options.onEvent,
      logger: options.logger,
    };
  }

  /**
   * Names of the databases, sorted.
   *
   * @example
   * const databases = await catalog.listDatabases(); // ['dwd', 'ods']
   */
  async listDatabases(): Promise<string[]> {
    this.#check();
    const entries = await this.#services.io.list(this.warehouse);
    return entries
      .filter((entry) => entry.directory && entry.path.endsWith('.db'))
      .map((entry) => baseName(entry.path).slice(0, -3))
      .sort();
  }

  /**
   * Makes an empty database; `createTable` makes its database by itself. ALREADY_EXISTS unless `ifNotExists`.
   *
   * @example
   * await catalog.createDatabase('ods', { ifNotExists: true });
   */
  async createDatabase(name: string, options: { ifNotExists?: boolean } = {}): Promise<void> {
    this.#check();
    const path = this.#databasePath(name);
    if (await this.#services.io.exists(path)) {
      if (options.ifNotExists === true) return;
      throw new WeirError('ALREADY_EXISTS', `database ${name} exists`, { file: path });
    }
    await this.#services.io.makeDirectory(path);
  }

  /**
   * With `cascade` also a database that has tables.
   *
   * @example
   * await catalog.dropDatabase('scratch', { ifExists: true, cascade: true });
   */
  async dropDatabase(name: string, options: { ifExists?: boolean; cascade?: boolean } = {}): Promise<void> {
    this.#check();
    const path = this.#databasePath(name);
    if (!(await this.#services.io.exists(path))) {
      if (options.ifExists === true) return;
      throw new WeirError('NOT_FOUND', `there is no database ${name} in ${this.warehouse}`, { file: path });
    }
    const tables = await this.listTables(name);
    if (tables.length > 0 && options.cascade !== true)
      throw new WeirError('INVALID_ARGUMENT', `database ${name} has ${tables.length} tables: drop them first, or cascade`);
    await this.#services.io.removeDirectory(path);
  }

  /**
   * Names without the database, sorted.
   *
   * @example
   * const tables = await catalog.listTables('ods'); // ['airports', 'flights']
   */
  async listTables(database: string): Promise<string[]> {
    this.#check();
    const path = this.#databasePath(database);
    if (!(await this.#services.io.exists(path)))
      throw new WeirError('NOT_FOUND', `there is no database ${database} in ${this.warehouse}`, { file: path });
    const entries = (await this.#services.io.list(path)).filter((entry) => entry.directory);
    const found = await Promise.all(
      entries.map(async (entry) => ((await this.#services.io.names(`${entry.path}/schema`)).length > 0 ? baseName(entry.path) : undefined)),
    );
    return found.filter((name) => name !== undefined).sort();
  }

  /**
   * `name` is `database.table`; the database is made when it is missing. The table has a log (`options` switches it off): its
   * commits are durable and visible to weir at once, and in a snapshot, where other engines see them, after `snapshot.interval`
   * or when the writer closes.
   *
   * @example
   * const table = await catalog.createTable('ods.flights', { schema: { id: bigint().notNull(), delay: int() }, primaryKey: ['id'] });
   * const writer = await table.openWriter(); // its rows are { id: bigint; delay?: number | null }
   */
  async createTable<const S extends SchemaSpec>(name: string, definition: TableDefinition<S>): Promise<Table<RowOf<S>>> {
    this.#check();
    const root = this.#tablePath(name);
    const schema = newSchema({
      fields: fieldsOf(definition.schema),
      primaryKeys: definition.primaryKey ?? [],
      partitionKeys: definition.partitionBy ?? [],
      options: withDefaultLog(textsOf({ ...this.#tableDefaults, ...definition.options }), this.#services.random),
      ...(definition.comment !== undefined && { comment: definition.comment }),
      now_ms: this.#services.clock.now_ms(),
    });
    validateForCreate(schema);
    const schemas = new SchemaStore(this.#services.io, new TablePath(root, schema.options));
    const created = (await schemas.latest()) === undefined && (await schemas.create(schema, { sync: true }));
    if (!created && definition.ifNotExists !== true)
      throw new WeirError('ALREADY_EXISTS', `table ${name} exists`, { table: name, file: root });
    return this.table(name) as Promise<Table<RowOf<S>>>;
  }

  /**
   * NOT_FOUND when there is none; UNSUPPORTED when only a later weir could read it. `database.table$branch_<name>` is a branch,
   * which is read, not written.
   *
   * @example
   * const known = await catalog.table<{ id: bigint; delay?: number | null }>('ods.flights');
   */
  async table<R = Record<string, unknown>>(name: string): Promise<Table<R>> {
    this.#check();
    const [, tableName = name, branch] = BRANCH_NAME.exec(name) ?? [];
    const root = this.#tablePath(tableName);
    const schema = await new SchemaStore(this.#services.io, new TablePath(root, {}, branch)).latest();
    if (schema === undefined) {
      const there = branch === undefined && (await this.#services.io.exists(root));
      const why = there ? `${root} is not a Paimon table: it has no schema` : `there is no table ${name} in ${this.warehouse}`;
      throw new WeirError('NOT_FOUND', why, { table: name, file: root });
    }
    const table = new Table<R>(new TableStore(name, root, schema, this.#services, branch));
    this.#tables.add(table as Table<never>);
    return table;
  }

  /**
   * Deletes a table with all its files. NOT_FOUND unless `ifExists`.
   *
   * @example
   * await catalog.dropTable('ods.flights', { ifExists: true });
   */
  async dropTable(name: string, options: { ifExists?: boolean } = {}): Promise<void> {
    this.#check();
    const root = this.#tablePath(name);
    const schema = await new SchemaStore(this.#services.io, new TablePath(root, {})).latest();
    if (schema === undefined) {
      if (options.ifExists === true) return;
      throw new WeirError('NOT_FOUND', `there is no table ${name} in ${this.warehouse}`, { table: name, file: root });
    }
    // the schema goes first: without it the rest is no table, should the removal be cut short
    await this.#services.io.removeDirectory(`${root}/schema`);
    await this.#services.io.removeDirectory(root);
  }

  /**
   * Closes the tables opened here and the worker threads.
   *
   * @example
   * await catalog.close();
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const closed = await Promise.allSettled([...this.#tables].map((table) => table.close()));
    if (this.#ownsExecutor) await this.#services.executor.close();
    for (const each of closed) if (each.status === 'rejected') throw each.reason;
  }

  /**
   * `close`, at the end of a block.
   *
   * @example
   * await using short = await openCatalog({ warehouse });
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #check(): void {
    if (this.#closed) throw new WeirError('CLOSED', 'the catalog is closed');
  }

  #databasePath(name: string): string {
    if (!isName(name)) throw new WeirError('INVALID_ARGUMENT', `'${name}' is no database name`);
    return `${this.warehouse}/${name}.db`;
  }

  #tablePath(name: string): string {
    const [database, table, ...more] = name.split('.');
    if (database === undefined || table === undefined || more.length > 0 || !isName(table)) {
      throw new WeirError('INVALID_ARGUMENT', `'${name}' is no table name: give database.table`);
    }
    return `${this.#databasePath(database)}/${table}`;
  }
}

/** `database.table$branch_<name>`; the main branch is the table itself */
const BRANCH_NAME = /^([^$]+)\$branch_(?!main$)([^/\\$\0]+)$/;

/** `$` names system tables and branches, which are no tables of their own. */
function isName(name: string): boolean {
  return /^[^/\\$.\s\0][^/\\$.\0]*$/.test(name);
}

function textsOf(options: OptionValues): Record<string, string> {
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [key, String(value)]));
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function warehousePath(warehouse: string): string {
  if (warehouse.startsWith('file:')) return fileURLToPath(warehouse).replace(/\/+$/, '');
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(warehouse))
    throw new WeirError('UNSUPPORTED', `warehouse ${warehouse}: only local disks are supported`);
  return resolve(warehouse);
}
