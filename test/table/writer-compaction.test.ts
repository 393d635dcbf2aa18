/** Compactions beside a writer: one that is lost, wherever it was committed, is planned again; one that fails fails nothing else. */
import { expect, it } from 'vitest';
import {
  type FileIO,
  memoryFileIO,
  openCatalog,
  seededRandom,
  type Table,
  type TableCommitter,
  type TableWriter,
  type WeirEvent,
} from '../../src/index.js';
import { FAST, memoryCatalog, type Row, sorted } from '../support/memory-catalog.js';

const TRIGGER = 3;

async function make(fileIO: FileIO = memoryFileIO()) {
  const made = await memoryCatalog(fileIO);
  const table = (await made.catalog.createTable('db.t', {
    schema: { id: 'BIGINT NOT NULL', v: 'STRING' },
    primaryKey: ['id'],
    options: { bucket: 1, 'num-sorted-run.compaction-trigger': TRIGGER, ...FAST },
  })) as unknown as Table;
  return { ...made, io: fileIO, table };
}

/** Tells which data files were looked for in vain. */
function watched(io: FileIO, notFound: string[]): FileIO {
  const open: FileIO['open'] = (path) =>
    io.open(path).catch((error: unknown) => {
      notFound.push(path);
      throw error;
    });
  return new Proxy(io, {
    get: (target, name: keyof FileIO) =>
      name === 'open' ? open : typeof target[name] === 'function' ? target[name].bind(target) : target[name],
  });
}

const row = (id: number, round: number): Row => ({ id: BigInt(id), v: `v${id}-${round}` });
const rounds = (round: number) => Array.from({ length: 20 }, (_, i) => row(i + round * 10, round));
/** What the table holds after these rounds. */
const stateAfter = (last: number) => {
  const rows = new Map<unknown, Row>();
  for (let round = 0; round <= last; round++) for (const each of rounds(round)) rows.set(each.id, each);
  return [...rows.values()];
};
const all = async (table: Table) => sorted(await table.scan().toArray());
const runs = async (table: Table) => (await table.files()).length;
const compactions = async (table: Table) => (await table.snapshots()).filter(({ commitKind }) => commitKind === 'COMPACT').length;

/** One commit of a job with a committer of its own, perhaps in another process. */
async function step(writer: TableWriter, committer: TableCommitter, round: number) {
  await writer.write(rounds(round));
  return committer.commit(BigInt(round + 1), await writer.prepareCommit());
}

it('a writer whose committer dropped its compaction plans it again', async () => {
  const notFound: string[] = [];
  const { table } = await make(watched(memoryFileIO(), notFound));
  const writer = await table.openWriter();
  const committer = await table.openCommitter({ commitUser: 'job' });
  const dropped: number[] = [];
  for (let round = 0; round < 24; round++) {
    await writer.write(rounds(round));
    const messages = await writer.prepareCommit();
    // another compactor is faster, as often as the writer has compacted at all in the first half
    if (round < 12 && messages.some((message) => message.compactBefore.length > 0)) await table.compact({ full: true });
    const result = await committer.commit(BigInt(round + 1), messages);
    if (result.compactionDropped) dropped.push(round);
  }
  expect(dropped.length).toBeGreaterThan(0);
  // it learned so from the snapshots, and not by stumbling over the dropped files
  expect(notFound).toEqual([]);
  expect(Math.max(...dropped)).toBeLessThan(14);
  const before = await compactions(table);
  for (let round = 24; round < 36; round++) expect(await step(writer, committer, round)).toMatchObject({ compactionDropped: false });
  expect(await compactions(table)).toBeGreaterThan(before + 2);
  expect(await runs(table)).toBeLessThan(2 * TRIGGER);
  expect(await all(table)).toEqual(sorted(stateAfter(35)));
  await writer.close();
});

it('a dropped compaction is told by the commit of a writer, too', async () => {
  const { table, events } = await make();
  const writer = await table.openWriter({ commitUser: 'job' });
  let dropped = 0;
  for (let round = 0; round < 12; round++) {
    await writer.write(rounds(round));
    // between the writer's planning and its commit
    if (round % 4 === 3) await table.compact({ full: true });
    if ((await writer.commit()).compactionDropped) dropped++;
  }
  expect(dropped).toBe(events.filter(({ type }) => type === 'conflict').length);
  expect(dropped).toBeGreaterThan(0);
  expect(await all(table)).toEqual(sorted(stateAfter(11)));
  await writer.close();
});

it('a committer is not failed by a compaction that comes alone and is late', async () => {
  const { table } = await make();
  const writer = await table.openWriter();
  const committer = await table.openCommitter({ commitUser: 'job' });
  let alone = 0;
  let identifier = 0n;
  for (let round = 0; round < 10; round++) {
    await writer.write(rounds(round));
    await committer.commit(++identifier, await writer.prepareCommit());
    await new Promise((resolve) => setImmediate(resolve));
    const messages = await writer.prepareCommit();
    if (messages.length === 0) continue;
    expect(messages.flatMap((message) => message.newFiles)).toEqual([]);
    alone++;
    await table.compact({ full: true });
    expect(await committer.commit(++identifier, messages)).toMatchObject({ snapshot: undefined, compactionDropped: true });
  }
  expect(alone).toBeGreaterThan(0);
  expect(await all(table)).toEqual(sorted(stateAfter(9)));
  await writer.close();
});

it('checkpoints that overlap: messages not yet committed stay part of what is compacted', async () => {
  const { table } = await make();
  const writer = await table.openWriter();
  const committer = await table.openCommitter({ commitUser: 'job' });
  let waiting: Awaited<ReturnType<TableWriter['prepareCommit']>>[] = [];
  let identifier = 0n;
  let dropped = 0;
  const passing = (round: number) => ({ id: BigInt(1_000_000 + round), v: 'passing' });
  for (let round = 0; round < 40; round++) {
    await writer.write([...rounds(round), passing(round)]);
    // a compaction up to the last level forgets this delete: it must not leave out the file with the row
    if (round > 0) await writer.delete({ id: passing(round - 1).id });
    waiting.push(await writer.prepareCommit());
    if (round % 5 === 4) await table.compact({ full: true });
    if (waiting.length < 3) continue;
    const [first, ...rest] = waiting;
    if ((await committer.commit(++identifier, first!)).compactionDropped) dropped++;
    waiting = rest;
  }
  for (const messages of waiting) await committer.commit(++identifier, messages);
  expect(dropped).toBeGreaterThan(0);
  expect(await all(table)).toEqual(sorted([...stateAfter(39), passing(39)]));
  await writer.close();
});

it('a file that is really missing is told by name, and fails no commit of rows', async () => {
  const io = memoryFileIO();
  const warnings: string[] = [];
  const events: WeirEvent[] = [];
  const { table: made } = await make(io);
  const catalog = await openCatalog({
    warehouse: '/wh',
    fileIO: io,
    random: seededRandom(2),
    onEvent: (event) => events.push(event),
    logger: { debug: () => {}, info: () => {}, warn: (message) => warnings.push(message) },
  });
  const table = await catalog.table('db.t');
  for (const prepares of [false, true]) {
    events.length = 0;
    const writer = await table.openWriter({ commitUser: `job-${prepares}` });
    const committer = await table.openCommitter({ commitUser: `job-${prepares}` });
    const commit = async (identifier: bigint) =>
      prepares ? committer.commit(identifier, await writer.prepareCommit()) : writer.commit({ identifier });
    await writer.write(rounds(0));
    await commit(1n);
    const [{ file }] = (await made.files()) as [Awaited<ReturnType<Table['files']>>[number]];
    const path = `/wh/db.db/t/bucket-0/${file.fileName}`;
    const bytes = await io.readFile(path);
    await io.remove(path);
    for (let round = 1; round < 8; round++) {
      await writer.write(rounds(round));
      expect((await commit(BigInt(round + 1))).snapshot).toBeDefined();
    }
    const failures = events.filter((event) => event.type === 'compaction-failure');
    expect(failures.length).toBeGreaterThan(0);
    for (const { error } of failures) expect(error).toMatchObject({ code: 'CORRUPTION', file: path, table: 'db.t' });
    expect(table.metrics().compactionFailures).toBeGreaterThanOrEqual(failures.length);
    expect(warnings.at(-1)).toContain(path);
    await expect(table.compact({ full: true })).rejects.toMatchObject({ code: 'CORRUPTION', file: path });
    // mended by hand: the writer goes on by itself
    await io.writeFile(path, bytes);
    const before = await compactions(table);
    for (let round = 8; round < 14; round++) {
      await writer.write(rounds(round));
      await commit(BigInt(round + 1));
    }
    expect(await compactions(table)).toBeGreaterThan(before);
    expect(await all(table)).toEqual(sorted(stateAfter(13)));
    await writer.close();
    await table.truncate();
  }
});
