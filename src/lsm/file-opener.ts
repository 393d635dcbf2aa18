/** Opens the data files of one bucket so that they yield given fields, whatever schema each was written under. */
import { WeirError } from '../base/error.js';
import type { PageCache } from '../format/data-file.js';
import { type FileIORef, resolveFileIO } from '../io/file-io-ref.js';
import { deserializeRow } from '../meta/binary-row.js';
import type { DataFileMeta } from '../meta/data-file-meta.js';
import { localPath } from '../meta/external-path.js';
import type { TableSchema } from '../meta/table-schema.js';
import type { DataField } from '../types/data-type.js';
import { EvolvingReader, openEvolving } from './evolving-reader.js';
import { type MemoryFile, openMemoryFile } from './memory-file.js';

/** One bucket's place on storage. Plain data. */
export interface BucketPlace {
  /** serialized BinaryRow */
  readonly partition: Uint8Array;
  readonly bucket: number;
  /** absolute directory of the bucket's files */
  readonly directory: string;
  /** rows that stand among the files but are in memory */
  readonly memory?: readonly MemoryFile[];
}

export interface OpenerOptions {
  readonly io: FileIORef;
  readonly place: BucketPlace;
  /** the schema rows are read in */
  readonly schema: TableSchema;
  /** every schema that one of the files was written under */
  readonly fileSchemas: readonly TableSchema[];
  /** decompressed pages for repeated point reads */
  readonly pageCache?: PageCache;
}

export function fileOpener(options: OpenerOptions, fields: readonly DataField[]): (file: DataFileMeta) => Promise<EvolvingReader> {
  const io = resolveFileIO(options.io);
  const schemas = new Map(options.fileSchemas.map((schema) => [schema.id, schema]));
  const partitionFields = fieldsNamed(options.schema, options.schema.partitionKeys);
  const types = partitionFields.map((field) => field.type);
  const values = deserializeRow(types, options.place.partition);
  return async (file) => {
    const path = filePath(options.place, file);
    const schema = schemas.get(file.schemaId);
    if (schema === undefined) throw new WeirError('CORRUPTION', `schema ${file.schemaId} of ${path} is missing`, { file: path });
    const partition = { fields: partitionFields, values };
    const inMemory = options.place.memory?.find(({ meta }) => meta.fileName === file.fileName);
    if (inMemory !== undefined) return new EvolvingReader(openMemoryFile(inMemory), file, schema, fields, partition);
    checkWhole(path, file, schema);
    return openEvolving(io, path, file, schema, fields, partition, options.pageCache);
  };
}

/** A file with some of its schema's columns is completed by others (data evolution): read alone it would give missing values. */
function checkWhole(path: string, { writeCols }: DataFileMeta, schema: TableSchema): void {
  const absent = writeCols === null ? undefined : schema.fields.find((field) => !writeCols.includes(field.name));
  if (absent !== undefined)
    throw new WeirError('UNSUPPORTED', `${path} is without the column ${absent.name} (data evolution)`, { file: path });
}

export function filePath(place: Pick<BucketPlace, 'directory'>, file: DataFileMeta): string {
  return file.externalPath === null ? `${place.directory}/${file.fileName}` : localPath(file.externalPath);
}

/** Distinct fields of these names, in order of first mention. */
export function fieldsNamed(schema: TableSchema, names: Iterable<string>): DataField[] {
  return [...new Set(names)].map((name) => schema.fields.find((field) => field.name === name)!);
}
