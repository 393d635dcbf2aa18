/**
 * What the operating system says, in weir's codes.
 *
 *   ENOENT ENOTDIR                        NOT_FOUND
 *   EEXIST                                ALREADY_EXISTS
 *   EISDIR ENAMETOOLONG EINVAL            INVALID_ARGUMENT
 *   anything else (ENOSPC EDQUOT EIO EACCES EMFILE EROFS …)   UNAVAILABLE
 */
import { type ErrorCode, WeirError } from '../base/error.js';

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'NOT_FOUND',
  ENOTDIR: 'NOT_FOUND',
  EEXIST: 'ALREADY_EXISTS',
  EISDIR: 'INVALID_ARGUMENT',
  ENAMETOOLONG: 'INVALID_ARGUMENT',
  EINVAL: 'INVALID_ARGUMENT',
};

const EXPLANATIONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of the path is not a directory',
  EEXIST: 'the file is there already',
  EISDIR: 'this is a directory',
  ENAMETOOLONG: 'the name is too long for the file system',
  ENOSPC: 'the disk is full: free some space and try again',
  EDQUOT: 'the disk quota is used up: free some space and try again',
  EIO: 'the disk reports an input/output error',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files: raise the limit (ulimit -n)',
  ENFILE: 'too many open files on this machine',
};

/** The `code` of a system error such as `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** `error` as a WeirError that names the file; a WeirError stays as it is. `verb` is what failed: "read", "create". */
export function fileError(error: unknown, verb: string, path: string): WeirError {
  if (error instanceof WeirError) return error;
  const system = systemCode(error) ?? '';
  const explanation = EXPLANATIONS[system] ?? (error instanceof Error ? error.message : String(error));
  return new WeirError(CODES[system] ?? 'UNAVAILABLE', `cannot ${verb} ${path}: ${explanation}`, { cause: error, file: path });
}

/** A read past the end of the file. */
export function shortFile(path: string, offset: number, length: number, size_bytes: number): WeirError {
  const wanted = `${length} bytes at offset ${offset}`;
  return new WeirError('CORRUPTION', `${path} has ${size_bytes} bytes, ${wanted} were expected: the file is cut off or damaged`, {
    file: path,
  });
}

/** what trying again does not mend */
const LASTING_CODES: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS']);

/** Would the same call fail the same way again: no space, no right, no such feature? */
export function isLasting(error: unknown): boolean {
  if (!(error instanceof WeirError)) return false;
  return error.code === 'UNSUPPORTED' || LASTING_CODES.has(systemCode(error.cause));
}
