/**
 * A table that weir writes, beside a model that does the same to plain JSON rows: what every reader must see, at every
 * snapshot, under the schema of that snapshot.
 *
 *   rows (golden JSON) ─┬─> weir's door for JSON lines ─> writer ─> snapshots
 *                       └─> model: key -> row, or a list of rows ─> lines of each snapshot
 */
import type { Catalog, DataField, RowKind, SchemaChange, Table, TableDefinition, TableWriter } from '../../../src/index.js';
import type { JsonLineDecoder } from '../../../src/types/json-line.js';
import { built } from '../../support/built.js';
import type { GoldenRow, Json } from './golden-values.js';

export interface State {
  readonly fields: readonly DataField[];
  readonly lines: readonly string[];
}

interface Change {
  readonly row: GoldenRow;
  readonly kind: RowKind;
}

export class ModelledTable {
  /** what each snapshot holds */
  readonly states = new Map<bigint, State>();
  #table: Table;
  #rows = new Map<string, GoldenRow>();
  #pending: Change[] = [];
  #writer: TableWriter | undefined;
  #seen = 0n;
  #appended = 0;

  private constructor(table: Table) {
    this.#table = table;
  }

  static async create(catalog: Catalog, name: string, definition: TableDefinition): Promise<ModelledTable> {
    return new ModelledTable(await catalog.createTable(name, definition));
  }

  get table(): Table {
    return this.#table;
  }

  get fields(): readonly DataField[] {
    return this.#table.schema.fields;
  }

  /** The rows that are there now, the pending ones left out. */
  get rows(): GoldenRow[] {
    return [...this.#rows.values()];
  }

  /** What a reader sees now. */
  get lines(): string[] {
    return this.rows.map((row) => JSON.stringify(this.#ordered(row)));
  }

  /** What a reader of snapshots sees now. */
  get linesInSnapshots(): readonly string[] {
    return this.states.get(this.#seen)?.lines ?? [];
  }

  /** Rows of one kind; a column that is missing takes its default. */
  async write(rows: readonly GoldenRow[], kind: RowKind = '+I'): Promise<void> {
    await this.writeChanges(rows.map((row) => ({ row, kind })));
  }

  async writeChanges(changes: readonly Change[]): Promise<void> {
    const { JsonLineDecoder } = await built<{ JsonLineDecoder: typeof import('../../../src/types/json-line.js').JsonLineDecoder }>(
      'types/json-line.js',
    );
    const kindField = this.#table.schema.options['rowkind.field'];
    const decoder: JsonLineDecoder = new JsonLineDecoder(this.fields);
    for (const { row, kind } of changes) decoder.push(JSON.stringify(kindField === undefined ? { _kind: kind, ...row } : row));
    const { batch, kinds } = decoder.finish();
    this.#writer ??= await this.#table.openWriter({ commitUser: 'weir' });
    await this.#writer.write(batch, kinds === undefined ? {} : { kinds });
    this.#pending.push(...changes);
  }

  /** Commits; what went to the table's log is in a snapshot afterwards, unless `flush` is false: then only weir sees it. */
  async commit({ flush = true }: { flush?: boolean } = {}): Promise<void> {
    await this.#writer?.commit();
    for (const change of this.#pending.splice(0)) this.#apply(change);
    if (flush) await this.flush();
  }

  async flush(): Promise<void> {
    await this.#table.flush();
    await this.#remember();
  }

  async compact(full = true): Promise<void> {
    await this.#closeWriter();
    await this.#table.compact({ full });
    await this.#remember();
  }

  async alter(changes: SchemaChange[], rewrite: (row: GoldenRow) => GoldenRow): Promise<void> {
    await this.#closeWriter();
    await this.#table.alter(changes);
    this.#rows = new Map([...this.#rows].map(([key, row]) => [key, rewrite(row)]));
  }

  /** Anything else that makes a snapshot: `keep` tells which rows stay. */
  async change(action: (table: Table) => Promise<unknown>, keep: (row: GoldenRow) => boolean = () => true): Promise<void> {
    await this.#closeWriter();
    await action(this.#table);
    for (const [key, row] of this.#rows) if (!keep(row)) this.#rows.delete(key);
    await this.#remember();
  }

  /** Writes what replaces the table, or with `partition` the rows of one partition. */
  async overwrite(rows: readonly GoldenRow[], partition?: Record<string, string>): Promise<void> {
    await this.#closeWriter();
    this.#writer = await this.#table.openWriter({ commitUser: 'weir', overwrite: partition === undefined ? true : { partition } });
    await this.write(rows);
    const inPlace = (row: GoldenRow) => Object.entries(partition ?? {}).every(([name, value]) => String(row[name]) === value);
    for (const [key, row] of this.#rows) if (inPlace(row)) this.#rows.delete(key);
    await this.commit();
    await this.#closeWriter();
  }

  /** Another wrote: takes its changes in. A writer that was open before knows nothing of the other's sequence numbers. */
  async applied(changes: readonly Change[]): Promise<void> {
    await this.#closeWriter();
    for (const change of changes) this.#apply(change);
    await this.#table.refresh();
    await this.#remember();
  }

  async close(): Promise<void> {
    await this.#closeWriter();
    await this.#table.close();
  }

  async #closeWriter(): Promise<void> {
    await this.#writer?.close();
    this.#writer = undefined;
  }

  #apply({ row, kind }: Change): void {
    const { primaryKeys, options } = this.#table.schema;
    const full = this.#filled(row);
    if (primaryKeys.length === 0) {
      this.#rows.set(String(this.#appended++), full);
      return;
    }
    const key = JSON.stringify(primaryKeys.map((name) => row[name] ?? null));
    const sequence = options['sequence.field'];
    const held = this.#rows.get(key);
    if (sequence !== undefined && held !== undefined && Number(full[sequence]) < Number(held[sequence])) return;
    if (kind === '-D' || kind === '-U') this.#rows.delete(key);
    else this.#rows.set(key, full);
  }

  /** As it is stored: defaults (of text and small integers) are filled in when a row is written, never later. */
  #filled(row: GoldenRow): GoldenRow {
    const byDefault = ({ type, defaultValue }: DataField): Json =>
      defaultValue === undefined ? null : type.kind === 'INT' ? Number(defaultValue) : defaultValue;
    return Object.fromEntries(this.fields.map((field) => [field.name, row[field.name] ?? byDefault(field)]));
  }

  #ordered(row: GoldenRow): GoldenRow {
    return Object.fromEntries(this.fields.map(({ name }) => [name, row[name] ?? null]));
  }

  async #remember(): Promise<void> {
    const latest = (await this.#table.snapshot())?.id ?? 0n;
    const { lines } = this;
    for (let id = this.#seen + 1n; id <= latest; id++) this.states.set(id, { fields: this.fields, lines });
    this.#seen = latest;
  }
}
