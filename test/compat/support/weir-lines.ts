/** A table of weir's as lines in the encoding of the golden files, in and out. */
import type { Change, RowKind, Scan, Table, TableWriter } from '../../../src/index.js';
import type { DataField } from '../../../src/types/data-type.js';
import { encodeJsonLines, JsonLineDecoder } from '../../../src/types/json-line.js';
import { canonicalLines } from '../../golden/lines.js';

/** The rows of a scan, sorted, floats in one spelling. */
export async function scanLines(scan: Scan<Record<string, unknown>>): Promise<string[]> {
  const lines: string[] = [];
  let fields: readonly DataField[] = [];
  for await (const batch of scan.batches()) {
    fields = batch.fields;
    lines.push(...encodeJsonLines(batch).split('\n').slice(0, -1));
  }
  return canonicalLines(lines, fields).sort();
}

/** Changes by snapshot, each line with its kind. */
export async function changeLines(changes: AsyncIterable<Change<Record<string, unknown>>>): Promise<Map<bigint, string[]>> {
  const bySnapshot = new Map<bigint, string[]>();
  for await (const { snapshot, batch, kinds } of changes) {
    const lines = encodeJsonLines(batch, { kinds }).split('\n').slice(0, -1);
    bySnapshot.set(snapshot, [...(bySnapshot.get(snapshot) ?? []), ...lines]);
  }
  return bySnapshot;
}

/** Writes lines (with `_kind` where it is not +I); they are committed by the caller. */
export async function writeLines(table: Table, writer: TableWriter, lines: readonly string[]): Promise<void> {
  const decoder = new JsonLineDecoder(table.schema.fields);
  for (const line of lines) decoder.push(line);
  const { batch, kinds } = decoder.finish();
  await writer.write(batch, kinds === undefined ? {} : { kinds });
}

/** A row as a line, with its kind when that says something. */
export function lineOf(row: object, kind: RowKind = '+I'): string {
  return JSON.stringify(kind === '+I' ? row : { _kind: kind, ...row });
}
