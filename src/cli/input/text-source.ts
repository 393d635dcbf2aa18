/** Bytes and text of an input, `-` being stdin. Text is UTF-8; a byte that is not is an error, never a replacement character. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { WeirError } from '../../base/error.js';

const CHUNK_BYTES = 1 << 20;

export interface SourceOptions {
  /** what `-` is */
  stdin?: NodeJS.ReadableStream | undefined;
  signal?: AbortSignal | undefined;
  /** told after each piece */
  onBytes?: ((bytes: number) => void) | undefined;
}

/** What messages call this input. */
export function sourceName(file: string): string {
  return file === '-' ? 'stdin' : file;
}

/** Bytes in the inputs together; undefined when one of them is a pipe. NOT_FOUND or INVALID_ARGUMENT when one cannot be read at all. */
export async function totalBytes(files: readonly string[]): Promise<number | undefined> {
  let sum = 0;
  let known = true;
  for (const file of files) {
    if (file === '-') {
      known = false;
      continue;
    }
    const info = await stat(file).catch((cause: NodeJS.ErrnoException) => {
      throw new WeirError(cause.code === 'ENOENT' ? 'NOT_FOUND' : 'UNAVAILABLE', `cannot read ${file}: ${cause.message}`, { cause, file });
    });
    if (info.isDirectory()) throw new WeirError('INVALID_ARGUMENT', `${file} is a directory, not a file of rows`, { file });
    if (info.isFile()) sum += info.size;
    else known = false;
  }
  return known ? sum : undefined;
}

export async function* byteChunks(file: string, options: SourceOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal } = options;
  const stream = file === '-' ? ((options.stdin ?? process.stdin) as Readable) : createReadStream(file, { highWaterMark: CHUNK_BYTES });
  const onAbort = () => stream.destroy(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      yield chunk;
      options.onBytes?.(chunk.length);
    }
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (signal?.aborted || code === undefined) throw cause;
    throw new WeirError(code === 'ENOENT' ? 'NOT_FOUND' : 'UNAVAILABLE', `cannot read ${sourceName(file)}: ${(cause as Error).message}`, {
      cause,
      file,
    });
  } finally {
    signal?.removeEventListener('abort', onAbort);
    stream.destroy();
  }
}

export async function* textChunks(file: string, options: SourceOptions = {}): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let lines = 0;
  const decode = (bytes?: Uint8Array): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch (cause) {
      throw new WeirError('INVALID_ARGUMENT', `${sourceName(file)} is not UTF-8 text (after line ${lines})`, {
        cause,
        file: sourceName(file),
      });
    }
  };
  for await (const bytes of byteChunks(file, options)) {
    const text = decode(bytes);
    for (let i = text.indexOf('\n'); i !== -1; i = text.indexOf('\n', i + 1)) lines += 1;
    if (text !== '') yield text;
  }
  const tail = decode();
  if (tail !== '') yield tail;
}
