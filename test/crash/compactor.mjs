/** Compacts a table again and again until it is told to stop (its standard input ends). */
import { openCatalog, systemClock } from '../../dist/index.js';
import { clockOf } from './clock.mjs';

const [warehouse, table] = process.argv.slice(2);
const catalog = await openCatalog({ warehouse, threads: 1, clock: clockOf(systemClock) });
const handle = await catalog.table(table);
let stop = false;
process.stdin.on('end', () => {
  stop = true;
});
process.stdin.resume();
let runs = 0;
while (!stop) {
  const { snapshot } = await handle.compact({ full: runs % 3 === 0 });
  if (snapshot !== undefined) runs++;
  await new Promise((resolve) => setTimeout(resolve, 20));
}
await catalog.close();
process.stdout.write(`${runs}\n`);
