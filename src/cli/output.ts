/**
 * What goes to stdout: data, and nothing else.
 *
 * Invariants
 * - a write waits for the reader (backpressure), so memory stays bounded behind a slow pipe
 * - when the reader has gone (EPIPE) every later write throws OutputClosed
 */
import { once } from 'node:events';
import { OutputClosed } from './exit.js';

export type OutputStream = NodeJS.WritableStream & { readonly isTTY?: boolean | undefined; readonly destroyed?: boolean };

export class Output {
  #closed = false;
  #failure: Error | undefined;

  constructor(readonly stream: OutputStream) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') this.#closed = true;
      else this.#failure = error;
    });
  }

  get isTerminal(): boolean {
    return this.stream.isTTY === true;
  }

  async write(chunk: string | Uint8Array): Promise<void> {
    if (chunk.length === 0) return;
    this.#check();
    if (this.stream.write(chunk)) return;
    // 'close' ends the wait when the reader goes away while the pipe is full
    await Promise.race([once(this.stream, 'drain'), once(this.stream, 'close')]).catch(() => undefined);
    this.#check();
  }

  /** For commands whose work must not depend on who reads their report: false when nobody does. */
  async tryWrite(chunk: string): Promise<boolean> {
    try {
      await this.write(chunk);
      return true;
    } catch (error) {
      if (error instanceof OutputClosed) return false;
      throw error;
    }
  }

  /** Waits until everything written has reached the system (or cannot any more). */
  async flush(): Promise<void> {
    if (this.#closed || this.stream.destroyed) return;
    await new Promise<void>((resolve) => this.stream.write('', () => resolve()));
    if (this.#failure) throw this.#failure;
  }

  #check(): void {
    if (this.#failure) throw this.#failure;
    if (this.#closed) throw new OutputClosed('the reader of the output has gone');
  }
}
