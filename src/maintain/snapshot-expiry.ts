/**
 * Expiry: takes old snapshots away, and the files that only they needed.
 *
 *   range ─> plan (reads only) ─> EARLIEST ─> data files ─> manifests ─> their lists ─> snapshots, oldest first
 *
 * Invariants: in this order a crash leaves nothing that the next run does not find again, for what names a file is deleted after
 * it; two expiries at once delete the same things, and deleting what is gone is fine.
 */
import { WeirError } from '../base/error.js';
import { inParallel } from '../base/in-parallel.js';
import type { FileIO } from '../io/file-io.js';
import type { ManifestStore } from '../meta/manifest-store.js';
import { parseDuration, parseInteger } from '../meta/option-values.js';
import type { SchemaStore } from '../meta/schema-store.js';
import type { TableOptions } from '../meta/table-options.js';
import type { TablePath } from '../meta/table-path.js';
import type { TableSchema } from '../meta/table-schema.js';
import { ExpiryPlanner } from './expiry-plan.js';
import { expiryRange, type RetentionContext } from './expiry-range.js';
import { readRoots } from './expiry-roots.js';

export interface ExpireContext extends RetentionContext {
  readonly io: FileIO;
  readonly path: TablePath;
  readonly schemas: SchemaStore;
  readonly manifests: ManifestStore;
  /** `database.table`, for errors */
  readonly table: string;
}

export interface ExpireOptions {
  /** aborting leaves a state that the next run goes on from */
  readonly signal?: AbortSignal;
  /** snapshots at most, instead of `snapshot.expire.limit` */
  readonly limit?: number;
}

export interface ExpireOutcome {
  /** snapshots */
  readonly expired: number;
  /** data, changelog, manifest, index and statistics files */
  readonly filesDeleted: number;
  /** the earliest snapshot that is left */
  readonly earliest: bigint | undefined;
}

/** @throws UNSUPPORTED when the options keep changelogs longer than snapshots; CORRUPTION when what names the files is damaged */
export async function expireSnapshots(context: ExpireContext, options: ExpireOptions = {}): Promise<ExpireOutcome> {
  const { io, path, snapshots, manifests, schemas, table } = context;
  const { signal } = options;
  const range = await expiryRange(context, options.limit ?? context.options.snapshotExpireLimit);
  if (range === undefined || range.end === range.begin) return { expired: 0, filesDeleted: 0, earliest: range?.begin };
  const schema = await schemas.latest();
  if (schema === undefined) throw new WeirError('NOT_FOUND', `table ${table} does not exist any more`, { table });
  refuseLongChangelog(schema, context.options, table);
  const { begin, end } = range;
  const planner = new ExpiryPlanner(snapshots, manifests, path, schema, await readRoots(io, path, snapshots));
  const plan = await planner.plan(begin, end, signal);
  if (plan === undefined) return { expired: 0, filesDeleted: 0, earliest: await snapshots.earliestId() };
  // first of all, and lasting: a reader that misses a file is to know that its snapshot is on its way out, also after a power loss
  await snapshots.raiseEarliestHint(end, { sync: context.options.commitFsync });
  await inParallel([...plan.dataFiles, ...plan.others], signal, (file) => io.remove(file));
  await inParallel(plan.manifests, signal, (name) => manifests.remove([name]));
  await inParallel(plan.lists, signal, (name) => manifests.remove([name]));
  for (let id = begin; id < end; id++) {
    signal?.throwIfAborted();
    await io.remove(path.snapshot(id));
  }
  const filesDeleted = plan.dataFiles.size + plan.others.size + plan.manifests.size + plan.lists.size;
  return { expired: Number(end - begin), filesDeleted, earliest: end };
}

/** A changelog that outlives its snapshot is a life of its own, which weir does not manage. */
function refuseLongChangelog({ options: raw }: TableSchema, options: TableOptions, table: string): void {
  const snapshot: Record<string, number> = {
    'changelog.num-retained.min': options.snapshotNumRetainedMin,
    'changelog.num-retained.max': options.snapshotNumRetainedMax,
    'changelog.time-retained': options.snapshotTimeRetained_ms,
  };
  for (const [key, kept] of Object.entries(snapshot)) {
    const value = raw[key];
    if (value === undefined) continue;
    const asked = key === 'changelog.time-retained' ? parseDuration(key, value) : parseInteger(key, value, 1);
    if (asked > kept) {
      throw new WeirError('UNSUPPORTED', `${key}=${value} keeps changelogs of ${table} longer than its snapshots: remove the option`, {
        table,
      });
    }
  }
}
