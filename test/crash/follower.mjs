/**
 * Follows a table as a process of its own, until it is killed: a line for each batch, with the position to go on from.
 *
 *   node follower.mjs WAREHOUSE TABLE [POSITION]
 */
import { openCatalog, systemClock } from '../../dist/index.js';
import { clockOf } from './clock.mjs';

const [warehouse, table, from] = process.argv.slice(2);
const catalog = await openCatalog({ warehouse, threads: 1, clock: clockOf(systemClock) });
const handle = await catalog.table(table);
process.stdout.write('start\n');
for await (const change of handle.changes(from === undefined ? {} : { from })) {
  const rows = change.rows().map(({ kind, row }) => [kind, String(row.id), row.text]);
  process.stdout.write(`${JSON.stringify({ position: change.position, rows })}\n`);
}
