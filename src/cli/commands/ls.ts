/** `weir ls [DATABASE]`: one line a table; a database without tables has one line whose table_name is null. */
import { type Context, withCatalog } from '../context.js';
import { type AdminRecord, printRecords } from '../records.js';

export function ls(context: Context, database: string | undefined): Promise<void> {
  return withCatalog(context, async (catalog) => {
    const records: AdminRecord[] = [];
    for (const name of database === undefined ? await catalog.listDatabases() : [database]) {
      const tables = await catalog.listTables(name);
      for (const table of tables) records.push({ database_name: name, table_name: table });
      if (tables.length === 0 && database === undefined) records.push({ database_name: name, table_name: null });
    }
    await printRecords(context.out, records);
  });
}
