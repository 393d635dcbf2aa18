/**
 * A job as a process of its own: goes on after its last committed identifier, and says what was acknowledged.
 *
 *   node writer.mjs WAREHOUSE TABLE USER FROM_KEY KEYS COMMITS SEED DELETES [PARALLEL]
 *
 * The rows of a commit depend on (seed, identifier) only, so that a restart writes them again to the letter. With PARALLEL the upserts
 * of an identifier are appended by several calls at once, and the deletes committed after them: `ack 7 21-40,21-41,22-42,23-43`
 * names slot and identifier of each, in that order. A job that was fenced says `fenced` and ends.
 */
import { openCatalog, seededRandom, systemClock } from '../../dist/index.js';
import { clockOf } from './clock.mjs';
import { partsOf, rowsOf } from './rows.mjs';

const [warehouse, table, user, fromKey, keys, commits, seed, deletes, parallel] = process.argv.slice(2);
const onEvent = (event) => {
  // it fails no commit, but here nothing is a reason for it
  if (event.type === 'compaction-failure') throw event.error;
};
const catalog = await openCatalog({ warehouse, threads: 1, clock: clockOf(systemClock), onEvent });
const handle = await catalog.table(table);
const committer = await handle.openCommitter({ commitUser: user });
const last = (await committer.lastIdentifier()) ?? 0n;
await committer.close({ flush: false });
process.stdout.write(`start ${last}\n`);
const writer = await handle.openWriter({ commitUser: user });

async function commitAlone(identifier, rows) {
  await writer.write(rows.upserts);
  if (deletes === 'true') await writer.delete(rows.deletes);
  return [await writer.commit({ identifier })];
}

async function commitInParts(rows) {
  const results = await Promise.all(partsOf(rows.upserts).map((part) => writer.append(part)));
  await writer.delete(rows.deletes);
  return [...results, await writer.commit()];
}

async function run() {
  for (let identifier = last + 1n; identifier <= BigInt(commits); identifier++) {
    const rows = rowsOf(seededRandom, Number(seed), Number(identifier), Number(fromKey), Number(keys));
    const results = await (parallel === 'true' ? commitInParts(rows) : commitAlone(identifier, rows));
    process.stdout.write(`ack ${identifier} ${results.map((result) => `${result.slot}-${result.identifier}`).join(',')}\n`);
  }
}

let end = 'done';
try {
  await run();
} catch (error) {
  // another run of the job has taken over
  if (error.code !== 'FENCED') throw error;
  end = 'fenced';
}
await writer.close();
await catalog.close();
process.stdout.write(`${end}\n`);
