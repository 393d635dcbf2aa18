/**
 * Cells as an aligned table for people: header, rule, rows; numbers to the right.
 * Widths are those of the first lines, so a long result streams; later cells that are wider push their line.
 */
const MAX_WIDTH = 60;

export interface TextColumn {
  readonly name: string;
  readonly right?: boolean;
}

export class TextTable {
  readonly #columns: readonly TextColumn[];
  readonly #color: boolean;
  #widths: number[] | undefined;

  constructor(columns: readonly TextColumn[], options: { color?: boolean } = {}) {
    this.#columns = columns;
    this.#color = options.color ?? false;
  }

  /** The lines of these rows; the first call puts the header before them. */
  lines(rows: readonly (readonly string[])[]): string {
    let text = '';
    if (this.#widths === undefined) {
      this.#widths = this.#columns.map((column, i) =>
        Math.min(MAX_WIDTH, Math.max(width(column.name), ...rows.map((row) => width(row[i] ?? '')))),
      );
      const header = this.#line(this.#columns.map((column) => column.name));
      text += this.#color ? `\x1b[1m${header}\x1b[0m\n` : `${header}\n`;
      text += `${this.#widths.map((cells) => '─'.repeat(cells)).join('  ')}\n`;
    }
    for (const row of rows) text += `${this.#line(row)}\n`;
    return text;
  }

  #line(cells: readonly string[]): string {
    const widths = this.#widths ?? [];
    return cells
      .map((cell, i) => {
        const shown = printable(cell);
        const space = ' '.repeat(Math.max(0, (widths[i] ?? 0) - width(shown)));
        return this.#columns[i]?.right ? space + shown : shown + space;
      })
      .join('  ')
      .trimEnd();
  }
}

/** Line ends and control characters must not tear the table or reach the terminal. */
function printable(cell: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return cell.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => (char === '\n' ? '⏎' : char === '\t' ? ' ' : '�'));
}

function width(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
