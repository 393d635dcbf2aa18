/** `weir schemas TABLE`: every schema the table had, as Paimon's `$schemas`. */
import { fieldToJson } from '../../types/type-json.js';
import { type Context, withTable } from '../context.js';
import { isoTime, printRecords } from '../records.js';

export function schemas(context: Context, name: string): Promise<void> {
  return withTable(context, name, async (table) => {
    const records = (await table.schemas()).map((schema) => ({
      schema_id: schema.id,
      fields: schema.fields.map(fieldToJson),
      partition_keys: schema.partitionKeys,
      primary_keys: schema.primaryKeys,
      options: schema.options,
      comment: schema.comment ?? null,
      update_time: isoTime(schema.timeMillis),
    }));
    await printRecords(context.out, records);
  });
}
