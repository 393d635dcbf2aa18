/**
 * Who works on the table. Each role checks what it is told against the ledger.
 *
 * Rows carry a token that says whose they are (`user:identifier:row`), so that a row seen is a commit seen. What a writer
 * commits under an identifier is the same whichever of its incarnations does it.
 */
import { type StreamPosition, seededRandom, type Table } from '../../src/index.js';
import type { Snapshot } from '../../src/meta/snapshot.js';
import { parsePosition } from '../../src/table/position.js';
import type { TableStore } from '../../src/table/table-store.js';
import { BatchBuilder } from '../../src/types/row-builder.js';
import { type Change, FOREIGN_KEYS, Fold, type Row, tokensOf, Violation } from './ledger.js';
import { ROOT, type Role, type SimProcess, type World } from './world.js';

const KEYS = 6;

type Writer = Awaited<ReturnType<Table['openWriter']>>;

/** Commits `count` times, rows of the identifiers 1, 2, … */
export class WriterRole implements Role {
  readonly name: string;
  readonly twins = true;
  done = false;
  /** first identifier that is not known to be committed */
  next = 1;
  #appends = 0;
  readonly #world: World;
  readonly #count: number;
  readonly #style: 'commit' | 'append' | 'committer';
  readonly #pause_ms: number;

  constructor(world: World, name: string, options: { count: number; style: 'commit' | 'append' | 'committer'; pause_ms: number }) {
    this.#world = world;
    this.name = name;
    this.#count = options.count;
    this.#style = options.style;
    this.#pause_ms = options.pause_ms;
  }

  async run(self: SimProcess): Promise<void> {
    const table = await self.open();
    if (this.#style === 'committer') {
      if (!(await this.#runCommitter(self, table))) return;
    } else {
      const writer = await table.openWriter({ commitUser: this.name });
      for (let at = this.next; at <= this.#count; at = Math.max(at + 1, this.next)) {
        await (this.#style === 'append' ? this.#append(writer) : this.#commit(self, writer, at));
        this.next = Math.max(this.next, at + 1);
        await self.pause(this.#pause_ms);
      }
      await persist(self, () => writer.close({ flush: this.#world.scheduler.chance(0.5) }));
    }
    this.done = true;
  }

  async #commit(self: SimProcess, writer: Writer, identifier: number): Promise<void> {
    const rows = this.#rows(identifier);
    const result = await persist(self, async () => {
      await writer.abort();
      await put(this.#world, writer, rows);
      return writer.commit({ identifier: BigInt(identifier) });
    });
    this.#world.ledger.acknowledge(this.name, BigInt(identifier), tokensOf(rows), result.slot);
  }

  /** Several at once, none repeated. */
  async #append(writer: Writer): Promise<void> {
    const { ledger, scheduler } = this.#world;
    const all = Array.from({ length: scheduler.integer(1, 3) }, () => this.#rows(`a${this.#appends++}`));
    const settled = await Promise.allSettled(
      all.map((rows) =>
        writer.append(
          rows.map((row) => this.#world.rowOf(row)),
          { kinds: Uint8Array.from(rows, ({ kind }) => kind) },
        ),
      ),
    );
    for (const [i, outcome] of settled.entries()) {
      if (outcome.status === 'fulfilled') ledger.acknowledgeAppend(this.name, tokensOf(all[i]!), outcome.value.slot);
      else if (outcome.reason.code !== 'UNAVAILABLE') throw outcome.reason;
    }
  }

  /** false: begin again, with new writers */
  async #runCommitter(self: SimProcess, table: Table): Promise<boolean> {
    const writers = [await table.openWriter({ commitUser: `${this.name}-1` }), await table.openWriter({ commitUser: `${this.name}-2` })];
    const committer = await table.openCommitter({ commitUser: this.name });
    for (let at = this.next; at <= this.#count; at = Math.max(at + 1, this.next)) {
      const parts = [this.#rows(at), this.#rows(`${at}b`)];
      const messages: Awaited<ReturnType<Writer['prepareCommit']>> = [];
      for (const [i, writer] of writers.entries())
        messages.push(
          ...(await persist(self, async () => {
            await writer.abort();
            await put(this.#world, writer, parts[i]!);
            return writer.prepareCommit();
          })),
        );
      const result = await persist(self, () => committer.commit(BigInt(at), messages)).catch((error: { code?: string }) => {
        if (error.code !== 'COMMIT_CONFLICT') throw error;
      });
      // the schema changed between one writer's opening and the other's
      if (result === undefined) return false;
      this.#world.ledger.acknowledge(this.name, BigInt(at), tokensOf(parts.flat()), result.slot);
      this.next = Math.max(this.next, at + 1);
      await self.pause(this.#pause_ms);
    }
    for (const each of [...writers, committer]) await persist(self, () => each.close());
    return true;
  }

  /** What is committed under an identifier. */
  #rows(identifier: number | string): Change[] {
    const random = seededRandom(hash(`${this.name}/${identifier}`));
    return Array.from({ length: 1 + Math.floor(random.float() * 3) }, (_, i) => ({
      id: Math.floor(random.float() * KEYS),
      token: `${this.name}:${identifier}:${i}`,
      kind: !this.#world.nature.keyed ? 0 : random.float() < 0.3 && !this.#world.nature.shared ? 3 : random.float() < 0.5 ? 0 : 2,
    }));
  }
}

/** Reads the whole table, again and again. */
export class ReaderRole implements Role {
  readonly name: string;
  done = false;
  #left: number;
  #seen = { slot: 0, foreign: 0 };
  readonly #world: World;

  constructor(world: World, name: string, count: number) {
    this.#world = world;
    this.name = name;
    this.#left = count;
  }

  async run(self: SimProcess): Promise<void> {
    const table = await self.open();
    while (this.#left > 0) {
      await self.pause(120);
      await this.#read(table);
      this.#left--;
    }
    this.done = true;
  }

  async #read(table: Table): Promise<void> {
    const { ledger } = this.#world;
    // what was read before anybody was told of it may be lost with the power
    const from = {
      slot: Math.max(Math.min(this.#seen.slot, ledger.head), ledger.acknowledged),
      foreign: Math.max(Math.min(this.#seen.foreign, ledger.foreignHead), ledger.foreignAcknowledged),
    };
    const { keyed, shared } = this.#world.nature;
    if (keyed && !shared && this.#world.scheduler.chance(0.4)) return this.#get(table, from);
    const rows = await unlessExpired(async () => (await table.scan().toArray()).map(rowOf));
    if (rows !== undefined) this.#seen = ledger.checkRead(rows, from);
  }

  async #get(table: Table, from: { slot: number; foreign: number }): Promise<void> {
    const { ledger, scheduler } = this.#world;
    const id = scheduler.chance(0.7) ? scheduler.integer(0, KEYS - 1) : FOREIGN_KEYS + scheduler.integer(0, 2);
    const found = await unlessExpired(async () => ({ row: await table.get(this.#world.keyOf(id)) }));
    if (found !== undefined) ledger.checkGet(id, found.row && rowOf(found.row).token, from);
  }
}

/** Follows the changes and folds them; what it has is always the state at some place in the order of commits. */
export class FollowerRole implements Role {
  readonly name: string;
  done = false;
  /** the end of the run: catch up and rest */
  finishing = false;
  #fold: { own: Fold; others: Fold };
  #position: StreamPosition | undefined;
  #told = new Set<string>();
  expired = 0;
  readonly marks: { position: StreamPosition; own: Fold; others: Fold }[] = [];
  readonly #world: World;
  readonly #live: boolean;
  #consumer: string | undefined;

  constructor(world: World, name: string, options: { live: boolean; consumer: boolean }) {
    this.#world = world;
    this.name = name;
    this.#live = options.live;
    this.#consumer = options.consumer ? name : undefined;
    this.#fold = this.#empty();
  }

  async run(self: SimProcess): Promise<void> {
    const table = await self.open();
    while (!this.done) {
      const { finishing } = this;
      try {
        await this.#follow(self, table);
      } catch (error) {
        if (!isExpired(error)) throw error;
        this.#world.note(`${this.name} begins again: ${String(error)}`);
        this.expired++;
        this.#startAnew();
        await self.pause(50);
        continue;
      }
      if (finishing) {
        this.#checkEnd();
        this.done = true;
      } else await self.pause(200);
    }
  }

  async #follow(self: SimProcess, table: Table): Promise<void> {
    const stop = new AbortController();
    const watch = async () => {
      while (!this.finishing && !stop.signal.aborted) await self.process.clock.sleep(50 * this.#world.nature.pace);
      stop.abort();
    };
    const live = this.#live && !this.finishing;
    const from = this.#position;
    const changes = table.changes({
      ...(live ? { signal: stop.signal, poll_ms: 20 * this.#world.nature.pace } : { until: 'now' as const }),
      ...(from !== undefined && { from }),
      ...(this.#consumer !== undefined && from === undefined && { consumer: this.#consumer }),
    });
    if (live) void watch();
    for await (const change of changes) {
      await self.process.turn();
      this.#take(
        change.position,
        change.rows().map(({ kind, row }) => ({ ...rowOf(row), kind: ['+I', '-U', '+U', '-D'].indexOf(kind) })),
      );
    }
    stop.abort();
  }

  #take(position: StreamPosition, changes: readonly Change[]): void {
    const { ledger } = this.#world;
    this.#world.note(`${this.name} takes ${changes.map(({ kind, token }) => `${kind} ${token}`).join(', ')}: ${position}`);
    for (const change of changes) {
      (change.id < FOREIGN_KEYS ? this.#fold.own : this.#fold.others).add(change);
      if (this.#told.has(change.token)) throw new Violation(`${this.name} was told of ${change.token} twice`);
      this.#told.add(change.token);
    }
    this.#position = position;
    const place = parsePosition(position);
    if (place.phase !== 'log' || place.done > 0) return;
    const slot = Number(place.slot) - 1;
    this.#compare(`at slot ${slot}`, this.#fold.own.text(), ledger.text(slot));
    this.#compare(
      `before snapshot ${place.snapshot}`,
      this.#fold.others.text(),
      ledger.foreignText(ledger.foreignBefore(Number(place.snapshot))),
    );
    if (this.marks.length < 3 && this.#world.scheduler.chance(0.2))
      this.marks.push({ position, own: this.#fold.own.copy(), others: this.#fold.others.copy() });
  }

  #checkEnd(): void {
    const { ledger } = this.#world;
    this.#compare('at the end', this.#fold.own.text(), ledger.text(ledger.head));
    this.#compare("at the end, of others' rows,", this.#fold.others.text(), ledger.foreignText(ledger.foreignHead));
  }

  #compare(when: string, found: string, wanted: string): void {
    if (found !== wanted) throw new Violation(`${this.name} has, ${when} (${this.#position}):\n  ${found}\nand not\n  ${wanted}`);
  }

  #startAnew(): void {
    this.#position = undefined;
    this.#consumer = undefined;
    this.#fold = this.#empty();
    this.#told = new Set();
    this.marks.length = 0;
  }

  #empty() {
    const { keyed } = this.#world.nature;
    return { own: new Fold(keyed), others: new Fold(keyed) };
  }
}

/** Flushes, compacts and expires, as `weir compact` does. */
export class KeeperRole implements Role {
  readonly name: string;
  done = false;
  #left: number;
  readonly #world: World;

  constructor(world: World, name: string, count: number) {
    this.#world = world;
    this.name = name;
    this.#left = count;
  }

  async run(self: SimProcess): Promise<void> {
    const { scheduler, nature } = this.#world;
    const table = await self.open();
    while (this.#left > 0) {
      await self.pause(150);
      const what = scheduler.integer(0, 5);
      if (what <= 2) await table.flush();
      else if (what === 3 && nature.keyed) await table.compact({ full: scheduler.chance(0.5) });
      else await table.expire();
      this.#left--;
    }
    this.done = true;
  }
}

/** Another engine: commits files of its own, compacts and expires, and knows nothing of the log. */
export class ForeignRole implements Role {
  readonly name: string;
  done = false;
  #left: number;
  #commits = 0;
  /** highest sequence number it knows of: what it restored when it began, then its own */
  #number = 0n;
  readonly #world: World;

  constructor(world: World, name: string, count: number) {
    this.#world = world;
    this.name = name;
    this.#left = count;
  }

  async run(self: SimProcess): Promise<void> {
    const { scheduler, nature, build } = this.#world;
    const store = this.storeOf(self);
    // as Java does: its numbers go on above those that were in the table when it began
    if (nature.shared) this.#number = await restored(build, store);
    while (this.#left > 0) {
      await self.pause(150);
      const what = scheduler.integer(0, 3);
      if (what <= 1) await this.commit(self, store);
      else if (what === 2 && nature.keyed) await build.compactTable(store, { full: scheduler.chance(0.5) });
      else await build.expireSnapshots(store);
      this.#left--;
    }
    this.done = true;
  }

  /** The table as it is to somebody who has never heard of its log. */
  storeOf(self: SimProcess): TableStore {
    const store = new this.#world.build.TableStore('sim.t', ROOT, this.#world.schema, self.services);
    return Object.defineProperty(store, 'log', { value: undefined });
  }

  async commit(self: SimProcess, store: TableStore): Promise<void> {
    const { build, schema, ledger, nature } = this.#world;
    const identifier = ++this.#commits;
    const rows: Change[] = [0, 1].map((i) => ({
      id: ((identifier + i) % 3) + (nature.shared ? 0 : FOREIGN_KEYS),
      token: `${this.name}:${identifier}:${i}`,
      kind: nature.keyed && !nature.shared && (identifier + i) % 4 === 3 ? 3 : 0,
      number: Number(this.#number) + 1 + i,
    }));
    const builder = new BatchBuilder(schema.fields);
    for (const row of rows) builder.push(this.#world.rowOf(row));
    const filer = new build.BucketFiler(store, {});
    const kinds = Uint8Array.from(rows, ({ kind }) => kind);
    await filer.add(schema, builder.finish(), kinds, this.#number + 1n);
    this.#number += BigInt(rows.length);
    const messages = await filer.finish();
    ledger.announce(this.name, identifier, rows);
    await build.commitTable(store, { commitUser: this.name, identifier: BigInt(identifier), messages });
    ledger.acknowledgeForeign(this.name, identifier);
    await self.pause(1);
  }
}

/** Adds a column, now and then, which nobody asks for. */
export class AlterRole implements Role {
  readonly name: string;
  done = false;
  #added = 0;
  readonly #world: World;

  constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
  }

  async run(self: SimProcess): Promise<void> {
    const table = await self.open();
    while (this.#added < 2) {
      await self.pause(300);
      const name = `c${this.#added++}`;
      await table.alter([{ action: 'addColumn', name, type: 'INT' }]);
      this.#world.note(`${this.name} adds ${name}`);
    }
    this.done = true;
  }
}

async function restored(build: World['build'], store: TableStore): Promise<bigint> {
  let highest = 0n;
  const read = async (latest: Snapshot) => {
    for (const { file } of await build.liveFiles(store.manifests, latest)) {
      if (file.maxSequenceNumber > highest) highest = file.maxSequenceNumber;
    }
  };
  await build.readLatest(store, read);
  return highest;
}

/** Until the storage answers. */
export async function persist<T>(self: SimProcess, act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if ((error as { code?: string }).code !== 'UNAVAILABLE') throw error;
      await self.pause(20);
    }
  }
}

/** undefined when the snapshot expired under the reader. */
export async function unlessExpired<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isExpired(error)) return undefined;
    throw error;
  }
}

export function isExpired(error: unknown): boolean {
  return (error as { code?: string }).code === 'POSITION_EXPIRED';
}

export function rowOf(row: Record<string, unknown>): Row {
  return { id: Number(row.id), token: String(row.token) };
}

async function put(world: World, writer: Writer, rows: readonly Change[]): Promise<void> {
  await writer.write(
    rows.map((row) => world.rowOf(row)),
    { kinds: Uint8Array.from(rows, ({ kind }) => kind) },
  );
}

function hash(text: string): number {
  let value = 2166136261;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 16777619);
  return value >>> 0;
}
