/**
 * RFC 4180 records out of pieces of text, however the pieces are cut.
 *
 * A cell is null when nothing stands between the commas, the empty string when `""` does. Lines end with LF or CRLF.
 * A blank line is skipped, but where records have one cell: there it is a record whose cell is null.
 */
export type CsvCell = string | null;

export interface CsvRecord {
  readonly cells: readonly CsvCell[];
  /** line on which the record begins, from 1 */
  readonly line: number;
}

/** What is wrong with the text itself, and where. */
export class CsvSyntaxError extends Error {
  override readonly name = 'CsvSyntaxError';
  constructor(
    message: string,
    readonly line: number,
  ) {
    super(message);
  }
}

export class CsvParser {
  #rest = '';
  #line = 1;
  #arity: number | undefined;
  #failure: CsvSyntaxError | undefined;

  /** The records that end in this piece. Those before a bad one are given first: the next call throws. */
  push(text: string): CsvRecord[] {
    return this.#parse(this.#rest + text, false);
  }

  /** The last record, when the text does not end with a line end. Called again, it throws what is still to be thrown. */
  finish(): CsvRecord[] {
    return this.#parse(this.#rest, true);
  }

  #parse(text: string, last: boolean): CsvRecord[] {
    if (this.#failure) throw this.#failure;
    const records: CsvRecord[] = [];
    try {
      this.#rest = text.slice(this.#scan(text, last, records));
    } catch (error) {
      if (!(error instanceof CsvSyntaxError) || records.length === 0) throw error;
      this.#failure = error;
    }
    return records;
  }

  /** Fills `records`; returns where the first record begins whose end has not come yet. */
  #scan(text: string, last: boolean, records: CsvRecord[]): number {
    let at = 0;
    // the next quote; -1 none, -2 not looked for yet
    let quote = -2;
    while (at < text.length) {
      const end = text.indexOf('\n', at);
      if (quote !== -1 && quote < at) quote = text.indexOf('"', at);
      if (quote === -1 || (end !== -1 && quote > end)) {
        if (end === -1 && !last) break;
        const stop = end === -1 ? text.length : end;
        this.#keep(records, plainCells(text.slice(at, text[stop - 1] === '\r' && stop > at ? stop - 1 : stop)), 1);
        at = stop + 1;
      } else {
        const record = this.#quoted(text, at, last);
        if (record === undefined) break;
        this.#keep(records, record.cells, record.lines);
        at = record.next;
      }
    }
    return at;
  }

  #keep(records: CsvRecord[], cells: CsvCell[], lines: number): void {
    const blank = cells.length === 1 && cells[0] === null;
    if (!blank || this.#arity === 1) {
      this.#arity ??= cells.length;
      records.push({ cells, line: this.#line });
    }
    this.#line += lines;
  }

  /** A record that holds a quote; undefined when its end has not come yet. */
  #quoted(text: string, start: number, last: boolean): { cells: CsvCell[]; next: number; lines: number } | undefined {
    const cells: CsvCell[] = [];
    let at = start;
    let lines = 1;
    for (;;) {
      let cell: CsvCell;
      if (text[at] === '"') {
        let value = '';
        for (;;) {
          const close = text.indexOf('"', at + 1);
          if (close === -1) {
            if (!last) return undefined;
            throw new CsvSyntaxError('a quoted cell has no closing quote', this.#line);
          }
          value += text.slice(at + 1, close);
          at = close + 1;
          if (text[at] !== '"') break;
          value += '"';
        }
        // a quote at the very end of the piece may be the first of a doubled one; a CR may belong to a CRLF
        if (!last && (at === text.length || (text[at] === '\r' && at + 1 === text.length))) return undefined;
        for (let i = value.indexOf('\n'); i !== -1; i = value.indexOf('\n', i + 1)) lines += 1;
        cell = value;
        if (text[at] === '\r' && (text[at + 1] === '\n' || at + 1 === text.length)) at += 1;
        if (at < text.length && text[at] !== ',' && text[at] !== '\n')
          throw new CsvSyntaxError('text after the closing quote of a cell', this.#line);
      } else {
        let stop = at;
        while (stop < text.length && text[stop] !== ',' && text[stop] !== '\n') {
          if (text[stop] === '"') throw new CsvSyntaxError('a quote inside a cell that does not begin with one', this.#line);
          stop += 1;
        }
        if (stop === text.length && !last) return undefined;
        const trim = text[stop] !== ',' && stop > at && text[stop - 1] === '\r' ? stop - 1 : stop;
        cell = trim === at ? null : text.slice(at, trim);
        at = stop;
      }
      cells.push(cell);
      if (text[at] !== ',') return { cells, next: at + 1, lines };
      at += 1;
    }
  }
}

function plainCells(line: string): CsvCell[] {
  const cells: CsvCell[] = line.split(',');
  for (let i = 0; i < cells.length; i += 1) if (cells[i] === '') cells[i] = null;
  return cells;
}

/** The text of a cell: quoted where RFC 4180 asks for it, and where empty must not look missing. */
export function csvCell(cell: CsvCell): string {
  if (cell === null) return '';
  return cell === '' || /[",\r\n]/.test(cell) || cell.startsWith('\uFEFF') ? `"${cell.replaceAll('"', '""')}"` : cell;
}
