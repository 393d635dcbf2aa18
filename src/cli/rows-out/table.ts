/** An aligned table for people. */
import { TextTable } from '../text-table.js';
import { cellsOf } from './cells.js';
import { kindFirst, type RowWriter, type RowWriterOptions } from './row-writer.js';

const NUMBERS = new Set(['TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'FLOAT', 'DOUBLE', 'DECIMAL']);

export function tableWriter({ sink, numbers, color }: RowWriterOptions): RowWriter {
  let table: TextTable | undefined;
  return {
    async write(batch, kinds) {
      if (batch.length === 0) return;
      const shown = kindFirst(batch, kinds);
      const columns = cellsOf(shown, numbers);
      table ??= new TextTable(
        shown.fields.map((field) => ({ name: field.name, right: NUMBERS.has(field.type.kind) })),
        { color },
      );
      const rows = Array.from({ length: shown.length }, (_, row) => columns.map((cells) => cells[row] ?? 'null'));
      await sink.write(table.lines(rows));
    },
    finish: () => Promise.resolve(),
  };
}
