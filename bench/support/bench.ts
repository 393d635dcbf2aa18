/** What a workload is given, and the lines it reports. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface BenchContext {
  /** a few seconds in all: what the tests run */
  readonly small: boolean;
  /** repetitions, of which the best counts */
  readonly reps: number;
  /** class path of Paimon's Java programs (test/compat builds it); undefined: weir alone */
  readonly javaClasspath: string | undefined;
  report(line: BenchLine): void;
}

export interface BenchLine {
  readonly name: string;
  /** ours, in `unit` */
  readonly weir: number;
  readonly unit: 'rows/s' | 'ms' | 'MB' | 'x' | 'ops/s';
  /** Java's figure of the same work in the same run */
  readonly java?: number | undefined;
  /** what must be reached and what is aimed for, as a ratio to Java (rows/s) or a limit (ms) */
  readonly must?: string;
  readonly aim?: string;
  readonly note?: string;
}

export interface Workload {
  readonly name: string;
  run(context: BenchContext): Promise<void>;
}

/** Of catalogs whose tables have no log, as Java's have none: a commit is a snapshot with its files. */
export const SNAPSHOTS_ONLY = { 'log.enabled': false } as const;

export async function inTempDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(process.env.WEIR_BENCH_DIR ?? tmpdir(), 'weir-bench-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** The smallest of `reps` timings, in seconds. */
export async function best(reps: number, work: () => Promise<unknown>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < reps; i++) least = Math.min(least, await seconds(work));
  return least;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

/** Runs one of the Java programs; its last line is JSON. undefined without a class path. */
export function java(
  context: BenchContext,
  program: string,
  warehouse: string,
  settings: Record<string, string | number>,
): Record<string, unknown> | undefined {
  if (context.javaClasspath === undefined) return undefined;
  const args = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  const classpath = readFileSync(context.javaClasspath, 'utf8').trim();
  const ran = spawnSync('java', ['-Xms8g', '-Xmx8g', '-cp', classpath, `weirlab.${program}`, warehouse, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (ran.status !== 0) throw new Error(`${program} failed: ${ran.stderr}`);
  return JSON.parse(ran.stdout.trim().split('\n').at(-1)!) as Record<string, unknown>;
}

export function numberAt(value: unknown, ...path: (string | number)[]): number | undefined {
  let at: unknown = value;
  for (const step of path) at = (at as Record<string | number, unknown> | undefined)?.[step];
  return at === undefined ? undefined : Number(at);
}
