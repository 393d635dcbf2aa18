/**
 * The schemas of a table: `schema/schema-<id>`, ids contiguous from 0. A table exists when it has a schema.
 *
 * Invariants: a schema is created if absent and never changed or deleted; what was read once is kept.
 */
import { WeirError } from '../base/error.js';
import type { FileIO, WriteOptions } from '../io/file-io.js';
import { listIds, readIfPresent } from './absent-file.js';
import type { TablePath } from './table-path.js';
import { formatSchema, parseSchema, type TableSchema } from './table-schema.js';

export class SchemaStore {
  readonly #io: FileIO;
  readonly #path: TablePath;
  readonly #cache = new Map<bigint, TableSchema>();
  #latestId: bigint | undefined;

  /** @param latest the latest schema, where the caller has just read it */
  constructor(io: FileIO, path: TablePath, latest?: TableSchema) {
    this.#io = io;
    this.#path = path;
    if (latest === undefined) return;
    this.#latestId = latest.id;
    this.#cache.set(latest.id, latest);
  }

  /** undefined when there is no table at this path */
  async latest(): Promise<TableSchema | undefined> {
    if (this.#latestId === undefined) {
      this.#latestId = (await this.#ids()).at(-1);
      if (this.#latestId === undefined) return undefined;
    } else {
      // others may be looking at the same time
      let id = this.#latestId;
      while (await this.#io.exists(this.#path.schema(id + 1n))) id++;
      if (id > this.#latestId) this.#latestId = id;
    }
    return this.read(this.#latestId);
  }

  /** @throws CORRUPTION when it is missing (whoever asks has its id from the table) or cannot be understood */
  async read(id: bigint): Promise<TableSchema> {
    const cached = this.#cache.get(id);
    if (cached !== undefined) return cached;
    const file = this.#path.schema(id);
    const bytes = await readIfPresent(this.#io, file);
    if (bytes === undefined) throw new WeirError('CORRUPTION', `the schema ${id} is missing`, { file });
    const schema = parseSchema(bytes, file);
    if (schema.id !== id) throw new WeirError('CORRUPTION', `${file} holds schema ${schema.id}`, { file });
    this.#cache.set(id, schema);
    return schema;
  }

  /** All schemas, oldest first. */
  async list(): Promise<TableSchema[]> {
    return Promise.all((await this.#ids()).map((id) => this.read(id)));
  }

  /** Creates a schema under its id; false when there is one already (another writer was faster: read, and try again). */
  create(schema: TableSchema, options: WriteOptions = {}): Promise<boolean> {
    return this.#io.createExclusive(this.#path.schema(schema.id), formatSchema(schema), options);
  }

  #ids(): Promise<bigint[]> {
    return listIds(this.#io, this.#path.schemaDirectory, 'schema-');
  }
}
