/** What no slot names goes after a day; what one names, or may come to name, stays. */
import { describe, expect, it } from 'vitest';
import { bigint, int, memoryFileIO, openCatalog } from '../../../src/index.js';
import { pathsBelow } from '../../support/memory-catalog.js';
import { movableClock, TRIMMABLE_MS } from '../../support/movable-clock.js';

const HOUR_MS = 3_600_000;
const OTHER = '11111111-1111-4111-8111-111111111111';

async function newTable() {
  const clock = movableClock();
  const io = memoryFileIO(clock);
  const catalog = await openCatalog({ warehouse: '/w', fileIO: io, clock });
  const table = await catalog.createTable('db.t', {
    schema: { id: bigint().notNull(), n: int() },
    primaryKey: ['id'],
    options: { bucket: 1, 'log.enabled': 'true', 'log.inline-max': '1 b', 'log.retained-slots': 1, 'snapshot.interval': '365 d' },
  });
  const log = `${table.path}/log/${table.options['log.id']}`;
  return { clock, io, catalog, table, log, bodies: () => pathsBelow(io, `${log}/bodies`) };
}

describe('orphans of a log', () => {
  it('are the bodies of writers that died, and their temporary files', async () => {
    const { clock, io, table, log, bodies } = await newTable();
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.append({ id: 1n, n: 1 });
    await writer.append({ id: 2n, n: 2 });
    const named = await bodies();
    const litter = [
      `${log}/0000/.00000000000000000009.arrow.${OTHER}.tmp`,
      `${log}/bodies/.${OTHER}.arrow.${OTHER}.tmp`,
      `${log}/bodies/${OTHER}.arrow`,
    ];
    for (const path of litter) await io.writeFile(path, Buffer.from('x'));
    expect((await table.removeOrphanFiles()).files).toEqual([]);
    clock.forward(25 * HOUR_MS);
    const young = `${log}/bodies/22222222-2222-4222-8222-222222222222.arrow`;
    await io.writeFile(young, Buffer.from('x'));
    const before = await pathsBelow(io, table.path);
    const found = await table.removeOrphanFiles({ dryRun: true });
    expect(found.files.map(({ path }) => path)).toEqual(litter.sort());
    expect(await pathsBelow(io, table.path)).toEqual(before);
    expect(await table.removeOrphanFiles()).toMatchObject({ size_bytes: 3, unknown: [] });
    expect(await bodies()).toEqual([...named, young].sort());
    expect((await table.scan().toArray()).length).toBe(2);
    await writer.close();
    expect(await table.verify()).toMatchObject({ ok: true });
  });

  it('are not the bodies of a message that can still be committed', async () => {
    const { clock, table, bodies } = await newTable();
    const writer = await table.openWriter({ commitUser: 'part' });
    await writer.write({ id: 1n, n: 1 });
    const messages = await writer.prepareCommit();
    await writer.close();
    clock.forward(11.9 * HOUR_MS);
    await table.removeOrphanFiles();
    const committer = await table.openCommitter({ commitUser: 'job' });
    await committer.commit(1n, messages);
    clock.forward(24 * HOUR_MS);
    await table.removeOrphanFiles();
    expect((await bodies()).length).toBe(1);
    expect(await table.scan().toArray()).toEqual([{ id: 1n, n: 1 }]);
    await committer.close();
  });

  it('are bodies whose slot was trimmed by who died before it was done', async () => {
    const { clock, io, table, bodies } = await newTable();
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.append({ id: 1n, n: 1 });
    const [path] = await bodies();
    const bytes = await io.readFile(path!);
    for (let i = 0; i < 3; i++) {
      await table.flush();
      clock.forward(TRIMMABLE_MS);
      await writer.append({ id: 2n, n: i });
    }
    await table.flush();
    expect(await bodies()).not.toContain(path);
    await io.writeFile(path!, bytes);
    clock.forward(25 * HOUR_MS);
    const { files } = await table.removeOrphanFiles();
    expect(files.map((file) => file.path)).toContain(path);
    expect((await table.scan().toArray()).length).toBe(2);
    await writer.close();
  });

  it('are the places of writers that died in the queue', async () => {
    const { clock, io, table, log } = await newTable();
    const place = `${log}/queue/0000000001-x`;
    await io.writeFile(place, new Uint8Array(0));
    expect((await table.removeOrphanFiles()).files).toEqual([]);
    clock.forward(25 * HOUR_MS);
    const { files, unknown } = await table.removeOrphanFiles();
    expect(files.map((file) => file.path)).toEqual([place]);
    expect(unknown).toEqual([]);
    expect(await io.exists(place)).toBe(false);
  });

  it('are none when a slot is missing or damaged', async () => {
    const { clock, io, table, log, bodies } = await newTable();
    const writer = await table.openWriter({ commitUser: 'job' });
    for (let id = 1n; id <= 3n; id++) await writer.append({ id, n: 1 });
    await writer.close({ flush: false });
    const before = await bodies();
    clock.forward(25 * HOUR_MS);
    /** by a process that knows no slot yet */
    const remove = async () => (await (await openCatalog({ warehouse: '/w', fileIO: io, clock })).table('db.t')).removeOrphanFiles();
    const slot = `${log}/0000/00000000000000000003.arrow`;
    const bytes = await io.readFile(slot);
    await io.remove(slot);
    await expect(remove()).rejects.toMatchObject({ code: 'CORRUPTION', file: slot });
    await io.writeFile(slot, bytes.subarray(0, 200));
    await expect(remove()).rejects.toMatchObject({ code: 'CORRUPTION', file: slot });
    expect(await bodies()).toEqual(before);
  });

  it('are not what nothing is known of, nor a log of another id', async () => {
    const { clock, io, table, log } = await newTable();
    const strange = [`${log}/bodies/notes.txt`, `${log}/0000/README`, `${log}/notes.txt`];
    const elsewhere = `${table.path}/log/${OTHER}`;
    for (const path of [...strange, `${elsewhere}/bodies/${OTHER}.arrow`]) await io.writeFile(path, Buffer.from('x'));
    clock.forward(25 * HOUR_MS);
    expect(await table.removeOrphanFiles()).toMatchObject({ files: [] });
    expect([...(await table.removeOrphanFiles()).unknown].sort()).toEqual([...strange, elsewhere].sort());
    expect(await io.exists(`${elsewhere}/bodies/${OTHER}.arrow`)).toBe(true);
  });
});
