/** The programs of these tests, each a process of its own. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Script {
  readonly child: ChildProcessWithoutNullStreams;
  /** complete lines of what it has said so far */
  lines(): string[];
  /** all that it said, when it has ended by itself or by a kill; fails when it failed */
  readonly ended: Promise<string>;
}

/** @param env variables besides this process's own */
export function script(name: string, args: readonly (string | number)[], env: Readonly<Record<string, string>> = {}): Script {
  const command = [fileURLToPath(new URL(`./${name}`, import.meta.url)), ...args.map(String)];
  const child = spawn(process.execPath, command, { env: { ...process.env, ...env } });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk;
  });
  const ended = new Promise<string>((resolve, reject) => {
    child.on('close', (code, signal) =>
      code === 0 || signal === 'SIGKILL' ? resolve(output) : reject(new Error(`${name} ended with ${code ?? signal}: ${errors}`)),
    );
  });
  ended.catch(() => undefined);
  return { child, lines: () => output.split('\n').slice(0, -1), ended };
}

/** Resolves when the program has said a line that matches, or has ended. */
export async function said(program: Script, pattern: RegExp): Promise<void> {
  let over = false;
  const end = () => {
    over = true;
  };
  program.ended.then(end, end);
  while (!over && !program.lines().some((line) => pattern.test(line))) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
