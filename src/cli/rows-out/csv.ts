/** CSV with a header, RFC 4180 but for its line ends (LF): null = empty, empty string = `""`. No rows, no header. */
import { csvCell } from '../input/csv-parser.js';
import { cellsOf } from './cells.js';
import { kindFirst, type RowWriter, type RowWriterOptions } from './row-writer.js';

export function csvWriter({ sink, numbers }: RowWriterOptions): RowWriter {
  let begun = false;
  return {
    async write(batch, kinds) {
      if (batch.length === 0) return;
      const shown = kindFirst(batch, kinds);
      const columns = cellsOf(shown, numbers).map((cells) => cells.map(csvCell));
      const rows: string[] = begun ? [] : [`${shown.fields.map((field) => csvCell(field.name)).join(',')}\n`];
      begun = true;
      for (let row = 0; row < shown.length; row += 1) {
        let line = columns[0]?.[row] ?? '';
        for (let c = 1; c < columns.length; c += 1) line += `,${columns[c]?.[row]}`;
        rows.push(line, '\n');
      }
      await sink.write(rows.join(''));
    },
    finish: () => Promise.resolve(),
  };
}
