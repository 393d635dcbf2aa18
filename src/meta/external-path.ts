/**
 * Where a file outside of its table's directory is (`_EXTERNAL_PATH`): Java names it by a URI that it does not escape.
 *
 *   /data/f   file:/data/f   file:///data/f   ->  /data/f          s3://…   refused: weir's storage is local
 */
import { WeirError } from '../base/error.js';

const LOCAL = /^(?:file:(?:\/\/)?)?(\/[^/].*)$/s;

/** @throws WeirError UNSUPPORTED naming the path when it is on another storage */
export function localPath(externalPath: string): string {
  const path = LOCAL.exec(externalPath)?.[1];
  if (path !== undefined) return path;
  throw new WeirError('UNSUPPORTED', `the file ${externalPath} is not on a local disk`, { file: externalPath });
}
