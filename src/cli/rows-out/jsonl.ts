/** JSON lines, as golden-encoding says: exact for every type. */
import { encodeJsonLines } from '../../types/json-line.js';
import type { RowWriter, RowWriterOptions } from './row-writer.js';

export function jsonLinesWriter({ sink, numbers }: RowWriterOptions): RowWriter {
  return {
    write: (batch, kinds) => sink.write(encodeJsonLines(batch, { numbers, ...(kinds === undefined ? {} : { kinds }) })),
    finish: () => Promise.resolve(),
  };
}
