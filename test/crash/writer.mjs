/**
 * A job as a process of its own: goes on after its last committed identifier, and says what was acknowledged.
 *
 *   node writer.mjs WAREHOUSE TABLE USER FROM_KEY KEYS COMMITS SEED DELETES
 *
 * The rows of a commit depend on (seed, identifier) only, so that a restart writes them again to the letter.
 */
import { openCatalog, seededRandom } from '../../dist/index.js';
import { rowsOf } from './rows.mjs';

const [warehouse, table, user, fromKey, keys, commits, seed, deletes] = process.argv.slice(2);
const onEvent = (event) => {
  // it fails no commit, but here nothing is a reason for it
  if (event.type === 'compaction-failure') throw event.error;
};
const catalog = await openCatalog({ warehouse, threads: 1, onEvent });
const handle = await catalog.table(table);
const committer = await handle.openCommitter({ commitUser: user });
const last = (await committer.lastIdentifier()) ?? 0n;
process.stdout.write(`start ${last}\n`);
const writer = await handle.openWriter({ commitUser: user });
for (let identifier = last + 1n; identifier <= BigInt(commits); identifier++) {
  const rows = rowsOf(seededRandom, Number(seed), Number(identifier), Number(fromKey), Number(keys));
  await writer.write(rows.upserts);
  if (deletes === 'true') await writer.delete(rows.deletes);
  await writer.commit({ identifier });
  process.stdout.write(`ack ${identifier}\n`);
}
await writer.close();
await catalog.close();
process.stdout.write('done\n');
