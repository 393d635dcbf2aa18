/**
 * One open data file that is asked for single keys.
 *
 *   key ─> row group (footer statistics) ─┬ first looks: the pages that may hold it (page index) ─┬─> row ordinal
 *                                         └ later ones: all keys of the group, kept               ┘
 *
 * Invariant: only keys decide whether a key is there. The page index carries no checksum, the pages do: what the index leads to
 * settles the matter when those keys have the wanted one between them, or end where the row group does; else all are read.
 */
import { type DeletedRows, type DeletionFile, readDeletedRows } from '../format/deletion-vector.js';
import type { FileIO } from '../io/file-io.js';
import type { EvolvingReader } from '../lsm/evolving-reader.js';
import { getBit } from '../types/bitmap.js';
import type { Batch, Column } from '../types/column.js';
import { rowComparator } from '../types/compare.js';
import type { DataField } from '../types/data-type.js';
import { compareDatum, type Datum, datumAt } from '../types/datum.js';
import { columnBytes } from '../types/take.js';

/** Row groups that are looked into more often get all their keys read and kept. */
const LOOKS_BY_PAGE = 2;

/** The keys of neighbouring rows of a row group. */
interface Keys {
  readonly columns: readonly Column[];
  /** in the row group */
  readonly firstRow: number;
  readonly length: number;
}

export class KeyFile {
  /** gets that are using it: it must not be closed under them */
  users = 0;
  /** key columns kept */
  kept_bytes = 0;
  /** of its bucket */
  readonly directory: string;
  readonly #reader: Promise<EvolvingReader>;
  readonly #key: DataField;
  readonly #groups = new Map<number, Promise<Keys>>();
  /** how often each row group was looked into */
  readonly #looks = new Map<number, number>();
  /** bounds of the first key column in each row group, as far as asked for; null: not known */
  readonly #lastKeys: Datum[] = [];
  #deleted: { readonly place: DeletionFile; readonly rows: Promise<DeletedRows> } | undefined;

  /** @param reader opened for the key columns; `key` is the first of them */
  constructor(reader: Promise<EvolvingReader>, directory: string, key: DataField) {
    this.#reader = reader;
    this.directory = directory;
    this.#key = key;
  }

  /** The ordinal of the key's row; undefined when it is not in the file. */
  async rowOf(probe: readonly Column[]): Promise<number | undefined> {
    const reader = await this.#reader;
    for (let group = this.#firstGroup(reader, probe); group < reader.rowGroups.length; group++) {
      const keys = (await this.#keysOfPages(reader, group, probe)) ?? (await this.#keysOf(reader, group));
      const order = rowComparator(keys.columns, probe);
      const row = firstWhere(keys.length, (i) => order(i, 0) >= 0);
      if (row < keys.length) return order(row, 0) === 0 ? reader.rowGroups[group]!.firstRow + keys.firstRow + row : undefined;
    }
    return undefined;
  }

  async read(row: number, fields: readonly DataField[]): Promise<Batch> {
    return (await this.#reader).readRows(Uint32Array.of(row), fields);
  }

  /** Does the deletion vector mark the row? */
  async isDeleted(row: number, place: DeletionFile, io: FileIO): Promise<boolean> {
    if (this.#deleted?.place.path !== place.path || this.#deleted.place.offset !== place.offset) {
      const rows = readDeletedRows(io, place, (await this.#reader).rowCount);
      this.#deleted = { place, rows };
      rows.catch(() => {
        this.#deleted = undefined;
      });
    }
    return getBit(await this.#deleted.rows, row);
  }

  async close(): Promise<void> {
    await (await this.#reader).close();
  }

  /** Row groups are in key order: those whose statistics end below the key are skipped. */
  #firstGroup(reader: EvolvingReader, probe: readonly Column[]): number {
    const value = datumAt(probe[0]!, 0);
    for (let group = 0; group < reader.rowGroups.length - 1; group++) {
      if (this.#lastKeys[group] === undefined) {
        const stats = reader.statsOf(group, this.#key);
        this.#lastKeys[group] = stats?.hasMinMax === true ? stats.max : null;
      }
      const last = this.#lastKeys[group]!;
      if (last === null || compareDatum(this.#key.type, last, value) >= 0) return group;
    }
    return reader.rowGroups.length - 1;
  }

  /** For the first few looks: the keys around the one wanted; undefined when all keys of the group are the better choice. */
  async #keysOfPages(reader: EvolvingReader, group: number, probe: readonly Column[]): Promise<Keys | undefined> {
    if (this.#groups.has(group)) return undefined;
    const looks = (this.#looks.get(group) ?? 0) + 1;
    this.#looks.set(group, looks);
    if (looks > LOOKS_BY_PAGE) return undefined;
    const pages = await reader.pageStatsOf(group, this.#key);
    if (pages === undefined || pages.firstRows.length === 0) return undefined;
    const { type } = this.#key;
    const value = datumAt(probe[0]!, 0);
    const { firstRows, mins, maxs } = pages;
    // pages are in key order: from the first that ends at or above the key to the last that begins at or below it;
    // where that is none, the two that it is between
    let from = firstWhere(firstRows.length, (page) => compareDatum(type, datumAt(maxs, page), value) >= 0);
    let to = firstWhere(firstRows.length, (page) => compareDatum(type, datumAt(mins, page), value) > 0);
    if (from >= to) [from, to] = [Math.max(0, to - 1), Math.min(firstRows.length, from + 1)];
    const { firstRow: groupStart, rowCount } = reader.rowGroups[group]!;
    const firstRow = firstRows[from]!;
    const length = (firstRows[to] ?? rowCount) - firstRow;
    const rows = new Uint32Array(length);
    for (let row = 0; row < length; row++) rows[row] = groupStart + firstRow + row;
    const { columns } = await reader.readRows(rows);
    const order = rowComparator(columns, probe);
    const above = firstRow === 0 || order(0, 0) <= 0;
    const below = firstRow + length === rowCount || order(length - 1, 0) >= 0;
    return above && below ? { columns, firstRow, length } : undefined;
  }

  #keysOf(reader: EvolvingReader, group: number): Promise<Keys> {
    let keys = this.#groups.get(group);
    if (keys === undefined) {
      keys = reader.readRowGroup(group).then(({ columns, length }) => {
        for (const column of columns) this.kept_bytes += columnBytes(column);
        return { columns, firstRow: 0, length };
      });
      this.#groups.set(group, keys);
      keys.catch(() => this.#groups.delete(group));
    }
    return keys;
  }
}

/** The first of 0 … count-1 that fits, where all from there on do; `count` when none does. */
function firstWhere(count: number, fits: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (fits(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
