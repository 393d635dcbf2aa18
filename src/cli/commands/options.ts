/** `weir options TABLE`: the options stored with the table, as Paimon's `$options`. */
import { type Context, withTable } from '../context.js';
import { printRecords } from '../records.js';

export function options(context: Context, name: string): Promise<void> {
  return withTable(context, name, async (table) => {
    const entries = Object.entries(table.schema.options).sort(([a], [b]) => (a < b ? -1 : 1));
    await printRecords(
      context.out,
      entries.map(([key, value]) => ({ key, value })),
    );
  });
}
