/**
 * The container of a data file's indexes (format-spec/file-index): in the manifest entry when it is small, else in a file
 * beside the data file.
 *
 *   magic i64 · version i32 · head length i32 · columns i32 · per column { name, indexes i32, per index { kind, start, length } } ┆ body
 *
 * Only the head and the asked indexes are read.
 */
import { WeirError } from '../../base/error.js';
import { BigEndianReader } from './big-endian-reader.js';

const MAGIC = 1493475289347502n;
const VERSION = 1;
/** magic, version, head length */
const PREFIX_BYTES = 16;
/** `start` of an index that no value went into */
const EMPTY = -1;

/** Where index bytes come from: an open file, or the bytes of a manifest entry. */
export interface IndexSource {
  /** of the index file; of the data file when the index is in its manifest entry */
  readonly path: string;
  readonly size_bytes: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface IndexPart {
  /** `bloom-filter`, `bitmap`, `bsi`, `range-bitmap` or one that weir does not know */
  readonly kind: string;
  /** undefined: the column has no value in this file */
  readonly range: { readonly start: number; readonly length: number } | undefined;
}

/**
 * The indexes by column (by the column's name in the schema of the file).
 *
 * @throws WeirError CORRUPTION naming the source; UNSUPPORTED for a newer version of the container
 */
export async function readIndexHead(source: IndexSource): Promise<Map<string, IndexPart[]>> {
  const { path, size_bytes } = source;
  const damaged = (what: string) => new WeirError('CORRUPTION', `${path}: its index is damaged: ${what}`, { file: path });
  if (size_bytes < PREFIX_BYTES) throw damaged(`${size_bytes} bytes are too few`);
  const prefix = new BigEndianReader(await source.read(0, PREFIX_BYTES), path);
  if (prefix.int64() !== MAGIC) throw damaged('it does not begin as an index does');
  const version = prefix.int32();
  if (version !== VERSION) throw new WeirError('UNSUPPORTED', `${path} has an index of version ${version}`, { file: path });
  const headLength = prefix.int32();
  if (headLength < PREFIX_BYTES || headLength > size_bytes) throw damaged(`a head of ${headLength} bytes in ${size_bytes}`);
  const head = new BigEndianReader(await source.read(PREFIX_BYTES, headLength - PREFIX_BYTES), path);
  const columns = new Map<string, IndexPart[]>();
  for (let count = head.count(6); count > 0; count--) {
    const name = head.utf();
    const parts: IndexPart[] = [];
    for (let indexes = head.count(10); indexes > 0; indexes--) {
      const kind = head.utf();
      const start = head.int32();
      const length = head.int32();
      if (start === EMPTY) {
        parts.push({ kind, range: undefined });
        continue;
      }
      if (start < headLength || length < 0 || start + length > size_bytes) throw damaged(`${kind} of ${name} at ${start}, ${length} bytes`);
      parts.push({ kind, range: { start, length } });
    }
    columns.set(name, parts);
  }
  return columns;
}
