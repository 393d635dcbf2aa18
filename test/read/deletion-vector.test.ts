/** Deletion vectors seen from a table's handle; that all golden tables with them read right is in test/golden/read.test.ts. */
import { describe, expect, it } from 'vitest';
import { and, between, type Catalog, type FileIO, ge, openCatalog, type Table } from '../../src/index.js';
import { readIndexManifest } from '../../src/meta/index-manifest.js';
import { encodeJsonLines } from '../../src/types/json-line.js';
import { deleteRows, goldenCopy, setOptions } from '../support/deletion-table.js';
import { goldenTable } from '../support/golden.js';
import { memoryCatalog, pathsBelow, put, text } from '../support/memory-catalog.js';
import { integerBetween, testRandom } from '../support/seeds.js';

async function opened<T>(io: FileIO, name: string, use: (table: Table, catalog: Catalog) => Promise<T>): Promise<T> {
  const catalog = await openCatalog({ warehouse: '/wh', fileIO: io });
  try {
    return await use(await catalog.table(name), catalog);
  } finally {
    await catalog.close();
  }
}

async function linesOf(table: Table, snapshot?: bigint): Promise<string[]> {
  const lines: string[] = [];
  const scan = table.scan(snapshot === undefined ? {} : { at: { snapshot } });
  for await (const batch of scan.batches()) lines.push(...encodeJsonLines(batch).split('\n').slice(0, -1));
  return lines.sort();
}

describe.each(['pk_dv64', 'pk_dv_seq'])('the golden table %s', (name) => {
  it('gives by key what it gives by scan', async () => {
    const { io } = await goldenCopy(name);
    await opened(io, `golden.${name}`, async (table) => {
      const states = new Map<bigint, Map<bigint, unknown>>();
      for (const { id } of await table.snapshots()) {
        const rows = await table.scan({ at: { snapshot: id } }).toArray();
        states.set(id, new Map(rows.map((row) => [row.id as bigint, row])));
      }
      const keys = [...new Set([...states.values()].flatMap((rows) => [...rows.keys()]))];
      // the last compaction, a level 0 before it, and something in the middle
      const looked = [...states.keys()].filter((id) => id % 4n === 0n || id > BigInt(states.size - 2));
      for (const snapshot of looked)
        for (const id of keys)
          expect(await table.get({ id }, { at: { snapshot } }), `${id} at ${snapshot}`).toEqual(states.get(snapshot)!.get(id));
      // at once, each keeps to its own snapshot
      const gets = keys.slice(0, 20).flatMap((id) => [...states.keys()].map((snapshot) => ({ id, snapshot })));
      await Promise.all(
        gets.map(async ({ id, snapshot }) => expect(await table.get({ id }, { at: { snapshot } })).toEqual(states.get(snapshot)!.get(id))),
      );
    });
  });

  // what Java reads as the start of a stream is the state with level 0 merged in
  it('with merge-on-read, or without the option, is merged, level 0 included', async () => {
    for (const options of [{ 'deletion-vectors.merge-on-read': 'true' }, { 'deletion-vectors.enabled': undefined }]) {
      const { io, root } = await goldenCopy(name);
      await setOptions(io, root, options);
      await opened(io, `golden.${name}`, async (table) => {
        for (const { id } of await table.snapshots()) {
          const full = goldenTable(name).expected(`streamfull-${id}.jsonl`);
          const expected = full.map((line) => line.replace(/"_kind":"[^"]*",/, '')).sort();
          expect((await linesOf(table, id)).map((line) => JSON.parse(line) as unknown)).toEqual(
            expected.map((line) => JSON.parse(line) as unknown),
          );
        }
      });
    }
  });
});

describe('writing to a table with deletion vectors', () => {
  it.each(['append_dv', 'pk_dv'])('is refused by name: %s', async (name) => {
    const { io, root } = await goldenCopy(name);
    const before = await pathsBelow(io, root);
    await opened(io, `golden.${name}`, async (table) => {
      const refused = { code: 'UNSUPPORTED', message: expect.stringContaining('deletion-vectors.enabled=true') };
      await expect(table.openWriter()).rejects.toMatchObject(refused);
      await expect(table.openWriter({ overwrite: true })).rejects.toMatchObject(refused);
      await expect(table.openCommitter()).rejects.toMatchObject(refused);
      await expect(table.compact({ full: true })).rejects.toMatchObject(refused);
      await expect(table.truncate()).rejects.toMatchObject(refused);
      await expect(table.dropPartitions([{}])).rejects.toMatchObject(refused);
      await expect(table.alter([{ action: 'removeOption', key: 'deletion-vectors.enabled' }])).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('deletion-vectors.enabled'),
      });
    });
    expect(await pathsBelow(io, root)).toEqual(before);
  });
});

describe('expiry of a table with deletion vectors', () => {
  it.each(['append_dv', 'append_dv64', 'pk_dv', 'pk_dv_lookup'])(
    'leaves the index files that what stays needs, and no others: %s',
    async (name) => {
      const { io, root } = await goldenCopy(name);
      await setOptions(io, root, { 'snapshot.num-retained.min': '3', 'snapshot.num-retained.max': '3' });
      await opened(io, `golden.${name}`, async (table) => {
        const latest = (await table.snapshot())!.id;
        await io.replace(`${root}/tag/tag-kept`, await io.readFile(`${root}/snapshot/snapshot-4`));
        expect((await table.expire()).earliest).toBe(latest - 2n);
        for (const { id } of await table.snapshots())
          expect(await linesOf(table, id)).toHaveLength(goldenTable(name).expected(`snapshot-${id}.jsonl`).length);
        const tagged = await table.scan({ at: { tag: 'kept' } }).toArray();
        expect(tagged).toHaveLength(goldenTable(name).expected('snapshot-4.jsonl').length);
        const staying = [...(await table.snapshots()), await table.snapshot({ tag: 'kept' })];
        const needed = new Set<string>();
        for (const snapshot of staying) {
          const manifest = `${root}/manifest/${snapshot!.indexManifest}`;
          for (const { fileName } of await readIndexManifest(await io.readFile(manifest), manifest))
            needed.add(`${root}/index/${fileName}`);
        }
        expect(await pathsBelow(io, `${root}/index`)).toEqual([...needed].sort());
      });
    },
  );
});

describe('a damaged index file', () => {
  it.each([
    ['append_dv', 9n],
    ['append_dv64', 9n],
    ['pk_dv', 8n],
    ['pk_dv64', 8n],
  ])('is CORRUPTION naming it, or is not needed: %s', async (name, snapshot) => {
    const random = testRandom();
    const { io, root } = await goldenCopy(name);
    const expected = await opened(io, `golden.${name}`, (table) => linesOf(table, snapshot));
    const damages: [string, (bytes: Uint8Array, path: string) => Promise<void>][] = [
      ['missing', (_, path) => io.remove(path)],
      ['cut off', (bytes, path) => io.replace(path, bytes.subarray(0, integerBetween(random, 0, bytes.length - 1)))],
      [
        'flipped',
        (bytes, path) => {
          const flipped = Uint8Array.from(bytes);
          flipped[integerBetween(random, 0, bytes.length - 1)]! ^= 1 << integerBetween(random, 0, 7);
          return io.replace(path, flipped);
        },
      ],
    ];
    let found = 0;
    for (const path of await pathsBelow(io, `${root}/index`)) {
      const bytes = await io.readFile(path);
      for (const [what, damage] of damages) {
        await damage(bytes, path);
        await opened(io, `golden.${name}`, async (table) => {
          try {
            expect(await linesOf(table, snapshot), `${path} ${what}`).toEqual(expected);
          } catch (error) {
            expect(error, `${path} ${what}`).toMatchObject({ code: 'CORRUPTION', file: path });
            found++;
          }
        });
        await io.replace(path, bytes);
      }
    }
    expect(found).toBeGreaterThanOrEqual(3);
  });
});

describe.each([
  ['append, 32 bits', { keyed: false, bits: 32 }],
  ['append, 64 bits, index files beside data files', { keyed: false, bits: 64, beside: true }],
  ['primary key, 64 bits', { keyed: true, bits: 64 }],
  ['primary key, 32 bits, index files elsewhere', { keyed: true, bits: 32, external: true }],
] as const)('a table with several row groups a file: %s', (_, how: { keyed: boolean; bits: 32 | 64; beside?: true; external?: true }) => {
  it('shows the rows that are not deleted', async () => {
    const random = testRandom();
    const { catalog, fileIO } = await memoryCatalog();
    const table = (await catalog.createTable('db.t', {
      schema: { id: 'BIGINT NOT NULL', v: 'STRING' },
      ...(how.keyed && { primaryKey: ['id'] }),
      options: { 'commit.fsync': false, ...(how.keyed && { bucket: 1 }), ...(how.beside && { 'index-file-in-data-file-dir': true }) },
    })) as unknown as Table;
    const ROWS = 300_000;
    const rows = Array.from({ length: ROWS }, (_row, i) => ({ id: BigInt(i), v: `v${i}` }));
    await put(table, rows);
    if (how.keyed) await table.compact({ full: true });
    // a whole row group, a dense range, one in ten elsewhere
    const isDeleted = Uint8Array.from(rows, (_row, i) => Number(i < 131_072 ? random.float() < 0.1 : i < 262_144 || i > 299_000));
    const deleted = [...isDeleted.keys()].filter((i) => isDeleted[i] === 1);
    const files = await table.files();
    expect(files).toHaveLength(1);
    const { fileName } = files[0]!.file;
    await setOptions(fileIO, table.path, { 'deletion-vectors.enabled': 'true' });
    await deleteRows(fileIO, table, {
      rows: new Map([[fileName, deleted]]),
      bits: how.bits,
      ...(how.beside && { directory: `${table.path}/bucket-0` }),
      ...(how.external && { directory: '/elsewhere', external: true }),
    });
    await catalog.close();

    await opened(fileIO, 'db.t', async (again) => {
      const live = rows.filter((_row, i) => isDeleted[i] === 0);
      const ids = (await again.scan({ columns: ['id'] }).toArray()).map((row) => row.id);
      expect(ids.length).toBe(live.length);
      expect(ids.every((id, i) => id === live[i]!.id)).toBe(true);
      const from = BigInt(integerBetween(random, 0, ROWS - 1));
      const where = and(ge('id', from), between('id', from, from + 40_000n));
      const wanted = live.filter(({ id }) => id >= from && id <= from + 40_000n);
      expect(text(await again.scan({ where }).toArray())).toBe(text(wanted));
      expect(await again.scan({ where: between('id', 140_000n, 150_000n) }).toArray()).toEqual([]);
      expect(await again.scan({ limit: 150_000 }).toArray()).toHaveLength(Math.min(150_000, live.length));
      if (!how.keyed) return;
      for (let i = 0; i < 200; i++) {
        const at = integerBetween(random, 0, ROWS - 1);
        expect(await again.get({ id: BigInt(at) })).toEqual(isDeleted[at] === 1 ? undefined : rows[at]);
      }
    });
  });
});

describe('an index manifest', () => {
  const make = async (deletions: { type?: string; twice?: boolean }) => {
    const { catalog, fileIO } = await memoryCatalog();
    const table = (await catalog.createTable('db.t', { schema: { id: 'INT' }, options: { 'commit.fsync': false } })) as unknown as Table;
    await put(table, [{ id: 1 }, { id: 2 }]);
    const { fileName } = (await table.files())[0]!.file;
    await deleteRows(fileIO, table, { rows: new Map([[fileName, [0]]]), bits: 32, ...deletions });
    await catalog.close();
    return fileIO;
  };

  it('is applied even when the table says nothing of deletion vectors', async () => {
    await opened(await make({}), 'db.t', async (table) => expect(await table.scan().toArray()).toEqual([{ id: 2 }]));
  });

  it('with two vectors of one data file is CORRUPTION', async () => {
    await opened(await make({ twice: true }), 'db.t', async (table) => {
      const told = { code: 'CORRUPTION', message: expect.stringContaining('two deletion vectors') };
      await expect(table.scan().toArray()).rejects.toMatchObject(told);
    });
  });

  it('with an index of an unknown type is UNSUPPORTED', async () => {
    await opened(await make({ type: 'MAGIC' }), 'db.t', async (table) => {
      const told = { code: 'UNSUPPORTED', message: expect.stringContaining('MAGIC') };
      await expect(table.scan().toArray()).rejects.toMatchObject(told);
      await expect(table.changes({ until: 'now' }).next()).rejects.toMatchObject(told);
    });
  });
});
