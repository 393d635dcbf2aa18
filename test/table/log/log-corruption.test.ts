/**
 * Every file of a table's log, missing, cut off, or with a bit flipped: whoever reads, commits or flushes is told CORRUPTION and the
 * file, or gets exactly the right rows. Only the newest slot can go unnoticed, when no snapshot holds it: the log is then as it
 * was before that commit.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { memoryFileIO, openCatalog, type StreamPosition, type Table, WeirError } from '../../../src/index.js';
import type { MemoryFileIO } from '../../../src/io/memory-file-io.js';
import { built } from '../../support/built.js';
import { flipped } from '../../support/damaged.js';
import { pathsBelow, sorted } from '../../support/memory-catalog.js';
import { movableClock, TRIMMABLE_MS } from '../../support/movable-clock.js';
import { integerBetween, testRandom } from '../../support/seeds.js';
import { tempDir } from '../../support/temp-dir.js';

const ROOT = '/wh/db.db/t';
const EXTRA = { id: 999n, v: 'extra' };

const FLIPS = process.env.WEIR_LONG === undefined ? 24 : 200;

type Looks = Record<string, string[] | Error>;

let files: Map<string, Uint8Array>;
let log: string;
let position: StreamPosition;
let expected: Record<string, string[]>;

const row = (id: number, round: number) => ({ id: BigInt(id), v: id % 7 === 0 ? null : `v${round}-${id}` });
const rows = (from: number, to: number, round: number) => Array.from({ length: to - from }, (_, i) => row(from + i, round));

/** Slots that a snapshot holds, kept and trimmed ones, and slots that none holds; small commits inline, large ones in bodies. */
async function makeFiles(): Promise<void> {
  const io = memoryFileIO();
  const clock = movableClock();
  const catalog = await openCatalog({ warehouse: '/wh', fileIO: io, clock });
  const table = await catalog.createTable('db.t', {
    schema: { id: 'BIGINT NOT NULL', v: 'STRING' },
    primaryKey: ['id'],
    options: {
      bucket: 2,
      'commit.fsync': false,
      'changelog-producer': 'input',
      'log.enabled': true,
      'log.inline-max': '1 kb',
      'log.retained-slots': 2,
      // no keeper beside the script, however slow the machine
      'snapshot.interval': '365 d',
    },
  });
  const writer = await table.openWriter({ commitUser: 'job' });
  await writer.append(rows(0, 10, 1));
  await table.flush();
  clock.forward(TRIMMABLE_MS);
  await writer.append(rows(5, 200, 2));
  await writer.append(rows(0, 3, 3));
  clock.forward(TRIMMABLE_MS);
  await table.flush();
  await writer.write(rows(150, 400, 4));
  await writer.delete([{ id: 1n }, { id: 160n }]);
  await writer.commit();
  for await (const change of table.changes({ until: 'now' })) position = change.position;
  await writer.append(rows(2, 6, 5));
  await writer.append(rows(300, 303, 6));
  await writer.close({ flush: false });
  log = `${table.path}/log/${table.options['log.id']}`;
  await catalog.close();
  files = new Map();
  for (const path of await pathsBelow(io, ROOT)) files.set(path, await io.readFile(path));
}

async function restore(): Promise<MemoryFileIO> {
  const io = memoryFileIO();
  for (const [path, bytes] of files) await io.writeFile(path, bytes);
  return io;
}

const folded = async (table: Table, from?: StreamPosition) => {
  const lines: string[] = [];
  for await (const change of table.changes({ ...(from && { from }), until: 'now' })) lines.push(...sorted(change.rows()));
  return lines;
};

/** Each way to look, by name; the last ones change the table. A failure is an Error in place of rows. */
const WAYS: Record<string, (table: Table) => Promise<unknown[]>> = {
  scan: (table) => table.scan().toArray(),
  'get of a pending row': async (table) => [await table.get({ id: 301n })],
  'get of an older row': async (table) => [await table.get({ id: 100n })],
  changes: (table) => folded(table),
  'changes from a position': (table) => folded(table, position),
  commit: async (table) => {
    const writer = await table.openWriter({ commitUser: 'other' });
    await writer.append(EXTRA);
    await writer.close({ flush: false });
    return table.scan().toArray();
  },
  flush: async (table) => {
    await table.flush();
    return table.scan({ at: { snapshot: (await table.snapshot())!.id } }).toArray();
  },
};

async function lookAll(io: MemoryFileIO): Promise<Looks> {
  const looks: Looks = {};
  for (const [name, look] of Object.entries(WAYS)) {
    const catalog = await openCatalog({ warehouse: '/wh', fileIO: io });
    try {
      looks[name] = sorted(await look(await catalog.table('db.t')));
    } catch (error) {
      looks[name] = error as Error;
    } finally {
      await catalog.close();
    }
  }
  return looks;
}

/** Right rows, or CORRUPTION and the file. Returns how many looks failed. */
function check(looks: Looks, path: string, what: string): number {
  let failed = 0;
  const committed = !(looks.commit instanceof Error);
  for (const [name, look] of Object.entries(looks)) {
    const where = `${what} of ${path}, seen by '${name}'`;
    if (!(look instanceof Error)) {
      const wanted = name === 'flush' && !committed ? expected.flush!.filter((line) => !line.includes('extra')) : expected[name];
      expect(look, where).toEqual(wanted);
      continue;
    }
    failed++;
    expect(look, `${where}: ${look.stack}`).toBeInstanceOf(WeirError);
    expect({ where, code: (look as WeirError).code, file: (look as WeirError).file }).toEqual({ where, code: 'CORRUPTION', file: path });
  }
  return failed;
}

const slotPaths = () => [...files.keys()].filter((path) => /\/\d{20}\.arrow$/.test(path));
const bodyPaths = () => [...files.keys()].filter((path) => path.includes('/bodies/'));
/** Slots after the position that the snapshot holds. */
const pendingSlots = () => slotPaths().slice(-3);

beforeAll(async () => {
  await makeFiles();
  const looks = await lookAll(await restore());
  for (const [name, look] of Object.entries(looks)) expect(look, `${name}: ${(look as Error).stack}`).toBeInstanceOf(Array);
  expected = looks as Record<string, string[]>;
  expect(expected.scan!.length).toBe(398);
  expect(expected.flush!.length).toBe(399);
  // the first slots are trimmed, one body went with them or stays with its slot
  expect(slotPaths()[0]).not.toContain('00001.arrow');
  expect(slotPaths().length).toBeGreaterThan(4);
  expect(bodyPaths().length).toBeGreaterThan(0);
});

it('tells which slot or body is missing', async () => {
  let failed = 0;
  const newest = slotPaths().at(-1)!;
  for (const path of [...slotPaths(), ...bodyPaths()]) {
    if (path === newest) continue;
    const io = await restore();
    await io.remove(path);
    const told = check(await lookAll(io), path, 'absence');
    if (pendingSlots().includes(path)) expect(told, path).toBeGreaterThan(4);
    failed += told;
  }
  expect(failed).toBeGreaterThan(10);
});

it('without its newest slot the log is as it was before, unless a snapshot holds the slot', async () => {
  const io = await restore();
  await io.remove(slotPaths().at(-1)!);
  const before = await lookAll(io);
  expect(before['get of a pending row']).toEqual(sorted([row(301, 4)]));
  for (const look of Object.values(before)) expect(look).toBeInstanceOf(Array);
  // a snapshot of weir says which slots it holds: all that came after it is gone, too
  const held = await restore();
  for (const path of [...slotPaths(), ...bodyPaths()]) await held.remove(path);
  const looks = await lookAll(held);
  for (const [name, look] of Object.entries(looks)) {
    if (name.startsWith('changes')) continue;
    expect(look, name).toMatchObject({ code: 'CORRUPTION' });
    expect((look as WeirError).file, name).toContain(log);
  }
});

it('tells which slot or body is cut off', async () => {
  for (const path of [...slotPaths(), ...bodyPaths()]) {
    const bytes = files.get(path)!;
    for (const length of [0, bytes.length >> 1, bytes.length - 1]) {
      const io = await restore();
      await io.replace(path, bytes.subarray(0, length));
      const told = check(await lookAll(io), path, `${length} of ${bytes.length} bytes`);
      if (pendingSlots().includes(path)) expect(told, path).toBeGreaterThan(4);
    }
  }
});

it('a flipped bit in a slot or a body is told or harmless', async () => {
  const random = testRandom();
  const paths = [...slotPaths(), ...bodyPaths()];
  for (let i = 0; i < FLIPS; i++) {
    const path = paths[i % paths.length]!;
    const bytes = files.get(path)!;
    const bit = integerBetween(random, 0, bytes.length * 8 - 1);
    const io = await restore();
    await io.replace(path, flipped(bytes, bit));
    const told = check(await lookAll(io), path, `bit ${bit}`);
    if (pendingSlots().includes(path)) expect(told, path).toBeGreaterThan(4);
  }
});

it('is told alike with worker threads on a disk', async () => {
  const { openCatalog: openBuilt, WeirError: BuiltError } = await built<typeof import('../../../src/index.js')>('index.js');
  const random = testRandom();
  /** A disk of its own each time: a flush that finds nothing wrong trims slots, and bodies with them. */
  const withDisk = async (use: (warehouse: string, local: (path: string) => string) => Promise<void>) => {
    const warehouse = tempDir();
    const local = (path: string) => path.replace('/wh', warehouse);
    for (const [path, bytes] of files) {
      mkdirSync(dirname(local(path)), { recursive: true });
      writeFileSync(local(path), bytes);
    }
    await use(warehouse, local);
  };
  for (const path of [pendingSlots()[0]!, ...bodyPaths()]) {
    const bytes = files.get(path)!;
    for (const damage of ['absent', 'cut', 'flip']) {
      await withDisk(async (warehouse, local) => {
        if (damage === 'absent') rmSync(local(path));
        else if (damage === 'cut') writeFileSync(local(path), bytes.subarray(0, bytes.length - 9));
        else writeFileSync(local(path), flipped(bytes, integerBetween(random, 0, bytes.length * 8 - 1)));
        const catalog = await openBuilt({ warehouse, threads: 1 });
        const table = await catalog.table('db.t');
        for (const look of [() => table.scan().toArray(), () => table.get({ id: 301n }).then((found) => [found]), () => table.flush()]) {
          const found = await look().catch((error: unknown) => error);
          if (found instanceof Error) {
            expect(found).toBeInstanceOf(BuiltError);
            expect(found).toMatchObject({ code: 'CORRUPTION', file: local(path) });
          } else expect(path, 'only what a snapshot holds need not be read').toContain('/bodies/');
        }
        await catalog.close();
      });
    }
  }
  await withDisk(async (warehouse) => {
    const catalog = await openBuilt({ warehouse, threads: 1 });
    expect(sorted(await (await catalog.table('db.t')).scan().toArray())).toEqual(expected.scan);
    await catalog.close();
  });
});
