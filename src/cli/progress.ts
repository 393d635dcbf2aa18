/**
 * Progress on stderr: a bar on a terminal, a plain line now and then otherwise, nothing with `--quiet`.
 *
 *   write  ████████████░░░░░░░░  61 %  1,830,000 rows  412,000 rows/s
 *
 * NO_COLOR (https://no-color.org) and TERM=dumb turn colours off.
 */
import { type Clock, systemClock } from '../base/clock.js';

const BAR_CELLS = 24;
const REDRAW_MS = 100;
/** short jobs stay silent when nobody watches */
const PLAIN_EVERY_MS = 5000;

export interface ProgressTarget {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

export interface ProgressOptions {
  label: string;
  quiet?: boolean;
  target: ProgressTarget;
  clock?: Clock;
}

export class Progress {
  readonly #label: string;
  readonly #mode: 'bar' | 'plain' | 'silent';
  readonly #target: ProgressTarget;
  readonly #clock: Clock;
  #drawn_ms: number;
  #drawn = false;

  constructor({ label, quiet = false, target, clock = systemClock }: ProgressOptions) {
    this.#label = label;
    this.#target = target;
    this.#clock = clock;
    this.#mode = quiet ? 'silent' : target.isTTY === true ? 'bar' : 'plain';
    this.#drawn_ms = clock.monotonic_ms();
  }

  /** `fraction` 0..1, or undefined when the end is not known; `text` says how far. */
  update(fraction: number | undefined, text: string): void {
    if (this.#mode === 'silent') return;
    const now = this.#clock.monotonic_ms();
    if (now - this.#drawn_ms < (this.#mode === 'bar' ? REDRAW_MS : PLAIN_EVERY_MS)) return;
    this.#drawn_ms = now;
    const percent = fraction === undefined ? '' : `${String(Math.round(clamp(fraction) * 100)).padStart(3)} %  `;
    if (this.#mode === 'plain') {
      this.#target.write(`${this.#label}: ${percent.trimStart()}${text}\n`);
    } else {
      this.#drawn = true;
      this.#target.write(`\r\x1b[2K${this.#label}  ${fraction === undefined ? '' : `${bar(fraction)} `}${percent}${text}`);
    }
  }

  /** Takes the bar away, so that the next line starts clean. */
  clear(): void {
    if (this.#drawn) this.#target.write('\r\x1b[2K');
    this.#drawn = false;
  }
}

export function bar(fraction: number, cells = BAR_CELLS): string {
  const full = Math.round(clamp(fraction) * cells);
  return '█'.repeat(full) + '░'.repeat(cells - full);
}

function clamp(fraction: number): number {
  return Math.min(1, Math.max(0, fraction));
}

export function useColor(target: { isTTY?: boolean | undefined }, env: Record<string, string | undefined> = process.env): boolean {
  return target.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}
