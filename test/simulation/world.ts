/**
 * A table, the processes around it, and what befalls them.
 *
 *   roles (writers, followers, …) ─ run in processes ─ watched, faulty storage in memory ─> ledger
 *             ^ restarted after crashes                 ^ power losses
 *
 * Invariant: what happens depends on the seed alone.
 */
import { dirname } from 'node:path';
import type { Random, Table } from '../../src/index.js';
import { LogPath } from '../../src/log/log-path.js';
import type { Services } from '../../src/table/table-store.js';
import type { Build } from './build-under-test.js';
import { Ledger, type Row } from './ledger.js';
import { processIO } from './process-io.js';
import { type Process, Scheduler } from './scheduler.js';
import { watchedIO } from './watched-io.js';

export const ROOT = '/wh/sim.db/t';

/** What is likely in a world. Figures a turn are likelihoods. */
export interface Nature {
  readonly keyed: boolean;
  /** another engine writes the same keys; nobody deletes, for what a compaction forgot of a deletion counts no more */
  readonly shared: boolean;
  /** by the column p, which says whether the id is odd */
  readonly partitioned: boolean;
  /** how many times slower than a hasty world */
  readonly pace: number;
  readonly options: Readonly<Record<string, string | number>>;
  /** of a call to fail before, and after, its effect */
  readonly faults: { readonly before: number; readonly after: number };
  readonly crash: number;
  readonly freeze: number;
  readonly powerLoss: number;
  /** a frozen process thaws within this simulated time */
  readonly frozen_ms: number;
  /** of a look at the storage not to wait for a turn */
  readonly eager: number;
  readonly stickiness: number;
  readonly turn_ms: number;
  /** wall clocks are ahead by this much at most, or behind */
  readonly skew_ms: number;
}

/** Something a process does; begun anew when its process dies before it is done. */
export interface Role {
  readonly name: string;
  done: boolean;
  /** a second process may begin while the first stands still */
  readonly twins?: boolean;
  run(process: SimProcess): Promise<void>;
}

/** A process and its way to the table. */
export interface SimProcess {
  readonly process: Process;
  readonly services: Services;
  open(): Promise<Table>;
  /** sleeps up to so long, at the pace of the world */
  pause(most_ms: number): Promise<void>;
}

/** a world gets calm after so many turns, lest nobody gets anywhere */
const ROUGH_TURNS = 1_500;
/** simulated time that a turn takes from then on, at most */
const CALM_TURN_MS = 500;
/** errors after which a process begins again */
const TOLERATED: ReadonlySet<unknown> = new Set(['UNAVAILABLE', 'FENCED']);

export class World {
  readonly build: Build;
  readonly nature: Nature;
  readonly scheduler: Scheduler;
  readonly memory: ReturnType<Build['memoryFileIO']>;
  readonly trace: string[] = [];
  ledger!: Ledger;
  log = '';
  calm = false;
  #schema!: Table['schema'];
  readonly #storage: ReturnType<typeof watchedIO>;
  readonly #living = new Map<Process, Role>();
  readonly #launched: Promise<void>[] = [];
  readonly #init: Process;

  constructor(build: Build, random: Random, nature: Nature) {
    this.build = build;
    this.nature = nature;
    this.scheduler = new Scheduler(random);
    this.scheduler.stickiness = nature.stickiness;
    this.scheduler.turn_ms = nature.turn_ms;
    this.#init = this.scheduler.process('init');
    this.memory = build.memoryFileIO(this.#init.clock);
    this.#storage = watchedIO(this.memory, {
      created: (path, bytes) => this.#created(path, bytes),
      removed: (path) => this.#removed(path),
    });
  }

  get schema(): Table['schema'] {
    return this.#schema;
  }

  /** Makes the table. */
  async create(): Promise<void> {
    const { keyed, partitioned } = this.nature;
    const catalog = await this.build.openCatalog({ warehouse: '/wh', fileIO: this.memory, ...this.#services(this.#init) });
    const table = await catalog.createTable('sim.t', {
      schema: { id: 'BIGINT NOT NULL', token: 'STRING', ...(partitioned && { p: 'INT NOT NULL' }) },
      ...(keyed && { primaryKey: partitioned ? ['p', 'id'] : ['id'] }),
      ...(partitioned && { partitionBy: ['p'] }),
      options: {
        ...(keyed && { bucket: 1 }),
        'log.enabled': 'true',
        'file.compression': 'none',
        'manifest.compression': 'null',
        ...this.nature.options,
      },
    });
    this.#schema = table.schema;
    this.log = table.options['log.id']!;
    const path = new LogPath(ROOT, this.log);
    const { schemas } = new this.build.TableStore('sim.t', ROOT, table.schema, {
      ...this.#services(this.#init),
      io: this.memory,
      onEvent: undefined,
    });
    this.ledger = new Ledger(keyed, {
      fieldsOf: async (schema) => (await schemas.read(schema)).fields,
      body: (name) => this.memory.readFile(path.body(name)),
    });
    this.ledger.shared = this.nature.shared;
  }

  /** The row as a writer gives it. */
  rowOf({ id, token }: Row): Record<string, unknown> {
    return { ...this.keyOf(id), token };
  }

  keyOf(id: number): Record<string, unknown> {
    return { id: BigInt(id), ...(this.nature.partitioned && { p: id % 2 }) };
  }

  /** Plays roles until all are done. */
  async play(roles: readonly Role[]): Promise<void> {
    await Promise.all(roles.map((role) => this.#supervise(role)));
    // twins that outlive their role may get twins themselves
    while (this.#launched.length > 0) await this.#launched.pop();
  }

  /** No more faults, crashes and stalls. */
  quieten(): void {
    this.calm = true;
    // who needs a minute for a look never sees the end of a log: nothing promises that such worlds end
    this.scheduler.turn_ms = Math.min(this.scheduler.turn_ms, CALM_TURN_MS);
    for (const process of this.#living.keys()) process.frozenUntil_ms = 0;
  }

  /** Between two turns: what nature does to processes. */
  incident(): void {
    if (this.calm) return;
    const { nature, scheduler } = this;
    if (scheduler.steps > ROUGH_TURNS) {
      this.quieten();
      return;
    }
    if (scheduler.chance(nature.crash)) this.#onOne((process) => this.kill(process));
    if (scheduler.chance(nature.freeze)) {
      this.#onOne((process, role) => {
        this.freeze(process, scheduler.random.float() * nature.frozen_ms);
        const twins = [...this.#living.values()].filter((other) => other === role).length;
        if (role.twins === true && twins < 3 && scheduler.chance(0.5)) this.#launched.push(this.launch(role));
      });
    }
    if (scheduler.chance(nature.powerLoss)) this.losePower();
    if (nature.skew_ms > 0 && scheduler.chance(0.01)) this.#onOne((process) => this.#skew(process));
  }

  kill(process: Process): void {
    this.note(`${process.name} is killed`);
    this.#living.delete(process);
    process.kill();
  }

  freeze(process: Process, duration_ms: number): void {
    this.note(`${process.name} is frozen for ${Math.round(duration_ms)} ms`);
    process.frozenUntil_ms = this.scheduler.time_ms + duration_ms;
  }

  /** @param lasts is the directory as it is, or as it was when it was fsynced? */
  losePower(lasts: (directory: string) => boolean = () => this.scheduler.chance(0.5)): void {
    this.note('the power is lost');
    for (const process of [...this.#living.keys()]) this.kill(process);
    // the names of a directory become lasting in the order in which they were made: here all of them or those that were fsynced
    const directories = new Set(this.memory.paths().map((path) => dirname(path)));
    this.memory.syncDirectories([...directories].filter(lasts));
    this.memory.crash();
    const there = new Set(this.memory.paths());
    const path = new LogPath(ROOT, this.log);
    this.ledger.recover(
      (slot) => there.has(path.slot(BigInt(slot))),
      (id) => there.has(`${ROOT}/snapshot/snapshot-${id}`),
    );
  }

  /** Starts a process for a role; resolves when it ended or died. */
  async launch(role: Role): Promise<void> {
    const process = this.scheduler.process(`${role.name}.${this.scheduler.steps}`);
    this.#skew(process);
    this.#living.set(process, role);
    const run = role.run(this.processOf(process)).catch((error: { code?: unknown }) => {
      this.note(`${process.name} ends: ${String(error)}`);
      if (!TOLERATED.has(error.code)) this.scheduler.failure ??= error;
    });
    await Promise.race([run, process.death()]);
    this.#living.delete(process);
    process.kill();
  }

  /** @param eager likelihood that a look at the storage does not wait for a turn */
  processOf(process: Process, eager = this.nature.eager): SimProcess {
    const { scheduler, nature, build } = this;
    const services = this.#services(process);
    const plan = { ...nature.faults };
    const faulty = build.faultyFileIO(this.#storage, services.random, plan);
    Object.defineProperties(faulty.plan, {
      before: { get: () => (this.calm ? 0 : nature.faults.before) },
      after: { get: () => (this.calm ? 0 : nature.faults.after) },
    });
    const io = processIO(process, faulty, eager);
    const whole: Services = { ...services, io, onEvent: undefined };
    return {
      process,
      services: whole,
      open: async () => (await build.openCatalog({ warehouse: '/wh', fileIO: io, ...services })).table('sim.t'),
      pause: (most_ms) => process.clock.sleep(scheduler.random.float() * most_ms * nature.pace),
    };
  }

  note(text: string): void {
    this.trace.push(`${this.scheduler.steps} ${Math.round(this.scheduler.time_ms - 1_700_000_000_000)} ${text}`);
  }

  /** Somebody sets a clock. */
  #skew(process: Process): void {
    process.skew_ms = (2 * this.scheduler.random.float() - 1) * this.nature.skew_ms;
  }

  async #supervise(role: Role): Promise<void> {
    while (!role.done) {
      await this.launch(role);
      if (!role.done) await this.#init.clock.sleep(this.scheduler.integer(1, 50));
    }
  }

  #services(process: Process) {
    const random = this.build.seededRandom(this.scheduler.integer(0, 0xffff_ffff));
    const logger = {
      debug: () => {},
      info: () => {},
      warn: (text: string) => this.note(`${process.name} warns: ${text}`),
      error: (text: string) => this.note(`${process.name} complains: ${text}`),
    };
    return { clock: process.clock, random, executor: this.build.inlineExecutor(), logger };
  }

  #onOne(act: (process: Process, role: Role) => void): void {
    const living = [...this.#living].filter(([process]) => process.frozenUntil_ms <= this.scheduler.time_ms);
    const [process, role] = living[this.scheduler.integer(0, living.length - 1)] ?? [];
    if (process !== undefined) act(process, role!);
  }

  async #created(path: string, bytes: Uint8Array): Promise<void> {
    try {
      const slot = path.startsWith(`${ROOT}/log/${this.log}/`) ? LogPath.slotOf(path) : undefined;
      const snapshot = snapshotOf(path);
      if (slot !== undefined) await this.ledger.slotCreated(Number(slot), bytes);
      else if (snapshot !== undefined) this.ledger.snapshotCreated(snapshot, bytes, this.log);
      if (slot !== undefined) this.note(`slot ${slot}: ${this.ledger.describe(Number(slot))}`);
      if (snapshot !== undefined) this.note(`snapshot ${snapshot}: ${JSON.stringify(this.ledger.snapshots.get(snapshot))}`);
    } catch (error) {
      this.scheduler.failure ??= error;
    }
  }

  #removed(path: string): void {
    try {
      const slot = LogPath.slotOf(path);
      const snapshot = snapshotOf(path);
      if (slot !== undefined) this.ledger.slotRemoved(Number(slot));
      else if (snapshot !== undefined) this.ledger.lateSnapshots.delete(snapshot);
      if (slot !== undefined || snapshot !== undefined) this.note(`${path.slice(path.lastIndexOf('/') + 1)} goes`);
    } catch (error) {
      this.scheduler.failure ??= error;
    }
  }
}

function snapshotOf(path: string): number | undefined {
  const found = /\/snapshot\/snapshot-(\d+)$/.exec(path);
  return found === null ? undefined : Number(found[1]);
}
