/**
 * From file changes to the set of files: what cancels what (format-spec/manifest).
 *
 * Invariants: a file is one (partition, bucket, level, name, extra files, embedded index, external path) and is never
 * added again after its deletion; an upgrade to another level is a DELETE and an ADD of one name.
 */
import { WeirError } from '../base/error.js';
import { DELETE_FILE, type ManifestEntry } from './manifest-entry.js';

/** partitions repeat: their text is made once for every bytes object */
const partitionText = new WeakMap<Uint8Array, string>();

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** Equal for equal identities, different for different ones. Not meant to be stored or shown. */
export function entryIdentity(entry: ManifestEntry): string {
  const { file } = entry;
  let partition = partitionText.get(entry.partition);
  if (partition === undefined) {
    partition = latin1(entry.partition);
    partitionText.set(entry.partition, partition);
  }
  const short = `${entry.bucket}/${file.level}/${file.fileName}/${partition}`;
  if (file.extraFiles.length === 0 && file.embeddedFileIndex === null && file.externalPath === null) return short;
  const index = file.embeddedFileIndex === null ? null : latin1(file.embeddedFileIndex);
  return `${short}${JSON.stringify([file.extraFiles, index, file.externalPath])}`;
}

/**
 * Entries in order, with every ADD cancelled by a later DELETE of the same identity. A DELETE of something unknown stays:
 * it speaks of a lower layer.
 *
 * @throws COMMIT_CONFLICT when a file is added twice
 */
export function mergeEntries(entries: Iterable<ManifestEntry>): ManifestEntry[] {
  const state = new Map<string, ManifestEntry>();
  for (const entry of entries) {
    const identity = entryIdentity(entry);
    const known = state.get(identity);
    if (entry.kind === DELETE_FILE) {
      if (known === undefined || known.kind === DELETE_FILE) state.set(identity, entry);
      else state.delete(identity);
    } else if (known !== undefined && known.kind !== DELETE_FILE) {
      throw new WeirError('COMMIT_CONFLICT', `the file ${entry.file.fileName} is in the table already`, { file: entry.file.fileName });
    } else {
      state.set(identity, entry);
    }
  }
  return [...state.values()];
}

/** The files of a table whose manifests, in order, hold these entries: every ADD that no manifest deletes. */
export function liveEntries(manifests: ManifestEntry[][]): ManifestEntry[] {
  const deleted = new Set<string>();
  for (const entries of manifests) {
    for (const entry of entries) if (entry.kind === DELETE_FILE) deleted.add(entryIdentity(entry));
  }
  const live: ManifestEntry[] = [];
  for (const entries of manifests) {
    for (const entry of entries) {
      if (entry.kind !== DELETE_FILE && (deleted.size === 0 || !deleted.has(entryIdentity(entry)))) live.push(entry);
    }
  }
  return live;
}
