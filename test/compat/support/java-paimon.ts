/**
 * Paimon's Java library in a process of its own, told what to do (java/src/weir/compat/Peer.java): one JSON object a line
 * each way. Commands may overlap; each answer finds its call by number.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const JAVA_VERSIONS = ['1.4.2', '2.0.0'] as const;
export type JavaVersion = (typeof JAVA_VERSIONS)[number];

/** How snapshots are published: Paimon's own look-and-rename, by hard links, or renaming on command. */
export type FileIOKind = 'renaming' | 'linking' | 'held';

type Options = Readonly<Record<string, string>>;

export interface JavaWrite {
  readonly user: string;
  readonly identifier: number;
  readonly options?: Options;
  /** the partition to replace; an empty one of a partitioned table: those written */
  readonly overwrite?: Options;
}

interface Call {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The process; `table` gives handles. */
export class JavaPaimon {
  readonly version: JavaVersion;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #calls = new Map<number, Call>();
  readonly #ended: Promise<void>;
  #next = 1;
  #errors = '';

  constructor(version: JavaVersion) {
    this.version = version;
    const home = fileURLToPath(new URL(`../../../target/compat/java/${version}`, import.meta.url));
    if (!existsSync(join(home, 'classes'))) throw new Error('the Java peer is not built: npm run test:compat -- java');
    const classpath = `${join(home, 'classes')}:${join(home, 'lib')}/*`;
    this.#process = spawn('java', ['-Xmx1g', '-XX:+UseSerialGC', '-cp', classpath, 'weir.compat.Peer'], { stdio: 'pipe' });
    this.#process.stderr.on('data', (chunk: Buffer) => {
      this.#errors = `${this.#errors}${chunk}`.slice(-4000);
    });
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#answer(line));
    this.#ended = new Promise((resolve) => {
      const end = (why: string) => {
        for (const { reject } of this.#calls.values()) reject(new Error(`Java ${version} ended (${why}): ${this.#errors}`));
        this.#calls.clear();
        resolve();
      };
      this.#process.on('error', (error) => end(error.message));
      this.#process.on('close', (code) => end(`code ${code}`));
    });
  }

  table(warehouse: string, name: string, fileIO: FileIOKind = 'renaming'): JavaTable {
    return new JavaTable(this, { warehouse, table: name, fileIO });
  }

  /** The next snapshot of a `held` table waits before its rename; resolves when the command has been taken. */
  hold(): Promise<unknown> {
    return this.call('hold', {});
  }

  /** Resolves when a commit waits. */
  awaitHeld(): Promise<unknown> {
    return this.call('awaitHeld', {});
  }

  release(): Promise<unknown> {
    return this.call('release', {});
  }

  call<T>(command: string, args: Readonly<Record<string, unknown>>): Promise<T> {
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      this.#calls.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.#process.stdin.write(`${JSON.stringify({ id, command, ...args })}\n`);
    });
  }

  async close(): Promise<void> {
    this.#process.stdin.end();
    await this.#ended;
  }

  #answer(line: string): void {
    const { id, result, error } = JSON.parse(line) as { id: number; result?: unknown; error?: string };
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new Error(`Java ${this.version}: ${error}`));
  }
}

/** One table, as Java sees it. Rows are lines in the encoding of the golden files. */
export class JavaTable {
  readonly #java: JavaPaimon;
  readonly #target: Readonly<Record<string, string>>;

  constructor(java: JavaPaimon, target: Readonly<Record<string, string>>) {
    this.#java = java;
    this.#target = target;
  }

  /** Types are atomic, as text. */
  create(definition: { schema: Options; primaryKey?: string[]; partitionBy?: string[]; options?: Options }): Promise<void> {
    return this.#call('createTable', definition);
  }

  /** A batch read, sorted; `scan.snapshot-id` and the like travel. */
  read(options: Options = {}): Promise<string[]> {
    return this.#call('read', { options });
  }

  /** What a stream gives for each snapshot in [from, to]; one that gives nothing has no entry. */
  async changes(from: bigint, to: bigint): Promise<Map<bigint, string[]>> {
    const bySnapshot = await this.#call<Record<string, string[]>>('changes', { from: Number(from), to: Number(to) });
    return new Map(Object.entries(bySnapshot).map(([id, lines]) => [BigInt(id), lines]));
  }

  /** The state that a stream starts with, with kinds; sorted. */
  fullState(snapshot: bigint): Promise<string[]> {
    return this.#call('fullState', { snapshot: Number(snapshot) });
  }

  /** Rows (with `_kind` where it is not +I) as one commit of a fresh writer; the latest snapshot after it. */
  write(rows: readonly string[], how: JavaWrite): Promise<number> {
    return this.#call('write', { rows, ...how });
  }

  compact(how: JavaWrite & { full: boolean }): Promise<number> {
    return this.#call('compact', how);
  }

  /** Keeps the newest `keep` snapshots; how many it removed. */
  expire(keep: number): Promise<number> {
    return this.#call('expire', { keep });
  }

  /** Paths of the files removed. */
  removeOrphans(olderThan_ms: number): Promise<string[]> {
    return this.#call('removeOrphans', { olderThan_ms });
  }

  createTag(tag: string, snapshot: bigint): Promise<void> {
    return this.#call('createTag', { tag, snapshot: Number(snapshot) });
  }

  /** Deletes all snapshots after this one. */
  rollback(to: { snapshot: bigint } | { tag: string }): Promise<void> {
    return this.#call('rollback', 'tag' in to ? to : { snapshot: Number(to.snapshot) });
  }

  /** Options set and removed, and nullable columns added. */
  alter(changes: { set?: Options; reset?: string[]; add?: Options }): Promise<void> {
    return this.#call('alterTable', changes);
  }

  drop(): Promise<void> {
    return this.#call('dropTable', {});
  }

  /** The first so many rows that a stream gives from the changes of this snapshot on, with kinds; it waits for them. */
  follow(from: bigint, rows: number): Promise<string[]> {
    return this.#call('follow', { from: Number(from), rows });
  }

  #call<T>(command: string, args: object): Promise<T> {
    return this.#java.call(command, { ...this.#target, ...args });
  }
}
