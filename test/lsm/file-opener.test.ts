import { expect, it } from 'vitest';
import { memoryCatalog } from '../support/memory-catalog.js';

it('a file with some of its columns is refused, one with all of them and system columns is read', async () => {
  for (const [writeCols, code] of [
    [['k'], 'UNSUPPORTED'],
    [['k', 'v', '_ROW_ID', '_SEQUENCE_NUMBER'], undefined],
  ] as const) {
    const { catalog } = await memoryCatalog();
    const table = await catalog.createTable('db.t', { schema: { k: 'INT', v: 'INT' } });
    const writer = await table.openWriter();
    await writer.write([{ k: 1, v: 2 }]);
    const messages = (await writer.prepareCommit()).map((message) => ({
      ...message,
      newFiles: message.newFiles.map((file) => ({ ...file, writeCols })),
    }));
    await (await table.openCommitter()).commit(1n, messages);
    const rows = table.scan({ columns: ['k'] }).toArray();
    if (code === undefined) expect(await rows).toEqual([{ k: 1 }]);
    else await expect(rows).rejects.toMatchObject({ code, message: expect.stringContaining('column v') });
  }
});
