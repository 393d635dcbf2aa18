/**
 * What the pool and its workers say to one another. Messages are small flat objects, because every property costs a
 * structured clone.
 *
 *   pool   -> worker   start (task, input, credit)   pull (one more item)   stop (abort, then end)
 *   worker -> pool     item (value)   done (value)   fail (error)
 *
 * Invariants
 * - every start is answered by exactly one done or fail, also after a stop; nothing of that task follows it.
 * - a stream sends at most as many items as it was given credit for: `WINDOW` with the start, one with each pull.
 */
import { type ErrorCode, WeirError } from './error.js';

/** how many items a stream may be ahead of its consumer */
export const WINDOW = 2;

export type ToWorker =
  | {
      readonly t: 'start';
      readonly id: number;
      readonly module: string;
      readonly name: string;
      readonly stream: boolean;
      readonly input: unknown;
    }
  | { readonly t: 'pull'; readonly id: number }
  | { readonly t: 'stop'; readonly id: number };

export type FromWorker =
  | { readonly t: 'item'; readonly id: number; readonly value: unknown }
  | { readonly t: 'done'; readonly id: number; readonly value: unknown }
  | { readonly t: 'fail'; readonly id: number; readonly error: PlainError };

/** An error as plain data. `weir` is the code of a WeirError, `system` that of the operating system (`ENOSPC`). */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly weir: ErrorCode | undefined;
  readonly system: string | undefined;
  readonly file: string | undefined;
  readonly table: string | undefined;
  readonly cause: PlainError | undefined;
}

/** causes of causes are followed this deep */
const CAUSES = 4;

export function packError(thrown: unknown, depth = CAUSES): PlainError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const weir = error instanceof WeirError ? error : undefined;
  const code: unknown = weir === undefined && 'code' in error ? error.code : undefined;
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    weir: weir?.code,
    system: typeof code === 'string' ? code : undefined,
    file: weir?.file,
    table: weir?.table,
    cause: error.cause === undefined || depth === 0 ? undefined : packError(error.cause, depth - 1),
  };
}

export function unpackError(plain: PlainError): Error {
  const cause = plain.cause && unpackError(plain.cause);
  if (plain.weir === undefined) {
    const error = new Error(plain.message, cause && { cause });
    error.name = plain.name;
    if (plain.stack !== undefined) error.stack = plain.stack;
    return plain.system === undefined ? error : Object.assign(error, { code: plain.system });
  }
  const error = new WeirError(plain.weir, plain.message, {
    ...(cause && { cause }),
    ...(plain.file !== undefined && { file: plain.file }),
    ...(plain.table !== undefined && { table: plain.table }),
  });
  if (plain.stack !== undefined) error.stack = plain.stack;
  return error;
}
