/**
 * The one error of weir: a class with a code.
 *
 * The code is what programs switch on; the message says what went wrong, where, and what to do.
 * `cause`, `table` and `file` carry the rest. A full disk is UNAVAILABLE.
 */
/**
 * What went wrong, for programs: they switch on it. Messages may change, codes do not.
 *
 * @example
 * const retriable: ReadonlySet<ErrorCode> = new Set(['UNAVAILABLE', 'COMMIT_CONFLICT']);
 * const again = (error: unknown) => error instanceof WeirError && retriable.has(error.code);
 */
export type ErrorCode =
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'COMMIT_CONFLICT'
  | 'FENCED'
  | 'CLOSED'
  | 'POSITION_EXPIRED'
  | 'UNAVAILABLE'
  | 'CORRUPTION'
  | 'UNSUPPORTED';

export interface ErrorDetail {
  cause?: unknown;
  /** `database.table` */
  table?: string;
  /** path of the file in question */
  file?: string;
}

/**
 * Every error that weir throws on purpose.
 *
 * @example
 * try { await catalog.table('ods.flights') } catch (e) {
 *   if (e instanceof WeirError && e.code === 'NOT_FOUND') console.log(e.message);
 * }
 */
export class WeirError extends Error {
  override readonly name = 'WeirError';
  readonly code: ErrorCode;
  readonly table: string | undefined;
  readonly file: string | undefined;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.table = detail.table;
    this.file = detail.file;
  }
}

/** Is `error` a WeirError of this code? */
export function hasCode(error: unknown, code: ErrorCode): error is WeirError {
  return error instanceof WeirError && error.code === code;
}
