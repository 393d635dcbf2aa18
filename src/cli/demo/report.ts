/** The demo's lines: a number, a verb, what came of it. */
import type { Output } from '../output.js';
import { useColor } from '../progress.js';

export const count = (value: number | bigint): string => value.toLocaleString('en-US');
export const plural = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
export const signed = (value: number): string => `${value > 0 ? '+' : ''}${count(value)}`;
export const seconds = (duration_ms: number): string => `${(duration_ms / 1000).toFixed(1)} s`;
export const milliseconds = (duration_ms: number): string => `${duration_ms.toFixed(1)} ms`;
export const rate = (rows: number, duration_ms: number): string =>
  `${count(Math.round(rows / Math.max(0.001, duration_ms / 1000) / 1000))},000 rows/s`;
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

const VERB_WIDTH = 9;

export class Report {
  readonly #out: Output;
  readonly #color: boolean;
  #step = 0;

  constructor(out: Output) {
    this.#out = out;
    this.#color = useColor(out.stream);
  }

  line(text = ''): Promise<void> {
    return this.#out.write(`${text}\n`);
  }

  title(text: string): Promise<void> {
    return this.line(this.#style(text, 1));
  }

  /** `1 ingest    first line`, further lines below it */
  async step(verb: string, ...lines: string[]): Promise<void> {
    this.#step += 1;
    const [first = '', ...rest] = lines;
    await this.line(`${this.#style(String(this.#step), 36)} ${this.#style(verb.padEnd(VERB_WIDTH), 1)} ${first}`);
    for (const each of rest) await this.line(`${' '.repeat(VERB_WIDTH + 3)}${each}`);
  }

  check(text: string): string {
    return `${this.#style('✓', 32)} ${text}`;
  }

  #style(text: string, code: number): string {
    return this.#color ? `\x1b[${code}m${text}\x1b[0m` : text;
  }
}
