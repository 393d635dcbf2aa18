/** What a writer holds of the log between its commits: failed ones, prepared ones, and those fenced. */
import { describe, expect, it } from 'vitest';
import { WeirError } from '../../../src/base/error.js';
import { bigint, deserializeMessage, int, memoryFileIO, openCatalog, serializeMessage } from '../../../src/index.js';
import { pathsBelow, sorted } from '../../support/memory-catalog.js';
import { movableClock } from '../../support/movable-clock.js';
import { recordedIO } from '../../support/recorded-io.js';

const HOUR_MS = 3_600_000;

async function newTable(options: Record<string, string | number> = {}) {
  const clock = movableClock();
  const io = recordedIO(memoryFileIO(clock));
  const catalog = await openCatalog({ warehouse: '/w', fileIO: io, clock });
  const table = await catalog.createTable('db.t', {
    schema: { id: bigint().notNull(), n: int() },
    primaryKey: ['id'],
    options: { bucket: 1, 'log.enabled': 'true', 'snapshot.interval': '365 d', ...options },
  });
  const bodies = async () => (await pathsBelow(io, `${table.path}/log`)).filter((path) => path.includes('/bodies/'));
  /** The next `count` attempts at a slot fail before they have an effect. */
  const failSlots = (count: number) => {
    let left = count;
    io.before = ({ name, path }) => {
      if (name === 'createExclusive' && path.includes('/log/') && left-- > 0) throw new WeirError('UNAVAILABLE', 'the storage is away');
    };
  };
  return { clock, io, table, bodies, failSlots };
}

describe('a commit that failed', () => {
  it('is settled under its own identifier before the next one', async () => {
    const { table, failSlots } = await newTable();
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.write({ id: 1n, n: 1 });
    failSlots(8);
    await expect(writer.commit({ identifier: 5n })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await table.scan().toArray()).toEqual([]);
    await writer.write({ id: 2n, n: 2 });
    expect(await writer.commit({ identifier: 6n })).toMatchObject({ slot: 3n, identifier: 6n });
    const told: unknown[] = [];
    for await (const change of table.changes({ from: 'earliest', until: 'now' })) told.push(change.rows().map(({ row }) => row));
    expect(told).toEqual([[{ id: 1n, n: 1 }], [{ id: 2n, n: 2 }]]);
    await writer.close();
    const next = await table.openWriter({ commitUser: 'job' });
    expect(await next.commit({ identifier: 6n })).toMatchObject({ alreadyCommitted: true });
    await next.close();
  });

  it('goes with its rows when the same identifier is committed again', async () => {
    const { table, failSlots } = await newTable();
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.write({ id: 1n, n: 1 });
    failSlots(8);
    await expect(writer.commit({ identifier: 5n })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await writer.commit({ identifier: 5n });
    expect(await table.scan().toArray()).toEqual([{ id: 1n, n: 1 }]);
    await writer.close();
  });

  it('because it was fenced stays uncommitted, whatever is tried', async () => {
    const { table } = await newTable();
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.write({ id: 1n, n: 1 });
    const other = await table.openWriter({ commitUser: 'job' });
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(writer.commit({ identifier: 5n })).rejects.toMatchObject({ code: 'FENCED' });
      await writer.write({ id: 2n, n: 2 });
    }
    await expect(writer.commit({ identifier: 6n })).rejects.toMatchObject({ code: 'FENCED' });
    await other.write({ id: 3n, n: 3 });
    await other.commit({ identifier: 5n });
    expect(await table.scan().toArray()).toEqual([{ id: 3n, n: 3 }]);
    await writer.close();
    await other.close();
  });
});

describe('bodies', () => {
  it('of rows that were forgotten are deleted', async () => {
    const { table, bodies } = await newTable({ 'log.inline-max': '1 b' });
    const writer = await table.openWriter({ commitUser: 'job' });
    await writer.write({ id: 1n, n: 1 });
    await writer.commit();
    const [kept] = await bodies();
    await writer.write(Array.from({ length: 400_000 }, (_, i) => ({ id: BigInt(i), n: i })));
    expect((await bodies()).length).toBeGreaterThan(1);
    await writer.abort();
    expect(await bodies()).toEqual([kept]);
    await writer.close();
  });
});

describe('messages', () => {
  const prepared = async () => {
    const made = await newTable();
    const writer = await made.table.openWriter({ commitUser: 'part' });
    await writer.write({ id: 1n, n: 1 });
    const messages = (await writer.prepareCommit()).map(serializeMessage).map(deserializeMessage);
    await writer.close();
    return { ...made, messages, committer: await made.table.openCommitter({ commitUser: 'job' }) };
  };

  it('are committed for half the age of orphans, and refused after it', async () => {
    for (const [age_ms, code] of [
      [11.9 * HOUR_MS, undefined],
      [12.1 * HOUR_MS, 'COMMIT_CONFLICT'],
    ] as const) {
      const { table, clock, messages, committer } = await prepared();
      clock.forward(age_ms);
      const outcome = await committer.commit(1n, messages).catch((error: WeirError) => error);
      if (code === undefined) expect(outcome).toMatchObject({ rows: 1, alreadyCommitted: false });
      else expect(outcome).toMatchObject({ code });
      expect(sorted(await table.scan().toArray()).length).toBe(code === undefined ? 1 : 0);
      await committer.close();
    }
  });

  it('whose age counts from their first body, however late they were prepared', async () => {
    const { table, clock } = await newTable();
    const writer = await table.openWriter({ commitUser: 'part' });
    await writer.write(Array.from({ length: 400_000 }, (_, i) => ({ id: BigInt(i), n: i })));
    clock.forward(13 * HOUR_MS);
    const messages = await writer.prepareCommit();
    const committer = await table.openCommitter({ commitUser: 'job' });
    await expect(committer.commit(1n, messages)).rejects.toMatchObject({ code: 'COMMIT_CONFLICT' });
    await writer.close();
    await committer.close();
  });

  it('are refused as a whole when a body is gone, naming it', async () => {
    const { io, table, messages, committer, bodies } = await prepared();
    const writer = await table.openWriter({ commitUser: 'other' });
    await writer.write({ id: 2n, n: 2 });
    const more = await writer.prepareCommit();
    const file = (await bodies()).find((path) => path.includes(messages[0]!.log!.bodies[0]!.name))!;
    await io.remove(file);
    await expect(committer.commit(1n, [...more, ...messages])).rejects.toMatchObject({ code: 'COMMIT_CONFLICT', file });
    expect(await table.scan().toArray()).toEqual([]);
    expect(await committer.commit(1n, more)).toMatchObject({ rows: 1, alreadyCommitted: false });
    expect(await table.scan().toArray()).toEqual([{ id: 2n, n: 2 }]);
    await writer.close();
    await committer.close();
  });

  it('that were committed, though their committer was told otherwise, are acknowledged however old', async () => {
    const { io, table, clock, messages, committer } = await prepared();
    io.after = ({ name, path }) => {
      if (name === 'createExclusive' && path.includes('/log/')) throw new WeirError('UNAVAILABLE', 'the answer was lost');
    };
    await expect(committer.commit(1n, messages)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    io.after = undefined;
    clock.forward(13 * HOUR_MS);
    expect(await committer.commit(1n, messages)).toMatchObject({ alreadyCommitted: true });
    expect(await table.scan().toArray()).toEqual([{ id: 1n, n: 1 }]);
    await committer.close();
  });
});
