/**
 * Every file of a small table, missing, cut off, or with a bit flipped: a read either tells CORRUPTION and names the file, or
 * gives exactly the right rows. Schemas and snapshots are JSON without a checksum: a flip there may also make a valid document
 * that says something else, and then other codes are right too; what may never come is an error that is not weir's.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { and, eq, ge, memoryFileIO, openCatalog, type Table, WeirError } from '../../src/index.js';
import type { MemoryFileIO } from '../../src/io/memory-file-io.js';
import { built } from '../support/built.js';
import { flipped } from '../support/damaged.js';
import { pathsBelow, type Row, SNAPSHOTS_ONLY, sorted } from '../support/memory-catalog.js';
import { integerBetween, testRandom } from '../support/seeds.js';
import { tempDir } from '../support/temp-dir.js';

const ROOT = '/wh/db.db/t';
const SNAPSHOTS = 5n;

type Looks = Record<string, string[]>;
type Mutation = { what: string; apply: (io: MemoryFileIO, path: string) => Promise<void> };

let files: Map<string, Uint8Array>;
let expected: Looks;

async function makeFiles(): Promise<Map<string, Uint8Array>> {
  const io = memoryFileIO();
  const catalog = await openCatalog({ warehouse: '/wh', fileIO: io, tableDefaults: SNAPSHOTS_ONLY });
  const table = (await catalog.createTable('db.t', {
    schema: { p: 'INT NOT NULL', id: 'BIGINT NOT NULL', v: 'STRING', d: 'DOUBLE', tags: 'ARRAY<STRING>' },
    primaryKey: ['p', 'id'],
    partitionBy: ['p'],
    options: { bucket: 2, 'changelog-producer': 'input', 'commit.fsync': false, 'write-only': true },
  })) as unknown as Table;
  const rows = (from: number, to: number, round: number) =>
    Array.from({ length: to - from }, (_, i) => ({
      p: (from + i) % 2,
      id: BigInt(from + i),
      v: i % 7 === 0 ? null : `v${round}-${from + i}`,
      d: i / 3,
      tags: [`t${i}`, null],
    }));
  const writer = await table.openWriter({ commitUser: 'job' });
  await writer.write(rows(0, 60, 1));
  await writer.commit();
  await writer.write(rows(30, 80, 2));
  await writer.delete([
    { p: 1, id: 31n },
    { p: 0, id: 40n },
  ]);
  await writer.commit();
  await writer.close();
  await table.compact({ full: true, partition: { p: '0' } });
  const second = await table.openWriter({ commitUser: 'job' });
  await second.write(rows(70, 90, 3));
  await second.commit();
  await second.close();
  await catalog.close();
  const found = new Map<string, Uint8Array>();
  for (const path of await pathsBelow(io, ROOT)) found.set(path, await io.readFile(path));
  return found;
}

async function restore(): Promise<MemoryFileIO> {
  const io = memoryFileIO();
  for (const [path, bytes] of files) await io.writeFile(path, bytes);
  return io;
}

/** Each way of reading, by name; a failure is an Error in place of rows. */
async function lookAll(open: () => Promise<{ table: Table; close: () => Promise<void> }>): Promise<Record<string, string[] | Error>> {
  const looks: Record<string, string[] | Error> = {};
  const look = async (name: string, read: (table: Table) => Promise<unknown[]>) => {
    try {
      const { table, close } = await open();
      try {
        looks[name] = sorted(await read(table));
      } finally {
        await close();
      }
    } catch (error) {
      looks[name] = error as Error;
    }
  };
  for (let id = 1n; id <= SNAPSHOTS; id++) await look(`at ${id}`, (table) => table.scan({ at: { snapshot: id } }).toArray());
  await look('latest', (table) => table.scan().toArray());
  await look('where', (table) => table.scan({ where: and(ge('id', 20n), eq('p', 1)) }).toArray());
  await look('files', async (table) => (await table.files()).map((entry) => entry.file.fileName));
  for (const key of [
    { p: 1, id: 31n },
    { p: 0, id: 32n },
    { p: 1, id: 77n },
  ])
    await look(`get ${key.id}`, async (table) => [await table.get(key)]);
  await look('changes', async (table) => {
    const seen: Row[] = [];
    for await (const change of table.changes({ from: { snapshot: 1n }, until: { snapshot: SNAPSHOTS } }))
      seen.push(...change.rows().map((row) => ({ ...row, at: change.snapshot })));
    return seen;
  });
  return looks;
}

const onMemory = (io: MemoryFileIO) => () => openMemory(io);

async function openMemory(io: MemoryFileIO) {
  const catalog = await openCatalog({ warehouse: '/wh', fileIO: io });
  return { table: await catalog.table('db.t'), close: () => catalog.close() };
}

const kindOf = (path: string) =>
  path.includes('/snapshot/snapshot-')
    ? 'snapshot'
    : path.includes('/schema/')
      ? 'schema'
      : path.includes('/manifest/manifest-list-')
        ? 'list'
        : path.includes('/manifest/')
          ? 'manifest'
          : path.endsWith('.parquet')
            ? 'data'
            : 'hint';

const pathsOf = (...kinds: string[]) => [...files.keys()].filter((path) => kinds.includes(kindOf(path)));

/** The strict promise. Returns how many looks failed. */
function check(looks: Record<string, string[] | Error>, path: string, what: string): number {
  let failed = 0;
  for (const [name, look] of Object.entries(looks)) {
    const where = `${what} of ${path}, read by '${name}'`;
    if (!(look instanceof Error)) {
      expect(look, where).toEqual(expected[name]);
      continue;
    }
    failed++;
    expect(look, `${where}: ${look.stack}`).toBeInstanceOf(WeirError);
    const error = look as WeirError;
    expect({ where, code: error.code, file: error.file }).toEqual({ where, code: 'CORRUPTION', file: path });
  }
  return failed;
}

const truncated = (bytes: Uint8Array, length: number): Mutation => ({
  what: `${length} of ${bytes.length} bytes`,
  apply: (io, path) => io.replace(path, bytes.subarray(0, length)),
});

beforeAll(async () => {
  files = await makeFiles();
  expected = (await lookAll(onMemory(await restore()))) as Looks;
  for (const [name, look] of Object.entries(expected)) expect(look, name).toBeInstanceOf(Array);
  expect(expected.latest!.length).toBe(88);
});

it('has files of every kind', () => {
  for (const kind of ['snapshot', 'schema', 'list', 'manifest', 'data']) expect(pathsOf(kind).length, kind).toBeGreaterThan(0);
});

it('tells which file is missing', async () => {
  for (const path of pathsOf('list', 'manifest', 'data')) {
    const io = await restore();
    await io.remove(path);
    expect(check(await lookAll(onMemory(io)), path, 'absence'), path).toBeGreaterThan(0);
  }
});

it('a snapshot missing in the middle is CORRUPTION, one at an end is expired or never was', async () => {
  const code = async (id: bigint, missing: bigint) => {
    const io = await restore();
    await io.remove(`${ROOT}/snapshot/snapshot-${missing}`);
    const { table, close } = await openMemory(io);
    const error = await table
      .scan({ at: { snapshot: id } })
      .toArray()
      .catch((thrown: WeirError) => thrown.code);
    await close();
    return error;
  };
  expect(await code(2n, 2n)).toBe('CORRUPTION');
  expect(await code(1n, 1n)).toBe('POSITION_EXPIRED');
  expect(await code(SNAPSHOTS, SNAPSHOTS)).toBe('NOT_FOUND');
});

it('a file that only a tag needs is missed, too', async () => {
  const io = await restore();
  await io.writeFile(`${ROOT}/tag/tag-kept`, files.get(`${ROOT}/snapshot/snapshot-1`)!);
  await io.remove(`${ROOT}/snapshot/snapshot-1`);
  const { table, close } = await openMemory(io);
  const at = { tag: 'kept' };
  expect(sorted(await table.scan({ at }).toArray())).toEqual(expected['at 1']);
  const [lost] = await table.files({ at });
  const path = pathsOf('data').find((one) => one.endsWith(lost!.file.fileName))!;
  await io.remove(path);
  await expect(table.scan({ at }).toArray()).rejects.toMatchObject({ code: 'CORRUPTION', file: path, table: 'db.t' });
  await io.remove(`${ROOT}/tag/tag-kept`);
  await close();
});

it('a table without its schemas is no table', async () => {
  const io = await restore();
  for (const path of pathsOf('schema')) await io.remove(path);
  await expect(openMemory(io)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('tells which file is cut off', async () => {
  for (const path of pathsOf('snapshot', 'schema', 'list', 'manifest', 'data')) {
    const bytes = files.get(path)!;
    for (const length of new Set([0, bytes.length >> 1, bytes.length - 1])) {
      const io = await restore();
      const mutation = truncated(bytes, length);
      await mutation.apply(io, path);
      expect(check(await lookAll(onMemory(io)), path, mutation.what), `${mutation.what} of ${path}`).toBeGreaterThan(0);
    }
  }
});

it.each([
  ['list', 60],
  ['manifest', 80],
  ['data', 100],
])('a flipped bit in a %s is told or harmless', async (kind, count) => {
  const random = testRandom();
  const paths = pathsOf(kind);
  for (let i = 0; i < count; i++) {
    const path = paths[i % paths.length]!;
    const bytes = files.get(path)!;
    const bit = integerBetween(random, 0, bytes.length * 8 - 1);
    const io = await restore();
    await io.replace(path, flipped(bytes, bit));
    check(await lookAll(onMemory(io)), path, `bit ${bit}`);
  }
});

it.each([
  ['snapshot', 50],
  ['schema', 50],
  ['hint', 10],
])('a flipped bit in a %s never ends in anything but an error of weir', async (kind, count) => {
  const random = testRandom();
  const paths = pathsOf(kind);
  for (let i = 0; i < count; i++) {
    const path = paths[i % paths.length]!;
    const bytes = files.get(path)!;
    const bit = integerBetween(random, 0, bytes.length * 8 - 1);
    const io = await restore();
    await io.replace(path, flipped(bytes, bit));
    const looks = await lookAll(onMemory(io));
    for (const [name, look] of Object.entries(looks)) {
      if (look instanceof Error) expect(look, `bit ${bit} of ${path}, read by '${name}': ${look.stack}`).toBeInstanceOf(WeirError);
    }
    if (kind === 'hint') check(looks, path, `bit ${bit}`);
  }
});

it('worker threads tell the same', async () => {
  const { openCatalog: openBuilt, WeirError: BuiltError } = await built<typeof import('../../src/index.js')>('index.js');
  const warehouse = tempDir();
  const local = (path: string) => path.replace('/wh', warehouse);
  for (const [path, bytes] of files) {
    mkdirSync(dirname(local(path)), { recursive: true });
    writeFileSync(local(path), bytes);
  }
  const catalog = await openBuilt({ warehouse, threads: 1 });
  const table = await catalog.table('db.t');
  const random = testRandom();
  let told = 0;
  for (const path of pathsOf('data')) {
    const bytes = files.get(path)!;
    for (const damage of ['absent', 'cut', 'flip', 'flip']) {
      if (damage === 'absent') rmSync(local(path));
      else
        writeFileSync(
          local(path),
          damage === 'cut' ? bytes.subarray(0, bytes.length - 20) : flipped(bytes, integerBetween(random, 0, bytes.length * 8 - 1)),
        );
      for (let id = 1n; id <= SNAPSHOTS; id++) {
        const rows = await table
          .scan({ at: { snapshot: id } })
          .toArray()
          .catch((error: unknown) => error);
        if (Array.isArray(rows)) {
          expect(sorted(rows)).toEqual(expected[`at ${id}`]);
          continue;
        }
        told++;
        expect(rows).toBeInstanceOf(BuiltError);
        expect(rows).toMatchObject({ code: 'CORRUPTION', file: local(path) });
      }
      writeFileSync(local(path), bytes);
      expect(readFileSync(local(path)).length).toBe(bytes.length);
    }
  }
  expect(told).toBeGreaterThan(pathsOf('data').length);
  expect(sorted(await table.scan().toArray())).toEqual(expected.latest);
  await catalog.close();
});
