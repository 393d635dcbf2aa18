/** Reads tar archives (POSIX headers, GNU long names): as much as the fixtures need. */

export interface TarFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const BLOCK_BYTES = 512;

/** The regular files of an archive, in its order; `bytes` are views of it. */
export function* readTar(archive: Uint8Array): Generator<TarFile> {
  let longName: string | undefined;
  for (let offset = 0; offset + BLOCK_BYTES <= archive.length; ) {
    const header = archive.subarray(offset, offset + BLOCK_BYTES);
    if (header[0] === 0) return; // the end: blocks of zeros
    const size_bytes = Number.parseInt(textAt(header, 124, 12), 8);
    const kind = String.fromCharCode(header[156] ?? 0);
    const bytes = archive.subarray(offset + BLOCK_BYTES, offset + BLOCK_BYTES + size_bytes);
    if (bytes.length !== size_bytes) throw new Error(`tar: cut off in ${textAt(header, 0, 100)}`);
    offset += BLOCK_BYTES + Math.ceil(size_bytes / BLOCK_BYTES) * BLOCK_BYTES;
    if (kind === 'L') {
      longName = textAt(bytes, 0, bytes.length);
      continue;
    }
    if (kind === '0' || kind === '\0') yield { path: longName ?? textAt(header, 0, 100), bytes };
    else if (kind !== '5') throw new Error(`tar: entries of kind ${kind} are not supported`);
    longName = undefined;
  }
}

/** Text of a field that ends with a zero byte, if it is not full. */
function textAt(bytes: Uint8Array, start: number, length: number): string {
  const field = bytes.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}
