/** An expiry that is under way, or was cut short: whoever reads what it takes away is told so, and not that the table is damaged. */
import { expect, it } from 'vitest';
import { hasCode } from '../../src/base/error.js';
import { openCatalog, seededRandom } from '../../src/index.js';
import { faultyFileIO } from '../../src/io/faulty-file-io.js';
import { memoryFileIO } from '../../src/io/memory-file-io.js';
import { put, SNAPSHOTS_ONLY } from '../support/memory-catalog.js';

const SCHEMA = { id: 'BIGINT NOT NULL', v: 'STRING' };

async function grownTable() {
  const memory = memoryFileIO();
  const catalog = await openCatalog({ warehouse: '/wh', fileIO: memory, random: seededRandom(7), tableDefaults: SNAPSHOTS_ONLY });
  const keeps = { 'snapshot.num-retained.min': 1, 'snapshot.num-retained.max': 1, 'snapshot.time-retained': '1 ms' };
  const table = await catalog.createTable('db.t', {
    schema: SCHEMA,
    primaryKey: ['id'],
    options: { bucket: 1, 'write-only': true, 'commit.fsync': false, ...keeps },
  });
  for (let n = 0; n < 3; n++) await put(table, [{ id: BigInt(n), v: `v${n}` }]);
  await table.compact({ full: true });
  return { memory, catalog };
}

it('cut short at any storage call: a snapshot on its way out is there or POSITION_EXPIRED', async () => {
  let expired = 0;
  for (let stopAfter = 1; ; stopAfter++) {
    const { memory } = await grownTable();
    const dying = faultyFileIO(memory, seededRandom(1), { stopAfter });
    const operator = await openCatalog({ warehouse: '/wh', fileIO: dying, random: seededRandom(2) });
    const done = await operator
      .table('db.t')
      .then((table) => table.expire())
      .then(
        (result) => result.expired > 0,
        () => false,
      );
    const reader = await openCatalog({ warehouse: '/wh', fileIO: memory });
    const table = await reader.table('db.t');
    const read = await table
      .scan({ at: { snapshot: 2n } })
      .toArray()
      .catch((error: unknown) => error);
    if (Array.isArray(read)) expect(read).toHaveLength(2);
    else {
      expect(hasCode(read, 'POSITION_EXPIRED'), String(read)).toBe(true);
      expired++;
    }
    expect(await table.scan().toArray()).toHaveLength(3);
    if (done) break;
  }
  expect(expired).toBeGreaterThan(3);
});
