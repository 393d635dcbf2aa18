/**
 * Is the table what it says it is?
 *
 *   files     snapshots ─> live files ─> levels          log: slots, bodies, tree
 *   changes   state(from) + changes = state(to)          by snapshots, and by the log
 *
 * Others may write, compact and expire meanwhile: what they take away is passed over, what they add is not looked at.
 */
import { hasCode, WeirError } from '../base/error.js';
import { LOG_USER, positionProperty } from '../log/tree-position.js';
import { validateForStream } from '../meta/table-options.js';
import { formatPosition, type Place, parsePosition, type StreamPosition } from './position.js';
import { latestPlace, wholePlace } from './state-at.js';
import type { TableStore } from './table-store.js';
import { verifyChanges } from './verify/changes.js';
import { FileCheck } from './verify/files.js';
import { verifyLog } from './verify/log.js';
import { Report, type VerifyCheck, type VerifyProblem } from './verify/report.js';
import { verifySnapshots } from './verify/snapshots.js';

/** how often an expiry may overtake a fold */
const MAX_FOLDS = 5;

export type { VerifyCheck, VerifyProblem } from './verify/report.js';

/**
 * Which changes to fold, between two states.
 *
 * @example
 * const options: VerifyOptions = { from: { snapshot: 3n }, to: { snapshot: 9n } };
 * const { ok } = await flights.verify(options);
 */
export interface VerifyOptions {
  /** the first state; default: the earliest snapshot held */
  from?: { snapshot: bigint } | StreamPosition;
  /** the last state; default: the latest, with what stands in the log */
  to?: { snapshot: bigint } | StreamPosition;
  signal?: AbortSignal;
  /** keys in memory at a time, default a million (about 150 MB); larger tables are read once per so many */
  rowsPerPass?: number;
}

/**
 * What was checked, and what does not hold.
 *
 * @example
 * const { ok, rows, problems }: VerifyResult = await flights.verify();
 * if (!ok) throw new Error(problems[0]!.message);
 */
export interface VerifyResult {
  readonly ok: boolean;
  readonly checks: readonly VerifyCheck[];
  /** rows of last states that were compared */
  readonly rows: number;
  /** at most 1,000 */
  readonly problems: readonly VerifyProblem[];
}

export async function verifyTable(store: TableStore, options: VerifyOptions): Promise<VerifyResult> {
  const { signal } = options;
  const report = new Report();
  const files = new FileCheck(store, report);
  await verifySnapshots(store, report, (snapshot, entries) => files.live(snapshot, entries, signal), signal);
  if (store.log !== undefined) await verifyLog(store, store.log, report, signal);
  await fold(store, report, options);
  const { problems, checks, rows } = report;
  return { ok: problems.length === 0, checks, rows, problems };
}

/** Without a given start a fold that an expiry overtakes begins again, from what there is then. */
async function fold(store: TableStore, report: Report, options: VerifyOptions): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const found = new Report();
    try {
      // what is damaged has been told by the checks of the files; here it ends the fold
      await found.attempt('changes', () => foldAll(store, found, options));
      return report.add(found);
    } catch (error) {
      if (options.from !== undefined || !hasCode(error, 'POSITION_EXPIRED')) throw error;
      if (attempt === MAX_FOLDS) return report.note('changes', `not folded: what was read expired meanwhile, ${attempt} times`);
    }
  }
}

async function foldAll(store: TableStore, report: Report, options: VerifyOptions): Promise<void> {
  const refused = whyNot(store);
  if (refused !== undefined) return report.note('changes', refused);
  // the start first: an expiry may pass over a later one
  const given = options.from === undefined ? await earliestPlace(store) : await placeOf(store, options.from);
  const to = options.to === undefined ? await latestPlace(store) : await placeOf(store, options.to);
  if (isAfter(given, to))
    throw new WeirError(
      'INVALID_ARGUMENT',
      `changes from ${formatPosition(given)} to ${formatPosition(to)}: the end lies before the start`,
      {
        table: store.table,
      },
    );
  const rest = { signal: options.signal, rowsPerPass: options.rowsPerPass };
  const foreign = await lookThrough(store, given, to);
  const unordered = store.options.sequenceFields.length > 0 || (store.log !== undefined && foreign.writes);
  const notes = [
    ...(foreign.overwrite === undefined ? [] : [`from snapshot ${foreign.overwrite} on: a stream does not tell what an OVERWRITE changes`]),
    ...(unordered ? ['a change may lose to an older row: each row of the last state is one that its key has had'] : []),
  ];
  const from: Place = foreign.overwrite === undefined ? given : { phase: 'change', snapshot: foreign.overwrite + 1n, done: 0 };
  const bySnapshots: Place = { phase: 'change', snapshot: to.snapshot, done: 0 };
  const stretches = [
    ...(from.phase === 'change' && from.snapshot <= to.snapshot ? [{ check: 'changes' as const, from, to: bySnapshots, unordered }] : []),
    ...(to.phase === 'log' ? [{ check: 'log changes' as const, from, to, unordered }] : []),
  ];
  for (const stretch of stretches) {
    if (notes.length > 0) report.note(stretch.check, notes.join('; '));
    report.count(stretch.check, 0);
    await report.attempt(stretch.check, () => verifyChanges(store, stretch, report, rest));
  }
}

/** Why changes cannot be folded by key or by row; undefined when they can. */
function whyNot({ schema, options }: TableStore): string | undefined {
  try {
    validateForStream(schema);
  } catch (error) {
    if (error instanceof WeirError && error.code === 'UNSUPPORTED') return `not folded: ${error.message}`;
    throw error;
  }
  if (options.bucket === -2) return 'not folded: rows of the postpone bucket are changes and not merged yet';
  return undefined;
}

async function placeOf(store: TableStore, at: { snapshot: bigint } | StreamPosition): Promise<Place> {
  if (typeof at !== 'object') return wholePlace(store, parsePosition(at));
  await store.snapshots.read(at.snapshot);
  return { phase: 'change', snapshot: at.snapshot + 1n, done: 0 };
}

async function earliestPlace(store: TableStore): Promise<Place> {
  return { phase: 'change', snapshot: ((await store.snapshots.earliestId()) ?? 0n) + 1n, done: 0 };
}

function isAfter(a: Place, b: Place): boolean {
  if (a.snapshot !== b.snapshot) return a.snapshot > b.snapshot;
  return a.phase === 'log' && b.phase === 'log' && a.slot > b.slot;
}

/** What the snapshots of a stretch bring that a fold has to know of: the newest OVERWRITE that is not told, rows that no log numbered. */
async function lookThrough(store: TableStore, from: Place, to: Place): Promise<{ overwrite: bigint | undefined; writes: boolean }> {
  let overwrite: bigint | undefined;
  let writes = false;
  for (let id = from.snapshot; id < to.snapshot; id++) {
    const snapshot = await store.snapshots.read(id);
    const { commitKind, commitUser } = snapshot;
    if (commitKind === 'OVERWRITE' && store.log === undefined) overwrite = id;
    const numbered = store.log !== undefined && positionProperty(snapshot, store.log.id) !== undefined;
    if (commitKind === 'APPEND' && commitUser !== LOG_USER && !numbered) writes = true;
  }
  return { overwrite, writes };
}
