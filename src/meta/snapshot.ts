/** A snapshot: one committed state of a table (format-spec/snapshot). i64 values are bigint. */
import { WeirError } from '../base/error.js';
import { DocumentReader, formatDocument, parseDocument } from './document.js';

export type CommitKind = 'APPEND' | 'COMPACT' | 'OVERWRITE' | 'ANALYZE';

/**
 * One committed state of a table: the members of its file `snapshot/snapshot-<id>`.
 *
 * @example
 * const latest: Snapshot | undefined = await flights.snapshot();
 * console.log(latest?.id, latest?.commitKind, latest?.totalRecordCount);
 */
export interface Snapshot {
  readonly version: number;
  readonly uuid?: string;
  readonly id: bigint;
  readonly schemaId: bigint;
  readonly baseManifestList: string;
  readonly baseManifestListSize?: bigint;
  readonly deltaManifestList: string;
  readonly deltaManifestListSize?: bigint;
  readonly changelogManifestList?: string;
  readonly changelogManifestListSize?: bigint;
  readonly indexManifest?: string;
  readonly commitUser: string;
  readonly commitIdentifier: bigint;
  readonly commitKind: CommitKind;
  readonly timeMillis: number;
  readonly totalRecordCount: bigint;
  readonly deltaRecordCount: bigint;
  readonly changelogRecordCount?: bigint;
  readonly watermark?: bigint;
  readonly statistics?: string;
  readonly properties?: Readonly<Record<string, string>>;
  readonly nextRowId?: bigint;
}

/** What batch jobs of Paimon use as commit identifier. */
export const BATCH_IDENTIFIER = 9223372036854775807n;

const KINDS: readonly string[] = ['APPEND', 'COMPACT', 'OVERWRITE', 'ANALYZE'];
const NEWEST_VERSION = 3;

/**
 * The document of a snapshot, a tag or a changelog (all three have this form). Members weir does not know are ignored.
 *
 * @throws CORRUPTION naming `file`; UNSUPPORTED for a newer version of the document
 */
export function parseSnapshot(bytes: Uint8Array, file: string): Snapshot {
  const document = new DocumentReader(parseDocument(bytes, file), file);
  const version = document.has('version') ? document.integer('version') : 1;
  if (version > NEWEST_VERSION) throw new WeirError('UNSUPPORTED', `${file} is a snapshot of version ${version}`, { file });
  const commitKind = document.string('commitKind');
  if (!KINDS.includes(commitKind)) throw new WeirError('CORRUPTION', `${file}: there is no commit kind ${commitKind}`, { file });
  const snapshot: Snapshot = {
    version,
    id: document.long('id'),
    schemaId: document.long('schemaId'),
    baseManifestList: document.string('baseManifestList'),
    deltaManifestList: document.string('deltaManifestList'),
    commitUser: document.string('commitUser'),
    commitIdentifier: document.long('commitIdentifier'),
    commitKind: commitKind as CommitKind,
    timeMillis: document.integer('timeMillis'),
    // writers up to 1.3 could leave the counts out
    totalRecordCount: document.has('totalRecordCount') ? document.long('totalRecordCount') : 0n,
    deltaRecordCount: document.has('deltaRecordCount') ? document.long('deltaRecordCount') : 0n,
    ...(document.has('uuid') && { uuid: document.string('uuid') }),
    ...(document.has('baseManifestListSize') && { baseManifestListSize: document.long('baseManifestListSize') }),
    ...(document.has('deltaManifestListSize') && { deltaManifestListSize: document.long('deltaManifestListSize') }),
    ...(document.has('changelogManifestList') && { changelogManifestList: document.string('changelogManifestList') }),
    ...(document.has('changelogManifestListSize') && { changelogManifestListSize: document.long('changelogManifestListSize') }),
    ...(document.has('indexManifest') && { indexManifest: document.string('indexManifest') }),
    ...(document.has('changelogRecordCount') && { changelogRecordCount: document.long('changelogRecordCount') }),
    ...(document.has('watermark') && { watermark: document.long('watermark') }),
    ...(document.has('statistics') && { statistics: document.string('statistics') }),
    ...(document.has('properties') && { properties: document.stringMap('properties') }),
    ...(document.has('nextRowId') && { nextRowId: document.long('nextRowId') }),
  };
  if (snapshot.id < 1n || snapshot.schemaId < 0n) {
    throw new WeirError('CORRUPTION', `${file}: snapshot ${snapshot.id} with schema ${snapshot.schemaId} cannot be`, { file });
  }
  return snapshot;
}

/** The document as Paimon writes it: its order of members, absent ones left out. */
export function formatSnapshot(snapshot: Snapshot): Uint8Array {
  const { properties } = snapshot;
  return formatDocument({
    version: snapshot.version,
    uuid: snapshot.uuid,
    id: snapshot.id,
    schemaId: snapshot.schemaId,
    baseManifestList: snapshot.baseManifestList,
    baseManifestListSize: snapshot.baseManifestListSize,
    deltaManifestList: snapshot.deltaManifestList,
    deltaManifestListSize: snapshot.deltaManifestListSize,
    changelogManifestList: snapshot.changelogManifestList,
    changelogManifestListSize: snapshot.changelogManifestListSize,
    indexManifest: snapshot.indexManifest,
    commitUser: snapshot.commitUser,
    commitIdentifier: snapshot.commitIdentifier,
    commitKind: snapshot.commitKind,
    timeMillis: snapshot.timeMillis,
    totalRecordCount: snapshot.totalRecordCount,
    deltaRecordCount: snapshot.deltaRecordCount,
    changelogRecordCount: snapshot.changelogRecordCount,
    watermark: snapshot.watermark,
    statistics: snapshot.statistics,
    properties: properties !== undefined && Object.keys(properties).length > 0 ? properties : undefined,
    nextRowId: snapshot.nextRowId,
  });
}
