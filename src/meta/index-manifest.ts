/**
 * Index manifests: the one file of a snapshot that names all its index files. weir reads which there are, applies deletion
 * vectors, and keeps the file as it is.
 */
import { readAvro } from '../format/avro-container.js';
import { checkVersion } from './manifest-file.js';
import { RecordReader } from './record-reader.js';

const INDEX_VERSION = 1;

export const DELETION_VECTORS = 'DELETION_VECTORS';

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
  /** where in the index file the deletion vectors of data files are */
  readonly vectors: readonly DeletionVectorRange[];
  readonly externalPath: string | null;
}

export interface DeletionVectorRange {
  /** name of the data file */
  readonly dataFile: string;
  readonly offset: number;
  readonly length: number;
  readonly cardinality: number | null;
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
      vectors: ranges.filter((range) => range !== null).map((range) => rangeOf(new RecordReader(range, file))),
      externalPath: record.has('_EXTERNAL_PATH') ? record.string('_EXTERNAL_PATH') : null,
    };
  });
}

function rangeOf(record: RecordReader): DeletionVectorRange {
  return {
    dataFile: record.string('f0'),
    offset: record.int('f1', 0),
    length: record.int('f2', 0),
    cardinality: record.has('_CARDINALITY') ? record.count('_CARDINALITY') : null,
  };
}
