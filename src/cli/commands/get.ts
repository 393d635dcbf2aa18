/** `weir get TABLE KEY`: one row by primary key; prints nothing when there is none. */

import type { Table } from '../../index.js';
import type { DataField } from '../../types/data-type.js';
import { BatchBuilder } from '../../types/row-builder.js';
import { keyList } from '../arguments.js';
import { type Context, withTable } from '../context.js';
import { parseKey } from '../key.js';
import { useColor } from '../progress.js';
import { openRowWriter } from '../rows-out/row-writer.js';

export interface GetFlags {
  columns?: string[];
  numbers: 'exact' | 'plain';
}

export function get(context: Context, name: string, keyText: string, flags: GetFlags): Promise<void> {
  return withTable(context, name, async (table: Table) => {
    const columns = flags.columns && keyList(flags.columns);
    const key = parseKey(keyText, table.schema, table.name);
    const row = await table.get(key, columns ? { columns } : {});
    if (row === undefined) return;
    const fields = columns
      ? columns.flatMap((column) => table.schema.fields.find((field) => field.name === column) ?? [])
      : table.schema.fields;
    const format = context.out.isTerminal ? 'table' : 'jsonl';
    const writer = await openRowWriter(format, {
      sink: context.out,
      fields,
      kinds: false,
      numbers: flags.numbers,
      color: useColor(context.out.stream),
    });
    await writer.write(oneRow(fields, row), undefined);
    await writer.finish();
  });
}

function oneRow(fields: readonly DataField[], row: Record<string, unknown>) {
  const builder = new BatchBuilder(fields);
  builder.push(row);
  return builder.finish();
}
