/**
 * How the program ends: 0 done, 1 failed, 2 wrong usage.
 *
 * Invariants
 * - an error is exactly one line on stderr, `weir: CODE: message`; the stack follows only with `--verbose`
 * - a closed stdout (`| head`) is no error
 */
import { WeirError } from '../base/error.js';

/** Wrong usage: exit 2. What a flag says cannot be understood, whatever the warehouse holds. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The reader of stdout is gone; the command unwinds and the exit is 0. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/** SIGINT or SIGTERM ended the work, and what had to be cleaned up is. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  constructor(readonly signal: NodeJS.Signals) {
    super(`stopped by ${signal}`);
  }
}

/** Codes of Node's file errors, in our words. */
const SYSTEM_CODES: Readonly<Record<string, string>> = {
  ENOENT: 'NOT_FOUND',
  EEXIST: 'ALREADY_EXISTS',
  EISDIR: 'INVALID_ARGUMENT',
  ENOTDIR: 'INVALID_ARGUMENT',
  EACCES: 'UNAVAILABLE',
  EPERM: 'UNAVAILABLE',
  EROFS: 'UNAVAILABLE',
  ENOSPC: 'UNAVAILABLE',
  EDQUOT: 'UNAVAILABLE',
  EIO: 'UNAVAILABLE',
  EMFILE: 'UNAVAILABLE',
};

export function exitCodeOf(error: unknown): 0 | 1 | 2 {
  if (error instanceof OutputClosed) return 0;
  return error instanceof UsageError ? 2 : 1;
}

/** The one line an error becomes. The file is named when the message does not name it already. */
export function errorLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const detail = error instanceof WeirError && error.file !== undefined && !message.includes(error.file) ? ` (${error.file})` : '';
  return `weir: ${codeOf(error)}: ${oneLine(message + detail)}`;
}

function codeOf(error: unknown): string {
  if (error instanceof WeirError) return error.code;
  if (error instanceof UsageError) return 'INVALID_ARGUMENT';
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return SYSTEM_CODES[error.code] ?? 'INTERNAL';
  return 'INTERNAL';
}

function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ').trim();
}

/** The stack and those of the causes, for `--verbose`. */
export function errorStack(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at instanceof Error && parts.length < 8; at = at.cause) parts.push(at.stack ?? String(at));
  return parts.join('\ncaused by: ');
}
