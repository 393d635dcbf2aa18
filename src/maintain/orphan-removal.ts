/**
 * Deleting files that no snapshot, changelog or tag of any branch refers to: what crashed writers and committers left.
 *
 *   list old files ─> read all references ─> delete the difference
 *
 * Invariants
 * - files are listed before references are read: one that a commit takes up in between is known as referenced.
 * - a file younger than the limit may belong to a commit on its way and stays. So the limit must exceed the longest commit.
 * - nothing is deleted before every reference was read; deleting can die anywhere, and the next run finds the rest.
 */
import type { Clock } from '../base/clock.js';
import { WeirError } from '../base/error.js';
import { inParallel } from '../base/in-parallel.js';
import type { FileStat } from '../io/file-io.js';
import type { SchemaStore } from '../meta/schema-store.js';
import { baseName, type Candidates, findCandidates } from './orphan-candidates.js';
import { type ReferenceContext, referencedFiles } from './referenced-files.js';

export interface OrphanContext extends ReferenceContext {
  readonly schemas: SchemaStore;
  readonly clock: Clock;
  /** `database.table`, for errors */
  readonly table: string;
}

/** Orphans of another kind: those last changed before `limit_ms`, and what nothing is known of. */
export type FindMore = (limit_ms: number, signal: AbortSignal | undefined) => Promise<Candidates>;

/**
 * What an orphan removal may delete.
 *
 * @example
 * const options: OrphanOptions = { olderThan: Date.now() - 7 * 24 * 3_600_000, dryRun: true };
 * await flights.removeOrphanFiles(options);
 */
export interface OrphanOptions {
  /** Only files last changed before this time (epoch ms or Date) go. Default: a day ago. It must exceed the longest commit. */
  olderThan?: number | Date;
  /** Find them and delete nothing. */
  dryRun?: boolean;
  /** aborting leaves a state that the next run goes on from */
  signal?: AbortSignal;
  /** told after each file that was deleted */
  onProgress?: (progress: { readonly deleted: number; readonly total: number }) => void;
}

/**
 * A file that nothing refers to.
 *
 * @example
 * const { files } = await flights.removeOrphanFiles({ dryRun: true });
 * const oldest: OrphanFile | undefined = files.toSorted((a, b) => a.modified_ms - b.modified_ms)[0];
 */
export interface OrphanFile {
  readonly path: string;
  readonly size_bytes: number;
  /** epoch ms */
  readonly modified_ms: number;
}

/**
 * What an orphan removal found.
 *
 * @example
 * const result: OrphanResult = await flights.removeOrphanFiles();
 * console.log(`${result.files.length} files, ${result.size_bytes} bytes; ${result.unknown.length} left alone`);
 */
export interface OrphanResult {
  /** the orphans, deleted unless it was a dry run; by path */
  readonly files: readonly OrphanFile[];
  /** paths of files left alone because nothing is known of their names; directories of logs of another `log.id` */
  readonly unknown: readonly string[];
  readonly size_bytes: number;
}

/** So old a file has to be to go, unless told otherwise: no commit takes half as long. */
export const ORPHAN_AGE_MS = 24 * 60 * 60 * 1000;

/** @throws INVALID_ARGUMENT for a limit in the future; CORRUPTION when what names files is missing or damaged: then nothing is deleted */
export async function removeOrphanFiles(context: OrphanContext, options: OrphanOptions = {}, findMore?: FindMore): Promise<OrphanResult> {
  const { io, path, schemas, clock, table } = context;
  const { signal, dryRun = false, onProgress } = options;
  const limit_ms = limitOf(options.olderThan, clock.now_ms());
  const schema = await schemas.latest();
  if (schema === undefined) throw new WeirError('NOT_FOUND', `table ${table} does not exist any more`, { table });
  const { files: candidates, unknown } = await findCandidates(io, path, schema, signal);
  const old = candidates.filter((file) => file.modified_ms < limit_ms);
  const referenced = old.length === 0 ? new Set<string>() : await referencedFiles(context, signal);
  const more = await findMore?.(limit_ms, signal);
  const orphans = [...old.filter((file) => !referenced.has(baseName(file.path))), ...(more?.files ?? [])].sort(byPath);
  if (!dryRun) {
    let deleted = 0;
    await inParallel(orphans, signal, async (file) => {
      await io.remove(file.path);
      onProgress?.({ deleted: ++deleted, total: orphans.length });
    });
  }
  return {
    files: orphans.map(({ path: file, size_bytes, modified_ms }) => ({ path: file, size_bytes, modified_ms })),
    unknown: [...unknown, ...(more?.unknown ?? [])],
    size_bytes: orphans.reduce((sum, file) => sum + file.size_bytes, 0),
  };
}

function limitOf(olderThan: number | Date | undefined, now_ms: number): number {
  if (olderThan === undefined) return now_ms - ORPHAN_AGE_MS;
  const limit_ms = Number(olderThan);
  if (!(limit_ms <= now_ms)) {
    throw new WeirError('INVALID_ARGUMENT', 'olderThan must be a time in the past: files of commits on their way would go');
  }
  return limit_ms;
}

function byPath(a: FileStat, b: FileStat): number {
  return a.path < b.path ? -1 : 1;
}
