/** A column chunk's bytes to a decoded leaf; zstd pages are decompressed in the background while others decode. */
import { WeirError } from '../../base/error.js';
import { BROTLI, type Codec, GZIP, LZ4, LZ4_RAW, SNAPPY, UNCOMPRESSED, zstdCodec } from '../compression.js';
import { LeafDecoder } from './leaf-decoder.js';
import { CodecId, type ColumnChunk, Encoding, PageType, Type } from './metadata.js';
import { openPage, type PageBody, type RawPage, scanPages } from './page.js';
import type { SchemaNode } from './schema.js';

const ZSTD = zstdCodec(1);
/** more is reserved for byte arrays only once there are as many */
const MAX_HINT_BYTES = 1 << 26;

/** @throws UNSUPPORTED for codecs that weir does not read */
export function codecOf(chunk: ColumnChunk): Codec {
  switch (chunk.codec) {
    case CodecId.UNCOMPRESSED:
      return UNCOMPRESSED;
    case CodecId.SNAPPY:
      return SNAPPY;
    case CodecId.GZIP:
      return GZIP;
    case CodecId.BROTLI:
      return BROTLI;
    case CodecId.LZ4:
      return LZ4;
    case CodecId.LZ4_RAW:
      return LZ4_RAW;
    case CodecId.ZSTD:
      return ZSTD;
    default:
      throw new WeirError(
        'UNSUPPORTED',
        `Parquet codec ${chunk.codec === CodecId.LZO ? 'LZO' : chunk.codec} of column ${chunk.path.join('.')}`,
      );
  }
}

/**
 * Decodes `bytes`, the pages of `valueCount` values. A promise only where the codec has one: call the result of
 * `begin` when the leaf before is done.
 */
export function beginChunk(
  chunk: ColumnChunk,
  node: SchemaNode,
  bytes: Uint8Array,
  valueCount: number,
): () => LeafDecoder | Promise<LeafDecoder> {
  const pages = scanPages(bytes, valueCount);
  const codec = codecOf(chunk);
  const decoder = () => new LeafDecoder(node, valueCount, bytesHint(chunk, node, pages));
  const open = (page: RawPage) => openPage(page, codec, node.maxRepetition, node.maxDefinition);
  if (chunk.codec !== CodecId.ZSTD) {
    return () => {
      const leaf = decoder();
      for (const page of pages) leaf.append(open(page) as PageBody);
      return leaf;
    };
  }
  const bodies = Promise.all(pages.map(open));
  bodies.catch(() => undefined); // it is awaited later, if nothing fails before
  return async () => {
    const leaf = decoder();
    for (const body of await bodies) leaf.append(body);
    return leaf;
  };
}

function bytesHint(chunk: ColumnChunk, node: SchemaNode, pages: readonly RawPage[]): number {
  if (node.element.type !== Type.BYTE_ARRAY) return 0;
  const lengths = node.maxDefinition === 0 || chunk.statistics?.nullCount === 0 ? 4 : 0;
  let total = 0;
  for (const { header } of pages) {
    if (header.type === PageType.DICTIONARY || header.encoding === Encoding.PLAIN_DICTIONARY || header.encoding === Encoding.RLE_DICTIONARY)
      continue;
    total += Math.max(0, header.uncompressed_bytes - (header.encoding === Encoding.PLAIN ? lengths * header.valueCount : 0));
  }
  return Math.min(total, MAX_HINT_BYTES);
}
