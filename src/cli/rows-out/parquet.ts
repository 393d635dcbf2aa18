/** One Parquet file, as weir's data files are written (snappy), at a path that is not there yet. */
import { createDataFileWriter } from '../../format/data-file.js';
import { localFileIO } from '../../io/local-file-io.js';
import type { DataField } from '../../types/data-type.js';
import { KIND_FIELD } from './kind-column.js';
import { kindFirst, type RowWriter } from './row-writer.js';

export interface ParquetRowWriter extends RowWriter {
  abort(): Promise<void>;
}

export async function parquetWriter(path: string, fields: readonly DataField[], withKinds: boolean): Promise<ParquetRowWriter> {
  const columns = withKinds ? [KIND_FIELD, ...fields] : fields;
  const writer = await createDataFileWriter(localFileIO(), path, columns, { format: 'parquet', compression: 'snappy' });
  return {
    write: (batch, kinds) => writer.write(kindFirst(batch, kinds)),
    async finish() {
      await writer.finish({ sync: true });
    },
    abort: () => writer.abort(),
  };
}
