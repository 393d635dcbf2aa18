/**
 * One harness, many tables: random schemas, options and operations against a sorted-map model, read at every snapshot.
 *
 * The model is a map from key to row; each snapshot remembers the map as it was. A failing seed is printed with its steps:
 * WEIR_SEED=<seed> runs just that one.
 */
import { expect, it } from 'vitest';
import { type Catalog, memoryFileIO, openCatalog, seededRandom, type Table, type TableWriter, type WeirEvent } from '../../src/index.js';
import { canonical, type Dice, dice, KEY_TYPES, type Row, randomValue, VALUE_TYPES } from '../support/random-table.js';

const SEEDS =
  process.env.WEIR_SEED !== undefined
    ? [Number(process.env.WEIR_SEED)]
    : Array.from({ length: process.env.WEIR_LONG === undefined ? 12 : 200 }, (_, i) => i * 7919 + Math.floor(Date.now() / 86_400_000));
const STEPS = 60;

class Harness {
  readonly steps: string[] = [];
  readonly d: Dice;
  readonly #columns: { name: string; type: string; key: boolean }[] = [];
  #partition: string | undefined;
  #sequence: string | undefined;
  #ignoreDelete = false;
  /** With sequence.field a compaction that drops a tombstone forgets its order: a table has the one or the other. */
  #deletes = true;
  #compacts = true;
  #changelog = false;
  #model = new Map<string, { row: Row; order: number }>();
  #pending: (() => void)[] = [];
  readonly #states = new Map<bigint, string[]>();
  readonly #folded = new Map<string, string>();
  #foldedTo = 0n;
  #identifier = 0n;
  #clock = 0;
  #catalog!: Catalog;
  #table!: Table;
  #writer: TableWriter | undefined;
  readonly #io = memoryFileIO();

  constructor(seed: number) {
    this.d = dice(seededRandom(seed));
  }

  async run(): Promise<void> {
    await this.#create();
    for (let step = 0; step < STEPS; step++) await this.#step();
    await this.#commit();
    await this.#checkAll();
    await this.#writer?.close();
    await this.#catalog.close();
  }

  async #create(): Promise<void> {
    const { d } = this;
    const keys = 1 + d.int(2);
    for (let i = 0; i < keys; i++) this.#columns.push({ name: `k${i}`, type: d.pick(KEY_TYPES), key: true });
    const values = 1 + d.int(5);
    for (let i = 0; i < values; i++) this.#columns.push({ name: `v${i}`, type: d.pick(VALUE_TYPES), key: false });
    if (d.chance(0.3)) {
      this.#partition = 'p';
      this.#columns.push({ name: 'p', type: d.pick(['INT', 'STRING', 'DATE']), key: true });
    }
    if (d.chance(0.3)) {
      this.#sequence = 's';
      this.#columns.push({ name: 's', type: 'INT', key: false });
    }
    this.#ignoreDelete = d.chance(0.15);
    this.#changelog = d.chance(0.5);
    if (this.#sequence !== undefined) {
      this.#deletes = d.chance(0.5);
      this.#compacts = !this.#deletes;
    }
    const options = {
      bucket: 1 + d.int(3),
      'write-buffer-size': d.pick(['2 kb', '64 kb', '256 mb']),
      'target-file-size': d.pick(['1 kb', '16 kb', '128 mb']),
      'num-sorted-run.compaction-trigger': 2 + d.int(4),
      'write-only': !this.#compacts || d.chance(0.4),
      'file.compression': d.pick(['snappy', 'none', 'gzip', 'zstd']),
      'changelog-producer': this.#changelog ? 'input' : 'none',
      'ignore-delete': this.#ignoreDelete,
      'snapshot.num-retained.min': 1000,
      'snapshot.num-retained.max': 1000,
      'commit.fsync': false,
      ...(this.#sequence !== undefined && { 'sequence.field': this.#sequence }),
    };
    this.steps.push(JSON.stringify({ columns: this.#columns, options }));
    await this.#open();
    this.#table = await this.#catalog.createTable('db.t', {
      schema: Object.fromEntries(this.#columns.map((column) => [column.name, column.key ? `${column.type} NOT NULL` : column.type])),
      primaryKey: this.#columns.filter((column) => column.key).map((column) => column.name),
      ...(this.#partition !== undefined && { partitionBy: [this.#partition] }),
      options,
    });
  }

  async #open(): Promise<void> {
    const onEvent = (event: WeirEvent) => {
      // it fails no commit, but here nothing is a reason for it
      if (event.type === 'compaction-failure') throw event.error;
    };
    this.#catalog = await openCatalog({ warehouse: '/wh', fileIO: this.#io, random: seededRandom(this.d.int(2 ** 31)), onEvent });
  }

  async #step(): Promise<void> {
    const { d } = this;
    const action = d.int(100);
    if (action < 45) await this.#write();
    else if (action < 55) await this.#delete();
    else if (action < 72) await this.#commit();
    else if (action < 77) await this.#restart();
    else if (action < 82) await this.#compact();
    else if (action < 86) await this.#evolve();
    else if (action < 92) await this.#checkGet();
    else await this.#checkLatest();
  }

  #row(): Row {
    const { d } = this;
    return Object.fromEntries(
      this.#columns.map((column) => [
        column.name,
        !column.key && d.chance(0.15) ? null : randomValue(column.type, d, column.key || column.name === 's'),
      ]),
    );
  }

  #key(row: Row): string {
    return canonical(this.#columns.filter((column) => column.key).map((column) => row[column.name]));
  }

  /** Does a row written now replace what the model holds? */
  #wins(next: Row, held: Row | undefined): boolean {
    if (this.#sequence === undefined || held === undefined) return true;
    const [a, b] = [next[this.#sequence] as number | null, held[this.#sequence] as number | null];
    return b === null ? true : a !== null && a >= b;
  }

  async #write(): Promise<void> {
    const rows = Array.from({ length: 1 + this.d.int(this.d.chance(0.1) ? 300 : 20) }, () => this.#row());
    this.steps.push(`write ${rows.length}`);
    await (await this.#openWriter()).write(rows);
    for (const row of rows) this.#pending.push(() => this.#apply(row, false));
  }

  #apply(row: Row, deleted: boolean): void {
    const key = this.#key(row);
    if (deleted && this.#ignoreDelete) return;
    const held = this.#model.get(key);
    if (!this.#wins(row, held?.row)) return;
    this.#model.set(key, { row: deleted ? { ...row, $deleted: true } : row, order: this.#clock++ });
  }

  async #delete(): Promise<void> {
    if (!this.#deletes) return;
    const live = [...this.#model.values()].filter(({ row }) => row.$deleted !== true);
    const rows = Array.from({ length: 1 + this.d.int(5) }, () =>
      live.length > 0 && this.d.chance(0.7) ? { ...this.d.pick(live).row } : this.#row(),
    );
    for (const row of rows) if (this.#sequence !== undefined) row[this.#sequence] = randomValue('INT', this.d, true);
    this.steps.push(`delete ${rows.length}`);
    await (await this.#openWriter()).delete(rows);
    for (const row of rows) this.#pending.push(() => this.#apply(row, true));
  }

  async #openWriter(): Promise<TableWriter> {
    this.#writer ??= await this.#table.openWriter({ commitUser: 'job' });
    return this.#writer;
  }

  async #commit(): Promise<void> {
    const writer = await this.#openWriter();
    const identifier = ++this.#identifier;
    this.steps.push(`commit ${identifier}`);
    const before = await this.#latestId();
    const result = await writer.commit({ identifier });
    for (const apply of this.#pending.splice(0)) apply();
    await this.#remember(before);
    if (this.d.chance(0.2)) {
      // the same checkpoint again, as after a crash before it was acknowledged: nothing changes
      const again = await writer.commit({ identifier });
      expect(again.snapshot).toBeUndefined();
    }
    if (result.rows > 0) expect(result.snapshot).toBeDefined();
  }

  async #latestId(): Promise<bigint> {
    return (await this.#table.snapshot())?.id ?? 0n;
  }

  /** Every snapshot since `before` shows the model as it is now: an APPEND and, behind it, a COMPACT that changes nothing. */
  async #remember(before: bigint): Promise<void> {
    const lines = this.#lines();
    for (let id = before + 1n; id <= (await this.#latestId()); id++) this.#states.set(id, lines);
  }

  #lines(): string[] {
    return [...this.#model.values()]
      .filter(({ row }) => row.$deleted !== true)
      .map(({ row }) => canonical(this.#ordered(row)))
      .sort();
  }

  #ordered(row: Row): Row {
    return Object.fromEntries(this.#columns.map((column) => [column.name, row[column.name] ?? null]));
  }

  async #restart(): Promise<void> {
    this.steps.push('restart');
    await this.#writer?.close();
    this.#writer = undefined;
    this.#pending = [];
    await this.#catalog.close();
    await this.#open();
    this.#table = await this.#catalog.table('db.t');
  }

  async #compact(): Promise<void> {
    if (!this.#compacts) return;
    const full = this.d.chance(0.5);
    this.steps.push(`compact full=${full}`);
    const before = await this.#latestId();
    await this.#table.compact({ full });
    await this.#remember(before);
  }

  async #evolve(): Promise<void> {
    if (this.#pending.length > 0) await this.#commit();
    await this.#writer?.close();
    this.#writer = undefined;
    const name = `a${this.#columns.length}`;
    const type = this.d.pick(VALUE_TYPES);
    this.steps.push(`add column ${name} ${type}`);
    await this.#table.alter([{ action: 'addColumn', name, type }]);
    this.#columns.push({ name, type, key: false });
    // older snapshots are read under their own schema, and compared under today's: all null in the new column
    for (const { row } of this.#model.values()) row[name] = null;
    this.#states.clear();
  }

  async #checkLatest(): Promise<void> {
    this.steps.push('check latest');
    const rows = await this.#table.scan().toArray();
    expect(rows.map((row) => canonical(row)).sort()).toEqual(this.#lines());
  }

  async #checkGet(): Promise<void> {
    const held = [...this.#model.values()];
    const probe = held.length > 0 && this.d.chance(0.8) ? this.d.pick(held).row : this.#row();
    const key = Object.fromEntries(this.#columns.filter((column) => column.key).map((column) => [column.name, probe[column.name]]));
    this.steps.push(`get ${canonical(key)}`);
    const found = await this.#table.get(key);
    const wanted = this.#model.get(this.#key(probe))?.row;
    if (wanted === undefined || wanted.$deleted === true) expect(found).toBeUndefined();
    else expect(canonical(found)).toBe(canonical(this.#ordered(wanted)));
  }

  async #checkAll(): Promise<void> {
    await this.#checkLatest();
    for (const [id, lines] of this.#states) {
      this.steps.push(`check snapshot ${id}`);
      const rows = await this.#table.scan({ at: { snapshot: id } }).toArray();
      expect(rows.map((row) => canonical(row)).sort()).toEqual(lines);
    }
    if (this.#sequence === undefined) await this.#checkFold();
  }

  /** Duality: folding all changes from the start gives the state. */
  async #checkFold(): Promise<void> {
    this.steps.push('fold');
    for await (const change of this.#table.changes({ from: { snapshot: 1n }, until: 'now' })) {
      expect(change.snapshot).toBeGreaterThanOrEqual(this.#foldedTo);
      this.#foldedTo = change.snapshot;
      for (const { kind, row } of change.rows()) {
        const key = this.#key(row as Row);
        if (kind === '-D' || kind === '-U') this.#folded.delete(key);
        else this.#folded.set(key, canonical(row));
      }
    }
    expect([...this.#folded.values()].sort()).toEqual(this.#lines());
  }
}

it.each(SEEDS)('a random table equals the model, seed %i', async (seed) => {
  const harness = new Harness(seed);
  try {
    await harness.run();
  } catch (error) {
    console.error(`seed ${seed} failed; steps:\n${harness.steps.join('\n')}`);
    throw error;
  }
});
