/**
 * One snapshot's way onto the table: attempts under growing ids until one is published.
 *
 *   latest = L ─ mine already? ─ conflicts? ─ base list(L), delta list ─ create snapshot-(L+1) if absent
 *      ^                                                                   │ taken: wait, next attempt
 *      └────────────────────────────────<──────────────────────────────────┤ error: outcome unknown, look first
 *                                                                          ├ overwritten: another's file has the id now
 *                                                                          └ late: the id had been used, and expired (late-snapshot.ts)
 *
 * Invariants
 * - one id, one snapshot: publishing is create-if-absent, and all that a snapshot names lasts before it is published.
 * - after an error while publishing nothing is deleted before it is known whether the snapshot is there. The base list's
 *   name, made for one attempt, tells one's own snapshot from all others.
 * - a definite failure leaves no manifest of the attempts.
 */
import { hasCode, WeirError } from '../base/error.js';
import { isLasting } from '../io/file-errors.js';
import { formatPositionProperty, POSITION_PROPERTY } from '../log/tree-position.js';
import { readUnlessExpired } from '../meta/expired-snapshot.js';
import { DELETE_FILE, type ManifestEntry } from '../meta/manifest-entry.js';
import type { ManifestFileMeta } from '../meta/manifest-list.js';
import { BATCH_IDENTIFIER, type Snapshot } from '../meta/snapshot.js';
import type { TableSchema } from '../meta/table-schema.js';
import { AttemptManifests } from './attempt-manifests.js';
import { checkChanges, rowDelta } from './commit-changes.js';
import type { CommitContext } from './commit-context.js';
import { lastIdentifierUpTo } from './committed-identifier.js';
import { checkConflicts, checkLevels } from './conflict-check.js';
import { fateOf } from './fate.js';
import { momentOf, turnOf } from './late-snapshot.js';
import { latestSnapshot, manifestsOf, rememberLatest } from './latest-snapshot.js';
import { nextSnapshot } from './next-snapshot.js';
import { overwrittenFiles } from './overwrite.js';
import { noteOverwritten, type Republish, rememberPublished, repeatOverwritten } from './overwritten-commits.js';
import type { Attempt, Moment, PartOfCommit } from './part-of-commit.js';

/** The storage failed while the snapshot was published, and did not tell whether it was. */
export class UnknownOutcome extends WeirError {}

export class PartCommit {
  readonly #context: CommitContext;
  readonly #part: PartOfCommit;
  readonly #manifests: AttemptManifests;
  /** attempts at one id of which it is not known whether they were published */
  #uncertain: Attempt[] = [];
  /** attempts that were published and then overwritten, perhaps after another committer had built on them */
  readonly #overwritten: Attempt[] = [];
  /** this is a commit made once more: it does not look after others */
  readonly #repeats: boolean;
  #attempts = 0;
  #failure: unknown;

  /** @param overwritten the snapshot of this part that was acknowledged and overwritten */
  constructor(context: CommitContext, part: PartOfCommit, overwritten?: Attempt) {
    this.#context = context;
    this.#part = part;
    this.#repeats = overwritten !== undefined;
    if (overwritten !== undefined) this.#overwritten.push(overwritten);
    this.#manifests = new AttemptManifests(context);
  }

  /**
   * The snapshot published; undefined when the identifier had been committed before.
   *
   * @throws COMMIT_CONFLICT; UNAVAILABLE when all attempts lost; UnknownOutcome
   */
  async run(signal?: AbortSignal): Promise<Snapshot | undefined> {
    const started_ms = this.#context.clock.monotonic_ms();
    try {
      checkChanges(this.#part.changes.entries, this.#context.table);
      for (;;) {
        const looked = momentOf(this.#context.clock);
        const latest = await latestSnapshot(this.#context);
        if (!this.#repeats && (await repeatOverwritten(this.#context, latest, republish(this.#context)))) continue;
        const published = (await this.#findOwn(latest)) ?? (await this.#next(latest, looked, started_ms, signal));
        if (published === 'committed before') {
          await this.#discard();
          return undefined;
        }
        if (published !== undefined) return await this.#succeed(published, started_ms);
        await this.#wait(signal);
      }
    } catch (error) {
      throw await this.#explain(error);
    }
  }

  /** One more attempt, unless there is no need or no point; undefined when it was not seen to succeed. */
  async #next(
    latest: Snapshot | undefined,
    looked: Moment,
    started_ms: number,
    signal: AbortSignal | undefined,
  ): Promise<Attempt | 'committed before' | undefined> {
    signal?.throwIfAborted();
    if (await this.#committedBefore(latest)) return 'committed before';
    const { clock, options, snapshots } = this.#context;
    const late = clock.monotonic_ms() - started_ms > (options.commitTimeout_ms ?? Number.POSITIVE_INFINITY);
    if (this.#attempts > options.commitMaxRetries || (late && this.#attempts > 0)) throw this.#giveUp();
    this.#attempts++;
    const attempt = await this.#prepare(latest, looked);
    if (attempt === undefined) return undefined;
    const { id } = attempt.snapshot;
    try {
      if ((await snapshots.publish(attempt.snapshot, { sync: options.commitFsync })) && (await this.#stands(attempt))) return attempt;
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
      this.#uncertain.push(attempt);
      if (isLasting(error) && !(await this.#exists(id))) {
        this.#uncertain.pop();
        throw error;
      }
    }
    return undefined;
  }

  /** Is the file that was just made still there, and does it count? */
  async #stands(attempt: Attempt): Promise<boolean> {
    if (await this.#context.snapshots.isReplaced(attempt.snapshot).catch(() => false)) {
      this.#overwritten.push(attempt);
      noteOverwritten(this.#context, this.#part, attempt, true);
      return false;
    }
    const turn = await turnOf(this.#context, attempt);
    if (turn === 'unknown') this.#uncertain.push(attempt);
    if (turn === 'late') await this.#remove(attempt);
    return turn === 'counts';
  }

  async #remove({ snapshot }: Attempt): Promise<void> {
    const { io, path } = this.#context;
    await io.remove(path.snapshot(snapshot.id));
  }

  /**
   * The attempt of which it was not known, or that was overwritten, when it is in the table after all. In this order: an attempt
   * that was overwritten seems to be carried on once a later attempt has published the same files.
   */
  async #findOwn(latest: Snapshot | undefined): Promise<Attempt | undefined> {
    const own = await this.#findUncertain(latest);
    if (own !== undefined) return own;
    for (const attempt of this.#overwritten) {
      if ((await fateOf(this.#context, attempt, latest)) === 'carried') return attempt;
    }
    return undefined;
  }

  async #findUncertain(latest: Snapshot | undefined): Promise<Attempt | undefined> {
    const id = this.#uncertain[0]?.snapshot.id;
    if (id === undefined || latest === undefined || latest.id < id) return undefined;
    const { snapshots, options, io, path } = this.#context;
    const found = latest.id === id ? latest : await readUnlessExpired(snapshots, id);
    if (found === undefined) throw new WeirError('UNAVAILABLE', `snapshot ${id} expired before it could be looked at`);
    const own = this.#uncertain.find(({ snapshot }) => snapshot.baseManifestList === found.baseManifestList);
    if (own !== undefined && (await turnOf(this.#context, own)) === 'late') {
      await this.#remove(own);
      this.#uncertain = [];
      return undefined;
    }
    // the failure may have come before the name was made to last
    if (own !== undefined && options.commitFsync) await io.syncDirectories([path.snapshotDirectory]);
    this.#overwritten.push(...this.#uncertain.filter((attempt) => attempt !== own));
    this.#uncertain = [];
    return own;
  }

  async #committedBefore(latest: Snapshot | undefined): Promise<boolean> {
    const { checkIdentifier, identifier, commitUser } = this.#part;
    if (!checkIdentifier || latest === undefined || identifier === BATCH_IDENTIFIER) return false;
    const last = await lastIdentifierUpTo(this.#context.snapshots, commitUser, latest.id);
    return last !== undefined && identifier <= last;
  }

  /** undefined when the snapshot to build on expired or was overwritten meanwhile */
  async #prepare(latest: Snapshot | undefined, looked: Moment): Promise<Attempt | undefined> {
    try {
      const { schemas, clock, random, table } = this.#context;
      const [schema, before] = await Promise.all([schemas.latest(), latest === undefined ? [] : manifestsOf(this.#context, latest)]);
      if (schema === undefined) throw new WeirError('NOT_FOUND', `table ${table} does not exist any more`, { table });
      this.#refuseIndexFiles(latest);
      const entries = await this.#entries(before, schema);
      const properties = await this.#properties(latest);
      await this.#part.advances?.overtaking?.check(latest, entries);
      if (this.#part.advances !== undefined) await this.#context.log?.checkBuckets(latest, entries);
      const lists = await this.#manifests.write(before, entries, this.#part.changes.changelog, schema);
      const origin = { ...this.#part, properties, uuid: random.uuid(), schemaId: schema.id, time_ms: clock.now_ms() };
      return { snapshot: nextSnapshot(latest, lists, origin), lists, entries, looked };
    } catch (error) {
      const damaged = latest === undefined || (hasCode(error, 'CORRUPTION') && (await this.#isStill(latest)));
      if (damaged || !(hasCode(error, 'CORRUPTION') || hasCode(error, 'POSITION_EXPIRED'))) throw error;
      this.#failure = error;
      return undefined;
    }
  }

  /**
   * What the snapshot says of the log. The race for its id is the lock that keeps slots from going into the tree twice: the
   * position is looked at again at every attempt.
   */
  async #properties(latest: Snapshot | undefined): Promise<Readonly<Record<string, string>> | undefined> {
    const { log, table } = this.#context;
    const { advances, properties } = this.#part;
    if (log === undefined) return properties;
    const position = await log.positionOf(latest);
    // what is repeated may stand in the log's own record as done already; rows that no slot holds may come later, too
    const repeated = this.#repeats && (advances?.to === position || (advances?.overtaking !== undefined && advances.to < position));
    if (advances !== undefined && advances.from !== position && !repeated) {
      throw new WeirError('COMMIT_CONFLICT', `the log of ${table} is in the tree up to slot ${position}, not ${advances.from}`, { table });
    }
    return {
      ...properties,
      [POSITION_PROPERTY]: formatPositionProperty(log.id, advances === undefined || advances.to < position ? position : advances.to),
    };
  }

  /** The part's entries, checked against the manifests of the latest snapshot. */
  async #entries(before: readonly ManifestFileMeta[], schema: TableSchema): Promise<readonly ManifestEntry[]> {
    const { manifests, table } = this.#context;
    const { kind, changes, overwrites } = this.#part;
    if (overwrites !== undefined) {
      const replaced = await overwrittenFiles(manifests, before, overwrites, changes.entries, schema);
      checkLevels(changes.entries, changes.entries, schema, table);
      return [...replaced.map((entry) => ({ ...entry, kind: DELETE_FILE })), ...changes.entries];
    }
    if (kind === 'COMPACT') await checkConflicts(manifests, before, changes.entries, schema, table);
    return changes.entries;
  }

  /** Index files name data files: weir does not write them, so it must not take data files away from under them. */
  #refuseIndexFiles(latest: Snapshot | undefined): void {
    const { kind } = this.#part;
    const { table } = this.#context;
    if (kind === 'APPEND' || latest?.indexManifest === undefined) return;
    const message = `${kind} commits to a table with index files (deletion vectors, dynamic buckets) are not supported`;
    throw new WeirError('UNSUPPORTED', message, { table });
  }

  async #isStill({ id, baseManifestList }: Snapshot): Promise<boolean> {
    return (await this.#context.snapshots.readAnew(id))?.baseManifestList === baseManifestList;
  }

  /** Deletes what is not needed. What was published stays, though it was overwritten: another committer may be reading it to build on it. */
  async #discard(published?: Attempt): Promise<void> {
    const kept = published === undefined ? this.#overwritten : [...this.#overwritten, published];
    await this.#manifests.discard(kept.map(({ lists }) => lists));
  }

  #exists(id: bigint): Promise<boolean> {
    return this.#context.io.exists(this.#context.path.snapshot(id));
  }

  async #wait(signal: AbortSignal | undefined): Promise<void> {
    const { clock, options, random } = this.#context;
    const ceiling_ms = Math.min(options.commitMaxRetryWait_ms, options.commitMinRetryWait_ms * 2 ** (this.#attempts - 1));
    const wait_ms = ceiling_ms * random.float();
    const reason = this.#failure === undefined ? 'another writer was faster' : (this.#failure as Error).message;
    this.#context.emit?.({ type: 'retry', attempt: this.#attempts, wait_ms, reason });
    // an aborted commit, too, has to find out what became of its attempt: the next round looks, and then at the signal
    await clock.sleep(wait_ms, signal).catch(() => undefined);
  }

  #giveUp(): WeirError {
    const { table } = this.#context;
    const why = this.#failure === undefined ? 'other writers were faster each time' : (this.#failure as Error).message;
    const message = `the commit to ${table} gave up after ${this.#attempts} attempts: ${why}; its files are kept, commit it again or abort it`;
    return new WeirError('UNAVAILABLE', message, { cause: this.#failure, table });
  }

  async #succeed(attempt: Attempt, started_ms: number): Promise<Snapshot> {
    const { snapshot, lists } = attempt;
    const { snapshots, clock } = this.#context;
    rememberPublished(this.#context, this.#part, attempt);
    this.#uncertain = [];
    rememberLatest(this.#context, snapshot, [...lists.base.manifests, ...lists.delta.list.manifests]);
    await snapshots.writeLatestHint(snapshot.id).catch(() => undefined);
    if (this.#attempts > 1) await this.#discard(attempt);
    const { commitUser, identifier, kind, changes } = this.#part;
    this.#context.emit?.({
      type: 'commit',
      snapshot: snapshot.id,
      commitUser,
      identifier,
      kind,
      rows: rowDelta(changes.entries.filter((entry) => entry.kind !== DELETE_FILE)),
      duration_ms: clock.monotonic_ms() - started_ms,
      attempts: this.#attempts,
    });
    return snapshot;
  }

  /** What to tell the caller of a failure, after cleaning up if it is definite. */
  async #explain(error: unknown): Promise<unknown> {
    const id = this.#uncertain[0]?.snapshot.id;
    if (id === undefined) {
      await this.#discard();
      if (hasCode(error, 'COMMIT_CONFLICT')) this.#context.emit?.({ type: 'conflict', message: error.message });
      return error;
    }
    const { table, path } = this.#context;
    const message = `it is not known whether snapshot ${id} of ${table} was published (${(error as Error).message}); commit again with the same identifier, which changes nothing if it was`;
    return new UnknownOutcome('UNAVAILABLE', message, { cause: error, table, file: path.snapshot(id) });
  }
}

/** Publishes overwritten parts once more. */
export function republish(context: CommitContext): Republish {
  return (part, overwritten) => new PartCommit(context, part, overwritten).run();
}
