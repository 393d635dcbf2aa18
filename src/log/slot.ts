/**
 * A slot: one immutable file of the log (format-spec/log). Its header says what it is; rows may stand in it or in bodies.
 *
 *   commits   what jobs committed, one or many at once: rows inline, or by reference to bodies
 *   open      a new incarnation of a commit user: the slot's number is its epoch
 *   tree      snapshot `snapshot` holds all slots up to `position`; repeats what is known of the users, so that it lasts
 *   start     slots below the header's `start` are given up
 *   reserve   numbers for rows that a job puts into a snapshot of its own
 *   claim     who will materialise next: a hint, no lock
 *   closed    the log takes no commits until it is opened again
 *
 * Invariants
 * - numbers are dense: base of a slot is at or above the end of the one before, row i of a slot has number base + i
 *   (inline rows first, then bodies in order), end - base is the number of its rows.
 * - `time_ms` never goes back, `start`, `tree` and `end` never fall.
 */
import { WeirError } from '../base/error.js';
import { parseJson, stringifyJson } from '../base/lossless-json.js';
import type { LogBody } from '../meta/commit-message.js';
import { DocumentReader, type JsonObject } from '../meta/document.js';

/** The newest `tree` record at or below a slot. Slot 0 stands for none. */
export interface TreeMark {
  readonly slot: bigint;
  /** snapshot it names; 0 while there is none */
  readonly snapshot: bigint;
  /** all slots up to here are in that snapshot */
  readonly position: bigint;
}

export interface LogCommit {
  readonly user: string;
  readonly epoch: bigint;
  readonly identifier: bigint;
  readonly watermark?: bigint;
  /** rows of its that stand in the slot */
  readonly inlineRows: number;
  readonly bodies: readonly LogBody[];
}

/** What the log knows of a commit user. */
export interface LogUser {
  readonly user: string;
  /** slot of its newest `open` */
  readonly epoch: bigint;
  /** of its last commit; undefined before the first */
  readonly identifier: bigint | undefined;
  /** its newest slot of numbers, unless it is known that whoever took it publishes nothing under them any more */
  readonly reserved?: bigint | undefined;
  /** of its last slot */
  readonly time_ms: number;
}

/** A `tree` record of the past: slots up to `position` were covered at `time_ms`. */
export interface Coverage {
  readonly position: bigint;
  readonly time_ms: number;
}

export type SlotContent =
  | { readonly kind: 'commits'; readonly commits: readonly LogCommit[] }
  | { readonly kind: 'open'; readonly user: string }
  | { readonly kind: 'tree'; readonly users: readonly LogUser[]; readonly coverage: readonly Coverage[] }
  | { readonly kind: 'start' }
  | { readonly kind: 'reserve'; readonly user: string; readonly epoch: bigint; readonly rows: number }
  | { readonly kind: 'claim'; readonly by: string; readonly until_ms: number }
  | { readonly kind: 'closed' };

export interface SlotHeader {
  /** the option `log.id`: a table made again under the same name has another */
  readonly log: string;
  readonly slot: bigint;
  /** random: tells one's own slot from another's */
  readonly commit: string;
  /** lowest slot that counts */
  readonly start: bigint;
  readonly tree: TreeMark;
  readonly base: bigint;
  readonly end: bigint;
  readonly time_ms: number;
  /** schema of the rows */
  readonly schemaId: bigint;
  readonly content: SlotContent;
}

const VERSION = 1;

export function formatHeader(header: SlotHeader): string {
  const { content } = header;
  return stringifyJson({
    version: VERSION,
    log: header.log,
    slot: header.slot,
    commit: header.commit,
    start: header.start,
    tree: [header.tree.slot, header.tree.snapshot, header.tree.position],
    base: header.base,
    end: header.end,
    time: header.time_ms,
    schema: header.schemaId,
    kind: content.kind,
    ...(content.kind === 'commits' && { commits: content.commits.map(commitJson) }),
    ...(content.kind === 'open' && { user: content.user }),
    ...(content.kind === 'reserve' && { user: content.user, epoch: content.epoch, rows: content.rows }),
    ...(content.kind === 'claim' && { by: content.by, until: content.until_ms }),
    ...(content.kind === 'tree' && {
      users: content.users.map(({ time_ms, ...user }) => ({ ...user, time: time_ms })),
      coverage: content.coverage.map(({ position, time_ms }) => [position, time_ms]),
    }),
  });
}

function commitJson(commit: LogCommit): object {
  const { user, epoch, identifier, watermark, inlineRows, bodies } = commit;
  return {
    user,
    epoch,
    identifier,
    watermark,
    rows: inlineRows,
    ...(bodies.length > 0 && {
      bodies: bodies.map(({ name, rows, size_bytes, crc32 }) => ({ name, rows, bytes: size_bytes, crc: crc32 })),
    }),
  };
}

/** @throws CORRUPTION naming the file; UNSUPPORTED for a slot of a later weir */
export function parseHeader(text: string, file: string): SlotHeader {
  let members: JsonObject;
  try {
    members = parseJson(text) as JsonObject;
  } catch (cause) {
    throw corrupt(file, 'its header is not JSON', cause);
  }
  const read = new DocumentReader(members, file);
  if (read.integer('version') !== VERSION)
    throw new WeirError('UNSUPPORTED', `${file} is a log slot of version ${read.integer('version')}`, { file });
  const [treeSlot, snapshot, position] = longs(read.list('tree'), file);
  const header: SlotHeader = {
    log: read.string('log'),
    slot: read.long('slot'),
    commit: read.string('commit'),
    start: read.long('start'),
    tree: { slot: treeSlot!, snapshot: snapshot!, position: position! },
    base: read.long('base'),
    end: read.long('end'),
    time_ms: read.integer('time'),
    schemaId: read.long('schema'),
    content: parseContent(read, file),
  };
  checkHeader(header, file);
  return header;
}

function parseContent(read: DocumentReader, file: string): SlotContent {
  const kind = read.string('kind');
  switch (kind) {
    case 'commits':
      return { kind, commits: read.list('commits').map((item) => parseCommit(readerOf(item, file), file)) };
    case 'open':
      return { kind, user: read.string('user') };
    case 'reserve':
      return { kind, user: read.string('user'), epoch: read.long('epoch'), rows: read.integer('rows') };
    case 'claim':
      return { kind, by: read.string('by'), until_ms: read.integer('until') };
    case 'tree':
      return {
        kind,
        users: read.list('users').map((item) => parseUser(readerOf(item, file))),
        coverage: read.list('coverage').map((item) => {
          const [position, time_ms] = longs(item as unknown[], file);
          return { position: position!, time_ms: Number(time_ms) };
        }),
      };
    case 'start':
    case 'closed':
      return { kind };
    default:
      throw new WeirError('UNSUPPORTED', `${file} is a log slot of the kind ${kind}, which a later weir wrote`, { file });
  }
}

function parseCommit(read: DocumentReader, file: string): LogCommit {
  return {
    user: read.string('user'),
    epoch: read.long('epoch'),
    identifier: read.long('identifier'),
    ...(read.has('watermark') && { watermark: read.long('watermark') }),
    inlineRows: read.integer('rows'),
    bodies: read.has('bodies')
      ? read.list('bodies').map((item) => {
          const body = readerOf(item, file);
          return { name: body.string('name'), rows: body.integer('rows'), size_bytes: body.integer('bytes'), crc32: body.integer('crc') };
        })
      : [],
  };
}

function parseUser(read: DocumentReader): LogUser {
  return {
    user: read.string('user'),
    epoch: read.long('epoch'),
    identifier: read.has('identifier') ? read.long('identifier') : undefined,
    ...(read.has('reserved') && { reserved: read.long('reserved') }),
    time_ms: read.integer('time'),
  };
}

function readerOf(item: unknown, file: string): DocumentReader {
  if (typeof item !== 'object' || item === null) throw corrupt(file, 'its header holds something else where an object should be');
  return new DocumentReader(item as JsonObject, file);
}

function longs(items: unknown, file: string): bigint[] {
  if (!Array.isArray(items) || items.length < 2 || !items.every((item) => typeof item === 'number' || typeof item === 'bigint'))
    throw corrupt(file, 'its header holds something else where numbers should be');
  return items.map((item) => BigInt(item as number | bigint));
}

function checkHeader(header: SlotHeader, file: string): void {
  const rows = rowsOf(header.content);
  const { slot, start, tree, base, end } = header;
  if (slot < 1n || start < 1n || start > slot || tree.slot > slot || tree.position > slot || tree.slot < 0n)
    throw corrupt(file, 'its slot numbers cannot be');
  if (base < 0n || end - base !== BigInt(rows)) throw corrupt(file, 'its row numbers do not fit its rows');
}

/** Rows that the slot has numbers for: of all commits, inline and in bodies, or reserved. */
export function rowsOf(content: SlotContent): number {
  if (content.kind === 'reserve') return content.rows;
  if (content.kind !== 'commits') return 0;
  return content.commits.reduce((sum, { inlineRows, bodies }) => sum + bodies.reduce((part, { rows }) => part + rows, inlineRows), 0);
}

function corrupt(file: string, why: string, cause?: unknown): WeirError {
  return new WeirError('CORRUPTION', `log slot ${file} is damaged: ${why}`, { file, cause });
}
