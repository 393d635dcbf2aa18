/**
 * Runs the built program: `weir` and `start` as a user does, in a process of its own; a Bench in this process, on streams of
 * its own, because a test file runs dozens of commands.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { built, builtPath } from '../support/built.js';

export const MAIN = builtPath('cli/main.js');

const { run } = await built<typeof import('../../src/cli/program.js')>('cli/program.js');

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}

export interface RunOptions {
  input?: string | Uint8Array;
  env?: Record<string, string>;
  cwd?: string;
}

export function start(args: readonly string[], options: RunOptions = {}): ChildProcess {
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1', ...options.env };
  if (options.env?.WEIR_WAREHOUSE === undefined) delete env.WEIR_WAREHOUSE;
  return spawn(process.execPath, [MAIN, ...args], { stdio: ['pipe', 'pipe', 'pipe'], env, ...(options.cwd ? { cwd: options.cwd } : {}) });
}

export function ended(child: ChildProcess): Promise<Outcome> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }));
  });
}

export function weir(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = start(args, options);
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');
  return ended(child);
}

class Collector extends Writable {
  readonly #chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(Buffer.from(chunk));
    done();
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}

/** A folder for one test file, with the command line bound to a warehouse in it. */
export class Bench {
  constructor(readonly folder: string) {}

  static async open(): Promise<Bench> {
    return new Bench(await mkdtemp(join(tmpdir(), 'weir-cli-test-')));
  }

  get warehouse(): string {
    return join(this.folder, 'warehouse');
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async run(args: readonly string[], options: Pick<RunOptions, 'input'> = {}): Promise<Outcome> {
    const [stdout, stderr] = [new Collector(), new Collector()];
    const stdin = Readable.from(options.input === undefined ? [] : [Buffer.from(options.input)]);
    const code = await run(['--warehouse', this.warehouse, ...args], { stdin, stdout, stderr });
    return { code, signal: null, out: stdout.text(), err: stderr.text() };
  }

  /** Runs and insists on success; the lines of stdout. */
  async lines(args: readonly string[], options: Pick<RunOptions, 'input'> = {}): Promise<string[]> {
    const outcome = await this.run(args, options);
    if (outcome.code !== 0) throw new Error(`weir ${args.join(' ')}: exit ${outcome.code}: ${outcome.err}`);
    return outcome.out.split('\n').filter((line) => line !== '');
  }

  async records(args: readonly string[], options: Pick<RunOptions, 'input'> = {}): Promise<Record<string, unknown>[]> {
    return (await this.lines(args, options)).map((line) => JSON.parse(line));
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
