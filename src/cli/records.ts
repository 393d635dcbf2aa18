/**
 * What administrative commands print: an aligned table on a terminal, JSON lines otherwise.
 * A record's keys are Paimon's system-table column names, in Paimon's order; 64-bit numbers keep every digit.
 */
import { stringifyJson } from '../base/lossless-json.js';
import type { Output } from './output.js';
import { useColor } from './progress.js';
import { TextTable } from './text-table.js';

export type Cell = string | number | bigint | boolean | null | readonly unknown[] | { readonly [key: string]: unknown };
export type AdminRecord = Readonly<Record<string, Cell>>;

/** `wide` names columns too long for a terminal: JSON lines have them, the table leaves them out. */
export async function printRecords(
  output: Output,
  records: readonly AdminRecord[],
  options: { wide?: readonly string[] } = {},
): Promise<void> {
  const first = records[0];
  if (first === undefined) return;
  if (!output.isTerminal) {
    await output.write(records.map((record) => `${stringifyJson(record)}\n`).join(''));
    return;
  }
  const names = Object.keys(first).filter((name) => !options.wide?.includes(name));
  const columns = names.map((name) => ({ name, right: records.some((record) => isNumber(record[name])) }));
  const rows = records.map((record) => names.map((name) => cellText(record[name])));
  await output.write(new TextTable(columns, { color: useColor(output.stream) }).lines(rows));
}

function isNumber(cell: Cell | undefined): boolean {
  return typeof cell === 'number' || typeof cell === 'bigint';
}

function cellText(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return '';
  return typeof cell === 'object' ? (stringifyJson(cell) ?? '') : String(cell);
}

/** Epoch milliseconds as ISO-8601 in UTC, which `--as-of` takes back. */
export function isoTime(time_ms: number): string {
  return new Date(time_ms).toISOString();
}
