/** `table.verify`: right tables pass, and every kind of damage is named. */
import { describe, expect, it } from 'vitest';
import { bigint, type FileIO, int, memoryFileIO, string, type Table } from '../../src/index.js';
import { formatSnapshot, parseSnapshot } from '../../src/meta/snapshot.js';
import { ForeignEngine } from '../support/foreign-engine.js';
import { FAST, memoryCatalog, pathsBelow, put } from '../support/memory-catalog.js';

const schema = { id: bigint().notNull(), n: int(), text: string() };
const LOG = { 'log.enabled': 'true', 'snapshot.interval': '1 h' } as const;

async function newTable(options: Record<string, string | number | boolean> = {}, keyed = true, io: FileIO = memoryFileIO()) {
  const { catalog } = await memoryCatalog(io);
  const table = await catalog.createTable('db.t', {
    schema,
    ...(keyed && { primaryKey: ['id'] }),
    options: { ...FAST, ...(keyed && { bucket: 2 }), ...options },
  });
  return { io, catalog, table: table as unknown as Table };
}

const rows = (from: number, to: number, n = 0) =>
  Array.from({ length: to - from }, (_, i) => ({ id: BigInt(from + i), n: n + i, text: `t${from + i}` }));

/** Some rows, changed and deleted over several snapshots, and on a table with a log a tail that is in none. */
async function fill(table: Table, keyed = true) {
  const writer = await table.openWriter({ commitUser: 'job' });
  for (let round = 0; round < 4; round++) {
    await writer.write(rows(round * 10, round * 10 + 30, round));
    if (keyed) await writer.delete([round, round * 10 + 5].map((id) => ({ id: BigInt(id), n: 1000 })));
    await writer.commit();
    await table.flush();
  }
  await writer.write(rows(1, 4, 100));
  await writer.commit();
  await writer.close({ flush: false });
}

describe('a table that is as it should be', () => {
  for (const [name, options, keyed] of [
    ['with keys', {}, true],
    ['with keys and changelog files', { 'changelog-producer': 'input' }, true],
    ['with keys and a log', LOG, true],
    ['with keys, a log and changelog files', { ...LOG, 'changelog-producer': 'input' }, true],
    ['with a sequence field', { 'sequence.field': 'n' }, true],
    ['without keys', {}, false],
    ['without keys, with a log', LOG, false],
  ] as const) {
    it(name, async () => {
      const { table } = await newTable(options, keyed);
      await fill(table, keyed);
      if (keyed) await table.compact({ full: true });
      const result = await table.verify();
      expect(result.problems).toEqual([]);
      expect(result.ok).toBe(true);
      expect(result.rows).toBeGreaterThan(0);
      const counts = Object.fromEntries(result.checks.map(({ check, count }) => [check, count]));
      expect(counts.snapshots).toBe((await table.snapshots()).length);
      expect(counts.files).toBeGreaterThan(0);
      if ('log.enabled' in options) {
        expect(counts.log).toBe(Number((await table.log())!.head));
        expect(counts['log changes']).toBeGreaterThan(0);
      }
      // in passes over a few keys the outcome is the same
      expect(await table.verify({ rowsPerPass: 7 })).toEqual(result);
    });
  }

  it('between any two positions', async () => {
    const { table } = await newTable(LOG);
    await fill(table);
    const positions = [];
    for await (const change of table.changes({ from: 'earliest', until: 'now' })) positions.push(change.position);
    expect(positions.length).toBeGreaterThan(4);
    for (const [i, from] of positions.entries())
      for (const to of positions.slice(i)) expect(await table.verify({ from, to })).toMatchObject({ ok: true, problems: [] });
    expect(await table.verify({ from: { snapshot: 1n }, to: { snapshot: 3n } })).toMatchObject({ ok: true });
    await expect(table.verify({ from: { snapshot: 3n }, to: { snapshot: 1n } })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('after an overwrite, which a stream does not tell without a log', async () => {
    const { table } = await newTable();
    await fill(table);
    await table.truncate();
    await put(table, rows(0, 3));
    const { ok, checks, problems } = await table.verify();
    expect(problems).toEqual([]);
    expect(ok).toBe(true);
    expect(checks.find(({ check }) => check === 'changes')?.note).toMatch(/OVERWRITE/);
  });

  it('over OVERWRITEs, on a table with a log', async () => {
    for (const keyed of [true, false]) {
      const { table } = await newTable(LOG, keyed);
      await fill(table, keyed);
      await table.truncate();
      await fill(table, keyed);
      const writer = await table.openWriter({ overwrite: true });
      await writer.write(rows(3, 30, 7));
      await writer.commit();
      await writer.close();
      await fill(table, keyed);
      const result = await table.verify();
      expect(result.problems).toEqual([]);
      expect(result.checks.map(({ note }) => note ?? '').join('')).toBe('');
      expect(await table.verify({ rowsPerPass: 7 })).toEqual(result);
    }
  });

  it('with rows that lose to those of another engine: they are named, and are no problem', async () => {
    const { io, table } = await newTable({ ...LOG, bucket: 1 });
    const other = new ForeignEngine(io, table);
    const commit = async (from: number, to: number, flush: boolean) => {
      const writer = await table.openWriter({ commitUser: 'job' });
      await writer.append(rows(from, to, 50) as never);
      await writer.close({ flush });
    };
    await other.commit(rows(0, 60));
    await commit(100, 120, true);
    const noteOf = async () => {
      const { ok, problems, checks } = await table.verify();
      expect(problems).toEqual([]);
      expect(ok).toBe(true);
      return checks.find(({ check }) => check === 'log')?.note;
    };
    expect(await noteOf()).toBeUndefined();
    // another one that began before: its numbers fall on those of the log, and beyond
    await other.commit(rows(200, 300));
    await commit(290, 310, false);
    expect(await noteOf()).toBeUndefined();
    const stale = new ForeignEngine(io, table, 9);
    await stale.restore();
    await commit(400, 420, false);
    await stale.commit(rows(300, 460));
    expect(await noteOf()).toMatch(
      /^20 rows lose to rows that others committed before them, .* the first is \{"id":"?400"?\}, of snapshot \d+$/,
    );
    await table.flush();
    expect(await noteOf()).toMatch(/^20 rows lose/);
    expect(await table.get({ id: 400n })).toMatchObject({ n: 100 });
  });

  it('while snapshots expire: it begins again from what there is', async () => {
    const { table, io } = await newTable({ ...LOG, 'snapshot.num-retained.min': 1, 'snapshot.num-retained.max': 1 });
    await fill(table);
    let expiries = 0;
    const other = (await (await memoryCatalog(io, { seed: 2 })).catalog.table('db.t')) as unknown as Table;
    const read = io.readFile.bind(io);
    let reads = 0;
    io.readFile = async (path) => {
      if (++reads === 12 && expiries < 3) {
        reads = 0;
        expiries++;
        io.readFile = read;
        await put(other, rows(0, 2));
        await other.flush();
        await other.expire();
        io.readFile = hooked;
      }
      return read(path);
    };
    const hooked = io.readFile;
    const { ok, problems, checks } = await table.verify();
    expect(problems).toEqual([]);
    expect(ok).toBe(true);
    expect(expiries).toBe(3);
    expect(checks.map(({ check }) => check)).toContain('log changes');
  });
});

describe('damage', () => {
  async function damaged(options: Record<string, string>, harm: (io: FileIO, files: string[], table: Table) => Promise<void>) {
    const { io, table, catalog } = await newTable(options);
    await fill(table);
    await harm(io, await pathsBelow(io, '/wh'), table);
    await catalog.close();
    const again = await (await memoryCatalog(io, { seed: 2 })).catalog.table('db.t');
    const { ok, problems } = await again.verify();
    expect(ok).toBe(false);
    return problems;
  }
  const dataFile = (files: string[]) => files.find((file) => file.includes('/bucket-') && file.endsWith('.parquet'))!;

  it('a data file that is missing, or shorter', async () => {
    let file = '';
    const missing = await damaged({}, async (io, files) => {
      file = dataFile(files);
      await io.remove(file);
    });
    expect(missing).toContainEqual(expect.objectContaining({ check: 'files', file, message: expect.stringContaining('is missing') }));
    const short = await damaged({}, async (io, files) => {
      file = dataFile(files);
      await io.replace(file, (await io.readFile(file)).subarray(0, 100));
    });
    expect(short).toContainEqual(expect.objectContaining({ check: 'files', file, message: expect.stringContaining('has 100 bytes') }));
  });

  it('a snapshot or a manifest that is missing', async () => {
    const snapshot = await damaged({}, (io, files) => io.remove(files.find((file) => file.endsWith('/snapshot-3'))!));
    expect(snapshot).toContainEqual(expect.objectContaining({ check: 'snapshots', message: 'snapshots 3 to 3 are missing' }));
    let manifest = '';
    const lost = await damaged({}, async (io, files) => {
      manifest = files.find((file) => /\/manifest-[0-9a-f]{8}/.test(file))!;
      await io.remove(manifest);
    });
    expect(lost).toContainEqual(expect.objectContaining({ check: 'snapshots', file: manifest }));
  });

  it('a snapshot that says another number of rows', async () => {
    const problems = await damaged({}, async (io, files) => {
      const file = files.find((path) => path.endsWith('/snapshot-2'))!;
      await io.replace(file, formatSnapshot({ ...parseSnapshot(await io.readFile(file), file), totalRecordCount: 7n }));
    });
    expect(problems).toContainEqual(expect.objectContaining({ check: 'snapshots', message: expect.stringContaining('says 7 rows') }));
  });

  it('a slot that is missing, or changed by a bit', async () => {
    const missing = await damaged(LOG, async (io, files) => {
      await io.remove(files.find((file) => file.endsWith('/00000000000000000004.arrow'))!);
    });
    expect(missing).toContainEqual(expect.objectContaining({ check: 'log', message: 'slot 4 is missing' }));
    let file = '';
    const changed = await damaged(LOG, async (io, files) => {
      file = files.find((path) => path.endsWith('/00000000000000000004.arrow'))!;
      const bytes = Uint8Array.from(await io.readFile(file));
      bytes[bytes.length >> 1]! ^= 4;
      await io.replace(file, bytes);
    });
    expect(changed).toContainEqual(expect.objectContaining({ check: 'log', file, message: expect.stringContaining('checksum') }));
  });

  it('a body that is missing', async () => {
    const problems = await damaged({ ...LOG, 'log.inline-max': '1 b' }, async (io, files) => {
      await io.remove(files.find((file) => file.includes('/bodies/'))!);
    });
    expect(problems).toContainEqual(expect.objectContaining({ check: 'log', file: expect.stringContaining('/bodies/') }));
  });

  it('changes that do not lead from one state to the other: the first row that differs is named', async () => {
    const { io, table, catalog } = await newTable({ 'changelog-producer': 'input', bucket: 1 });
    await fill(table);
    // the changelog of another snapshot in the place of the third one's
    const file = (await pathsBelow(io, '/wh')).find((path) => path.endsWith('/snapshot-3'))!;
    const [third, second] = [await table.snapshot({ snapshot: 3n }), await table.snapshot({ snapshot: 2n })];
    const { changelogManifestList, changelogManifestListSize } = second!;
    await io.replace(
      file,
      formatSnapshot({ ...third!, changelogManifestList: changelogManifestList!, changelogManifestListSize: changelogManifestListSize! }),
    );
    await catalog.close();
    const again = await (await memoryCatalog(io, { seed: 2 })).catalog.table('db.t');
    const { ok, problems } = await again.verify();
    expect(ok).toBe(false);
    expect(problems.map(({ check }) => check)).toContain('changes');
    expect(problems.find(({ row }) => row !== undefined)?.row).toMatch(/^\{"id":"\d+"/);
    expect((await again.verify({ from: { snapshot: 3n } })).ok).toBe(true);
  });
});
