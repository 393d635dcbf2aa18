/** Scans of tables with file indexes that Java wrote: fewer files than by statistics, the same rows. */
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Catalog, eq, isIn, isNull, ne, openCatalog, or, type Predicate, type SchemaChange, type Table } from '../../src/index.js';
import { goldenTable, goldenWarehouse } from '../support/golden.js';
import { memoryCatalog, type Row } from '../support/memory-catalog.js';
import { tempDir } from '../support/temp-dir.js';

let catalog: Catalog;
beforeAll(async () => {
  catalog = await openCatalog({ warehouse: goldenWarehouse(), threads: 0 });
});
afterAll(() => catalog.close());

/** A copy of a golden table that may be changed. */
async function copyOf(name: string, changes: SchemaChange[] = []): Promise<Table> {
  const warehouse = tempDir();
  cpSync(goldenTable(name).path, join(warehouse, 'golden.db', name), { recursive: true });
  const copies = await openCatalog({ warehouse, threads: 0 });
  onTestFinished(() => copies.close());
  const table = await copies.table(`golden.${name}`);
  if (changes.length > 0) await table.alter(changes);
  return table;
}

const filesOf = async (table: Table, where: Predicate) => (await table.scan({ where }).plan()).files;
const idsOf = async (table: Table, where: Predicate) => (await table.scan({ where }).toArray()).map((row) => (row as Row).id).sort();

/** Values of a column, each once, and some that no file has. */
function candidates(rows: readonly Row[], column: string): unknown[] {
  const present = new Map(rows.map((row) => [String(row[column]), row[column]] as const).filter(([, value]) => value !== null));
  const near = [...present.values()].flatMap((value): unknown[] => {
    if (typeof value === 'bigint') return [value + 1n];
    if (column === 's' && typeof value === 'string') return [`${value.slice(0, -1)}!`];
    if (typeof value === 'number' && column !== 'tiny') return [value + 1];
    return [];
  });
  return [...present.values(), ...near.filter((value) => !present.has(String(value)))];
}

describe.each([
  ['index_sidecar', ['s', 'i', 'l', 'd', 'ts', 'f', 'tiny']],
  ['index_embedded', ['s', 'i']],
  ['index_bitmap', ['s', 'i', 'd', 'tiny', 'b']],
] as const)('%s', (name, columns) => {
  it.each(columns)('%s: fewer files than statistics leave, the same rows', async (column) => {
    const table = await catalog.table(`golden.${name}`);
    const plain = await copyOf(name, [{ action: 'setOption', key: 'file-index.read.enabled', value: 'false' }]);
    const rows = (await table.scan().toArray()) as Row[];
    let fewer = 0;
    const values = column === 'tiny' ? [...Array(20).keys()].map((i) => i - 8) : candidates(rows, column);
    for (const [at, value] of values.entries()) {
      const where = eq(column, value);
      const [indexed, byStatistics] = [await filesOf(table, where), await filesOf(plain, where)];
      expect(indexed).toBeLessThanOrEqual(byStatistics);
      if (indexed < byStatistics) fewer++;
      if (at % 5 === 0) expect(await idsOf(table, where)).toEqual(await idsOf(plain, where));
    }
    // two booleans are in both files; every value of the range of tiny, too
    if (column !== 'b' && column !== 'tiny') expect(fewer).toBeGreaterThan(0);
  });
});

describe('a bitmap', () => {
  it('also rules out by inequality and missing values', async () => {
    const table = await catalog.table('golden.index_bitmap');
    const plain = await copyOf('index_bitmap', [{ action: 'setOption', key: 'file-index.read.enabled', value: 'false' }]);
    for (const where of [ne('b', true), isNull('i'), isNull('d'), or(eq('tiny', 1), isNull('s')), isIn('tiny', [-4, 4, 100])]) {
      expect(await idsOf(table, where)).toEqual(await idsOf(plain, where));
    }
  });
});

describe('on a primary-key table', () => {
  /** A container with a bitmap (version 1) of an INT column. */
  function bitmapOf(column: string, values: readonly number[]): Uint8Array {
    const body = Buffer.alloc(10 + 8 * values.length);
    body.writeUInt8(1, 0);
    body.writeInt32BE(values.length, 1);
    body.writeInt32BE(values.length, 5);
    for (const [i, value] of values.entries()) body.writeInt32BE(value, 10 + 8 * i);
    const utf = (name: string) => Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name)]);
    const int = (value: number) => Buffer.from(Int32Array.of(value).buffer).swap32();
    const magic = Buffer.alloc(8);
    magic.writeBigInt64BE(1493475289347502n);
    const headLength = 20 + 2 + column.length + 4 + 2 + 'bitmap'.length + 8 + 4;
    const index = [utf('bitmap'), int(headLength), int(body.length)];
    return Buffer.concat([magic, int(1), int(headLength), int(1), utf(column), int(1), ...index, int(0), body]);
  }

  it('no newer version of a key is left out while an older one stays', async () => {
    const { catalog } = await memoryCatalog();
    const schema = { k: 'INT NOT NULL', v: 'INT' };
    const table = await catalog.createTable('db.t', { schema, primaryKey: ['k'], options: { bucket: 1, 'write-only': true } });
    for (const rows of [
      [1, 5],
      [2, 0],
    ]) {
      const writer = await table.openWriter();
      await writer.write(rows.map((v, k) => ({ k, v })));
      const messages = (await writer.prepareCommit()).map((message) => ({
        ...message,
        newFiles: message.newFiles.map((file) => ({ ...file, embeddedFileIndex: bitmapOf('v', rows) })),
      }));
      await (await table.openCommitter()).commit(1n, messages);
    }
    expect((await table.files()).map(({ file }) => file.embeddedFileIndex !== null)).toEqual([true, true]);
    // 1 is no longer in the table: the newer file does not have it, and is read all the same
    expect(await filesOf(table, eq('v', 1))).toBe(2);
    expect(await table.scan({ where: eq('v', 1) }).toArray()).toEqual([]);
    expect(await table.scan({ where: eq('v', 2) }).toArray()).toEqual([{ k: 0, v: 2 }]);
    // within the bounds of the older file, and in neither
    expect(await filesOf(table, eq('v', 3))).toBe(0);
  });

  it('a damaged index in a manifest entry is CORRUPTION naming the data file', async () => {
    const { catalog } = await memoryCatalog();
    const table = await catalog.createTable('db.t', { schema: { v: 'INT' } });
    const writer = await table.openWriter();
    await writer.write([{ v: 1 }, { v: 5 }]);
    const messages = (await writer.prepareCommit()).map((message) => ({
      ...message,
      newFiles: message.newFiles.map((file) => ({ ...file, embeddedFileIndex: bitmapOf('v', [1, 5]).subarray(0, 50) })),
    }));
    await (await table.openCommitter()).commit(1n, messages);
    const [entry] = await table.files();
    await expect(table.scan({ where: eq('v', 2) }).toArray()).rejects.toMatchObject({
      code: 'CORRUPTION',
      file: expect.stringContaining(entry!.file.fileName),
    });
    expect(await table.scan().toArray()).toHaveLength(2);
  });
});

describe('indexes of evolved columns', () => {
  it('are found under their old name, and only for their own type', async () => {
    const table = await catalog.table('golden.index_bitmap');
    const rows = (await table.scan().toArray()) as { s: string | null; i: number | null }[];
    const one = [];
    for (const value of new Set(rows.map((row) => row.i)))
      if (value !== null && (await filesOf(table, eq('i', value))) === 1) one.push(value);
    expect(one.length).toBeGreaterThan(10);
    // s takes the name i: its index is under s all the same
    const renamed = await copyOf('index_bitmap', [
      { action: 'renameColumn', name: 'i', to: 'number' },
      { action: 'renameColumn', name: 's', to: 'i' },
    ]);
    for (const value of one.slice(0, 6)) {
      expect(await filesOf(renamed, eq('number', value))).toBe(1);
      expect(await idsOf(renamed, eq('number', value))).toEqual(await idsOf(table, eq('i', value)));
    }
    for (const { s } of rows.slice(0, 8)) if (s !== null) expect(await idsOf(renamed, eq('i', s))).toEqual(await idsOf(table, eq('s', s)));
    const widening = { action: 'updateType', name: 'i', type: 'BIGINT' } as const;
    const widened = await copyOf('index_bitmap', [widening]);
    const unindexed = await copyOf('index_bitmap', [widening, { action: 'setOption', key: 'file-index.read.enabled', value: 'false' }]);
    for (const value of one.slice(0, 6)) {
      // statistics hold for the wider type, hashes of the narrower one do not
      expect(await filesOf(widened, eq('i', BigInt(value)))).toBe(await filesOf(unindexed, eq('i', BigInt(value))));
      expect(await idsOf(widened, eq('i', BigInt(value)))).toEqual(await idsOf(table, eq('i', value)));
    }
    const added = await copyOf('index_bitmap', [
      { action: 'dropColumn', name: 'i' },
      { action: 'addColumn', name: 'i', type: 'INT' },
    ]);
    expect(await idsOf(added, isNull('i'))).toHaveLength(rows.length);
    expect(await idsOf(added, eq('i', one[0]))).toEqual([]);
  });
});

describe('a damaged index', () => {
  function sidecars(table: Table): string[] {
    const bucket = join(table.path, 'bucket-0');
    const names = readdirSync(bucket).filter((name) => name.endsWith('.index'));
    expect(names).toHaveLength(2);
    return names.map((name) => join(bucket, name));
  }

  it('beside its file is CORRUPTION naming it, and only told when it is looked into', async () => {
    const table = await copyOf('index_sidecar');
    const [path] = sidecars(table) as [string, string];
    for (const damage of [() => writeFileSync(path, readFileSync(path).fill(0, 0, 4)), () => truncateSync(path, 20), () => rmSync(path)]) {
      damage();
      await expect(table.scan({ where: eq('tiny', 5) }).toArray()).rejects.toMatchObject({
        code: 'CORRUPTION',
        message: expect.stringContaining(path),
      });
      expect(await table.scan().toArray()).toHaveLength(80);
    }
  });

  it('that is not asked for does no harm', async () => {
    const table = await copyOf('index_sidecar', [{ action: 'setOption', key: 'file-index.read.enabled', value: 'false' }]);
    for (const path of sidecars(table)) rmSync(path);
    expect((await table.scan({ where: eq('tiny', 5) }).toArray()).length).toBeGreaterThan(0);
  });
});
