/**
 * A process that answers lines of JSON with lines of JSON, one at a time: {"ok": …} or {"error": "text"}. Starting one
 * costs seconds (a JVM, a Python library), a request milliseconds.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const ERRORS_KEPT = 4000;

export class LineProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  #errors = '';

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(command, args, { env: { ...process.env, ...env } });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk).slice(-ERRORS_KEPT);
    });
  }

  /** The answer's "ok". Throws its "error", or what the process said at last if it is gone. */
  async ask(request: object): Promise<unknown> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error(`the process ended: ${this.#errors}`);
    const { ok, error } = JSON.parse(value) as { ok?: unknown; error?: string };
    if (error !== undefined) throw new Error(error);
    return ok;
  }

  async stop(): Promise<void> {
    this.#child.stdin.end();
    if (this.#child.exitCode === null) await new Promise((resolve) => this.#child.once('close', resolve));
  }
}
