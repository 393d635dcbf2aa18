/** `weir flush TABLE`: puts what is pending into a snapshot. Every commit is a snapshot already, so there is never anything to do. */
import { type Context, withTable } from '../context.js';

export function flush(context: Context, name: string): Promise<void> {
  return withTable(context, name, () => Promise.resolve());
}
