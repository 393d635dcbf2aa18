/** A manifest: an Avro file with one record per data or changelog file added or deleted (format-spec/manifest). */
import { WeirError } from '../base/error.js';
import { readAvro, writeAvro } from '../format/avro-container.js';
import { sameBytes } from './binary-row.js';
import { dataFileFromRecord, dataFileToRecord } from './data-file-meta.js';
import type { ManifestEntry } from './manifest-entry.js';
import { MANIFEST_SCHEMA } from './manifest-schema.js';
import { RecordReader } from './record-reader.js';

/** `_VERSION` of manifests and manifest lists */
export const MANIFEST_VERSION = 2;
/** how far off a version may be to be one and not a flipped bit */
const LIKELY_VERSIONS = 16;

export function entryToRecord(entry: ManifestEntry): { [name: string]: unknown } {
  return {
    _VERSION: MANIFEST_VERSION,
    _KIND: entry.kind,
    _PARTITION: entry.partition,
    _BUCKET: entry.bucket,
    _TOTAL_BUCKETS: entry.totalBuckets,
    _FILE: dataFileToRecord(entry.file),
  };
}

/** @param codec value of `manifest.compression` */
export function writeManifest(entries: readonly ManifestEntry[], codec: string): Promise<Uint8Array> {
  return writeAvro(MANIFEST_SCHEMA, entries.map(entryToRecord), codec);
}

/** The entries in the file's order; entries of one partition share its bytes. CORRUPTION naming `file`. */
export async function readManifest(bytes: Uint8Array, file: string): Promise<ManifestEntry[]> {
  const { records } = await readAvro(bytes, file);
  let last: Uint8Array | undefined;
  return records.map((each) => {
    const record = new RecordReader(each, file);
    checkVersion(record, file, MANIFEST_VERSION);
    const partition = record.row('_PARTITION');
    if (last === undefined || !sameBytes(last, partition)) last = partition;
    return {
      kind: record.int('_KIND', 0, 1),
      partition: last,
      bucket: record.int('_BUCKET', -2),
      totalBuckets: record.int('_TOTAL_BUCKETS', -2),
      file: dataFileFromRecord(record.nested('_FILE')),
    };
  });
}

export function checkVersion(record: RecordReader, file: string, expected: number): void {
  const version = record.int('_VERSION', 0);
  if (version === expected) return;
  if (version < 1 || version > LIKELY_VERSIONS) throw record.wrong('_VERSION');
  throw new WeirError('UNSUPPORTED', `${file} has version ${version} of its format, weir reads version ${expected}`, { file });
}
