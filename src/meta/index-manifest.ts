/**
 * Index manifests: the one file of a snapshot that names all its index files. weir reads which there are - deletion
 * vectors and dynamic buckets change what a reader must do - and keeps the file as it is.
 */
import { readAvro } from '../format/avro-container.js';
import { checkVersion } from './manifest-file.js';
import { RecordReader } from './record-reader.js';

const INDEX_VERSION = 1;

export interface IndexManifestEntry {
  /** 0 ADD, 1 DELETE; stored files hold ADD only */
  readonly kind: number;
  /** serialized BinaryRow */
  readonly partition: Uint8Array;
  readonly bucket: number;
  /** `HASH`, `DELETION_VECTORS` or the name of a global index */
  readonly indexType: string;
  readonly fileName: string;
  readonly fileSize_bytes: number;
  readonly rowCount: number;
  /** data files that have a deletion vector in this index file */
  readonly dataFiles: readonly string[];
}

/** CORRUPTION naming `file`. */
export async function readIndexManifest(bytes: Uint8Array, file: string): Promise<IndexManifestEntry[]> {
  const { records } = await readAvro(bytes, file);
  return records.map((each) => {
    const record = new RecordReader(each, file);
    checkVersion(record, file, INDEX_VERSION);
    const ranges = record.has('_DELETIONS_VECTORS_RANGES') ? record.list('_DELETIONS_VECTORS_RANGES') : [];
    return {
      kind: record.int('_KIND', 0, 1),
      partition: record.row('_PARTITION'),
      bucket: record.int('_BUCKET', -2),
      indexType: record.string('_INDEX_TYPE'),
      fileName: record.string('_FILE_NAME'),
      fileSize_bytes: record.count('_FILE_SIZE'),
      rowCount: record.count('_ROW_COUNT'),
      dataFiles: ranges.filter((range) => range !== null).map((range) => new RecordReader(range, file).string('f0')),
    };
  });
}
