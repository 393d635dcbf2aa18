/**
 * One harness, many tables: random schemas, options and operations against a sorted-map model, read at every snapshot.
 *
 *   model ──────────── what was committed: a map from key to row
 *   snapshots          each remembers the map as it was; on a table with a log they come when it is flushed
 *   followers          streams that stopped somewhere: what they saw, folded, goes on to be the map
 *
 * Half of the tables have a log, some get one or lose it on the way. A failing seed is printed with its steps:
 * WEIR_SEED=<seed> runs just that one.
 */
import { expect, it } from 'vitest';
import {
  type Catalog,
  type Change,
  type CommitResult,
  memoryFileIO,
  openCatalog,
  type Random,
  type StreamPosition,
  seededRandom,
  type Table,
  type TableWriter,
  type WeirEvent,
} from '../../src/index.js';
import { movableClock, TRIMMABLE_MS } from '../support/movable-clock.js';
import { canonical, type Dice, dice, KEY_TYPES, type Row, randomValue, VALUE_TYPES } from '../support/random-table.js';

const SEEDS =
  process.env.WEIR_SEED !== undefined
    ? [Number(process.env.WEIR_SEED)]
    : Array.from({ length: process.env.WEIR_LONG === undefined ? 12 : 200 }, (_, i) => i * 7919 + Math.floor(Date.now() / 86_400_000));
const STEPS = 60;
const MAX_FOLLOWERS = 12;

/** A stream that stopped at a position, and the state that its changes up to there make. */
interface Follower {
  readonly position: StreamPosition;
  readonly state: ReadonlyMap<string, string>;
}

class Harness {
  readonly steps: string[] = [];
  readonly d: Dice;
  readonly #columns: { name: string; type: string; key: boolean }[] = [];
  #partition: string | undefined;
  #partitions: unknown[] = [];
  #sequence: string | undefined;
  #ignoreDelete = false;
  /** With sequence.field a compaction that drops a tombstone forgets its order: a table has the one or the other. */
  #deletes = true;
  #compacts = true;
  #changelog = false;
  #model = new Map<string, { row: Row; order: number }>();
  #pending: (() => void)[] = [];
  readonly #states = new Map<bigint, string[]>();
  /** snapshots up to this one are remembered */
  #seen = 0n;
  #followers: Follower[] = [];
  /** a stream from the first snapshot on tells everything: nothing was overwritten while the table had no log */
  #foldable = true;
  #log = false;
  readonly #identifiers = new Map<string, bigint>();
  #clock = 0;
  #catalog!: Catalog;
  #table!: Table;
  #writer: TableWriter | undefined;
  readonly #io = memoryFileIO();
  readonly #time = movableClock();

  /** one for all catalogs: the streams of two small seeds may meet, and names with them */
  readonly #random: Random;

  constructor(seed: number) {
    this.d = dice(seededRandom(seed));
    this.#random = seededRandom(seed + 2 ** 31);
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
      const type = d.pick(['INT', 'STRING', 'DATE']);
      this.#columns.push({ name: 'p', type, key: true });
      this.#partitions = Array.from({ length: 4 }, () => randomValue(type, d, true));
    }
    if (d.chance(0.3)) {
      this.#sequence = 's';
      this.#columns.push({ name: 's', type: 'INT', key: false });
    }
    this.#ignoreDelete = d.chance(0.15);
    this.#changelog = d.chance(0.5);
    this.#log = d.chance(0.5);
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
      'log.enabled': this.#log,
      'log.compaction': this.#compacts && d.chance(0.6),
      'log.inline-max': d.pick(['1 kb', '1 mb']),
      'log.retained-slots': d.pick([1, 4, 100_000]),
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
    this.#catalog = await openCatalog({
      warehouse: '/wh',
      fileIO: this.#io,
      random: this.#random,
      clock: this.#time,
      onEvent,
    });
  }

  async #step(): Promise<void> {
    const { d } = this;
    const action = d.int(100);
    if (action < 34) await this.#write();
    else if (action < 42) await this.#delete();
    else if (action < 53) await this.#commit();
    else if (action < 60) await this.#append();
    else if (action < 64) await this.#commitPrepared();
    else if (action < 69) await this.#flush();
    else if (action < 72) await this.#restart();
    else if (action < 75) await this.#compact();
    else if (action < 78) await this.#evolve();
    else if (action < 80) await this.#switchLog();
    else if (action < 82) await this.#overwrite();
    else if (action < 87) await this.#follow();
    else if (action < 93) await this.#checkGet();
    else await this.#checkLatest();
  }

  #row(): Row {
    const { d } = this;
    return Object.fromEntries(
      this.#columns.map((column) => [column.name, column.name === this.#partition ? d.pick(this.#partitions) : this.#value(column)]),
    );
  }

  #value({ name, type, key }: { name: string; type: string; key: boolean }): unknown {
    return !key && this.d.chance(0.15) ? null : randomValue(type, this.d, key || name === 's');
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

  #rows(): Row[] {
    return Array.from({ length: 1 + this.d.int(this.d.chance(0.1) ? 300 : 20) }, () => this.#row());
  }

  async #write(): Promise<void> {
    const rows = this.#rows();
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
    if (this.#writer === undefined) {
      this.#writer = await this.#table.openWriter({ commitUser: 'job' });
      await this.#remember();
    }
    return this.#writer;
  }

  async #closeWriter(): Promise<void> {
    const flush = this.d.chance(0.5);
    this.steps.push(`close flush=${flush}`);
    await this.#writer?.close({ flush });
    this.#writer = undefined;
    this.#pending = [];
    await this.#remember();
  }

  #nextIdentifier(user: string): bigint {
    const next = (this.#identifiers.get(user) ?? 0n) + 1n;
    this.#identifiers.set(user, next);
    return next;
  }

  async #commit(): Promise<void> {
    const writer = await this.#openWriter();
    const identifier = this.#nextIdentifier('job');
    this.steps.push(`commit ${identifier}`);
    const result = await writer.commit({ identifier });
    this.#applyPending();
    await this.#remember();
    if (this.d.chance(0.2)) {
      // the same checkpoint again, as after a crash before it was acknowledged: nothing changes
      const again = await writer.commit({ identifier });
      expect(again).toMatchObject({ snapshot: undefined, ...(this.#log && { slot: undefined, alreadyCommitted: true }) });
    }
    this.#checkResult(result);
  }

  /** Exactly these rows, past those that wait for a commit. */
  async #append(): Promise<void> {
    if (!this.#log) return;
    const writer = await this.#openWriter();
    const calls = Array.from({ length: 1 + this.d.int(4) }, () => Array.from({ length: 1 + this.d.int(5) }, () => this.#row()));
    this.steps.push(`append ${calls.map((rows) => rows.length)}`);
    const results = await Promise.all(calls.map((rows) => writer.append(rows)));
    const places = results.map(({ slot, identifier }, call) => ({ call, slot: slot!, identifier }));
    places.sort((a, b) => Number(a.slot - b.slot) || Number(a.identifier - b.identifier));
    for (const { call, identifier } of places) {
      for (const row of calls[call]!) this.#apply(row, false);
      this.#identifiers.set('job', identifier);
    }
    await this.#remember();
  }

  /** What two writers prepared, as one commit of a third name. */
  async #commitPrepared(): Promise<void> {
    const rows = [this.#rows(), this.#rows()];
    // nothing but the log orders the rows that two writers have for one key
    const keys = new Set(this.#log ? [] : rows[0]!.map((row) => this.#key(row)));
    rows[1] = rows[1]!.filter((row) => !keys.has(this.#key(row)));
    const identifier = this.#nextIdentifier('parallel');
    this.steps.push(`commit prepared ${identifier}: ${rows.map((part) => part.length)}`);
    await this.#closeWriter();
    const writers = await Promise.all(rows.map((_, i) => this.#table.openWriter({ commitUser: `part-${i}`, writeOnly: true })));
    const committer = await this.#table.openCommitter({ commitUser: 'parallel' });
    await this.#remember();
    const messages = [];
    for (const [i, writer] of writers.entries()) {
      await writer.write(rows[i]!);
      messages.push(...(await writer.prepareCommit()));
    }
    await this.#checkLatest();
    const result = await committer.commit(identifier, messages);
    for (const part of rows) for (const row of part) this.#apply(row, false);
    await this.#remember();
    this.#checkResult(result);
    if (result.rows > 0) expect(await committer.commit(identifier, messages)).toMatchObject({ alreadyCommitted: true });
    for (const handle of [...writers, committer]) await handle.close({ flush: this.d.chance(0.3) });
    await this.#remember();
  }

  #checkResult({ rows, slot, snapshot }: CommitResult): void {
    if (rows > 0) expect(this.#log ? slot : snapshot).toBeDefined();
    if (this.#log) expect(snapshot).toBeUndefined();
  }

  #applyPending(): void {
    for (const apply of this.#pending.splice(0)) apply();
  }

  async #latestId(): Promise<bigint> {
    return (await this.#table.snapshot())?.id ?? 0n;
  }

  /** Every snapshot not seen yet shows the model as it is now: an APPEND and, behind it, a COMPACT that changes nothing. */
  async #remember(): Promise<void> {
    const lines = this.#lines();
    const latest = await this.#latestId();
    for (; this.#seen < latest; this.#seen++) this.#states.set(this.#seen + 1n, lines);
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
    await this.#closeWriter();
    await this.#catalog.close();
    await this.#open();
    this.#table = await this.#catalog.table('db.t');
  }

  async #compact(): Promise<void> {
    if (!this.#compacts) return;
    const full = this.d.chance(0.5);
    this.steps.push(`compact full=${full}`);
    await this.#table.compact({ full });
    await this.#remember();
  }

  async #flush(): Promise<void> {
    this.#time.forward(TRIMMABLE_MS);
    this.steps.push('flush');
    await this.#table.flush();
    await this.#remember();
  }

  /** Switches the log on or off; what it holds stays visible. */
  async #switchLog(): Promise<void> {
    await this.#closeWriter();
    this.#log = !this.#log;
    this.steps.push(`log ${this.#log}`);
    await this.#table.alter([{ action: 'setOption', key: 'log.enabled', value: String(this.#log) }]);
    await this.#checkLatest();
  }

  /** Rows go, some or all, and others come in their place. Without a log streams do not tell: their followers end here. */
  async #overwrite(): Promise<void> {
    await this.#closeWriter();
    await this.#table.flush();
    await this.#remember();
    const partition = this.#partition;
    const action = this.d.int(partition === undefined ? 2 : 3);
    let snapshot: bigint | undefined;
    if (action === 0) {
      this.steps.push('truncate');
      snapshot = await this.#table.truncate();
      this.#model.clear();
    } else if (action === 1) {
      const rows = this.#rows();
      this.steps.push(`overwrite ${rows.length}`);
      const writer = await this.#table.openWriter({ commitUser: 'overwriter', overwrite: true });
      await writer.write(rows);
      snapshot = (await writer.commit()).snapshot;
      await writer.close();
      const written = new Set(partition === undefined ? [] : rows.map((row) => canonical(row[partition])));
      this.#removeWhere((row) => partition === undefined || written.has(canonical(row[partition])));
      for (const row of rows) this.#apply(row, false);
    } else {
      const value = this.#row()[partition!];
      this.steps.push(`drop partition ${canonical(value)}`);
      snapshot = await this.#table.dropPartitions([{ [partition!]: String(value) }]);
      this.#removeWhere((row) => canonical(row[partition!]) === canonical(value));
    }
    if (snapshot !== undefined && this.#table.options['log.id'] === undefined) {
      this.#followers = [];
      this.#foldable = false;
    }
    await this.#remember();
  }

  #removeWhere(matches: (row: Row) => boolean): void {
    for (const [key, { row }] of this.#model) if (matches(row)) this.#model.delete(key);
  }

  async #evolve(): Promise<void> {
    if (this.#pending.length > 0) await this.#commit();
    await this.#closeWriter();
    const name = `a${this.#columns.length}`;
    const type = this.d.pick(VALUE_TYPES);
    this.steps.push(`add column ${name} ${type}`);
    await this.#table.alter([{ action: 'addColumn', name, type }]);
    this.#columns.push({ name, type, key: false });
    // older snapshots are read under their own schema, and compared under today's: all null in the new column
    for (const { row } of this.#model.values()) row[name] = null;
    this.#states.clear();
    // what they saw had not this column; a stream tells of no rows that a change of schema alone made different
    this.#followers = this.#followers.map(({ position, state }) => ({ position, state: this.#widened(state) }));
  }

  #widened(state: ReadonlyMap<string, string>): Map<string, string> {
    const name = this.#columns.at(-1)!.name;
    return new Map([...state].map(([key, line]) => [key, `${line.slice(0, -1)},${JSON.stringify(name)}:null}`]));
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
    if (this.#sequence !== undefined) return;
    for (const follower of [undefined, ...this.#followers]) await this.#goOn(follower);
    if (this.#foldable) await this.#checkFold();
  }

  /** A follower goes on from where it stopped, or a new one begins. */
  async #follow(): Promise<void> {
    if (this.#sequence !== undefined) return;
    await this.#goOn(this.d.chance(0.25) || this.#followers.length === 0 ? undefined : this.d.pick(this.#followers));
  }

  /** What it has seen and sees now, folded, is the table; it may stop after any change. */
  async #goOn(follower: Follower | undefined): Promise<void> {
    this.steps.push(`follow from ${follower?.position ?? 'the state'}`);
    const state = new Map(follower?.state);
    for await (const change of this.#table.changes({ ...(follower && { from: follower.position }), until: 'now' })) {
      this.#fold(state, change);
      if (this.d.chance(0.2)) this.#followers.push({ position: change.position, state: new Map(state) });
    }
    while (this.#followers.length > MAX_FOLLOWERS) this.#followers.splice(this.d.int(this.#followers.length), 1);
    expect([...state.values()].sort()).toEqual(this.#lines());
  }

  #fold(state: Map<string, string>, change: Change<Row>): void {
    for (const { kind, row } of change.rows()) {
      const key = this.#key(row);
      if (kind === '-D' || kind === '-U') state.delete(key);
      else state.set(key, canonical(row));
    }
  }

  /** Duality: folding all changes from the start gives the state. */
  async #checkFold(): Promise<void> {
    this.steps.push('fold');
    const state = new Map<string, string>();
    let last = 0n;
    for await (const change of this.#table.changes({ from: { snapshot: 1n }, until: 'now' })) {
      expect(change.snapshot).toBeGreaterThanOrEqual(last);
      last = change.snapshot;
      this.#fold(state, change);
    }
    expect([...state.values()].sort()).toEqual(this.#lines());
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
