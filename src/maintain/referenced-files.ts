/**
 * Every file that a table refers to, by name (names are unique within a table).
 *
 *   main, each branch ─ snapshots, changelogs, tags ─ lists ─ manifests ─ data, changelog and extra files
 *                                                   └ index manifest ─ index files; statistics
 *
 * Invariants
 * - what only deleted entries name counts, too: nothing is left out that any document still in the table mentions.
 * - documents are listed again after they were read, until there is none that was not read: one that moved meanwhile (a snapshot that
 *   became a changelog, a branch that became main) is met at its new place.
 * - a document that cannot be understood, or a file of a snapshot or tag that is missing, ends it: no answer is better than a wrong one.
 *   Only snapshots that an expiry has begun with may: those below the one it says stays, and the oldest, below one that misses none.
 * - expiry takes the changelog lists of snapshots that live on as tags or in branches, and all but the changes of kept changelogs.
 */
import type { FileIO } from '../io/file-io.js';
import { isMissingFile, readIfPresent } from '../meta/absent-file.js';
import type { ManifestFileMeta } from '../meta/manifest-list.js';
import type { ManifestStore } from '../meta/manifest-store.js';
import { parseSnapshot, type Snapshot } from '../meta/snapshot.js';
import type { SnapshotStore } from '../meta/snapshot-store.js';
import { TablePath } from '../meta/table-path.js';
import { baseName } from './orphan-candidates.js';

export interface ReferenceContext {
  readonly io: FileIO;
  readonly path: TablePath;
  /** of the main branch: nothing else expires */
  readonly snapshots: SnapshotStore;
  readonly manifests: ManifestStore;
}

/** A snapshot, or a copy of one. Of a changelog only what its changes need is there. */
interface Document {
  readonly file: string;
  readonly kind: 'snapshot' | 'changelog' | 'tag';
  readonly mayMiss: MayMiss;
}

/** Lists, and what they name, that an expiry may have taken rightly. */
type MayMiss = 'nothing' | 'changelog' | 'everything';

/** Snapshots of one directory, and what came of reading them. */
interface Outcome {
  readonly directory: string;
  readonly id: bigint;
  readonly error: unknown;
}

/** @throws CORRUPTION when a file that names others is missing or damaged */
export async function referencedFiles(context: ReferenceContext, signal?: AbortSignal): Promise<Set<string>> {
  const references = new References(context.manifests);
  const seen = new Set<string>();
  const outcomes: Outcome[] = [];
  for (;;) {
    const unseen = [...(await listDocuments(context))].filter(([key]) => !seen.has(key));
    if (unseen.length === 0) break;
    for (const [key, document] of unseen) {
      signal?.throwIfAborted();
      seen.add(key);
      const outcome = await addDocument(context, document, references);
      if (outcome !== undefined) outcomes.push(outcome);
    }
  }
  for (const outcome of outcomes) if (outcome.error !== undefined && !(await isExpiring(context, outcome, outcomes))) throw outcome.error;
  return references.names;
}

/** An expiry that died may have spared the files of one snapshot, and taken some of the next; other engines' leave no mark before. */
async function isExpiring(
  { snapshots, path }: ReferenceContext,
  { directory, id }: Outcome,
  outcomes: readonly Outcome[],
): Promise<boolean> {
  if (directory === path.snapshotDirectory && !(await snapshots.isHeld(id))) return true;
  const whole = outcomes.filter((other) => other.directory === directory && other.error === undefined);
  return whole.length > 0 && whole.every((other) => other.id > id);
}

/** By path, size and time: one that was replaced is another. Snapshots come before what they may become. */
async function listDocuments({ io, path }: ReferenceContext): Promise<Map<string, Document>> {
  const documents = new Map<string, Document>();
  const add = async (directory: string, pattern: RegExp, kind: Document['kind'], mayMiss: MayMiss) => {
    for (const { path: file, size_bytes, modified_ms } of await io.list(directory)) {
      if (pattern.test(baseName(file))) documents.set(`${file} ${size_bytes} ${modified_ms}`, { file, kind, mayMiss });
    }
  };
  const branches = (await io.list(path.branchDirectory)).flatMap((entry) => path.branchOf(entry.path) ?? []);
  for (const place of [path, ...branches.map((branch) => new TablePath(path.root, {}, branch))]) {
    await add(place.snapshotDirectory, /^snapshot-\d+$/, 'snapshot', place === path ? 'nothing' : 'changelog');
    await add(place.changelogDirectory, /^changelog-\d+$/, 'changelog', 'everything');
    await add(place.tagDirectory, /^tag-/, 'tag', 'changelog');
  }
  return documents;
}

async function addDocument(
  { io }: ReferenceContext,
  { file, kind, mayMiss }: Document,
  references: References,
): Promise<Outcome | undefined> {
  const bytes = await readIfPresent(io, file);
  // expired, or moved: then the next listing has it elsewhere
  if (bytes === undefined) return undefined;
  const snapshot = parseSnapshot(bytes, file);
  const outcome = { directory: file.slice(0, file.lastIndexOf('/')), id: snapshot.id };
  try {
    await references.add(snapshot, mayMiss);
  } catch (error) {
    if (!isMissingFile(error)) throw error;
    if (!(await io.exists(file))) return undefined;
    if (kind !== 'snapshot') throw error;
    return { ...outcome, error };
  }
  return kind === 'snapshot' ? { ...outcome, error: undefined } : undefined;
}

class References {
  readonly names = new Set<string>();
  readonly #manifests: ManifestStore;

  constructor(manifests: ManifestStore) {
    this.#manifests = manifests;
  }

  async add(snapshot: Snapshot, mayMiss: MayMiss): Promise<void> {
    const { baseManifestList, deltaManifestList, changelogManifestList, indexManifest, statistics } = snapshot;
    await this.#addList(baseManifestList, mayMiss === 'everything');
    await this.#addList(deltaManifestList, mayMiss === 'everything');
    if (changelogManifestList !== undefined) await this.#addList(changelogManifestList, mayMiss !== 'nothing');
    if (statistics !== undefined) this.names.add(baseName(statistics));
    if (indexManifest === undefined || this.names.has(indexManifest)) return;
    for (const entry of await unlessMissing(this.#manifests.readIndex(indexManifest), mayMiss === 'everything'))
      this.names.add(entry.fileName);
    this.names.add(indexManifest);
  }

  async #addList(name: string, mayMiss: boolean): Promise<void> {
    for (const manifest of await unlessMissing(this.#manifests.readList(name), mayMiss)) await this.#addManifest(manifest, mayMiss);
    this.names.add(name);
  }

  async #addManifest({ fileName }: ManifestFileMeta, mayMiss: boolean): Promise<void> {
    if (this.names.has(fileName)) return;
    for (const { file } of await unlessMissing(this.#manifests.readEntries(fileName), mayMiss)) {
      this.names.add(file.fileName);
      for (const extra of file.extraFiles) this.names.add(extra);
    }
    this.names.add(fileName);
  }
}

async function unlessMissing<T>(read: Promise<readonly T[]>, mayMiss: boolean): Promise<readonly T[]> {
  try {
    return await read;
  } catch (error) {
    if (mayMiss && isMissingFile(error)) return [];
    throw error;
  }
}
