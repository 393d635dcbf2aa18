/** The text of every cell: a scalar as its JSON line shows it but without quotes, nested values as JSON, null as null. */
import type { Batch, Column } from '../../types/column.js';
import type { DataField } from '../../types/data-type.js';
import { encodeJsonLines } from '../../types/json-line.js';

/** One array a column. */
export function cellsOf(batch: Batch, numbers: 'exact' | 'plain'): (string | null)[][] {
  return batch.fields.map((field, i) => columnCells(field, batch.columns[i] as Column, numbers));
}

/** A batch of this one column is encoded, and what stands around each value cut off: `{"a":` … `}`. */
function columnCells(field: DataField, column: Column, numbers: 'exact' | 'plain'): (string | null)[] {
  const lines = encodeJsonLines({ fields: [field], columns: [column], length: column.length }, { numbers }).split('\n');
  lines.pop();
  const start = JSON.stringify(field.name).length + 2;
  return lines.map((line) => cellText(line.slice(start, -1)));
}

function cellText(json: string): string | null {
  if (json === 'null') return null;
  if (!json.startsWith('"')) return json;
  return json.includes('\\') ? (JSON.parse(json) as string) : json.slice(1, -1);
}
