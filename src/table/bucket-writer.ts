/**
 * One bucket under a writer: its buffer, the files it flushed, and the compaction that runs beside.
 *
 *   add ─> buffer ─ flush (worker) ─> level-0 files ─┬─> prepareCommit
 *                                    compaction ─────┘
 *
 * Invariants: sequence numbers go up by one a row and start above all that the bucket held when it was opened; at most one
 * compaction of the bucket runs; what it replaces is announced once, together with what it made; a compaction that fails is
 * told, and fails nothing else.
 */
import { hasCode, WeirError } from '../base/error.js';
import type { BucketPlace } from '../lsm/file-opener.js';
import { Levels } from '../lsm/levels.js';
import { compactBucket, type PickedCompaction, pickCompaction } from '../maintain/bucket-compaction.js';
import type { CompactOutput } from '../maintain/compact-task.js';
import type { CommitMessage } from '../meta/commit-message.js';
import type { DataFileMeta } from '../meta/data-file-meta.js';
import type { Batch } from '../types/column.js';
import { WriteBuffer } from '../write/write-buffer.js';
import { flushBuffer } from './flush-buffer.js';
import type { TableStore } from './table-store.js';

export interface BucketWriterOptions {
  readonly store: TableStore;
  readonly place: BucketPlace;
  readonly totalBuckets: number;
  /** live files of the bucket when the writer first met it */
  readonly files: readonly DataFileMeta[];
  readonly compacts: boolean;
  readonly overwrites: boolean;
}

export class BucketWriter {
  readonly place: BucketPlace;
  readonly #store: TableStore;
  readonly #totalBuckets: number;
  readonly #compacts: boolean;
  readonly #overwrites: boolean;
  readonly #buffer = new WriteBuffer();
  #files: readonly DataFileMeta[];
  #nextSequence: bigint;
  #newFiles: DataFileMeta[] = [];
  #changelog: DataFileMeta[] = [];
  #compactBefore: DataFileMeta[] = [];
  #compactAfter: DataFileMeta[] = [];
  #flushing: Promise<void> = Promise.resolve();
  #compacting: Promise<CompactOutput | undefined> | undefined;
  /** a compaction did not find a file: it was replaced since, or somebody deleted it */
  #missing: WeirError | undefined;
  readonly #stop = new AbortController();

  constructor(options: BucketWriterOptions) {
    this.place = options.place;
    this.#store = options.store;
    this.#totalBuckets = options.totalBuckets;
    this.#compacts = options.compacts;
    this.#overwrites = options.overwrites;
    this.#files = options.files;
    this.#nextSequence = options.files.reduce((max, file) => (file.maxSequenceNumber >= max ? file.maxSequenceNumber + 1n : max), 0n);
  }

  get buffered_bytes(): number {
    return this.#buffer.size_bytes;
  }

  get isIdle(): boolean {
    return (
      this.#buffer.rows === 0 &&
      this.#newFiles.length === 0 &&
      this.#changelog.length === 0 &&
      this.#compactAfter.length === 0 &&
      this.#compacting === undefined
    );
  }

  /** resolves when nothing is being flushed; rejects with the flush's error */
  get flushed(): Promise<void> {
    return this.#flushing;
  }

  add(batch: Batch, rows: Uint32Array | null, kinds: Uint8Array | null): void {
    this.#buffer.add(batch, rows, kinds);
  }

  /** Starts to write the buffered rows out; resolves when their files are there. Flushes of a bucket go one after the other. */
  flush(): Promise<void> {
    if (this.#buffer.rows === 0) return this.#flushing;
    const drained = this.#buffer.drain();
    const firstSequence = this.#nextSequence;
    this.#nextSequence += BigInt(drained.rows);
    const done = this.#flushing.then(() => this.#flushRows(drained, firstSequence));
    this.#flushing = done;
    // the caller that awaits `done` sees the error; the chain itself must not count as unhandled
    done.catch(() => {});
    return done;
  }

  async #flushRows(rows: ReturnType<WriteBuffer['drain']>, firstSequence: bigint): Promise<void> {
    const output = await flushBuffer(
      this.#store,
      { schema: this.#store.schema, place: this.place, rows, firstSequence, changelog: !this.#overwrites },
      this.#stop.signal,
    );
    this.#newFiles.push(...output.files);
    this.#changelog.push(...output.changelog);
    this.#files = [...this.#files, ...output.files];
    // Between commits flushes go first: a compaction would hold up the rows that wait behind it. It starts with the commit,
    // or when there are so many runs that readers and the next compaction would suffer.
    if (this.sortedRuns >= this.#store.options.stopTrigger) this.#maybeCompact();
  }

  /** How many sorted runs a reader of the bucket has to merge. */
  get sortedRuns(): number {
    return new Levels(this.#files, this.#store.options.numLevels).runs().length;
  }

  #maybeCompact(): void {
    if (!this.#compacts || this.#overwrites || this.#compacting !== undefined || this.#stop.signal.aborted) return;
    const picked = pickCompaction(this.#store, this.#files, false);
    if (picked === undefined) return;
    this.#compacting = this.#compact(picked);
    // whoever settles it sees the error; until then it must not count as unhandled
    this.#compacting.catch(() => {});
  }

  async #compact(picked: PickedCompaction): Promise<CompactOutput | undefined> {
    try {
      return await compactBucket(this.#store, this.place, picked, this.#stop.signal);
    } catch (error) {
      if (this.#stop.signal.aborted) return undefined;
      if (!(error instanceof WeirError)) throw error;
      const cause = hasCode(error.cause, 'NOT_FOUND') ? error.cause : error;
      if (cause.code === 'NOT_FOUND') this.#missing = cause;
      else this.#failed(error);
      return undefined;
    }
  }

  /** Takes over a compaction that has ended; with `wait` also one that still runs. */
  async settleCompaction(wait: boolean): Promise<void> {
    if (this.#compacting === undefined) return;
    const running = this.#compacting;
    const pending = Symbol('pending');
    const output = wait ? await running : await Promise.race([running, Promise.resolve(pending)]);
    if (output === pending) return;
    this.#compacting = undefined;
    if (output === undefined || typeof output === 'symbol') return;
    const gone = new Set(output.before.map(fileAtLevel));
    this.#files = [...this.#files.filter((file) => !gone.has(fileAtLevel(file))), ...output.after];
    this.#compactBefore.push(...output.before);
    this.#compactAfter.push(...output.after);
    this.#maybeCompact();
  }

  /** Everything since the last call, as one message; undefined when there is nothing. Buffered rows must be flushed. */
  async takeMessage(): Promise<CommitMessage | undefined> {
    if (this.#newFiles.length + this.#changelog.length + this.#compactBefore.length + this.#compactAfter.length === 0) return undefined;
    // A file that one compaction made and the next replaced was never visible: it is in neither list.
    const made = new Set(this.#compactAfter.map(fileAtLevel));
    const replaced = new Set(this.#compactBefore.map(fileAtLevel));
    await this.#removeIntermediate(made, replaced);
    const message: CommitMessage = {
      partition: this.place.partition,
      bucket: this.place.bucket,
      totalBuckets: this.#totalBuckets,
      newFiles: this.#newFiles,
      changelogFiles: this.#changelog,
      compactBefore: this.#compactBefore.filter((file) => !made.has(fileAtLevel(file))),
      compactAfter: this.#compactAfter.filter((file) => !replaced.has(fileAtLevel(file))),
      compactChangelog: [],
    };
    this.#newFiles = [];
    this.#changelog = [];
    this.#compactBefore = [];
    this.#compactAfter = [];
    this.#maybeCompact();
    return message;
  }

  /** Files a compaction made and the next one replaced; an upgraded file keeps its name and is somebody else's. */
  async #removeIntermediate(made: ReadonlySet<string>, replaced: ReadonlySet<string>): Promise<void> {
    const kept = new Set(
      [...this.#newFiles, ...this.#compactBefore.filter((file) => !made.has(fileAtLevel(file)))].map((file) => file.fileName),
    );
    for (const file of this.#compactAfter) if (!replaced.has(fileAtLevel(file))) kept.add(file.fileName);
    const gone = this.#compactAfter.filter((file) => replaced.has(fileAtLevel(file)) && !kept.has(file.fileName));
    await Promise.all(gone.map((file) => this.#store.io.remove(`${this.place.directory}/${file.fileName}`)));
  }

  /** A file this bucket knew is gone: it has to be reset before it can compact again. */
  get isStale(): boolean {
    return this.#missing !== undefined;
  }

  /** Rows flushed from now on have sequence numbers above this one. */
  raise(number: bigint): void {
    if (number >= this.#nextSequence) this.#nextSequence = number + 1n;
  }

  /** Goes on from the files that are in the table, or on their way into it, and from what was made here since. */
  reset(files: readonly DataFileMeta[]): void {
    const replaced = new Set(this.#compactBefore.map(fileAtLevel));
    for (const file of files) this.raise(file.maxSequenceNumber);
    this.#files = [...files, ...this.#newFiles, ...this.#compactAfter].filter((file) => !replaced.has(fileAtLevel(file)));
    const missing = this.#missing;
    this.#missing = undefined;
    if (missing === undefined || !files.some((file) => missing.file?.endsWith(`/${file.fileName}`))) return;
    const { table } = this.#store;
    const detail = { cause: missing, table, ...(missing.file !== undefined && { file: missing.file }) };
    this.#failed(new WeirError('CORRUPTION', `${missing.file} is missing, and ${table} needs it`, detail));
  }

  /** The rows are safe without the compaction; it is planned again with the next commit. */
  #failed(error: WeirError): void {
    this.#store.emit({ type: 'compaction-failure', bucket: this.place.bucket, error });
  }

  /** Stops what runs; the message (if any) holds the files to delete. */
  async abort(): Promise<CommitMessage | undefined> {
    this.#stop.abort();
    this.#buffer.drain();
    await this.#flushing.catch(() => {});
    await this.#compacting
      ?.catch(() => undefined)
      .then((output) => {
        if (output !== undefined)
          this.#compactAfter.push(...output.after.filter((file) => !output.before.some((old) => old.fileName === file.fileName)));
      });
    this.#compacting = undefined;
    return this.takeMessage();
  }
}

/** One file at one level: an upgrade keeps the name and changes the level. */
export function fileAtLevel(file: DataFileMeta): string {
  return `${file.level}/${file.fileName}`;
}
