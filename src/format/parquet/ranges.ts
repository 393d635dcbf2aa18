/** Byte ranges of one file, read in as few and as parallel requests as pay. */
import type { RandomAccessFile } from '../../io/file-io.js';
import type { Tail } from './footer.js';
import type { FileRange } from './metadata.js';

/** a gap up to this long is read rather than asked around */
const GAP_BYTES = 32 * 1024;
/** neighbours are joined up to this size */
const JOIN_BYTES = 64 * 1024 * 1024;

/** The bytes of each range, in the order given; views on shared buffers. */
export async function readRanges(file: RandomAccessFile, tail: Tail | undefined, ranges: readonly FileRange[]): Promise<Uint8Array[]> {
  const out: Uint8Array[] = new Array(ranges.length);
  const order = ranges.map((_, i) => i).filter((i) => !fromTail(tail, ranges[i]!, out, i));
  order.sort((a, b) => ranges[a]!.offset - ranges[b]!.offset);
  const requests: Promise<void>[] = [];
  for (let first = 0; first < order.length; ) {
    const { offset } = ranges[order[first]!]!;
    let end = offset + ranges[order[first]!]!.length;
    let next = first + 1;
    for (; next < order.length; next++) {
      const range = ranges[order[next]!]!;
      if (range.offset - end > GAP_BYTES || range.offset + range.length - offset > JOIN_BYTES) break;
      end = Math.max(end, range.offset + range.length);
    }
    requests.push(readSpan(file, offset, end, ranges, order.slice(first, next), out));
    first = next;
  }
  await Promise.all(requests);
  return out;
}

function fromTail(tail: Tail | undefined, range: FileRange, out: Uint8Array[], i: number): boolean {
  if (tail === undefined || range.offset < tail.offset || range.offset + range.length > tail.offset + tail.bytes.length) return false;
  out[i] = tail.bytes.subarray(range.offset - tail.offset, range.offset - tail.offset + range.length);
  return true;
}

async function readSpan(
  file: RandomAccessFile,
  offset: number,
  end: number,
  ranges: readonly FileRange[],
  members: readonly number[],
  out: Uint8Array[],
): Promise<void> {
  const bytes = await file.read(offset, end - offset);
  for (const i of members) {
    const from = ranges[i]!.offset - offset;
    out[i] = bytes.subarray(from, from + ranges[i]!.length);
  }
}
