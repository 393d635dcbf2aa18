/** `weir drop TABLE` */
import { type Context, withCatalog } from '../context.js';

export function drop(context: Context, name: string, options: { ifExists?: boolean }): Promise<void> {
  return withCatalog(context, (catalog) => catalog.dropTable(name, { ifExists: options.ifExists ?? false }));
}
