/** Catalogs in memory, and what tests of the handles look at again and again. */
import { type Clock, type FileIO, memoryFileIO, openCatalog, seededRandom, type Table, type WeirEvent } from '../../src/index.js';

export type Row = Record<string, unknown>;

/** What tables in memory need not wait for. */
export const FAST = { 'commit.fsync': false, 'snapshot.num-retained.min': 1000, 'snapshot.num-retained.max': 1000 } as const;

/** Of catalogs whose tables have no log: each commit is a snapshot with its files, which is what most tests look at. */
export const SNAPSHOTS_ONLY = { 'log.enabled': false } as const;

/** A catalog on `fileIO`, and the events it has told so far. Its tables have no log unless they ask for one. */
export async function memoryCatalog(fileIO: FileIO = memoryFileIO(), more: { clock?: Clock; seed?: number } = {}) {
  const events: WeirEvent[] = [];
  const catalog = await openCatalog({
    warehouse: '/wh',
    fileIO,
    tableDefaults: SNAPSHOTS_ONLY,
    random: seededRandom(more.seed ?? 1),
    onEvent: (event) => events.push(event),
    ...(more.clock !== undefined && { clock: more.clock }),
  });
  return { catalog, events, fileIO };
}

/** One commit of one writer. */
export async function put<R>(table: Table<R>, rows: R[], options: { commitUser?: string; identifier?: bigint; writeOnly?: boolean } = {}) {
  const { identifier, ...open } = options;
  const writer = await table.openWriter(open);
  try {
    await writer.write(rows);
    return await writer.commit(identifier === undefined ? {} : { identifier });
  } finally {
    await writer.close();
  }
}

/** Rows as sorted text, for comparing without order. */
export function sorted(rows: Iterable<unknown>): string[] {
  return [...rows].map(text).sort();
}

export function text(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part));
}

/** Paths of all files below a directory, sorted. */
export async function pathsBelow(io: FileIO, directory: string): Promise<string[]> {
  const entries = await io.list(directory);
  const parts = await Promise.all(entries.map((entry) => (entry.directory ? pathsBelow(io, entry.path) : [entry.path])));
  return parts.flat().sort();
}
